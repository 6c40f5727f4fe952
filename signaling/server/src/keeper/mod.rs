//! The task that keeps one lesson.
//!
//! An intent is judged by the lesson (`ledger`), appended to the log, and only when it is on disk
//! applied, told to everyone who may see it, and answered. Media is told in `media`.
//!
//! Invariant: the task owns everything it touches and never waits for a browser, for the log or
//! for the media plane; it waits for the next thing that happened. When the log cannot be reached,
//! what lowers exposure acts and is logged later, everything else is refused as `DEGRADED`. When
//! another owner has taken the log over, the task ends.
//! Left out on purpose: rules (the lesson crate), sockets (`connection`).

mod ledger;
mod load;
mod media;
mod seats;

use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::FuturesUnordered;
use kreide_cluster::LogError;
use kreide_control::{Answer, Command, ConnectError, LessonKey, ParticipantNo};
use kreide_lesson::{Actor, Event, Identity, Intent, KeyHash, Logged, Millis};
use kreide_protocol::{ClientMessage, ErrorCode, Joined, Media, ServerMessage, VERSION};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::metrics::Metrics;
use crate::outbox::{self, Outbox};
use crate::rooms::Context;
use crate::{clock, translate};

use ledger::{Ledger, Step};
use media::Offered;
use seats::{Connection, Joining, Seats, Stage};

pub(crate) use load::load;
pub(crate) use seats::ConnectionId;

/// Intents that may wait for the log. Beyond, the log counts as unreachable for new ones.
const MAX_PENDING: usize = 2048;
/// Events that are sent one by one to someone who comes back; more are a snapshot.
const MAX_MISSED: usize = 500;
/// How long after a failure the log is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Something that reaches a lesson's task.
pub(crate) enum Input {
    /// Someone at the door.
    Join(Box<Arrival>),
    /// A connection with a seat says something. An offer is unpacked already.
    Said { by: ConnectionId, reference: Option<u32>, message: ClientMessage },
    /// A connection has ended.
    Gone { by: ConnectionId },
    /// The media plane says something.
    Media(kreide_control::Event),
    /// The server stops.
    Stop,
}

/// Someone at the door.
pub(crate) struct Arrival {
    pub(crate) connection: ConnectionId,
    pub(crate) outbox: Outbox,
    pub(crate) reference: Option<u32>,
    pub(crate) with: Key,
    pub(crate) offer: Option<String>,
    pub(crate) since: Option<u64>,
}

/// What opens the door. Signatures are verified.
pub(crate) enum Key {
    Token(Identity),
    Resume(KeyHash),
}

/// Keeps one lesson.
pub(crate) struct Keeper {
    context: Context,
    key: LessonKey,
    title: String,
    ledger: Ledger,
    seats: Seats,
    /// What is on its way: an append, answers of the media plane.
    work: FuturesUnordered<BoxFuture<'static, Done>>,
    health: Health,
    phase: Phase,
    /// When orders to the media plane are repeated.
    repeat_media: Option<Instant>,
    /// When a lesson without connections ends.
    empty_until: Option<Instant>,
    counted: Counted,
}

/// Something that the task waited for.
enum Done {
    Appended(Result<(), LogError>, Duration),
    Connected {
        no: ParticipantNo,
        by: ConnectionId,
        why: Offered,
        result: Result<Answer, ConnectError>,
    },
}

/// What follows when an intent is in the log.
enum Then {
    Nothing,
    /// The one who asked is told.
    Answer {
        by: ConnectionId,
        reference: Option<u32>,
    },
    /// Someone takes a seat.
    Enter(Box<Entrance>),
}

/// Someone whose intent to join is on its way into the log.
struct Entrance {
    connection: ConnectionId,
    outbox: Outbox,
    offer: Option<String>,
    joining: Joining,
    by_token: bool,
}

/// Whether the log can be reached, as far as we know.
#[derive(Clone, Copy)]
enum Health {
    Good,
    /// Not since the last try; the next one is then.
    Degraded {
        until: Instant,
    },
}

#[derive(Clone, Copy)]
enum Phase {
    Running,
    /// What is on its way is still written.
    Stopping,
    /// Everyone is told this, then the task ends.
    Over(ErrorCode),
}

impl Keeper {
    /// Runs until the lesson ends or the server stops.
    pub(crate) async fn run(mut self, mut inputs: mpsc::Receiver<Input>) {
        tracing::info!(lesson = %self.key, epoch = self.ledger.epoch().0, "lesson loaded");
        let code = loop {
            let wake = self.next_wake();
            tokio::select! {
                Some(done) = self.work.next(), if !self.work.is_empty() => self.done(done),
                input = inputs.recv() => self.input(input.unwrap_or(Input::Stop)),
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => self.wake(),
            }
            self.depart();
            match self.phase {
                Phase::Over(code) => break code,
                Phase::Stopping if self.has_nothing_to_write() => break ErrorCode::GoingAway,
                Phase::Running | Phase::Stopping => {}
            }
        };
        inputs.close();
        self.close_all(code);
        if code == ErrorCode::LessonEnded {
            self.end_outside().await;
        }
        while let Some(input) = inputs.recv().await {
            if let Input::Join(arrival) = input {
                arrival.outbox.turn_away(arrival.reference, code);
            }
        }
        tracing::info!(lesson = %self.key, ?code, "lesson put away");
    }

    fn input(&mut self, input: Input) {
        match input {
            Input::Join(arrival) => self.arrive(*arrival),
            Input::Said { by, reference, message } => self.said(by, reference, message),
            Input::Gone { by } => {
                if let Some(no) = self.seats.held_by(by) {
                    self.detach(no);
                }
            }
            Input::Media(event) => self.media_event(event),
            Input::Stop => self.phase = Phase::Stopping,
        }
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Connected { no, by, why, result } => self.connected(no, by, why, result),
            Done::Appended(result, took) => {
                self.metrics().append.observe(took.as_secs_f64());
                match result {
                    Ok(()) => self.settle(),
                    Err(LogError::Unavailable) => self.degrade(),
                    Err(error @ (LogError::Conflict | LogError::Fenced)) => {
                        tracing::warn!(lesson = %self.key, %error, "the lesson has another owner");
                        self.phase = Phase::Over(ErrorCode::GoingAway);
                    }
                }
            }
        }
    }

    /// Someone at the door.
    fn arrive(&mut self, arrival: Arrival) {
        let Arrival { connection, outbox, reference, with, offer, since } = arrival;
        let (resume, next) = self.context.keys.resume_key(&self.key);
        let by_token = matches!(with, Key::Token(_));
        let intent = match with {
            Key::Token(identity) => Intent::Join { identity, key: next },
            Key::Resume(key) => Intent::Resume { key, next },
        };
        let joining = Joining { reference, since, resume };
        let entrance = Entrance { connection, outbox, offer, joining, by_token };
        self.propose(Actor::Door, intent, Then::Enter(Box::new(entrance)));
    }

    /// A connection with a seat says something.
    fn said(&mut self, by: ConnectionId, reference: Option<u32>, message: ClientMessage) {
        // A connection that lost its seat has been told so.
        let Some(no) = self.seats.held_by(by) else { return };
        let then = Then::Answer { by, reference };
        let Some(Connection { stage: Stage::Live { .. }, .. }) = self.seats.get_mut(no).connection
        else {
            return self.refuse(then, ErrorCode::BadMessage);
        };
        match message {
            ClientMessage::Offer { offer } => self.offer(no, by, reference, offer),
            ClientMessage::View { slots } => match self.view(no, slots) {
                Ok(()) => self.answer(by, reference),
                Err(code) => self.refuse(then, code),
            },
            message => match translate::intent(&message) {
                Some(intent) => self.propose(Actor::Participant(no), intent, then),
                // `connection` lets neither a second join nor a ping through.
                None => self.refuse(then, ErrorCode::BadMessage),
            },
        }
    }

    /// Lines an intent up for the log, if lesson and log allow it.
    fn propose(&mut self, actor: Actor, intent: Intent, then: Then) {
        let lowers = intent.lowers_exposure();
        let degraded = matches!(self.health, Health::Degraded { .. });
        let crowded = self.ledger.pending() >= MAX_PENDING;
        if (degraded || crowded) && !lowers {
            return self.lost(intent, then);
        }
        match self.ledger.propose(actor, intent, Millis(clock::now()), then) {
            Ok(()) if lowers => {
                self.tell_media();
                if degraded {
                    self.answer_owed();
                }
            }
            Ok(()) => {}
            Err((denied, then)) => self.refuse(then, translate::denied(denied)),
        }
    }

    /// Sends what is lined up to the log, unless something is on its way or the log is known to
    /// be unreachable.
    fn depart(&mut self) {
        if matches!(self.health, Health::Degraded { .. }) {
            return;
        }
        while let Some(append) = self.ledger.depart() {
            if append.records.is_empty() {
                self.settle();
                continue;
            }
            let began = Instant::now();
            let appended = self.context.log.append(append);
            self.work
                .push(appended.map(move |result| Done::Appended(result, began.elapsed())).boxed());
        }
    }

    /// What departed is in the log: it has happened.
    fn settle(&mut self) {
        for mut step in self.ledger.arrive() {
            self.ledger.learn(&mut step);
            let then = match (std::mem::replace(&mut step.then, Then::Nothing), step.seat) {
                (Then::Enter(entrance), Some(no)) => {
                    self.take_seat(no, &entrance);
                    Then::Enter(entrance)
                }
                (then, _) => then,
            };
            for logged in &step.events {
                self.ledger.commit(logged);
                self.publish(logged);
            }
            match (then, step.seat) {
                (Then::Answer { by, reference }, _) => self.answer(by, reference),
                (Then::Enter(entrance), Some(no)) => self.enter(no, *entrance),
                (Then::Enter(_) | Then::Nothing, _) => {}
            }
            self.see_out(&step);
        }
        self.tell_media();
    }

    /// Tells an event to everyone who may see it.
    fn publish(&self, logged: &Logged) {
        // Most readers have the same sequence: encode once for each.
        let mut encoded: Vec<(u64, Utf8Bytes)> = Vec::new();
        let (lesson, texts) = (self.ledger.committed(), self.ledger.texts());
        for (no, connection) in self.seats.live() {
            if !lesson.visible(logged, no) {
                continue;
            }
            let seq = lesson.seq_for(no);
            let known = encoded.iter().find(|(of, _)| *of == seq).map(|(_, text)| text.clone());
            let text = known.or_else(|| {
                let stamped = translate::stamped(lesson, texts, seq, logged)?;
                let text = outbox::encode(&ServerMessage::Event(stamped));
                encoded.push((seq, text.clone()));
                Some(text)
            });
            if let Some(text) = text {
                connection.outbox.say_encoded(text);
            }
        }
    }

    /// Closes the connections that a step leaves without a seat.
    fn see_out(&mut self, step: &Step) {
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

    /// Gives a seat to a new connection, before anything that this causes is told.
    fn take_seat(&mut self, no: ParticipantNo, entrance: &Entrance) {
        let connection = Connection {
            id: entrance.connection,
            outbox: entrance.outbox.clone(),
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
    fn enter(&mut self, no: ParticipantNo, entrance: Entrance) {
        match entrance.offer {
            Some(offer) => self.connect(no, entrance.connection, Offered::Join, offer),
            None => {
                // Another device has come: what the earlier one sends is not this one's.
                if entrance.by_token
                    && let Some(transport) = &mut self.seats.get_mut(no).transport
                {
                    transport.closing = true;
                }
                self.welcome(no, None);
            }
        }
    }

    /// Sends `joined`: from now on the connection gets everything that happens.
    fn welcome(&mut self, no: ParticipantNo, media: Option<Media>) {
        let (lesson, texts) = (self.ledger.committed(), self.ledger.texts());
        let seat = self.seats.get_mut(no);
        let keeps_media = media.is_some() || seat.transport.as_ref().is_some_and(|t| !t.closing);
        let Some(connection) = &mut seat.connection else { return };
        let before = std::mem::replace(&mut connection.stage, Stage::Live { offering: false });
        let Stage::Joining(joining) = before else { return };
        let missed = joining
            .since
            .and_then(|since| lesson.missed(no, since, self.ledger.history()))
            .filter(|missed| missed.len() <= MAX_MISSED)
            .and_then(|missed| {
                // An event without a message would be a gap: then a snapshot is the honest reply.
                let stamped = |(seq, logged)| translate::stamped(lesson, texts, seq, logged);
                missed.into_iter().map(stamped).collect::<Option<Vec<_>>>()
            });
        let joined = Joined {
            version: VERSION,
            features: Vec::new(),
            you: no.0,
            title: self.title.clone(),
            lesson: self.key.lesson,
            epoch: self.ledger.epoch().0,
            resume: joining.resume,
            seq: lesson.seq_for(no),
            snapshot: missed.is_none().then(|| translate::snapshot(lesson, texts)),
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
    }

    /// The log cannot be reached. What lowers exposure has acted and is owed to the log; the rest
    /// has not happened.
    fn degrade(&mut self) {
        tracing::error!(lesson = %self.key, "the log cannot be reached");
        self.health = Health::Degraded { until: Instant::now() + RETRY };
        for step in self.ledger.lose() {
            let Step { actor, intent, at, then, .. } = step;
            if !intent.lowers_exposure() {
                self.lost(intent, then);
            } else if let Err((denied, then)) = self.ledger.propose(actor, intent, at, then) {
                self.refuse(then, translate::denied(denied));
            }
        }
        self.answer_owed();
        self.tell_media();
    }

    /// Answers intents that act now and are logged later.
    fn answer_owed(&mut self) {
        for (by, reference) in self.ledger.take_answers() {
            self.answer(by, reference);
        }
    }

    /// An intent that the log did not take.
    fn lost(&mut self, intent: Intent, then: Then) {
        if let Intent::Disconnected { who } = intent {
            // The server's own intent is tried again.
            self.seats.get_mut(who).offline_at = Some(Instant::now() + RETRY);
        }
        self.refuse(then, ErrorCode::Degraded);
    }

    fn answer(&self, by: ConnectionId, reference: Option<u32>) {
        if let Some(connection) = self.connection(by) {
            connection.outbox.done(reference);
        }
    }

    fn refuse(&self, then: Then, code: ErrorCode) {
        match then {
            Then::Nothing => return,
            Then::Enter(entrance) => {
                entrance.outbox.turn_away(entrance.joining.reference, code);
            }
            Then::Answer { by, reference } => {
                if let Some(connection) = self.connection(by) {
                    connection.outbox.refuse(reference, code, "the message is refused".to_owned());
                }
            }
        }
        self.metrics().refuse(code);
    }

    fn connection(&self, by: ConnectionId) -> Option<&Connection> {
        let no = self.seats.held_by(by)?;
        self.seats.get(no)?.connection.as_ref()
    }

    /// Takes a seat's connection away; the seat goes offline after the grace.
    fn detach(&mut self, no: ParticipantNo) -> Option<Connection> {
        let connection = self.seats.unseat(no)?;
        self.counted.participants(-1);
        let now = Instant::now();
        self.seats.get_mut(no).offline_at = Some(now + self.context.config.offline_grace);
        if self.seats.connected() == 0 {
            self.empty_until = Some(now + self.context.config.empty_lesson);
        }
        Some(connection)
    }

    fn next_wake(&self) -> Option<Instant> {
        let retry = match self.health {
            Health::Good => None,
            Health::Degraded { until } => Some(until),
        };
        [retry, self.repeat_media, self.empty_until, self.seats.next_offline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Some deadline has passed.
    fn wake(&mut self) {
        let now = Instant::now();
        if matches!(self.health, Health::Degraded { until } if until <= now) {
            self.health = Health::Good;
        }
        if self.repeat_media.is_some_and(|at| at <= now) {
            self.tell_media();
        }
        for who in self.seats.offline_by(now) {
            self.propose(Actor::Server, Intent::Disconnected { who }, Then::Nothing);
        }
        if self.empty_until.is_some_and(|at| at <= now) {
            self.empty_until = Some(now + self.context.config.empty_lesson);
            if self.ledger.committed().last_seq() == 0 {
                // Nobody ever got in: there is nothing to end.
                self.phase = Phase::Over(ErrorCode::GoingAway);
            } else {
                self.propose(Actor::Server, Intent::End, Then::Nothing);
            }
        }
    }

    fn has_nothing_to_write(&self) -> bool {
        self.ledger.pending() == 0 || matches!(self.health, Health::Degraded { .. })
    }

    fn close_all(&mut self, code: ErrorCode) {
        for (_, seat) in self.seats.iter_mut() {
            if let Some(connection) = seat.connection.take() {
                close(&connection.outbox, code);
            }
        }
        for step in self.ledger.lose() {
            self.refuse(step.then, code);
        }
    }

    /// Tells media plane and catalogue that the lesson is over.
    async fn end_outside(&mut self) {
        while self.context.media.send(Command::End { lesson: self.key.clone() }).is_err() {
            tokio::time::sleep(RETRY).await;
        }
        if self.context.catalogue.end_lesson(self.key.clone()).await.is_err() {
            tracing::warn!(lesson = %self.key, "the end is noted at the next join");
        }
    }

    fn metrics(&self) -> &Metrics {
        &self.context.metrics
    }
}

/// Tells a connection why it ends, and ends it.
fn close(outbox: &Outbox, code: ErrorCode) {
    outbox.say(&ServerMessage::Closed { code });
    outbox.close();
}

/// What this task adds to gauges, and takes back when it ends, however it ends.
struct Counted {
    metrics: Metrics,
    tenant: String,
    participants: i64,
}

impl Counted {
    fn new(metrics: Metrics, lesson: &LessonKey) -> Self {
        let tenant = lesson.tenant.as_str().to_owned();
        metrics.lessons.with_label_values(&[&tenant]).inc();
        Self { metrics, tenant, participants: 0 }
    }

    fn participants(&mut self, more: i64) {
        self.participants += more;
        self.metrics.participants.with_label_values(&[&self.tenant]).add(more);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.metrics.lessons.with_label_values(&[&self.tenant]).dec();
        self.metrics.participants.with_label_values(&[&self.tenant]).sub(self.participants);
    }
}
