//! The seams of the recorder: what signaling orders, what it reports, and how it gets media.

use std::sync::mpsc::Receiver;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::{Epoch, LessonKey, Overloaded, ParticipantNo, RecordingId, SlotMapping, Source};

/// The recorder as signaling sees it. What it has to say comes back as [`RecorderEvent`] over a
/// channel that the binary makes.
pub trait RecorderPlane: Send + Sync {
    /// Begins to record a lesson. From now until [`Self::stop`] or [`RecorderEvent::Stopped`]
    /// the lesson is being recorded. Never blocks.
    ///
    /// # Errors
    /// [`Overloaded`] if no more recordings fit; nothing was begun.
    fn record(&self, order: RecordOrder) -> Result<(), Overloaded>;

    /// Ends the recording of a lesson, if there is one. [`RecorderEvent::Stopped`] follows when it
    /// can be played. Never blocks.
    fn stop(&self, lesson: &LessonKey);
}

/// What the recorder must know of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordOrder {
    /// The lesson.
    pub lesson: LessonKey,
    /// Epoch of the lesson's owner.
    pub epoch: Epoch,
    /// The recording.
    pub recording: RecordingId,
    /// The teacher who records: shown while nobody else is.
    pub by: ParticipantNo,
    /// When it begins: milliseconds since 1970 UTC.
    pub started: i64,
}

/// What the recorder tells signaling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RecorderEvent {
    /// A recording has ended. All until then is kept and can be played.
    Stopped {
        /// The lesson.
        lesson: LessonKey,
        /// The recording.
        recording: RecordingId,
        /// Why.
        why: RecordingEnd,
    },
}

/// Why a recording ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecordingEnd {
    /// It was asked for, or the lesson ended.
    Ordered,
    /// The storage is full.
    StorageFull,
    /// The storage cannot be written.
    StorageFailed,
    /// The media was lost, or the server restarted.
    Interrupted,
}

/// The SFU as the recorder sees it: one more subscriber, in memory. The recorder is
/// [`ParticipantNo::RECORDER`] and orders views and keyframes like any viewer, by
/// [`crate::Command`].
pub trait MediaTap: Send + Sync {
    /// Joins a lesson's media as its recorder, in place of an earlier one. Gets only what is
    /// recordable.
    ///
    /// # Errors
    /// [`Overloaded`] if the shard's queue is full; nothing was done.
    fn tap(&self, lesson: &LessonKey, epoch: Epoch) -> Result<Tap, Overloaded>;
}

/// What a tap brings. The queue is bounded: when it is full, the shard drops and counts, and
/// never waits. When it is hung up, the recorder is no member any more.
#[derive(Debug)]
pub struct Tap {
    /// What comes, in order.
    pub feed: Receiver<Tapped>,
}

/// Something that comes out of a tap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tapped {
    /// The first thing that comes: the room's clock showed this NTP time (RFC 3550 section 4) at
    /// this moment. Capture times are on the room's clock, which no change of the system's clock
    /// moves.
    Clock {
        /// The moment.
        at: Instant,
        /// NTP timestamp, 32.32 fixed point seconds.
        ntp: u64,
    },
    /// A plain RTP packet on one of the recorder's lines (`kreide_media::recorder`). Its
    /// abs-capture-time is on the room's clock; absent until the sender has told its clock.
    Rtp {
        /// When it came to the SFU.
        arrival: Instant,
        /// The packet.
        packet: Vec<u8>,
    },
    /// What the recorder's picture slots carry; only those that changed. May come after the first
    /// packets of the new source: `from_timestamp` tells them apart.
    Slots(Vec<SlotMapping>),
    /// The pictures that can be asked for at this moment: recordable and flowing. Replaces the
    /// earlier list.
    Pictures(Vec<Source>),
    /// Who can be heard speaking in the lesson, loudest first; also who must not be recorded.
    /// Replaces the earlier list.
    Speaking(Vec<ParticipantNo>),
}
