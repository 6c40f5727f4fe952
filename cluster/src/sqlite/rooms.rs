//! Rooms in SQLite: the statements behind that part of [`crate::Catalogue`].
//!
//! Invariant: two rooms of a school never have one external id; the table sees to it.
//! Left out on purpose: what a policy means.

use kreide_control::{Policy, RoomId, TenantId};
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{Row, query};

use crate::{CatalogueError, ExternalId, Metadata, Room, RoomChange};

const ADD: &str = "INSERT INTO rooms (tenant, room, title, external_id, metadata, policy)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, room) DO NOTHING";

const PUT: &str = "INSERT INTO rooms (tenant, room, title, external_id, metadata, policy)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, room) DO UPDATE SET title = excluded.title,
    external_id = excluded.external_id, metadata = excluded.metadata, policy = excluded.policy";

const BY_ID: &str = "SELECT room, title, external_id, metadata, policy FROM rooms
    WHERE tenant = ?1 AND room = ?2";

const BY_NAME: &str = "SELECT room, title, external_id, metadata, policy FROM rooms
    WHERE tenant = ?1 AND external_id = ?2";

const ALL: &str = "SELECT room, title, external_id, metadata, policy FROM rooms
    WHERE tenant = ?1 AND ?2 IS NULL ORDER BY room";

const CHANGED: &str = "SELECT tenant, room, seq FROM room_changes WHERE seq > ?
    ORDER BY seq LIMIT 100";

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
    Ok(found(pool, BY_ID, tenant, Some(room.as_str())).await?.pop())
}

pub(super) async fn named(
    pool: SqlitePool,
    tenant: TenantId,
    name: ExternalId,
) -> Result<Option<Room>, CatalogueError> {
    Ok(found(pool, BY_NAME, tenant, Some(name.as_str())).await?.pop())
}

pub(super) async fn of_tenant(
    pool: SqlitePool,
    tenant: TenantId,
) -> Result<Vec<Room>, CatalogueError> {
    found(pool, ALL, tenant, None).await
}

/// The rooms that a statement finds; which ones of the school, `key` says.
async fn found(
    pool: SqlitePool,
    statement: &'static str,
    tenant: TenantId,
    key: Option<&str>,
) -> Result<Vec<Room>, CatalogueError> {
    let rows = query(statement).bind(tenant.as_str()).bind(key).fetch_all(&pool).await?;
    rows.iter().map(|row| read(tenant.clone(), row)).collect()
}

pub(super) async fn changed(
    pool: SqlitePool,
    after: i64,
) -> Result<Vec<RoomChange>, CatalogueError> {
    let rows = query(CHANGED).bind(after).fetch_all(&pool).await?;
    let change = |row: &SqliteRow| {
        Ok(RoomChange {
            seq: row.try_get("seq")?,
            tenant: TenantId::parse(row.try_get("tenant")?).ok_or(CatalogueError::Unreadable)?,
            room: RoomId::parse(row.try_get("room")?).ok_or(CatalogueError::Unreadable)?,
        })
    };
    rows.iter().map(change).collect()
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
