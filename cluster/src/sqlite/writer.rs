//! The log's one writer: group commit.
//!
//! Invariant: a transaction that is not full begins no sooner than [`APART`] after the one before,
//! and everything that queued meanwhile goes into it; so an idle log answers at once, and a busy one
//! pays one flush for many appends, however quick the disk is. A batch that needs new keys pays a
//! second one for them. A refused append changes nothing and does not touch its neighbours; a
//! failing disk fails the whole transaction, and everyone in it hears [`LogError::Unavailable`]. What
//! erases is done by itself, in its turn: no text is sealed under a key that is being destroyed.
//! Left out on purpose: waiting for company before the first append after a rest.

use std::iter::zip;
use std::pin::pin;
use std::time::Duration;

use kreide_control::{Epoch, LessonKey, ParticipantNo, TenantId};
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::keyring::{Keyring, KeyringError, PersonCode, Seat, digest_of};
use super::script::{Script, follows};
use super::seats;
use crate::{Append, LogError, Record, Seated, Snapshot, Whose};

/// Jobs that may wait. When it is full an append waits for its place, and with it the one lesson
/// that appends; media and locks do not pass here.
pub(super) const QUEUE: usize = 1024;
/// Jobs of one transaction; bounds how long the first one waits for the last.
const BATCH: usize = 64;

/// How far apart transactions begin. Nobody notices so little, and each costs a flush and four
/// changes of threads.
const APART: Duration = Duration::from_millis(2);

/// Where to answer.
pub(super) type To<T> = oneshot::Sender<Result<T, LogError>>;

/// Something to do.
pub(super) enum Job {
    /// Adds to what is there.
    Add(Add),
    /// Destroys something.
    Erase(Erase),
}

/// What shares a transaction.
pub(super) enum Add {
    /// See [`crate::LessonLog::append`].
    Append(Append, To<()>),
    /// See [`crate::LessonLog::take_over`].
    TakeOver(LessonKey, To<Epoch>),
    /// See [`crate::LessonLog::put_snapshot`].
    Snapshot(LessonKey, Epoch, Snapshot, To<()>),
}

/// What is done by itself.
pub(super) enum Erase {
    /// See [`crate::LessonLog::erase`].
    Lesson(LessonKey, Whose, To<u64>),
    /// The log's part of [`crate::Catalogue::erase_person`].
    Person(TenantId, String, To<u64>),
    /// See [`crate::LessonLog::rewrite`]: the records as they are to be.
    Rewrite(LessonKey, Epoch, Vec<Record>, To<u64>),
}

/// The two numbers of a job's row.
type Row = Option<(i64, i64)>;

/// Writes until all senders are gone.
pub(super) async fn run(
    connection: SqliteConnection,
    keyring: Keyring,
    mut queue: mpsc::Receiver<Job>,
) {
    let mut writer = Writer { connection, keyring };
    let (mut jobs, mut adding) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
    let mut next = Instant::now();
    while queue.recv_many(&mut jobs, BATCH).await > 0 {
        // With what comes until it may begin, or until it is full.
        let mut may_begin = pin!(sleep_until(next));
        while jobs.len() < BATCH {
            let room = BATCH - jobs.len();
            tokio::select! {
                biased;
                () = &mut may_begin => break,
                more = queue.recv_many(&mut jobs, room) => if more == 0 { break },
            }
        }
        next = Instant::now() + APART;
        for job in jobs.drain(..) {
            match job {
                Job::Add(add) => adding.push(add),
                Job::Erase(erase) => {
                    writer.add(&mut adding).await;
                    writer.erase(erase).await;
                }
            }
        }
        writer.add(&mut adding).await;
    }
    if let Err(error) = writer.connection.close().await {
        tracing::warn!(%error, "the lesson log was not closed cleanly");
    }
}

struct Writer {
    connection: SqliteConnection,
    keyring: Keyring,
}

impl Writer {
    /// One transaction, and the answers.
    async fn add(&mut self, adding: &mut Vec<Add>) {
        if adding.is_empty() {
            return;
        }
        let mut script = Script::new();
        let going = self.seal(std::mem::take(adding), &mut script).await;
        match script.run(&mut self.connection).await {
            Ok(rows) => zip(going, rows).for_each(|(add, row)| add.answer(row)),
            Err(error) => {
                tracing::error!(%error, "the lesson log cannot be written");
                going.into_iter().for_each(Add::fail);
            }
        }
    }

    /// Writes the script. An append whose texts cannot be sealed fails here and is not in it.
    async fn seal(&self, adding: Vec<Add>, script: &mut Script) -> Vec<Add> {
        let appends = adding.iter().filter_map(Add::append);
        let appends: Vec<&Append> = appends.collect();
        let mut sealed = self.keyring.seal_texts(&appends).await.into_iter();
        let mut going = Vec::with_capacity(adding.len());
        for add in adding {
            match &add {
                Add::Append(what, _) => match sealed.next() {
                    Some(Ok(payloads)) => script.append(what, &payloads, &self.codes(what)),
                    Some(Err(_)) | None => {
                        add.fail();
                        continue;
                    }
                },
                Add::TakeOver(lesson, _) => script.take_over(lesson),
                Add::Snapshot(lesson, epoch, snapshot, _) => {
                    script.snapshot(lesson, *epoch, snapshot);
                }
            }
            going.push(add);
        }
        going
    }

    /// Who takes which number.
    fn codes(&self, what: &Append) -> Vec<(ParticipantNo, PersonCode)> {
        let (_, room, lesson) = key(&what.lesson);
        let code = |seat: &Seated| {
            let digest = digest_of(&what.lesson.tenant, &seat.subject);
            (seat.owner, self.keyring.code(&digest, room, lesson))
        };
        what.seats.iter().map(code).collect()
    }

    async fn erase(&mut self, erase: Erase) {
        let (to, erased) = match erase {
            Erase::Lesson(lesson, whose, to) => (to, self.erase_lesson(&lesson, whose).await),
            Erase::Person(tenant, subject, to) => (to, self.erase_person(&tenant, &subject).await),
            Erase::Rewrite(lesson, epoch, records, to) => {
                (to, self.rewrite(&lesson, epoch, &records).await)
            }
        };
        let answer = erased.unwrap_or_else(|error| {
            tracing::error!(%error, "what is to be erased cannot be");
            Err(LogError::Unavailable)
        });
        let _gone = to.send(answer);
    }

    /// The key first: from then on the text is gone, whatever becomes of the rest.
    async fn erase_lesson(
        &mut self,
        lesson: &LessonKey,
        whose: Whose,
    ) -> Result<Result<u64, LogError>, KeyringError> {
        self.keyring.destroy(lesson, whose).await?;
        let mut script = Script::new();
        script.erase(lesson, whose);
        self.sweep(script).await.map(|rows| Ok(counted(&rows)))
    }

    async fn erase_person(
        &mut self,
        tenant: &TenantId,
        subject: &str,
    ) -> Result<Result<u64, LogError>, KeyringError> {
        let numbers = self.destroy_person(tenant, subject).await?;
        let mut count = 0;
        for numbers in numbers.chunks(BATCH) {
            let mut script = Script::new();
            script.erase_seats(numbers);
            count += counted(&self.sweep(script).await?);
        }
        Ok(Ok(count))
    }

    /// Nobody, in no process, writes who has which number meanwhile, so that none is missed.
    async fn destroy_person(
        &mut self,
        tenant: &TenantId,
        subject: &str,
    ) -> Result<Vec<Seat>, KeyringError> {
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let digest = digest_of(tenant, subject);
        let known = seats::of(&mut transaction, &self.keyring, tenant, &digest).await?;
        seats::forget(&mut transaction, tenant, &known).await?;
        let numbers = self.keyring.destroy_person(tenant, subject, known).await?;
        transaction.commit().await?;
        Ok(numbers)
    }

    async fn rewrite(
        &mut self,
        lesson: &LessonKey,
        epoch: Epoch,
        records: &[Record],
    ) -> Result<Result<u64, LogError>, KeyringError> {
        let mut script = Script::new();
        script.rewrite(lesson, epoch, records);
        let rows = self.sweep(script).await?;
        let owned = owned(rows.first().copied().flatten(), epoch);
        Ok(owned.map(|_last| records.len() as u64))
    }

    /// Runs a script that erases. What it erased still stands in the write-ahead log until that
    /// is emptied.
    async fn sweep(&mut self, script: Script) -> Result<Vec<Row>, KeyringError> {
        let rows = script.run(&mut self.connection).await?;
        match super::empty_log(&mut self.connection).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!("what was erased stays in the write-ahead log for now"),
            Err(error) => {
                tracing::warn!(%error, "what was erased stays in the write-ahead log for now");
            }
        }
        Ok(rows)
    }
}

impl Add {
    fn append(&self) -> Option<&Append> {
        match self {
            Self::Append(what, _) => Some(what),
            Self::TakeOver(..) | Self::Snapshot(..) => None,
        }
    }

    /// Answers what is on disk. Whoever asked may have gone meanwhile; what is stored stays stored.
    fn answer(self, row: Row) {
        match self {
            Self::Append(what, to) => drop(to.send(appended(&what, row))),
            Self::TakeOver(_, to) => {
                // 2^32 restarts of one lesson cannot happen; saturating keeps a damaged file from
                // wrapping.
                let epoch = row.map(|(epoch, _)| u32::try_from(epoch).unwrap_or(u32::MAX));
                let _gone = to.send(epoch.map(Epoch).ok_or(LogError::Unavailable));
            }
            Self::Snapshot(_, epoch, snapshot, to) => {
                let kept = owned(row, epoch).and_then(|last| {
                    let reaches = snapshot.seq.cast_signed() <= last;
                    if reaches { Ok(()) } else { Err(LogError::Conflict) }
                });
                let _gone = to.send(kept);
            }
        }
    }

    /// Nothing was stored.
    fn fail(self) {
        match self {
            Self::Append(_, to) | Self::Snapshot(_, _, _, to) => {
                let _gone = to.send(Err(LogError::Unavailable));
            }
            Self::TakeOver(_, to) => drop(to.send(Err(LogError::Unavailable))),
        }
    }
}

/// What an append came to, given epoch and end of the log as they were before it.
fn appended(what: &Append, before: Row) -> Result<(), LogError> {
    let last = owned(before, what.epoch)?;
    let fits = last == what.expected_last.cast_signed() && follows(what);
    if fits { Ok(()) } else { Err(LogError::Conflict) }
}

/// The end of the log if the epoch holds.
fn owned(head: Row, epoch: Epoch) -> Result<i64, LogError> {
    let owned = head.filter(|(now, _)| *now == i64::from(epoch.0));
    owned.map(|(_, last)| last).ok_or(LogError::Fenced)
}

/// How many rows were erased in all.
fn counted(rows: &[Row]) -> u64 {
    rows.iter().flatten().map(|(count, _)| count.cast_unsigned()).sum()
}

/// The columns of a lesson's key.
pub(super) fn key(lesson: &LessonKey) -> (&str, &str, i64) {
    (lesson.tenant.as_str(), lesson.room.as_str(), i64::from(lesson.lesson))
}
