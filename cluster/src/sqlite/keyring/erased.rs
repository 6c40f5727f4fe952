//! Who was erased: destroys all keys of a person, and remembers that it was done.
//!
//! Invariant: keys are destroyed and the erasure is remembered in one transaction. Of the person
//! there stays a hash of the subject, by which a store that is put back from a copy is brought to
//! the erasure again, and the numbers, by which lessons that run drop what they hold in memory.
//! Left out on purpose: a secret in that hash, which would lie beside it. Whoever has the file can
//! try subjects, and learns of one whether it was erased.

use aws_lc_rs::digest::{SHA256, digest};

use super::{
    Keyring, KeyringError, LessonKey, ParticipantNo, RoomId, SqliteArguments, TenantId, bind,
    query_as,
};
use crate::ErasedPerson;
use crate::sqlite::keyring::Seat;

/// Whose texts belong to nobody: answers to polls in own words. They are erased with everyone
/// who may have given them.
const NOBODY: ParticipantNo = ParticipantNo(0);

/// Room, lesson and number of a seat.
pub(in super::super) type SeatRow = (String, i64, i64);

/// Someone who was erased.
pub(in super::super) struct Erased {
    /// Counts from 1.
    pub(in super::super) id: i64,
    pub(in super::super) tenant: TenantId,
    pub(in super::super) digest: Vec<u8>,
}

/// What is kept of a subject.
pub(in super::super) fn digest_of(tenant: &TenantId, subject: &str) -> Vec<u8> {
    digest(&SHA256, format!("erased\0{tenant}\0{subject}").as_bytes()).as_ref().to_vec()
}

impl Keyring {
    /// Destroys all keys of a person, those of the name and of lessons, in which the store knows
    /// these numbers. Returns which numbers the person had in all, and [`NOBODY`] of the same
    /// lessons.
    pub(in super::super) async fn destroy_person(
        &self,
        tenant: &TenantId,
        subject: &str,
        known: Vec<SeatRow>,
    ) -> Result<Vec<Seat>, KeyringError> {
        let mut writing = self.writing().await;
        writing.cache.forget_tenant(tenant);
        let mut values = SqliteArguments::default();
        let (school, digest) = (tenant.as_str().to_owned(), digest_of(tenant, subject));
        for _ in 0..2 {
            bind(&mut values, school.clone())?;
            bind(&mut values, digest.clone())?;
        }
        bind(&mut values, school.clone())?;
        bind(&mut values, subject.to_owned())?;
        bind(&mut values, serde_json::json!(known).to_string())?;
        bind(&mut values, i64::from(NOBODY.0))?;
        bind(&mut values, school.clone())?;
        for _ in 0..2 {
            bind(&mut values, school.clone())?;
            bind(&mut values, subject.to_owned())?;
        }
        let rows: Vec<SeatRow> = writing.transaction(DESTROY, values).await?;
        writing.empty_log().await?;
        Ok(rows.into_iter().filter_map(|row| seat(tenant, row)).collect())
    }

    /// Destroys keys of someone who was erased before, of numbers that only a copy of the store
    /// knew.
    pub(in super::super) async fn destroy_later_found(
        &self,
        erased: &Erased,
        found: &[SeatRow],
    ) -> Result<(), KeyringError> {
        let mut writing = self.writing().await;
        writing.cache.forget_tenant(&erased.tenant);
        let found = serde_json::json!(found).to_string();
        let mut values = SqliteArguments::default();
        bind(&mut values, erased.id)?;
        bind(&mut values, found.clone())?;
        bind(&mut values, erased.tenant.as_str().to_owned())?;
        bind(&mut values, found)?;
        let _none: Vec<(i64,)> = writing.transaction(DESTROY_FOUND, values).await?;
        writing.empty_log().await
    }

    /// Whether somebody of this school was erased.
    pub(in super::super) async fn was_erased(
        &self,
        tenant: &TenantId,
        subject: &str,
    ) -> Result<bool, sqlx::Error> {
        let (was,) =
            query_as("SELECT EXISTS (SELECT 1 FROM erased WHERE tenant = ? AND digest = ?)")
                .bind(tenant.as_str())
                .bind(digest_of(tenant, subject))
                .fetch_one(&mut *self.reading.lock().await)
                .await?;
        Ok(was)
    }

    /// The last one who was erased; 0 if nobody was.
    pub(in super::super) async fn last_erased(&self) -> Result<i64, sqlx::Error> {
        let (last,) = query_as("SELECT coalesce(max(id), 0) FROM erased")
            .fetch_one(&mut *self.reading.lock().await)
            .await?;
        Ok(last)
    }

    /// Who was erased after this one, oldest first.
    pub(in super::super) async fn erased_after(
        &self,
        id: i64,
    ) -> Result<Vec<Erased>, KeyringError> {
        let rows: Vec<(i64, String, Vec<u8>)> =
            query_as("SELECT id, tenant, digest FROM erased WHERE id > ? ORDER BY id")
                .bind(id)
                .fetch_all(&mut *self.reading.lock().await)
                .await?;
        let read = |(id, tenant, digest): (i64, String, Vec<u8>)| {
            Some(Erased { id, tenant: TenantId::parse(&tenant)?, digest })
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// Who was erased, with the numbers they had. Keys of those lessons are read anew from then on:
    /// another process may have destroyed them.
    pub(in super::super) async fn erased_people(
        &self,
        after: i64,
    ) -> Result<Vec<ErasedPerson>, KeyringError> {
        let mut people = Vec::new();
        for Erased { id, tenant, .. } in self.erased_after(after).await? {
            let rows: Vec<SeatRow> =
                query_as("SELECT room, lesson, owner FROM erased_seats WHERE erasure = ?")
                    .bind(id)
                    .fetch_all(&mut *self.reading.lock().await)
                    .await?;
            let seats: Vec<Seat> = rows.into_iter().filter_map(|row| seat(&tenant, row)).collect();
            let mut writing = self.writing().await;
            seats.iter().for_each(|(lesson, _)| writing.cache.forget(lesson));
            people.push(ErasedPerson { id, seats });
        }
        Ok(people)
    }
}

fn seat(tenant: &TenantId, (room, lesson, owner): SeatRow) -> Option<Seat> {
    let (room, lesson) = (RoomId::parse(&room)?, u32::try_from(lesson).ok()?);
    let lesson = LessonKey { tenant: tenant.clone(), room, lesson };
    Some((lesson, ParticipantNo(u32::try_from(owner).ok()?)))
}

/// A row of keys keeps its size, so that it is overwritten in place; so does the subject in it.
/// Who was erased before and has texts again, because they were still in the lesson, is found by
/// the numbers of then.
const DESTROY: &str = "
    INSERT INTO erased (tenant, digest) VALUES (?, ?);
    INSERT OR IGNORE INTO erased_seats
        SELECT (SELECT max(id) FROM erased), room, lesson, owner
        FROM erased_seats JOIN erased ON erased.id = erasure WHERE tenant = ? AND digest = ?;
    INSERT OR IGNORE INTO erased_seats
        SELECT (SELECT max(id) FROM erased), room, lesson, owner
        FROM seats WHERE tenant = ? AND subject = ?;
    INSERT OR IGNORE INTO erased_seats
        SELECT (SELECT max(id) FROM erased), value ->> 0, value ->> 1, value ->> 2 FROM json_each(?);
    INSERT OR IGNORE INTO erased_seats
        SELECT erasure, room, lesson, ? FROM erased_seats
        WHERE erasure = (SELECT max(id) FROM erased);
    UPDATE keys SET dead = 1, key = zeroblob(32)
        WHERE tenant = ? AND dead = 0 AND (room, lesson, owner) IN
        (SELECT room, lesson, owner FROM erased_seats
         WHERE erasure = (SELECT max(id) FROM erased));
    UPDATE names SET dead = 1, key = zeroblob(32),
        subject = substr(hex(zeroblob(octet_length(subject))), 1, octet_length(subject))
        WHERE tenant = ? AND subject = ? AND dead = 0;
    DELETE FROM seats WHERE tenant = ? AND subject = ?;
    SELECT room, lesson, owner FROM erased_seats WHERE erasure = (SELECT max(id) FROM erased);";

/// The same for numbers that were found later.
const DESTROY_FOUND: &str = "
    INSERT OR IGNORE INTO erased_seats
        SELECT ?, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?);
    UPDATE keys SET dead = 1, key = zeroblob(32)
        WHERE tenant = ? AND dead = 0 AND (room, lesson, owner) IN
        (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?));";
