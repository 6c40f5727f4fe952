//! A transport against a peer made from an independent STUN and DTLS, on virtual time.

use super::*;
use crate::testing::{CHROMIUM, FIREFOX, Peer, Random, address, seconds, t0};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;

pub(super) fn config() -> Arc<TransportConfig> {
    static CONFIG: std::sync::OnceLock<Arc<TransportConfig>> = std::sync::OnceLock::new();
    Arc::clone(CONFIG.get_or_init(|| Arc::new(TransportConfig::new(vec![address(7880)]).unwrap())))
}

pub(super) fn answer_to(peer: &mut Peer) -> Transport {
    let offer = Offer::parse(&peer.offer(CHROMIUM)).unwrap();
    let (transport, _, answer) = Transport::new(&config(), &offer, 1, t0()).unwrap();
    peer.take(&answer);
    transport
}

/// Checks, nominates and shakes hands.
pub(super) fn shake_hands(peer: &mut Peer, transport: &mut Transport, now: Instant) {
    let check = peer.check(true);
    peer.talk(transport, vec![check], now);
    let hello = peer.client_hello(now);
    peer.talk(transport, hello, now);
}

pub(super) fn connected(port: u16) -> (Peer, Transport) {
    let mut peer = Peer::new(port);
    let mut transport = answer_to(&mut peer);
    shake_hands(&mut peer, &mut transport, t0());
    assert!(matches!(transport.poll_event(), Some(TransportEvent::Connected { .. })));
    (peer, transport)
}

pub(super) fn events(transport: &mut Transport) -> Vec<TransportEvent> {
    std::iter::from_fn(|| transport.poll_event()).collect()
}

/// Runs timers until `until`, as the owner would.
pub(super) fn run(transport: &mut Transport, until: Instant) {
    for _ in 0..1000 {
        match transport.poll_timeout() {
            Some(due) if due <= until => transport.handle_timeout(due.max(t0())),
            _ => return,
        }
    }
    panic!("the timers never rest");
}

/// Media flows both ways.
pub(super) fn assert_media_flows(
    peer: &mut Peer,
    transport: &mut Transport,
    sequence: u16,
    now: Instant,
) {
    let mut datagram = peer.rtp(sequence);
    match transport.handle_datagram(peer.address, &mut datagram, now) {
        Received::Rtp(plain) => assert_eq!(plain[12..], *b"hello"),
        other => panic!("{other:?}"),
    }
    let mut datagram = peer.rtcp();
    match transport.handle_datagram(peer.address, &mut datagram, now) {
        Received::Rtcp(plain) => assert_eq!(plain, [0x80, 201, 0, 1, 0, 0, 0, 1]),
        other => panic!("{other:?}"),
    }
    let mut buffer = vec![0; 64];
    buffer[0] = 0x80;
    buffer[2..4].copy_from_slice(&sequence.to_be_bytes());
    let len = transport.protect_rtp(&mut buffer, 30).unwrap();
    let srtp = peer.srtp.as_mut().unwrap();
    assert_eq!(srtp.unprotect_rtp(&mut buffer[..len]), Ok(30));
    let mut buffer = vec![0; 64];
    buffer[..2].copy_from_slice(&[0x80, 200]);
    let len = transport.protect_rtcp(&mut buffer, 28).unwrap();
    assert_eq!(srtp.unprotect_rtcp(&mut buffer[..len]), Ok(28));
}

#[test]
fn connects_with_the_profile_we_prefer() {
    let mut peer = Peer::new(1000);
    let mut transport = answer_to(&mut peer);
    assert!(!transport.is_connected());
    shake_hands(&mut peer, &mut transport, t0());
    assert_eq!(
        events(&mut transport),
        [TransportEvent::Connected {
            profile: SrtpProfile::AeadAes128Gcm,
            dtls_version: "1.2",
            address: peer.address,
        }]
    );
    assert!(transport.is_connected());
    assert_eq!(transport.remote(), Some(peer.address));
    assert_media_flows(&mut peer, &mut transport, 1, t0());
    assert_eq!(*transport.counters(), Counters::default());
}

#[test]
fn falls_back_to_the_profile_everybody_has() {
    let mut peer = Peer::new(1001);
    peer.profiles = vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80];
    let mut transport = answer_to(&mut peer);
    shake_hands(&mut peer, &mut transport, t0());
    assert!(matches!(
        transport.poll_event(),
        Some(TransportEvent::Connected { profile: SrtpProfile::Aes128CmSha1_80, .. })
    ));
    assert_media_flows(&mut peer, &mut transport, 1, t0());
}

#[test]
fn connects_though_every_datagram_is_lost_once() {
    let mut peer = Peer::new(1002);
    let mut transport = answer_to(&mut peer);
    let check = peer.check(true);
    peer.talk(&mut transport, vec![check], t0());
    let mut now = t0();
    let mut lost = std::collections::HashSet::new();
    // By kind of message; repetitions bear new record numbers.
    let mut lose = |from_peer: bool, datagram: &[u8]| {
        lost.insert((from_peer, datagram[0], datagram.get(13).copied()))
    };
    let mut to_transport = peer.client_hello(now);
    for round in 0..200 {
        now += Duration::from_millis(50);
        if round % 10 == 9 && peer.srtp.is_none() {
            to_transport.extend(peer.repeat());
        }
        for mut datagram in std::mem::take(&mut to_transport) {
            if !lose(true, &datagram) {
                transport.handle_datagram(peer.address, &mut datagram, now);
            }
        }
        if transport.poll_timeout().is_some_and(|due| due <= now) {
            transport.handle_timeout(now);
        }
        transport.transmits.retain(|(_, datagram)| !lose(false, datagram));
        peer.hear(&mut transport, now);
        to_transport.extend(peer.drain());
    }
    assert!(transport.is_connected() && peer.srtp.is_some());
    assert_media_flows(&mut peer, &mut transport, 1, now);
}

#[test]
fn another_certificate_gets_no_keys() {
    let mut peer = Peer::new(1003);
    let mut transport = answer_to(&mut peer);
    peer.certificate = Peer::new(1).certificate;
    shake_hands(&mut peer, &mut transport, t0());
    assert_eq!(events(&mut transport), [TransportEvent::Failed(Failure::FingerprintMismatch)]);
    assert!(peer.srtp.is_none());
    assert_eq!(transport.protect_rtp(&mut [0x80; 64], 20), Err(ProtectError::NotConnected));
    assert_eq!(transport.poll_timeout(), None);
}

#[test]
fn no_certificate_gets_no_keys() {
    let mut peer = Peer::new(1004);
    let mut transport = answer_to(&mut peer);
    peer.with_certificate = false;
    shake_hands(&mut peer, &mut transport, t0());
    assert!(!transport.is_connected() && peer.srtp.is_none());
    run(&mut transport, t0() + seconds(20));
    assert_eq!(events(&mut transport), [TransportEvent::Failed(Failure::HandshakeFailed)]);
}

#[test]
fn nothing_is_said_to_an_address_that_did_not_prove_itself() {
    let mut peer = Peer::new(1005);
    let mut transport = answer_to(&mut peer);
    for mut hello in peer.client_hello(t0()) {
        transport.handle_datagram(peer.address, &mut hello, t0());
    }
    let mut forged = vec![
        peer.check_with("wrong:Peer", "x", true, false),
        peer.check_with(&format!("{}:Peer", transport.local_ufrag()), "guess", true, false),
        peer.check_with(&format!("{}:Other", transport.local_ufrag()), "guess", true, true),
        vec![0x80; 100],
        vec![0x80, 200, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        vec![70; 100],
        vec![],
    ];
    // Correct, but for the last bit of the fingerprint.
    let mut check = peer.check(true);
    *check.last_mut().unwrap() ^= 1;
    forged.push(check);
    for datagram in &mut forged {
        transport.handle_datagram(peer.address, datagram, t0());
    }
    assert_eq!(transport.poll_transmit(), None);
    assert_eq!(transport.remote(), None);
    assert_eq!(transport.counters().bad_integrity, 4);
    assert_eq!(transport.counters().unvalidated, 5);
    // And it spoiled nothing.
    shake_hands(&mut peer.afresh(77), &mut transport, t0());
    assert!(transport.is_connected());
}

/// An attacker who somehow sends from the peer's own address while it joins.
#[test]
fn a_forged_hello_does_not_spoil_the_join() {
    let mut peer = Peer::new(1006);
    let mut transport = answer_to(&mut peer);
    let check = peer.check(true);
    peer.talk(&mut transport, vec![check], t0());
    let hello = peer.client_hello(t0());
    for round in 0..30 {
        // Record and message header, then version, random, empty session and cookie, ciphers.
        let mut forged = hello[0].clone();
        match round % 3 {
            0 => forged[25..27].copy_from_slice(&[1, 1]),
            1 => forged[61..63].fill(0),
            _ => forged[63..].fill(0),
        }
        transport.handle_datagram(peer.address, &mut forged, t0());
        // A fatal alert in clear.
        let mut alert = [21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40];
        transport.handle_datagram(peer.address, &mut alert, t0());
    }
    while transport.poll_transmit().is_some() {}
    let mut fresh = peer.afresh(1006);
    let hello = fresh.client_hello(t0());
    fresh.talk(&mut transport, hello, t0());
    assert!(transport.is_connected());
}

#[test]
fn the_latest_nomination_wins() {
    let (mut peer, mut transport) = connected(1007);
    let (old, new) = (peer.address, address(2007));
    peer.address = new;
    let mut check = peer.check(false);
    transport.handle_datagram(new, &mut check, t0());
    assert_eq!(transport.remote(), Some(old));
    let mut check = peer.check(true);
    transport.handle_datagram(new, &mut check, t0());
    assert_eq!(transport.remote(), Some(new));
    assert_eq!(events(&mut transport), [TransportEvent::AddressChanged { old, new }]);
    assert_media_flows(&mut peer, &mut transport, 1, t0());
}

#[test]
fn a_restart_keeps_media_flowing() {
    let (mut peer, mut transport) = connected(1008);
    let old_check = peer.check(true);
    let old_ufrag = transport.local_ufrag().to_owned();
    let same = Offer::parse(&peer.offer(CHROMIUM)).unwrap();
    assert!(matches!(transport.restart(&same, t0()), Err(OfferError::Changed(_))));
    peer.ufrag = "Other".to_owned();
    let fewer = peer.offer(CHROMIUM).rsplit_once("m=video").unwrap().0.to_owned();
    let fewer = Offer::parse(&fewer).unwrap();
    assert_eq!(transport.restart(&fewer, t0()), Err(OfferError::Changed("lines")));
    let foreign = Peer::new(1).offer(CHROMIUM).replace("ice-ufrag:Peer", "ice-ufrag:Other");
    let foreign = Offer::parse(&foreign).unwrap();
    assert_eq!(transport.restart(&foreign, t0()), Err(OfferError::Changed("fingerprints")));
    assert_eq!(transport.local_ufrag(), old_ufrag);

    let offer = Offer::parse(&peer.offer(CHROMIUM)).unwrap();
    let answer = transport.restart(&offer, t0()).unwrap();
    assert_ne!(transport.local_ufrag(), old_ufrag);
    assert_media_flows(&mut peer, &mut transport, 1, t0());
    // The old credentials still keep consent, but cannot move the address.
    transport.handle_datagram(address(5), &mut old_check.clone(), t0());
    assert_eq!(transport.remote(), Some(peer.address));
    peer.take(&answer);
    peer.address = address(2008);
    let mut check = peer.check(true);
    transport.handle_datagram(peer.address, &mut check, t0());
    assert_eq!(transport.remote(), Some(peer.address));
    while transport.poll_transmit().is_some() {}
    transport.handle_datagram(address(5), &mut old_check.clone(), t0());
    assert_eq!(transport.poll_transmit(), None, "the old credentials are gone");
    assert_media_flows(&mut peer, &mut transport, 2, t0());
}

#[test]
fn time_runs_out() {
    let mut peer = Peer::new(1009);
    let mut transport = answer_to(&mut peer);
    run(&mut transport, t0() + seconds(14));
    assert_eq!(events(&mut transport), []);
    run(&mut transport, t0() + seconds(15));
    assert_eq!(events(&mut transport), [TransportEvent::Failed(Failure::ConnectTimeout)]);

    let (peer, mut transport) = connected(1010);
    let mut check = peer.check(false);
    transport.handle_datagram(peer.address, &mut check, t0() + seconds(20));
    run(&mut transport, t0() + seconds(49));
    assert_eq!(events(&mut transport), []);
    run(&mut transport, t0() + seconds(50));
    assert_eq!(events(&mut transport), [TransportEvent::Failed(Failure::ConsentExpired)]);
    assert_eq!(transport.protect_rtp(&mut [0x80; 64], 20), Err(ProtectError::NotConnected));
}

#[test]
fn a_silent_peer_gets_no_more_media() {
    let (mut peer, mut transport) = connected(1011);
    let mut refused = None;
    for tenth in 0..200_u8 {
        run(&mut transport, t0() + Duration::from_millis(100) * tenth.into());
        let mut buffer = [0; 64];
        buffer[..4].copy_from_slice(&[0x80, 96, 0, tenth]);
        if transport.protect_rtp(&mut buffer, 20) == Err(ProtectError::Paused) {
            refused = Some(tenth);
            break;
        }
    }
    assert!(refused.is_some_and(|tenth| (80..100).contains(&tenth)), "{refused:?}");
    assert_media_flows(&mut peer, &mut transport, 300, t0() + seconds(20));
}

#[test]
fn goodbyes_are_heard_and_said() {
    for (port, media) in [(1012, false), (1014, true)] {
        let (mut peer, mut transport) = connected(port);
        if media {
            assert_media_flows(&mut peer, &mut transport, 1, t0());
        }
        for mut datagram in peer.close(t0()) {
            transport.handle_datagram(peer.address, &mut datagram, t0());
        }
        assert_eq!(events(&mut transport), [TransportEvent::Closed]);
        assert!(!transport.is_connected());

        let (mut peer, mut transport) = connected(port + 1);
        if media {
            assert_media_flows(&mut peer, &mut transport, 1, t0());
        }
        transport.close(t0());
        assert_eq!(events(&mut transport), []);
        peer.hear(&mut transport, t0());
        assert!(peer.closed);
        assert_eq!(transport.protect_rtp(&mut [0x80; 64], 20), Err(ProtectError::NotConnected));
    }
}

#[test]
fn what_is_left_of_a_handshake_is_enough() {
    let (mut peer, mut transport) = connected(1016);
    assert_eq!(transport.transmits.len(), 0);
    // Our last flight was lost: it comes again, but not for ever.
    for time in 0..40 {
        for mut datagram in peer.repeat() {
            transport.handle_datagram(peer.address, &mut datagram, t0());
        }
        let repeated = transport.transmits.len();
        assert_eq!(repeated > 0, time < 16, "time {time}: {repeated} datagrams");
        peer.hear(&mut transport, t0());
    }
    // A forged alert changes nothing.
    let mut forged = vec![21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 26];
    forged.resize(13 + 26, 7);
    for _ in 0..3 {
        transport.handle_datagram(peer.address, &mut forged.clone(), t0());
    }
    assert_eq!(events(&mut transport), []);
    assert_media_flows(&mut peer, &mut transport, 1, t0());
    for mut datagram in peer.close(t0()) {
        transport.handle_datagram(peer.address, &mut datagram, t0());
    }
    assert_eq!(events(&mut transport), [TransportEvent::Closed]);
}

#[test]
fn forged_and_replayed_media_is_dropped_and_counted() {
    let (mut peer, mut transport) = connected(1014);
    let good = peer.rtp(1);
    let mut first = good.clone();
    let received = transport.handle_datagram(peer.address, &mut first, t0());
    assert!(matches!(received, Received::Rtp(_)));
    let mut strange = connected(1);
    for mut datagram in [good.clone(), strange.0.rtp(2), strange.0.rtcp(), vec![0x9f; 20]] {
        let received = transport.handle_datagram(peer.address, &mut datagram, t0());
        assert_eq!(received, Received::Nothing);
        let mut astray = good.clone();
        let received = transport.handle_datagram(address(3), &mut astray, t0());
        assert_eq!(received, Received::Nothing);
    }
    let expected = Counters {
        replayed: 1,
        auth_failed: 2,
        malformed: 1,
        unvalidated: 4,
        ..Counters::default()
    };
    assert_eq!(*transport.counters(), expected);
}

#[test]
fn a_thousand_mutations_of_everything_leave_the_session_alive() {
    let (mut peer, mut transport) = connected(1015);
    let mut handshake = Peer::new(1);
    let hello = handshake.client_hello(t0());
    let mut random = Random(11);
    for round in 0..1000_u16 {
        let seeds =
            [peer.check(round % 2 == 0), hello[0].clone(), peer.rtp(2 * round), peer.rtcp()];
        for mut datagram in seeds {
            let whole = datagram.clone();
            random.mutate(&mut datagram);
            let same = datagram == whole;
            // From its own address, the worst place.
            let received = transport.handle_datagram(peer.address, &mut datagram, t0());
            assert!(same || received == Received::Nothing, "{datagram:02x?}");
        }
        while transport.poll_transmit().is_some() {}
        if round % 100 == 0 {
            assert_media_flows(&mut peer, &mut transport, 2 * round + 1, t0());
        }
    }
    assert!(transport.is_connected());
    assert_eq!(events(&mut transport), []);
    let counters = *transport.counters();
    assert!(counters.bad_integrity > 0 && counters.auth_failed > 0 && counters.malformed > 0);
    let mut goodbye = peer.close(t0());
    transport.handle_datagram(peer.address, &mut goodbye[0], t0());
    assert_eq!(events(&mut transport), [TransportEvent::Closed]);
}

#[test]
fn a_thousand_mutated_handshakes_panic_nowhere() {
    let mut random = Random(17);
    for round in 0..250 {
        let mut peer = Peer::new(1016);
        let mut transport = answer_to(&mut peer);
        let check = peer.check(true);
        peer.talk(&mut transport, vec![check], t0());
        let mut datagrams = peer.client_hello(t0());
        for _ in 0..4 {
            for datagram in &mut datagrams {
                if random.below(3) == 0 {
                    random.mutate(datagram);
                }
                transport.handle_datagram(peer.address, datagram, t0());
            }
            peer.hear(&mut transport, t0());
            datagrams = peer.drain();
        }
        run(&mut transport, t0() + seconds(20));
        assert!(transport.is_connected() || transport.poll_event().is_some(), "round {round}");
    }
}

#[test]
fn a_handshake_is_bounded_in_bytes_and_time() {
    let mut peer = Peer::new(1017);
    let mut transport = answer_to(&mut peer);
    let check = peer.check(true);
    peer.talk(&mut transport, vec![check], t0());
    // Fragments of a hello that never becomes whole.
    for sequence in 0..10_000_u32 {
        let mut datagram = vec![22, 0xfe, 0xfd, 0, 0, 0, 0];
        datagram.extend_from_slice(&sequence.to_be_bytes());
        datagram.extend_from_slice(&112_u16.to_be_bytes());
        datagram.extend_from_slice(&[1, 0, 0xf0, 0, 0, 0, 0, 0, 1, 0, 0, 100]);
        datagram.resize(13 + 112, 0);
        transport.handle_datagram(peer.address, &mut datagram, t0());
    }
    assert!(transport.counters().unexpected > 9_000);
    run(&mut transport, t0() + seconds(9));
    assert_eq!(events(&mut transport), []);
    run(&mut transport, t0() + seconds(10));
    assert_eq!(events(&mut transport), [TransportEvent::Failed(Failure::HandshakeFailed)]);
}

#[test]
fn firefox_negotiates_the_same_lines() {
    let lines = |offer| {
        let offer = Offer::parse(offer).unwrap();
        let (_, negotiated, _) = Transport::new(&config(), &offer, 1, t0()).unwrap();
        let send: Vec<_> =
            negotiated.send.iter().map(|line| (line.kind, line.rids.len())).collect();
        let receive: Vec<_> =
            negotiated.receive.iter().map(|line| (line.audio, line.index)).collect();
        (send, receive)
    };
    assert_eq!(lines(CHROMIUM), lines(FIREFOX));
}
