//! The timeline of one recording: what is told to it, and what comes out.

use std::time::{Duration, Instant};

use kreide_control::{ParticipantNo, Source, Tapped};
use kreide_media::clock::NtpTime;
use kreide_media::recorder::{EXTENSIONS, OPUS, Slot, VP8};
use kreide_media::rtp;

use crate::clock::{Place, RoomClock, Ticks, duration, ticks};
use crate::picture::{self, MainPicture};
use crate::sealer::Sealer;
use crate::sound::{self, FRAME, Mixer};
use crate::{Counts, Fragment};

/// How far the recording runs behind the lesson: what comes later is lost. A line of 100 ms that
/// loses a packet and twice its repair still brings it within this; a fragment of a second and
/// this together stay under the two seconds that a crash may lose.
pub const HOLD: Duration = Duration::from_millis(600);

/// What a recording must know from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The teacher who records: shown while nobody else is.
    pub by: ParticipantNo,
    /// The moment that becomes zero.
    pub start: Instant,
}

/// Something to ask of the SFU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Show this in picture slot 0 from now on, in place of the earlier wish.
    Look(Option<Source>),
    /// A keyframe of what picture slot 0 carries.
    Keyframe,
}

/// The sound engine cannot be made: it has no memory.
#[derive(Debug, thiserror::Error)]
#[error("the sound engine cannot be made: {0}")]
pub struct SoundError(#[from] opus::Error);

/// One recording, from its first moment to [`Timeline::finish`].
#[derive(Debug)]
pub struct Timeline {
    clock: RoomClock,
    mixer: Mixer,
    picture: MainPicture,
    sealer: Sealer,
    counts: Counts,
    phase: Phase,
    start: Instant,
    /// The newest moment that was told. Packets bring their own, so that those that waited for a
    /// slow disk are not late.
    latest: Ticks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Recording,
    Finished,
}

impl Timeline {
    /// A recording that begins at `settings.start`.
    ///
    /// # Errors
    /// [`SoundError`] if the sound engine cannot be made.
    pub fn new(settings: Settings) -> Result<Self, SoundError> {
        let mut timeline = Self {
            clock: RoomClock::new(settings.start),
            mixer: Mixer::new()?,
            picture: MainPicture::new(settings.by),
            sealer: Sealer::default(),
            counts: Counts::default(),
            phase: Phase::Recording,
            start: settings.start,
            latest: 0,
        };
        timeline.step(0, 0);
        Ok(timeline)
    }

    /// How much is sealed: the end of the last fragment.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.sealer.length()
    }

    /// What went wrong so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes in what came out of the tap, in the order it came.
    pub fn handle(&mut self, tapped: Tapped, now: Instant) {
        if self.phase == Phase::Finished {
            return;
        }
        match tapped {
            Tapped::Clock { at, ntp } => self.clock.set(at, NtpTime(ntp)),
            Tapped::Rtp { arrival, packet } => {
                let arrival = arrival.min(now);
                if self.handle_rtp(arrival, &packet).is_none() {
                    self.counts.strange += 1;
                }
                self.latest = self.latest.max(self.clock.ticks(arrival));
            }
            Tapped::Slots(slots) => {
                for mapping in &slots {
                    self.picture.carry(mapping, self.latest, &mut self.sealer);
                }
            }
            Tapped::Pictures(pictures) => self.picture.offer(pictures),
            Tapped::Speaking(speakers) => self.picture.speaking(speakers),
        }
        self.step(self.latest, self.latest - ticks(HOLD));
    }

    /// Mixes and seals what is due. To be called when it is time and the tap has nothing waiting:
    /// what waits there would be late.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.phase == Phase::Recording {
            self.latest = self.latest.max(self.clock.ticks(now));
            self.step(self.latest, self.latest - ticks(HOLD));
        }
    }

    /// Ends the recording: all up to `end` is sealed, and nothing is taken in any more. The last
    /// 20 ms are cut off if they are not whole.
    pub fn finish(&mut self, end: Instant) {
        if self.phase == Phase::Finished {
            return;
        }
        self.phase = Phase::Finished;
        let end = self.clock.ticks(end);
        self.step(end, end);
        self.sealer.finish(self.mixer.head());
    }

    /// When [`Self::handle_timeout`] has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Instant {
        self.start + duration((self.latest / FRAME + 1) * FRAME)
    }

    /// The next thing to ask of the SFU.
    pub fn poll_order(&mut self) -> Option<Order> {
        self.picture.poll_order()
    }

    /// The next sealed fragment.
    pub fn poll_fragment(&mut self) -> Option<Fragment> {
        self.sealer.poll()
    }

    /// Takes in a packet; nothing if it is on no line or cannot be read.
    fn handle_rtp(&mut self, arrival: Instant, bytes: &[u8]) -> Option<()> {
        let rtp = rtp::Packet::parse(bytes).ok().filter(|_| bytes.len() <= LARGEST_PACKET)?;
        let capture = rtp.extensions.get(EXTENSIONS.abs_capture_time);
        let capture = capture.and_then(|value| value.first_chunk());
        let ntp = capture.map(|value| NtpTime(u64::from_be_bytes(*value)));
        let place = self.clock.place(arrival, ntp);
        if place.at() < 0 {
            return Some(());
        }
        self.sort(&rtp, place)
    }

    fn sort(&mut self, rtp: &rtp::Packet<'_>, place: Place) -> Option<()> {
        match Slot::of(rtp.ssrc)? {
            Slot::Audio(slot) if rtp.payload_type == OPUS.payload_type => {
                let packet = sound::Packet::read(rtp, place)?;
                self.mixer.insert(slot, rtp.sequence, packet, &mut self.counts);
            }
            Slot::Video(_) if rtp.payload_type == VP8.payload_type => {
                let packet = picture::Packet::read(rtp, place)?;
                self.picture.insert(rtp.sequence, packet, &mut self.counts);
            }
            _ => return None,
        }
        Some(())
    }

    /// Brings everything up to `head`, as far behind `now` as is waited for what is late.
    fn step(&mut self, now: Ticks, head: Ticks) {
        while self.mixer.head() + FRAME <= head {
            let frame = self.mixer.mix(&mut self.counts);
            self.sealer.push_sound(frame);
        }
        self.picture.advance(now, head, &mut self.sealer, &mut self.counts);
        self.sealer.seal(self.mixer.head());
    }
}

/// No datagram of media is longer; so a buffer's packets bound its bytes.
const LARGEST_PACKET: usize = 2_048;
