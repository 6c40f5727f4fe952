//! Keys of the lessons that are being written, in memory.
//!
//! Invariant: what is here is on disk. Bounded: beyond, whole lessons are forgotten, the one that
//! was not written for longest first, and read again when they are.
//! Left out on purpose: keys of those who only read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use kreide_control::{LessonKey, ParticipantNo, TenantId};

use super::{KeyringError, SealedText};
use crate::Append;
use crate::seal::{Key, Place};

/// One lesson's keys.
pub(super) type People = HashMap<ParticipantNo, Key>;

/// Keys that are made at most for numbers that nobody has yet.
const AHEAD: u32 = 64;

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

/// A key that is not there yet.
pub(super) type Wanted = (LessonKey, ParticipantNo);

impl Cache {
    pub(super) fn knows(&self, lesson: &LessonKey) -> bool {
        self.lessons.contains_key(lesson)
    }

    /// All keys that a lesson has.
    pub(super) fn learn(&mut self, lesson: LessonKey, people: People) {
        self.lessons.insert(lesson, Used { people, last: self.turn });
    }

    /// One more.
    pub(super) fn add(&mut self, lesson: &LessonKey, owner: ParticipantNo, key: Key) {
        if let Some(used) = self.lessons.get_mut(lesson) {
            used.people.insert(owner, key);
        }
    }

    /// What appends need beside what is here, and what the next ones will. The lessons must be known.
    pub(super) fn wants<'a>(&self, appends: impl Iterator<Item = &'a &'a Append>) -> Vec<Wanted> {
        let mut missing: BTreeMap<&LessonKey, BTreeSet<u32>> = BTreeMap::new();
        for append in appends {
            let people = self.lessons.get(&append.lesson).map(|used| &used.people);
            let owners = append.payloads.iter().map(|payload| payload.owner);
            let new = owners.filter(|owner| !people.is_some_and(|held| held.contains_key(owner)));
            missing.entry(&append.lesson).or_default().extend(new.map(|owner| owner.0));
        }
        let wanted = |(lesson, owners): (&LessonKey, BTreeSet<u32>)| {
            let ahead = owners.last().map_or(0..0, |last| self.ahead(lesson, *last));
            let owners: Vec<u32> = owners.into_iter().chain(ahead).collect();
            let lesson = lesson.clone();
            owners.into_iter().map(move |owner| (lesson.clone(), ParticipantNo(owner)))
        };
        missing.into_iter().flat_map(wanted).collect()
    }

    /// The numbers after `last` that have no key either, if it is the highest: as many as have one.
    fn ahead(&self, lesson: &LessonKey, last: u32) -> Range<u32> {
        let people = self.lessons.get(lesson).map(|used| &used.people);
        let highest = people.and_then(|people| people.keys().map(|owner| owner.0).max());
        let many = people.map_or(0, |people| people.len() as u32).min(AHEAD);
        match last.checked_add(1) {
            Some(next) if highest.is_none_or(|highest| highest < last) => {
                next..next.saturating_add(many)
            }
            _ => 0..0,
        }
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
            let key = used.people.get(&payload.owner).ok_or(KeyringError::NoKey)?;
            let place =
                Place::Text { lesson: &append.lesson, id: payload.id, owner: payload.owner };
            let body = key.seal(&place, &payload.text).map_err(|_cipher| KeyringError::Cipher)?;
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
