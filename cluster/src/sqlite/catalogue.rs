//! [`Catalogue`] on SQLite.
//!
//! Invariant: every statement that a request causes names the tenant, also where the rest of the
//! key would be unique.
//! Left out on purpose: listing. Nothing that a request can reach enumerates rooms or links. The
//! recordings of one room are listed (`recordings`).

use futures::future::BoxFuture;
use kreide_control::{LessonKey, RecordingId, Role, RoomId, TenantId};
use sqlx::{query, query_as};

use super::writer::key;
use super::{SqliteStore, recordings};
use crate::{Catalogue, CatalogueError, Link, LinkHash, LinkOwner, Recording, RecordingSize, Room};

impl Catalogue for SqliteStore {
    fn ensure_room(&self, room: Room) -> BoxFuture<'static, Result<(), CatalogueError>> {
        let pool = self.pool.clone();
        Box::pin(async move {
            query("INSERT OR IGNORE INTO rooms (tenant, room, title) VALUES (?, ?, ?)")
                .bind(room.tenant.as_str())
                .bind(room.id.as_str())
                .bind(&room.title)
                .execute(&pool)
                .await?;
            Ok(())
        })
    }

    fn room(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> BoxFuture<'static, Result<Option<Room>, CatalogueError>> {
        let pool = self.pool.clone();
        Box::pin(async move {
            let found: Option<(String,)> =
                query_as("SELECT title FROM rooms WHERE tenant = ? AND room = ?")
                    .bind(tenant.as_str())
                    .bind(room.as_str())
                    .fetch_optional(&pool)
                    .await?;
            Ok(found.map(|(title,)| Room { tenant, id: room, title }))
        })
    }

    fn add_link(&self, link: Link) -> BoxFuture<'static, Result<(), CatalogueError>> {
        let pool = self.pool.clone();
        Box::pin(async move {
            let (subject, name) = match &link.owner {
                LinkOwner::Person { subject, name } => (Some(subject), Some(name)),
                LinkOwner::Class => (None, None),
            };
            query(
                "INSERT INTO links
                 (tenant, hash, room, role, subject, name, consent, created, expires, revoked)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(link.tenant.as_str())
            .bind(link.hash.as_slice())
            .bind(link.room.as_str())
            .bind(role_name(link.role))
            .bind(subject)
            .bind(name)
            .bind(link.consent)
            .bind(link.created)
            .bind(link.expires)
            .bind(link.revoked)
            .execute(&pool)
            .await?;
            Ok(())
        })
    }

    fn link(
        &self,
        tenant: TenantId,
        hash: LinkHash,
    ) -> BoxFuture<'static, Result<Option<Link>, CatalogueError>> {
        let pool = self.pool.clone();
        Box::pin(async move {
            let found: Option<LinkRow> = query_as(
                "SELECT room, role, subject, name, consent, created, expires, revoked FROM links
                 WHERE tenant = ? AND hash = ?",
            )
            .bind(tenant.as_str())
            .bind(hash.as_slice())
            .fetch_optional(&pool)
            .await?;
            found.map(|row| read_link(tenant, hash, row)).transpose()
        })
    }

    fn door(
        &self,
        tenant: TenantId,
        hash: LinkHash,
    ) -> BoxFuture<'static, Result<Option<(Link, Room)>, CatalogueError>> {
        let door = self.door.clone();
        Box::pin(async move {
            let found: Option<DoorRow> = query_as(
                "SELECT room, role, subject, name, consent, created, expires, revoked, title
                 FROM links JOIN rooms USING (tenant, room) WHERE links.tenant = ? AND hash = ?",
            )
            .bind(tenant.as_str())
            .bind(hash.as_slice())
            .fetch_optional(&mut *door.lock().await)
            .await?;
            found
                .map(|(room, role, subject, name, consent, created, expires, revoked, title)| {
                    let row = (room, role, subject, name, consent, created, expires, revoked);
                    let link = read_link(tenant, hash, row)?;
                    let room = Room { tenant: link.tenant.clone(), id: link.room.clone(), title };
                    Ok((link, room))
                })
                .transpose()
        })
    }

    fn revoke_link(
        &self,
        tenant: TenantId,
        hash: LinkHash,
    ) -> BoxFuture<'static, Result<bool, CatalogueError>> {
        let pool = self.pool.clone();
        Box::pin(async move {
            let changed = query("UPDATE links SET revoked = 1 WHERE tenant = ? AND hash = ?")
                .bind(tenant.as_str())
                .bind(hash.as_slice())
                .execute(&pool)
                .await?;
            Ok(changed.rows_affected() > 0)
        })
    }

    fn open_lesson(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> BoxFuture<'static, Result<LessonKey, CatalogueError>> {
        let pool = self.pool.clone();
        Box::pin(async move {
            // One statement, hence one transaction: two that open at once get the same lesson.
            let (lesson,): (i64,) = query_as(
                "INSERT INTO lessons (tenant, room, lesson)
                 SELECT ?1, ?2, COALESCE(MAX(CASE WHEN ended = 0 THEN lesson END), MAX(lesson) + 1, 1)
                 FROM lessons WHERE tenant = ?1 AND room = ?2
                 ON CONFLICT DO UPDATE SET ended = ended RETURNING lesson",
            )
            .bind(tenant.as_str())
            .bind(room.as_str())
            .fetch_one(&pool)
            .await?;
            lesson_key(tenant, room, lesson)
        })
    }

    fn current_lesson(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> BoxFuture<'static, Result<Option<LessonKey>, CatalogueError>> {
        let pool = self.pool.clone();
        Box::pin(async move {
            let open: Option<(i64,)> = query_as(
                "SELECT lesson FROM lessons WHERE tenant = ? AND room = ? AND ended = 0
                 ORDER BY lesson DESC LIMIT 1",
            )
            .bind(tenant.as_str())
            .bind(room.as_str())
            .fetch_optional(&pool)
            .await?;
            open.map(|(lesson,)| lesson_key(tenant, room, lesson)).transpose()
        })
    }

    fn end_lesson(
        &self,
        lesson: LessonKey,
        erase_at: i64,
    ) -> BoxFuture<'static, Result<(), CatalogueError>> {
        let pool = self.pool.clone();
        Box::pin(async move {
            let (tenant, room, number) = key(&lesson);
            let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
            let ended = query(
                "UPDATE lessons SET ended = 1
                 WHERE tenant = ? AND room = ? AND lesson = ? AND ended = 0",
            )
            .bind(tenant)
            .bind(room)
            .bind(number)
            .execute(&mut *transaction)
            .await?;
            if ended.rows_affected() > 0 {
                query("INSERT INTO erasures (tenant, room, lesson, due) VALUES (?, ?, ?, ?)")
                    .bind(tenant)
                    .bind(room)
                    .bind(number)
                    .bind(erase_at)
                    .execute(&mut *transaction)
                    .await?;
            }
            Ok(transaction.commit().await?)
        })
    }

    fn to_erase(&self, now: i64) -> BoxFuture<'static, Result<Vec<LessonKey>, CatalogueError>> {
        let pool = self.pool.clone();
        Box::pin(async move {
            let due: Vec<(String, String, i64)> = query_as(
                "SELECT tenant, room, lesson FROM erasures WHERE due <= ? ORDER BY due LIMIT 100",
            )
            .bind(now)
            .fetch_all(&pool)
            .await?;
            let key = |(tenant, room, lesson): (String, String, i64)| {
                let tenant = TenantId::parse(&tenant).ok_or(CatalogueError::Unreadable)?;
                let room = RoomId::parse(&room).ok_or(CatalogueError::Unreadable)?;
                lesson_key(tenant, room, lesson)
            };
            due.into_iter().map(key).collect()
        })
    }

    fn erased(&self, lesson: LessonKey) -> BoxFuture<'static, Result<(), CatalogueError>> {
        let pool = self.pool.clone();
        Box::pin(async move {
            let (tenant, room, number) = key(&lesson);
            query("DELETE FROM erasures WHERE tenant = ? AND room = ? AND lesson = ?")
                .bind(tenant)
                .bind(room)
                .bind(number)
                .execute(&pool)
                .await?;
            Ok(())
        })
    }

    fn put_recording(
        &self,
        recording: Recording,
    ) -> BoxFuture<'static, Result<(), CatalogueError>> {
        Box::pin(recordings::put(self.pool.clone(), recording))
    }

    fn recording(
        &self,
        tenant: TenantId,
        room: RoomId,
        id: RecordingId,
    ) -> BoxFuture<'static, Result<Option<Recording>, CatalogueError>> {
        Box::pin(recordings::one(self.pool.clone(), tenant, room, id))
    }

    fn recordings(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> BoxFuture<'static, Result<Vec<Recording>, CatalogueError>> {
        Box::pin(recordings::of_room(self.pool.clone(), tenant, room))
    }

    fn end_recording(
        &self,
        tenant: TenantId,
        room: RoomId,
        id: RecordingId,
        size: RecordingSize,
    ) -> BoxFuture<'static, Result<bool, CatalogueError>> {
        Box::pin(recordings::end(self.pool.clone(), tenant, room, id, size))
    }

    fn release_recording(
        &self,
        tenant: TenantId,
        room: RoomId,
        id: RecordingId,
        released: bool,
    ) -> BoxFuture<'static, Result<bool, CatalogueError>> {
        Box::pin(recordings::release(self.pool.clone(), tenant, room, id, released))
    }

    fn forget_recording(
        &self,
        tenant: TenantId,
        room: RoomId,
        id: RecordingId,
    ) -> BoxFuture<'static, Result<bool, CatalogueError>> {
        Box::pin(recordings::forget(self.pool.clone(), tenant, room, id))
    }

    fn unended_recordings(&self) -> BoxFuture<'static, Result<Vec<Recording>, CatalogueError>> {
        Box::pin(recordings::unended(self.pool.clone()))
    }

    fn recordings_to_delete(
        &self,
        now: i64,
        skip: u32,
    ) -> BoxFuture<'static, Result<Vec<Recording>, CatalogueError>> {
        Box::pin(recordings::to_delete(self.pool.clone(), now, skip))
    }
}

impl From<sqlx::Error> for CatalogueError {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "the catalogue cannot be reached");
        Self::Unavailable
    }
}

/// Room, role, subject, name, consent, created, expires, revoked.
type LinkRow = (String, String, Option<String>, Option<String>, bool, i64, Option<i64>, bool);

/// A [`LinkRow`] and the title of its room.
type DoorRow =
    (String, String, Option<String>, Option<String>, bool, i64, Option<i64>, bool, String);

fn read_link(tenant: TenantId, hash: LinkHash, row: LinkRow) -> Result<Link, CatalogueError> {
    let (room, role, subject, name, consent, created, expires, revoked) = row;
    Ok(Link {
        tenant,
        hash,
        room: RoomId::parse(&room).ok_or(CatalogueError::Unreadable)?,
        role: role_named(&role).ok_or(CatalogueError::Unreadable)?,
        owner: match (subject, name) {
            (Some(subject), Some(name)) => LinkOwner::Person { subject, name },
            _ => LinkOwner::Class,
        },
        consent,
        created,
        expires,
        revoked,
    })
}

pub(super) fn lesson_key(
    tenant: TenantId,
    room: RoomId,
    lesson: i64,
) -> Result<LessonKey, CatalogueError> {
    let lesson = u32::try_from(lesson).map_err(|_damaged| CatalogueError::Unreadable)?;
    Ok(LessonKey { tenant, room, lesson })
}

fn role_named(name: &str) -> Option<Role> {
    use Role::{Guest, Interpreter, Observer, Presenter, Pupil, Teacher};
    let all = [Teacher, Presenter, Pupil, Guest, Interpreter, Observer];
    all.into_iter().find(|role| role_name(*role) == name)
}

/// Roles as they are stored.
fn role_name(role: Role) -> &'static str {
    match role {
        Role::Teacher => "teacher",
        Role::Presenter => "presenter",
        Role::Pupil => "pupil",
        Role::Guest => "guest",
        Role::Interpreter => "interpreter",
        Role::Observer => "observer",
    }
}
