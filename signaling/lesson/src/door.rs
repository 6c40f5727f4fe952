//! How a seat is opened: with a token, or with the key of the seat.
//!
//! Invariant: a token opens once, a removed person never, and after a join only the key of that
//! join opens the seat. Left out: signatures, and who holds which connection.

use kreide_control::ParticipantNo;

use crate::seat::{Place, Seat};
use crate::state::{Phase, State};
use crate::{
    Denied, Event, Identity, KeyHash, MAX_NUMBERS, MAX_SEATS, Millis, Outcome, PREVIOUS_KEY_MS,
    Payload, PreviousKey, Text,
};

impl State {
    pub(crate) fn join(
        &self,
        identity: Identity,
        key: KeyHash,
        now: Millis,
    ) -> Result<Outcome, Denied> {
        let known = || self.seats.iter().filter(|(_, seat)| seat.subject == identity.subject);
        // Before the token: a removed person hears the same answer whatever they show.
        if known().any(|(_, seat)| matches!(seat.place, Place::Removed { .. })) {
            return Err(Denied::Removed);
        }
        if now > identity.token_expires || self.tokens.contains_key(&identity.token) {
            return Err(Denied::TokenInvalid);
        }
        let name = identity.name.name()?;

        let mut outcome = Outcome::default();
        if self.phase == Phase::Waiting {
            outcome.push_hidden(Event::Started);
        }
        outcome.push_hidden(Event::TokenUsed {
            id: identity.token.clone(),
            until: identity.token_expires,
        });
        let holds = known().find(|(_, seat)| seat.held().is_some());
        let no = match known().find(|(_, seat)| seat.role == identity.role) {
            Some((no, seat)) if seat.held().is_some() => {
                self.take_over(*no, seat, &identity, name, &mut outcome);
                *no
            }
            before => {
                // A number keeps its role, so whoever comes in another role gets another number.
                if let Some((other, _)) = holds {
                    outcome.push(Event::SeatLeft { no: *other });
                } else if self.held_seats() >= MAX_SEATS {
                    return Err(Denied::Full);
                }
                let no = before.map_or_else(|| self.next_number(), |(no, _)| Ok(*no))?;
                self.take(no, &identity, name, &mut outcome);
                no
            }
        };
        outcome.push_hidden(Event::ResumeKey { no, key, previous: None });
        outcome.seat = Some(no);
        Ok(outcome)
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
        let online = match &seat.place {
            Place::Held(held) => held.online,
            Place::Left => return Err(Denied::ResumeInvalid),
            Place::Removed { .. } => return Err(Denied::Removed),
        };
        let mut outcome = Outcome { seat: Some(no), ..Outcome::default() };
        if !online {
            outcome.push(Event::Online { no, online: true });
        }
        outcome.push_hidden(Event::ResumeKey { no, key: next, previous: Some(previous) });
        Ok(outcome)
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
        if let Some(held) = seat.held() {
            for kind in &held.sending {
                outcome.push(Event::Sending { no, kind: *kind, on: false, by: no });
            }
            self.ask_again(no, outcome);
            if seat.consent != identity.consent {
                self.take(no, identity, name, outcome);
            } else if !held.online {
                outcome.push(Event::Online { no, online: true });
            }
        }
    }

    fn take(&self, no: ParticipantNo, identity: &Identity, name: Text, outcome: &mut Outcome) {
        let id = self.next_payload();
        outcome.push(Event::SeatTaken {
            no,
            subject: identity.subject.clone(),
            role: identity.role,
            name: id,
            consent: identity.consent,
        });
        outcome.payloads.push(Payload { id, of: no, text: name });
    }

    fn next_number(&self) -> Result<ParticipantNo, Denied> {
        let last = self.seats.keys().next_back().map_or(0, |no| no.0);
        if last >= MAX_NUMBERS { Err(Denied::Full) } else { Ok(ParticipantNo(last + 1)) }
    }
}
