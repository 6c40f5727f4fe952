//! The way of one packet taken to pieces: unprotect, rewrite, protect, send; and a join.
//!
//! What they add up to beside `packets` is what deciding costs.
//! Left out on purpose: the handshake of a join, most of which is the peer's.

use std::hint::black_box;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::time::Instant;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use kreide_media::rtp::{Header, Packet};
use kreide_sfu_core::internals::OneSlot;
use kreide_sfu_core::{Listener, MemberConfig};
use kreide_sfu_testkit::{Camera, member, open_rights, room, t0};
use kreide_sfu_transport::internals::{IceAgent, Srtp, signed_check};
use kreide_sfu_transport::{
    Class, Offer, SrtpProfile, TAG_ROOM, Transport, TransportConfig, classify,
};
use quinn_udp::{Transmit, UdpSockRef, UdpSocketState};

/// Bytes of a full packet of video before it is protected.
const FULL: usize = 1_200;

/// Packets of one stream, as long as a bench wants them.
struct Stream {
    next: u64,
}

impl Stream {
    /// The next packet, in a buffer with room for its tag.
    fn packet(&mut self) -> Vec<u8> {
        self.next += 1;
        let header = Header {
            marker: false,
            payload_type: 96,
            sequence: self.next as u16,
            timestamp: (self.next * 3_000) as u32,
            ssrc: 7,
        };
        let mut out = Vec::with_capacity(FULL + TAG_ROOM);
        header.write(&mut out, false, false);
        out.resize(FULL + TAG_ROOM, 0x55);
        out
    }
}

fn srtp(criterion: &mut Criterion) {
    for profile in [SrtpProfile::AeadAes128Gcm, SrtpProfile::Aes128CmSha1_80] {
        let mut group = criterion.benchmark_group(profile.name());
        let (mut ours, _) = Srtp::pair(profile, 1).expect("keys");
        let mut stream = Stream { next: 0 };
        group.bench_function("protect 1200 B", |bencher| {
            bencher.iter_batched_ref(
                || stream.packet(),
                |packet| ours.protect_rtp(packet, FULL).expect("a fresh number"),
                BatchSize::SmallInput,
            );
        });
        let (mut ours, mut theirs) = Srtp::pair(profile, 1).expect("keys");
        let mut stream = Stream { next: 0 };
        group.bench_function("unprotect 1200 B", |bencher| {
            bencher.iter_batched_ref(
                || {
                    let mut packet = stream.packet();
                    let length = theirs.protect_rtp(&mut packet, FULL).expect("a fresh number");
                    packet.truncate(length);
                    packet
                },
                |packet| ours.unprotect_rtp(packet).expect("the peer's own packet"),
                BatchSize::SmallInput,
            );
        });
        group.finish();
    }
}

fn rewrite(criterion: &mut Criterion) {
    let mut camera = Camera::new("v", None, (640, 360), 1);
    let mut slot = OneSlot::new(member(1, &[], 1).slots.pop().expect("a video slot"));
    let mut now = t0();
    let mut out = Vec::with_capacity(2 * FULL);
    for packet in camera.frame(3_000) {
        slot.rewrite(&Packet::parse(&packet).expect("our own packet"), &mut out, now);
    }
    assert!(!out.is_empty(), "the slot has begun");
    let mut waiting = Vec::new();
    criterion.bench_function("parse and rewrite a picture's packet", |bencher| {
        bencher.iter_batched_ref(
            || {
                if waiting.is_empty() {
                    waiting = camera.frame(3_000);
                }
                waiting.remove(0)
            },
            |packet| {
                now += std::time::Duration::from_millis(16);
                out.clear();
                let packet = Packet::parse(packet).expect("our own packet");
                slot.rewrite(&packet, &mut out, now);
                black_box(out.len())
            },
            BatchSize::PerIteration,
        );
    });
}

fn route(criterion: &mut Criterion) {
    let packet = Stream { next: 0 }.packet();
    assert_eq!(classify(&packet), Class::Rtp);
    criterion.bench_function("tell what a datagram is", |bencher| {
        bencher.iter(|| classify(black_box(&packet)));
    });
}

/// What a check costs, and what a guess at its key: the price of a flood, datagram by datagram.
fn checks(criterion: &mut Criterion) {
    let mut message = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    message.extend_from_slice(&[7; 12]);
    message.extend_from_slice(&[0, 6, 0, IceAgent::USERNAME.len() as u8]);
    message.extend_from_slice(IceAgent::USERNAME.as_bytes());
    let from = (Ipv4Addr::LOCALHOST, 9).into();
    let mut agent = IceAgent::new();
    let check = signed_check(&message, IceAgent::PASSWORD);
    assert!(agent.handle(from, &check, t0()).is_some());
    criterion.bench_function("answer a check", |bencher| {
        bencher.iter(|| agent.handle(from, black_box(&check), t0()));
    });
    let guess = signed_check(&message, "guess");
    assert!(agent.handle(from, &guess, t0()).is_none());
    criterion.bench_function("refuse a check of another key", |bencher| {
        bencher.iter(|| agent.handle(from, black_box(&guess), t0()));
    });
}

/// What the kernel takes for packets to one viewer, given in one call as a frame's are.
fn send(criterion: &mut Criterion) {
    let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("the loopback address");
    receiver.set_nonblocking(true).expect("a socket of ours");
    let to = receiver.local_addr().expect("a bound socket");
    let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("the loopback address");
    let state = UdpSocketState::new(UdpSockRef::from(&sender)).expect("a socket of ours");
    let mut group = criterion.benchmark_group("send 1200 B over loopback");
    for packets in [1, 4, 16] {
        let contents = vec![0x55; packets * FULL];
        let mut buffer = vec![0; FULL];
        group.throughput(Throughput::Elements(packets as u64));
        group.bench_function(format!("{packets} in one call"), |bencher| {
            bencher.iter_batched(
                // The receiver's buffer must not fill, or the kernel would drop, not deliver.
                || while receiver.recv(&mut buffer).is_ok() {},
                |()| {
                    let transmit = Transmit {
                        destination: to,
                        ecn: None,
                        contents: &contents,
                        segment_size: Some(FULL),
                        src_ip: None,
                    };
                    state.try_send(UdpSockRef::from(&sender), &transmit).expect("loopback takes it")
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn join(criterion: &mut Criterion) {
    let text = include_str!("../../../sfu/transport/tests/fixtures/chromium-trimmed.sdp");
    let address = "192.0.2.7:7880".parse().expect("an address");
    let config = Arc::new(TransportConfig::new(vec![address]).expect("a certificate"));
    let mut group = criterion.benchmark_group("join");
    group.bench_function("read an offer", |bencher| {
        bencher.iter(|| Offer::parse(black_box(text)).expect("a browser's offer"));
    });
    let offer = Offer::parse(text).expect("a browser's offer");
    let now: Instant = t0();
    group.bench_function("answer it", |bencher| {
        bencher.iter(|| Transport::new(&config, &offer, 7, now).expect("random numbers").2.len());
    });
    let (_, lines, _) = Transport::new(&config, &offer, 7, now).expect("random numbers");
    let newcomer = MemberConfig {
        listener: Listener::Person,
        rights: open_rights(),
        publish: lines.send,
        slots: lines.receive,
        ..member(31, &[], 0)
    };
    let mut class = room(7);
    for number in 1..=30 {
        let key = class.join(member(number, &["h"], 9), now);
        class.connected(key, now);
    }
    group.bench_function("enter a room of 30 and leave it", |bencher| {
        bencher.iter_batched(
            || newcomer.clone(),
            |newcomer| {
                let key = class.join(newcomer, now);
                class.connected(key, now);
                class.leave(key, now);
                while let Some(batch) = class.poll_batch(now) {
                    black_box(batch.packets);
                }
                while class.poll_event().is_some() {}
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(pieces, srtp, route, checks, rewrite, send, join);
criterion_main!(pieces);
