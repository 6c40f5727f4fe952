//! What a lesson and a school leave behind: the lesson log and the catalogue, as small traits.
//!
//! Invariant: a lesson has one owner. Every append carries the owner's epoch and the sequence it
//! believes to be the last; the store refuses both a former owner and a gap. The tenant stands
//! first in every key and every table.
//! Left out on purpose: what a record means. Records are bytes here, and the rules that make them
//! live in the lesson crate, which this crate does not import.

mod catalogue;
mod groups;
mod log;
mod room;
mod roster;
mod seal;
mod sqlite;
mod talks;

pub use catalogue::{
    Catalogue, CatalogueError, Door, ErasedPerson, Erasure, Link, LinkHash, LinkOwner, Recording,
    RecordingSize, RoomChange, Whom,
};
pub use groups::{BadGroupSet, GroupSet, MAX_GROUP_SET_NAME, MAX_GROUP_SETS, MAX_GROUPS};
pub use log::{
    Append, Change, LessonLog, LogError, Payload, Record, Seated, Snapshot, Stored, Whose,
};
pub use room::{ExternalId, MAX_METADATA, Metadata, Room};
pub use roster::{LinksFor, RoomRoster, RosterChange, RosterEntry, RosterImport, RosterPerson};
pub use sqlite::{Keyring, KeyringError, OpenError, SqliteStore};
pub use talks::{Talk, TalkList};
