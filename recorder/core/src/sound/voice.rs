//! One audio slot: its packets decoded in order and laid where they were captured.
//!
//! Packets wait for their turn, which comes when the mix reaches their place. Packets whose RTP
//! timestamps follow each other are laid without a seam, since the capture clock trembles and the
//! ear is strict; only when the two disagree by more than [`SLACK`] does the voice move.
//!
//! Invariant: nothing is laid before the mix. Left out on purpose: whose voice it is.

use std::time::Duration;

use opus::{Channels, Decoder};

use super::strip::{Onset, Strip};
use super::{SAMPLE_RATE, STEREO};
use crate::clock::{Place, Ticks, duration, ticks};
use crate::reorder::{Entry, Reorder};
use crate::timeline::SoundError;
use crate::{Counts, OPUS_PRE_SKIP};

/// A packet of a voice.
#[derive(Debug)]
pub(crate) struct Packet {
    timestamp: u32,
    place: Place,
    marker: bool,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// An Opus packet and how long it lasts.
    Sound { opus: Vec<u8>, length: Ticks },
    /// It only fills its number.
    Padding,
}

impl Packet {
    /// Nothing if the payload is no Opus packet (RFC 6716 section 3.4).
    pub(crate) fn read(rtp: &kreide_media::rtp::Packet<'_>, place: Place) -> Option<Self> {
        let content = if rtp.payload.is_empty() {
            Content::Padding
        } else {
            let length = opus::packet::get_nb_samples(rtp.payload, SAMPLE_RATE).ok()?;
            Content::Sound { opus: rtp.payload.to_vec(), length: Ticks::try_from(length).ok()? }
        };
        Some(Self { timestamp: rtp.timestamp, place, marker: rtp.marker, content })
    }
}

#[derive(Debug)]
pub(crate) struct Voice {
    packets: Reorder<Packet>,
    decoder: Decoder,
    run: Option<Run>,
    strip: Strip,
    decoded: Vec<f32>,
}

/// Where the packets decoded so far lead: the sample with this RTP timestamp lies here.
#[derive(Clone, Copy, Debug)]
struct Run {
    timestamp: u32,
    at: Ticks,
    /// Whether a capture time has put it there; before that its arrival did.
    captured: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Speech lies up to here.
    Sounding,
    /// It died away.
    Silent,
}

/// Where a packet is to be laid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spot {
    /// Where its timestamp leads.
    Following(Ticks),
    /// Where it was captured, since the timestamp leads elsewhere or nowhere.
    Moved(Ticks),
}

/// The packet whose turn is next, without its content.
#[derive(Clone, Copy, Debug)]
struct Turn {
    spot: Spot,
    missing: u64,
}

impl Voice {
    pub(crate) fn new() -> Result<Self, SoundError> {
        Ok(Self {
            packets: Reorder::new(MOST_PACKETS),
            decoder: Decoder::new(SAMPLE_RATE, Channels::Stereo)?,
            run: None,
            strip: Strip::default(),
            decoded: vec![0.0; LONGEST_PACKET as usize * STEREO],
        })
    }

    pub(crate) fn insert(&mut self, sequence: u16, packet: Packet, counts: &mut Counts) {
        match self.packets.insert(sequence, packet) {
            Entry::Held => {}
            Entry::Late => counts.late += 1,
            Entry::Full => counts.dropped += 1,
            Entry::Anew(forgotten) => counts.dropped += forgotten as u64,
        }
    }

    /// Adds the 20 ms from `from` on to the mix. Called for each frame in order.
    pub(crate) fn mix(&mut self, from: Ticks, mix: &mut [f32], counts: &mut Counts) {
        let until = from + super::FRAME;
        while self.step(until, counts) {}
        if self.run.is_some_and(|run| run.at < until) {
            self.die_away();
        }
        self.strip.mix_into(mix);
    }

    /// Lays what comes next, if its place is before `until`.
    fn step(&mut self, until: Ticks, counts: &mut Counts) -> bool {
        let Some(turn) = self.turn() else { return false };
        if let (Some(run), Spot::Following(at)) = (self.sounding(), turn.spot)
            && run.at < until
            && turn.missing > 0
            && at - run.at >= SHORTEST_PLC
        {
            self.conceal(at - run.at, counts);
            return true;
        }
        let (Spot::Following(at) | Spot::Moved(at)) = turn.spot;
        if at >= until {
            return false;
        }
        counts.lost += turn.missing;
        self.lay(at, counts);
        true
    }

    fn sounding(&self) -> Option<Run> {
        self.run.filter(|run| run.state == State::Sounding)
    }

    fn turn(&self) -> Option<Turn> {
        let next = self.packets.next()?;
        Some(Turn { spot: self.spot(next.item), missing: next.missing.unwrap_or(0) })
    }

    fn spot(&self, packet: &Packet) -> Spot {
        let captured = packet.captured();
        let Some(run) = self.run else { return Spot::Moved(captured) };
        let ahead = packet.timestamp.wrapping_sub(run.timestamp) as i32;
        let following = run.at + Ticks::from(ahead);
        let slack = match packet.place {
            Place::Captured(_) if !run.captured || packet.begins_spurt(run) => 0,
            Place::Captured(_) => SLACK,
            Place::Arrived(_) => ARRIVAL_SLACK,
        };
        if (following - captured).abs() <= slack {
            Spot::Following(following)
        } else {
            Spot::Moved(captured)
        }
    }

    /// Decodes the next packet and lays it at `at`.
    fn lay(&mut self, at: Ticks, counts: &mut Counts) {
        let Some(packet) = self.packets.pop() else { return };
        let Content::Sound { opus, length } = &packet.content else { return };
        let seamless = self.sounding().is_some_and(|run| run.at == at);
        if !seamless {
            self.die_away();
        }
        if self.run.is_none_or(|run| packet.begins_spurt(run)) {
            // Another voice, or the same after a pause: what the decoder remembers is not its.
            self.decoder.reset_state().expect("a reset takes no argument that could be wrong");
        }
        let piece = &mut self.decoded[..*length as usize * STEREO];
        if self.decoder.decode_float(opus, piece, false).is_err() {
            counts.strange += 1;
            piece.fill(0.0);
        }
        let onset = if seamless { Onset::Seamless } else { Onset::Rising };
        let kept = self.strip.lay(at, piece, onset);
        if at + length <= self.strip.head() {
            counts.late += 1;
        }
        self.run = Some(Run {
            timestamp: packet.timestamp.wrapping_add(*length as u32),
            at: at + length,
            captured: matches!(packet.place, Place::Captured(_)),
            state: if kept { State::Sounding } else { State::Silent },
        });
    }

    /// Fills a hole before the next packet: from what that packet tells of the one before it
    /// (in-band FEC, RFC 6716 section 2.1.7), else by guessing. A long hole ends in silence.
    fn conceal(&mut self, hole: Ticks, counts: &mut Counts) {
        let Some(mut run) = self.run else { return };
        let told = self.packets.next().filter(|_| hole <= LONGEST_CONCEALED);
        let opus = match told.map(|next| &next.item.content) {
            Some(Content::Sound { opus, .. }) => &opus[..],
            _ => &[],
        };
        let length = hole.min(LONGEST_CONCEALED) / SHORTEST_PLC * SHORTEST_PLC;
        let piece = &mut self.decoded[..length as usize * STEREO];
        if self.decoder.decode_float(opus, piece, !opus.is_empty()).is_err() {
            piece.fill(0.0);
        }
        self.strip.lay(run.at, piece, Onset::Seamless);
        counts.concealed += duration(length);
        run.timestamp = run.timestamp.wrapping_add(length as u32);
        run.at += length;
        self.run = Some(run);
        if hole > LONGEST_CONCEALED {
            self.die_away();
        }
    }

    /// Ends what sounds by a short guess of how it would go on, so that nothing clicks.
    fn die_away(&mut self) {
        let Some(run) = self.run.as_mut().filter(|run| run.state == State::Sounding) else {
            return;
        };
        run.state = State::Silent;
        let tail = &mut self.decoded[..TAIL as usize * STEREO];
        if self.decoder.decode_float(&[], tail, false).is_ok() {
            self.strip.fade(run.at, tail);
        }
    }
}

impl Packet {
    /// Where its first sample was captured. Browsers take the moment when they send a packet of
    /// sound, after its last sample, for the one that its timestamp means (libwebrtc knows no
    /// capture time of sound), and say so in their sender reports; an arrival is later still. And
    /// what a decoder gives was captured earlier by the encoder's lookahead; all use libopus.
    fn captured(&self) -> Ticks {
        let length = match &self.content {
            Content::Sound { length, .. } => *length,
            Content::Padding => 0,
        };
        self.place.at() - length - Ticks::from(OPUS_PRE_SKIP)
    }

    /// RFC 3551 section 4.1: the marker begins a talk spurt. Some senders set it on each packet,
    /// so one that follows directly does not count.
    fn begins_spurt(&self, run: Run) -> bool {
        self.marker && self.timestamp != run.timestamp
    }
}

/// RFC 6716 section 3.4, R5: 120 ms.
const LONGEST_PACKET: Ticks = ticks(Duration::from_millis(120));
/// The unit of concealment: 2.5 ms.
const SHORTEST_PLC: Ticks = 120;
/// What is guessed beyond this sounds like a robot.
const LONGEST_CONCEALED: Ticks = ticks(Duration::from_millis(60));
/// How a voice dies away: 5 ms.
const TAIL: Ticks = 240;
/// Lips and voice may be apart by this without anybody seeing it, and clocks that drift make a
/// voice move only each few minutes.
const SLACK: Ticks = ticks(Duration::from_millis(10));
/// Arrivals tremble by as much as the line's queue is long.
const ARRIVAL_SLACK: Ticks = ticks(Duration::from_millis(200));
/// Two seconds of the shortest packets browsers send (10 ms), three times the hold. When full,
/// packets are dropped as if lost on the way.
const MOST_PACKETS: usize = 200;
