//! Recordings in SQLite: the statements behind that part of [`crate::Catalogue`].
//!
//! Invariant: whether a recording is released changes by [`release`] alone, so that the end of a
//! recording does not undo what a teacher decided meanwhile.
//! Left out on purpose: media. A row knows its file by the recording's id.

use kreide_control::{LessonKey, RecordingId, RoomId, TenantId};
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqlitePool};
use sqlx::{query, query_as};

use super::catalogue::lesson_key;
use super::writer::key;
use crate::{CatalogueError, Recording, RecordingSize};

/// Tenant, room, id, lesson, started, length, bytes, released, kept until.
type Row = (String, String, String, i64, i64, Option<i64>, Option<i64>, bool, i64);

/// A statement that reads [`Row`]s.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT tenant, room, id, lesson, started, length, bytes, released, kept_until
             FROM recordings ",
            $rest
        )
    };
}

pub(super) async fn put(pool: SqlitePool, recording: Recording) -> Result<(), CatalogueError> {
    let (tenant, room, lesson) = key(&recording.lesson);
    query(
        "INSERT INTO recordings
         (tenant, room, id, lesson, started, length, bytes, released, kept_until)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET lesson = excluded.lesson, started = excluded.started,
         length = excluded.length, bytes = excluded.bytes, kept_until = excluded.kept_until",
    )
    .bind(tenant)
    .bind(room)
    .bind(recording.id.as_str())
    .bind(lesson)
    .bind(recording.started)
    .bind(recording.ended.map(|size| size.length))
    .bind(recording.ended.map(|size| size.bytes))
    .bind(recording.released)
    .bind(recording.kept_until)
    .execute(&pool)
    .await?;
    Ok(())
}

pub(super) async fn one(
    pool: SqlitePool,
    tenant: TenantId,
    room: RoomId,
    id: RecordingId,
) -> Result<Option<Recording>, CatalogueError> {
    let found: Option<Row> = query_as(select!("WHERE tenant = ? AND room = ? AND id = ?"))
        .bind(tenant.as_str())
        .bind(room.as_str())
        .bind(id.as_str())
        .fetch_optional(&pool)
        .await?;
    found.map(read).transpose()
}

pub(super) async fn of_room(
    pool: SqlitePool,
    tenant: TenantId,
    room: RoomId,
) -> Result<Vec<Recording>, CatalogueError> {
    let found: Vec<Row> =
        query_as(select!("WHERE tenant = ? AND room = ? ORDER BY started DESC, id"))
            .bind(tenant.as_str())
            .bind(room.as_str())
            .fetch_all(&pool)
            .await?;
    found.into_iter().map(read).collect()
}

pub(super) async fn end(
    pool: SqlitePool,
    tenant: TenantId,
    room: RoomId,
    id: RecordingId,
    size: RecordingSize,
) -> Result<bool, CatalogueError> {
    let sized = query(
        "UPDATE recordings SET length = ?, bytes = ? WHERE tenant = ? AND room = ? AND id = ?",
    );
    of_one(&pool, sized.bind(size.length).bind(size.bytes), &tenant, &room, &id).await
}

pub(super) async fn release(
    pool: SqlitePool,
    tenant: TenantId,
    room: RoomId,
    id: RecordingId,
    released: bool,
) -> Result<bool, CatalogueError> {
    let set = query("UPDATE recordings SET released = ? WHERE tenant = ? AND room = ? AND id = ?");
    of_one(&pool, set.bind(released), &tenant, &room, &id).await
}

pub(super) async fn forget(
    pool: SqlitePool,
    tenant: TenantId,
    room: RoomId,
    id: RecordingId,
) -> Result<bool, CatalogueError> {
    let gone = query("DELETE FROM recordings WHERE tenant = ? AND room = ? AND id = ?");
    of_one(&pool, gone, &tenant, &room, &id).await
}

/// Changes one recording by a statement that ends with its key. Returns whether there is one.
async fn of_one(
    pool: &SqlitePool,
    change: Query<'_, Sqlite, SqliteArguments>,
    tenant: &TenantId,
    room: &RoomId,
    id: &RecordingId,
) -> Result<bool, CatalogueError> {
    let keyed = change.bind(tenant.to_string()).bind(room.to_string()).bind(id.to_string());
    Ok(keyed.execute(pool).await?.rows_affected() > 0)
}

pub(super) async fn unended(pool: SqlitePool) -> Result<Vec<Recording>, CatalogueError> {
    let found: Vec<Row> =
        query_as(select!("WHERE length IS NULL OR bytes IS NULL ORDER BY started"))
            .fetch_all(&pool)
            .await?;
    found.into_iter().map(read).collect()
}

pub(super) async fn to_delete(
    pool: SqlitePool,
    now: i64,
    skip: u32,
) -> Result<Vec<Recording>, CatalogueError> {
    let found: Vec<Row> = query_as(select!(
        "WHERE kept_until <= ? ORDER BY kept_until, tenant, room, id LIMIT 100 OFFSET ?"
    ))
    .bind(now)
    .bind(skip)
    .fetch_all(&pool)
    .await?;
    found.into_iter().map(read).collect()
}

fn read(row: Row) -> Result<Recording, CatalogueError> {
    let (tenant, room, id, lesson, started, length, bytes, released, kept_until) = row;
    let tenant = TenantId::parse(&tenant).ok_or(CatalogueError::Unreadable)?;
    let room = RoomId::parse(&room).ok_or(CatalogueError::Unreadable)?;
    let lesson: LessonKey = lesson_key(tenant, room, lesson)?;
    Ok(Recording {
        id: RecordingId::parse(&id).ok_or(CatalogueError::Unreadable)?,
        lesson,
        started,
        ended: length.zip(bytes).map(|(length, bytes)| RecordingSize { length, bytes }),
        released,
        kept_until,
    })
}
