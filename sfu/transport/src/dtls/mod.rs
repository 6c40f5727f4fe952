//! The DTLS server side of one transport, up to the keys for SRTP.
//!
//! Invariants: no keys before the peer proved to own a certificate whose fingerprint its offer
//! named; a datagram that makes no sense is dropped and never ends a session; the peer can make
//! us keep at most [`MAX_HANDSHAKE_BYTES`].
//! Left out on purpose: application data (no data channels are negotiated) and addresses (the
//! transport decides where datagrams go, so an address change does not matter here).

mod records;
mod resting;
mod retransmit;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rtc_crypto::SecretVec;
use rtc_dtls::cipher_suite::CipherSuiteId;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_shared::error::Error;

use crate::sdp::Fingerprint;
use crate::{Failure, SrtpProfile, TransportConfig};
use resting::Resting;
use retransmit::Retransmit;

/// The DTLS side of one transport.
pub(crate) struct Dtls {
    shared: Arc<TransportConfig>,
    expected: Arc<[Fingerprint]>,
    endpoint: Endpoint,
    state: State,
    transmits: VecDeque<Vec<u8>>,
    /// Handshake bytes taken so far, over the life of the transport.
    taken: usize,
    /// Pieces of unfinished messages taken so far.
    fragments: usize,
}

enum State {
    /// No ClientHello yet.
    Idle,
    /// The server's first flight is not out: everything can still begin anew.
    Greeting {
        deadline: Instant,
        /// What came since the endpoint was made, to feed a second one that speaks another
        /// profile.
        heard: Vec<BytesMut>,
        profile: SrtpProfile,
        /// A HelloVerifyRequest is out.
        answered: bool,
    },
    /// Our flight is out, the peer's last one is not in.
    Handshaking { deadline: Instant, retransmit: Retransmit },
    /// Keys are exported.
    Established,
    /// The same, packed away.
    Resting(Resting),
    /// Failed or closed.
    Ended,
}

/// What DTLS came to.
pub(crate) enum DtlsEvent {
    /// The peer is who its offer says, and here is the keying material.
    Keys { profile: SrtpProfile, material: SecretVec },
    /// No agreement.
    Failed(Failure),
    /// The peer said goodbye.
    Closed,
}

impl Dtls {
    pub(crate) fn new(shared: &Arc<TransportConfig>, expected: &[Fingerprint]) -> Self {
        Self {
            shared: Arc::clone(shared),
            expected: expected.into(),
            // Replaced at the first ClientHello.
            endpoint: resting::nobody(),
            state: State::Idle,
            transmits: VecDeque::new(),
            taken: 0,
            fragments: 0,
        }
    }

    /// When [`Self::handle_timeout`] is due.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Greeting { deadline, .. } => Some(*deadline),
            State::Handshaking { deadline, retransmit } => Some(retransmit.at.min(*deadline)),
            State::Idle | State::Established | State::Resting(_) | State::Ended => None,
        }
    }

    /// Takes one datagram from a validated address. False if nothing in it was of use.
    pub(crate) fn handle_datagram(
        &mut self,
        datagram: &[u8],
        now: Instant,
    ) -> (bool, Option<DtlsEvent>) {
        if let State::Resting(resting) = &mut self.state {
            let flight = resting.repeat(datagram);
            if !flight.is_empty() {
                self.transmits.extend(flight.iter().cloned());
                return (true, None);
            }
        }
        let records = self.sift(datagram);
        if records.is_empty() {
            return (false, None);
        }
        match &self.state {
            State::Idle => self.begin(SrtpProfile::AeadAes128Gcm, now + HANDSHAKE_LIMIT),
            // The library swallows a first hello it cannot read, and is deaf to the next one. As
            // long as it has not answered, every hello deserves fresh ears.
            State::Greeting { deadline, answered: false, .. }
                if records::is_first_hello(&records) =>
            {
                self.begin(SrtpProfile::AeadAes128Gcm, *deadline);
            }
            State::Resting(_) => return (true, self.feed_resting(records, now)),
            _ => {}
        }
        if let State::Greeting { heard, .. } = &mut self.state {
            heard.push(records.clone());
        }
        (true, self.feed(records, now))
    }

    /// Retransmits, or gives up.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<DtlsEvent> {
        let deadline = match &self.state {
            State::Greeting { deadline, .. } | State::Handshaking { deadline, .. } => *deadline,
            State::Idle | State::Established | State::Resting(_) | State::Ended => return None,
        };
        if now >= deadline {
            return Some(self.fail(Failure::HandshakeFailed));
        }
        if let State::Handshaking { retransmit, .. } = &mut self.state
            && now >= retransmit.at
        {
            retransmit.back_off(now);
            self.transmits.extend(retransmit.flight.iter().cloned());
        }
        None
    }

    /// Queues a close_notify if there is a session.
    pub(crate) fn close(&mut self, now: Instant) {
        let _ = self.wake(now);
        if matches!(self.state, State::Established) {
            let _ = self.endpoint.close(now);
            let goodbye = self.drain();
            self.transmits.extend(goodbye);
        }
        self.state = State::Ended;
    }

    /// The next datagram to send.
    pub(crate) fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.transmits.pop_front()
    }

    /// Collects what the endpoint wants sent, in a list of its own.
    fn drain(&mut self) -> Vec<Vec<u8>> {
        let mut drained = Vec::new();
        while let Some(datagram) = self.endpoint.poll_transmit() {
            let datagram = datagram.message;
            // An alert in clear could have been provoked by anybody, and would end the session at
            // the peer. Who cannot agree with us runs into the deadline instead.
            if records::is_alert_in_clear(&datagram) {
                continue;
            }
            drained.push(datagram.to_vec());
        }
        drained
    }

    /// Keeps what can be of use, up to the cap.
    fn sift(&mut self, datagram: &[u8]) -> BytesMut {
        let mut records = BytesMut::new();
        let rests = matches!(self.state, State::Resting(_));
        for record in records::useful(datagram).filter(|it| !rests || records::is_alert(it)) {
            let fragments = self.fragments + records::count_fragments(record);
            if self.taken + record.len() <= MAX_HANDSHAKE_BYTES && fragments <= MAX_FRAGMENTS {
                self.taken += record.len();
                self.fragments = fragments;
                records.extend_from_slice(record);
            }
        }
        records
    }

    /// Makes a fresh endpoint that agrees to one profile. One, because the library follows the
    /// client's preference, and browsers put the slower profile first.
    fn begin(&mut self, profile: SrtpProfile, deadline: Instant) {
        match self.handshake_config(profile) {
            Ok(config) => {
                let config = Some(Arc::new(config));
                self.endpoint = Endpoint::new(PEER, TransportProtocol::UDP, config);
                self.state =
                    State::Greeting { deadline, heard: Vec::new(), profile, answered: false };
            }
            Err(error) => {
                tracing::error!(%error, "no DTLS configuration");
                self.state = State::Ended;
            }
        }
    }

    fn feed(&mut self, records: BytesMut, now: Instant) -> Option<DtlsEvent> {
        let outcome = self.endpoint.read(now, PEER, None, records);
        let drained = self.drain();
        self.transmits.extend(drained.iter().cloned());
        match &mut self.state {
            State::Greeting { deadline, heard, profile, answered } => {
                *answered |= !drained.is_empty();
                let deadline = *deadline;
                match outcome {
                    Err(Error::ErrServerNoMatchingSrtpProfile)
                        if *profile == SrtpProfile::AeadAes128Gcm =>
                    {
                        let heard = std::mem::take(heard);
                        self.begin(SrtpProfile::Aes128CmSha1_80, deadline);
                        return heard.into_iter().find_map(|records| self.feed(records, now));
                    }
                    // Perhaps forged: the true ClientHello shall find everything untouched.
                    Err(error) => {
                        tracing::debug!(%error, "DTLS begins anew");
                        self.begin(SrtpProfile::AeadAes128Gcm, deadline);
                    }
                    // The retransmission timer runs once our flight is out; before, the client
                    // drives.
                    Ok(_)
                        if drained.first().is_some_and(|first| records::is_server_hello(first)) =>
                    {
                        let retransmit = Retransmit::new(drained, now);
                        self.state = State::Handshaking { deadline, retransmit };
                    }
                    Ok(_) => {}
                }
                None
            }
            State::Handshaking { .. } => match outcome {
                Ok(events) => {
                    let complete = |event| matches!(event, &EndpointEvent::HandshakeComplete);
                    let event = events.iter().any(complete).then(|| self.complete());
                    self.rest(Resting::new(&self.endpoint, drained));
                    event
                }
                Err(error) if self.peer_matches() == Some(false) => {
                    tracing::debug!(%error, "the peer's certificate is not the offer's");
                    Some(self.fail(Failure::FingerprintMismatch))
                }
                Err(Error::ErrClientCertificateRequired) => {
                    Some(self.fail(Failure::HandshakeFailed))
                }
                Err(error) => {
                    tracing::debug!(%error, "DTLS datagram of no use");
                    None
                }
            },
            State::Established => match outcome {
                Ok(events) => events
                    .iter()
                    .any(|event| matches!(event, EndpointEvent::PeerClosed))
                    .then(|| self.end()),
                Err(Error::ErrAlertFatalOrClose) => Some(self.end()),
                Err(_) => None,
            },
            State::Idle | State::Resting(_) | State::Ended => None,
        }
    }

    /// Packs the endpoint away, whose last flight this was.
    fn rest(&mut self, resting: Option<Resting>) {
        if let (State::Established, Some(resting)) = (&self.state, resting) {
            self.endpoint = resting::nobody();
            self.state = State::Resting(resting);
        }
    }

    /// Makes the endpoint of a session that rests ready for an alert.
    fn wake(&mut self, now: Instant) -> Option<Resting> {
        let State::Resting(resting) = &self.state else { return None };
        // What was agreed stands in what is packed.
        let config = self.handshake_config(SrtpProfile::AeadAes128Gcm);
        let provider = Arc::clone(&self.shared.provider);
        match config.and_then(|config| resting.unpack(provider, config, now)) {
            Ok(endpoint) => {
                self.endpoint = endpoint;
                let before = std::mem::replace(&mut self.state, State::Established);
                let State::Resting(resting) = before else { return None };
                Some(resting)
            }
            Err(error) => {
                // Then no goodbye is heard or said, and the peer goes when it falls silent.
                tracing::error!(%error, "a DTLS session cannot be unpacked");
                None
            }
        }
    }

    /// Feeds alerts to a session that rests; if it still stands then, it rests again.
    fn feed_resting(&mut self, alerts: BytesMut, now: Instant) -> Option<DtlsEvent> {
        let resting = self.wake(now)?;
        let event = self.feed(alerts, now);
        self.rest(resting.again(&self.endpoint));
        event
    }

    fn end(&mut self) -> DtlsEvent {
        self.state = State::Ended;
        DtlsEvent::Closed
    }

    fn fail(&mut self, failure: Failure) -> DtlsEvent {
        self.state = State::Ended;
        DtlsEvent::Failed(failure)
    }

    /// The library met its goal; ours is stricter.
    fn complete(&mut self) -> DtlsEvent {
        if self.peer_matches() != Some(true) {
            return self.fail(Failure::FingerprintMismatch);
        }
        match self.export() {
            Some((profile, material)) => {
                self.state = State::Established;
                DtlsEvent::Keys { profile, material }
            }
            None => self.fail(Failure::HandshakeFailed),
        }
    }

    fn export(&self) -> Option<(SrtpProfile, SecretVec)> {
        let state = self.endpoint.get_connection_state(PEER)?;
        let profile = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => SrtpProfile::AeadAes128Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => SrtpProfile::Aes128CmSha1_80,
            _ => return None,
        };
        // RFC 5764 section 4.2.
        let length = profile.keying_material_len();
        let material = state.export_keying_material("EXTRACTOR-dtls_srtp", &[], length).ok()?;
        Some((profile, material))
    }

    /// Whether the certificate the peer showed is the offer's; `None` if it showed none.
    fn peer_matches(&self) -> Option<bool> {
        let state = self.endpoint.get_connection_state(PEER)?;
        let certificate = state.peer_certificates.first()?;
        Some(self.expected.iter().any(|expected| expected.matches(certificate)))
    }

    fn handshake_config(&self, profile: SrtpProfile) -> Result<HandshakeConfig, Error> {
        let profile = match profile {
            SrtpProfile::AeadAes128Gcm => SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            SrtpProfile::Aes128CmSha1_80 => SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        };
        let expected = Arc::clone(&self.expected);
        ConfigBuilder::default()
            .with_crypto_provider(Arc::clone(&self.shared.provider))
            .with_certificates(vec![self.shared.certificate.clone()])
            .with_cipher_suites(vec![
                CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Gcm_Sha256,
                CipherSuiteId::Tls_Ecdhe_Ecdsa_With_ChaCha20_Poly1305_Sha256,
            ])
            .with_srtp_protection_profiles(vec![profile])
            .with_client_auth(ClientAuthType::RequireAnyClientCert)
            // The library does not compare the client's Finished with the transcript. With the
            // extended master secret the keys depend on the transcript, so who changed it has
            // other keys (RFC 7627). Every browser has it.
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            // There is no chain to verify; the fingerprint is what counts (RFC 8122).
            .with_insecure_skip_verify(true)
            .with_verify_peer_certificate(Some(Arc::new(move |chain, _| {
                let matches = chain.first().is_some_and(|certificate| {
                    expected.iter().any(|expected| expected.matches(certificate))
                });
                matches.then_some(()).ok_or(Error::ErrInvalidCertificate)
            })))
            .build(false, None)
    }
}

/// The library tells peers apart by address; each of ours has an endpoint of its own, so one
/// name serves.
const PEER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1));

/// What a peer may make us look at. A browser's handshake takes 4 kB.
const MAX_HANDSHAKE_BYTES: usize = 64 * 1024;
/// The library looks through all pieces for each new one: thousands of them would cost a second.
/// A browser's messages come in two or three, and again for each repetition.
const MAX_FRAGMENTS: usize = 256;

/// From the first ClientHello to the keys.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
