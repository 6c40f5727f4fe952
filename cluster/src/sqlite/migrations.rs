//! Brings a database of any earlier version to this one's tables.
//!
//! Invariant: a step and its number are committed together, so that a file is always of one
//! version, whoever opens it at the same time. A step that was released is never changed.
//! Left out on purpose: steps back. A database of a newer version is refused untouched.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, query_scalar, raw_sql};

use super::keyring::Keyring;
use super::{sealing, sealing_names};

/// The steps in order. The file's `user_version` counts those that it has seen.
/// The first one also meets files from before steps were counted, hence its `IF NOT EXISTS`.
const STEPS: [Step; 9] = [
    Step::Sql(include_str!("schema.sql")),
    Step::Sql(include_str!("recordings.sql")),
    Step::Sql(include_str!("people.sql")),
    Step::Sql(include_str!("sealing.sql")),
    Step::SealTexts,
    Step::Sql(include_str!("names.sql")),
    Step::SealNames,
    Step::Sql(include_str!("changes.sql")),
    Step::Sql(include_str!("seats.sql")),
];

/// One step.
enum Step {
    /// Statements.
    Sql(&'static str),
    /// What needs keys, see [`sealing`].
    SealTexts,
    /// What needs keys, see [`sealing_names`].
    SealNames,
}

/// What a database is, compared with what this version knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// As this version wants it.
    Ours,
    /// As this version wants it since a moment ago: what was replaced may still stand in the
    /// write-ahead log.
    Raised,
    /// Written by a newer version.
    Newer,
}

/// Takes the steps that are missing.
pub(super) async fn run(
    connection: &mut SqliteConnection,
    keyring: &Keyring,
) -> Result<Version, sqlx::Error> {
    // The write lock comes before the question, so that of two processes only one takes a step.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let seen: i64 = query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
    let seen = usize::try_from(seen).unwrap_or(usize::MAX);
    let Some(missing) = STEPS.get(seen..) else { return Ok(Version::Newer) };
    for step in missing {
        match step {
            Step::Sql(statements) => {
                raw_sql(*statements).execute(&mut *transaction).await?;
            }
            Step::SealTexts => sealing::run(&mut transaction, keyring).await?,
            Step::SealNames => sealing_names::run(&mut transaction, keyring).await?,
        }
    }
    if missing.is_empty() {
        return Ok(Version::Ours);
    }
    raw_sql(VERSION_SEEN).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(Version::Raised)
}

/// A pragma takes no parameters. A test holds the number to the steps.
const VERSION_SEEN: &str = "PRAGMA user_version = 9";

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
        let keyring = Keyring::open(folder.path()).await.unwrap();
        for expected in [Version::Raised, Version::Ours] {
            assert_eq!(run(&mut connection, &keyring).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn a_newer_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = opened(folder.path()).await;
        let keyring = Keyring::open(folder.path()).await.unwrap();
        raw_sql("PRAGMA user_version = 99").execute(&mut connection).await.unwrap();
        assert_eq!(run(&mut connection, &keyring).await.unwrap(), Version::Newer);
        let tables: i64 = query_scalar("SELECT count(*) FROM sqlite_schema")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(tables, 0);
    }
}
