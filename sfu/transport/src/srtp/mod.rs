//! SRTP and SRTCP (RFC 3711, RFC 7714) on aws-lc-rs, in place.
//!
//! [`Session`] holds both directions of one transport. Invariants: nothing is released before it
//! is authenticated; no state is made for a stream before its first authentic packet; no packet
//! index is ever used twice with one key, in neither direction.
//! Left out on purpose: rekeying, MKI and unencrypted SRTCP; WebRTC uses none of them.

mod cm;
mod context;
mod gcm;
mod header;
mod index;
mod keys;

pub(crate) use context::{Session, UnprotectError};

/// SRTP protection profiles we agree to, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SrtpProfile {
    /// RFC 7714.
    AeadAes128Gcm,
    /// RFC 3711, the profile every WebRTC endpoint has.
    Aes128CmSha1_80,
}

impl SrtpProfile {
    /// The name as IANA registered it for DTLS-SRTP, for metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AeadAes128Gcm => "SRTP_AEAD_AES_128_GCM",
            Self::Aes128CmSha1_80 => "SRTP_AES128_CM_HMAC_SHA1_80",
        }
    }

    /// Length of the master salt, in bytes (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
    const fn salt_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm => 12,
            Self::Aes128CmSha1_80 => 14,
        }
    }

    /// How many bytes DTLS must export: two master keys, then two master salts.
    pub(crate) const fn keying_material_len(self) -> usize {
        2 * MASTER_KEY_LEN + 2 * self.salt_len()
    }
}

/// The crypto library refused something it never should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the crypto library refused")]
pub(crate) struct CryptoFailure;

/// Length of a master key of either profile, in bytes.
const MASTER_KEY_LEN: usize = 16;

/// Bit 31 of the SRTCP index word: the packet is encrypted (RFC 3711 section 3.4).
const SRTCP_ENCRYPTED: u32 = 1 << 31;

/// The SRTCP index word, in bytes.
const SRTCP_INDEX_LEN: usize = 4;

/// What SRTCP leaves in clear: the first header and SSRC, in bytes.
const SRTCP_CLEAR_LEN: usize = 8;
