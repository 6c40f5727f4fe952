//! Names of people in the catalogue: sealed under one key for each person of a school.
//!
//! Invariant: nothing is cached, so that what another process erased is erased here as well.
//! Left out on purpose: where the sealed names stand.

use std::collections::HashMap;

use kreide_control::TenantId;
use sqlx::query_as;
use sqlx::sqlite::SqliteArguments;

use super::{Keyring, KeyringError, bind};
use crate::seal::{Key, Place};

/// Names that are sealed or opened by one question.
const CHUNK: usize = 500;

impl Keyring {
    /// Seals the name of a person. Sealing it again after the person was erased makes a new key.
    ///
    /// # Errors
    /// [`KeyringError`]: nothing was sealed.
    pub async fn seal(
        &self,
        tenant: &TenantId,
        subject: &str,
        name: &str,
    ) -> Result<Vec<u8>, KeyringError> {
        let sealed = self.seal_all(tenant, &[(subject, name)]).await?;
        sealed.into_iter().next().ok_or(KeyringError::NoKey)
    }

    /// Seals many names, pairs of subject and name, in their order; keys that are missing are
    /// made five hundred in one transaction.
    ///
    /// # Errors
    /// [`KeyringError`]: nothing was sealed.
    pub async fn seal_all(
        &self,
        tenant: &TenantId,
        names: &[(&str, &str)],
    ) -> Result<Vec<Vec<u8>>, KeyringError> {
        let mut sealed = Vec::with_capacity(names.len());
        for names in names.chunks(CHUNK) {
            let subjects = || names.iter().map(|(subject, _)| *subject);
            let mut keys = self.name_keys(tenant, subjects()).await?;
            if subjects().any(|subject| !keys.contains_key(subject)) {
                let missing = subjects().filter(|subject| !keys.contains_key(*subject)).collect();
                self.make_name_keys(tenant, missing).await?;
                keys = self.name_keys(tenant, subjects()).await?;
            }
            for (subject, name) in names {
                let key = keys.get(*subject).ok_or(KeyringError::NoKey)?;
                let place = Place::Name { tenant, subject };
                sealed.push(key.seal(&place, name).map_err(|_cipher| KeyringError::Cipher)?);
            }
        }
        Ok(sealed)
    }

    /// Opens the name of a person; `None` if it was erased.
    ///
    /// # Errors
    /// [`KeyringError`] if the keys cannot be read.
    pub async fn open_name(
        &self,
        tenant: &TenantId,
        subject: &str,
        sealed: &[u8],
    ) -> Result<Option<String>, KeyringError> {
        Ok(self.open_all(tenant, &[(subject, sealed)]).await?.pop().flatten())
    }

    /// Opens many names, pairs of subject and sealed name, in their order.
    ///
    /// # Errors
    /// [`KeyringError`] if the keys cannot be read.
    pub async fn open_all(
        &self,
        tenant: &TenantId,
        sealed: &[(&str, &[u8])],
    ) -> Result<Vec<Option<String>>, KeyringError> {
        let mut names = Vec::with_capacity(sealed.len());
        for sealed in sealed.chunks(CHUNK) {
            let keys = self.name_keys(tenant, sealed.iter().map(|(subject, _)| *subject)).await?;
            names.extend(sealed.iter().map(|(subject, sealed)| {
                keys.get(*subject)?.open(&Place::Name { tenant, subject }, sealed)
            }));
        }
        Ok(names)
    }

    /// The keys that these people have.
    async fn name_keys(
        &self,
        tenant: &TenantId,
        subjects: impl Iterator<Item = &str>,
    ) -> Result<HashMap<String, Key>, KeyringError> {
        let subjects: Vec<&str> = subjects.collect();
        // One text for any number of people, so that it is prepared once. CROSS: those who are
        // asked for are looked up, where SQLite would go through all names of the school.
        let list = serde_json::to_string(&subjects).expect("texts are plain data");
        let rows: Vec<(String, Vec<u8>)> = query_as(
            "SELECT names.subject, names.key FROM json_each(?) part
             CROSS JOIN names ON names.tenant = ? AND names.subject = part.value AND dead = 0",
        )
        .bind(list)
        .bind(tenant.as_str())
        .fetch_all(&mut *self.reading.lock().await)
        .await?;
        let stored = |(subject, bytes): (String, Vec<u8>)| Some((subject, Key::stored(&bytes)?));
        Ok(rows.into_iter().filter_map(stored).collect())
    }

    async fn make_name_keys(
        &self,
        tenant: &TenantId,
        subjects: Vec<&str>,
    ) -> Result<(), KeyringError> {
        let (mut text, mut values) = (String::new(), SqliteArguments::default());
        for subject in subjects {
            let new = Key::random().map_err(|_cipher| KeyringError::Cipher)?;
            text.push_str(
                "INSERT INTO names (tenant, subject, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;",
            );
            bind(&mut values, tenant.as_str().to_owned())?;
            bind(&mut values, subject.to_owned())?;
            bind(&mut values, new.bytes().to_vec())?;
        }
        let _none: Vec<(i64,)> = self.writing().await.transaction(&text, values).await?;
        Ok(())
    }
}
