//! How people come to their seats and go from them.
//!
//! Invariant: a connection gets `joined` once, and everything that happens after the state in it;
//! nothing before. Whoever loses a seat is told why.
//! Left out on purpose: whether they may; the lesson has decided when this is reached.

use kreide_control::{LessonKey, ParticipantNo};
use kreide_lesson::{Actor, Event, Intent};
use kreide_protocol::{ErrorCode, Joined, Media, ServerMessage, VERSION};
use tokio::time::Instant;

use super::ledger::Step;
use super::media::Offered;
use super::seats::{Connection, Fate, Joining, Stage};
use super::{Arrival, Entrance, Keeper, Key, Phase, Then};
use crate::access::Access;
use crate::outbox::Outbox;
use crate::{clock, translate};

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
        let joining = Joining { reference, since, resume };
        let entrance = Entrance { connection, outbox, offer, joining, by_token, gone: false };
        self.propose(Actor::Door, intent, Then::Enter(Box::new(entrance)));
    }

    /// Gives a seat to a new connection, before anything that this causes is told.
    pub(super) fn take_seat(&mut self, no: ParticipantNo, entrance: &Entrance) {
        let connection = Connection {
            id: entrance.connection,
            outbox: entrance.outbox.clone(),
            knows: 0,
            stage: Stage::Joining(Joining {
                reference: entrance.joining.reference,
                since: entrance.joining.since,
                resume: entrance.joining.resume.clone(),
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
                let stamped = |(seq, logged)| translate::stamped(lesson, texts, seq, logged);
                missed.into_iter().map(stamped).collect::<Option<Vec<_>>>()
            });
        let LessonKey { tenant, room, .. } = self.key.clone();
        let access = Access { tenant, room, role: me.role };
        let joined = Joined {
            version: VERSION,
            features: Vec::new(),
            you: no.0,
            may_be_recorded: me.consent,
            access: self.context.keys.access_token(access, &subject.0),
            title: self.title.clone(),
            lesson: self.key.lesson,
            epoch: self.ledger.epoch().0,
            resume: joining.resume,
            seq: lesson.seq_for(no),
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

    /// Closes the connections that a step leaves without a seat.
    pub(super) fn see_out(&mut self, step: &Step) {
        for logged in &step.events {
            match logged.event {
                Event::SeatLeft { no } => {
                    if let Some(connection) = self.detach(no) {
                        if !matches!(step.intent, Intent::Leave) {
                            close(&connection.outbox, ErrorCode::OpenedElsewhere);
                        }
                        connection.outbox.close();
                    }
                }
                Event::Removed { no, .. } => {
                    if let Some(connection) = self.detach(no) {
                        close(&connection.outbox, ErrorCode::Removed);
                    }
                }
                Event::Ended { .. } => self.phase = Phase::Over(ErrorCode::LessonEnded),
                _ => {}
            }
        }
    }

    /// Takes a seat's connection away; the seat goes offline after the grace.
    pub(super) fn detach(&mut self, no: ParticipantNo) -> Option<Connection> {
        let connection = self.seats.unseat(no)?;
        self.counted.participants(-1);
        let now = Instant::now();
        self.seats.goes_offline(no, now + self.context.config.offline_grace);
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

/// Tells a connection why it ends, and ends it.
fn close(outbox: &Outbox, code: ErrorCode) {
    outbox.say(&ServerMessage::Closed { code });
    outbox.close();
}
