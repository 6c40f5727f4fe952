//! Talks: families who come to a room one after the other.
//!
//! Invariant: slots of a room are counted from 1 in the order of their times, and each has a link
//! of its own.
//! Left out on purpose: who is in now. The lesson moves the queue on, and counts a family's
//! devices.

use std::fmt;

use crate::LinkHash;

/// One family's time.
#[derive(Clone, PartialEq, Eq)]
pub struct Talk {
    /// Its place in the list, from 1.
    pub slot: u32,
    /// When it begins: milliseconds since 1970 UTC.
    pub begins: i64,
    /// How long it is meant to take.
    pub minutes: u32,
    /// The name to show, if the school gave one.
    pub label: Option<String>,
    /// Hash of the secret of the family's link.
    pub link: LinkHash,
}

impl Talk {
    /// When it is meant to end: milliseconds since 1970 UTC.
    #[must_use]
    pub fn ends(&self) -> i64 {
        self.begins.saturating_add(i64::from(self.minutes) * 60_000)
    }
}

/// Prints no name.
impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Talk({}, {} + {} min)", self.slot, self.begins, self.minutes)
    }
}

/// All talks of a room, as they are from now on.
#[derive(Clone, Debug)]
pub struct TalkList {
    /// In the order of their slots.
    pub talks: Vec<Talk>,
    /// When this is: milliseconds since 1970 UTC.
    pub at: i64,
    /// How long after its end a talk's link still opens, in milliseconds: talks run late.
    pub grace: i64,
    /// A list that is there is replaced and its links are revoked. Otherwise it stays.
    pub replace: bool,
}
