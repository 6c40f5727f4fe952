//! Keys of people in lessons.
//!
//! Invariant: a key is made once for each person and lesson. Who comes back after being erased
//! gets a new one, which opens nothing of before. Numbers are given in order, so that keys are made
//! ahead: a class that comes at once pays for a few transactions, not for one each.
//! Left out on purpose: the sealed texts, which stand in the store.

use super::cache::{People, Wanted};
use super::{
    CACHED, Keyring, KeyringError, LessonKey, ParticipantNo, SealedText, SqliteArguments,
    SqliteConnection, Writing, bind, key, query_as,
};
use crate::seal::{Key, Place};
use crate::{Append, Payload, Whose};

/// A number that a person had in a lesson.
pub(in super::super) type Seat = (LessonKey, ParticipantNo);

impl Keyring {
    /// Seals the texts of many appends, in their order. Keys that are missing are made first, all
    /// in one transaction; if that fails, so do the appends that need them, and no other.
    pub(in super::super) async fn seal_texts(
        &self,
        appends: &[&Append],
    ) -> Vec<Result<Vec<SealedText>, KeyringError>> {
        let mut writing = self.writing().await;
        let personal = appends.iter().filter(|append| !append.payloads.is_empty());
        if let Err(error) = writing.provide(personal).await {
            tracing::error!(%error, "keys of people cannot be made");
        }
        let sealed = appends.iter().map(|append| writing.cache.seal(append)).collect();
        writing.cache.trim(CACHED);
        sealed
    }

    /// Opens the texts of a lesson. Those without a key are erased, and missing in what is
    /// returned.
    pub(in super::super) async fn open_texts(
        &self,
        lesson: &LessonKey,
        sealed: Vec<SealedText>,
    ) -> Result<Vec<Payload>, KeyringError> {
        if sealed.is_empty() {
            return Ok(Vec::new());
        }
        let people = read(&mut *self.reading.lock().await, lesson).await?;
        let open = |SealedText { id, owner, body }| {
            let text = people.get(&owner)?.open(&Place::Text { lesson, id, owner }, &body)?;
            Some(Payload { id, owner, text })
        };
        Ok(sealed.into_iter().filter_map(open).collect())
    }

    /// Destroys keys of a lesson.
    pub(in super::super) async fn destroy(
        &self,
        lesson: &LessonKey,
        whose: Whose,
    ) -> Result<(), KeyringError> {
        let mut writing = self.writing().await;
        writing.cache.forget(lesson);
        let mut values = SqliteArguments::default();
        let mut text =
            format!("{DESTROY} WHERE tenant = ? AND room = ? AND lesson = ? AND dead = 0");
        bind_key(&mut values, lesson)?;
        match whose {
            Whose::One(person) => {
                text.push_str(" AND owner = ?;");
                bind(&mut values, i64::from(person.0))?;
            }
            Whose::Everyone => {
                text.push_str(";DELETE FROM seats WHERE tenant = ? AND room = ? AND lesson = ?;");
                bind_key(&mut values, lesson)?;
            }
        }
        let _none: Vec<(i64,)> = writing.transaction(&text, values).await?;
        writing.empty_log().await
    }
}

impl Writing {
    /// Makes what appends need and the file does not have.
    async fn provide<'a>(
        &mut self,
        appends: impl Iterator<Item = &'a &'a Append> + Clone,
    ) -> Result<(), KeyringError> {
        for append in appends.clone() {
            if !self.cache.knows(&append.lesson) {
                let people = read(&mut self.connection, &append.lesson).await?;
                self.cache.learn(append.lesson.clone(), people);
            }
        }
        for wanted in self.cache.wants(appends).chunks(CHUNK) {
            self.make(wanted).await?;
        }
        Ok(())
    }

    /// Makes keys in one transaction.
    async fn make(&mut self, wanted: &[Wanted]) -> Result<(), KeyringError> {
        let mut keys = Vec::with_capacity(wanted.len() * Key::LEN);
        for _ in wanted {
            let new = Key::random().map_err(|_cipher| KeyringError::Cipher)?;
            keys.extend_from_slice(new.bytes());
        }
        let place = |(lesson, owner): &Wanted| {
            let (tenant, room, number) = key(lesson);
            serde_json::json!([tenant, room, number, owner.0])
        };
        let places = wanted.iter().map(place).collect::<serde_json::Value>().to_string();
        let mut values = SqliteArguments::default();
        bind(&mut values, keys)?;
        bind(&mut values, places.clone())?;
        bind(&mut values, places)?;
        let rows: Vec<(i64, Vec<u8>)> = self.transaction(MAKE, values).await?;
        for (at, bytes) in rows {
            let wanted = usize::try_from(at).ok().and_then(|at| wanted.get(at));
            if let (Some((lesson, owner)), Some(key)) = (wanted, Key::stored(&bytes)) {
                self.cache.add(lesson, *owner, key);
            }
        }
        Ok(())
    }
}

/// All keys of a lesson.
async fn read(
    connection: &mut SqliteConnection,
    lesson: &LessonKey,
) -> Result<People, sqlx::Error> {
    let (tenant, room, number) = key(lesson);
    let rows: Vec<(i64, Vec<u8>)> = query_as(
        "SELECT owner, key FROM keys WHERE tenant = ? AND room = ? AND lesson = ? AND dead = 0",
    )
    .bind(tenant)
    .bind(room)
    .bind(number)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().filter_map(person).collect())
}

fn person((owner, key): (i64, Vec<u8>)) -> Option<(ParticipantNo, Key)> {
    Some((ParticipantNo(u32::try_from(owner).ok()?), Key::stored(&key)?))
}

fn bind_key(values: &mut SqliteArguments, lesson: &LessonKey) -> Result<(), sqlx::Error> {
    let (tenant, room, number) = key(lesson);
    bind(values, tenant.to_owned())?;
    bind(values, room.to_owned())?;
    bind(values, number)
}

/// Keys of one transaction.
const CHUNK: usize = 500;
/// What stands there counts, whoever wrote it.
const MAKE: &str = "
    INSERT INTO keys (tenant, room, lesson, owner, key)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, substr(?, one.key * 32 + 1, 32)
        FROM json_each(?) one WHERE true ON CONFLICT DO NOTHING;
    SELECT one.key, keys.key FROM json_each(?) one CROSS JOIN keys
        ON tenant = value ->> 0 AND room = value ->> 1 AND lesson = value ->> 2
        AND owner = value ->> 3 AND dead = 0;";
/// The row keeps its size, so that it is overwritten in place.
const DESTROY: &str = "UPDATE keys SET dead = 1, key = zeroblob(32)";
