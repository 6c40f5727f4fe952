//! What the school changes from outside while a lesson runs: the room's policy, and who is on its
//! roster.
//!
//! Invariant: whoever came as a person of the roster and is on it no longer has no seat and does
//! not wait, and hears what the door would say. Coming back is for the door, which asks the
//! catalogue itself.
//! Left out on purpose: those who came without a roster, and talks, which the next lesson takes up.

use std::collections::BTreeSet;

use kreide_control::{ParticipantNo, Policy};
use kreide_lesson::{Actor, Intent, Lesson, Slot};

use super::{Keeper, Then};

/// The catalogue's word on a room, at one moment.
pub(crate) struct Outside {
    /// What the school has decided.
    pub(crate) policy: Policy,
    /// Subjects of those who are on the roster.
    pub(crate) roster: BTreeSet<String>,
}

impl Keeper {
    /// Brings the lesson to what the school says.
    pub(super) fn heed(&mut self, outside: Outside) {
        self.take_off(&outside.roster);
        self.decide(outside.policy);
    }

    /// Lets the policy hold from now on.
    pub(super) fn decide(&mut self, policy: Policy) {
        let planned = self.ledger.draft().talks().all().iter();
        let talks: Vec<Slot> = planned.map(|talk| talk.slot.clone()).collect();
        self.propose(Actor::Server, Intent::SetPolicy { policy, talks }, Then::Nothing);
    }

    /// Ends the seats of those who are on the roster no longer.
    pub(super) fn take_off(&mut self, roster: &BTreeSet<String>) {
        for who in gone(self.ledger.draft(), roster) {
            tracing::info!(lesson = %self.key, no = who.0, "taken off the roster");
            self.propose(Actor::Server, Intent::TakenOff { who }, Then::Nothing);
        }
    }
}

/// Those who are there and on the roster no longer.
fn gone(lesson: &Lesson, roster: &BTreeSet<String>) -> Vec<ParticipantNo> {
    let gone = lesson.proven().filter(|(_, subject)| !roster.contains(&subject.0));
    gone.map(|(no, _)| no).collect()
}
