//! The lesson twice: as the log has it, and as it will be once what is on its way has arrived.
//!
//! Invariant: `draft` is `committed` plus the events on their way (`flying`, then `next`). Intents
//! are judged by the draft, so that two of them cannot both take the last seat; people are shown
//! the committed lesson only. One append is on its way at a time; meanwhile the next one gathers.
//! Left out on purpose: the log itself, connections, and what follows from a commit.

use std::collections::HashMap;

use kreide_cluster::{Append, Payload as StoredPayload, Record, Seated, Snapshot, Stored};
use kreide_control::{Epoch, LessonKey, ParticipantNo};
use kreide_lesson::{
    Actor, Audience, Denied, Event, Intent, Lesson, Logged, Millis, Newcomer, Payload, PayloadId,
    Signal, Text,
};

use super::stirred::Stirred;
use super::subjects::{self, Subjects};
use super::{ConnectionId, Then};
use crate::translate::{ChatIds, Texts};

pub(super) struct Ledger {
    epoch: Epoch,
    committed: Lesson,
    draft: Lesson,
    /// The end of the log, for those who come back and ask what they missed.
    history: Vec<Logged>,
    /// The sequence of the last snapshot that was kept, or of the log when it was read.
    snapshot_at: u64,
    texts: Texts,
    /// Whose texts these are.
    owners: HashMap<ParticipantNo, Vec<PayloadId>>,
    flying: Vec<Step>,
    next: Vec<Step>,
    /// Whose rights changed, in either lesson, since the media plane was told.
    stirred: Stirred,
}

/// An accepted intent on its way into the log.
pub(super) struct Step {
    pub(super) actor: Actor,
    pub(super) intent: Intent,
    pub(super) at: Millis,
    pub(super) events: Vec<Logged>,
    payloads: Vec<Payload>,
    /// The seat that a join opens.
    pub(super) seat: Option<ParticipantNo>,
    /// What is told and not logged.
    pub(super) signals: Vec<(Audience, Signal)>,
    /// What to do when it has arrived.
    pub(super) then: Then,
}

/// The stored log cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadStore {
    #[error("record {seq} is no event: {source}")]
    Record { seq: u64, source: serde_json::Error },
    #[error("the snapshot is not what this version makes of the log")]
    Snapshot,
    #[error(transparent)]
    Log(#[from] kreide_lesson::BadLog),
}

/// Events between two snapshots: as many as are read in some milliseconds.
const SNAPSHOT_EVERY: u64 = 1_000;
/// Events that are kept at least for those who come back; who missed more gets the whole state.
const MAX_HISTORY: usize = 4_096;

/// The lesson of a snapshot, if this version reads all of it.
fn restore(key: LessonKey, snapshot: &Snapshot, subjects: &Subjects) -> Result<Lesson, BadStore> {
    let state = subjects::join_snapshot(&snapshot.state, subjects);
    let restored = Lesson::restore(key, &state).ok();
    restored.filter(|lesson| lesson.state_hash() == snapshot.hash).ok_or(BadStore::Snapshot)
}

/// Records as the events that they are.
fn events(records: &[Record]) -> Result<Vec<Logged>, BadStore> {
    let decode = |record: &Record| {
        serde_json::from_slice(&record.body)
            .map_err(|source| BadStore::Record { seq: record.seq, source })
    };
    records.iter().map(decode).collect()
}

impl Ledger {
    /// A lesson from its log.
    pub(super) fn read(
        key: LessonKey,
        epoch: Epoch,
        stored: Stored,
        ids: ChatIds,
    ) -> Result<Self, BadStore> {
        let (texts, subjects) = subjects::sort(stored.payloads);
        let mut history = events(&stored.records)?;
        history.iter_mut().for_each(|logged| subjects::join(logged, &subjects));
        let mut committed = match stored.snapshot {
            Some(snapshot) => restore(key, &snapshot, &subjects)?,
            None => Lesson::new(key),
        };
        for logged in &history {
            committed.apply(logged)?;
        }
        let mut owners: HashMap<_, Vec<_>> = HashMap::new();
        for text in &texts {
            owners.entry(text.owner).or_default().push(PayloadId(text.id));
        }
        let text = |payload: StoredPayload| (PayloadId(payload.id), Text::from(payload.text));
        Ok(Self {
            epoch,
            draft: committed.clone(),
            snapshot_at: committed.last_seq(),
            committed,
            history,
            texts: Texts::new(ids, texts.into_iter().map(text).collect()),
            owners,
            flying: Vec::new(),
            next: Vec::new(),
            stirred: Stirred::default(),
        })
    }

    /// The lesson as people are shown it.
    pub(super) fn committed(&self) -> &Lesson {
        &self.committed
    }

    /// The lesson by which intents are judged.
    pub(super) fn draft(&self) -> &Lesson {
        &self.draft
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(super) fn texts(&self) -> &Texts {
        &self.texts
    }

    /// The end of the log.
    pub(super) fn history(&self) -> &[Logged] {
        &self.history
    }

    /// A snapshot, if the log has grown enough since the last one.
    pub(super) fn snapshot_due(&mut self) -> Option<Snapshot> {
        let seq = self.committed.last_seq();
        (seq - self.snapshot_at >= SNAPSHOT_EVERY).then(|| {
            self.snapshot_at = seq;
            let hash = self.committed.state_hash();
            let state = subjects::part_snapshot(&self.committed.snapshot());
            Snapshot { seq, state, hash }
        })
    }

    /// Intents that are not in the log yet.
    pub(super) fn pending(&self) -> usize {
        self.flying.len() + self.next.len()
    }

    /// Judges an intent and, if it is accepted, lines it up. A refused one gives `then` back.
    pub(super) fn propose(
        &mut self,
        actor: Actor,
        intent: Intent,
        at: Millis,
        then: Then,
    ) -> Result<(), (Denied, Then)> {
        let outcome = match self.draft.handle(actor, intent.clone(), at) {
            Ok(outcome) => outcome,
            Err(denied) => return Err((denied, then)),
        };
        let events = self.draft.stamp(self.epoch, at, outcome.events);
        for logged in &events {
            self.draft.apply(logged).expect("the draft stamped it as its next event");
            self.stirred.add(&logged.event);
        }
        self.next.push(Step {
            actor,
            intent,
            at,
            events,
            payloads: outcome.payloads,
            seat: outcome.seat,
            signals: outcome.signals,
            then,
        });
        Ok(())
    }

    /// What is to be appended now, if nothing is on its way and something is lined up. Without
    /// records it has arrived already.
    pub(super) fn depart(&mut self) -> Option<Append> {
        if !self.flying.is_empty() || self.next.is_empty() {
            return None;
        }
        self.flying = std::mem::take(&mut self.next);
        let payload = |payload: &Payload| StoredPayload {
            id: payload.id.0,
            owner: payload.of,
            text: payload.text.as_str().to_owned(),
        };
        let seated = |logged: &Logged| match &logged.event {
            Event::SeatTaken(Newcomer { no, subject, .. })
            | Event::Waiting { newcomer: Newcomer { no, subject, .. }, .. } => {
                Some(Seated { owner: *no, subject: subject.0.clone() })
            }
            _ => None,
        };
        let mut records = Vec::new();
        let mut payloads: Vec<_> =
            self.flying.iter().flat_map(|step| &step.payloads).map(payload).collect();
        for logged in self.flying.iter().flat_map(|step| &step.events) {
            let (stored, subject) = subjects::part(logged);
            let body = serde_json::to_vec(&stored).expect("events are plain data");
            records.push(Record { seq: logged.seq, body });
            payloads.extend(subject);
        }
        Some(Append {
            lesson: self.committed.key().clone(),
            epoch: self.epoch,
            expected_last: self.committed.last_seq(),
            records,
            payloads,
            seats: self.flying.iter().flat_map(|step| &step.events).filter_map(seated).collect(),
        })
    }

    /// What departed has arrived: the caller commits it event by event.
    pub(super) fn arrive(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.flying)
    }

    /// Makes the texts of an arrived step known, before its events.
    pub(super) fn learn(&mut self, step: &mut Step) {
        for payload in step.payloads.drain(..) {
            self.owners.entry(payload.of).or_default().push(payload.id);
            self.texts.learn(payload.id, payload.text);
        }
    }

    /// Drops the texts of people who were erased.
    pub(super) fn forget(&mut self, people: &[ParticipantNo]) {
        for text in people.iter().filter_map(|no| self.owners.remove(no)).flatten() {
            self.texts.forget(text);
        }
    }

    /// Takes the next arrived event in.
    pub(super) fn commit(&mut self, logged: &Logged) {
        self.committed.apply(logged).expect("events arrive in the order of the draft");
        self.stirred.add(&logged.event);
        if self.history.len() == 2 * MAX_HISTORY {
            self.history.drain(..MAX_HISTORY);
        }
        self.history.push(logged.clone());
    }

    /// Whose rights may have changed since this was asked.
    pub(super) fn take_stirred(&mut self) -> Stirred {
        std::mem::take(&mut self.stirred)
    }

    /// A connection ended before its intent to join was in the log.
    pub(super) fn gone(&mut self, by: ConnectionId) {
        for step in self.flying.iter_mut().chain(&mut self.next) {
            if let Then::Enter(entrance) = &mut step.then
                && entrance.connection == by
            {
                entrance.gone = true;
            }
        }
    }

    /// Takes the answers from what is lined up: it acts before the log has it.
    pub(super) fn take_answers(&mut self) -> Vec<Then> {
        let answer = |step: &mut Step| match std::mem::replace(&mut step.then, Then::Nothing) {
            then @ Then::Answer(_) => Some(then),
            then => {
                step.then = then;
                None
            }
        };
        self.next.iter_mut().filter_map(answer).collect()
    }

    /// Nothing that is on its way will arrive: the draft is the committed lesson again. Returns
    /// what was lost.
    pub(super) fn lose(&mut self) -> Vec<Step> {
        self.draft = self.committed.clone();
        self.stirred = Stirred::Everyone;
        let mut lost = std::mem::take(&mut self.flying);
        lost.append(&mut self.next);
        lost
    }
}
