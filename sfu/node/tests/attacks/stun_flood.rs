//! M5: STUN floods, amplification and guessed credentials (RFC 8445, RFC 8489).

use std::net::UdpSocket;

use kreide_sfu_testkit::Microphone;

use crate::fixture::{Fixture, check, lesson};

/// Fifty thousand datagrams of every kind that proves nothing, against a node of a hundred
/// transports: not a byte comes back, all are counted, and the next join is like any other.
#[test]
fn unauthenticated_flood() {
    let mut fixture = Fixture::start();
    let room = lesson("7b");
    let seats: Vec<_> = (1..=100).map(|number| fixture.seat(&room, number)).collect();
    let attackers: Vec<_> =
        (0..8).map(|_| UdpSocket::bind("127.0.0.1:0").expect("a free port")).collect();
    let victim = &seats[7];
    let (ours, theirs) = victim.username.split_once(':').expect("two fragments");
    let mut bad_fingerprint = victim.check();
    *bad_fingerprint.last_mut().expect("a check") ^= 1;
    let mut indication = check("", None);
    indication[1] = 0x11;
    let mut response = victim.check();
    response[..2].copy_from_slice(&[1, 1]);
    let known: Vec<Vec<u8>> = vec![
        check(&victim.username, Some("guess")),
        check(&victim.username, None),
        check(&victim.username, Some(&seats[8].password)),
        check(&format!("{ours}:x"), Some(&victim.password)),
        check(&format!("{ours}:"), Some(&victim.password)),
        bad_fingerprint,
        response,
    ];
    let unknown: Vec<Vec<u8>> = vec![
        check(&format!("{theirs}:{ours}"), Some(&victim.password)),
        check(&format!("nobody:{theirs}"), Some(&victim.password)),
        check(ours, Some(&victim.password)),
        check("", Some(&victim.password)),
        check("", None),
        indication,
        vec![0x80; 100],
        vec![0x80, 200, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1],
        vec![0xff; 1_200],
        vec![0],
        vec![],
    ];
    let kinds = known.len() + unknown.len();
    let mut strays = 0;
    let mut sent = 0;
    while sent < 50_000 {
        for (place, datagram) in unknown.iter().chain(&known).enumerate() {
            let attacker = &attackers[(sent + place) % attackers.len()];
            attacker.send_to(datagram, fixture.address).expect("a socket");
        }
        sent += kinds;
        strays += unknown.len();
        // No faster than they are taken, lest the kernel drop some uncounted.
        if sent % (4 * kinds) == 0 {
            fixture.wait_metric("kreide_media_strays_total", "", |count| count >= strays as f64);
        }
    }
    fixture.wait_metric("kreide_media_strays_total", "", |count| count == strays as f64);
    for attacker in &attackers {
        attacker.set_nonblocking(true).expect("a socket");
        assert!(attacker.recv(&mut [0; 2048]).is_err(), "bytes out of the node: 0");
    }
    assert!(seats.iter().all(|seat| seat.is_silent()));
    assert_eq!(fixture.metric("kreide_media_transports", ""), 100.0);

    let mut speaker = fixture.join(&room, 101);
    let mut listener = fixture.join(&room, 102);
    speaker.send_rtp(&Microphone::new("a", 9).packet(20));
    listener.receive_until("the voice", |client| client.has(&9_u32.to_be_bytes()));
    fixture.end(victim);
    let rejected = fixture.metric("kreide_media_refused_datagrams_total", "bad_integrity");
    // All but the response, which no ICE-lite agent waits for.
    assert_eq!(rejected, (sent / kinds * (known.len() - 1)) as f64);
}

/// Somebody with good credentials proves one address after the other: the node remembers eight,
/// and takes nothing from the ninth back. Nobody else's way is touched.
#[test]
fn a_tuple_for_every_check() {
    let mut fixture = Fixture::start();
    let room = lesson("7b");
    let mut honest = fixture.join(&room, 1);
    let mut greedy = fixture.join(&room, 2);
    let check = greedy.check();
    let sockets: Vec<_> = (0..100)
        .map(|_| {
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
            socket.set_read_timeout(Some(crate::fixture::PATIENCE)).expect("a timeout");
            socket.send_to(&check, fixture.address).expect("a socket");
            let length = socket.recv(&mut [0; 2048]).expect("an answer");
            assert!(length < 3 * check.len(), "a proven address gets an answer, and no flood");
            socket
        })
        .collect();
    let before = fixture.metric("kreide_media_strays_total", "");
    let mut voice = Microphone::new("a", 9);
    for socket in &sockets {
        let sealed = greedy.seal_rtp(&voice.packet(20));
        socket.send_to(&sealed, fixture.address).expect("a socket");
    }
    // Each nominated itself, so the last is selected; seven more are remembered.
    honest.receive_until("eight packets", |client| client.rtp.len() >= 8);
    fixture.wait_metric("kreide_media_strays_total", "", |count| count == before + 92.0);
    assert_eq!(honest.rtp.len(), 8);
}
