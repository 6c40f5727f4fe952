//! Parents' talks: one family after the other.
//!
//! Invariant: at most one talk is on. A family waits until its talk begins, and is out before the
//! next one begins. A family never learns of another: not its name, its time or that it is there.

mod decide;
mod plan;

use serde::{Deserialize, Serialize};

pub use self::plan::{Fate, Talk, Talks};
use crate::Millis;

/// Devices of one family that may be there at the same time.
pub const MAX_DEVICES: usize = 2;
/// What [`TalkIntent::More`] adds, in milliseconds.
pub const MORE_MS: i64 = 120_000;

/// One talk of the day, as the school has planned it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slot {
    /// Its number, as in the family's link.
    pub no: u32,
    /// When it is to begin.
    pub begins: Millis,
    /// How long it is to last.
    pub minutes: u16,
}

/// What someone wants of the talks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TalkIntent {
    /// Begins the talk of a family that waits. The server does so when it is time; a teacher may
    /// take a family earlier.
    Begin {
        /// Which.
        slot: u32,
    },
    /// Ends the talk that is on: the family is seen out.
    Finish,
    /// Gives the talk that is on two minutes more.
    More,
    /// The family has not come.
    NoShow {
        /// Which.
        slot: u32,
    },
    /// The talk is passed over; the family may still come at the end.
    Skip {
        /// Which.
        slot: u32,
    },
}

/// What happened to the talks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum TalkEvent {
    /// A talk began.
    Began {
        /// Which.
        slot: u32,
    },
    /// It is over.
    Finished {
        /// Which.
        slot: u32,
    },
    /// It has two minutes more.
    Extended {
        /// Which.
        slot: u32,
        /// When it is to end.
        until: Millis,
    },
    /// The family has not come.
    Missed {
        /// Which.
        slot: u32,
    },
    /// It is passed over.
    Skipped {
        /// Which.
        slot: u32,
    },
    /// A change that a later version wrote.
    #[serde(other)]
    Unknown,
}
