//! Fixtures of this crate's tests: virtual time, real offers, and a peer made from other people's
//! STUN and DTLS.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rtc_crypto::RTCCryptoProvider;
use rtc_crypto::providers::AwsLcRsProvider;
use rtc_dtls::config::ConfigBuilder;
use rtc_dtls::crypto::Certificate;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_stun::attributes::{ATTR_ICE_CONTROLLED, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter, TransactionId};
use rtc_stun::textattrs::TextAttribute;
use rtc_stun::xoraddr::XorMappedAddress;

use crate::sdp::{Fingerprint, HashName};
use crate::srtp::Session;
use crate::{Received, SrtpProfile, Transport};

pub(crate) const CHROMIUM: &str = include_str!("../tests/fixtures/chromium-trimmed.sdp");
pub(crate) const CHROMIUM_FULL: &str = include_str!("../tests/fixtures/chromium-full.sdp");
pub(crate) const FIREFOX: &str = include_str!("../tests/fixtures/firefox-trimmed.sdp");
/// Written by hand after what Safari says: H.264 first, SSRC lines, a data channel.
pub(crate) const SAFARI: &str = include_str!("../tests/fixtures/safari.sdp");
pub(crate) const FIREFOX_FULL: &str = include_str!("../tests/fixtures/firefox-full.sdp");

/// The beginning of all tests' time.
pub(crate) fn t0() -> Instant {
    static T0: OnceLock<Instant> = OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "an Instant cannot be made otherwise")]
    *T0.get_or_init(Instant::now)
}

pub(crate) fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

/// Small, fast and the same every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// Flips, cuts, doubles or overwrites somewhere.
    pub(crate) fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(6) {
                _ if bytes.is_empty() => bytes.push(self.next() as u8),
                0 => bytes.truncate(at),
                1 => bytes[at] ^= 1 << self.below(8),
                2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.below(5)],
                3 => bytes.insert(at, self.next() as u8),
                4 => {
                    let tail = bytes[at..].to_vec();
                    bytes.extend_from_slice(&tail);
                }
                _ => drop(bytes.remove(at)),
            }
        }
    }
}

/// A browser's transport, without the browser.
pub(crate) struct Peer {
    pub(crate) ufrag: String,
    remote_ufrag: String,
    remote_password: String,
    pub(crate) address: SocketAddr,
    provider: Arc<dyn RTCCryptoProvider>,
    pub(crate) certificate: Certificate,
    pub(crate) with_certificate: bool,
    pub(crate) profiles: Vec<SrtpProtectionProfile>,
    endpoint: Endpoint,
    pub(crate) srtp: Option<Session>,
    /// What was sent last, to be repeated: this library, too, forgets to when a repetition of the
    /// other side comes in between.
    last_flight: Vec<Vec<u8>>,
    /// STUN replies that came.
    pub(crate) replies: Vec<Vec<u8>>,
    /// The server said goodbye.
    pub(crate) closed: bool,
}

impl Peer {
    pub(crate) fn new(port: u16) -> Self {
        let provider: Arc<dyn RTCCryptoProvider> = Arc::new(AwsLcRsProvider::new());
        let certificate =
            Certificate::generate_self_signed(["peer".to_owned()], provider.crypto()).unwrap();
        Self {
            ufrag: "Peer".to_owned(),
            remote_ufrag: String::new(),
            remote_password: String::new(),
            address: address(port),
            provider,
            certificate,
            with_certificate: true,
            // The order of browsers.
            profiles: vec![
                SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
                SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm,
                SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            ],
            endpoint: Endpoint::new(address(port), TransportProtocol::UDP, None),
            srtp: None,
            last_flight: Vec::new(),
            replies: Vec::new(),
            closed: false,
        }
    }

    /// The same peer before its handshake, at another port.
    pub(crate) fn afresh(&self, port: u16) -> Self {
        let mut fresh = Self::new(port);
        fresh.certificate = self.certificate.clone();
        fresh.remote_ufrag.clone_from(&self.remote_ufrag);
        fresh.remote_password.clone_from(&self.remote_password);
        fresh
    }

    /// A browser's offer with this peer's credentials and fingerprint in it.
    pub(crate) fn offer(&self, browsers: &str) -> String {
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.certificate.certificate[0]);
        let fingerprint = Fingerprint { hash: HashName::Sha256, digest: digest.as_ref().to_vec() };
        let change = |line: &str| match line.split_once(':') {
            Some(("a=ice-ufrag", _)) => format!("a=ice-ufrag:{}", self.ufrag),
            Some(("a=ice-pwd", _)) => format!("a=ice-pwd:{PASSWORD}"),
            Some(("a=fingerprint", _)) => format!("a=fingerprint:{fingerprint}"),
            _ => line.to_owned(),
        };
        browsers.lines().map(|line| change(line) + "\r\n").collect()
    }

    /// Takes the credentials of an answer.
    pub(crate) fn take(&mut self, answer: &str) {
        let find = |name: &str| {
            let line = answer.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.to_owned()
        };
        self.remote_ufrag = find("a=ice-ufrag:");
        self.remote_password = find("a=ice-pwd:");
    }

    /// A binding request.
    pub(crate) fn check(&self, nominate: bool) -> Vec<u8> {
        let username = format!("{}:{}", self.remote_ufrag, self.ufrag);
        self.check_with(&username, &self.remote_password, nominate, false)
    }

    /// A binding request with everything of the caller's choice.
    pub(crate) fn check_with(
        &self,
        username: &str,
        password: &str,
        nominate: bool,
        controlled: bool,
    ) -> Vec<u8> {
        let mut message = Message::new();
        message.set_type(BINDING_REQUEST);
        TransactionId([7; 12]).add_to(&mut message).unwrap();
        message.write_header();
        message.add(ATTR_USERNAME, username.as_bytes());
        message.add(ATTR_PRIORITY, &[0x6e, 0x7f, 0, 1]);
        if controlled {
            message.add(ATTR_ICE_CONTROLLED, &[0; 8]);
        }
        if nominate {
            message.add(ATTR_USE_CANDIDATE, &[]);
        }
        MessageIntegrity::new_short_term_integrity_with_provider(
            password.to_owned(),
            self.provider.crypto(),
        )
        .add_to(&mut message)
        .unwrap();
        FINGERPRINT.add_to(&mut message).unwrap();
        message.raw
    }

    /// The answer to a question of the server, or `None` if it is none that this peer would answer.
    pub(crate) fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        let mut message = Message::new();
        message.unmarshal_binary(question).ok()?;
        FINGERPRINT.check(&message).ok()?;
        MessageIntegrity::check(&mut message, PASSWORD.as_bytes(), self.provider.crypto()).ok()?;
        let username = TextAttribute::get_from_as(&message, ATTR_USERNAME).ok()?;
        if message.typ != BINDING_REQUEST
            || username.text != format!("{}:{}", self.ufrag, self.remote_ufrag)
        {
            return None;
        }
        let mut answer = Message::new();
        answer.set_type(BINDING_SUCCESS);
        message.transaction_id.add_to(&mut answer).unwrap();
        answer.write_header();
        let mapped = XorMappedAddress { ip: [192, 0, 2, 7].into(), port: 7880 };
        mapped.add_to(&mut answer).unwrap();
        MessageIntegrity::new_short_term_integrity_with_provider(
            PASSWORD.to_owned(),
            self.provider.crypto(),
        )
        .add_to(&mut answer)
        .unwrap();
        FINGERPRINT.add_to(&mut answer).unwrap();
        Some(answer.raw)
    }

    /// The first flight of a handshake, to be sent by hand.
    pub(crate) fn client_hello(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let certificates =
            if self.with_certificate { vec![self.certificate.clone()] } else { Vec::new() };
        let config = ConfigBuilder::default()
            .with_crypto_provider(Arc::clone(&self.provider))
            .with_certificates(certificates)
            .with_srtp_protection_profiles(self.profiles.clone())
            .with_insecure_skip_verify(true)
            .with_server_name("kreide".to_owned())
            .build(true, None)
            .unwrap();
        self.endpoint.connect(now, SERVER, Arc::new(config), None).unwrap();
        self.drain()
    }

    /// What this peer's DTLS wants sent.
    pub(crate) fn drain(&mut self) -> Vec<Vec<u8>> {
        let mut datagrams = Vec::new();
        while let Some(datagram) = self.endpoint.poll_transmit() {
            datagrams.push(datagram.message.to_vec());
        }
        if !datagrams.is_empty() {
            self.last_flight.clone_from(&datagrams);
        }
        datagrams
    }

    /// Passes datagrams to and fro until both fall silent.
    pub(crate) fn talk(
        &mut self,
        transport: &mut Transport,
        mut datagrams: Vec<Vec<u8>>,
        now: Instant,
    ) {
        for _ in 0..20 {
            for mut datagram in datagrams.drain(..) {
                let received = transport.handle_datagram(self.address, &mut datagram, now);
                assert_eq!(received, Received::Nothing);
            }
            self.hear(transport, now);
            datagrams = self.drain();
            if datagrams.is_empty() {
                return;
            }
        }
        panic!("they never fall silent");
    }

    /// Takes what the transport sent to this peer.
    pub(crate) fn hear(&mut self, transport: &mut Transport, now: Instant) {
        while let Some((to, datagram)) = transport.poll_transmit() {
            assert_eq!(to, self.address);
            if datagram[0] < 4 {
                self.replies.push(datagram);
                continue;
            }
            let events = self.endpoint.read(now, SERVER, None, datagram[..].into());
            for event in events.unwrap_or_default() {
                match event {
                    EndpointEvent::HandshakeComplete => self.export(),
                    EndpointEvent::PeerClosed => self.closed = true,
                    _ => {}
                }
            }
        }
    }

    /// Says the last flight again. Records in clear get new numbers, or they would be taken for
    /// replays.
    pub(crate) fn repeat(&mut self) -> Vec<Vec<u8>> {
        for datagram in &mut self.last_flight {
            let mut at = 0;
            while at < datagram.len() {
                if datagram[at + 4] == 0 {
                    // Far from the endpoint's own numbers.
                    datagram[at + 9] += 1;
                }
                at += 13 + usize::from(u16::from_be_bytes([datagram[at + 11], datagram[at + 12]]));
            }
        }
        self.last_flight.clone()
    }

    /// Says goodbye.
    pub(crate) fn close(&mut self, now: Instant) -> Vec<Vec<u8>> {
        self.endpoint.close(now).unwrap();
        self.drain()
    }

    fn export(&mut self) {
        let state = self.endpoint.get_connection_state(SERVER).unwrap();
        let profile = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => SrtpProfile::AeadAes128Gcm,
            _ => SrtpProfile::Aes128CmSha1_80,
        };
        let length = profile.keying_material_len();
        let material = state.export_keying_material("EXTRACTOR-dtls_srtp", &[], length).unwrap();
        self.srtp = Some(Session::of_client(profile, material.as_ref()).unwrap());
    }

    /// A protected RTP packet of this peer.
    pub(crate) fn rtp(&mut self, sequence: u16) -> Vec<u8> {
        let mut packet = vec![0x80, 111];
        packet.extend_from_slice(&sequence.to_be_bytes());
        packet.extend_from_slice(b"\0\0\0\0\0\0\x12\x34hello");
        let len = packet.len();
        packet.resize(len + crate::TAG_ROOM, 0);
        let len = self.srtp.as_mut().unwrap().protect_rtp(&mut packet, len).unwrap();
        packet.truncate(len);
        packet
    }

    /// A protected receiver report of this peer.
    pub(crate) fn rtcp(&mut self) -> Vec<u8> {
        let mut packet = vec![0x80, 201, 0, 1, 0, 0, 0, 1];
        packet.resize(8 + crate::TAG_ROOM, 0);
        let len = self.srtp.as_mut().unwrap().protect_rtcp(&mut packet, 8).unwrap();
        packet.truncate(len);
        packet
    }
}

/// What a peer's offer says, and the key of its answers.
const PASSWORD: &str = "aPasswordOfThePeerItself";

/// Where the peer believes the server to be.
const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9);

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
