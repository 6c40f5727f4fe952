//! How a seat is opened: with a token, or with the key of the seat; and who must wait before.
//!
//! Invariant: a token opens once, a removed person never, and after a join only the key of that
//! join opens the seat. Whoever waits sees nothing and is in no audience. However many come, staff
//! finds a seat (`room`). Left out: signatures, and who holds which connection.

use kreide_control::{ParticipantNo, Role};
use serde::{Deserialize, Serialize};

use crate::event::Newcomer;
use crate::seat::{Place, Seat};
use crate::state::{Phase, State};
use crate::talks::MAX_DEVICES;
use crate::{
    Audience, Denied, Event, Identity, KeyHash, Lesson, MAX_WAITING, Millis, Outcome,
    PREVIOUS_KEY_MS, Payload, Person, PreviousKey, Subject, Text, rules,
};

/// What someone waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Wait {
    /// For a teacher to let them in.
    Lobby,
    /// For a teacher to come.
    Begin,
    /// For their talk.
    Talk,
}

impl State {
    pub(crate) fn join(
        &self,
        identity: Identity,
        key: KeyHash,
        now: Millis,
    ) -> Result<Outcome, Denied> {
        let known = || self.seats.iter().filter(|(_, seat)| seat.subject == identity.subject);
        // Before the token: a removed person hears the same answer whatever they show.
        if self.is_removed(&identity) {
            return Err(Denied::Removed);
        }
        if now > identity.token_expires || self.tokens.contains_key(&identity.token) {
            return Err(Denied::TokenInvalid);
        }
        let name = identity.name.name()?;

        let mut outcome = Outcome::default();
        outcome.push_hidden(Event::TokenUsed {
            id: identity.token.clone(),
            until: identity.token_expires,
        });
        let holds = known().find(|(_, seat)| seat.held().is_some() || seat.waits().is_some());
        let no = match known().find(|(_, seat)| seat.role == identity.role) {
            Some((no, seat)) if seat.held().is_some() => {
                self.take_over(*no, seat, &identity, name, &mut outcome);
                *no
            }
            Some((no, seat)) if seat.waits().is_some() => *no,
            before => {
                // A number keeps its role, so whoever comes in another role gets another number.
                if self.free_seats(identity.role, holds.map(|(_, seat)| seat)) == 0 {
                    return Err(Denied::Full);
                }
                if let Some((other, seat)) = holds {
                    outcome.events.push(self.gives_up(*other, seat));
                    self.last_of_family_left(*other, seat, &mut outcome);
                }
                let number = || self.next_number(identity.role);
                let no = before.map_or_else(number, |(no, _)| Ok(*no))?;
                self.seat_or_wait(no, before.map(|(_, seat)| seat), &identity, name, &mut outcome)?;
                no
            }
        };
        outcome.push_hidden(Event::ResumeKey { no, key, previous: None });
        outcome.seat = Some(no);
        Ok(outcome)
    }

    /// Whether a teacher removed this person, or whoever used this browser.
    fn is_removed(&self, identity: &Identity) -> bool {
        self.seats.values().any(|seat| {
            let is_same = seat.subject == identity.subject
                || (identity.role != Role::Teacher
                    && seat.device.is_some()
                    && seat.device == identity.device)
                || (seat.talk.is_some() && seat.talk == identity.talk);
            is_same && matches!(seat.place, Place::Removed { .. })
        })
    }

    fn seat_or_wait(
        &self,
        no: ParticipantNo,
        before: Option<&Seat>,
        identity: &Identity,
        name: Text,
        outcome: &mut Outcome,
    ) -> Result<(), Denied> {
        let id = self.next_payload();
        let newcomer = Newcomer {
            no,
            subject: identity.subject.clone(),
            role: identity.role,
            name: id,
            consent: identity.consent,
            seat: identity.seat,
            talk: identity.talk,
            device: identity.device,
            proven: identity.seat.is_some() && !identity.waits,
        };
        match self.must_wait(before, identity)? {
            Some(_) if self.waiting().count() >= MAX_WAITING => return Err(Denied::Full),
            Some(why) => outcome.events.push((Audience::Staff, Event::Waiting { newcomer, why })),
            None => self.seat_now(newcomer, outcome),
        }
        outcome.payloads.push(Payload { id, of: no, text: name });
        Ok(())
    }

    /// What someone who comes must wait for.
    fn must_wait(
        &self,
        before: Option<&Seat>,
        identity: &Identity,
    ) -> Result<Option<Wait>, Denied> {
        if let Some(slot) = identity.talk {
            let devices = self.seats.values().filter(|seat| {
                seat.talk == Some(slot) && (seat.held().is_some() || seat.waits().is_some())
            });
            if !self.talks.knows(slot) {
                return Err(Denied::NotFound);
            }
            if devices.count() >= MAX_DEVICES {
                return Err(Denied::Full);
            }
            return Ok((self.talks.on() != Some(slot)).then_some(Wait::Talk));
        }
        // Whoever was let in once and left comes back to the own seat.
        let was_in = before.is_some_and(|seat| seat.outside.is_none());
        // Whoever was sent out does not come in by leaving and joining again.
        let was_at_lobby = before.is_some_and(|seat| seat.outside == Some(Wait::Lobby));
        let at_lobby = self.policy().lobby.keeps(identity.role);
        let may_be_back = before.is_none() && identity.seat.is_none() && self.has_removed();
        Ok(if rules::is_staff(identity.role) {
            None
        } else if was_at_lobby || may_be_back || ((identity.waits || at_lobby) && !was_in) {
            Some(Wait::Lobby)
        } else if !self.policy().early && !self.has_teacher() {
            Some(Wait::Begin)
        } else {
            None
        })
    }

    /// Whether somebody was removed: whoever comes new and is on no roster may be that person under
    /// another name.
    pub(crate) fn has_removed(&self) -> bool {
        self.seats.values().any(|seat| matches!(seat.place, Place::Removed { .. }))
    }

    /// Whether a teacher holds a seat.
    pub(crate) fn has_teacher(&self) -> bool {
        self.held().any(|(_, seat)| rules::is_staff(seat.role))
    }

    /// The events by which someone is seated.
    pub(crate) fn seat_now(&self, newcomer: Newcomer, outcome: &mut Outcome) {
        if self.phase == Phase::Waiting && !outcome.begins() {
            outcome.push_hidden(Event::Started);
        }
        let is_staff = rules::is_staff(newcomer.role);
        let audience = self.noticed_arriving(&newcomer);
        outcome.events.push((audience, Event::SeatTaken(newcomer)));
        if is_staff {
            self.attended(outcome);
        }
    }

    pub(crate) fn turn_away(
        &self,
        by: ParticipantNo,
        who: ParticipantNo,
    ) -> Result<Outcome, Denied> {
        self.seats.get(&who).and_then(Seat::waits).ok_or(Denied::NotFound)?;
        let event = Event::WaitEnded { no: who, by: Some(by) };
        Ok(Outcome { events: vec![(Audience::Staff, event)], ..Outcome::default() })
    }

    pub(crate) fn to_lobby(&self, who: ParticipantNo) -> Result<Outcome, Denied> {
        let (seat, _) = self.target(who)?;
        if !rules::may_restrict(seat.role) || seat.talk.is_some() {
            return Err(Denied::Forbidden);
        }
        let mut outcome = Outcome::default();
        outcome.events.push(self.gives_up(who, seat));
        let newcomer = seat.newcomer(who);
        outcome.events.push((Audience::Staff, Event::Waiting { newcomer, why: Wait::Lobby }));
        Ok(outcome)
    }

    /// The event by which someone who leaves is gone, for those who noticed that they were there.
    pub(crate) fn gives_up(&self, no: ParticipantNo, seat: &Seat) -> (Audience, Event) {
        match seat.waits() {
            Some(_) => (Audience::Staff, Event::WaitEnded { no, by: None }),
            None => (self.noticed_arriving(&seat.newcomer(no)), Event::SeatLeft { no }),
        }
    }

    pub(crate) fn resume(
        &self,
        key: KeyHash,
        next: KeyHash,
        now: Millis,
    ) -> Result<Outcome, Denied> {
        // A clock that goes back gives no key more time.
        let now = now.max(self.latest);
        let opened = |seat: &Seat| {
            let keys = seat.keys?;
            if keys.current == key {
                return Some(PreviousKey {
                    key,
                    until: Millis(now.0.saturating_add(PREVIOUS_KEY_MS)),
                });
            }
            // Shown again because the reply with the current key was lost. Its time runs on:
            // otherwise one key could be used for ever.
            keys.previous.filter(|previous| previous.key == key && now <= previous.until)
        };
        let (no, seat, previous) = self
            .seats
            .iter()
            .find_map(|(no, seat)| Some((*no, seat, opened(seat)?)))
            .ok_or(Denied::ResumeInvalid)?;
        let mut outcome = Outcome { seat: Some(no), ..Outcome::default() };
        match &seat.place {
            Place::Held(held) if !held.online => self.comes_back(no, seat, &mut outcome),
            Place::Held(_) | Place::Waiting(_) => {}
            Place::Left => return Err(Denied::ResumeInvalid),
            Place::Removed { .. } => return Err(Denied::Removed),
        }
        outcome.push_hidden(Event::ResumeKey { no, key: next, previous: Some(previous) });
        Ok(outcome)
    }

    fn comes_back(&self, no: ParticipantNo, seat: &Seat, outcome: &mut Outcome) {
        let audience = self.noticed_arriving(&seat.newcomer(no));
        outcome.events.push((audience, Event::Online { no, online: true }));
        if rules::is_staff(seat.role) {
            self.attended(outcome);
        }
    }

    /// The same person again, from another window or device: number, hand and locks stay. What
    /// the other device was sending is off, for this one is not sending it; and whoever sits here
    /// is asked again whether they may be recorded.
    fn take_over(
        &self,
        no: ParticipantNo,
        seat: &Seat,
        identity: &Identity,
        name: Text,
        outcome: &mut Outcome,
    ) {
        let Some(held) = seat.held() else { return };
        for kind in &held.sending {
            let event = Event::Sending { no, kind: *kind, on: false, by: no };
            outcome.events.push((self.around(no), event));
        }
        self.ask_again(no, outcome);
        if seat.consent != identity.consent {
            let id = self.next_payload();
            let newcomer = Newcomer { name: id, consent: identity.consent, ..seat.newcomer(no) };
            self.seat_now(newcomer, outcome);
            outcome.payloads.push(Payload { id, of: no, text: name });
        } else if !held.online {
            self.comes_back(no, seat, outcome);
        }
    }
}

impl Lesson {
    /// Those of the room's roster, proven by their own link, who hold a seat or wait for one.
    pub fn proven(&self) -> impl Iterator<Item = (ParticipantNo, &Subject)> + '_ {
        let is_there = |seat: &Seat| seat.held().is_some() || seat.waits().is_some();
        let proven = self.state.seats.iter().filter(move |(_, seat)| seat.proven && is_there(seat));
        proven.map(|(no, seat)| (*no, &seat.subject))
    }

    /// Everyone who waits to be let in, first come first.
    pub fn waiting(&self) -> impl Iterator<Item = Person> + '_ {
        self.state.waiting().map(|(no, seat)| self.state.person(*no, seat))
    }
}
