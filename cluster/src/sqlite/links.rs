//! Links in SQLite: the statements behind that part of [`crate::Catalogue`].
//!
//! Invariant: a link is found by the hash of its secret within its school, and in no other way.
//! Names are sealed; one that was erased is empty.
//! Left out on purpose: whether a link still opens, which is for whoever stands at the door.

use kreide_control::{Role, RoomId, TenantId};
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Row, query, query_scalar};
use tokio::sync::Mutex;

use super::keyring::Keyring;
use super::rooms;
use super::talks::label_subject;
use crate::{CatalogueError, Door, Link, LinkHash, LinkOwner, Whom};

pub(super) async fn add(
    pool: SqlitePool,
    keyring: Keyring,
    link: Link,
) -> Result<(), CatalogueError> {
    let (subject, talk) = match &link.owner {
        LinkOwner::Person { subject, .. } => (Some(subject), None),
        LinkOwner::Class => (None, None),
        LinkOwner::Talk { slot, .. } => (None, Some(*slot)),
    };
    let name = match &link.owner {
        LinkOwner::Person { subject, name } => {
            Some(keyring.seal(&link.tenant, subject, name).await?)
        }
        LinkOwner::Talk { slot, label: Some(label) } => {
            Some(keyring.seal(&link.tenant, &label_subject(&link.room, *slot), label).await?)
        }
        LinkOwner::Class | LinkOwner::Talk { label: None, .. } => None,
    };
    query(
        "INSERT INTO links
         (tenant, hash, room, role, subject, name, talk, consent, created, expires, revoked)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(link.tenant.as_str())
    .bind(link.hash.as_slice())
    .bind(link.room.as_str())
    .bind(role_name(link.role))
    .bind(subject)
    .bind(name)
    .bind(talk)
    .bind(link.consent)
    .bind(link.created)
    .bind(link.expires)
    .bind(link.revoked)
    .execute(&pool)
    .await?;
    Ok(())
}

pub(super) async fn one(
    pool: SqlitePool,
    keyring: Keyring,
    tenant: TenantId,
    hash: LinkHash,
) -> Result<Option<Link>, CatalogueError> {
    let found = query(
        "SELECT room, role, subject, name, talk, consent, created, expires, revoked FROM links
         WHERE tenant = ? AND hash = ?",
    )
    .bind(tenant.as_str())
    .bind(hash.as_slice())
    .fetch_optional(&pool)
    .await?;
    match found {
        Some(row) => read(&keyring, tenant, hash, &row).await.map(Some),
        None => Ok(None),
    }
}

pub(super) async fn door(
    door: &Mutex<SqliteConnection>,
    keyring: &Keyring,
    tenant: TenantId,
    hash: LinkHash,
) -> Result<Option<Door>, CatalogueError> {
    let found = query(
        "SELECT room, role, subject, name, talk, consent, created, expires, revoked,
                title, external_id, metadata, policy,
                (SELECT seat FROM roster WHERE roster.tenant = links.tenant
                 AND roster.room = links.room AND roster.subject = links.subject) AS seat
         FROM links JOIN rooms USING (tenant, room) WHERE links.tenant = ? AND hash = ?",
    )
    .bind(tenant.as_str())
    .bind(hash.as_slice())
    .fetch_optional(&mut *door.lock().await)
    .await?;
    let Some(row) = found else { return Ok(None) };
    let room = rooms::read(tenant.clone(), &row)?;
    let seat = row.try_get("seat")?;
    Ok(Some(Door { link: read(keyring, tenant, hash, &row).await?, room, seat }))
}

pub(super) async fn still_opens(
    pool: &SqlitePool,
    tenant: &TenantId,
    room: &RoomId,
    role: Role,
    subject: &str,
    now: i64,
) -> Result<Option<Whom>, CatalogueError> {
    let personal: Option<bool> = query_scalar(
        "SELECT subject IS NOT NULL FROM links
         WHERE tenant = ?1 AND room = ?2 AND role = ?3 AND revoked = 0
         AND (expires IS NULL OR expires > ?5)
         AND subject IS (SELECT subject FROM links WHERE tenant = ?1 AND subject = ?4 LIMIT 1)
         LIMIT 1",
    )
    .bind(tenant.as_str())
    .bind(room.as_str())
    .bind(role_name(role))
    .bind(subject)
    .bind(now)
    .fetch_optional(pool)
    .await?;
    Ok(personal.map(|personal| if personal { Whom::One } else { Whom::Anyone }))
}

pub(super) async fn revoke(
    pool: SqlitePool,
    tenant: TenantId,
    hash: LinkHash,
) -> Result<bool, CatalogueError> {
    let changed = query("UPDATE links SET revoked = 1 WHERE tenant = ? AND hash = ?")
        .bind(tenant.as_str())
        .bind(hash.as_slice())
        .execute(&pool)
        .await?;
    Ok(changed.rows_affected() > 0)
}

pub(super) async fn revoke_of(
    pool: SqlitePool,
    tenant: TenantId,
    subject: String,
) -> Result<u64, CatalogueError> {
    let changed =
        query("UPDATE links SET revoked = 1 WHERE tenant = ? AND subject = ? AND revoked = 0")
            .bind(tenant.as_str())
            .bind(subject)
            .execute(&pool)
            .await?;
    Ok(changed.rows_affected())
}

async fn read(
    keyring: &Keyring,
    tenant: TenantId,
    hash: LinkHash,
    row: &SqliteRow,
) -> Result<Link, CatalogueError> {
    let sealed: Option<Vec<u8>> = row.try_get("name")?;
    let subject: Option<String> = row.try_get("subject")?;
    let talk: Option<u32> = row.try_get("talk")?;
    let room = RoomId::parse(row.try_get("room")?).ok_or(CatalogueError::Unreadable)?;
    let whose = match talk {
        Some(slot) => Some(label_subject(&room, slot)),
        None => subject.clone(),
    };
    let name = match (&whose, sealed) {
        (Some(whose), Some(sealed)) => keyring.open_name(&tenant, whose, &sealed).await?,
        _ => None,
    };
    Ok(Link {
        tenant,
        hash,
        room,
        role: role_named(row.try_get("role")?).ok_or(CatalogueError::Unreadable)?,
        owner: match (talk, subject) {
            (Some(slot), _) => LinkOwner::Talk { slot, label: name },
            (None, Some(subject)) => LinkOwner::Person { subject, name: name.unwrap_or_default() },
            (None, None) => LinkOwner::Class,
        },
        consent: row.try_get("consent")?,
        created: row.try_get("created")?,
        expires: row.try_get("expires")?,
        revoked: row.try_get("revoked")?,
    })
}

pub(super) fn role_named(name: &str) -> Option<Role> {
    use Role::{Guest, Interpreter, Observer, Presenter, Pupil, Teacher};
    let all = [Teacher, Presenter, Pupil, Guest, Interpreter, Observer];
    all.into_iter().find(|role| role_name(*role) == name)
}

/// Roles as they are stored.
pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Teacher => "teacher",
        Role::Presenter => "presenter",
        Role::Pupil => "pupil",
        Role::Guest => "guest",
        Role::Interpreter => "interpreter",
        Role::Observer => "observer",
    }
}
