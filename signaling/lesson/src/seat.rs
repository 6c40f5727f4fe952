//! A participant's place in the lesson.

use kreide_control::{ParticipantNo, Role, SourceKind};

use crate::{Lock, Millis, PayloadId, Rights};

/// One person as the lesson knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Number; also the seating order.
    pub no: ParticipantNo,
    /// Role.
    pub role: Role,
    /// The name.
    pub name: PayloadId,
    /// Whether the person is there.
    pub standing: Standing,
    /// What the person may do.
    pub rights: Rights,
    /// The locks that explain `rights`, at most one of each kind.
    pub locks: Vec<Lock>,
    /// What the person has switched on.
    pub sending: Vec<SourceKind>,
    /// If the hand is up, its place in the order of raising.
    pub hand: Option<u64>,
    /// Whether the school has the consent to record this person.
    pub consent: bool,
}

/// Whether a person is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Holds a seat and is connected.
    Online,
    /// Holds a seat without a connection.
    Offline,
    /// Gave the seat up; the number is kept.
    Left,
    /// Was removed by this teacher.
    Removed(ParticipantNo),
}

/// A chat message that the state keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatLine {
    /// Counts from 1 within the lesson.
    pub id: u64,
    /// The author.
    pub from: ParticipantNo,
    /// The text.
    pub text: PayloadId,
    /// When.
    pub at: Millis,
}
