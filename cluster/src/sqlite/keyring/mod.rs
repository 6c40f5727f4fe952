//! The keys of people, in a database of their own beside the store: `keys.db`.
//!
//! Destroying a key erases all that it sealed, in the store, in every copy and in every backup of
//! it; so `keys.db` is never part of a backup. Keys stand there as they are: whoever can read the
//! folder could read a key that wraps them too.
//! Invariant: a key is on disk before it seals. A destroyed key is overwritten where it stands and
//! the write-ahead log is emptied before the caller hears of it. A key that is missing means that
//! its texts are erased; a `keys.db` that cannot be read is an error.
//! Left out on purpose: what a drive keeps of overwritten blocks. That is for disk encryption.

mod cache;
mod codes;
mod erased;
mod names;
mod people;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use kreide_control::{LessonKey, ParticipantNo, RoomId, TenantId};
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, query, query_as, query_as_with, raw_sql};
use tokio::sync::{Mutex, MutexGuard};

use super::writer::key;
use super::{OpenError, options, prepare};
use cache::Cache;

use codes::Codes;

pub(super) use codes::PersonCode;
pub(super) use erased::{Erased, SeatRow, digest_of};
pub(super) use people::Seat;

/// Keys that are kept in memory: of 60 people, and for as many more, in each of 800 lessons.
const CACHED: usize = 100_000;
/// Bytes of a text up to which it is kept prepared.
const USUAL: usize = 1_000;
/// Destroyed keys from which on their rows are cleared away, when the file is opened.
const MANY_DEAD: i64 = 10_000;

/// The file `keys.db` of a data folder.
#[derive(Clone)]
pub struct Keyring {
    /// Makes and destroys keys; held for one batch of the log's writer, or for one question.
    writing: Arc<Mutex<Writing>>,
    /// Reads keys, so that whoever loads a lesson does not hold up those who write; held for one
    /// question.
    reading: Arc<Mutex<SqliteConnection>>,
    codes: Codes,
}

struct Writing {
    connection: SqliteConnection,
    cache: Cache,
}

/// A payload as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SealedText {
    pub(super) id: u64,
    pub(super) owner: ParticipantNo,
    pub(super) body: Vec<u8>,
}

/// Why a key could not be had or destroyed. Trying again may help.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file cannot be read or written.
    #[error("the keys cannot be reached: {0}")]
    Store(#[from] sqlx::Error),
    /// Keys are destroyed, but a reader keeps their bytes in the write-ahead log.
    #[error("destroyed keys still stand in the write-ahead log")]
    Busy,
    /// A key was to be there and is not.
    #[error("a key is missing")]
    NoKey,
    /// The cipher or its random numbers failed.
    #[error("the cipher failed")]
    Cipher,
}

impl Keyring {
    /// Opens the file in `folder`, which must be there; makes it where it is missing (0600).
    pub(super) async fn open(folder: &Path) -> Result<Self, OpenError> {
        let file = prepare(folder, "keys.db")?;
        let unusable = |source| OpenError::File { path: file.clone(), source };
        // VACUUM writes the keys anew by way of a temporary file, which must not be one.
        let options = options(&file).pragma("temp_store", "MEMORY");
        let mut connection = options.connect().await.map_err(unusable)?;
        raw_sql(include_str!("../keys.sql")).execute(&mut connection).await.map_err(unusable)?;
        clear_dead(&mut connection, MANY_DEAD).await.map_err(unusable)?;
        let codes = Codes::open(&mut connection).await.map_err(unusable)?;
        let reading = options.connect().await.map_err(unusable)?;
        Ok(Self {
            writing: Arc::new(Mutex::new(Writing { connection, cache: Cache::default() })),
            reading: Arc::new(Mutex::new(reading)),
            codes,
        })
    }

    /// Says something to the connection that writes.
    #[cfg(test)]
    pub(super) async fn pragma(&self, text: &'static str) {
        raw_sql(text).execute(&mut self.writing().await.connection).await.unwrap();
    }

    async fn writing(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().await
    }
}

impl Writing {
    /// Runs statements as one transaction, handed over at once, and returns their rows.
    async fn transaction<R>(
        &mut self,
        text: &str,
        values: SqliteArguments,
    ) -> Result<Vec<R>, sqlx::Error>
    where
        R: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + Send + Unpin,
    {
        let text = format!("BEGIN IMMEDIATE;{text}COMMIT;");
        let usual = text.len() <= USUAL;
        let rows = query_as_with(AssertSqlSafe(text), values)
            .persistent(usual)
            .fetch_all(&mut self.connection)
            .await;
        if rows.is_err() {
            // It may have failed before it began; then there is nothing to undo.
            let _nothing = raw_sql("ROLLBACK").execute(&mut self.connection).await;
        }
        rows
    }

    /// Takes what was overwritten out of the write-ahead log as well.
    async fn empty_log(&mut self) -> Result<(), KeyringError> {
        let emptied = super::empty_log(&mut self.connection).await?;
        if emptied { Ok(()) } else { Err(KeyringError::Busy) }
    }
}

/// Clears rows of destroyed keys away if there are more than `many`. Removing rows moves others,
/// and leaves copies of keys that live; so the file is written anew. Another process that reads
/// meanwhile is no fault: the next start tries again.
async fn clear_dead(connection: &mut SqliteConnection, many: i64) -> Result<(), sqlx::Error> {
    let (dead,): (i64,) = query_as(
        "SELECT (SELECT count(*) FROM keys WHERE dead = 1)
              + (SELECT count(*) FROM names WHERE dead = 1)",
    )
    .fetch_one(&mut *connection)
    .await?;
    if dead <= many {
        return Ok(());
    }
    let cleared = async {
        query("DELETE FROM keys WHERE dead = 1").execute(&mut *connection).await?;
        query("DELETE FROM names WHERE dead = 1").execute(&mut *connection).await?;
        query("VACUUM").execute(&mut *connection).await?;
        super::empty_log(connection).await
    };
    match cleared.await {
        Ok(true) => {}
        Ok(false) => tracing::info!("the keys are in use: the write-ahead log is emptied later"),
        Err(error) => tracing::warn!(%error, "destroyed keys are cleared away later"),
    }
    Ok(())
}

/// Collects values; the first that does not fit fails the whole.
fn bind<T>(values: &mut SqliteArguments, value: T) -> Result<(), sqlx::Error>
where
    T: sqlx::Type<sqlx::Sqlite> + sqlx::Encode<'static, sqlx::Sqlite> + 'static,
{
    values.add(value).map_err(sqlx::Error::Encode)
}
