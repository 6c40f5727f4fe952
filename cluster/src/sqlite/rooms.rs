//! Rooms in SQLite: the statements behind that part of [`crate::Catalogue`].
//!
//! Invariant: two rooms of a school never have one external id; the table sees to it.
//! Left out on purpose: what a policy means.

use kreide_control::{Policy, RoomId, TenantId};
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{Row, query};

use crate::{CatalogueError, ExternalId, Metadata, Room};

const ADD: &str = "INSERT INTO rooms (tenant, room, title, external_id, metadata, policy)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, room) DO NOTHING";

const PUT: &str = "INSERT INTO rooms (tenant, room, title, external_id, metadata, policy)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, room) DO UPDATE SET title = excluded.title,
    external_id = excluded.external_id, metadata = excluded.metadata, policy = excluded.policy";

pub(super) async fn ensure(pool: SqlitePool, room: Room) -> Result<(), CatalogueError> {
    write(pool, ADD, room).await
}

pub(super) async fn put(pool: SqlitePool, room: Room) -> Result<(), CatalogueError> {
    write(pool, PUT, room).await
}

async fn write(
    pool: SqlitePool,
    statement: &'static str,
    room: Room,
) -> Result<(), CatalogueError> {
    let policy = serde_json::to_string(&room.policy).map_err(|_| CatalogueError::Unreadable)?;
    let written = query(statement)
        .bind(room.tenant.as_str())
        .bind(room.id.as_str())
        .bind(&room.title)
        .bind(room.external_id.as_ref().map(ExternalId::as_str))
        .bind(room.metadata.as_str())
        .bind(policy)
        .execute(&pool)
        .await;
    match written {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            Err(CatalogueError::Taken)
        }
        other => Ok(other.map(drop)?),
    }
}

pub(super) async fn one(
    pool: SqlitePool,
    tenant: TenantId,
    room: RoomId,
) -> Result<Option<Room>, CatalogueError> {
    let found = query(
        "SELECT room, title, external_id, metadata, policy FROM rooms
         WHERE tenant = ? AND room = ?",
    )
    .bind(tenant.as_str())
    .bind(room.as_str())
    .fetch_optional(&pool)
    .await?;
    found.map(|row| read(tenant, &row)).transpose()
}

pub(super) async fn named(
    pool: SqlitePool,
    tenant: TenantId,
    name: ExternalId,
) -> Result<Option<Room>, CatalogueError> {
    let found = query(
        "SELECT room, title, external_id, metadata, policy FROM rooms
         WHERE tenant = ? AND external_id = ?",
    )
    .bind(tenant.as_str())
    .bind(name.as_str())
    .fetch_optional(&pool)
    .await?;
    found.map(|row| read(tenant, &row)).transpose()
}

pub(super) async fn of_tenant(
    pool: SqlitePool,
    tenant: TenantId,
) -> Result<Vec<Room>, CatalogueError> {
    let found = query(
        "SELECT room, title, external_id, metadata, policy FROM rooms
         WHERE tenant = ? ORDER BY room",
    )
    .bind(tenant.as_str())
    .fetch_all(&pool)
    .await?;
    found.iter().map(|row| read(tenant.clone(), row)).collect()
}

/// A room from a row that has its columns.
pub(super) fn read(tenant: TenantId, row: &SqliteRow) -> Result<Room, CatalogueError> {
    let external_id = match row.try_get::<Option<String>, _>("external_id")? {
        Some(text) => Some(ExternalId::parse(&text).ok_or(CatalogueError::Unreadable)?),
        None => None,
    };
    let policy: &str = row.try_get("policy")?;
    let policy: Policy =
        serde_json::from_str(policy).map_err(|_damaged| CatalogueError::Unreadable)?;
    Ok(Room {
        tenant,
        id: RoomId::parse(row.try_get("room")?).ok_or(CatalogueError::Unreadable)?,
        title: row.try_get("title")?,
        external_id,
        metadata: Metadata::parse(row.try_get("metadata")?).ok_or(CatalogueError::Unreadable)?,
        policy,
    })
}
