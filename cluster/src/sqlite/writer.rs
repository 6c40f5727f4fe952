//! The log's one writer: group commit.
//!
//! Invariant: everything that queued while one transaction was on its way to the disk goes into
//! the next one, so an idle log answers at once and a busy one pays one flush for many appends.
//! A refused append changes nothing and does not touch its neighbours; a failing disk fails the
//! whole transaction, and everyone in it hears [`LogError::Unavailable`].
//! Left out on purpose: a timer that collects. The flush itself is the time in which to collect.

use kreide_control::{Epoch, LessonKey};
use sqlx::{Connection, SqliteConnection, query, query_as, raw_sql};
use tokio::sync::{mpsc, oneshot};

use crate::{Append, LogError, Whose};

/// Jobs that may wait. When it is full an append waits for its place, and with it the one lesson
/// that appends; media and locks do not pass here.
pub(super) const QUEUE: usize = 1024;
/// Jobs of one transaction; bounds how long the first one waits for the last.
const BATCH: usize = 256;

/// Something to write, and where to answer.
pub(super) enum Job {
    /// See [`crate::LessonLog::append`].
    Append(Append, oneshot::Sender<Result<(), LogError>>),
    /// See [`crate::LessonLog::take_over`].
    TakeOver(LessonKey, oneshot::Sender<Result<Epoch, LogError>>),
    /// See [`crate::LessonLog::erase`].
    Erase(LessonKey, Whose, oneshot::Sender<Result<u64, LogError>>),
}

/// What a job came to, kept until its transaction is on disk.
enum Done {
    Append(Result<(), LogError>, oneshot::Sender<Result<(), LogError>>),
    TakeOver(Epoch, oneshot::Sender<Result<Epoch, LogError>>),
    Erase(u64, oneshot::Sender<Result<u64, LogError>>),
}

/// Writes until all senders are gone.
pub(super) async fn run(mut connection: SqliteConnection, mut queue: mpsc::Receiver<Job>) {
    let mut jobs = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut jobs, BATCH).await > 0 {
        let mut done = Vec::with_capacity(jobs.len());
        let committed = commit(&mut connection, jobs.drain(..), &mut done).await;
        if let Err(error) = &committed {
            tracing::error!(%error, "the lesson log cannot be written");
        }
        let mut erased = false;
        for job in done {
            erased |= matches!(job, Done::Erase(..));
            job.answer(committed.is_ok());
        }
        if erased && committed.is_ok() {
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

/// One transaction. Whatever it answers, `done` holds every job of the batch: a job whose work
/// failed is there with a result that nobody will see.
async fn commit(
    connection: &mut SqliteConnection,
    jobs: impl Iterator<Item = Job>,
    done: &mut Vec<Done>,
) -> Result<(), sqlx::Error> {
    // IMMEDIATE: the lock is taken before anything is read, so what is compared stays true.
    let begun = connection.begin_with("BEGIN IMMEDIATE").await;
    let (mut transaction, mut outcome) = match begun {
        Ok(transaction) => (Some(transaction), Ok(())),
        Err(error) => (None, Err(error)),
    };
    for job in jobs {
        let transaction = transaction.as_deref_mut().filter(|_| outcome.is_ok());
        let (job, error) = job.work(transaction).await;
        done.push(job);
        if let Some(error) = error {
            outcome = Err(error);
        }
    }
    outcome?;
    match transaction {
        Some(transaction) => transaction.commit().await,
        None => Ok(()),
    }
}

impl Job {
    /// Does the work if there is a transaction to do it in.
    async fn work(self, transaction: Option<&mut SqliteConnection>) -> (Done, Option<sqlx::Error>) {
        match self {
            Self::Append(what, to) => {
                let (result, error) = split(transaction, async |t| append(t, &what).await).await;
                (Done::Append(result.unwrap_or(Err(LogError::Unavailable)), to), error)
            }
            Self::TakeOver(lesson, to) => {
                let (epoch, error) =
                    split(transaction, async |t| take_over(t, &lesson).await).await;
                (Done::TakeOver(epoch.unwrap_or_default(), to), error)
            }
            Self::Erase(lesson, whose, to) => {
                let (count, error) =
                    split(transaction, async |t| erase(t, &lesson, whose).await).await;
                (Done::Erase(count.unwrap_or_default(), to), error)
            }
        }
    }
}

impl Done {
    /// Answers. Whoever asked may have gone meanwhile; what is stored stays stored.
    fn answer(self, committed: bool) {
        fn on_disk<T>(committed: bool, value: T) -> Result<T, LogError> {
            if committed { Ok(value) } else { Err(LogError::Unavailable) }
        }
        match self {
            Self::Append(result, to) => {
                let _gone = to.send(on_disk(committed, ()).and(result));
            }
            Self::TakeOver(epoch, to) => {
                let _gone = to.send(on_disk(committed, epoch));
            }
            Self::Erase(count, to) => {
                let _gone = to.send(on_disk(committed, count));
            }
        }
    }
}

/// Runs `work` in a transaction that may be missing; parts its value from its error.
async fn split<T>(
    transaction: Option<&mut SqliteConnection>,
    work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
) -> (Option<T>, Option<sqlx::Error>) {
    match transaction {
        None => (None, None),
        Some(transaction) => match work(transaction).await {
            Ok(value) => (Some(value), None),
            Err(error) => (None, Some(error)),
        },
    }
}

/// The outer error fails the transaction, the inner one this append alone.
async fn append(
    transaction: &mut SqliteConnection,
    append: &Append,
) -> Result<Result<(), LogError>, sqlx::Error> {
    let (tenant, room, lesson) = key(&append.lesson);
    let head: Option<(i64, i64)> =
        query_as("SELECT epoch, last_seq FROM logs WHERE tenant = ? AND room = ? AND lesson = ?")
            .bind(tenant)
            .bind(room)
            .bind(lesson)
            .fetch_optional(&mut *transaction)
            .await?;
    let Some((epoch, last)) = head.filter(|(epoch, _)| *epoch == i64::from(append.epoch.0)) else {
        return Ok(Err(LogError::Fenced));
    };
    let follows = (append.expected_last + 1..).zip(&append.records).all(|(n, r)| n == r.seq);
    if last != append.expected_last.cast_signed() || !follows {
        return Ok(Err(LogError::Conflict));
    }
    for record in &append.records {
        query("INSERT INTO records (tenant, room, lesson, seq, epoch, body) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(tenant)
            .bind(room)
            .bind(lesson)
            .bind(record.seq.cast_signed())
            .bind(epoch)
            .bind(&record.body)
            .execute(&mut *transaction)
            .await?;
    }
    for payload in &append.payloads {
        query("INSERT INTO payloads (tenant, room, lesson, id, owner, text) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(tenant)
            .bind(room)
            .bind(lesson)
            .bind(payload.id.cast_signed())
            .bind(i64::from(payload.owner.0))
            .bind(&payload.text)
            .execute(&mut *transaction)
            .await?;
    }
    query("UPDATE logs SET last_seq = ? WHERE tenant = ? AND room = ? AND lesson = ?")
        .bind(last + append.records.len().cast_signed() as i64)
        .bind(tenant)
        .bind(room)
        .bind(lesson)
        .execute(&mut *transaction)
        .await?;
    Ok(Ok(()))
}

async fn take_over(
    transaction: &mut SqliteConnection,
    key_of: &LessonKey,
) -> Result<Epoch, sqlx::Error> {
    let (tenant, room, lesson) = key(key_of);
    let (epoch,): (i64,) = query_as(
        "INSERT INTO logs (tenant, room, lesson, epoch, last_seq) VALUES (?, ?, ?, 1, 0)
         ON CONFLICT DO UPDATE SET epoch = epoch + 1 RETURNING epoch",
    )
    .bind(tenant)
    .bind(room)
    .bind(lesson)
    .fetch_one(&mut *transaction)
    .await?;
    // 2^32 restarts of one lesson cannot happen; saturating keeps a damaged file from wrapping.
    Ok(Epoch(u32::try_from(epoch).unwrap_or(u32::MAX)))
}

async fn erase(
    transaction: &mut SqliteConnection,
    key_of: &LessonKey,
    whose: Whose,
) -> Result<u64, sqlx::Error> {
    let (tenant, room, lesson) = key(key_of);
    let owner = match whose {
        Whose::One(person) => Some(i64::from(person.0)),
        Whose::Everyone => None,
    };
    let erased = query(
        "DELETE FROM payloads WHERE tenant = ? AND room = ? AND lesson = ?
         AND (?4 IS NULL OR owner = ?4)",
    )
    .bind(tenant)
    .bind(room)
    .bind(lesson)
    .bind(owner)
    .execute(&mut *transaction)
    .await?;
    Ok(erased.rows_affected())
}

/// The columns of a lesson's key.
pub(super) fn key(lesson: &LessonKey) -> (&str, &str, i64) {
    (lesson.tenant.as_str(), lesson.room.as_str(), i64::from(lesson.lesson))
}
