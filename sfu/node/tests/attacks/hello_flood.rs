//! M1: ClientHello races and floods (CVE-2023-51443, CVE-2023-49786).

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kreide_sfu_testkit::Microphone;

use crate::fixture::{Fixture, client_hello, lesson};

/// A thousand hellos a second, each other one in the name of somebody who is joining.
struct Flood {
    over: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    /// The socket of whoever joins now: what is sent through it bears its address.
    victim: Arc<Mutex<Option<UdpSocket>>>,
    attacker: UdpSocket,
    thread: std::thread::JoinHandle<()>,
}

impl Flood {
    fn begin(fixture: &Fixture) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let sent = Arc::new(AtomicU64::new(0));
        let victim = Arc::new(Mutex::new(None::<UdpSocket>));
        let attacker = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let server = fixture.address;
        let good = client_hello();
        let mut bad_cipher = good.clone();
        // Record and message header, version, random, empty session and cookie: then the ciphers.
        bad_cipher[63..].fill(0);
        let mut bad_version = good.clone();
        bad_version[25..27].copy_from_slice(&[1, 1]);
        let alert = vec![21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40];
        let thread = std::thread::spawn({
            let (over, sent, victim) = (Arc::clone(&over), Arc::clone(&sent), Arc::clone(&victim));
            let attacker = attacker.try_clone().expect("a socket");
            move || {
                let spoofed = [&bad_cipher, &bad_version, &alert];
                let own = [&good, &bad_cipher, &bad_version, &alert];
                for round in 0.. {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    let _ = attacker.send_to(own[round % own.len()], server);
                    if let Some(victim) = &*victim.lock().expect("the flood") {
                        let _ = victim.send_to(spoofed[round % spoofed.len()], server);
                    }
                    sent.fetch_add(1, Ordering::Relaxed);
                    // The pace of the attack.
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        });
        Self { over, sent, victim, attacker, thread }
    }

    /// Waits until so many more were sent.
    fn wait_for_more(&self, hellos: u64) {
        let before = self.sent.load(Ordering::Relaxed);
        while self.sent.load(Ordering::Relaxed) < before + hellos {
            std::thread::yield_now();
        }
    }

    /// Ends the flood; how many came from the attacker's own address.
    fn end(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().expect("the flood");
        self.attacker.set_nonblocking(true).expect("a socket");
        assert!(self.attacker.recv(&mut [0; 2048]).is_err(), "not a byte came back");
        self.sent.load(Ordering::Relaxed)
    }
}

/// A hundred people join while the flood lasts. Half of it bears the address of whoever is joining,
/// and of that at least five hellos lie between the check and the true hello: all get in, and hear
/// each other.
#[test]
fn client_hello_flood() {
    let mut fixture = Fixture::start();
    let room = lesson("7b");
    let flood = Flood::begin(&fixture);
    let mut joined = Vec::new();
    for number in 1..=100 {
        let mut client = fixture.seat(&room, number);
        *flood.victim.lock().expect("the flood") = client.socket.try_clone().ok();
        client.prove();
        flood.wait_for_more(5);
        fixture.enter(&mut client);
        joined.push(client);
    }
    let from_attacker = flood.end();
    assert_eq!(joined.len(), 100);
    fixture.wait_metric("kreide_srtp_sessions_total", "", |count| count == 100.0);
    assert_eq!(fixture.metric("kreide_media_transports_ended_total", ""), 0.0);
    assert!(from_attacker >= 500);
    fixture.wait_metric("kreide_media_strays_total", "", |count| count >= from_attacker as f64);
    let mut microphone = Microphone::new("a", 5);
    let (first, others) = joined.split_first_mut().expect("a hundred");
    first.send_rtp(&microphone.packet(10));
    for other in others {
        other.receive_until("the voice", |client| client.has(&5_u32.to_be_bytes()));
    }
}
