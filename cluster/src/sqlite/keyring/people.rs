//! Keys of people in lessons.
//!
//! Invariant: a key is made once for each person and lesson. Who comes back after being erased
//! gets a new one, which opens nothing of before.
//! Left out on purpose: the sealed texts, which stand in the store.

use super::cache::{Held, People, Wanted};
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
        let personal = |append: &&&Append| !append.payloads.is_empty() || !append.seats.is_empty();
        if let Err(error) = writing.provide(appends.iter().filter(personal)).await {
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
            let text = people.get(&owner)?.key.open(&Place::Text { lesson, id, owner }, &body)?;
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
        let wanted: Vec<Wanted> = appends.flat_map(|append| self.cache.wants(append)).collect();
        for wanted in wanted.chunks(CHUNK) {
            self.make(wanted).await?;
        }
        Ok(())
    }

    /// Makes keys in one transaction.
    async fn make(&mut self, wanted: &[Wanted]) -> Result<(), KeyringError> {
        let (mut text, mut values) = (String::new(), SqliteArguments::default());
        for (place, wanted) in (0_i64..).zip(wanted) {
            let new = Key::random().map_err(|_cipher| KeyringError::Cipher)?;
            let owner = i64::from(wanted.owner.0);
            text.push_str(
                "INSERT INTO keys (tenant, room, lesson, owner, key) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT DO NOTHING;",
            );
            bind_key(&mut values, &wanted.lesson)?;
            bind(&mut values, owner)?;
            bind(&mut values, new.bytes().to_vec())?;
            if let Some(subject) = &wanted.subject {
                text.push_str("INSERT OR IGNORE INTO seats VALUES (?, ?, ?, ?, ?);");
                bind_key(&mut values, &wanted.lesson)?;
                bind(&mut values, owner)?;
                bind(&mut values, subject.clone())?;
            }
            // What stands there counts, whoever wrote it.
            text.push_str(
                "SELECT ?, key FROM keys
                 WHERE tenant = ? AND room = ? AND lesson = ? AND owner = ? AND dead = 0;",
            );
            bind(&mut values, place)?;
            bind_key(&mut values, &wanted.lesson)?;
            bind(&mut values, owner)?;
        }
        let rows: Vec<(i64, Vec<u8>)> = self.transaction(&text, values).await?;
        for (place, bytes) in rows {
            let wanted = usize::try_from(place).ok().and_then(|place| wanted.get(place));
            if let (Some(wanted), Some(key)) = (wanted, Key::stored(&bytes)) {
                self.cache.add(wanted.clone(), key);
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
    let rows: Vec<(i64, Vec<u8>, bool)> = query_as(
        "SELECT owner, key, subject IS NOT NULL
         FROM keys LEFT JOIN seats USING (tenant, room, lesson, owner)
         WHERE keys.tenant = ? AND keys.room = ? AND keys.lesson = ? AND dead = 0",
    )
    .bind(tenant)
    .bind(room)
    .bind(number)
    .fetch_all(connection)
    .await?;
    let person = |(owner, bytes, seated): (i64, Vec<u8>, bool)| {
        let owner = ParticipantNo(u32::try_from(owner).ok()?);
        Some((owner, Held { key: Key::stored(&bytes)?, seated }))
    };
    Ok(rows.into_iter().filter_map(person).collect())
}

fn bind_key(values: &mut SqliteArguments, lesson: &LessonKey) -> Result<(), sqlx::Error> {
    let (tenant, room, number) = key(lesson);
    bind(values, tenant.to_owned())?;
    bind(values, room.to_owned())?;
    bind(values, number)
}

/// Keys of one transaction: SQLite takes no more than 32,766 values.
const CHUNK: usize = 500;
/// The row keeps its size, so that it is overwritten in place.
const DESTROY: &str = "UPDATE keys SET dead = 1, key = zeroblob(32)";
