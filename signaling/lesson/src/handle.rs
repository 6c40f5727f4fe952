//! Intents to events: the rule, then the locks and the state of whom it concerns.
//!
//! Invariant: reads the state only. What is already as wanted gives no event, so that repeating an
//! intent is harmless.

use kreide_control::{ParticipantNo, SourceKind};

use crate::rules;
use crate::seat::{Held, Place, Seat};
use crate::state::{Phase, State};
use crate::undo::Act;
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
        self.decide(actor, intent, now).map(|outcome| self.told_in_a_crowd(outcome))
    }

    /// What an intent leads to, as if everyone were told of everyone.
    fn decide(&self, actor: Actor, intent: Intent, now: Millis) -> Result<Outcome, Denied> {
        if matches!(self.phase, Phase::Over { .. }) {
            return Err(Denied::LessonEnded);
        }
        if !rules::permits(&intent, self.on_behalf_of(actor)?) {
            return Err(Denied::Forbidden);
        }
        match intent {
            Intent::Join { identity, key } => self.join(identity, key, now),
            Intent::Resume { key, next } => self.resume(key, next, now),
            Intent::Leave => self.leave(actor.seat()?),
            Intent::TakenOff { who } => self.taken_off(who),
            Intent::Disconnected { who } => self.disconnected(who),
            Intent::Unattended => Ok(self.unattended()),
            Intent::SetPolicy { policy, talks } => Ok(self.set_policy(policy, talks)),
            Intent::Send { kind, on } => self.send(actor.seat()?, kind, on),
            Intent::Hand { up } => self.hand(actor.seat()?, up, now),
            Intent::LowerHand { who } => self.hand(who, false, now),
            Intent::Chat { to, text } => self.write(actor.seat()?, to, &text),
            Intent::EditChat { id, text } => self.edit(actor.seat()?, id, &text),
            Intent::DeleteChat { id } => self.delete(actor.seat()?, id),
            Intent::Caption { text } => self.caption(actor.seat()?, &text),
            Intent::Rename { who, name } => self.rename(actor.seat()?, who, &name),
            Intent::StartRecording { id, begins } => {
                self.start_recording(actor.seat()?, id, begins)
            }
            Intent::BeginRecording { id } => Ok(self.begin_recording(id)),
            Intent::StopRecording => self.order_stop(actor.seat()?),
            Intent::RecordingEnded { id, why, kept } => Ok(self.recording_ended(&id, why, kept)),
            Intent::Consent { to } => self.consent(actor.seat()?, to.as_ref()),
            Intent::Groups(intent) => self.groups(actor, intent, now),
            Intent::Poll(intent) => self.poll(actor, intent),
            Intent::Talk(intent) => self.talk(actor, intent, now),
            Intent::Tool(intent) => self.tool(actor, intent, now),
            Intent::End => {
                let mut outcome = self.stop_recording(actor.seat().ok());
                outcome.events.extend(self.close_poll(actor.seat().ok()).events);
                outcome.push(Event::Ended { by: actor.seat().ok() });
                Ok(outcome)
            }
            intent => self.moderate(actor.seat()?, intent, now),
        }
    }

    /// What a teacher does to somebody or to all.
    fn moderate(&self, me: ParticipantNo, intent: Intent, now: Millis) -> Result<Outcome, Denied> {
        let (outcome, act) = match intent {
            Intent::Mute { who, kind } => (self.mute(me, who, kind)?, Act::Muted { no: who, kind }),
            Intent::Lock { who: Some(no), what, locked } => {
                let before = self.target(no)?.0.own_locks.get(&what).copied();
                let act = Act::Locked { no, what, locked, before };
                (self.lock(me, Some(no), what, locked)?, act)
            }
            Intent::Grant { who, what, on } => {
                (self.grant(me, who, what, on)?, Act::Granted { no: who, what, on })
            }
            Intent::LetSpeak { who, on } => {
                (self.let_speak(me, who, on)?, Act::LetSpeak { no: who, on })
            }
            Intent::ToLobby { who } => {
                let act = Act::SentToLobby { no: who, word: self.has_word(who) };
                (self.to_lobby(who)?, act)
            }
            Intent::HideRecent { who } => {
                self.target(who)?;
                let ids = self.recent(who, now);
                (self.hide(me, ids.clone(), true), Act::Hid { no: who, ids })
            }
            Intent::Lock { who: None, what, locked } => return self.lock(me, None, what, locked),
            Intent::Quiet { on } => return Ok(self.set_quiet(me, on)),
            Intent::Undo { id } => return self.undo(me, id, now),
            Intent::Admit { who } => return self.admit(who),
            Intent::TurnAway { who } => return self.turn_away(me, who),
            Intent::Remove { who } => return self.remove(me, who),
            // `handle` has taken all others.
            _ => return Err(Denied::Forbidden),
        };
        Ok(self.undoable(outcome, me, now, act))
    }

    fn leave(&self, me: ParticipantNo) -> Result<Outcome, Denied> {
        let seat = self.seats.get(&me).ok_or(Denied::NotFound)?;
        let mut outcome = self.stop_recording_without_teacher(me);
        outcome.events.push(self.gives_up(me, seat));
        self.last_of_family_left(me, seat, &mut outcome);
        Ok(outcome)
    }

    /// Whoever has gone already is not taken off again.
    fn taken_off(&self, who: ParticipantNo) -> Result<Outcome, Denied> {
        let seat = self.seats.get(&who).ok_or(Denied::NotFound)?;
        match seat.held().is_some() || seat.waits().is_some() {
            true => self.leave(who),
            false => Ok(Outcome::default()),
        }
    }

    fn disconnected(&self, who: ParticipantNo) -> Result<Outcome, Denied> {
        let seat = self.seats.get(&who).ok_or(Denied::NotFound)?;
        let mut outcome = Outcome::default();
        match &seat.place {
            Place::Held(held) if held.online => {
                let audience = self.noticed_arriving(&seat.newcomer(who));
                outcome.events.push((audience, Event::Online { no: who, online: false }));
            }
            Place::Waiting(_) => outcome.events.push(self.gives_up(who, seat)),
            Place::Held(_) | Place::Left | Place::Removed { .. } => {}
        }
        Ok(outcome)
    }

    fn send(&self, me: ParticipantNo, kind: SourceKind, on: bool) -> Result<Outcome, Denied> {
        let (seat, held) = self.target(me)?;
        if !on {
            // Content takes its sound along.
            let also = (kind == SourceKind::Content).then_some(SourceKind::ContentAudio);
            return Ok(self.switched_off(me, held, [Some(kind), also], me));
        }
        if !self.rights(me, seat).allows(LockKind::of(kind)) {
            return Err(Denied::Forbidden);
        }
        if held.sending.contains(&kind) {
            return Ok(Outcome::default());
        }
        let event = Event::Sending { no: me, kind, on: true, by: me };
        Ok(Outcome { events: vec![(self.around(me), event)], ..Outcome::default() })
    }

    fn hand(&self, who: ParticipantNo, up: bool, now: Millis) -> Result<Outcome, Denied> {
        let (_, held) = self.target(who)?;
        // The time, so that a place does not tell how many hands went up in other groups.
        let time = u64::try_from(now.max(self.latest).0).unwrap_or_default();
        let place = match (held.hand, up) {
            (None, true) => Some(time.max(self.last_hand.saturating_add(1))),
            (Some(_), false) => None,
            (Some(_), true) | (None, false) => return Ok(Outcome::default()),
        };
        let event = Event::Hand { no: who, place };
        Ok(Outcome { events: vec![(self.around(who), event)], ..Outcome::default() })
    }

    fn rename(
        &self,
        me: ParticipantNo,
        who: ParticipantNo,
        name: &Text,
    ) -> Result<Outcome, Denied> {
        let (mine, _) = self.target(me)?;
        // Before it is looked who is there: the answer must not tell.
        if who != me && !rules::is_staff(mine.role) {
            return Err(Denied::Forbidden);
        }
        let seat =
            self.seats.get(&who).filter(|seat| seat.held().is_some() || seat.waits().is_some());
        let seat = seat.ok_or(Denied::NotFound)?;
        let may =
            if who == me { self.rights(me, mine).names } else { rules::may_restrict(seat.role) };
        if !may {
            return Err(Denied::Forbidden);
        }
        let payload = Payload { id: self.next_payload(), of: who, text: name.name()? };
        let audience = match seat.waits() {
            Some(_) => Audience::Staff,
            None => self.noticed_arriving(&seat.newcomer(who)),
        };
        let event = Event::Renamed { no: who, name: payload.id, by: me };
        Ok(Outcome {
            events: vec![(audience, event)],
            payloads: vec![payload],
            ..Outcome::default()
        })
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
        Ok(self.switched_off(who, held, kinds, me))
    }

    fn lock(
        &self,
        me: ParticipantNo,
        who: Option<ParticipantNo>,
        what: LockKind,
        locked: bool,
    ) -> Result<Outcome, Denied> {
        if let Some(no) = who {
            let is_for_one = what != LockKind::People;
            if !rules::may_restrict(self.target(no)?.0.role) || !is_for_one {
                return Err(Denied::Forbidden);
            }
        }
        let audience = who.map_or(Audience::All, |no| self.around(no));
        let set = (audience, Event::LockSet { who, what, locked, by: me });
        let after = self.after(std::slice::from_ref(&set));
        if after == *self {
            return Ok(Outcome::default());
        }
        let mut outcome = Outcome { events: vec![set], ..Outcome::default() };
        if who.is_none() {
            self.locks_changed(&after, &mut outcome);
        }
        Ok(self.silencing(outcome, me))
    }

    /// Adds whose locks are others after these events.
    pub(crate) fn locks_changed(&self, after: &Self, outcome: &mut Outcome) {
        for (no, seat) in self.held() {
            let locks_after = after.seats.get(no).map(|seat| after.locks(seat));
            if locks_after.is_some_and(|locks| locks != self.locks(seat)) {
                outcome.events.push((after.around(*no), Event::RightsChanged { no: *no }));
            }
        }
    }

    pub(crate) fn grant(
        &self,
        me: ParticipantNo,
        who: ParticipantNo,
        what: LockKind,
        on: bool,
    ) -> Result<Outcome, Denied> {
        let (seat, _) = self.target(who)?;
        if !rules::may_be_granted(seat.role, what) {
            return Err(Denied::Forbidden);
        }
        if seat.grants.contains(&what) == on {
            return Ok(Outcome::default());
        }
        let event = Event::Granted { no: who, what, on, by: me };
        let outcome = Outcome { events: vec![(self.around(who), event)], ..Outcome::default() };
        Ok(self.silencing(outcome, me))
    }

    /// Adds that everyone's publications are off who may not send them after these events.
    pub(crate) fn silencing(&self, mut outcome: Outcome, by: ParticipantNo) -> Outcome {
        let after = self.after(&outcome.events);
        for (no, seat) in after.held() {
            let Some(held) = seat.held().filter(|held| !held.sending.is_empty()) else { continue };
            let rights = after.rights(*no, seat);
            for kind in held.sending.iter().filter(|kind| !rights.allows(LockKind::of(**kind))) {
                let event = Event::Sending { no: *no, kind: *kind, on: false, by };
                outcome.events.push((after.around(*no), event));
            }
        }
        outcome
    }

    fn remove(&self, me: ParticipantNo, who: ParticipantNo) -> Result<Outcome, Denied> {
        let seat = self.seats.get(&who).ok_or(Denied::NotFound)?;
        match seat.place {
            // One who left can be kept from coming back.
            Place::Held(_) | Place::Waiting(_) | Place::Left => {}
            Place::Removed { .. } => return Err(Denied::NotFound),
        }
        if !rules::may_restrict(seat.role) {
            return Err(Denied::Forbidden);
        }
        let audience = match seat.waits() {
            Some(_) => Audience::Staff,
            None => self.noticed_arriving(&seat.newcomer(who)),
        };
        let event = Event::Removed { no: who, by: me };
        let mut outcome = Outcome { events: vec![(audience, event)], ..Outcome::default() };
        self.last_of_family_left(who, seat, &mut outcome);
        Ok(outcome)
    }

    /// The held seat that something is done to.
    pub(crate) fn target(&self, no: ParticipantNo) -> Result<(&Seat, &Held), Denied> {
        let seat = self.seats.get(&no).ok_or(Denied::NotFound)?;
        Ok((seat, seat.held().ok_or(Denied::NotFound)?))
    }

    /// Those of `kinds` off that are on.
    fn switched_off(
        &self,
        no: ParticipantNo,
        held: &Held,
        kinds: [Option<SourceKind>; 2],
        by: ParticipantNo,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        for kind in kinds.into_iter().flatten().filter(|kind| held.sending.contains(kind)) {
            let event = Event::Sending { no, kind, on: false, by };
            outcome.events.push((self.around(no), event));
        }
        outcome
    }

    pub(crate) fn next_payload(&self) -> PayloadId {
        PayloadId(self.last_payload.saturating_add(1))
    }
}

impl Actor {
    pub(crate) fn seat(self) -> Result<ParticipantNo, Denied> {
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

    /// Whether the lesson begins with it.
    pub(crate) fn begins(&self) -> bool {
        self.events.iter().any(|(_, event)| *event == Event::Started)
    }

    /// Adds an event for the log alone.
    pub(crate) fn push_hidden(&mut self, event: Event) {
        self.events.push((Audience::Nobody, event));
    }
}
