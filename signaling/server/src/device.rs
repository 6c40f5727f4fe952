//! Which browser somebody enters from, as far as a browser tells.
//!
//! Invariant: what the browser made stays with it; only its hash goes into a token.
//! Left out on purpose: proof. A browser may make another id at any time; then it is another one,
//! which the lobby is there for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::secret;

/// SHA-256 of the id that a browser keeps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Device(pub(crate) [u8; 32]);

impl Device {
    /// `None` if the text cannot be 128 bits in base64url.
    pub(crate) fn of(id: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(id).ok().filter(|bits| bits.len() == 16)?;
        Some(Self(secret::sha256(id.as_bytes())))
    }
}

impl Serialize for Device {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Device {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let hash = URL_SAFE_NO_PAD.decode(text).ok().and_then(|hash| hash.try_into().ok());
        hash.map(Self).ok_or_else(|| D::Error::custom("no hash"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_128_bits() {
        let (one, two) = (secret::random(), secret::random());
        assert!(Device::of(&one) == Device::of(&one) && Device::of(&one) != Device::of(&two));
        for wrong in ["", "short", &format!("{one}A"), "AAAAAAAAAAAAAAAAAAAA+A", &one[1..]] {
            assert!(Device::of(wrong).is_none(), "{wrong}");
        }
    }
}
