//! A participant's place in the lesson.
//!
//! Invariant: a number keeps its subject and role for the whole lesson. Own locks and the removal
//! outlive leaving, so that leaving is no way around them; hand and what is sent do not.

use std::collections::{BTreeMap, BTreeSet};

use kreide_control::{ParticipantNo, Role, SourceKind};
use serde::Serialize;

use crate::{KeyHash, Lock, LockKind, Millis, PayloadId, PreviousKey, Rights, Subject, rules};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

/// A number and all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Seat {
    pub(crate) subject: Subject,
    pub(crate) role: Role,
    pub(crate) name: PayloadId,
    pub(crate) consent: bool,
    pub(crate) place: Place,
    pub(crate) own_locks: BTreeMap<LockKind, OwnLock>,
    pub(crate) keys: Option<Keys>,
    /// Place in the log of the event that seated this participant first.
    pub(crate) first_seq: u64,
    /// How many events this participant can have seen.
    pub(crate) seen: u64,
}

/// Whether the seat is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Place {
    Held(Held),
    Left,
    Removed { by: ParticipantNo },
}

/// What only the holder of a seat has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Held {
    pub(crate) online: bool,
    pub(crate) sending: BTreeSet<SourceKind>,
    pub(crate) hand: Option<u64>,
}

/// A lock of one participant alone. Absent: only the locks for all count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum OwnLock {
    Locked {
        by: ParticipantNo,
    },
    /// Unlocked by a teacher while the lock for all holds; until that one is set or lifted anew.
    Exempt,
}

/// The keys that open a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Keys {
    pub(crate) current: KeyHash,
    pub(crate) previous: Option<PreviousKey>,
}

impl Seat {
    pub(crate) fn held(&self) -> Option<&Held> {
        match &self.place {
            Place::Held(held) => Some(held),
            Place::Left | Place::Removed { .. } => None,
        }
    }

    pub(crate) fn held_mut(&mut self) -> Option<&mut Held> {
        match &mut self.place {
            Place::Held(held) => Some(held),
            Place::Left | Place::Removed { .. } => None,
        }
    }

    /// The locks that hold, given those for all. An own lock comes before the one for all.
    pub(crate) fn locks(&self, room: &BTreeMap<LockKind, ParticipantNo>) -> Vec<Lock> {
        let holds = |what: LockKind| match self.own_locks.get(&what) {
            Some(OwnLock::Locked { by }) => Some(*by),
            Some(OwnLock::Exempt) => None,
            None if rules::under_room_locks(self.role) => room.get(&what).copied(),
            None => None,
        };
        LockKind::ALL.into_iter().filter_map(|what| Some(Lock { what, by: holds(what)? })).collect()
    }

    /// What the holder may do. Nobody without a seat may do anything.
    pub(crate) fn rights(&self, room: &BTreeMap<LockKind, ParticipantNo>) -> Rights {
        if self.held().is_none() {
            return Rights::default();
        }
        self.locks(room)
            .into_iter()
            .fold(rules::rights(self.role), |rights, lock| rights.without(lock.what))
    }

    pub(crate) fn person(
        &self,
        no: ParticipantNo,
        room: &BTreeMap<LockKind, ParticipantNo>,
    ) -> Person {
        let (standing, sending, hand) = match &self.place {
            Place::Held(held) => {
                let standing = if held.online { Standing::Online } else { Standing::Offline };
                (standing, held.sending.iter().copied().collect(), held.hand)
            }
            Place::Left => (Standing::Left, Vec::new(), None),
            Place::Removed { by } => (Standing::Removed(*by), Vec::new(), None),
        };
        Person {
            no,
            role: self.role,
            name: self.name,
            standing,
            rights: self.rights(room),
            locks: self.locks(room),
            sending,
            hand,
            consent: self.consent,
        }
    }
}
