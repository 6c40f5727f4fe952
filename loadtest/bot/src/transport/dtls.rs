//! The DTLS client of one bot, up to the keys for SRTP.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use aws_lc_rs::digest::{SHA256, digest};
use rtc_crypto::RTCCryptoProvider;
use rtc_crypto::providers::AwsLcRsProvider;
use rtc_dtls::config::{ConfigBuilder, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;

use crate::BotError;

/// Certificate and library, shared by the bots of a process: what a browser makes once for a
/// connection would only slow the bots down.
pub(crate) struct Identity {
    pub(crate) provider: Arc<dyn RTCCryptoProvider>,
    config: Arc<HandshakeConfig>,
    pub(crate) fingerprint: String,
}

impl Identity {
    /// Makes a certificate.
    ///
    /// # Errors
    /// [`BotError::Media`] if the library refuses.
    pub(crate) fn new() -> Result<Self, BotError> {
        let failed = |error: &dyn std::fmt::Display| BotError::Media(error.to_string());
        let provider: Arc<dyn RTCCryptoProvider> = Arc::new(AwsLcRsProvider::new());
        let certificate = Certificate::generate_self_signed(["bot".to_owned()], provider.crypto())
            .map_err(|e| failed(&e))?;
        let der = certificate.certificate.first().ok_or_else(|| failed(&"no certificate"))?;
        let fingerprint = fingerprint(der);
        let config = ConfigBuilder::default()
            .with_crypto_provider(Arc::clone(&provider))
            .with_certificates(vec![certificate])
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
            // Its fingerprint is compared instead (RFC 8827 section 6.5).
            .with_insecure_skip_verify(true)
            .with_server_name("kreide".to_owned())
            .build(true, None)
            .map_err(|e| failed(&e))?;
        Ok(Self { provider, config: Arc::new(config), fingerprint })
    }
}

/// One handshake.
pub(crate) struct Dtls {
    endpoint: Endpoint,
    expected: String,
}

impl Dtls {
    /// Begins the handshake; what is to be sent comes by [`Self::poll_transmit`].
    pub(crate) fn connect(
        identity: &Identity,
        expected: &str,
        now: Instant,
    ) -> Result<Self, BotError> {
        let mut endpoint = Endpoint::new(SERVER, TransportProtocol::UDP, None);
        endpoint.connect(now, SERVER, Arc::clone(&identity.config), None).map_err(failed)?;
        Ok(Self { endpoint, expected: expected.to_owned() })
    }

    /// Takes a datagram. Returns the keying material when the handshake ends with it.
    pub(crate) fn handle(
        &mut self,
        datagram: &[u8],
        now: Instant,
    ) -> Result<Option<Vec<u8>>, BotError> {
        // A repeated or foreign record is an error of the library's, and none of the connection's.
        let events = self.endpoint.read(now, SERVER, None, datagram.into()).unwrap_or_default();
        for event in events {
            match event {
                EndpointEvent::HandshakeComplete => return self.export().map(Some),
                EndpointEvent::PeerClosed => {
                    return Err(BotError::Media("the server said goodbye".to_owned()));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.endpoint.poll_transmit().map(|datagram| datagram.message.to_vec())
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.endpoint.poll_timeout(&SERVER)
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Result<(), BotError> {
        self.endpoint.handle_timeout(SERVER, now).map_err(failed)
    }

    /// Says goodbye.
    pub(crate) fn close(&mut self, now: Instant) {
        // Whoever goes does not care.
        let _ = self.endpoint.close(now);
    }

    fn export(&self) -> Result<Vec<u8>, BotError> {
        let state =
            self.endpoint.get_connection_state(SERVER).ok_or(BotError::Answer("session"))?;
        let certificate = state.peer_certificates.first().map(|der| fingerprint(der));
        if certificate.as_ref() != Some(&self.expected) {
            return Err(BotError::Media("the certificate does not match the answer".to_owned()));
        }
        if state.srtp_protection_profile() != SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm {
            return Err(BotError::Media("the server chose another SRTP profile".to_owned()));
        }
        // RFC 5764 section 4.2; two keys of 16 and two salts of 12 bytes.
        let material =
            state.export_keying_material("EXTRACTOR-dtls_srtp", &[], 56).map_err(failed)?;
        Ok(material.as_ref().to_vec())
    }
}

fn failed(error: rtc_shared::error::Error) -> BotError {
    BotError::Media(format!("DTLS: {error}"))
}

fn fingerprint(certificate: &[u8]) -> String {
    let pairs = digest(&SHA256, certificate);
    let pairs: Vec<String> = pairs.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// One endpoint has one peer: the name stands for it wherever it is.
const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9);
