//! Who belongs to a room, in seating order.
//!
//! Invariant: a person is known by a subject, which is the school's own opaque id and stays the
//! same over imports; the personal link of a person who is taken off is revoked with it.
//! Left out on purpose: secrets. Whoever makes links brings their hashes.

use std::fmt;

use kreide_control::{Role, RoomId, TenantId};

use crate::LinkHash;

/// One person of a room.
#[derive(Clone, PartialEq, Eq)]
pub struct RosterEntry {
    /// The school's id of the person: opaque, stable, unique within a room.
    pub subject: String,
    /// The name to show; empty if it was erased.
    pub name: String,
    /// What the person is in the room.
    pub role: Role,
    /// Position in the seating order, from 1.
    pub seat: u32,
    /// The school has the consent (of the guardians) to record this person, who is still asked.
    pub consent: bool,
}

/// Prints neither subject nor name.
impl fmt::Debug for RosterEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RosterEntry({:?}, seat {})", self.role, self.seat)
    }
}

/// Rosters as they are from now on. Rooms that are not named keep theirs.
#[derive(Clone, Debug)]
pub struct RosterImport {
    /// The school.
    pub tenant: TenantId,
    /// Each room once. A room that is missing is made, with its id as title.
    pub rooms: Vec<RoomRoster>,
    /// When this is: milliseconds since 1970 UTC.
    pub at: i64,
    /// Who gets the links that [`RosterPerson::link`] brings.
    pub links: LinksFor,
}

/// Everyone of one room.
#[derive(Clone, Debug)]
pub struct RoomRoster {
    /// The room.
    pub room: RoomId,
    /// Each subject once.
    pub people: Vec<RosterPerson>,
}

/// A person and the link that may become theirs.
#[derive(Clone, Debug)]
pub struct RosterPerson {
    /// Who.
    pub entry: RosterEntry,
    /// Hash of a new link's secret.
    pub link: LinkHash,
}

/// Who gets a new link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinksFor {
    /// Nobody: the links are not used.
    Nobody,
    /// Whoever never had one. A link that was revoked is not made good.
    Newcomers,
    /// Everyone. Their former links are revoked.
    Everyone,
}

/// What an import did to one room.
#[derive(Clone, PartialEq, Eq)]
pub struct RosterChange {
    /// The room.
    pub room: RoomId,
    /// People who are new.
    pub added: u32,
    /// People of whom something is different.
    pub changed: u32,
    /// People who are gone; their links are revoked.
    pub removed: u32,
    /// People of whom nothing is different.
    pub unchanged: u32,
    /// Subjects whose new link is good.
    pub linked: Vec<String>,
}

/// Prints no subject.
impl fmt::Debug for RosterChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { room, added, changed, removed, unchanged, linked } = self;
        let linked = linked.len();
        write!(f, "{room}: +{added} ~{changed} -{removed} ={unchanged}, {linked} linked")
    }
}
