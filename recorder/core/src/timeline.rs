//! The timeline of one recording: what is told to it, and what comes out.

use std::time::{Duration, Instant};

use kreide_control::{ParticipantNo, Source, Tapped};

use crate::Fragment;

/// How far the recording runs behind the lesson.
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

/// What went wrong so far, for metrics. Everything counts up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets that are on no line of the recorder, or that cannot be read.
    pub strange: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came after their time had been sealed.
    pub late: u64,
    /// Packets dropped because a buffer was full.
    pub dropped: u64,
    /// Pictures that could not be shown since a part of them, or of one before, was lost.
    pub broken: u64,
    /// Sound that was made up in place of lost packets.
    pub concealed: Duration,
    /// Keyframes asked for.
    pub keyframes: u64,
}

/// The sound engine cannot be made: it has no memory.
#[derive(Debug, thiserror::Error)]
#[error("the sound engine cannot be made: {0}")]
pub struct SoundError(#[from] opus::Error);

/// One recording, from its first moment to [`Timeline::finish`].
#[derive(Debug)]
pub struct Timeline {
    settings: Settings,
    counts: Counts,
}

impl Timeline {
    /// A recording that begins at `settings.start`.
    ///
    /// # Errors
    /// [`SoundError`] if the sound engine cannot be made.
    pub fn new(settings: Settings) -> Result<Self, SoundError> {
        Ok(Self { settings, counts: Counts::default() })
    }

    /// How much is sealed: the end of the last fragment given out.
    #[must_use]
    pub fn length(&self) -> Duration {
        Duration::ZERO
    }

    /// What went wrong so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes in what came out of the tap.
    pub fn handle(&mut self, _tapped: Tapped, _now: Instant) {}

    /// Mixes and seals what is due.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    /// Ends the recording: everything up to `end` is sealed, nothing is taken in any more.
    pub fn finish(&mut self, _end: Instant) {}

    /// When [`Self::handle_timeout`] has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Instant {
        self.settings.start + HOLD
    }

    /// The next thing to ask of the SFU.
    pub fn poll_order(&mut self) -> Option<Order> {
        None
    }

    /// The next sealed fragment.
    pub fn poll_fragment(&mut self) -> Option<Fragment> {
        None
    }
}
