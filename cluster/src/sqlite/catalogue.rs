//! [`Catalogue`] on SQLite: lessons here, everything else in a file of its own.
//!
//! Invariant: every statement that a request causes names the tenant, also where the rest of the
//! key would be unique.
//! Left out on purpose: listing. Nothing that a browser can reach enumerates rooms or links. What
//! belongs to one room is listed.

use futures::future::BoxFuture;
use kreide_control::{LessonKey, RecordingId, Role, RoomId, TenantId};
use sqlx::{query, query_as};

use super::keyring::KeyringError;
use super::writer::{Erase, Job, key};
use super::{SqliteStore, groups, links, recordings, rooms, roster, sweeping, talks};
use crate::{
    Catalogue, CatalogueError, Door, ErasedPerson, Erasure, ExternalId, GroupSet, Link, LinkHash,
    Recording, RecordingSize, Room, RoomChange, RosterChange, RosterEntry, RosterImport, Talk,
    TalkList, Whom,
};

impl Catalogue for SqliteStore {
    fn ensure_room(&self, room: Room) -> BoxFuture<'static, Result<(), CatalogueError>> {
        Box::pin(rooms::ensure(self.pool.clone(), room))
    }

    fn put_room(&self, room: Room) -> BoxFuture<'static, Result<(), CatalogueError>> {
        Box::pin(rooms::put(self.pool.clone(), room))
    }

    fn room(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> BoxFuture<'static, Result<Option<Room>, CatalogueError>> {
        Box::pin(rooms::one(self.pool.clone(), tenant, room))
    }

    fn rooms(&self, tenant: TenantId) -> BoxFuture<'static, Result<Vec<Room>, CatalogueError>> {
        Box::pin(rooms::of_tenant(self.pool.clone(), tenant))
    }

    fn room_named(
        &self,
        tenant: TenantId,
        name: ExternalId,
    ) -> BoxFuture<'static, Result<Option<Room>, CatalogueError>> {
        Box::pin(rooms::named(self.pool.clone(), tenant, name))
    }

    fn add_link(&self, link: Link) -> BoxFuture<'static, Result<(), CatalogueError>> {
        Box::pin(links::add(self.pool.clone(), self.keyring.clone(), link))
    }

    fn link(
        &self,
        tenant: TenantId,
        hash: LinkHash,
    ) -> BoxFuture<'static, Result<Option<Link>, CatalogueError>> {
        Box::pin(links::one(self.pool.clone(), self.keyring.clone(), tenant, hash))
    }

    fn door(
        &self,
        tenant: TenantId,
        hash: LinkHash,
    ) -> BoxFuture<'static, Result<Option<Door>, CatalogueError>> {
        let (door, keyring) = (self.door.clone(), self.keyring.clone());
        Box::pin(async move { links::door(&door, &keyring, tenant, hash).await })
    }

    fn still_opens(
        &self,
        tenant: TenantId,
        room: RoomId,
        role: Role,
        subject: String,
        now: i64,
    ) -> BoxFuture<'static, Result<Option<Whom>, CatalogueError>> {
        let (pool, keyring) = (self.pool.clone(), self.keyring.clone());
        Box::pin(async move {
            let opens = links::still_opens(&pool, &tenant, &room, role, &subject, now).await?;
            match opens {
                Some(Whom::Anyone) if keyring.was_erased(&tenant, &subject).await? => Ok(None),
                opens => Ok(opens),
            }
        })
    }

    fn revoke_link(
        &self,
        tenant: TenantId,
        hash: LinkHash,
    ) -> BoxFuture<'static, Result<bool, CatalogueError>> {
        Box::pin(links::revoke(self.pool.clone(), tenant, hash))
    }

    fn revoke_links_of(
        &self,
        tenant: TenantId,
        subject: String,
    ) -> BoxFuture<'static, Result<u64, CatalogueError>> {
        Box::pin(links::revoke_of(self.pool.clone(), tenant, subject))
    }

    fn import_roster(
        &self,
        import: RosterImport,
    ) -> BoxFuture<'static, Result<Vec<RosterChange>, CatalogueError>> {
        Box::pin(roster::import(self.pool.clone(), self.keyring.clone(), import))
    }

    fn roster(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> BoxFuture<'static, Result<Vec<RosterEntry>, CatalogueError>> {
        Box::pin(roster::of_room(self.pool.clone(), self.keyring.clone(), tenant, room))
    }

    fn on_roster(
        &self,
        tenant: TenantId,
        room: RoomId,
        subject: String,
    ) -> BoxFuture<'static, Result<bool, CatalogueError>> {
        Box::pin(roster::has(self.pool.clone(), tenant, room, subject))
    }

    fn changed_rooms(
        &self,
        after: i64,
    ) -> BoxFuture<'static, Result<Vec<RoomChange>, CatalogueError>> {
        Box::pin(rooms::changed(self.pool.clone(), after))
    }

    fn set_talks(
        &self,
        tenant: TenantId,
        room: RoomId,
        list: TalkList,
    ) -> BoxFuture<'static, Result<bool, CatalogueError>> {
        Box::pin(talks::set(self.pool.clone(), self.keyring.clone(), tenant, room, list))
    }

    fn talks(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> BoxFuture<'static, Result<Vec<Talk>, CatalogueError>> {
        Box::pin(talks::of_room(self.pool.clone(), self.keyring.clone(), tenant, room))
    }

    fn put_group_set(
        &self,
        tenant: TenantId,
        room: RoomId,
        set: GroupSet,
    ) -> BoxFuture<'static, Result<(), CatalogueError>> {
        Box::pin(groups::put(self.pool.clone(), tenant, room, set))
    }

    fn group_sets(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> BoxFuture<'static, Result<Vec<GroupSet>, CatalogueError>> {
        Box::pin(groups::of_room(self.pool.clone(), tenant, room))
    }

    fn delete_group_set(
        &self,
        tenant: TenantId,
        room: RoomId,
        name: String,
    ) -> BoxFuture<'static, Result<bool, CatalogueError>> {
        Box::pin(groups::delete(self.pool.clone(), tenant, room, name))
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

    fn erase_person(
        &self,
        tenant: TenantId,
        subject: String,
    ) -> BoxFuture<'static, Result<Erasure, CatalogueError>> {
        let store = self.clone();
        Box::pin(async move {
            let erased = store.ask(|to| Job::Erase(Erase::Person(tenant, subject, to))).await;
            let texts = erased.map_err(|_logged| CatalogueError::Unavailable)?;
            Ok(Erasure { texts, ..sweeping::run_on(&store.pool, &store.keyring).await? })
        })
    }

    fn erased_people(&self) -> BoxFuture<'static, Result<Vec<ErasedPerson>, CatalogueError>> {
        let store = self.clone();
        Box::pin(async move {
            let (seen,) = query_as("SELECT lessons FROM swept").fetch_one(&store.pool).await?;
            Ok(store.keyring.erased_people(seen).await?)
        })
    }

    fn person_left_lessons(&self, id: i64) -> BoxFuture<'static, Result<(), CatalogueError>> {
        let pool = self.pool.clone();
        Box::pin(async move {
            query("UPDATE swept SET lessons = max(lessons, ?)").bind(id).execute(&pool).await?;
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

impl From<KeyringError> for CatalogueError {
    fn from(error: KeyringError) -> Self {
        tracing::error!(%error, "names of the catalogue cannot be sealed or opened");
        Self::Unavailable
    }
}

pub(super) fn lesson_key(
    tenant: TenantId,
    room: RoomId,
    lesson: i64,
) -> Result<LessonKey, CatalogueError> {
    let lesson = u32::try_from(lesson).map_err(|_damaged| CatalogueError::Unreadable)?;
    Ok(LessonKey { tenant, room, lesson })
}
