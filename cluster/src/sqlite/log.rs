//! [`LessonLog`] on SQLite: writes go to the one writer, reads to the pool.
//!
//! Invariant: a read sees what was committed before it began.
//! Left out on purpose: caching. The owner of a lesson keeps what it read.

use futures::future::BoxFuture;
use kreide_control::{Epoch, LessonKey, ParticipantNo};
use sqlx::query_as;
use tokio::sync::oneshot;

use super::SqliteStore;
use super::writer::{Job, key};
use crate::{Append, LessonLog, LogError, Payload, Record, Stored, Whose};

impl LessonLog for SqliteStore {
    fn take_over(&self, lesson: LessonKey) -> BoxFuture<'static, Result<Epoch, LogError>> {
        self.ask(|to| Job::TakeOver(lesson, to))
    }

    fn append(&self, append: Append) -> BoxFuture<'static, Result<(), LogError>> {
        self.ask(|to| Job::Append(append, to))
    }

    fn erase(&self, lesson: LessonKey, whose: Whose) -> BoxFuture<'static, Result<u64, LogError>> {
        self.ask(|to| Job::Erase(lesson, whose, to))
    }

    fn load(&self, lesson: LessonKey) -> BoxFuture<'static, Result<Stored, LogError>> {
        let store = self.clone();
        Box::pin(async move {
            store.read(&lesson).await.map_err(|error| {
                tracing::error!(%error, "the lesson log cannot be read");
                LogError::Unavailable
            })
        })
    }
}

impl SqliteStore {
    /// Queues a job and waits for its answer. A writer that is gone is an unreachable log.
    fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, LogError>>) -> Job,
    ) -> BoxFuture<'static, Result<T, LogError>> {
        let (to, answer) = oneshot::channel();
        let (jobs, job) = (self.jobs.clone(), job(to));
        Box::pin(async move {
            jobs.send(job).await.map_err(|_gone| LogError::Unavailable)?;
            answer.await.map_err(|_gone| LogError::Unavailable)?
        })
    }

    async fn read(&self, of: &LessonKey) -> Result<Stored, sqlx::Error> {
        let (tenant, room, lesson) = key(of);
        // One transaction: records and payloads of the same moment.
        let mut transaction = self.pool.begin().await?;
        let records: Vec<(i64, Vec<u8>)> = query_as(
            "SELECT seq, body FROM records WHERE tenant = ? AND room = ? AND lesson = ?
             ORDER BY seq",
        )
        .bind(tenant)
        .bind(room)
        .bind(lesson)
        .fetch_all(&mut *transaction)
        .await?;
        let payloads: Vec<(i64, i64, String)> = query_as(
            "SELECT id, owner, text FROM payloads WHERE tenant = ? AND room = ? AND lesson = ?
             ORDER BY id",
        )
        .bind(tenant)
        .bind(room)
        .bind(lesson)
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Stored {
            records: records
                .into_iter()
                .map(|(seq, body)| Record { seq: seq.cast_unsigned(), body })
                .collect(),
            payloads: payloads
                .into_iter()
                .map(|(id, owner, text)| Payload {
                    id: id.cast_unsigned(),
                    owner: ParticipantNo(u32::try_from(owner).unwrap_or_default()),
                    text,
                })
                .collect(),
        })
    }
}
