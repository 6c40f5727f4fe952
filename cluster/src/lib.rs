//! What a lesson and a school leave behind: the lesson log and the catalogue, as small traits.
//!
//! Invariant: a lesson has one owner. Every append carries the owner's epoch and the sequence it
//! believes to be the last; the store refuses both a former owner and a gap. The tenant stands
//! first in every key and every table.
//! Left out on purpose: what a record means. Records are bytes here, and the rules that make them
//! live in the lesson crate, which this crate does not import.

mod catalogue;
mod log;
mod seal;
mod sqlite;

pub use catalogue::{
    Catalogue, CatalogueError, Link, LinkHash, LinkOwner, Recording, RecordingSize, Room,
};
pub use log::{
    Append, Change, LessonLog, LogError, Payload, Record, Seated, Snapshot, Stored, Whose,
};
pub use sqlite::{Keyring, KeyringError, OpenError, SqliteStore};
