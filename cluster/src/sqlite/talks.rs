//! Talks in SQLite: the statements behind that part of [`crate::Catalogue`].
//!
//! Invariant: a list and its links are changed together. Labels are sealed; one that was erased
//! is none.
//! Left out on purpose: times that are over. The list stays until another one replaces it.

use kreide_control::{Role, RoomId, TenantId};
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Row, query, query_scalar};

use super::keyring::Keyring;
use super::links::role_name;
use crate::{CatalogueError, Talk, TalkList};

/// Whose key seals the label of a talk: families have no subject.
pub(super) fn label_subject(room: &RoomId, slot: u32) -> String {
    format!("talk-label-{room}-{slot}")
}

pub(super) async fn set(
    pool: SqlitePool,
    keyring: Keyring,
    tenant: TenantId,
    room: RoomId,
    list: TalkList,
) -> Result<bool, CatalogueError> {
    let labels = seal(&keyring, &tenant, &room, &list.talks).await?;
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
    for (talk, label) in list.talks.iter().zip(&labels) {
        add(&mut transaction, place, talk, label.as_deref(), &list).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

/// The labels of talks, where they have one.
async fn seal(
    keyring: &Keyring,
    tenant: &TenantId,
    room: &RoomId,
    talks: &[Talk],
) -> Result<Vec<Option<Vec<u8>>>, CatalogueError> {
    let subject = |talk: &Talk| talk.label.is_some().then(|| label_subject(room, talk.slot));
    let subjects: Vec<Option<String>> = talks.iter().map(subject).collect();
    let labels: Vec<(&str, &str)> = talks
        .iter()
        .zip(&subjects)
        .filter_map(|(talk, subject)| Some((subject.as_deref()?, talk.label.as_deref()?)))
        .collect();
    let mut sealed = keyring.seal_all(tenant, &labels).await?.into_iter();
    Ok(subjects.iter().map(|subject| subject.as_ref().and_then(|_| sealed.next())).collect())
}

async fn add(
    connection: &mut SqliteConnection,
    (tenant, room): (&str, &str),
    talk: &Talk,
    label: Option<&[u8]>,
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
    .bind(label)
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
    .bind(label)
    .bind(talk.link.as_slice())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn of_room(
    pool: SqlitePool,
    keyring: Keyring,
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
    let mut talks = Vec::with_capacity(found.len());
    let mut sealed = Vec::new();
    for (at, row) in found.iter().enumerate() {
        let talk = read(row)?;
        let label: Option<Vec<u8>> = row.try_get("label")?;
        sealed.extend(label.map(|label| (at, label_subject(&room, talk.slot), label)));
        talks.push(talk);
    }
    let texts: Vec<(&str, &[u8])> =
        sealed.iter().map(|(_, subject, label)| (subject.as_str(), label.as_slice())).collect();
    let labels = keyring.open_all(&tenant, &texts).await?;
    for ((at, ..), label) in sealed.iter().zip(labels) {
        if let Some(talk) = talks.get_mut(*at) {
            talk.label = label;
        }
    }
    Ok(talks)
}

/// A talk without its label.
fn read(row: &SqliteRow) -> Result<Talk, CatalogueError> {
    let link: &[u8] = row.try_get("link")?;
    Ok(Talk {
        slot: row.try_get("slot")?,
        begins: row.try_get("begins")?,
        minutes: row.try_get("minutes")?,
        label: None,
        link: link.try_into().map_err(|_damaged| CatalogueError::Unreadable)?,
    })
}
