//! Seals the names of the catalogue that an earlier version stored as they were.
//!
//! Invariant: part of the transaction that brings the file to this version. The old tables are
//! dropped whole: their pages are overwritten (`secure_delete`), also what SQLite had left in them
//! when it moved rows.

use kreide_control::{RoomId, TenantId};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, query, query_as, raw_sql};

use super::keyring::{Keyring, KeyringError};
use super::talks::label_subject;

/// Tenant, the rest of the key as text, subject, name.
type Plain = (String, String, String, String);

/// A table whose names move.
struct Table {
    /// Rows with a name, as [`Plain`].
    named: &'static str,
    /// Moves one row: tenant, rest of the key, sealed name.
    sealed: &'static str,
    /// Moves those without a name, and drops the table.
    rest: &'static str,
}

const TABLES: [Table; 3] = [
    Table {
        named: "SELECT tenant, hex(hash), coalesce(subject, room || char(10) || talk), name
                FROM plain_links
                WHERE name IS NOT NULL AND (subject IS NOT NULL OR talk IS NOT NULL)",
        sealed: "INSERT INTO links SELECT tenant, hash, room, role, subject, ?3, talk, consent,
                 created, expires, revoked FROM plain_links WHERE tenant = ?1 AND hash = unhex(?2)",
        rest: "INSERT INTO links SELECT tenant, hash, room, role, subject, NULL, talk, consent,
               created, expires, revoked FROM plain_links
               WHERE name IS NULL OR (subject IS NULL AND talk IS NULL);
               DROP TABLE plain_links;",
    },
    Table {
        named: "SELECT tenant, room || char(10) || subject, subject, name FROM plain_roster",
        sealed: "INSERT INTO roster SELECT tenant, room, subject, ?3, role, seat, consent, link
                 FROM plain_roster WHERE tenant = ?1
                 AND room = substr(?2, 1, instr(?2, char(10)) - 1)
                 AND subject = substr(?2, instr(?2, char(10)) + 1)",
        rest: "DROP TABLE plain_roster;",
    },
    Table {
        named: "SELECT tenant, room || char(10) || slot, room || char(10) || slot, label
                FROM plain_talks WHERE label IS NOT NULL",
        sealed: "INSERT INTO talks SELECT tenant, room, slot, begins, minutes, ?3, link
                 FROM plain_talks WHERE tenant = ?1
                 AND room = substr(?2, 1, instr(?2, char(10)) - 1)
                 AND slot = CAST(substr(?2, instr(?2, char(10)) + 1) AS INTEGER)",
        rest: "INSERT INTO talks SELECT tenant, room, slot, begins, minutes, NULL, link
               FROM plain_talks WHERE label IS NULL;
               DROP TABLE plain_talks;",
    },
];

/// Moves all names.
pub(super) async fn run(
    connection: &mut SqliteConnection,
    keyring: &Keyring,
) -> Result<(), sqlx::Error> {
    for table in TABLES {
        let rows: Vec<Plain> = query_as(table.named).fetch_all(&mut *connection).await?;
        for of_tenant in rows.chunk_by(|one, next| one.0 == next.0) {
            move_names(connection, keyring, &table, of_tenant).await?;
        }
        raw_sql(AssertSqlSafe(table.rest)).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn move_names(
    connection: &mut SqliteConnection,
    keyring: &Keyring,
    table: &Table,
    rows: &[Plain],
) -> Result<(), sqlx::Error> {
    // A damaged row belongs to nobody and is left behind.
    let Some(tenant) = rows.first().and_then(|row| TenantId::parse(&row.0)) else { return Ok(()) };
    let subject = |row: &Plain| match row.2.split_once('\n') {
        // A label's: room and slot.
        Some((room, slot)) => Some(label_subject(&RoomId::parse(room)?, slot.parse().ok()?)),
        None => Some(row.2.clone()),
    };
    let subjects: Vec<Option<String>> = rows.iter().map(subject).collect();
    let named = || rows.iter().zip(&subjects).filter_map(|(row, name)| Some((row, name.as_ref()?)));
    let names: Vec<(&str, &str)> =
        named().map(|(row, subject)| (subject.as_str(), row.3.as_str())).collect();
    let sealed = keyring.seal_all(&tenant, &names).await.map_err(|error| match error {
        KeyringError::Store(error) => error,
        other => sqlx::Error::Encode(Box::new(other)),
    })?;
    for ((row, _), sealed) in named().zip(sealed) {
        query(table.sealed)
            .bind(tenant.as_str())
            .bind(&row.1)
            .bind(sealed)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
