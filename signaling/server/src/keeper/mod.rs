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

mod ballots;
mod calls;
mod chores;
mod counted;
mod gathering;
mod group_sets;
mod ledger;
mod load;
mod media;
mod outside;
mod people;
mod recorder;
mod seats;
mod stirred;
mod subjects;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::FuturesUnordered;
use kreide_cluster::LogError;
use kreide_control::{
    Answer, Audience, Command, ConnectError, LessonKey, ParticipantNo, Policy, RecorderEvent, Role,
};
use kreide_lesson::{
    Actor, BallotBox, Batch, Event, Identity, Intent, KeyHash, Millis, PollIntent, Subject,
};
use kreide_protocol::{ClientMessage, ErrorCode, GroupAct};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::rooms::Context;
use crate::translate::Additions;
use crate::{clock, secret, translate};

use counted::Counted;
use gathering::Gathering;
use group_sets::Sets;
use ledger::{Ledger, Step};
use media::Offered;
use recorder::Recorder;
use seats::{Connection, Joining, Seats, Stage};

pub(crate) use calls::{Call, Wanted};
pub(crate) use load::load;
pub(crate) use outside::Outside;
pub(crate) use seats::ConnectionId;

/// Intents that may wait for the log. Beyond, the log counts as unreachable for new ones.
const MAX_PENDING: usize = 2048;
/// How long after a failure the log is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// How long a group is told before a teacher listens to it: time to hear the sound and look up.
const LISTENING_LEAD_MS: i64 = 3_000;

/// Something that reaches a lesson's task.
pub(crate) enum Input {
    /// Someone at the door.
    Join(Box<Arrival>),
    /// A connection with a seat says something. An offer is unpacked already.
    Said { by: ConnectionId, reference: Option<u32>, message: ClientMessage },
    /// A connection has ended.
    Gone { by: ConnectionId },
    /// Somebody calls over HTTP.
    Call(Box<Call>),
    /// Somebody asks whether the lesson keeps this person out, who may be unknown to the school.
    KeptOut { subject: Subject, role: Role, unknown: bool, answer: oneshot::Sender<bool> },
    /// The media plane says something.
    Media(kreide_control::Event),
    /// The recorder says something.
    Recorder(RecorderEvent),
    /// What the school says of the room may have changed.
    Outside(Box<Outside>),
    /// These people were erased: nothing that they said is told any more.
    Forget(Vec<ParticipantNo>),
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
    gathering: Gathering,
    recorder: Recorder,
    /// What is on its way: an append, answers of the media plane.
    work: FuturesUnordered<BoxFuture<'static, Done>>,
    health: Health,
    phase: Phase,
    /// Who was last heard speaking, by those who may know.
    speaking: BTreeMap<Audience, Vec<ParticipantNo>>,
    /// When orders to the media plane are repeated.
    repeat_media: Option<Instant>,
    /// When a lesson without connections ends.
    empty_until: Option<Instant>,
    /// Votes that are in no log yet.
    ballots: Option<BallotBox>,
    /// Counted votes that the log did not take.
    owed_tallies: Vec<(u64, Batch)>,
    /// What the school decided and the log did not take.
    owed_policy: Option<Box<Policy>>,
    /// When the lesson must rest, unless a teacher comes.
    unattended_at: Option<Instant>,
    /// Families whose connection is gone, and when they lose their talk.
    lost_families: BTreeMap<ParticipantNo, Instant>,
    /// When families that wait are told anew how long.
    expectation_at: Option<Instant>,
    counted: Counted,
}

/// Something that the task waited for.
enum Done {
    Appended(Result<(), LogError>, Duration),
    SnapshotKept(Result<(), LogError>),
    /// The sets of groups that are kept for the room, for whoever asked to use or keep one.
    Sets(Box<Sets>),
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
    Answer(Asker),
    /// Someone takes a seat.
    Enter(Box<Entrance>),
}

/// Who asked for something.
enum Asker {
    /// A connection, by a message with this number.
    Connection { by: ConnectionId, reference: Option<u32> },
    /// A call over HTTP.
    Call(oneshot::Sender<Result<(), ErrorCode>>),
}

/// Someone whose intent to join is on its way into the log.
struct Entrance {
    connection: ConnectionId,
    outbox: Outbox,
    offer: Option<String>,
    joining: Joining,
    /// The key that opens the seat next time.
    resume: String,
    by_token: bool,
    /// The connection ended meanwhile.
    gone: bool,
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
            self.mind_teacher();
            self.depart();
            match self.phase {
                Phase::Over(code) => break code,
                Phase::Stopping if self.has_nothing_to_write() => break ErrorCode::GoingAway,
                Phase::Running | Phase::Stopping => {}
            }
        };
        self.end_recording();
        self.pay_what_is_owed().await;
        // First the reason, then the end: connections also end when the inbox does.
        self.close_all(code);
        inputs.close();
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
            Input::Gone { by } => match self.seats.held_by(by) {
                Some(no) => drop(self.detach(no)),
                None => self.ledger.gone(by),
            },
            Input::Call(call) => self.call(*call),
            Input::KeptOut { subject, role, unknown, answer } => {
                // The caller may have hung up.
                let _ = answer.send(self.ledger.draft().keeps_out(&subject, role, unknown));
            }
            Input::Media(event) => self.media_event(event),
            Input::Recorder(event) => self.recorder_event(event),
            Input::Outside(outside) => self.heed(*outside),
            Input::Forget(people) => self.ledger.forget(&people),
            Input::Stop => self.phase = Phase::Stopping,
        }
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Connected { no, by, why, result } => self.connected(no, by, why, result),
            Done::SnapshotKept(Ok(())) => {}
            Done::Sets(sets) => self.sets_known(*sets),
            Done::SnapshotKept(Err(error)) => {
                // The log holds it all; the next snapshot comes with the next thousand events.
                tracing::warn!(lesson = %self.key, %error, "a snapshot was not kept");
            }
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

    /// A connection with a seat says something.
    fn said(&mut self, by: ConnectionId, reference: Option<u32>, message: ClientMessage) {
        // A connection that lost its seat has been told so.
        let Some(no) = self.seats.held_by(by) else { return };
        let then = Then::Answer(Asker::Connection { by, reference });
        if !self.seats.keeps_pace(no, Instant::now()) {
            return self.refuse(then, ErrorCode::TooMany);
        }
        let Some(connection) = &self.seats.get_mut(no).connection else { return };
        match (&connection.stage, message) {
            (Stage::Live { .. }, ClientMessage::Offer { offer }) => {
                self.offer(no, by, reference, offer);
            }
            (Stage::Live { .. }, ClientMessage::View { slots }) => match self.view(no, slots) {
                Ok(()) => self.answer_to(then),
                Err(code) => self.refuse(then, code),
            },
            // Whoever waits may do one thing; the lesson refuses all others.
            (Stage::Live { .. } | Stage::Waiting, message) => self.act(no, message, then),
            (Stage::Joining(_), _) => self.refuse(then, ErrorCode::BadMessage),
        }
    }

    /// Someone with a seat, or who waits for one, wants something of the lesson.
    fn act(&mut self, no: ParticipantNo, message: ClientMessage, then: Then) {
        let additions = Additions {
            me: no,
            seed: secret::number(),
            listening_begins: Millis(clock::now() + LISTENING_LEAD_MS),
        };
        match message {
            ClientMessage::Record { on: true } => self.start_recording(no, then),
            ClientMessage::Groups(
                act @ (GroupAct::Kept
                | GroupAct::Keep { .. }
                | GroupAct::Use { .. }
                | GroupAct::Forget { .. }),
            ) => self.group_set(no, act, then),
            message => match translate::intent(&self.stored(message), additions) {
                Some(intent) => self.want(no, intent, then),
                None => self.refuse(then, ErrorCode::BadMessage),
            },
        }
    }

    /// A message with the log's number of the chat message that it names; none has the number 0.
    fn stored(&self, message: ClientMessage) -> ClientMessage {
        let number = |named: u64| {
            let mut lines = self.ledger.draft().chat();
            let line = lines.find(|line| self.ledger.texts().chat_id(line.id) == named);
            line.map_or(0, |line| line.id)
        };
        match message {
            ClientMessage::EditChat { id, text } => {
                ClientMessage::EditChat { id: number(id), text }
            }
            ClientMessage::DeleteChat { id } => ClientMessage::DeleteChat { id: number(id) },
            message => message,
        }
    }

    /// What a participant wants; what concerns the ballot box goes there.
    fn want(&mut self, no: ParticipantNo, intent: Intent, then: Then) {
        match intent {
            Intent::Poll(PollIntent::Vote { .. }) => self.vote(no, intent, then),
            Intent::Poll(PollIntent::Close) | Intent::End => {
                let actor = Actor::Participant(no);
                // Not for somebody who is refused: votes counted early are votes told early.
                if self.ledger.draft().permits(actor, &intent) {
                    self.empty_ballot_box();
                }
                self.propose(actor, intent, then);
            }
            intent => self.propose(Actor::Participant(no), intent, then),
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
                self.commit_and_tell(logged);
                if let Event::RecordingAnnounced { id, .. } = &logged.event {
                    self.announced(id.clone());
                }
            }
            match (then, step.seat) {
                (then @ Then::Answer(_), _) => self.answer_to(then),
                (Then::Enter(entrance), Some(no)) => self.enter(no, *entrance),
                (Then::Enter(_) | Then::Nothing, _) => {}
            }
            self.see_to(&step);
            self.tell_signals(&step.signals);
        }
        self.tell_media();
        if let Some(snapshot) = self.ledger.snapshot_due() {
            let (key, epoch) = (self.key.clone(), self.ledger.epoch());
            let kept = self.context.log.put_snapshot(key, epoch, snapshot);
            self.work.push(kept.map(Done::SnapshotKept).boxed());
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
        for then in self.ledger.take_answers() {
            self.answer_to(then);
        }
    }

    /// An intent that the log did not take.
    fn lost(&mut self, intent: Intent, then: Then) {
        // The server's own intents are tried again.
        let again = Instant::now() + RETRY;
        match intent {
            Intent::Disconnected { who } => self.seats.goes_offline(who, again),
            Intent::BeginRecording { id } => self.recorder.begins(again, id),
            Intent::Poll(PollIntent::Tally { id, batch }) => self.owed_tallies.push((id, batch)),
            Intent::SetPolicy { policy, .. } => self.owed_policy = Some(Box::new(policy)),
            _ => {}
        }
        self.refuse(then, ErrorCode::Degraded);
    }

    /// Tells the one who asked that it is done.
    fn answer_to(&self, then: Then) {
        match then {
            Then::Answer(Asker::Connection { by, reference }) => {
                if let Some(connection) = self.connection(by) {
                    connection.outbox.done(reference);
                }
            }
            // The caller may have hung up.
            Then::Answer(Asker::Call(answer)) => drop(answer.send(Ok(()))),
            Then::Nothing | Then::Enter(_) => {}
        }
    }

    fn refuse(&self, then: Then, code: ErrorCode) {
        match then {
            Then::Nothing => return,
            Then::Enter(entrance) => {
                entrance.outbox.turn_away(entrance.joining.reference, code);
            }
            Then::Answer(Asker::Call(answer)) => drop(answer.send(Err(code))),
            Then::Answer(Asker::Connection { by, reference }) => {
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

    fn next_wake(&self) -> Option<Instant> {
        let retry = match self.health {
            Health::Good => None,
            Health::Degraded { until } => Some(until),
        };
        let offline = self.seats.next_offline();
        let others = [self.gathering.due(), self.recorder.next_due(), self.next_chore()];
        [retry, self.repeat_media, self.empty_until, offline]
            .into_iter()
            .chain(others)
            .flatten()
            .min()
    }

    /// Some deadline has passed.
    fn wake(&mut self) {
        let now = Instant::now();
        if matches!(self.health, Health::Degraded { until } if until <= now) {
            self.health = Health::Good;
        }
        if self.gathering.due().is_some_and(|at| at <= now) {
            self.tell_gathered();
            self.tell_count(now);
        }
        if self.repeat_media.is_some_and(|at| at <= now) {
            self.tell_media();
        }
        for who in self.seats.offline_by(now) {
            self.propose(Actor::Server, Intent::Disconnected { who }, Then::Nothing);
            self.mind_family(who);
        }
        if let Some(id) = self.recorder.due_by(now) {
            self.propose(Actor::Server, Intent::BeginRecording { id }, Then::Nothing);
        }
        self.do_chores(now);
        if self.empty_until.is_some_and(|at| at <= now) {
            self.empty_until = Some(now + self.context.config.empty_lesson);
            if self.ledger.committed().started().is_none() {
                // Nobody ever got in: there is nothing to end.
                self.phase = Phase::Over(ErrorCode::GoingAway);
            } else {
                self.empty_ballot_box();
                self.propose(Actor::Server, Intent::End, Then::Nothing);
            }
        }
    }

    fn has_nothing_to_write(&self) -> bool {
        self.ledger.pending() == 0 || matches!(self.health, Health::Degraded { .. })
    }

    /// What acted while the log could not be reached gets a last try.
    async fn pay_what_is_owed(&mut self) {
        if let Some(append) = self.ledger.depart()
            && !append.records.is_empty()
            && !matches!(timeout(RETRY, self.context.log.append(append)).await, Ok(Ok(())))
        {
            tracing::error!(lesson = %self.key, "the log lacks what was done while it was away");
        }
    }

    /// Tells media plane and catalogue that the lesson is over.
    async fn end_outside(&mut self) {
        while self.context.media.send(Command::End { lesson: self.key.clone() }).is_err() {
            tokio::time::sleep(RETRY).await;
        }
        let lesson = self.ledger.committed();
        let keep_days = lesson.policy().keep_days;
        let erase_at = self.context.config.erase_at(lesson.latest(), keep_days);
        if self.context.catalogue.end_lesson(self.key.clone(), erase_at).await.is_err() {
            tracing::warn!(lesson = %self.key, "the end is noted at the next join");
        }
    }

    fn metrics(&self) -> &Metrics {
        &self.context.metrics
    }
}
