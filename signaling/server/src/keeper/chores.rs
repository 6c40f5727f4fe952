//! What the lesson wants done when its time has come: groups that end, listening that begins, the
//! next family, a pause without a teacher.
//!
//! Invariant: the lesson says what and when; nothing is kept here that a new owner of the lesson
//! would not know. What the log does not take is tried again.

use std::time::Duration;

use kreide_control::ParticipantNo;
use kreide_lesson::{Actor, GroupIntent, Intent, Lesson, Millis, Standing, TalkIntent};
use tokio::time::Instant;

use super::{Health, Keeper, Then};
use crate::clock;

/// How long after the last teacher's connection is gone a lesson rests.
const UNATTENDED: Duration = Duration::from_secs(10);
/// How long a family that lost its connection keeps its talk before the next one comes in.
const TALK_KEPT: Duration = Duration::from_secs(60);
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
        let lost = self.lost_families.values().min().copied();
        let owes = !self.owed_tallies.is_empty() || self.owed_policy.is_some();
        let owed = owes.then(Instant::now);
        [due, owed, lost, self.unattended_at, self.expectation_at].into_iter().flatten().min()
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
        for who in self.families_lost_by(now) {
            self.propose(Actor::Participant(who), Intent::Leave, Then::Nothing);
        }
        for (id, batch) in std::mem::take(&mut self.owed_tallies) {
            self.tally(id, batch);
        }
        if let Some(policy) = self.owed_policy.take() {
            self.decide(*policy);
        }
        let clock = Millis(clock::now());
        if let Some((at, intent)) = next(self.ledger.draft(), clock)
            && at <= clock
        {
            self.propose(Actor::Server, intent, Then::Nothing);
        }
    }

    /// Someone's connection is gone for longer than a reload takes.
    pub(super) fn mind_family(&mut self, who: ParticipantNo) {
        let is_family = self.ledger.draft().person(who).is_some_and(|person| person.talk.is_some());
        if is_family {
            self.lost_families.insert(who, Instant::now() + TALK_KEPT);
        }
    }

    /// Families that have not come back in time.
    fn families_lost_by(&mut self, now: Instant) -> Vec<ParticipantNo> {
        let lesson = self.ledger.draft();
        let is_away = |no: &ParticipantNo| {
            lesson.person(*no).is_some_and(|person| person.standing == Standing::Offline)
        };
        self.lost_families.retain(|no, _| is_away(no));
        let due = self.lost_families.extract_if(.., |_, at| *at <= now);
        due.map(|(no, _)| no).collect()
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
