//! Log and catalogue in one SQLite file: nothing to install, readable by every tool.
//!
//! Invariant: the file is readable by its owner alone, and an answered append survives a power
//! cut. `synchronous=FULL` is what buys that: with WAL and NORMAL the last transactions may be
//! lost, and a client that had already seen them would then meet other events under the same
//! sequence. One group commit costs one flush, however many lessons it carries.
//! Left out on purpose: more than one process that owns lessons. Other processes may add links.

mod catalogue;
mod groups;
mod links;
mod log;
mod migrations;
mod recordings;
mod rooms;
mod roster;
mod script;
mod talks;
mod writer;

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use tokio::sync::{Mutex, mpsc};

use migrations::Version;
use writer::Job;

/// The SQLite file `kreide.db` of a data folder.
#[derive(Clone)]
pub struct SqliteStore {
    /// Reads, and the catalogue's rare writes.
    pool: SqlitePool,
    /// What everyone asks who comes. Not of the pool, which asks the database twice whether it is
    /// still there for each question; held for one short question each.
    door: Arc<Mutex<SqliteConnection>>,
    /// The log's one writer.
    jobs: mpsc::Sender<Job>,
}

impl SqliteStore {
    /// Opens the file in `folder`; makes both where they are missing (folder 0700, file 0600).
    /// Must be called on a tokio runtime, which then carries the writer.
    ///
    /// # Errors
    /// [`OpenError`] tells whether the folder or the file is at fault.
    pub async fn open(folder: &Path) -> Result<Self, OpenError> {
        let file = prepare(folder)
            .map_err(|source| OpenError::Folder { path: folder.to_owned(), source })?;
        let unusable = |source| OpenError::File { path: file.clone(), source };
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // Another process (`kreide link`) holds the write lock for milliseconds only.
            .busy_timeout(Duration::from_secs(2))
            // What is erased is overwritten, not only unlinked.
            .pragma("secure_delete", "ON")
            .foreign_keys(true)
            .disable_statement_logging();
        let mut connection = options.connect().await.map_err(unusable)?;
        if migrations::run(&mut connection).await.map_err(unusable)? == Version::Newer {
            return Err(OpenError::Newer { path: file });
        }
        let door = Arc::new(Mutex::new(options.connect().await.map_err(unusable)?));
        let pool = SqlitePoolOptions::new().max_connections(4).connect_lazy_with(options);
        let (jobs, queue) = mpsc::channel(writer::QUEUE);
        tokio::spawn(writer::run(connection, queue));
        Ok(Self { pool, door, jobs })
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
/// A folder that exists keeps its mode: it may be shared on purpose, the file never is.
fn prepare(folder: &Path) -> std::io::Result<PathBuf> {
    if !folder.exists() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let file = folder.join("kreide.db");
    OpenOptions::new().create(true).append(true).mode(0o600).open(&file)?;
    fs::set_permissions(&file, Permissions::from_mode(0o600))?;
    Ok(file)
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
        for name in ["kreide.db", "kreide.db-wal", "kreide.db-shm"] {
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
