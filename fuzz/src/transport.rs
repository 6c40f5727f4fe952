//! What reaches a transport: STUN, DTLS, SRTP, and the offer before them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use kreide_media::rtp::Packet;
use kreide_sfu_transport::internals::{IceAgent, Srtp, signed_check};
use kreide_sfu_transport::{
    Class, Offer, ProtectError, Received, SrtpProfile, TAG_ROOM, Transport, TransportConfig,
    classify, stun_local_ufrag,
};

/// A check is answered only if it is signed, and the answer is for that check.
pub(crate) fn stun(data: &[u8]) -> bool {
    let mut agent = IceAgent::new();
    assert!(stun_local_ufrag(data).is_none_or(|ufrag| ufrag.len() < data.len()));
    assert_eq!(agent.handle(PEER, data, now()), None, "nobody can guess the integrity");
    let signed = signed_check(data, IceAgent::PASSWORD);
    let Some(reply) = agent.handle(PEER, &signed, now()) else { return false };
    assert_eq!(classify(&signed), Class::Stun, "what is answered arrives");
    let (ours, _) = IceAgent::USERNAME.split_once(':').expect("two fragments");
    assert_eq!(stun_local_ufrag(&signed), Some(ours), "what is answered finds its transport");
    assert_eq!(reply[4..20], signed[4..20], "cookie and transaction");
    assert_eq!(usize::from(u16::from_be_bytes([reply[2], reply[3]])), reply.len() - 20);
    true
}

/// From a proven address: datagrams, each behind its length in two bytes. None of them makes
/// keys, since no certificate matches the offer's.
pub(crate) fn dtls(data: &[u8]) -> bool {
    let (mut transport, _, answer) =
        Transport::new(config(), offer(), 7, now()).expect("the system has random numbers");
    let line = |name: &str| answer.lines().find_map(|line| line.strip_prefix(name));
    let (ufrag, password) =
        line("a=ice-ufrag:").zip(line("a=ice-pwd:")).expect("credentials in the answer");
    let mut check = signed_check(&binding_request(&format!("{ufrag}:{OFFER_UFRAG}")), password);
    transport.handle_datagram(PEER, &mut check, now());
    assert!(transport.poll_transmit().is_some(), "the check was valid");

    let mut rest = data;
    let mut useful = false;
    while let Some((length, behind)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length)).min(behind.len());
        let (datagram, behind) = behind.split_at(length);
        let mut datagram = datagram.to_vec();
        assert_eq!(transport.handle_datagram(PEER, &mut datagram, now()), Received::Nothing);
        while let Some((to, _)) = transport.poll_transmit() {
            assert_eq!(to, PEER, "nothing goes to where nobody proved anything");
            useful = true;
        }
        rest = behind;
    }
    assert!(!transport.is_connected());
    useful
}

/// A binding request with this USERNAME and nothing else, unsigned.
fn binding_request(username: &str) -> Vec<u8> {
    let mut message = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    message.extend_from_slice(&[7; 12]);
    message.extend_from_slice(&[0, 6]);
    message.extend_from_slice(&(username.len() as u16).to_be_bytes());
    message.extend_from_slice(username.as_bytes());
    message
}

/// The first byte picks the profile, the second a bit to be flipped, the rest is a packet.
/// Unprotected it is refused; protected it arrives once, as it was, and never with a bit flipped.
pub(crate) fn srtp(data: &[u8]) -> bool {
    let [kind, flip, packet @ ..] = data else { return false };
    let profile = match kind & 1 {
        0 => SrtpProfile::AeadAes128Gcm,
        _ => SrtpProfile::Aes128CmSha1_80,
    };
    let (mut ours, mut theirs) = Srtp::pair(profile, 0x5a).expect("keys");
    type Protect = fn(&mut Srtp, &mut [u8], usize) -> Result<usize, ProtectError>;
    type Unprotect = fn(&mut Srtp, &mut [u8]) -> Option<usize>;
    let (protect, unprotect): (Protect, Unprotect) = match kind & 2 {
        0 => (Srtp::protect_rtp, Srtp::unprotect_rtp),
        _ => (Srtp::protect_rtcp, Srtp::unprotect_rtcp),
    };
    assert_eq!(unprotect(&mut ours, &mut packet.to_vec()), None, "a forgery");

    let mut sealed = packet.to_vec();
    sealed.resize(packet.len() + TAG_ROOM, 0);
    let Ok(length) = protect(&mut ours, &mut sealed, packet.len()) else {
        assert!(kind & 2 != 0 || Packet::parse(packet).is_err(), "a packet can be protected");
        return false;
    };
    sealed.truncate(length);
    let mut forged = sealed.clone();
    let at = usize::from(*flip) * length / 256;
    forged[at] ^= 1 << (flip & 7);
    assert_eq!(unprotect(&mut theirs, &mut forged), None, "a bit was flipped");
    let replay = sealed.clone();
    let opened = unprotect(&mut theirs, &mut sealed).expect("our own packet");
    assert_eq!(sealed[..opened], *packet);
    assert_eq!(unprotect(&mut theirs, &mut replay.clone()), None, "a replay");
    true
}

/// Whatever an offer holds, the answer is lines of SDP, and no more of them than were offered.
pub(crate) fn sdp(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let Ok(offer) = Offer::parse(text) else { return false };
    let offered = text.lines().filter(|line| line.starts_with("m=")).count();
    assert!((1..=Offer::MAX_LINES).contains(&offered));
    let (mut transport, lines, answer) =
        Transport::new(config(), &offer, 7, now()).expect("the system has random numbers");
    assert_eq!(answer.lines().filter(|line| line.starts_with("m=")).count(), offered);
    for line in answer.split_terminator("\r\n") {
        assert_eq!(line.as_bytes().get(1), Some(&b'='), "{line:?}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    assert!(lines.send.len() + lines.receive.len() <= offered);
    // The same offer comes again when an answer was lost: a restart needs new credentials.
    assert!(transport.restart(&offer, now()).is_err());
    true
}

/// Certificate and addresses, made once: making a key takes longer than all else here.
fn config() -> &'static Arc<TransportConfig> {
    static CONFIG: OnceLock<Arc<TransportConfig>> = OnceLock::new();
    CONFIG.get_or_init(|| Arc::new(TransportConfig::new(vec![US]).expect("an address is given")))
}

/// A browser's offer.
fn offer() -> &'static Offer {
    static OFFER: OnceLock<Offer> = OnceLock::new();
    let text = include_str!("../../sfu/transport/tests/fixtures/firefox-trimmed.sdp");
    OFFER.get_or_init(|| Offer::parse(text).expect("a browser's offer"))
}

/// The one moment at which everything happens.
fn now() -> Instant {
    static NOW: OnceLock<Instant> = OnceLock::new();
    *NOW.get_or_init(Instant::now)
}

/// The fragment in [`offer`].
const OFFER_UFRAG: &str = "38b0e6a2";
const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 4_000);
const US: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 7_880);
