//! Who was present for how long, if the school wants to know.

use kreide_control::ParticipantNo;
use serde::{Deserialize, Serialize};

use crate::seat::{Place, Seat};
use crate::state::State;
use crate::{Lesson, Millis};

/// How long someone was connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Present {
    /// In milliseconds, without the time since `since`.
    total: i64,
    since: Option<Millis>,
}

impl Present {
    fn until(self, now: Millis) -> i64 {
        self.total + self.since.map_or(0, |since| now.0.saturating_sub(since.0).max(0))
    }
}

impl State {
    /// Begins or ends someone's time, as the seat is now.
    pub(crate) fn count_presence(&mut self, no: ParticipantNo) {
        if !self.policy().attendance {
            return;
        }
        let now = self.latest;
        let Some(seat) = self.seats.get_mut(&no) else { return };
        let is_here = matches!(&seat.place, Place::Held(held) if held.online);
        match (is_here, seat.present.since) {
            (true, None) => seat.present.since = Some(now),
            (false, Some(_)) => {
                seat.present = Present { total: seat.present.until(now), since: None }
            }
            (true, Some(_)) | (false, None) => {}
        }
    }

    /// Begins or ends everybody's time, as the policy is now.
    pub(crate) fn count_everyone(&mut self) {
        if self.policy().attendance {
            let everyone: Vec<_> = self.seats.keys().copied().collect();
            everyone.into_iter().for_each(|no| self.count_presence(no));
        } else {
            self.end_presence();
        }
    }

    /// Ends everybody's time.
    pub(crate) fn end_presence(&mut self) {
        let now = self.latest;
        for seat in self.seats.values_mut().filter(|seat| seat.present.since.is_some()) {
            seat.present = Present { total: seat.present.until(now), since: None };
        }
    }
}

impl Lesson {
    /// Everyone who was present, with the milliseconds until `now`. Empty unless the policy wants
    /// it.
    pub fn attendance(&self, now: Millis) -> impl Iterator<Item = (ParticipantNo, i64)> + '_ {
        let is_wanted = self.policy().attendance;
        let was_here = move |seat: &Seat| is_wanted && seat.present != Present::default();
        let seats = self.state.seats.iter().filter(move |(_, seat)| was_here(seat));
        seats.map(move |(no, seat)| (*no, seat.present.until(now)))
    }
}
