//! How people come to their seats and go from them.
//!
//! Invariant: a connection gets `joined` once, and everything that happens after the state in it;
//! nothing before. Whoever loses a seat is told why.
//! Left out on purpose: whether they may; the lesson has decided when this is reached.

use std::time::Duration;

use kreide_control::{LessonKey, ParticipantNo};
use kreide_lesson::{Actor, Event, Intent, Millis, Newcomer, Standing};
use kreide_protocol::{ErrorCode, Joined, Media, ServerMessage, VERSION};
use tokio::time::Instant;

use super::ledger::Step;
use super::media::Offered;
use super::seats::{Connection, Fate, Joining, Stage};
use super::{Arrival, Entrance, Keeper, Key, Phase, Then};
use crate::access::Access;
use crate::outbox::Outbox;
use crate::{clock, translate};

/// How long someone who waits and loses the connection keeps the place in the queue.
const WAITING_KEPT: Duration = Duration::from_secs(30);
/// Events that are sent one by one to someone who comes back; more are a snapshot.
const MAX_MISSED: usize = 500;

impl Keeper {
    /// Someone at the door.
    pub(super) fn arrive(&mut self, arrival: Arrival) {
        let Arrival { connection, outbox, reference, with, offer, since } = arrival;
        let (resume, next) = self.context.keys.resume_key(&self.key);
        let by_token = matches!(with, Key::Token(_));
        let intent = match with {
            Key::Token(identity) => Intent::Join { identity, key: next },
            Key::Resume(key) => Intent::Resume { key, next },
        };
        let joining = Joining { reference, since };
        let entrance =
            Entrance { connection, outbox, offer, joining, resume, by_token, gone: false };
        self.propose(Actor::Door, intent, Then::Enter(Box::new(entrance)));
    }

    /// Gives a seat to a new connection, before anything that this causes is told.
    pub(super) fn take_seat(&mut self, no: ParticipantNo, entrance: &Entrance) {
        let connection = Connection {
            id: entrance.connection,
            outbox: entrance.outbox.clone(),
            resume: entrance.resume.clone(),
            knows: 0,
            stage: Stage::Joining(Joining {
                reference: entrance.joining.reference,
                since: entrance.joining.since,
            }),
        };
        match self.seats.seat(no, connection) {
            Some(before) => close(&before.outbox, ErrorCode::OpenedElsewhere),
            None => self.counted.participants(1),
        }
        self.empty_until = None;
    }

    /// The seat is taken: media first, if there is an offer, then `joined`.
    pub(super) fn enter(&mut self, no: ParticipantNo, entrance: Entrance) {
        match entrance.offer {
            _ if entrance.gone => drop(self.detach(no)),
            _ if self.must_wait(no) => {
                self.keep_waiting(no);
                entrance.outbox.done(entrance.joining.reference);
            }
            Some(offer) => self.connect(no, entrance.connection, Offered::Join, offer),
            None => {
                // Another device has come: what the earlier one sends is not this one's.
                if entrance.by_token
                    && let Some(transport) = &mut self.seats.get_mut(no).transport
                {
                    transport.fate = Fate::Closing;
                }
                self.welcome(no, None);
            }
        }
    }

    fn must_wait(&self, no: ParticipantNo) -> bool {
        let person = self.ledger.committed().person(no);
        person.is_some_and(|person| matches!(person.standing, Standing::Waiting(_)))
    }

    /// Tells a connection that it must wait, or how long still.
    pub(super) fn keep_waiting(&mut self, no: ParticipantNo) {
        let lesson = self.ledger.committed();
        let Some(connection) = &mut self.seats.get_mut(no).connection else { return };
        let now = Millis(clock::now());
        let told = translate::waiting(lesson, no, &self.title, &connection.resume, now);
        let Some(told) = told else { return };
        connection.stage = Stage::Waiting;
        connection.outbox.say(&ServerMessage::Waiting(told));
    }

    /// Someone who waited was let in: everything but media, which the browser offers now.
    pub(super) fn let_in(&mut self, no: ParticipantNo) {
        let Some(connection) = &mut self.seats.get_mut(no).connection else { return };
        if matches!(connection.stage, Stage::Waiting) {
            connection.stage = Stage::Joining(Joining { reference: None, since: None });
            self.welcome(no, None);
        }
    }

    /// Sends `joined`: from now on the connection gets everything that happens.
    pub(super) fn welcome(&mut self, no: ParticipantNo, media: Option<Media>) {
        let (lesson, texts) = (self.ledger.committed(), self.ledger.texts());
        let (Some(me), Some(subject)) = (lesson.person(no), lesson.subject(no)) else { return };
        let seat = self.seats.get_mut(no);
        let keeps_media = media.is_some()
            || seat.transport.as_ref().is_some_and(|transport| transport.fate == Fate::Living);
        let Some(connection) = &mut seat.connection else { return };
        let before = std::mem::replace(&mut connection.stage, Stage::Live { offering: false });
        let Stage::Joining(joining) = before else { return };
        connection.knows = self.gathering.len();
        let missed = joining
            .since
            .and_then(|since| lesson.missed(no, since, self.ledger.history()))
            .filter(|missed| missed.len() <= MAX_MISSED)
            .and_then(|missed| {
                // An event without a message would be a gap: then a snapshot is the honest reply.
                let stamped = |(seq, logged)| translate::stamped(lesson, texts, seq, logged, no);
                missed.into_iter().map(stamped).collect::<Option<Vec<_>>>()
            });
        let LessonKey { tenant, room, .. } = self.key.clone();
        let subject = subject.0.clone();
        let access = Access { tenant, room, role: me.role, subject, admitted: true };
        let joined = Joined {
            version: VERSION,
            features: Vec::new(),
            you: no.0,
            may_be_recorded: me.consent,
            access: self.context.keys.access_token(access),
            title: self.title.clone(),
            lesson: self.key.lesson,
            epoch: self.ledger.epoch().0,
            resume: connection.resume.clone(),
            seq: lesson.seq_for(no),
            count: translate::counts(lesson)(no),
            snapshot: missed.is_none().then(|| translate::snapshot(lesson, texts, no)),
            missed: missed.unwrap_or_default(),
            media,
            now: clock::now(),
        };
        connection.outbox.say(&ServerMessage::Joined(Box::new(joined)));
        connection.outbox.done(joining.reference);
        if joining.since.is_some() && !keeps_media {
            // It may believe that its peer connection lives.
            connection.outbox.say(&ServerMessage::MediaLost);
        }
        self.tell_media_so_far(no);
    }

    /// Brings the connections to where a step leaves their seats.
    pub(super) fn see_to(&mut self, step: &Step) {
        for logged in &step.events {
            match &logged.event {
                Event::SeatTaken(Newcomer { no, .. }) => self.let_in(*no),
                // Sent back there by a teacher; whoever has just come is told by `enter`.
                Event::Waiting { newcomer, .. } if step.seat.is_none() => {
                    self.keep_waiting(newcomer.no);
                }
                Event::SeatLeft { no } if !self.must_wait(*no) => {
                    self.see_out(*no, left_because(&step.intent));
                }
                Event::WaitEnded { no, by: Some(_) } => {
                    self.see_out(*no, Some(ErrorCode::TurnedAway));
                }
                Event::WaitEnded { no, by: None } => {
                    self.see_out(*no, left_because(&step.intent));
                }
                Event::Removed { no, .. } => self.see_out(*no, Some(ErrorCode::Removed)),
                Event::Ended { .. } => self.phase = Phase::Over(ErrorCode::LessonEnded),
                _ => {}
            }
        }
    }

    /// Ends the connection of someone who has no seat any more.
    fn see_out(&mut self, no: ParticipantNo, code: Option<ErrorCode>) {
        if let Some(connection) = self.detach(no) {
            if let Some(code) = code {
                connection.outbox.say(&ServerMessage::Closed { code });
            }
            connection.outbox.close();
        }
    }

    /// Takes a seat's connection away; the seat goes offline after the grace.
    pub(super) fn detach(&mut self, no: ParticipantNo) -> Option<Connection> {
        let connection = self.seats.unseat(no)?;
        self.counted.participants(-1);
        let now = Instant::now();
        let grace = match connection.stage {
            // A place in the queue outlives a reload and a short cut.
            Stage::Waiting => WAITING_KEPT,
            Stage::Joining(_) | Stage::Live { .. } => self.context.config.offline_grace,
        };
        self.seats.goes_offline(no, now + grace);
        if self.seats.connected() == 0 {
            self.empty_until = Some(now + self.context.config.empty_lesson);
        }
        Some(connection)
    }

    /// Closes every connection with this code, and refuses what is on its way.
    pub(super) fn close_all(&mut self, code: ErrorCode) {
        for (_, seat) in self.seats.iter_mut() {
            if let Some(connection) = seat.connection.take() {
                close(&connection.outbox, code);
            }
        }
        for step in self.ledger.lose() {
            self.refuse(step.then, code);
        }
    }
}

/// What someone is told who gave the seat up by this intent.
fn left_because(intent: &Intent) -> Option<ErrorCode> {
    match intent {
        Intent::Leave => None,
        Intent::Talk(_) => Some(ErrorCode::TalkOver),
        // What the door says to them.
        Intent::TakenOff { .. } => Some(ErrorCode::LinkInvalid),
        _ => Some(ErrorCode::OpenedElsewhere),
    }
}

/// Tells a connection why it ends, and ends it.
fn close(outbox: &Outbox, code: ErrorCode) {
    outbox.say(&ServerMessage::Closed { code });
    outbox.close();
}
