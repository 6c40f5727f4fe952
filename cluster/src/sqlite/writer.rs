//! The log's one writer: group commit.
//!
//! Invariant: everything that queued while one transaction was on its way to the disk goes into
//! the next one, so an idle log answers at once and a busy one pays one flush for many appends.
//! A refused append changes nothing and does not touch its neighbours; a failing disk fails the
//! whole transaction, and everyone in it hears [`LogError::Unavailable`].
//! Left out on purpose: a timer that collects. The flush itself is the time in which to collect.

use kreide_control::{Epoch, LessonKey};
use sqlx::{Connection, SqliteConnection, raw_sql};
use tokio::sync::{mpsc, oneshot};

use super::script::{Script, follows};
use crate::{Append, LogError, Whose};

/// Jobs that may wait. When it is full an append waits for its place, and with it the one lesson
/// that appends; media and locks do not pass here.
pub(super) const QUEUE: usize = 1024;
/// Jobs of one transaction; bounds how long the first one waits for the last.
const BATCH: usize = 64;

/// Something to write, and where to answer.
pub(super) enum Job {
    /// See [`crate::LessonLog::append`].
    Append(Append, oneshot::Sender<Result<(), LogError>>),
    /// See [`crate::LessonLog::take_over`].
    TakeOver(LessonKey, oneshot::Sender<Result<Epoch, LogError>>),
    /// See [`crate::LessonLog::erase`].
    Erase(LessonKey, Whose, oneshot::Sender<Result<u64, LogError>>),
}

/// Writes until all senders are gone.
pub(super) async fn run(mut connection: SqliteConnection, mut queue: mpsc::Receiver<Job>) {
    let mut jobs = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut jobs, BATCH).await > 0 {
        let committed = commit(&mut connection, &jobs).await;
        let erased = committed.is_ok() && jobs.iter().any(|job| matches!(job, Job::Erase(..)));
        match committed {
            Ok(rows) => jobs.drain(..).zip(rows).for_each(|(job, row)| job.answer(row)),
            Err(error) => {
                tracing::error!(%error, "the lesson log cannot be written");
                jobs.drain(..).for_each(Job::fail);
            }
        }
        if erased {
            // The erased text still stands in the write-ahead log until that is emptied.
            let emptied = raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await;
            if let Err(error) = emptied {
                tracing::warn!(%error, "erased texts stay in the write-ahead log for now");
            }
        }
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the lesson log was not closed cleanly");
    }
}

/// One transaction: the row of each job, or nothing of it all.
async fn commit(
    connection: &mut SqliteConnection,
    jobs: &[Job],
) -> Result<Vec<Option<(i64, i64)>>, sqlx::Error> {
    let mut script = Script::new();
    for job in jobs {
        match job {
            Job::Append(what, _) => script.append(what),
            Job::TakeOver(lesson, _) => script.take_over(lesson),
            Job::Erase(lesson, whose, _) => script.erase(lesson, *whose),
        }
    }
    script.run(connection).await
}

impl Job {
    /// Answers what is on disk. Whoever asked may have gone meanwhile; what is stored stays stored.
    fn answer(self, row: Option<(i64, i64)>) {
        match self {
            Self::Append(what, to) => {
                let _gone = to.send(appended(&what, row));
            }
            Self::TakeOver(_, to) => {
                // 2^32 restarts of one lesson cannot happen; saturating keeps a damaged file from
                // wrapping.
                let epoch = row.map(|(epoch, _)| u32::try_from(epoch).unwrap_or(u32::MAX));
                let _gone = to.send(epoch.map(Epoch).ok_or(LogError::Unavailable));
            }
            Self::Erase(_, _, to) => {
                let count = row.map(|(count, _)| count.cast_unsigned());
                let _gone = to.send(count.ok_or(LogError::Unavailable));
            }
        }
    }

    /// Nothing was stored.
    fn fail(self) {
        match self {
            Self::Append(_, to) => drop(to.send(Err(LogError::Unavailable))),
            Self::TakeOver(_, to) => drop(to.send(Err(LogError::Unavailable))),
            Self::Erase(_, _, to) => drop(to.send(Err(LogError::Unavailable))),
        }
    }
}

/// What an append came to, given epoch and end of the log as they were before it.
fn appended(what: &Append, before: Option<(i64, i64)>) -> Result<(), LogError> {
    let owned = before.filter(|(epoch, _)| *epoch == i64::from(what.epoch.0));
    let (_, last) = owned.ok_or(LogError::Fenced)?;
    let fits = last == what.expected_last.cast_signed() && follows(what);
    if fits { Ok(()) } else { Err(LogError::Conflict) }
}

/// The columns of a lesson's key.
pub(super) fn key(lesson: &LessonKey) -> (&str, &str, i64) {
    (lesson.tenant.as_str(), lesson.room.as_str(), i64::from(lesson.lesson))
}
