//! Who finds a seat when many come: how many there are, and who of those that wait gets one.
//!
//! Invariant: of the seats and of the numbers some are left for staff, so that nobody who has a link
//! of the class can keep a teacher out.
//! Left out on purpose: who must wait, and why (`door`).

use kreide_control::{ParticipantNo, Role};

use crate::door::Wait;
use crate::seat::Seat;
use crate::state::State;
use crate::{Denied, Event, MAX_NUMBERS, MAX_SEATS, Outcome, STAFF_RESERVE, rules};

impl State {
    /// Lets those in who wait for the lesson to begin, as many as there are seats. The others wait
    /// on, until a teacher lets them in.
    pub(crate) fn let_in_early(&self, outcome: &mut Outcome) {
        let begins = |_, seat: &Seat| seat.waits() == Some(Wait::Begin);
        for (no, seat) in self.with_a_seat(begins, outcome) {
            self.seat_now(seat.newcomer(no), outcome);
        }
    }

    pub(crate) fn admit(&self, who: Option<ParticipantNo>) -> Result<Outcome, Denied> {
        let mut outcome = Outcome::default();
        let is_meant = |no, seat: &Seat| {
            let at_door = match seat.waits() {
                Some(Wait::Lobby) => true,
                // There was no seat when the lesson began.
                Some(Wait::Begin) => self.has_teacher(),
                Some(Wait::Talk) | None => false,
            };
            at_door && who.is_none_or(|who| who == no)
        };
        for (no, seat) in self.with_a_seat(is_meant, &outcome) {
            self.seat_now(seat.newcomer(no), &mut outcome);
        }
        let any_waits = self.waiting().any(|(no, seat)| is_meant(*no, seat));
        match outcome.events.is_empty() {
            true if any_waits => Err(Denied::Full),
            true if who.is_some() => Err(Denied::NotFound),
            _ => Ok(outcome),
        }
    }

    /// Those of the waiting who find a seat beside whoever takes one already, first come first.
    fn with_a_seat(
        &self,
        is_meant: impl Fn(ParticipantNo, &Seat) -> bool,
        beside: &Outcome,
    ) -> Vec<(ParticipantNo, &Seat)> {
        let taken = |counts: fn(Role) -> bool| {
            let newcomers = beside.events.iter().filter_map(|(_, event)| match event {
                Event::SeatTaken(newcomer) => Some(newcomer.role),
                _ => None,
            });
            newcomers.filter(|role| counts(*role)).count()
        };
        // Whoever waits is not of the staff.
        let of_all = self.free_seats(Role::Teacher, None).saturating_sub(taken(|_| true));
        let of_taught = taken(|role| !rules::is_staff(role));
        let free = self.free_seats(Role::Pupil, None).saturating_sub(of_taught).min(of_all);
        let found = self.waiting().filter(|(no, seat)| is_meant(**no, seat)).take(free);
        found.map(|(no, seat)| (*no, seat)).collect()
    }

    /// How many more in this role find a seat, if this one is given up for it.
    pub(crate) fn free_seats(&self, role: Role, given_up: Option<&Seat>) -> usize {
        let given_up = given_up.filter(|seat| seat.held().is_some());
        let all = self.held_seats() - usize::from(given_up.is_some());
        let free = MAX_SEATS.saturating_sub(all);
        if rules::is_staff(role) {
            return free;
        }
        let is_taught = |seat: &Seat| !rules::is_staff(seat.role);
        let taught = self.held().filter(|(_, seat)| is_taught(seat)).count()
            - usize::from(given_up.is_some_and(is_taught));
        free.min((MAX_SEATS - STAFF_RESERVE).saturating_sub(taught))
    }

    /// The number of somebody new in this role.
    pub(crate) fn next_number(&self, role: Role) -> Result<ParticipantNo, Denied> {
        let last = self.seats.keys().next_back().map_or(0, |no| no.0);
        let reserve = if rules::is_staff(role) { 0 } else { STAFF_RESERVE as u32 };
        if last >= MAX_NUMBERS - reserve { Err(Denied::Full) } else { Ok(ParticipantNo(last + 1)) }
    }
}
