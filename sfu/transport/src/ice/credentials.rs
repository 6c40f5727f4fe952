//! Short-term credentials of one ICE generation.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};

use super::stun::BindingRequest;

/// Both username fragments and the key that authenticates checks sent to us.
pub(crate) struct Credentials {
    ufrag: String,
    /// What USERNAME must be in checks sent to us: `ours:theirs`.
    username: String,
    /// Our password as a key. Requests to us and our replies are both keyed with it (RFC 8445
    /// section 7.2.2, RFC 8489 section 9.1.4).
    key: hmac::Key,
    /// The peer's, for what we ask and it answers. Made when it is needed.
    remote_password: String,
}

/// Our freshly drawn fragment and password.
pub(crate) struct LocalSecret {
    pub(crate) ufrag: String,
    pub(crate) password: String,
}

impl LocalSecret {
    /// Draws 96 random bits of fragment and 192 of password; `None` if the system has no
    /// randomness.
    pub(crate) fn generate() -> Option<Self> {
        let mut bytes = [0; UFRAG_CHARS + PASSWORD_CHARS];
        SystemRandom::new().fill(&mut bytes).ok()?;
        let text: String =
            bytes.iter().map(|byte| char::from(ICE_CHARS[usize::from(byte % 64)])).collect();
        let (ufrag, password) = text.split_at(UFRAG_CHARS);
        Some(Self { ufrag: ufrag.to_owned(), password: password.to_owned() })
    }
}

impl Credentials {
    pub(crate) fn new(local: &LocalSecret, remote_ufrag: &str, remote_password: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, local.password.as_bytes());
        Self {
            ufrag: local.ufrag.clone(),
            username: format!("{}:{remote_ufrag}", local.ufrag),
            key,
            remote_password: remote_password.to_owned(),
        }
    }

    pub(crate) fn ufrag(&self) -> &str {
        &self.ufrag
    }

    /// Whether these are with a peer of this fragment.
    pub(crate) fn is_with(&self, remote_ufrag: &str) -> bool {
        self.username.split_once(':').is_some_and(|(_, remote)| remote == remote_ufrag)
    }

    pub(super) fn key(&self) -> &hmac::Key {
        &self.key
    }

    /// The key of requests to the peer and of its replies.
    pub(super) fn remote_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.remote_password.as_bytes())
    }

    /// What USERNAME must be in checks that we send: `theirs:ours`.
    pub(super) fn remote_username(&self) -> String {
        let remote = self.username.split_once(':').map_or("", |(_, remote)| remote);
        format!("{remote}:{}", self.ufrag)
    }

    /// Whether a request bears our username and a valid MESSAGE-INTEGRITY.
    pub(super) fn accept(&self, request: &BindingRequest<'_>) -> bool {
        request.username == self.username.as_bytes() && request.is_authentic(&self.key)
    }
}

/// 6 bits each.
const UFRAG_CHARS: usize = 16;
const PASSWORD_CHARS: usize = 32;

/// The `ice-char`s of RFC 8839 section 5.4; 64 of them, so that a byte modulo 64 is uniform.
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
