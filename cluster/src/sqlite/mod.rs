//! Log and catalogue in one SQLite file: nothing to install, readable by every tool. The keys of
//! people are in a second one (`keyring`).
//!
//! Invariant: both files are readable by their owner alone, and an answered append survives a power
//! cut. `synchronous=FULL` is what buys that: with WAL and NORMAL the last transactions may be
//! lost, and a client that had already seen them would then meet other events under the same
//! sequence. One group commit costs one flush, however many lessons it carries.
//! Left out on purpose: more than one process that owns lessons. Other processes may add links.

mod catalogue;
mod groups;
mod keyring;
mod links;
mod log;
mod migrations;
mod recordings;
mod rooms;
mod roster;
mod script;
mod sealing;
mod sealing_names;
mod seats;
mod sweeping;
mod talks;
mod writer;

#[cfg(test)]
mod hostile;

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, query_as};
use tokio::sync::{Mutex, mpsc};

use migrations::Version;
use writer::Job;

pub use keyring::{Keyring, KeyringError};

/// The SQLite files `kreide.db` and `keys.db` of a data folder.
#[derive(Clone)]
pub struct SqliteStore {
    /// Reads, and the catalogue's rare writes.
    pool: SqlitePool,
    /// What everyone asks who comes. Not of the pool, which asks the database twice whether it is
    /// still there for each question; held for one short question each.
    door: Arc<Mutex<SqliteConnection>>,
    /// The log's one writer.
    jobs: mpsc::Sender<Job>,
    /// What opens the texts and names of people.
    keyring: Keyring,
}

impl SqliteStore {
    /// Opens the files in `folder`; makes all where they are missing (folder 0700, files 0600).
    /// Must be called on a tokio runtime, which then carries the writer.
    ///
    /// # Errors
    /// [`OpenError`] tells whether the folder or a file is at fault.
    pub async fn open(folder: &Path) -> Result<Self, OpenError> {
        let file = prepare(folder, "kreide.db")?;
        let unusable = |source| OpenError::File { path: file.clone(), source };
        let options = options(&file).foreign_keys(true);
        let mut connection = options.connect().await.map_err(unusable)?;
        let keyring = Keyring::open(folder).await?;
        match migrations::run(&mut connection, &keyring).await.map_err(unusable)? {
            Version::Ours => {}
            Version::Raised => match empty_log(&mut connection).await {
                Ok(true) => {}
                Ok(false) => tracing::warn!("the database is in use: its log is emptied later"),
                Err(error) => return Err(unusable(error)),
            },
            Version::Newer => return Err(OpenError::Newer { path: file }),
        }
        let swept = match sweeping::recount(&mut connection, &keyring).await {
            Ok(()) => sweeping::run(&mut connection, &keyring).await,
            Err(error) => Err(error),
        };
        swept.map_err(|error| match error {
            KeyringError::Store(source) => unusable(source),
            other => unusable(sqlx::Error::Encode(Box::new(other))),
        })?;
        Self::assemble(connection, options, keyring).await.map_err(unusable)
    }

    /// A store whose log is written through `connection`.
    async fn assemble(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        keyring: Keyring,
    ) -> Result<Self, sqlx::Error> {
        let door = Arc::new(Mutex::new(options.connect().await?));
        let pool = SqlitePoolOptions::new().max_connections(4).connect_lazy_with(options);
        let (jobs, queue) = mpsc::channel(writer::QUEUE);
        tokio::spawn(writer::run(connection, keyring.clone(), queue));
        Ok(Self { pool, door, jobs, keyring })
    }

    /// The keys of people, for names in the catalogue.
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }
}

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made or written.
    #[error("the data folder {} cannot be used: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no SQLite file, or is damaged or locked.
    #[error("the database {} cannot be used: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: sqlx::Error,
    },
    /// The file was written by a newer version of Kreide.
    #[error("the database {} was written by a newer kreide: use that one", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
    },
}

/// Makes folder and file with their modes. SQLite gives its side files the mode of the file.
/// A folder that exists keeps its mode: it may be shared on purpose, the files never are.
fn prepare(folder: &Path, name: &str) -> Result<PathBuf, OpenError> {
    let make = || {
        if !folder.exists() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let file = folder.join(name);
        OpenOptions::new().create(true).append(true).mode(0o600).open(&file)?;
        fs::set_permissions(&file, Permissions::from_mode(0o600))?;
        Ok(file)
    };
    make().map_err(|source| OpenError::Folder { path: folder.to_owned(), source })
}

/// How both files are opened.
fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // Another process (`kreide link`) holds the write lock for milliseconds only.
        .busy_timeout(Duration::from_secs(2))
        // What is erased is overwritten, not only unlinked.
        .pragma("secure_delete", "ON")
        .disable_statement_logging()
}

/// Moves the write-ahead log into the file and empties it, so that what was overwritten stands
/// nowhere any more. Returns whether it could: a reader may keep it.
async fn empty_log(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let (busy, _, _): (i64, i64, i64) =
        query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await?;
    Ok(busy == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_owner_may_read() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("data");
        let store = SqliteStore::open(&folder).await.unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        for name in ["kreide.db", "kreide.db-wal", "kreide.db-shm", "keys.db", "keys.db-wal"] {
            assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
        }
        drop(store);
    }

    #[tokio::test]
    async fn says_which_folder_or_file_is_at_fault() {
        let outer = tempfile::tempdir().unwrap();
        let blocked = outer.path().join("file");
        fs::write(&blocked, "not a folder").unwrap();
        let error = SqliteStore::open(&blocked.join("data")).await.err().unwrap();
        assert!(matches!(error, OpenError::Folder { .. }), "{error}");

        fs::write(outer.path().join("kreide.db"), vec![b'x'; 8192]).unwrap();
        let error = SqliteStore::open(outer.path()).await.err().unwrap();
        assert!(matches!(error, OpenError::File { .. }), "{error}");
    }
}
