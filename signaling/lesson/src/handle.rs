//! Intents to events: the rule, then the locks and the state of whom it concerns.
//!
//! Invariant: reads the state only. What is already as wanted gives no event, so that repeating an
//! intent is harmless.

use kreide_control::{ParticipantNo, SourceKind};

use crate::rules::{self, By};
use crate::seat::{Held, Place, Seat};
use crate::state::{Phase, State};
use crate::{
    Actor, Audience, Denied, Event, Intent, LockKind, Millis, Outcome, Payload, PayloadId, Text,
};

impl State {
    pub(crate) fn handle(
        &self,
        actor: Actor,
        intent: Intent,
        now: Millis,
    ) -> Result<Outcome, Denied> {
        if matches!(self.phase, Phase::Over { .. }) {
            return Err(Denied::LessonEnded);
        }
        let by = match actor {
            Actor::Door => By::Door,
            Actor::Server => By::Server,
            Actor::Participant(no) => By::Seat(self.actor(no)?.role),
        };
        if !rules::permits(&intent, by) {
            return Err(Denied::Forbidden);
        }
        match intent {
            Intent::Join { identity, key } => self.join(identity, key, now),
            Intent::Resume { key, next } => self.resume(key, next, now),
            Intent::Disconnected { who } => self.disconnected(who),
            Intent::Send { kind, on } => self.send(actor.seat()?, kind, on),
            Intent::Hand { up } => self.hand(actor.seat()?, up),
            Intent::LowerHand { who } => self.hand(who, false),
            Intent::Chat { text } => self.write(actor.seat()?, &text),
            Intent::Mute { who, kind } => self.mute(actor.seat()?, who, kind),
            Intent::Lock { who, what, locked } => self.lock(actor.seat()?, who, what, locked),
            Intent::Remove { who } => self.remove(actor.seat()?, who),
            Intent::StartRecording { id, begins } => {
                Ok(self.start_recording(actor.seat()?, id, begins))
            }
            Intent::BeginRecording { id } => Ok(self.begin_recording(id)),
            Intent::StopRecording => Ok(self.stop_recording(actor.seat().ok())),
            Intent::RecordingEnded { id, why, kept } => Ok(self.recording_ended(&id, why, kept)),
            Intent::Consent { to } => self.consent(actor.seat()?, to.as_ref()),
            Intent::End => {
                let mut outcome = self.stop_recording(actor.seat().ok());
                outcome.push(Event::Ended { by: actor.seat().ok() });
                Ok(outcome)
            }
            Intent::Leave => {
                let me = actor.seat()?;
                let mut outcome = self.stop_recording_without_teacher(me);
                outcome.push(Event::SeatLeft { no: me });
                Ok(outcome)
            }
        }
    }

    fn disconnected(&self, who: ParticipantNo) -> Result<Outcome, Denied> {
        let seat = self.seats.get(&who).ok_or(Denied::NotFound)?;
        Ok(match seat.held() {
            Some(Held { online: true, .. }) => {
                Outcome::of(Event::Online { no: who, online: false })
            }
            Some(_) | None => Outcome::default(),
        })
    }

    fn send(&self, me: ParticipantNo, kind: SourceKind, on: bool) -> Result<Outcome, Denied> {
        let (seat, held) = self.target(me)?;
        if !on {
            // Content takes its sound along.
            let also = (kind == SourceKind::Content).then_some(SourceKind::ContentAudio);
            return Ok(switched_off(me, held, [Some(kind), also], me));
        }
        if !seat.rights(&self.room_locks).allows(LockKind::of(kind)) {
            return Err(Denied::Forbidden);
        }
        if held.sending.contains(&kind) {
            return Ok(Outcome::default());
        }
        Ok(Outcome::of(Event::Sending { no: me, kind, on: true, by: me }))
    }

    fn hand(&self, who: ParticipantNo, up: bool) -> Result<Outcome, Denied> {
        let (_, held) = self.target(who)?;
        Ok(match (held.hand, up) {
            (None, true) => {
                Outcome::of(Event::Hand { no: who, place: Some(self.last_hand.saturating_add(1)) })
            }
            (Some(_), false) => Outcome::of(Event::Hand { no: who, place: None }),
            (Some(_), true) | (None, false) => Outcome::default(),
        })
    }

    fn write(&self, me: ParticipantNo, text: &Text) -> Result<Outcome, Denied> {
        let (seat, _) = self.target(me)?;
        if !seat.rights(&self.room_locks).chat {
            return Err(Denied::Forbidden);
        }
        let payload = Payload { id: self.next_payload(), of: me, text: text.chat()? };
        let mut outcome = Outcome::of(Event::Chat {
            id: self.last_chat.saturating_add(1),
            from: me,
            text: payload.id,
        });
        outcome.payloads.push(payload);
        Ok(outcome)
    }

    fn mute(
        &self,
        me: ParticipantNo,
        who: ParticipantNo,
        kind: SourceKind,
    ) -> Result<Outcome, Denied> {
        let (_, held) = self.target(who)?;
        let kinds = match kind {
            SourceKind::Microphone | SourceKind::Camera => [Some(kind), None],
            // The SFU has one right for both. Muting the sound alone would leave it to the
            // sender's good will, so it takes the content along.
            SourceKind::Content | SourceKind::ContentAudio => {
                [Some(SourceKind::Content), Some(SourceKind::ContentAudio)]
            }
        };
        Ok(switched_off(who, held, kinds, me))
    }

    fn lock(
        &self,
        me: ParticipantNo,
        who: Option<ParticipantNo>,
        what: LockKind,
        locked: bool,
    ) -> Result<Outcome, Denied> {
        if let Some(no) = who
            && !rules::may_restrict(self.target(no)?.0.role)
        {
            return Err(Denied::Forbidden);
        }
        let set = Event::LockSet { who, what, locked, by: me };
        let mut after = self.clone();
        after.change(&set);
        if after == *self {
            return Ok(Outcome::default());
        }
        let mut outcome = Outcome::of(set);
        for (no, seat) in &self.seats {
            let (Some(held), Some(seat_after)) = (seat.held(), after.seats.get(no)) else {
                continue;
            };
            let locks_after = seat_after.locks(&after.room_locks);
            if who.is_none() && locks_after != seat.locks(&self.room_locks) {
                outcome.push(Event::RightsChanged { no: *no });
            }
            let rights = seat_after.rights(&after.room_locks);
            for kind in held.sending.iter().filter(|kind| !rights.allows(LockKind::of(**kind))) {
                outcome.push(Event::Sending { no: *no, kind: *kind, on: false, by: me });
            }
        }
        Ok(outcome)
    }

    fn remove(&self, me: ParticipantNo, who: ParticipantNo) -> Result<Outcome, Denied> {
        let seat = self.seats.get(&who).ok_or(Denied::NotFound)?;
        match seat.place {
            // One who left can be kept from coming back.
            Place::Held(_) | Place::Left => {}
            Place::Removed { .. } => return Err(Denied::NotFound),
        }
        if !rules::may_restrict(seat.role) {
            return Err(Denied::Forbidden);
        }
        Ok(Outcome::of(Event::Removed { no: who, by: me }))
    }

    /// The seat on whose behalf something is asked.
    fn actor(&self, no: ParticipantNo) -> Result<&Seat, Denied> {
        let seat = self.seats.get(&no).ok_or(Denied::NotFound)?;
        match seat.place {
            Place::Held(_) => Ok(seat),
            Place::Left => Err(Denied::NotFound),
            Place::Removed { .. } => Err(Denied::Removed),
        }
    }

    /// The held seat that something is done to.
    pub(crate) fn target(&self, no: ParticipantNo) -> Result<(&Seat, &Held), Denied> {
        let seat = self.seats.get(&no).ok_or(Denied::NotFound)?;
        Ok((seat, seat.held().ok_or(Denied::NotFound)?))
    }

    pub(crate) fn next_payload(&self) -> PayloadId {
        PayloadId(self.last_payload.saturating_add(1))
    }
}

impl Actor {
    fn seat(self) -> Result<ParticipantNo, Denied> {
        match self {
            Self::Participant(no) => Ok(no),
            Self::Door | Self::Server => Err(Denied::Forbidden),
        }
    }
}

impl Outcome {
    pub(crate) fn of(event: Event) -> Self {
        Self { events: vec![(Audience::All, event)], ..Self::default() }
    }

    /// Adds an event that everyone may see.
    pub(crate) fn push(&mut self, event: Event) {
        self.events.push((Audience::All, event));
    }

    /// Adds an event for the log alone.
    pub(crate) fn push_hidden(&mut self, event: Event) {
        self.events.push((Audience::Nobody, event));
    }
}

/// Those of `kinds` off that are on.
fn switched_off(
    no: ParticipantNo,
    held: &Held,
    kinds: [Option<SourceKind>; 2],
    by: ParticipantNo,
) -> Outcome {
    let mut outcome = Outcome::default();
    for kind in kinds.into_iter().flatten().filter(|kind| held.sending.contains(kind)) {
        outcome.push(Event::Sending { no, kind, on: false, by });
    }
    outcome
}
