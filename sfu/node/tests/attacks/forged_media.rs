//! M2 and M3: media without the key, and media that was here before.

use std::net::UdpSocket;

use kreide_media::rtcp::{write_nack, write_pli};
use kreide_sfu_testkit::{Camera, Microphone, STEP};

use crate::fixture::{Client, Fixture, is_rtcp, lesson};

/// A camera that two people watch, a second of it, and everything that its sender put on the wire.
fn second_of_media(fixture: &mut Fixture) -> (Client, Client, Microphone) {
    let room = lesson("7b");
    let mut sender = fixture.join(&room, 1);
    let mut viewer = fixture.join(&room, 2);
    fixture.show(&viewer, &[1]);
    let mut camera = Camera::new("v", None, (640, 360), 5);
    let mut microphone = Microphone::new("a", 9);
    for frame in 0..30 {
        for packet in camera.frame(STEP) {
            sender.send_rtp(&packet);
        }
        for _ in 0..if frame % 3 == 0 { 1 } else { 2 } {
            sender.send_rtp(&microphone.packet(20));
        }
        if frame % 5 == 0 {
            let mut report = vec![0x80, 201, 0, 1, 0, 0, 0, 1];
            write_nack(&mut report, 1, 77, &[1, 2]);
            write_pli(&mut report, 1, 77);
            sender.send_rtcp(&report);
        }
    }
    viewer.receive_until("the voice's last packet", |client| client.rtp.len() >= 50);
    // A voice may overtake pictures that came with it, so there is a second one behind them.
    for _ in 0..2 {
        barrier(fixture, &mut sender, &mut viewer, &mut microphone);
    }
    (sender, viewer, microphone)
}

/// A packet behind everything that the sender sent before: once it is here, all of that was
/// handled. The payload is the timestamp, that it be told from all others.
fn barrier(
    fixture: &mut Fixture,
    sender: &mut Client,
    viewer: &mut Client,
    microphone: &mut Microphone,
) {
    let mut packet = microphone.packet(20);
    let mark = [b"mark".to_vec(), microphone.clock().1.to_be_bytes().to_vec()].concat();
    packet.extend_from_slice(&mark);
    sender.send_rtp(&packet);
    viewer.receive_until("the barrier", |client| client.has(&mark));
    assert_eq!(fixture.metric("kreide_media_room_panics_total", ""), 0.0);
}

/// Everything that the second held comes again: from the sender's own address, twice, and from
/// the attacker's. Nobody gets a packet for it.
#[test]
fn replay_of_a_captured_second() {
    let mut fixture = Fixture::start();
    let (mut sender, mut viewer, mut microphone) = second_of_media(&mut fixture);
    let captured = sender.sent.clone();
    let (media, reports): (Vec<_>, Vec<_>) = captured.iter().partition(|packet| !is_rtcp(packet));
    assert!(media.len() > 80 && reports.len() == 6);
    let before = fixture.metric("kreide_media_strays_total", "");
    viewer.rtp.clear();

    let attacker = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    for round in 0..2 {
        for packet in &captured {
            sender.send(packet);
            attacker.send_to(packet, fixture.address).expect("a socket");
        }
        for packet in captured.iter().rev() {
            sender.send(packet);
        }
        barrier(&mut fixture, &mut sender, &mut viewer, &mut microphone);
        assert_eq!(viewer.rtp.len(), round + 1, "only the barriers came through");
    }
    let count = captured.len() as f64;
    fixture.wait_metric("kreide_media_strays_total", "", |now| now == before + 2.0 * count);
    fixture.end(&sender);
    sender.receive_until("the goodbye", |client| client.is_told_goodbye());
    let replayed = fixture.metric("kreide_media_refused_datagrams_total", "replayed");
    assert_eq!(replayed, 4.0 * count);
}

/// Right SSRC and number, right address, wrong key: the keys of another seat in the same room.
#[test]
fn forged_packets_from_the_nominated_address() {
    let mut fixture = Fixture::start();
    let (mut sender, mut viewer, mut microphone) = second_of_media(&mut fixture);
    let mut attacker = fixture.join(&lesson("7b"), 3);
    // The sender's next packets, in the keys of somebody else.
    let mut next = Microphone::new("a", 9);
    let mut camera = Camera::new("v", None, (640, 360), 5);
    for _ in 0..200 {
        next.packet(5);
        camera.frame(STEP);
        attacker.seal_rtcp(&[0x80, 201, 0, 1, 0, 0, 0, 1]);
    }
    viewer.rtp.clear();
    let (mut forged, mut rounds) = (0, 0);
    while forged < 2_000 {
        for _ in 0..5 {
            let mut sealed = vec![
                attacker.seal_rtp(&next.packet(5)),
                attacker.seal_rtcp(&[0x80, 201, 0, 1, 0, 0, 0, 1]),
            ];
            sealed.extend(camera.frame(STEP).iter().map(|packet| attacker.seal_rtp(packet)));
            sealed.iter().for_each(|packet| sender.send(packet));
            forged += sealed.len();
        }
        // One of his own behind them, lest the socket's buffer overflow and drop some.
        barrier(&mut fixture, &mut sender, &mut viewer, &mut microphone);
        rounds += 1;
        assert_eq!(viewer.rtp.len(), rounds, "only the barriers came through");
    }
    fixture.end(&sender);
    let refused = fixture.metric("kreide_media_refused_datagrams_total", "auth_failed");
    assert_eq!(refused, forged as f64);
}
