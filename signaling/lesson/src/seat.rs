//! A participant's place in the lesson.
//!
//! Invariant: a number keeps its subject and role for the whole lesson. Own locks and the removal
//! outlive leaving, so that leaving is no way around them; hand and what is sent do not.

use std::collections::{BTreeMap, BTreeSet};

use kreide_control::{ParticipantNo, Role, SourceKind};
use serde::{Deserialize, Serialize};

use crate::attendance::Present;
use crate::door::Wait;
use crate::event::Newcomer;
use crate::state::State;
use crate::{KeyHash, Lock, LockKind, PayloadId, PreviousKey, Rights, Subject, rules};

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
    /// Position in the room's roster.
    pub seat: Option<u32>,
    /// The talk this family has come for.
    pub talk: Option<u32>,
    /// Sits in the classroom itself.
    pub in_room: bool,
    /// May speak whatever is locked.
    pub has_word: bool,
}

/// Whether a person is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Holds a seat and is connected.
    Online,
    /// Holds a seat without a connection.
    Offline,
    /// Waits to be let in.
    Waiting(Wait),
    /// Gave the seat up; the number is kept.
    Left,
    /// Was removed by this teacher.
    Removed(ParticipantNo),
}

/// A number and all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) seat: Option<u32>,
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) talk: Option<u32>,
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) device: Option<KeyHash>,
    /// On the room's roster when first seated.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) proven: bool,
    /// What this person waited for last and has not been let in since.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) outside: Option<Wait>,
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) grants: BTreeSet<LockKind>,
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) in_room: bool,
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) present: Present,
}

/// Whether the seat is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    Held(Held),
    Waiting(Wait),
    Left,
    Removed { by: ParticipantNo },
}

/// What only the holder of a seat has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) online: bool,
    pub(crate) sending: BTreeSet<SourceKind>,
    pub(crate) hand: Option<u64>,
}

/// A lock of one participant alone. Absent: only the locks for all count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OwnLock {
    /// Locked.
    Locked {
        /// By which teacher.
        by: ParticipantNo,
    },
    /// Unlocked by a teacher while the lock for all holds; until that one is set or lifted anew.
    Exempt,
}

/// The keys that open a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Keys {
    pub(crate) current: KeyHash,
    pub(crate) previous: Option<PreviousKey>,
}

impl Held {
    /// Whether others are to look at this person: the hand is up, or something is sent.
    pub(crate) fn is_active(&self) -> bool {
        self.hand.is_some() || !self.sending.is_empty()
    }
}

impl Seat {
    /// Someone who has just come to the door.
    pub(crate) fn of(newcomer: &Newcomer, seq: u64) -> Self {
        Self {
            subject: newcomer.subject.clone(),
            role: newcomer.role,
            name: newcomer.name,
            consent: newcomer.consent,
            place: Place::Left,
            own_locks: BTreeMap::new(),
            keys: None,
            first_seq: seq,
            seen: 0,
            seat: newcomer.seat,
            talk: newcomer.talk,
            device: newcomer.device,
            proven: newcomer.proven,
            outside: None,
            grants: BTreeSet::new(),
            in_room: false,
            present: Present::default(),
        }
    }

    pub(crate) fn newcomer(&self, no: ParticipantNo) -> Newcomer {
        Newcomer {
            no,
            subject: self.subject.clone(),
            role: self.role,
            name: self.name,
            consent: self.consent,
            seat: self.seat,
            talk: self.talk,
            device: self.device,
            proven: self.proven,
        }
    }

    pub(crate) fn held(&self) -> Option<&Held> {
        match &self.place {
            Place::Held(held) => Some(held),
            Place::Waiting(_) | Place::Left | Place::Removed { .. } => None,
        }
    }

    pub(crate) fn held_mut(&mut self) -> Option<&mut Held> {
        match &mut self.place {
            Place::Held(held) => Some(held),
            Place::Waiting(_) | Place::Left | Place::Removed { .. } => None,
        }
    }

    pub(crate) fn waits(&self) -> Option<Wait> {
        match self.place {
            Place::Waiting(why) => Some(why),
            Place::Held(_) | Place::Left | Place::Removed { .. } => None,
        }
    }
}

impl State {
    /// The locks that hold for someone. An own lock comes before a grant, that before a lock for
    /// all.
    pub(crate) fn locks(&self, seat: &Seat) -> Vec<Lock> {
        let holds = |what: LockKind| match seat.own_locks.get(&what) {
            Some(OwnLock::Locked { by }) => Some(*by),
            Some(OwnLock::Exempt) => None,
            None if seat.grants.contains(&what) => None,
            None if rules::under_room_locks(seat.role) => self.room_locks.get(&what).copied(),
            None => None,
        };
        LockKind::ALL.into_iter().filter_map(|what| Some(Lock { what, by: holds(what)? })).collect()
    }

    /// What someone may do while the lesson neither rests nor is quiet. Nobody without a seat may
    /// do anything.
    pub(crate) fn settled_rights(&self, no: ParticipantNo, seat: &Seat) -> Rights {
        if seat.held().is_none() {
            return Rights::default();
        }
        let of_role = rules::rights(seat.role);
        let granted = seat.grants.iter().fold(of_role, |rights, what| rights.set(*what, true));
        let rights =
            self.locks(seat).into_iter().fold(granted, |rights, lock| rights.set(lock.what, false));
        let may_speak = rights.microphone || (of_role.microphone && self.floor.contains(&no));
        Rights { microphone: may_speak, ..rights }
    }

    /// What someone may do at this moment.
    pub(crate) fn rights(&self, no: ParticipantNo, seat: &Seat) -> Rights {
        self.calm(no, seat.role, self.settled_rights(no, seat))
    }

    pub(crate) fn person(&self, no: ParticipantNo, seat: &Seat) -> Person {
        let (standing, sending, hand) = match &seat.place {
            Place::Held(held) => {
                let standing = if held.online { Standing::Online } else { Standing::Offline };
                (standing, held.sending.iter().copied().collect(), held.hand)
            }
            Place::Waiting(why) => (Standing::Waiting(*why), Vec::new(), None),
            Place::Left => (Standing::Left, Vec::new(), None),
            Place::Removed { by } => (Standing::Removed(*by), Vec::new(), None),
        };
        Person {
            no,
            role: seat.role,
            name: seat.name,
            standing,
            rights: self.settled_rights(no, seat),
            locks: self.locks(seat),
            sending,
            hand,
            consent: seat.consent,
            seat: seat.seat,
            talk: seat.talk,
            in_room: seat.in_room,
            has_word: self.has_word(no),
        }
    }
}
