//! Prepared groups in SQLite: the statements behind that part of [`crate::Catalogue`].
//!
//! Invariant: a room has at most [`MAX_GROUP_SETS`]; one statement counts and writes.
//! Left out on purpose: the people. A set names subjects.

use kreide_control::{RoomId, TenantId};
use sqlx::sqlite::SqlitePool;
use sqlx::{query, query_as};

use crate::{CatalogueError, GroupSet, MAX_GROUP_SETS};

pub(super) async fn put(
    pool: SqlitePool,
    tenant: TenantId,
    room: RoomId,
    set: GroupSet,
) -> Result<(), CatalogueError> {
    let groups = serde_json::to_string(set.groups()).map_err(|_| CatalogueError::Unreadable)?;
    let most = i64::try_from(MAX_GROUP_SETS).unwrap_or(i64::MAX);
    let written = query(
        "INSERT INTO group_sets (tenant, room, name, groups) SELECT ?1, ?2, ?3, ?4
         WHERE (SELECT count(*) FROM group_sets
                WHERE tenant = ?1 AND room = ?2 AND name <> ?3) < ?5
         ON CONFLICT (tenant, room, name) DO UPDATE SET groups = excluded.groups",
    )
    .bind(tenant.as_str())
    .bind(room.as_str())
    .bind(set.name())
    .bind(groups)
    .bind(most)
    .execute(&pool)
    .await?;
    if written.rows_affected() > 0 { Ok(()) } else { Err(CatalogueError::Full) }
}

pub(super) async fn of_room(
    pool: SqlitePool,
    tenant: TenantId,
    room: RoomId,
) -> Result<Vec<GroupSet>, CatalogueError> {
    let found: Vec<(String, String)> =
        query_as("SELECT name, groups FROM group_sets WHERE tenant = ? AND room = ? ORDER BY name")
            .bind(tenant.as_str())
            .bind(room.as_str())
            .fetch_all(&pool)
            .await?;
    let read = |(name, groups): (String, String)| {
        let groups = serde_json::from_str(&groups).map_err(|_| CatalogueError::Unreadable)?;
        GroupSet::new(&name, groups).map_err(|_| CatalogueError::Unreadable)
    };
    found.into_iter().map(read).collect()
}

pub(super) async fn delete(
    pool: SqlitePool,
    tenant: TenantId,
    room: RoomId,
    name: String,
) -> Result<bool, CatalogueError> {
    let gone = query("DELETE FROM group_sets WHERE tenant = ? AND room = ? AND name = ?")
        .bind(tenant.as_str())
        .bind(room.as_str())
        .bind(name)
        .execute(&pool)
        .await?;
    Ok(gone.rows_affected() > 0)
}
