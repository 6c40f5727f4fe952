//! Seals the texts that an earlier version stored as they were.
//!
//! Invariant: part of the transaction that brings the file to this version, so that no text is
//! there twice or not at all. The old table is dropped whole: its pages are overwritten
//! (`secure_delete`), also what SQLite had left in them when it moved rows.
//! Left out on purpose: the numbers' subjects. Texts of before are erased with their lesson.

use kreide_control::{LessonKey, ParticipantNo, RoomId, TenantId};
use sqlx::sqlite::SqliteConnection;
use sqlx::{query, query_as, raw_sql};

use super::keyring::{Keyring, KeyringError};
use super::writer::key;
use crate::{Append, Payload};

/// Texts that are read at once.
const CHUNK: u32 = 1_000;

/// Tenant, room, lesson, id, owner, text.
type Plain = (String, String, i64, i64, i64, String);

/// Moves all texts from `plain_payloads` to `payloads`.
pub(super) async fn run(
    connection: &mut SqliteConnection,
    keyring: &Keyring,
) -> Result<(), sqlx::Error> {
    let mut done = (String::new(), String::new(), 0, -1);
    loop {
        let (tenant, room, lesson, id) = &done;
        let rows: Vec<Plain> = query_as(
            "SELECT tenant, room, lesson, id, owner, text FROM plain_payloads
             WHERE (tenant, room, lesson, id) > (?, ?, ?, ?)
             ORDER BY tenant, room, lesson, id LIMIT ?",
        )
        .bind(tenant)
        .bind(room)
        .bind(lesson)
        .bind(id)
        .bind(CHUNK)
        .fetch_all(&mut *connection)
        .await?;
        let Some((tenant, room, lesson, id, ..)) = rows.last() else { break };
        done = (tenant.clone(), room.clone(), *lesson, *id);
        for append in by_lesson(rows) {
            seal(connection, keyring, &append).await?;
        }
    }
    raw_sql("DROP TABLE plain_payloads").execute(connection).await?;
    Ok(())
}

/// Texts as appends of nothing else. A damaged row belongs to nobody and is left behind.
fn by_lesson(rows: Vec<Plain>) -> Vec<Append> {
    let mut appends: Vec<Append> = Vec::new();
    for (tenant, room, lesson, id, owner, text) in rows {
        let (Some(tenant), Some(room)) = (TenantId::parse(&tenant), RoomId::parse(&room)) else {
            continue;
        };
        let (Ok(lesson), Ok(owner)) = (u32::try_from(lesson), u32::try_from(owner)) else {
            continue;
        };
        let lesson = LessonKey { tenant, room, lesson };
        let payload = Payload { id: id.cast_unsigned(), owner: ParticipantNo(owner), text };
        match appends.last_mut().filter(|append| append.lesson == lesson) {
            Some(append) => append.payloads.push(payload),
            None => appends.push(Append {
                lesson,
                epoch: kreide_control::Epoch(0),
                expected_last: 0,
                records: Vec::new(),
                payloads: vec![payload],
                seats: Vec::new(),
            }),
        }
    }
    appends
}

async fn seal(
    connection: &mut SqliteConnection,
    keyring: &Keyring,
    append: &Append,
) -> Result<(), sqlx::Error> {
    let sealed = keyring.seal_texts(&[append]).await.pop().unwrap_or(Err(KeyringError::NoKey));
    let (tenant, room, lesson) = key(&append.lesson);
    let sealed = sealed.map_err(|error| match error {
        KeyringError::Store(error) => error,
        other => sqlx::Error::Encode(Box::new(other)),
    })?;
    for text in sealed {
        query(
            "INSERT INTO payloads (tenant, room, lesson, id, owner, body)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(tenant)
        .bind(room)
        .bind(lesson)
        .bind(text.id.cast_signed())
        .bind(i64::from(text.owner.0))
        .bind(text.body)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
