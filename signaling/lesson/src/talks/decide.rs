//! Intents about talks to events.
//!
//! Invariant: every seat of a family is given up in the batch that finishes its talk, and before
//! it says so. No event about a talk reaches anyone but staff and that family.

use kreide_control::ParticipantNo;

use super::{Fate, MORE_MS, Talk, TalkEvent, TalkIntent};
use crate::seat::Seat;
use crate::state::State;
use crate::{Actor, Audience, Denied, Event, Millis, Outcome};

impl State {
    pub(crate) fn talk(
        &self,
        actor: Actor,
        intent: TalkIntent,
        now: Millis,
    ) -> Result<Outcome, Denied> {
        match intent {
            TalkIntent::Begin { slot } if actor == Actor::Server => {
                let is_due = self.is_due(slot, now.max(self.latest));
                if is_due { self.begin_talk(slot) } else { Ok(Outcome::default()) }
            }
            TalkIntent::Begin { slot } => self.begin_talk(slot),
            TalkIntent::Finish => self.finish_talk(),
            TalkIntent::More => self.more_time(),
            TalkIntent::NoShow { slot } => self.no_show(slot),
            TalkIntent::Skip { slot } => self.pass_over(slot),
        }
    }

    /// Whether the server may begin this talk. It may have been told to a moment ago, before a
    /// teacher began another.
    fn is_due(&self, slot: u32, now: Millis) -> bool {
        let is_due = |talk: &Talk| talk.fate == Fate::Planned && talk.slot.begins <= now;
        self.talks.get(slot).is_some_and(is_due)
            && self.talks.on().is_none()
            && self.has_teacher_online()
            && self.family_waits(slot)
    }

    fn begin_talk(&self, slot: u32) -> Result<Outcome, Denied> {
        let mut outcome = Outcome::default();
        match self.talks.on() {
            Some(on) if on == slot => return Ok(outcome),
            Some(_) => return Err(Denied::Forbidden),
            None => {}
        }
        let waits = |(_, seat): &(&ParticipantNo, &Seat)| seat.waits_for_talk(slot);
        let devices: Vec<_> = self.waiting().filter(waits).collect();
        if devices.is_empty() || !self.talks.knows(slot) {
            return Err(Denied::NotFound);
        }
        if self.free_seats(kreide_control::Role::Guest, None) < devices.len() {
            return Err(Denied::Full);
        }
        for (no, seat) in &devices {
            self.seat_now(seat.newcomer(**no), &mut outcome);
        }
        let family = devices.iter().map(|(no, _)| **no);
        outcome.events.push((self.staff_and(family), Event::Talk(TalkEvent::Began { slot })));
        Ok(outcome)
    }

    fn finish_talk(&self) -> Result<Outcome, Denied> {
        let slot = self.talks.on().ok_or(Denied::NotFound)?;
        let mut outcome = Outcome::default();
        for (no, seat) in self.family(slot) {
            outcome.events.push(self.gives_up(*no, seat));
        }
        outcome.events.push(self.finished(slot));
        Ok(outcome)
    }

    fn more_time(&self) -> Result<Outcome, Denied> {
        let (Some(slot), Some(until)) = (self.talks.on(), self.talks.until()) else {
            return Err(Denied::NotFound);
        };
        let until = Millis(until.0.saturating_add(MORE_MS));
        let event = Event::Talk(TalkEvent::Extended { slot, until });
        Ok(Outcome { events: vec![(self.family_and_staff(slot), event)], ..Outcome::default() })
    }

    fn no_show(&self, slot: u32) -> Result<Outcome, Denied> {
        match self.talks.get(slot).ok_or(Denied::NotFound)?.fate {
            Fate::Missed => Ok(Outcome::default()),
            // Whoever sits at the door has come.
            Fate::Planned | Fate::Skipped if !self.family_waits(slot) => {
                Ok(for_staff(TalkEvent::Missed { slot }))
            }
            Fate::Planned | Fate::Skipped | Fate::On { .. } | Fate::Over => Err(Denied::Forbidden),
        }
    }

    fn pass_over(&self, slot: u32) -> Result<Outcome, Denied> {
        match self.talks.get(slot).ok_or(Denied::NotFound)?.fate {
            Fate::Skipped => Ok(Outcome::default()),
            Fate::Planned | Fate::Missed => Ok(for_staff(TalkEvent::Skipped { slot })),
            Fate::On { .. } | Fate::Over => Err(Denied::Forbidden),
        }
    }

    /// Adds that the talk is over, if this seat is given up and no other device of the family is
    /// there any more.
    pub(crate) fn last_of_family_left(
        &self,
        no: ParticipantNo,
        seat: &Seat,
        outcome: &mut Outcome,
    ) {
        let on = self.talks.on().filter(|on| seat.held().is_some() && seat.talk == Some(*on));
        if let Some(slot) = on.filter(|slot| self.family(*slot).all(|(other, _)| *other == no)) {
            outcome.events.push(self.finished(slot));
        }
    }

    fn finished(&self, slot: u32) -> (Audience, Event) {
        (self.family_and_staff(slot), Event::Talk(TalkEvent::Finished { slot }))
    }

    /// The devices of a family that hold seats.
    fn family(&self, slot: u32) -> impl Iterator<Item = (&ParticipantNo, &Seat)> {
        self.held().filter(move |(_, seat)| seat.talk == Some(slot))
    }

    fn family_and_staff(&self, slot: u32) -> Audience {
        self.staff_and(self.family(slot).map(|(no, _)| *no))
    }
}

fn for_staff(event: TalkEvent) -> Outcome {
    Outcome { events: vec![(Audience::Staff, Event::Talk(event))], ..Outcome::default() }
}
