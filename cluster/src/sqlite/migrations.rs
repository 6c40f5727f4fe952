//! Brings a database of any earlier version to this one's tables.
//!
//! Invariant: a step and its number are committed together, so that a file is always of one
//! version, whoever opens it at the same time. A step that was released is never changed.
//! Left out on purpose: steps back. A database of a newer version is refused untouched.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, query_scalar, raw_sql};

/// The steps in order. The file's `user_version` counts those that it has seen.
/// The first one also meets files from before steps were counted, hence its `IF NOT EXISTS`.
const STEPS: [&str; 3] =
    [include_str!("schema.sql"), include_str!("recordings.sql"), include_str!("people.sql")];

/// What a database is, compared with what this version knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// As this version wants it.
    Ours,
    /// Written by a newer version.
    Newer,
}

/// Takes the steps that are missing.
pub(super) async fn run(connection: &mut SqliteConnection) -> Result<Version, sqlx::Error> {
    // The write lock comes before the question, so that of two processes only one takes a step.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let seen: i64 = query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
    let seen = usize::try_from(seen).unwrap_or(usize::MAX);
    let Some(missing) = STEPS.get(seen..) else { return Ok(Version::Newer) };
    for step in missing {
        raw_sql(*step).execute(&mut *transaction).await?;
    }
    if !missing.is_empty() {
        raw_sql(VERSION_SEEN).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(Version::Ours)
}

/// A pragma takes no parameters. A test holds the number to the steps.
const VERSION_SEEN: &str = "PRAGMA user_version = 3";

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions;
    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;

    async fn opened(folder: &std::path::Path) -> SqliteConnection {
        let file = folder.join("kreide.db");
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        options.connect().await.unwrap()
    }

    #[test]
    fn the_number_is_that_of_the_steps() {
        assert_eq!(VERSION_SEEN, format!("PRAGMA user_version = {}", STEPS.len()));
    }

    #[tokio::test]
    async fn steps_are_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = opened(folder.path()).await;
        for _ in 0..2 {
            assert_eq!(run(&mut connection).await.unwrap(), Version::Ours);
        }
    }

    #[tokio::test]
    async fn a_newer_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = opened(folder.path()).await;
        raw_sql("PRAGMA user_version = 99").execute(&mut connection).await.unwrap();
        assert_eq!(run(&mut connection).await.unwrap(), Version::Newer);
        let tables: i64 = query_scalar("SELECT count(*) FROM sqlite_schema")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(tables, 0);
    }
}
