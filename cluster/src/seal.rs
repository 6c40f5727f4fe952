//! Seals what people wrote and what they are called: AES-256-GCM under a key of their own.
//!
//! Invariant: what is sealed opens only with its key and only in its place: tenant, room, lesson,
//! number and owner are authenticated with it, so that a text moved to another row does not open.
//! Nonces are random; one key seals the texts of one person in one lesson, which are far fewer
//! than the 2^32 that random nonces allow (NIST SP 800-38D, 8.3).
//! Left out on purpose: where keys are kept (`sqlite/keyring`).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use kreide_control::{LessonKey, ParticipantNo, TenantId};

/// A key of one person. It has no `Debug`, so that it cannot reach a log.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key([u8; Self::LEN]);

/// The place that a sealed text belongs to.
pub(crate) enum Place<'a> {
    /// A payload of a lesson.
    Text { lesson: &'a LessonKey, id: u64, owner: ParticipantNo },
    /// A name of the catalogue.
    Name { tenant: &'a TenantId, subject: &'a str },
}

impl Key {
    /// Bytes of a key.
    pub(crate) const LEN: usize = 32;

    /// A new key.
    pub(crate) fn random() -> Result<Self, Unspecified> {
        let mut bytes = [0; Self::LEN];
        rand::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// A stored key; `None` if these are no 32 bytes.
    pub(crate) fn stored(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.try_into().ok()?))
    }

    /// The key, to be stored.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Seals a text: version, nonce, cipher text, tag.
    pub(crate) fn seal(&self, place: &Place<'_>, text: &str) -> Result<Vec<u8>, Unspecified> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce)?;
        let mut sealed = Vec::with_capacity(HEAD + text.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(text.as_bytes());
        let tag = self.cipher()?.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place.bytes()),
            &mut sealed[HEAD..],
        )?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what [`Self::seal`] gave. `None`: not sealed by this key, not in this place, or
    /// damaged. Whoever reads cannot tell, and need not: it is gone.
    pub(crate) fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Option<String> {
        let (head, body) = sealed.split_at_checked(HEAD)?;
        let (version, nonce) = head.split_first()?;
        let nonce = (*version == VERSION).then(|| Nonce::try_assume_unique_for_key(nonce))?.ok()?;
        let mut body = body.to_vec();
        let aad = Aad::from(place.bytes());
        let length = self.cipher().ok()?.open_in_place(nonce, aad, &mut body).ok()?.len();
        body.truncate(length);
        String::from_utf8(body).ok()
    }

    fn cipher(&self) -> Result<LessSafeKey, Unspecified> {
        Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.0)?))
    }
}

impl Place<'_> {
    /// One text for one place: ids hold no NUL, numbers have a fixed length.
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text { lesson, id, owner } => {
                let mut bytes = format!("text\0{}\0{}\0", lesson.tenant, lesson.room).into_bytes();
                bytes.extend_from_slice(&lesson.lesson.to_be_bytes());
                bytes.extend_from_slice(&id.to_be_bytes());
                bytes.extend_from_slice(&owner.0.to_be_bytes());
                bytes
            }
            Self::Name { tenant, subject } => format!("name\0{tenant}\0{subject}").into_bytes(),
        }
    }
}

/// The first byte of what is sealed: how.
const VERSION: u8 = 1;
/// Bytes before the cipher text.
const HEAD: usize = 1 + NONCE_LEN;

#[cfg(test)]
mod tests {
    use kreide_control::RoomId;

    use super::*;

    fn lesson(tenant: &str, room: &str, lesson: u32) -> LessonKey {
        let (tenant, room) = (TenantId::parse(tenant).unwrap(), RoomId::parse(room).unwrap());
        LessonKey { tenant, room, lesson }
    }

    fn text(lesson: &LessonKey, id: u64, owner: u32) -> Place<'_> {
        Place::Text { lesson, id, owner: ParticipantNo(owner) }
    }

    #[test]
    fn opens_in_its_place_alone() {
        let key = Key::random().unwrap();
        let own = lesson("school", "7b", 1);
        let sealed = key.seal(&text(&own, 1, 2), "canary").unwrap();
        let others =
            [lesson("schoo", "7b", 1), lesson("school", "7", 1), lesson("school", "7b", 2)];
        let rows = [
            (text(&own, 1, 2), true),
            (text(&own, 2, 2), false),
            (text(&own, 1, 1), false),
            (text(&others[0], 1, 2), false),
            (text(&others[1], 1, 2), false),
            (text(&others[2], 1, 2), false),
            (Place::Name { tenant: &own.tenant, subject: "2" }, false),
        ];
        for (number, (place, opens)) in rows.iter().enumerate() {
            let expected = opens.then(|| "canary".to_owned());
            assert_eq!(key.open(place, &sealed), expected, "row {number}");
        }
        assert_eq!(Key::random().unwrap().open(&text(&own, 1, 2), &sealed), None, "another key");
    }

    #[test]
    fn nothing_damaged_opens() {
        let key = Key::random().unwrap();
        let own = lesson("school", "7b", 1);
        for canary in ["", "canary", "“Grüße” 🙂\0"] {
            let sealed = key.seal(&text(&own, 1, 2), canary).unwrap();
            assert_eq!(key.open(&text(&own, 1, 2), &sealed).as_deref(), Some(canary));
            for at in 0..sealed.len() {
                let mut damaged = sealed.clone();
                damaged[at] ^= 1;
                assert_eq!(key.open(&text(&own, 1, 2), &damaged), None, "byte {at}");
                assert_eq!(key.open(&text(&own, 1, 2), &sealed[..at]), None, "cut at {at}");
            }
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_alike() {
        let key = Key::random().unwrap();
        let own = lesson("school", "7b", 1);
        let seal = || key.seal(&text(&own, 1, 2), "canary").unwrap();
        assert_ne!(seal(), seal());
    }
}
