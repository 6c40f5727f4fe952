//! Keys of the lessons that are being written, in memory.
//!
//! Invariant: what is here is on disk. Bounded: beyond, whole lessons are forgotten, the one that
//! was not written for longest first, and read again when they are.
//! Left out on purpose: keys of those who only read.

use std::collections::HashMap;

use kreide_control::{LessonKey, ParticipantNo, TenantId};

use super::{KeyringError, SealedText};
use crate::Append;
use crate::seal::{Key, Place};

/// What is kept of one person in one lesson.
pub(super) struct Held {
    pub(super) key: Key,
    /// The store knows who this is for the school.
    pub(super) seated: bool,
}

/// One lesson's people.
pub(super) type People = HashMap<ParticipantNo, Held>;

/// Keys by lesson.
#[derive(Default)]
pub(super) struct Cache {
    lessons: HashMap<LessonKey, Used>,
    turn: u64,
}

struct Used {
    people: People,
    last: u64,
}

/// A key, or the subject of one, that is not there yet.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Wanted {
    pub(super) lesson: LessonKey,
    pub(super) owner: ParticipantNo,
    pub(super) subject: Option<String>,
}

impl Cache {
    pub(super) fn knows(&self, lesson: &LessonKey) -> bool {
        self.lessons.contains_key(lesson)
    }

    /// All keys that a lesson has.
    pub(super) fn learn(&mut self, lesson: LessonKey, people: People) {
        self.lessons.insert(lesson, Used { people, last: self.turn });
    }

    /// One more.
    pub(super) fn add(&mut self, wanted: Wanted, key: Key) {
        if let Some(used) = self.lessons.get_mut(&wanted.lesson) {
            let before = used.people.get(&wanted.owner).is_some_and(|held| held.seated);
            let seated = before || wanted.subject.is_some();
            used.people.insert(wanted.owner, Held { key, seated });
        }
    }

    /// What an append needs beside what is here. The lesson must be known.
    pub(super) fn wants(&self, append: &Append) -> Vec<Wanted> {
        let people = self.lessons.get(&append.lesson).map(|used| &used.people);
        let held = |owner| people.and_then(|people| people.get(&owner));
        let mut wanted: Vec<Wanted> = Vec::new();
        let mut want = |owner, subject| {
            wanted.push(Wanted { lesson: append.lesson.clone(), owner, subject });
        };
        for seat in &append.seats {
            if !held(seat.owner).is_some_and(|held| held.seated) {
                want(seat.owner, Some(seat.subject.clone()));
            }
        }
        for payload in &append.payloads {
            let comes = append.seats.iter().any(|seat| seat.owner == payload.owner);
            if held(payload.owner).is_none() && !comes {
                want(payload.owner, None);
            }
        }
        wanted
    }

    /// Seals the texts of an append.
    pub(super) fn seal(&mut self, append: &Append) -> Result<Vec<SealedText>, KeyringError> {
        let mut sealed = Vec::with_capacity(append.payloads.len());
        if append.payloads.is_empty() {
            return Ok(sealed);
        }
        let used = self.lessons.get_mut(&append.lesson).ok_or(KeyringError::NoKey)?;
        used.last = self.turn;
        for payload in &append.payloads {
            let held = used.people.get(&payload.owner).ok_or(KeyringError::NoKey)?;
            let place =
                Place::Text { lesson: &append.lesson, id: payload.id, owner: payload.owner };
            let body =
                held.key.seal(&place, &payload.text).map_err(|_cipher| KeyringError::Cipher)?;
            sealed.push(SealedText { id: payload.id, owner: payload.owner, body });
        }
        Ok(sealed)
    }

    /// Keys of a lesson are destroyed, or may be.
    pub(super) fn forget(&mut self, lesson: &LessonKey) {
        self.lessons.remove(lesson);
    }

    /// Keys of a whole school are destroyed, or may be.
    pub(super) fn forget_tenant(&mut self, tenant: &TenantId) {
        self.lessons.retain(|lesson, _| lesson.tenant != *tenant);
    }

    /// Ends a turn: forgets lessons beyond `most` keys.
    pub(super) fn trim(&mut self, most: usize) {
        self.turn += 1;
        // A lesson without people takes room too.
        let size = |used: &Used| used.people.len() + 1;
        let mut total: usize = self.lessons.values().map(size).sum();
        while total > most {
            let oldest = self.lessons.iter().min_by_key(|(_, used)| used.last);
            let Some(oldest) = oldest.map(|(lesson, _)| lesson.clone()) else { return };
            total -= self.lessons.remove(&oldest).as_ref().map_or(0, size);
        }
    }
}
