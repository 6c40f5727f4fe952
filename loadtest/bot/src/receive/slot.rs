//! One receiving line and everything that is counted on it.

use std::time::{Duration, Instant};

use kreide_media::clock::NtpTime;
use kreide_media::rtcp::ReportBlock;
use kreide_media::rtp::Packet;
use kreide_media::vp8::{Descriptor, is_keyframe_start};
use kreide_protocol::{SlotNow, SourceRef};

use super::frames::{Frames, Picture, Piece};
use super::freeze::Freezes;
use super::numbers::{Arrival, Numbers, Round};
use crate::clock;
use crate::counts::SlotCounts;
use crate::latency::Latencies;
use crate::sdp::Line;
use crate::stamp::Stamp;

pub(crate) struct Slot {
    pub(crate) audio: bool,
    pub(crate) ssrc: u32,
    pub(crate) rtx_ssrc: Option<u32>,
    /// What this bot wants to see here.
    pub(crate) wished: Option<SourceRef>,
    told: Option<SlotNow>,
    numbers: Numbers,
    frames: Frames,
    freezes: Freezes,
    tally: Tally,
    jitter: Jitter,
    reported: (u64, u64),
    asked_for_keyframe: Option<Instant>,
    sender_report: Option<(NtpTime, Instant)>,
}

/// Whose a packet was, by what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// As it should be, or nothing that a bot stamped.
    Right,
    /// Somebody else's.
    Wrong,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) source: Source,
    /// Number and stamp, if a bot stamped it and it was not here before.
    pub(crate) new: Option<(u64, Stamp)>,
}

impl Taken {
    const NOTHING: Self = Self { source: Source::Right, new: None };
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    repaired: u64,
    duplicates: u64,
    reordered: u64,
    octets: u64,
    frames: u64,
    keyframes: u64,
}

/// RFC 3550 section 6.4.1.
#[derive(Clone, Copy, Debug, Default)]
struct Jitter {
    transit: Option<(Instant, u32)>,
    value: f64,
}

impl Slot {
    /// `None` if the line is none on which the server sends.
    pub(crate) fn new(line: &Line) -> Option<Self> {
        Some(Self {
            audio: line.audio,
            ssrc: line.ssrc.filter(|_| line.receiving)?,
            rtx_ssrc: line.rtx_ssrc,
            wished: None,
            told: None,
            numbers: Numbers::new(),
            frames: Frames::default(),
            freezes: Freezes::default(),
            tally: Tally::default(),
            jitter: Jitter::default(),
            reported: (0, 0),
            asked_for_keyframe: None,
            sender_report: None,
        })
    }

    /// What the server says that the slot carries.
    pub(crate) fn told(&mut self, now: SlotNow) {
        if now.source.is_none() {
            self.freezes.ended();
        }
        self.told = Some(now);
    }

    /// A packet, by itself or out of a repetition.
    pub(crate) fn take(
        &mut self,
        packet: &Packet<'_>,
        repeated: bool,
        now: Instant,
        latencies: &Latencies,
    ) -> Taken {
        if !repeated {
            self.jitter.note(packet.timestamp, if self.audio { 48_000 } else { 90_000 }, now);
        }
        let number = match self.numbers.arrived(packet.sequence, now) {
            Arrival::Ahead(number) => number,
            Arrival::Late(number) => {
                self.tally.repaired += u64::from(repeated);
                self.tally.reordered += u64::from(!repeated);
                number
            }
            Arrival::Again => {
                self.tally.duplicates += 1;
                return Taken::NOTHING;
            }
            Arrival::Old => return Taken::NOTHING,
        };
        self.tally.octets += packet.payload.len() as u64;
        let stamp = Stamp::read(packet.payload);
        let new = stamp.map(|stamp| (number, stamp));
        if self.audio {
            if let Some(stamp) = stamp {
                self.tally.frames += 1;
                latencies.voice(since(stamp.captured, now));
            }
            return Taken { source: Source::Right, new };
        }
        let captured = stamp.map(|stamp| stamp.captured);
        let descriptor = Descriptor::parse(packet.payload).ok();
        let key = descriptor.is_some_and(|d| is_keyframe_start(&d, packet.payload));
        let pictures = self.frames.take(number, Piece { key, end: packet.marker, captured });
        self.show(&pictures, now, latencies);
        Taken { source: self.judge(packet.timestamp, stamp), new }
    }

    /// What is missing and due to be asked for, and whether a keyframe is.
    pub(crate) fn round(&mut self, now: Instant, latencies: &Latencies) -> (Vec<u16>, bool) {
        if self.audio {
            // Voices are not repaired: browsers conceal.
            return (Vec::new(), false);
        }
        let Round { ask, lost } = self.numbers.round(now);
        if lost {
            self.frames.lost();
            let pictures = self.frames.advance();
            self.show(&pictures, now, latencies);
        }
        let flows = self.numbers.highest().is_some();
        let due = self.asked_for_keyframe.is_none_or(|at| now >= at + KEYFRAME_AGAIN);
        let keyframe = flows && due && self.frames.wants_keyframe();
        if keyframe {
            self.asked_for_keyframe = Some(now);
        }
        (ask, keyframe)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        if self.audio { None } else { self.numbers.poll_timeout() }
    }

    pub(crate) fn sender_report(&mut self, ntp: NtpTime, now: Instant) {
        self.sender_report = Some((ntp, now));
    }

    /// The block for a receiver report; `None` before the first packet.
    pub(crate) fn report(&mut self, now: Instant) -> Option<ReportBlock> {
        let highest = self.numbers.highest()?;
        let (expected, received) = (self.numbers.expected(), self.numbers.received());
        let (before_expected, before_received) = self.reported;
        self.reported = (expected, received);
        let new = expected.saturating_sub(before_expected);
        let lost = new.saturating_sub(received.saturating_sub(before_received));
        let (last_sender_report, delay_since) = self.sender_report.map_or((0, 0), |(ntp, at)| {
            let delay = now.saturating_duration_since(at).as_secs_f64() * 65_536.0;
            (ntp.middle(), delay as u32)
        });
        Some(ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: (lost * 256 / new.max(1)).min(255) as u8,
            cumulative_lost: expected as i32 - received as i32,
            highest_sequence: highest as u32,
            jitter: self.jitter.value as u32,
            last_sender_report,
            delay_since,
        })
    }

    /// Counts anew from here on.
    pub(crate) fn mark(&mut self) {
        self.numbers.mark();
        self.freezes.mark();
        self.tally = Tally::default();
        self.reported = (0, 0);
    }

    /// Sending ends now: judges the picture that stands.
    pub(crate) fn close(&mut self, now: Instant) {
        self.freezes.close(now);
    }

    pub(crate) fn has_shown(&self) -> bool {
        self.tally.frames > 0
    }

    pub(crate) fn counts(&self) -> SlotCounts {
        SlotCounts {
            audio: self.audio,
            wished: self.wished,
            expected: self.numbers.expected(),
            received: self.numbers.received(),
            repaired: self.tally.repaired,
            duplicates: self.tally.duplicates,
            reordered: self.tally.reordered,
            octets: self.tally.octets,
            frames: self.tally.frames,
            keyframes: self.tally.keyframes,
            freezes: self.freezes.count,
            frozen: self.freezes.total,
            longest_gap: self.freezes.longest_gap,
        }
    }

    fn show(&mut self, pictures: &[Picture], now: Instant, latencies: &Latencies) {
        for picture in pictures {
            self.tally.frames += 1;
            self.tally.keyframes += u64::from(picture.key);
            latencies.picture(since(picture.captured, now));
            if let Some(gap) = self.freezes.frame(now) {
                latencies.frame_gap(gap);
            }
        }
    }

    /// Whether the client's rule (protocol.md, "Seeing") would show the packet under a wrong name.
    fn judge(&self, timestamp: u32, stamp: Option<Stamp>) -> Source {
        let (Some(told), Some(stamp)) = (self.told, stamp) else { return Source::Right };
        let here = SourceRef { participant: stamp.publisher, kind: stamp.kind };
        let is_new = timestamp.wrapping_sub(told.from_timestamp) < 1 << 31;
        let is_shown = is_new && told.source.is_some() && told.source == self.wished;
        if is_shown && told.source != Some(here) { Source::Wrong } else { Source::Right }
    }
}

impl Jitter {
    fn note(&mut self, timestamp: u32, clock_rate: u32, now: Instant) {
        if let Some((then, before)) = self.transit {
            let elapsed = now.saturating_duration_since(then).as_secs_f64() * f64::from(clock_rate);
            let sent = f64::from(timestamp.wrapping_sub(before) as i32);
            self.value += ((elapsed - sent).abs() - self.value) / 16.0;
        }
        self.transit = Some((now, timestamp));
    }
}

fn since(captured: u64, now: Instant) -> Duration {
    Duration::from_micros(clock::unix_micros(now).saturating_sub(captured))
}

const KEYFRAME_AGAIN: Duration = Duration::from_millis(300);

#[cfg(test)]
mod tests {
    use kreide_media::rtp::Header;
    use kreide_protocol::Kind;
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;
    use crate::send::{Camera, Encoder};

    const ADA: SourceRef = SourceRef { participant: 3, kind: Kind::Camera };
    const EMIL: SourceRef = SourceRef { participant: 4, kind: Kind::Camera };

    fn slot() -> Slot {
        let line = Line { receiving: true, ssrc: Some(1), ..Line::default() };
        Slot::new(&line).unwrap()
    }

    /// Feeds frames of somebody into the slot, but for the packets with these indices.
    fn feed(slot: &mut Slot, of: SourceRef, sequence: &mut u16, skip: &[usize]) -> u64 {
        let mut encoder = Encoder::new(Camera::large(0).layers[2], 30, SmallRng::seed_from_u64(5));
        let (start, mut wrong, mut index) = (Instant::now(), 0, 0);
        let latencies = Latencies::new();
        for frame in 0..10u32 {
            let now = start + Duration::from_millis(33) * frame;
            let captured = clock::unix_micros(now);
            let stamp = Stamp { publisher: of.participant, kind: of.kind, layer: 2, captured };
            let payloads = encoder.frame(&stamp);
            let last = payloads.len() - 1;
            for (place, payload) in payloads.iter().enumerate() {
                *sequence = sequence.wrapping_add(1);
                index += 1;
                if skip.contains(&index) {
                    continue;
                }
                let mut bytes = Vec::new();
                let header = Header {
                    marker: place == last,
                    payload_type: 96,
                    sequence: *sequence,
                    timestamp: 1_000 + frame * 3_000,
                    ssrc: 1,
                };
                header.write(&mut bytes, false, false);
                bytes.extend_from_slice(payload);
                let packet = Packet::parse(&bytes).unwrap();
                let taken = slot.take(&packet, false, now, &latencies);
                wrong += u64::from(taken.source == Source::Wrong);
            }
        }
        wrong
    }

    #[test]
    fn counts_frames_and_what_is_missing() {
        let mut slot = slot();
        feed(&mut slot, ADA, &mut 0, &[]);
        let whole = slot.counts();
        assert_eq!((whole.frames, whole.keyframes, whole.lost()), (10, 1, 0));
        assert_eq!(whole.expected, 24 + 9 * 6);

        let mut slot = self::slot();
        feed(&mut slot, ADA, &mut 0, &[30, 31]);
        assert_eq!((slot.counts().frames, slot.counts().lost()), (1, 2));
        let latencies = Latencies::new();
        let (ask, keyframe) = slot.round(Instant::now() + Duration::from_secs(1), &latencies);
        assert_eq!((ask, keyframe), (vec![30, 31], false));
    }

    #[test]
    fn a_picture_under_a_wrong_name_is_noticed() {
        let told =
            |source, from_timestamp| SlotNow { slot: 0, source: Some(source), from_timestamp };
        for (wished, now, from, expected) in [
            (ADA, ADA, 0, 0),
            (ADA, EMIL, 0, 0),
            (EMIL, EMIL, 0, 24 + 9 * 6),
            // Older than what was told: the client hides it.
            (EMIL, EMIL, 1 << 20, 0),
        ] {
            let mut slot = slot();
            slot.wished = Some(wished);
            slot.told(told(now, from));
            assert_eq!(feed(&mut slot, ADA, &mut 0, &[]), expected, "{wished:?} {now:?} {from}");
        }
    }
}
