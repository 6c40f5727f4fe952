//! What all transports of a shard share.
//!
//! Everything costly that does not depend on the peer is made here once: certificate,
//! fingerprint, crypto provider. A join then only copies references.

use std::net::SocketAddr;
use std::sync::Arc;

use aws_lc_rs::digest;
use rtc_crypto::RTCCryptoProvider;
use rtc_crypto::providers::AwsLcRsProvider;
use rtc_dtls::crypto::Certificate;

use crate::sdp::{Fingerprint, HashName};

/// Certificate, fingerprint and candidates shared by the transports of a shard.
pub struct TransportConfig {
    pub(crate) provider: Arc<dyn RTCCryptoProvider>,
    pub(crate) certificate: Certificate,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) candidates: Vec<SocketAddr>,
}

impl TransportConfig {
    /// Generates a certificate (ECDSA P-256, self-signed). `candidates` are announced as host
    /// candidates with decreasing priority, in this order.
    ///
    /// # Errors
    /// [`TransportError`] if no certificate can be made or `candidates` is empty.
    pub fn new(candidates: Vec<SocketAddr>) -> Result<Self, TransportError> {
        if candidates.is_empty() {
            return Err(TransportError::NoCandidates);
        }
        let provider: Arc<dyn RTCCryptoProvider> = Arc::new(AwsLcRsProvider::new());
        // The name says nothing on purpose: the certificate crosses the network in clear.
        let certificate =
            Certificate::generate_self_signed(["kreide".to_owned()], provider.crypto())
                .map_err(|error| TransportError::Crypto(error.to_string()))?;
        let der = certificate.certificate.first().ok_or_else(|| {
            TransportError::Crypto("the generated certificate chain is empty".to_owned())
        })?;
        let hash = digest::digest(&digest::SHA256, der);
        let fingerprint = Fingerprint { hash: HashName::Sha256, digest: hash.as_ref().to_vec() };
        Ok(Self { provider, certificate, fingerprint, candidates })
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
