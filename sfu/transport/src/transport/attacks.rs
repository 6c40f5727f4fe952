//! Attacks on one transport, each test named after its attack. Virtual time, an independent peer,
//! and an attacker who stands in the worst place: he sends from the peer's own address.

use rtc_dtls::crypto::Certificate;

use super::tests::{answer_to, assert_media_flows, config, connected, events, run, shake_hands};
use super::*;
use crate::testing::{CHROMIUM, Peer, address, seconds, t0};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;

/// Hands a datagram in as the attacker, who must get nothing for it.
fn forge(transport: &mut Transport, from: SocketAddr, datagram: &[u8]) {
    let mut datagram = datagram.to_vec();
    let received = transport.handle_datagram(from, &mut datagram, t0());
    assert_eq!(received, Received::Nothing);
}

/// How often a flood is repeated: `KREIDE_FORGED_PACKETS` packets in all, for the long run.
fn forged_packets() -> u64 {
    let wanted = std::env::var("KREIDE_FORGED_PACKETS").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(2_000_000)
}

/// Hellos that no server would take, and alerts, between each two datagrams of the handshake.
#[test]
fn client_hello_flood_while_hands_are_shaken() {
    let mut peer = Peer::new(1101);
    let mut transport = answer_to(&mut peer);
    let check = peer.check(true);
    peer.talk(&mut transport, vec![check], t0());
    let mut bad_cipher = Peer::new(1).client_hello(t0()).remove(0);
    // Record and message header, version, random, empty session and cookie: then the ciphers.
    bad_cipher[63..].fill(0);
    let alert = [21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40];
    let mut datagrams = peer.client_hello(t0());
    for _ in 0..20 {
        for datagram in datagrams.drain(..) {
            forge(&mut transport, peer.address, &datagram);
            for _ in 0..5 {
                forge(&mut transport, peer.address, &bad_cipher);
                forge(&mut transport, peer.address, &alert);
            }
        }
        peer.hear(&mut transport, t0());
        datagrams = peer.drain();
    }
    assert!(transport.is_connected());
    assert_media_flows(&mut peer, &mut transport, 1, t0());
}

/// A hello that the server would take, in the peer's own name. Behind the peer's own it does
/// nothing. Before it, it spoils that attempt: the library keeps to the hello that it answered
/// first, with a cookie of its own. That takes a forged source address and port within the few
/// milliseconds between the first check and the hello; against such a one no handshake in clear is
/// safe (a forged Certificate would do as well). It costs this attempt, and the next is another
/// transport.
#[test]
fn client_hello_race() {
    let strange = || Peer::new(1100).client_hello(t0()).remove(0);
    for own_first in [true, false] {
        let mut peer = Peer::new(1100);
        let mut transport = answer_to(&mut peer);
        let check = peer.check(true);
        peer.talk(&mut transport, vec![check], t0());
        if !own_first {
            forge(&mut transport, peer.address, &strange());
            while transport.poll_transmit().is_some() {}
        }
        let mut datagrams = peer.client_hello(t0());
        for _ in 0..4 {
            for datagram in datagrams.drain(..) {
                forge(&mut transport, peer.address, &datagram);
                forge(&mut transport, peer.address, &strange());
            }
            peer.hear(&mut transport, t0());
            datagrams = peer.drain();
        }
        assert_eq!(transport.is_connected(), own_first);
        if !own_first {
            run(&mut transport, t0() + seconds(10));
            let failed = [TransportEvent::Failed(Failure::HandshakeFailed)];
            assert_eq!(events(&mut transport), failed, "and is soon over");
            let mut again = peer.afresh(1100);
            let mut transport = answer_to(&mut again);
            shake_hands(&mut again, &mut transport, t0());
            assert_media_flows(&mut again, &mut transport, 1, t0());
        }
    }
}

/// Right SSRC, right next numbers, wrong key, from the nominated address. 2 million here, as many
/// as `KREIDE_FORGED_PACKETS` says in the long run.
#[test]
fn forged_media_from_the_nominated_address() {
    let each = forged_packets() / 4;
    for (port, profile) in [
        (1102, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm),
        (1103, SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80),
    ] {
        let mut peer = Peer::new(port);
        peer.profiles = vec![profile];
        let mut transport = answer_to(&mut peer);
        shake_hands(&mut peer, &mut transport, t0());
        assert_media_flows(&mut peer, &mut transport, 1, t0());
        let mut stranger = Peer::new(1);
        stranger.profiles = vec![profile];
        let mut elsewhere = answer_to(&mut stranger);
        shake_hands(&mut stranger, &mut elsewhere, t0());
        let (rtp, rtcp) = (stranger.rtp(2), stranger.rtcp());

        let mut rtp_again = rtp.clone();
        let mut rtcp_again = rtcp.clone();
        // Where each profile has the SRTCP index: at the end, or before ten bytes of tag.
        let behind_index =
            if profile == SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm { 0 } else { 10 };
        let index = rtcp.len() - 4 - behind_index;
        for count in 0..each {
            rtp_again.copy_from_slice(&rtp);
            rtp_again[2..4].copy_from_slice(&(2 + (count % 30_000) as u16).to_be_bytes());
            // Another guess at the tag each time.
            let tag = rtp.len() - 8;
            rtp_again[tag..].copy_from_slice(&count.to_be_bytes());
            let received = transport.handle_datagram(peer.address, &mut rtp_again, t0());
            assert_eq!(received, Received::Nothing);

            rtcp_again.copy_from_slice(&rtcp);
            rtcp_again[index..index + 4]
                .copy_from_slice(&(0x8000_0100 | (count as u32 & 0x7fff_ffff)).to_be_bytes());
            let received = transport.handle_datagram(peer.address, &mut rtcp_again, t0());
            assert_eq!(received, Received::Nothing);
        }
        let expected = Counters { auth_failed: 2 * each, ..Counters::default() };
        assert_eq!(*transport.counters(), expected, "every one is counted");
        // And none has moved a window: the true next packet is still the next.
        assert_media_flows(&mut peer, &mut transport, 2, t0());
    }
}

/// A whole captured second, RTP and RTCP, at once and later, in order and backwards, from the
/// peer's address and from the attacker's.
#[test]
fn replay_of_a_captured_second() {
    for (port, profile) in [
        (1104, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm),
        (1105, SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80),
    ] {
        let mut peer = Peer::new(port);
        peer.profiles = vec![profile];
        let mut transport = answer_to(&mut peer);
        shake_hands(&mut peer, &mut transport, t0());
        // Three layers of a camera at full rate, and a report every 50 ms.
        let captured: Vec<Vec<u8>> = (0..400)
            .flat_map(|sequence| {
                let report = (sequence % 20 == 0).then(|| peer.rtcp());
                std::iter::once(peer.rtp(65_400_u16.wrapping_add(sequence))).chain(report)
            })
            .collect();
        for packet in &captured {
            let mut packet = packet.clone();
            let taken = transport.handle_datagram(peer.address, &mut packet, t0());
            assert_ne!(taken, Received::Nothing);
        }
        let mut replayed = 0;
        for round in 0..3 {
            for packet in &captured {
                forge(&mut transport, peer.address, packet);
            }
            for packet in captured.iter().rev() {
                forge(&mut transport, peer.address, packet);
                forge(&mut transport, address(4), packet);
            }
            replayed += 2 * captured.len() as u64;
            // Between the rounds the stream runs on, until the window has left the second behind.
            for sequence in 0..600 {
                let mut next = peer.rtp(264_u16 + 600 * round + sequence);
                let taken = transport.handle_datagram(peer.address, &mut next, t0());
                assert!(matches!(taken, Received::Rtp(_)));
            }
        }
        let expected = Counters { replayed, unvalidated: replayed / 2, ..Counters::default() };
        assert_eq!(*transport.counters(), expected);
    }
}

/// What was captured of one connection is worth nothing in the next one of the same peer, nor is
/// what the server itself sent.
#[test]
fn replay_into_another_session_and_reflection() {
    let (mut peer, mut transport) = connected(1106);
    let captured: Vec<_> = (1..50).map(|sequence| peer.rtp(sequence)).collect();
    let mut again = peer.afresh(1106);
    let offer = Offer::parse(&again.offer(CHROMIUM)).unwrap();
    let (mut next, _, answer) = Transport::new(&config(), &offer, 1, t0()).unwrap();
    again.take(&answer);
    shake_hands(&mut again, &mut next, t0());
    for packet in &captured {
        forge(&mut next, again.address, packet);
    }
    assert_eq!(next.counters().auth_failed, 49);

    let mut ours = vec![0; 64];
    ours[..8].copy_from_slice(&[0x80, 111, 0, 7, 0, 0, 0, 0]);
    let len = transport.protect_rtp(&mut ours, 30).unwrap();
    forge(&mut transport, peer.address, &ours[..len]);
    let mut ours = vec![0; 64];
    ours[..2].copy_from_slice(&[0x80, 200]);
    let len = transport.protect_rtcp(&mut ours, 28).unwrap();
    forge(&mut transport, peer.address, &ours[..len]);
    assert_eq!(transport.counters().auth_failed, 2);
}

/// The victim's certificate is public: it crosses the network in clear. Showing it is not owning
/// it.
#[test]
fn anothers_certificate_without_its_key() {
    let victim = Peer::new(1107);
    let mut attacker = Peer::new(1107);
    let offer = Offer::parse(&victim.offer(CHROMIUM)).unwrap();
    let (mut transport, _, answer) = Transport::new(&config(), &offer, 1, t0()).unwrap();
    attacker.take(&answer);
    attacker.certificate = Certificate {
        certificate: victim.certificate.certificate.clone(),
        private_key: attacker.certificate.private_key.clone(),
    };
    shake_hands(&mut attacker, &mut transport, t0());
    assert_no_keys(&mut attacker, &mut transport);
}

/// The victim's certificate, and no proof at all.
#[test]
fn certificate_verify_withheld() {
    let mut peer = Peer::new(1108);
    let mut transport = answer_to(&mut peer);
    let check = peer.check(true);
    peer.talk(&mut transport, vec![check], t0());
    let mut datagrams = peer.client_hello(t0());
    let mut withheld = 0;
    for _ in 0..4 {
        for datagram in datagrams.drain(..) {
            let kept = without_certificate_verify(&datagram);
            withheld += usize::from(kept.len() < datagram.len());
            forge(&mut transport, peer.address, &kept);
        }
        peer.hear(&mut transport, t0());
        datagrams = peer.drain();
    }
    assert_eq!(withheld, 1);
    assert_no_keys(&mut peer, &mut transport);
}

/// Cuts the records out that hold a CertificateVerify in clear.
fn without_certificate_verify(mut datagram: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    while let Some(header) = datagram.first_chunk::<13>() {
        let end = 13 + usize::from(u16::from_be_bytes([header[11], header[12]]));
        let record = &datagram[..end];
        if !(record[0] == 22 && record[4] == 0 && record[13] == 15) {
            kept.extend_from_slice(record);
        }
        datagram = &datagram[end..];
    }
    kept
}

fn assert_no_keys(peer: &mut Peer, transport: &mut Transport) {
    assert!(!transport.is_connected());
    run(transport, t0() + seconds(20));
    let ended = events(transport);
    assert!(matches!(ended[..], [TransportEvent::Failed(_)]), "{ended:?}");
    assert!(peer.srtp.is_none());
    assert_eq!(transport.protect_rtp(&mut [0x80; 64], 20), Err(ProtectError::NotConnected));
    let mut media = vec![0x80, 111, 0, 1];
    media.resize(60, 0);
    forge(transport, peer.address, &media);
}

/// A record in clear of one handshake fragment.
fn fragment(sequence: u32, kind: u8, message: u8, length: u16, offset: u16, len: u16) -> Vec<u8> {
    let mut datagram = vec![22, 0xfe, 0xfd, 0, 0, 0, 0];
    datagram.extend_from_slice(&sequence.to_be_bytes());
    datagram.extend_from_slice(&(12 + len).to_be_bytes());
    datagram.extend_from_slice(&[kind, 0]);
    datagram.extend_from_slice(&length.to_be_bytes());
    datagram.extend_from_slice(&[0, message, 0]);
    datagram.extend_from_slice(&offset.to_be_bytes());
    datagram.push(0);
    datagram.extend_from_slice(&len.to_be_bytes());
    datagram.resize(13 + 12 + usize::from(len), 0x55);
    datagram
}

/// CVE-2022-29190: fragments of no length, in a circle, stood still for ever. Here they are
/// refused before the library sees them, and do not end the handshake that they interrupt.
#[test]
fn zero_length_fragments() {
    let mut peer = Peer::new(1109);
    let mut transport = answer_to(&mut peer);
    let check = peer.check(true);
    peer.talk(&mut transport, vec![check], t0());
    let mut forged = 0;
    let mut datagrams = peer.client_hello(t0());
    for round in 0..6 {
        for datagram in std::mem::take(&mut datagrams) {
            for sequence in 0..200 {
                for (kind, message) in [(1, 0), (1, 1), (11, 2), (16, 3), (15, 4)] {
                    let offset = (sequence % 3 * 50) as u16;
                    let empty = fragment(1_000_000 + sequence, kind, message, 100, offset, 0);
                    forge(&mut transport, peer.address, &empty);
                    forged += 1;
                }
            }
            forge(&mut transport, peer.address, &datagram);
        }
        peer.hear(&mut transport, t0());
        datagrams = peer.drain();
        assert!(round > 0 || !datagrams.is_empty());
    }
    assert!(transport.is_connected());
    assert_eq!(transport.counters().unexpected, forged);
    assert_media_flows(&mut peer, &mut transport, 1, t0());
}

/// CVE-2022-29189: pieces that are kept and kept. Of 40 MB the transport takes 64 KiB, and memory
/// stays what it was.
#[test]
fn fragment_storm() {
    let mut peer = Peer::new(1110);
    let mut transport = answer_to(&mut peer);
    let check = peer.check(true);
    peer.talk(&mut transport, vec![check], t0());
    let before = resident_bytes();
    let mut sent = 0;
    for sequence in 0..40_000_u32 {
        // Ever another message, ever another place in it, never a whole one.
        let (message, offset) = ((sequence % 200) as u8, (sequence % 59) as u16 * 1_000);
        let datagram = fragment(sequence, 1, message, 60_000, offset, 999);
        sent += datagram.len();
        forge(&mut transport, peer.address, &datagram);
    }
    assert!(sent > 40_000_000);
    assert!(transport.counters().unexpected > 39_900);
    let answered: usize =
        std::iter::from_fn(|| transport.poll_transmit()).map(|(_, datagram)| datagram.len()).sum();
    assert_eq!(answered, 0, "a piece is no hello");
    let kept = resident_bytes().saturating_sub(before);
    assert!(kept < 16 << 20, "{kept} bytes more than before");
    run(&mut transport, t0() + seconds(9));
    assert_eq!(events(&mut transport), []);
    run(&mut transport, t0() + seconds(10));
    assert_eq!(events(&mut transport), [TransportEvent::Failed(Failure::HandshakeFailed)]);
}

/// Memory of this process, other tests included.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_usize) * 4_096
}

/// An address for each check, as one with valid credentials could: eight are remembered.
#[test]
fn more_tuples_than_a_browser_has() {
    let (mut peer, mut transport) = connected(1111);
    let honest = peer.address;
    let check = peer.check(false);
    for port in 2_000..4_000 {
        transport.handle_datagram(address(port), &mut check.clone(), t0() + seconds(1));
        let reply = transport.poll_transmit().expect("a valid check");
        assert_eq!(reply.0, address(port));
    }
    let mut dtls = [21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40];
    let proven = (2_000..4_000).filter(|port| {
        let before = transport.counters().unvalidated;
        transport.handle_datagram(address(*port), &mut dtls, t0());
        transport.counters().unvalidated == before
    });
    assert_eq!(proven.count(), 7, "and the selected one");
    assert_eq!(transport.remote(), Some(honest));
    assert_media_flows(&mut peer, &mut transport, 1, t0());
}

/// How long media goes to a peer that was killed at `gone`: reports and checks as told, answers if
/// `answers`. All in milliseconds; the last packet is what comes out.
fn last_packet_after(gone: u64, reports_every: u64, checks_every: u64, answers: bool) -> u64 {
    let (mut peer, mut transport) = connected(1112);
    let mut last = 0;
    for tick in (0..gone + 40_000).step_by(20) {
        let now = t0() + Duration::from_millis(tick);
        if tick < gone {
            let said = [(reports_every, peer.rtcp()), (checks_every, peer.check(false))];
            for (every, mut datagram) in said {
                if tick % every == 0 {
                    transport.handle_datagram(peer.address, &mut datagram, now);
                }
            }
        }
        while transport.poll_timeout().is_some_and(|due| due <= now) {
            transport.handle_timeout(now);
        }
        while let Some((to, datagram)) = transport.poll_transmit() {
            assert_eq!(to, peer.address);
            if let Some(mut answer) = peer.answer(&datagram).filter(|_| answers && tick < gone) {
                transport.handle_datagram(peer.address, &mut answer, now);
            }
        }
        let mut media = vec![0; 64];
        media[..2].copy_from_slice(&[0x80, 96]);
        media[2..4].copy_from_slice(&((tick / 20) as u16).to_be_bytes());
        if transport.protect_rtp(&mut media, 20).is_ok() {
            assert!(tick == last + 20 || tick == 0 || last >= gone, "paused while it lived");
            last = tick;
        }
    }
    let ended = events(&mut transport);
    assert_eq!(ended, [TransportEvent::Failed(Failure::ConsentExpired)]);
    last
}

/// Whoever can be asked gets nothing more 5 s after it fell silent, however seldom it spoke before
/// by itself. Whoever cannot gets 9 s, since a browser that cannot would be quiet as long.
#[test]
fn spraying_after_consent_is_lost() {
    for gone in [3_000, 9_980, 14_500, 20_000] {
        // Chromium with pictures, Chromium with a voice, Firefox with a voice.
        for (reports_every, checks_every) in [(240, 2_500), (1_000, 2_500), (7_500, 6_000)] {
            let last = last_packet_after(gone, reports_every, checks_every, true);
            assert!(last <= gone + 5_000, "{last} after {gone}");
            let last = last_packet_after(gone, reports_every, checks_every, false);
            assert!(last <= gone + 9_000, "{last} after {gone}");
        }
    }
}

/// An answer counts if it is to what was asked, from where it was asked, and signed: no other keeps
/// media flowing to where nobody listens.
#[test]
fn forged_answers_to_the_question() {
    let (peer, mut transport) = connected(1113);
    let sends = |transport: &mut Transport, sequence: u16, now| {
        run(transport, now);
        let mut media = vec![0; 64];
        media[..2].copy_from_slice(&[0x80, 96]);
        media[2..4].copy_from_slice(&sequence.to_be_bytes());
        transport.protect_rtp(&mut media, 20)
    };
    let mut question = None;
    let mut paused = None;
    for tenth in 0..120 {
        let now = t0() + Duration::from_millis(100) * tenth.into();
        if sends(&mut transport, tenth, now).is_err() {
            paused = paused.or(Some(tenth));
        }
        question = question.or(transport.poll_transmit());
        while transport.poll_transmit().is_some() {}
        let Some((_, question)) = &question else { continue };
        let answer = peer.answer(question).expect("a question");
        let mut wrong_key = answer.clone();
        wrong_key[40] ^= 1;
        let mut other = answer.clone();
        other[10] ^= 1;
        let mut unsigned = answer[..32].to_vec();
        unsigned[3] = 12;
        for (from, mut forged) in [
            (peer.address, wrong_key),
            (peer.address, other),
            (peer.address, unsigned),
            (peer.address, question.clone()),
            (address(4), answer.clone()),
        ] {
            transport.handle_datagram(from, &mut forged, now);
            assert_eq!(transport.poll_transmit(), None);
        }
    }
    assert!(paused.is_some_and(|tenth| (80..100).contains(&tenth)), "{paused:?}");
    let (_, question) = question.expect("a question");
    let mut answer = peer.answer(&question).expect("a question");
    transport.handle_datagram(peer.address, &mut answer, t0() + seconds(12));
    assert_eq!(sends(&mut transport, 200, t0() + seconds(12)), Ok(36));
}
