//! The day's talks and what has become of each.
//!
//! Invariant: in the order of their times; one is on at most. What has happened to a talk outlives
//! a change of the plan.

use serde::{Deserialize, Serialize};

use super::{Slot, TalkEvent};
use crate::seat::Seat;
use crate::state::State;
use crate::{Lesson, Millis};

const MINUTE_MS: i64 = 60_000;

/// The talks of a lesson, the earliest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talks {
    talks: Vec<Talk>,
}

/// A talk and what has become of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    /// As planned.
    pub slot: Slot,
    /// What has become of it.
    pub fate: Fate,
}

/// What has become of a talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It is to come.
    Planned,
    /// It is on.
    On {
        /// When it began.
        since: Millis,
        /// When it is to end. It does not end by itself.
        until: Millis,
    },
    /// It is over.
    Over,
    /// The family has not come.
    Missed,
    /// It was passed over; the family may still come at the end.
    Skipped,
}

impl Talks {
    /// All of them, in the order of their times.
    #[must_use]
    pub fn all(&self) -> &[Talk] {
        &self.talks
    }

    /// This one.
    #[must_use]
    pub fn get(&self, slot: u32) -> Option<&Talk> {
        self.talks.iter().find(|talk| talk.slot.no == slot)
    }

    /// The talk that is on.
    #[must_use]
    pub fn on(&self) -> Option<u32> {
        let on = self.talks.iter().find(|talk| matches!(talk.fate, Fate::On { .. }));
        on.map(|talk| talk.slot.no)
    }

    /// When the talk that is on is to end.
    pub(crate) fn until(&self) -> Option<Millis> {
        self.talks.iter().find_map(|talk| match talk.fate {
            Fate::On { until, .. } => Some(until),
            Fate::Planned | Fate::Over | Fate::Missed | Fate::Skipped => None,
        })
    }

    /// Whether there is such a talk.
    pub(crate) fn knows(&self, slot: u32) -> bool {
        self.get(slot).is_some()
    }

    /// Takes over what the school has planned; what has happened already stays. Of two with one
    /// number the first counts.
    pub(crate) fn plan(&mut self, slots: &[Slot]) {
        let mut talks: Vec<Talk> = Vec::new();
        for slot in slots {
            if talks.iter().all(|talk| talk.slot.no != slot.no) {
                let fate = self.get(slot.no).map_or(Fate::Planned, |talk| talk.fate);
                talks.push(Talk { slot: slot.clone(), fate });
            }
        }
        let happened = self.talks.drain(..).filter(|talk| talk.fate != Fate::Planned);
        for talk in happened {
            if talks.iter().all(|other| other.slot.no != talk.slot.no) {
                talks.push(talk);
            }
        }
        talks.sort_by_key(|talk| (talk.slot.begins, talk.slot.no));
        self.talks = talks;
    }

    fn set(&mut self, slot: u32, fate: impl FnOnce(&Talk) -> Fate) {
        if let Some(talk) = self.talks.iter_mut().find(|talk| talk.slot.no == slot) {
            talk.fate = fate(talk);
        }
    }

    fn begin(&mut self, slot: u32, since: Millis) {
        if let Some(before) = self.on().filter(|_| self.knows(slot)) {
            self.set(before, |_| Fate::Over);
        }
        self.set(slot, |talk| Fate::On { since, until: talk.slot.ends_from(since) });
    }
}

impl Slot {
    /// When the talk ends that begins then.
    fn ends_from(&self, begins: Millis) -> Millis {
        Millis(begins.0.saturating_add(i64::from(self.minutes) * MINUTE_MS))
    }
}

impl State {
    pub(crate) fn change_talks(&mut self, event: &TalkEvent) {
        match event {
            TalkEvent::Began { slot } => self.talks.begin(*slot, self.latest),
            TalkEvent::Finished { slot } => self.talks.set(*slot, |_| Fate::Over),
            TalkEvent::Extended { slot, until } => self.talks.set(*slot, |talk| match talk.fate {
                Fate::On { since, .. } => Fate::On { since, until: *until },
                fate => fate,
            }),
            TalkEvent::Missed { slot } => self.talks.set(*slot, |_| Fate::Missed),
            TalkEvent::Skipped { slot } => self.talks.set(*slot, |_| Fate::Skipped),
            TalkEvent::Unknown => {}
        }
    }

    /// Whether this family waits.
    pub(super) fn family_waits(&self, slot: u32) -> bool {
        self.waiting().any(|(_, seat)| seat.waits_for_talk(slot))
    }

    /// The families that wait for their time, the next first.
    fn waiting_talks(&self) -> impl Iterator<Item = &Slot> {
        let planned = self.talks.all().iter().filter(|talk| talk.fate == Fate::Planned);
        planned.map(|talk| &talk.slot).filter(|slot| self.family_waits(slot.no))
    }

    fn expected(&self, slot: u32, now: Millis) -> Option<Millis> {
        let talk = self.talks.get(slot).filter(|talk| talk.fate == Fate::Planned)?;
        let free = self.talks.until().map_or(now, |until| until.max(now));
        let before = self
            .waiting_talks()
            .take_while(|other| (other.begins, other.no) < (talk.slot.begins, talk.slot.no));
        let free = before.fold(free, |free, other| other.ends_from(free.max(other.begins)));
        Some(free.max(talk.slot.begins))
    }
}

impl Seat {
    pub(super) fn waits_for_talk(&self, slot: u32) -> bool {
        self.waits() == Some(crate::Wait::Talk) && self.talk == Some(slot)
    }
}

impl Lesson {
    /// The talks and what has become of each. For teachers: no family may learn of another.
    #[must_use]
    pub fn talks(&self) -> &Talks {
        &self.state.talks
    }

    /// Which talk the server is to begin, and when: the earliest whose family waits, not before
    /// its time. None while another is on or no teacher is there to hold it; none that is missed
    /// or skipped: a teacher takes these families in.
    #[must_use]
    pub fn next_talk(&self, now: Millis) -> Option<(u32, Millis)> {
        if self.state.talks.on().is_some() || !self.state.has_teacher_online() {
            return None;
        }
        let slot = self.state.waiting_talks().next()?;
        Some((slot.no, slot.begins.max(now)))
    }

    /// When a family can expect its talk to begin: not before its time, after the one that is on,
    /// and after those who wait and come first. `None` if it does not come by itself: unknown,
    /// on, over, missed or skipped. The figure says nothing else of the other families.
    #[must_use]
    pub fn expected(&self, slot: u32, now: Millis) -> Option<Millis> {
        self.state.expected(slot, now)
    }

    /// When the talk that is on is to end.
    #[must_use]
    pub fn talk_ends(&self) -> Option<Millis> {
        self.state.talks.until()
    }
}
