//! Polls, anonymous by construction.
//!
//! Invariant: no event holds a choice beside a voter. Voters and counts reach the log together, in
//! batches in which no fewer than [`MIN_BATCH`] people voted. If the whole poll has fewer voters,
//! the log has their counts alone. Until then both are in the [`BallotBox`], which adds them up
//! and is in no log.
//! Left out on purpose: a disguise of what all of a batch agree on. If everyone votes yes, then
//! everyone is known to have voted yes.

use std::collections::BTreeSet;

use kreide_control::ParticipantNo;
use serde::{Deserialize, Serialize};

use crate::{PayloadId, Text};

mod ballots;
mod poll;

pub use ballots::BallotBox;
pub use poll::{MAX_LETTERS, MAX_OPTION_CHARS, MAX_QUESTION_CHARS, Poll, PollResult};

/// Voters whose votes are published together at least.
pub const MIN_BATCH: usize = 5;
/// Options of a poll.
pub const MAX_OPTIONS: usize = 10;

/// What someone wants of a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PollIntent {
    /// Asks everyone.
    Open {
        /// The question; `None`: it was asked aloud.
        question: Option<Text>,
        /// What can be answered.
        kind: PollKind,
        /// Everyone sees the result while it grows; otherwise when the poll is closed.
        live: bool,
    },
    /// Votes.
    Vote {
        /// In which poll.
        id: u64,
        /// For what.
        choice: Choice,
    },
    /// A batch from the ballot box.
    Tally {
        /// Of which poll.
        id: u64,
        /// The batch.
        batch: Batch,
    },
    /// Ends the poll: everyone sees the result.
    Close,
}

/// What can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PollKind {
    /// Yes or no.
    YesNo,
    /// A, B, C, ...: so many.
    Letters(u8),
    /// One of these.
    Options(Vec<Text>),
    /// In own words.
    Free,
}

/// A choice.
#[derive(Clone, PartialEq, Eq)]
pub enum Choice {
    /// The option of this index, from 0.
    Option(u8),
    /// Own words.
    Words(Text),
}

/// Shows no choice.
impl std::fmt::Debug for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Choice(..)")
    }
}

/// A vote on its way into the box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ballot {
    /// Of which poll.
    pub poll: u64,
    /// Who votes.
    pub voter: ParticipantNo,
    /// For what.
    pub choice: Choice,
}

/// Votes of several people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Who voted; nobody is named where the whole poll had fewer than [`MIN_BATCH`] voters.
    pub voters: BTreeSet<ParticipantNo>,
    /// How many for each option.
    pub counts: Vec<u32>,
    /// Answers in own words, in an order that says nothing.
    pub answers: Vec<Text>,
}

/// What happened to a poll.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PollEvent {
    /// Everyone is asked.
    Opened {
        /// Counts from 1 within the lesson.
        id: u64,
        /// The question.
        question: Option<PayloadId>,
        /// What can be answered.
        kind: StoredKind,
        /// Everyone sees the result while it grows.
        live: bool,
        /// Which teacher asks.
        by: ParticipantNo,
    },
    /// Votes of several people.
    Tally {
        /// Of which poll.
        id: u64,
        /// Who voted, by number.
        voters: Vec<ParticipantNo>,
        /// How many for each option.
        counts: Vec<u32>,
        /// Answers in own words.
        answers: Vec<PayloadId>,
    },
    /// There is a new interim result. Carries nothing: the reader is told the whole result.
    Counted {
        /// Of which poll.
        id: u64,
    },
    /// The poll is over.
    Closed {
        /// Which.
        id: u64,
        /// By which teacher; `None`: the server.
        by: Option<ParticipantNo>,
    },
    /// A change that a later version wrote.
    #[serde(other)]
    Unknown,
}

/// [`PollKind`] as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StoredKind {
    /// Yes or no.
    YesNo,
    /// A, B, C, ...: so many.
    Letters(u8),
    /// One of these.
    Options(Vec<PayloadId>),
    /// In own words.
    Free,
}

/// The polls of a lesson.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Polls {
    last: Option<Poll>,
}
