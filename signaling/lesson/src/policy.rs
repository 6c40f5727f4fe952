//! What a school decides for a room: when its lesson begins, and while it runs.
//!
//! Invariant: a decision that changes nothing gives no event. While a lesson runs, what it locks
//! anew is locked and what it locks no longer is open; what a teacher opened stays open. Whoever is
//! in stays in, and whoever waits for a teacher's word goes on waiting for it.
//! Left out on purpose: what changes a lesson from a class to talks. Families must not learn of each
//! other, and everyone knows of everyone in a class: that is for the next lesson.

use kreide_control::Policy;

use crate::state::{Phase, State};
use crate::talks::Slot;
use crate::{Audience, Event, LockKind, Outcome, SCHOOL};

impl State {
    pub(crate) fn set_policy(&self, policy: Policy, talks: Vec<Slot>) -> Outcome {
        let is_running = matches!(self.phase, Phase::Running { .. });
        let policy = match is_running {
            true => Policy { talks: self.policy().talks, ..policy },
            false => policy,
        };
        let set = (Audience::All, Event::PolicySet { policy, talks });
        let after = self.after(std::slice::from_ref(&set));
        // While it runs, locks that are others than the policy's are a teacher's doing.
        let is_same = if is_running { after.has_policy_of(self) } else { after == *self };
        if is_same {
            return Outcome::default();
        }
        let mut outcome = Outcome { events: vec![set], ..Outcome::default() };
        if is_running {
            self.change_in_the_midst(&after, &mut outcome);
        }
        self.silencing(outcome, SCHOOL)
    }

    /// What follows from another policy for those who are there.
    fn change_in_the_midst(&self, decided: &Self, outcome: &mut Outcome) {
        let (before, policy) = (self.policy(), decided.policy());
        for what in LockKind::ALL {
            let was_locked = self.room_locks.contains_key(&what);
            // A teacher has opened it since the lesson began.
            let stays_open =
                !was_locked && before.locked.contains(&what) && policy.locked.contains(&what);
            let locked = decided.room_locks.contains_key(&what) && !stays_open;
            if stays_open || locked != was_locked {
                let lock = Event::LockSet { who: None, what, locked, by: SCHOOL };
                outcome.push(lock);
            }
        }
        self.locks_changed(&self.after(&outcome.events), outcome);
        if !policy.recording && self.recording.take().is_some() {
            outcome.events.extend(self.stop_recording(None).events);
        }
        if self.paused && !policy.supervised {
            outcome.push(Event::PausedSet { on: false });
        }
        if policy.early && !before.early {
            self.let_in_early(outcome);
        }
    }
}
