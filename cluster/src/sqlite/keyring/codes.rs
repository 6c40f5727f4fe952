//! Codes of people in the store, which has them instead of subjects.
//!
//! Invariant: a code is made of the person and the lesson by a secret of `keys.db`, so that a copy of
//! the store tells neither who somebody was nor in which lessons somebody was the same. Of whoever
//! was erased the digest is kept, which is enough to find their codes in any copy.
//! Left out on purpose: where the codes stand (`seats`).

use std::sync::Arc;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use aws_lc_rs::rand;

use super::{Keyring, SqliteConnection, query, query_as};

/// What the store has of a person in one lesson.
pub(in super::super) type PersonCode = [u8; 32];

/// Makes codes.
#[derive(Clone)]
pub(super) struct Codes(Arc<Key>);

impl Codes {
    /// With the secret of the file, which is made where it is missing.
    pub(super) async fn open(connection: &mut SqliteConnection) -> Result<Self, sqlx::Error> {
        let mut new = [0; 32];
        rand::fill(&mut new).map_err(|unspecified| sqlx::Error::Encode(Box::new(unspecified)))?;
        query("INSERT OR IGNORE INTO secrets (id, person) VALUES (1, ?)")
            .bind(new.as_slice())
            .execute(&mut *connection)
            .await?;
        let (secret,): (Vec<u8>,) =
            query_as("SELECT person FROM secrets").fetch_one(connection).await?;
        Ok(Self(Arc::new(Key::new(HMAC_SHA256, &secret))))
    }
}

impl Keyring {
    /// The code of a person, by [`super::digest_of`], in a lesson of their school.
    pub(in super::super) fn code(&self, digest: &[u8], room: &str, lesson: i64) -> PersonCode {
        // The digest has one length, and ids hold no NUL.
        let text = [digest, room.as_bytes(), b"\0", &lesson.to_be_bytes()].concat();
        let mut code = PersonCode::default();
        code.copy_from_slice(sign(&self.codes.0, &text).as_ref());
        code
    }
}
