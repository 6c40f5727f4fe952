//! [`LessonLog`] on SQLite: writes go to the one writer, reads to the pool.
//!
//! Invariant: a read sees what was committed before it began.
//! Left out on purpose: caching. The owner of a lesson keeps what it read.

use std::ops::RangeInclusive;

use futures::future::BoxFuture;
use kreide_control::{Epoch, LessonKey, ParticipantNo};
use sqlx::query_as;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::oneshot;

use super::SqliteStore;
use super::keyring::{KeyringError, SealedText};
use super::writer::{Add, Erase, Job, To, key};
use crate::{Append, Change, LessonLog, LogError, Record, Snapshot, Stored, Whose};

/// Records that are read at once to be rewritten.
const CHUNK: u64 = 1_000;

impl LessonLog for SqliteStore {
    fn take_over(&self, lesson: LessonKey) -> BoxFuture<'static, Result<Epoch, LogError>> {
        self.ask(|to| Job::Add(Add::TakeOver(lesson, to)))
    }

    fn append(&self, append: Append) -> BoxFuture<'static, Result<(), LogError>> {
        self.ask(|to| Job::Add(Add::Append(append, to)))
    }

    fn put_snapshot(
        &self,
        lesson: LessonKey,
        epoch: Epoch,
        snapshot: Snapshot,
    ) -> BoxFuture<'static, Result<(), LogError>> {
        self.ask(|to| Job::Add(Add::Snapshot(lesson, epoch, snapshot, to)))
    }

    fn erase(&self, lesson: LessonKey, whose: Whose) -> BoxFuture<'static, Result<u64, LogError>> {
        self.ask(|to| Job::Erase(Erase::Lesson(lesson, whose, to)))
    }

    fn load(&self, lesson: LessonKey) -> BoxFuture<'static, Result<Stored, LogError>> {
        let store = self.clone();
        Box::pin(async move { store.read(&lesson).await.map_err(unreadable) })
    }

    fn records(
        &self,
        lesson: LessonKey,
        which: RangeInclusive<u64>,
    ) -> BoxFuture<'static, Result<Vec<Record>, LogError>> {
        let pool = self.pool.clone();
        Box::pin(async move {
            let read = async { records(&mut *pool.acquire().await?, &lesson, which).await };
            read.await.map_err(unreadable)
        })
    }

    fn rewrite(
        &self,
        lesson: LessonKey,
        epoch: Epoch,
        change: Change,
    ) -> BoxFuture<'static, Result<u64, LogError>> {
        let store = self.clone();
        Box::pin(async move {
            // Read here, so that the writer is held up by what changes only. Nobody but the one
            // who asks could change a record meanwhile: the epoch would not hold any more.
            let changed = store.changed(&lesson, change).await.map_err(unreadable)?;
            store.ask(|to| Job::Erase(Erase::Rewrite(lesson, epoch, changed, to))).await
        })
    }
}

impl SqliteStore {
    /// Queues a job and waits for its answer. A writer that is gone is an unreachable log.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(To<T>) -> Job,
    ) -> BoxFuture<'static, Result<T, LogError>> {
        let (to, answer) = oneshot::channel();
        let (jobs, job) = (self.jobs.clone(), job(to));
        Box::pin(async move {
            jobs.send(job).await.map_err(|_gone| LogError::Unavailable)?;
            answer.await.map_err(|_gone| LogError::Unavailable)?
        })
    }

    async fn read(&self, of: &LessonKey) -> Result<Stored, KeyringError> {
        let (tenant, room, lesson) = key(of);
        // One transaction: snapshot, records and payloads of the same moment.
        let mut transaction = self.pool.begin().await?;
        let snapshot: Option<(i64, Vec<u8>, String)> = query_as(
            "SELECT seq, state, hash FROM snapshots
             WHERE tenant = ? AND room = ? AND lesson = ?",
        )
        .bind(tenant)
        .bind(room)
        .bind(lesson)
        .fetch_optional(&mut *transaction)
        .await?;
        let snapshot =
            snapshot.map(|(seq, state, hash)| Snapshot { seq: seq.cast_unsigned(), state, hash });
        let after = snapshot.as_ref().map_or(0, |snapshot| snapshot.seq);
        let records = records(&mut transaction, of, after.saturating_add(1)..=u64::MAX).await?;
        let sealed: Vec<(i64, i64, Vec<u8>)> = query_as(
            "SELECT id, owner, body FROM payloads WHERE tenant = ? AND room = ? AND lesson = ?
             ORDER BY id",
        )
        .bind(tenant)
        .bind(room)
        .bind(lesson)
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let sealed = sealed.into_iter().map(|(id, owner, body)| SealedText {
            id: id.cast_unsigned(),
            owner: ParticipantNo(u32::try_from(owner).unwrap_or_default()),
            body,
        });
        let payloads = self.keyring.open_texts(of, sealed.collect()).await?;
        Ok(Stored { snapshot, records, payloads })
    }

    /// The records of a lesson that change, as they are to be.
    async fn changed(
        &self,
        lesson: &LessonKey,
        mut change: Change,
    ) -> Result<Vec<Record>, sqlx::Error> {
        let mut changed = Vec::new();
        let mut next = 1;
        loop {
            let which = next..=next + (CHUNK - 1);
            let read = records(&mut *self.pool.acquire().await?, lesson, which).await?;
            let Some(last) = read.last() else { return Ok(changed) };
            next = last.seq + 1;
            changed.extend(read.into_iter().filter_map(|Record { seq, body }| {
                change(seq, &body).map(|body| Record { seq, body })
            }));
        }
    }
}

/// Records of a lesson by their sequences, which have no gaps.
async fn records(
    connection: &mut SqliteConnection,
    of: &LessonKey,
    which: RangeInclusive<u64>,
) -> Result<Vec<Record>, sqlx::Error> {
    let (tenant, room, lesson) = key(of);
    let bound = |seq: &u64| i64::try_from(*seq).unwrap_or(i64::MAX);
    let rows: Vec<(i64, Vec<u8>)> = query_as(
        "SELECT seq, body FROM records WHERE tenant = ? AND room = ? AND lesson = ?
         AND seq BETWEEN ? AND ? ORDER BY seq",
    )
    .bind(tenant)
    .bind(room)
    .bind(lesson)
    .bind(bound(which.start()))
    .bind(bound(which.end()))
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(seq, body)| Record { seq: seq.cast_unsigned(), body }).collect())
}

/// Says why a read failed, without what was read.
fn unreadable(error: impl Into<KeyringError>) -> LogError {
    tracing::error!(error = %error.into(), "the lesson log cannot be read");
    LogError::Unavailable
}
