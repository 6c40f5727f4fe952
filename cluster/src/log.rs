//! The lesson log as its owner sees it.
//!
//! Invariant: an append is a strict compare-and-set on epoch and last sequence, and it is on disk
//! when its future resolves. Texts of people are payloads beside the records, so that erasing
//! them leaves the log whole.
//! Left out on purpose: leases. An owner learns from [`LogError::Fenced`] that it is none.

use std::fmt;

use futures::future::BoxFuture;
use kreide_control::{Epoch, LessonKey, ParticipantNo};

/// The durable logs of all lessons.
pub trait LessonLog: Send + Sync {
    /// Makes the caller the owner of a lesson's log: returns an epoch higher than all before, and
    /// fences whoever held it.
    fn take_over(&self, lesson: LessonKey) -> BoxFuture<'static, Result<Epoch, LogError>>;

    /// Reads all that is stored of a lesson, oldest first. A lesson without a log is empty.
    fn load(&self, lesson: LessonKey) -> BoxFuture<'static, Result<Stored, LogError>>;

    /// Appends records with their payloads, all or nothing. Durable when it resolves to `Ok`.
    fn append(&self, append: Append) -> BoxFuture<'static, Result<(), LogError>>;

    /// Destroys payloads, and with them the texts of people. The records stay. Returns how many
    /// payloads there were.
    fn erase(&self, lesson: LessonKey, whose: Whose) -> BoxFuture<'static, Result<u64, LogError>>;
}

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
    /// Records in their order.
    pub records: Vec<Record>,
    /// Payloads in the order of their ids. Erased ones are missing.
    pub payloads: Vec<Payload>,
}

/// Whose payloads are erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// One person's.
    One(ParticipantNo),
    /// All people's.
    Everyone,
}

/// Why the log did not do it. Nothing was stored.
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
