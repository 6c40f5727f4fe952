//! Random secrets and what is kept of them.
//!
//! Invariant: a secret has 128 random bits; what is stored is its SHA-256. A plain hash suffices
//! for a secret that cannot be guessed; slow hashes are for passwords.
//! Left out on purpose: signatures, which are in `tokens`.

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Characters of a secret as text.
const CHARS: usize = 22;

/// 128 random bits as text of the alphabet `A-Z a-z 0-9 _ -`.
pub(crate) fn random() -> String {
    let mut bits = [0; 16];
    rand::fill(&mut bits).expect("the system has random numbers");
    URL_SAFE_NO_PAD.encode(bits)
}

/// A random number that decides a lot.
pub(crate) fn number() -> u64 {
    let mut bits = [0; 8];
    rand::fill(&mut bits).expect("the system has random numbers");
    u64::from_le_bytes(bits)
}

/// What is stored of a secret. `None` if the text cannot be one.
pub(crate) fn hash(secret: &str) -> Option<[u8; 32]> {
    (secret.len() == CHARS).then(|| sha256(secret.as_bytes()))
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_only_their_length_is_hashed() {
        let (one, two) = (random(), random());
        assert_ne!(one, two);
        assert_ne!(hash(&one), hash(&two));
        for wrong in ["", "short", &format!("{one}A")] {
            assert_eq!(hash(wrong), None, "{wrong}");
        }
    }
}
