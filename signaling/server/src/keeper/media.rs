//! What the media plane is told.
//!
//! Invariant: a participant's packets are forwarded, and may be recorded, only where both the
//! committed lesson and the draft allow it. So what lowers exposure acts before the log has it, and what raises it waits.
//! An order that the plane had no room for is repeated until it is taken.
//! Only those are looked at who may have changed: whose seat was handed out to be changed, and
//! whom an event concerns. In a large lesson they are few.
//! Left out on purpose: what the plane does with it.

use std::time::Duration;

use futures::FutureExt;
use kreide_control::{
    Answer, Audience, Command, Connect, ConnectError, Event, MediaRights, ParticipantNo, Place,
    Reach, SlotMapping, SourceKind, View,
};
use kreide_lesson::{Lesson, Standing};
use kreide_protocol::{ErrorCode, ServerMessage, SlotWish};
use tokio::time::Instant;

use super::ledger::Ledger;
use super::seats::{ConnectionId, Fate, Stage, Transport};
use super::{Done, Keeper};
use crate::outbox;
use crate::translate;

/// When to repeat orders that the plane had no room for.
const REPEAT: Duration = Duration::from_millis(20);

impl Keeper {
    /// Hands an offer to the plane. The answer comes back as [`Done::Connected`].
    pub(super) fn connect(
        &mut self,
        no: ParticipantNo,
        by: ConnectionId,
        why: Offered,
        offer: String,
    ) {
        let (rights, recordable) = allowed(&self.ledger, no);
        let role = self.ledger.committed().person(no).map(|person| person.role);
        // The seat is committed before its offer is looked at; a seat that left meanwhile has
        // nobody to answer to.
        let Some(role) = role else { return };
        let place = placed(&self.ledger, no);
        let connect = Connect {
            lesson: self.key.clone(),
            epoch: self.ledger.epoch(),
            participant: no,
            role,
            rights,
            recordable,
            place,
            offer,
        };
        self.seats.get_mut(no).transport = Some(Transport::new(rights, recordable, place));
        let answer = self.context.media.connect(connect);
        self.work.push(answer.map(move |result| Done::Connected { no, by, why, result }).boxed());
    }

    /// The plane answered an offer.
    pub(super) fn connected(
        &mut self,
        no: ParticipantNo,
        by: ConnectionId,
        why: Offered,
        result: Result<Answer, ConnectError>,
    ) {
        let holds = self.seats.held_by(by) == Some(no);
        if result.is_err()
            && let Some(transport) = &mut self.seats.get_mut(no).transport
        {
            // An earlier transport of this seat may live on, with rights that were not told to it:
            // as if it had all, so that any that is missing is told.
            if holds {
                transport.fate = Fate::Lost;
            }
            transport.told = MediaRights { microphone: true, camera: true, content: true };
            transport.recordable = true;
            self.tell_media();
        }
        if !holds {
            // A newer connection has the seat; if it made an offer, the plane has replaced ours.
            return;
        }
        let (code, text) = match &result {
            Ok(_) => (ErrorCode::Internal, String::new()),
            Err(error @ ConnectError::BadOffer(_)) => (ErrorCode::OfferInvalid, error.to_string()),
            Err(error @ ConnectError::Unavailable) => (ErrorCode::Full, error.to_string()),
        };
        match (why, result) {
            (Offered::Join, Ok(answer)) => self.welcome(no, Some(translate::media(answer))),
            (Offered::Join, Err(_)) => {
                self.metrics().refuse(code);
                if let Some(connection) = self.detach(no) {
                    let reference = match &connection.stage {
                        Stage::Joining(joining) => joining.reference,
                        Stage::Waiting | Stage::Live { .. } => None,
                    };
                    connection.outbox.refuse(reference, code, text);
                    connection.outbox.close();
                }
            }
            (Offered::Later(reference), result) => {
                let metrics = self.context.metrics.clone();
                let Some(connection) = &mut self.seats.get_mut(no).connection else { return };
                connection.stage = Stage::Live { offering: false };
                match result {
                    Ok(answer) => {
                        let media = ServerMessage::Media(translate::media(answer));
                        connection.outbox.say(&media);
                        connection.outbox.done(reference);
                    }
                    Err(_) => {
                        metrics.refuse(code);
                        connection.outbox.refuse(reference, code, text);
                    }
                }
            }
        }
    }

    /// A later offer of a live connection.
    pub(super) fn offer(
        &mut self,
        no: ParticipantNo,
        by: ConnectionId,
        reference: Option<u32>,
        offer: String,
    ) {
        let Some(connection) = &mut self.seats.get_mut(no).connection else { return };
        let Stage::Live { offering } = &mut connection.stage else { return };
        if std::mem::replace(offering, true) {
            let text = "the offer before is still being answered".to_owned();
            connection.outbox.refuse(reference, ErrorCode::TooMany, text);
            self.metrics().refuse(ErrorCode::TooMany);
            return;
        }
        self.connect(no, by, Offered::Later(reference), offer);
    }

    /// What a viewer wants to see: people of this lesson, pictures only.
    pub(super) fn view(
        &mut self,
        no: ParticipantNo,
        wishes: Vec<SlotWish>,
    ) -> Result<(), ErrorCode> {
        if wishes.len() > kreide_protocol::MAX_VIEW_SLOTS {
            return Err(ErrorCode::BadMessage);
        }
        let slots: Vec<_> = wishes.into_iter().map(translate::slot_request).collect();
        for (place, slot) in slots.iter().enumerate() {
            let is_picture = matches!(slot.source.kind, SourceKind::Camera | SourceKind::Content);
            let is_twice = slots[..place].iter().any(|earlier| earlier.slot == slot.slot);
            if !is_picture || is_twice {
                return Err(ErrorCode::BadMessage);
            }
            let (lesson, whose) = (self.ledger.committed(), slot.source.participant);
            let is_there = lesson.person(whose).is_some_and(|person| holds(person.standing));
            // Who is there and hidden is answered as who is not there.
            if !is_there || !lesson.knows_of(no, whose) {
                return Err(ErrorCode::NotFound);
            }
        }
        if let Some(transport) = &mut self.seats.get_mut(no).transport {
            transport.view = Some(View { slots });
            self.tell_media();
        }
        Ok(())
    }

    /// Tells the plane, then the recorder, everything that they do not know yet.
    pub(super) fn tell_media(&mut self) {
        let stirred = self.ledger.take_stirred();
        let mut behind = false;
        for no in self.seats.take_changed(stirred) {
            if !self.tell_media_of(no) {
                self.seats.changed(no);
                behind = true;
            }
        }
        self.repeat_media = behind.then(|| Instant::now() + REPEAT);
        self.tell_recorder();
    }

    /// Tells the plane what it does not know of one participant; false if it had no room for all.
    fn tell_media_of(&mut self, no: ParticipantNo) -> bool {
        let Self { seats, ledger, context, key, speaking: speaking_now, .. } = self;
        let Some(seat) = seats.looked_at(no) else { return true };
        let Some(transport) = &mut seat.transport else { return true };
        let lesson = || key.clone();
        if transport.fate == Fate::Closing || !stays(ledger.draft(), no) {
            transport.fate = Fate::Closing;
            let order = Command::Disconnect { lesson: lesson(), participant: no };
            let taken = context.media.send(order).is_ok();
            if taken {
                seat.transport = None;
            }
            return taken;
        }
        let (rights, recordable) = allowed(ledger, no);
        if transport.told != rights {
            let order = Command::SetRights { lesson: lesson(), participant: no, rights };
            if context.media.send(order).is_ok() {
                transport.told = rights;
            }
        }
        if transport.recordable != recordable {
            let order = Command::SetRecordable { lesson: lesson(), participant: no, recordable };
            if context.media.send(order).is_ok() {
                transport.recordable = recordable;
            }
        }
        let place = placed(ledger, no);
        if transport.place != place {
            let order = Command::SetPlace { lesson: lesson(), participant: no, place };
            if context.media.send(order).is_ok() {
                let moved = transport.place.audience() != place.audience();
                transport.place = place;
                if let Some(connection) = seat.connection.as_ref().filter(|_| moved) {
                    // The plane does not say again who speaks where they are now.
                    let speakers = speaking_now.get(&place.audience());
                    connection.outbox.say(&speaking(speakers.map_or(&[], Vec::as_slice)));
                }
            }
        }
        if let Some(view) = &transport.view {
            let order = Command::SetView { lesson: lesson(), participant: no, view: view.clone() };
            if context.media.send(order).is_ok() {
                transport.view = None;
            }
        }
        let knows_rights = transport.told == rights && transport.recordable == recordable;
        knows_rights && transport.place == place && transport.view.is_none()
    }

    /// The plane says something.
    pub(super) fn media_event(&mut self, event: Event) {
        match event {
            Event::Connected { participant, .. } => {
                tracing::debug!(lesson = %self.key, %participant, "media connected");
                // The end of the transport before may have been told after this one was ordered.
                if let Some(transport) = &mut self.seats.get_mut(participant).transport
                    && transport.fate == Fate::Lost
                {
                    transport.fate = Fate::Living;
                }
            }
            Event::Disconnected { participant, reason, .. } => {
                tracing::debug!(lesson = %self.key, %participant, ?reason, "media lost");
                self.media_lost(participant);
            }
            Event::RoomFailed { .. } => {
                tracing::error!(lesson = %self.key, "the lesson's media failed");
                let lost: Vec<_> = self.seats.iter().map(|(no, _)| no).collect();
                lost.into_iter().for_each(|no| self.media_lost(no));
            }
            Event::Slots { participant, slots, .. } => {
                if let Some(transport) = &mut self.seats.get_mut(participant).transport {
                    transport.slots.extend(slots.iter().map(|slot| (slot.slot, *slot)));
                }
                // Whoever is still joining gets all slots after `joined`.
                if let Some(connection) = self.seats.live_connection(participant) {
                    connection.outbox.say(&slots_now(slots));
                }
            }
            Event::Speaking { audience, participants, .. } => {
                let text = outbox::encode(&speaking(&participants));
                for (no, connection) in self.seats.live() {
                    if self.audience(no) == audience {
                        connection.outbox.say_encoded(text.clone());
                    }
                }
                if participants.is_empty() {
                    self.speaking.remove(&audience);
                } else {
                    self.speaking.insert(audience, participants);
                }
            }
        }
    }

    /// What the media plane said before this connection was there to hear it.
    pub(super) fn tell_media_so_far(&self, no: ParticipantNo) {
        let Some(seat) = self.seats.get(no) else { return };
        let (Some(connection), Some(transport)) = (&seat.connection, &seat.transport) else {
            return;
        };
        if transport.slots.values().any(|slot| slot.source.is_some()) {
            connection.outbox.say(&slots_now(transport.slots.values().copied().collect()));
        }
        if let Some(participants) = self.speaking.get(&self.audience(no)) {
            connection.outbox.say(&speaking(participants));
        }
    }

    /// Those who are told of the same speakers as a participant, by the place last told. Where
    /// nothing was told, because there is no transport, it is where the lesson has them.
    fn audience(&self, no: ParticipantNo) -> Audience {
        let transport = self.seats.get(no).and_then(|seat| seat.transport.as_ref());
        let told = transport.map(|transport| transport.place);
        told.unwrap_or_else(|| placed(&self.ledger, no)).audience()
    }

    fn media_lost(&mut self, no: ParticipantNo) {
        let Some(transport) = &mut self.seats.get_mut(no).transport else { return };
        if transport.fate == Fate::Living {
            transport.fate = Fate::Lost;
            transport.slots.clear();
            if let Some(connection) = self.seats.live_connection(no) {
                connection.outbox.say(&ServerMessage::MediaLost);
            }
        }
    }
}

/// Why an offer was made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Offered {
    /// It came with the join.
    Join,
    /// It came later, with this number.
    Later(Option<u32>),
}

/// What may be forwarded from a participant at this moment, and whether it may be recorded.
fn allowed(ledger: &Ledger, no: ParticipantNo) -> (MediaRights, bool) {
    let (committed, draft) = (ledger.committed(), ledger.draft());
    let rights = both(committed.media_rights(no), draft.media_rights(no));
    (rights, committed.recordable(no) && draft.recordable(no))
}

/// Where a participant is at this moment. Who moves is where the log has them; what hides someone
/// acts at once, what shows or lets hear more waits.
fn placed(ledger: &Ledger, no: ParticipantNo) -> Place {
    let (committed, draft) = (ledger.committed().place(no), ledger.draft().place(no));
    let hides = committed.reach == Reach::Staff || draft.reach == Reach::Staff;
    Place {
        scope: committed.scope,
        listens: committed.listens.filter(|scope| draft.listens == Some(*scope)),
        everywhere: committed.everywhere && draft.everywhere,
        reach: if hides { Reach::Staff } else { Reach::Everyone },
        staff: committed.staff && draft.staff,
        hears: committed.hears,
    }
}

/// Whether a participant keeps the transport.
fn stays(lesson: &Lesson, no: ParticipantNo) -> bool {
    lesson.person(no).is_some_and(|person| holds(person.standing))
}

/// Whether somebody holds a seat.
fn holds(standing: Standing) -> bool {
    match standing {
        Standing::Online | Standing::Offline => true,
        Standing::Waiting(_) | Standing::Left | Standing::Removed(_) => false,
    }
}

fn slots_now(slots: Vec<SlotMapping>) -> ServerMessage {
    ServerMessage::Slots { slots: slots.into_iter().map(translate::slot_now).collect() }
}

fn speaking(participants: &[ParticipantNo]) -> ServerMessage {
    ServerMessage::Speaking { who: participants.iter().map(|no| no.0).collect() }
}

fn both(one: MediaRights, other: MediaRights) -> MediaRights {
    MediaRights {
        microphone: one.microphone && other.microphone,
        camera: one.camera && other.camera,
        content: one.content && other.content,
    }
}
