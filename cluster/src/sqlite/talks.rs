//! Talks in SQLite: the statements behind that part of [`crate::Catalogue`].
//!
//! Invariant: a list and its links are changed together.
//! Left out on purpose: times that are over. The list stays until another one replaces it.

use kreide_control::{Role, RoomId, TenantId};
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Row, query, query_scalar};

use super::links::role_name;
use crate::{CatalogueError, Talk, TalkList};

pub(super) async fn set(
    pool: SqlitePool,
    tenant: TenantId,
    room: RoomId,
    list: TalkList,
) -> Result<bool, CatalogueError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let place = (tenant.as_str(), room.as_str());
    let there: i64 =
        query_scalar("SELECT EXISTS (SELECT 1 FROM talks WHERE tenant = ? AND room = ?)")
            .bind(place.0)
            .bind(place.1)
            .fetch_one(&mut *transaction)
            .await?;
    if there != 0 && !list.replace {
        return Ok(false);
    }
    for statement in [
        "UPDATE links SET revoked = 1 WHERE tenant = ?1 AND hash IN
             (SELECT link FROM talks WHERE tenant = ?1 AND room = ?2)",
        "DELETE FROM talks WHERE tenant = ?1 AND room = ?2",
    ] {
        query(statement).bind(place.0).bind(place.1).execute(&mut *transaction).await?;
    }
    for talk in &list.talks {
        add(&mut transaction, place, talk, &list).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

async fn add(
    connection: &mut SqliteConnection,
    (tenant, room): (&str, &str),
    talk: &Talk,
    list: &TalkList,
) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO links (tenant, hash, room, role, name, talk, created, expires)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(tenant)
    .bind(talk.link.as_slice())
    .bind(room)
    .bind(role_name(Role::Guest))
    .bind(&talk.label)
    .bind(talk.slot)
    .bind(list.at)
    .bind(talk.ends().saturating_add(list.grace))
    .execute(&mut *connection)
    .await?;
    query(
        "INSERT INTO talks (tenant, room, slot, begins, minutes, label, link)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(tenant)
    .bind(room)
    .bind(talk.slot)
    .bind(talk.begins)
    .bind(talk.minutes)
    .bind(&talk.label)
    .bind(talk.link.as_slice())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn of_room(
    pool: SqlitePool,
    tenant: TenantId,
    room: RoomId,
) -> Result<Vec<Talk>, CatalogueError> {
    let found = query(
        "SELECT slot, begins, minutes, label, link FROM talks WHERE tenant = ? AND room = ?
         ORDER BY slot",
    )
    .bind(tenant.as_str())
    .bind(room.as_str())
    .fetch_all(&pool)
    .await?;
    found.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> Result<Talk, CatalogueError> {
    let link: &[u8] = row.try_get("link")?;
    Ok(Talk {
        slot: row.try_get("slot")?,
        begins: row.try_get("begins")?,
        minutes: row.try_get("minutes")?,
        label: row.try_get("label")?,
        link: link.try_into().map_err(|_damaged| CatalogueError::Unreadable)?,
    })
}
