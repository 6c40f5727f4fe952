//! What the lesson wants done when its time has come: groups that end, listening that begins, the
//! next family, a pause without a teacher.
//!
//! Invariant: the lesson says what and when; nothing is kept here that a new owner of the lesson
//! would not know. What the log does not take is tried again.

use std::time::Duration;

use kreide_lesson::{Actor, GroupIntent, Intent, Lesson, Millis, TalkIntent};
use tokio::time::Instant;

use super::{Health, Keeper, Then};
use crate::clock;

/// How long after the last teacher's connection is gone a lesson rests.
const UNATTENDED: Duration = Duration::from_secs(10);
/// How often families are told when they can expect their talk.
const EXPECTATION: Duration = Duration::from_secs(30);

/// What the lesson wants done next, and when.
fn next(lesson: &Lesson, now: Millis) -> Option<(Millis, Intent)> {
    let groups = lesson.groups_due().map(|at| (at, Intent::Groups(GroupIntent::Close)));
    let listening = lesson
        .listening_due()
        .map(|(at, who)| (at, Intent::Groups(GroupIntent::BeginListening { who })));
    let talk =
        lesson.next_talk(now).map(|(slot, at)| (at, Intent::Talk(TalkIntent::Begin { slot })));
    [groups, listening, talk].into_iter().flatten().min_by_key(|(at, _)| *at)
}

impl Keeper {
    /// When there is something to do.
    pub(super) fn next_chore(&self) -> Option<Instant> {
        if matches!(self.health, Health::Degraded { .. }) || self.ledger.draft().ended() {
            return None;
        }
        let now = clock::now();
        let due = next(self.ledger.draft(), Millis(now)).map(|(at, _)| {
            let wait = u64::try_from(at.0 - now).unwrap_or_default();
            Instant::now() + Duration::from_millis(wait)
        });
        let owed = (!self.owed_tallies.is_empty()).then(Instant::now);
        [due, owed, self.unattended_at, self.expectation_at].into_iter().flatten().min()
    }

    /// Does what is due.
    pub(super) fn do_chores(&mut self, now: Instant) {
        if matches!(self.health, Health::Degraded { .. }) || self.ledger.draft().ended() {
            return;
        }
        if self.unattended_at.is_some_and(|at| at <= now) {
            self.unattended_at = None;
            self.propose(Actor::Server, Intent::Unattended, Then::Nothing);
        }
        if self.expectation_at.is_some_and(|at| at <= now) {
            self.tell_expectations();
        }
        for (id, batch) in std::mem::take(&mut self.owed_tallies) {
            self.tally(id, batch);
        }
        let clock = Millis(clock::now());
        if let Some((at, intent)) = next(self.ledger.draft(), clock)
            && at <= clock
        {
            self.propose(Actor::Server, intent, Then::Nothing);
        }
    }

    /// Starts or stops the time after which a lesson without a teacher rests.
    pub(super) fn mind_teacher(&mut self) {
        // The seat of a teacher goes offline some time after the connection.
        let grace = self.context.config.offline_grace.min(UNATTENDED);
        let needs = self.ledger.draft().needs_teacher();
        match (needs, self.unattended_at) {
            (true, None) => self.unattended_at = Some(Instant::now() + UNATTENDED - grace),
            (false, Some(_)) => self.unattended_at = None,
            (true, Some(_)) | (false, None) => {}
        }
        let families_wait = self.ledger.committed().policy().talks
            && self.ledger.committed().waiting().next().is_some();
        match (families_wait, self.expectation_at) {
            (true, None) => self.expectation_at = Some(Instant::now() + EXPECTATION),
            (false, Some(_)) => self.expectation_at = None,
            (true, Some(_)) | (false, None) => {}
        }
    }

    /// Tells every family that waits when it can expect its talk.
    pub(super) fn tell_expectations(&mut self) {
        let waiting = self.ledger.committed().waiting().filter(|person| person.talk.is_some());
        let families: Vec<_> = waiting.map(|person| person.no).collect();
        families.into_iter().for_each(|no| self.keep_waiting(no));
        self.expectation_at = None;
    }
}
