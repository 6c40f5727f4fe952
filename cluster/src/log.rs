//! The lesson log as its owner sees it.
//!
//! Invariant: an append is a strict compare-and-set on epoch and last sequence, and it is on disk
//! when its future resolves. Texts of people are payloads beside the records, sealed under a key
//! for each lesson and person, so that erasing them leaves the log whole and reaches every copy of
//! it. A snapshot shortens reading and replaces nothing: all records stay.
//! Left out on purpose: leases. An owner learns from [`LogError::Fenced`] that it is none.

use std::fmt;
use std::ops::RangeInclusive;

use futures::future::BoxFuture;
use kreide_control::{Epoch, LessonKey, ParticipantNo};

/// The durable logs of all lessons.
pub trait LessonLog: Send + Sync {
    /// Makes the caller the owner of a lesson's log: returns an epoch higher than all before, and
    /// fences whoever held it.
    fn take_over(&self, lesson: LessonKey) -> BoxFuture<'static, Result<Epoch, LogError>>;

    /// Reads the newest snapshot of a lesson, the records after it, and all payloads, oldest
    /// first; without a snapshot all records. A lesson without a log is empty.
    fn load(&self, lesson: LessonKey) -> BoxFuture<'static, Result<Stored, LogError>>;

    /// Reads records by their sequences, oldest first, also those that a snapshot stands for.
    fn records(
        &self,
        lesson: LessonKey,
        which: RangeInclusive<u64>,
    ) -> BoxFuture<'static, Result<Vec<Record>, LogError>>;

    /// Appends records with their payloads, all or nothing. Durable when it resolves to `Ok`.
    fn append(&self, append: Append) -> BoxFuture<'static, Result<(), LogError>>;

    /// Keeps a snapshot in place of an older one; one that is older than what is kept changes
    /// nothing. [`LogError::Conflict`] if it is of more than the log holds.
    fn put_snapshot(
        &self,
        lesson: LessonKey,
        epoch: Epoch,
        snapshot: Snapshot,
    ) -> BoxFuture<'static, Result<(), LogError>>;

    /// Replaces bodies of records for good, all or none, and drops the snapshot, which may hold
    /// what they said. Sequences stay. Returns how many were replaced.
    fn rewrite(
        &self,
        lesson: LessonKey,
        epoch: Epoch,
        change: Change,
    ) -> BoxFuture<'static, Result<u64, LogError>>;

    /// Destroys keys and payloads of a lesson, and with them the texts of people, also in every
    /// copy of the store. The records stay. Returns how many payloads there were. When it fails,
    /// doing it again is right.
    fn erase(&self, lesson: LessonKey, whose: Whose) -> BoxFuture<'static, Result<u64, LogError>>;
}

/// What to put in place of a record's body: its sequence and body, to the new body or to `None`
/// where it stays.
pub type Change = Box<dyn FnMut(u64, &[u8]) -> Option<Vec<u8>> + Send>;

/// One append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// The lesson.
    pub lesson: LessonKey,
    /// The epoch that [`LessonLog::take_over`] gave to the caller.
    pub epoch: Epoch,
    /// Sequence of the last record that the caller knows; 0 for an empty log.
    pub expected_last: u64,
    /// Records with the sequences that follow `expected_last` without a gap.
    pub records: Vec<Record>,
    /// Texts that the records refer to.
    pub payloads: Vec<Payload>,
    /// Who takes a number with these records. Telling it twice does no harm.
    pub seats: Vec<Seated>,
}

/// Who has a number in a lesson. A number keeps its person.
#[derive(Clone, PartialEq, Eq)]
pub struct Seated {
    /// The number.
    pub owner: ParticipantNo,
    /// Who it is for the school: opaque and stable.
    pub subject: String,
}

/// Prints no subject.
impl fmt::Debug for Seated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seated({})", self.owner)
    }
}

/// One entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Place in the log, from 1.
    pub seq: u64,
    /// The event as its owner encodes it.
    pub body: Vec<u8>,
}

/// A text that belongs to a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    /// Number within the lesson.
    pub id: u64,
    /// Whose text it is.
    pub owner: ParticipantNo,
    /// The text.
    pub text: String,
}

/// Prints no text, because texts of people must not reach a log file.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} of {})", self.id, self.owner)
    }
}

/// All that is stored of a lesson.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The newest snapshot.
    pub snapshot: Option<Snapshot>,
    /// Records in their order: those after the snapshot.
    pub records: Vec<Record>,
    /// Payloads in the order of their ids. Erased ones are missing.
    pub payloads: Vec<Payload>,
}

/// What a lesson had come to, as its owner encodes it. Holds no text of people.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Sequence of the last record that it includes.
    pub seq: u64,
    /// The state.
    pub state: Vec<u8>,
    /// The state's hash, by which a later version sees whether it reads the state as it was meant.
    pub hash: String,
}

/// Prints no state.
impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot(at {}, {} bytes)", self.seq, self.state.len())
    }
}

/// Whose payloads are erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// One person's.
    One(ParticipantNo),
    /// All people's.
    Everyone,
}

/// Why the log did not do it. Nothing was stored; of an erasure a part may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The log is longer or shorter than the caller believes.
    #[error("the log's last sequence is not the expected one")]
    Conflict,
    /// Somebody else took the log over.
    #[error("the log has a new owner")]
    Fenced,
    /// The store cannot be reached or is full; trying again may help.
    #[error("the log cannot be reached")]
    Unavailable,
}
