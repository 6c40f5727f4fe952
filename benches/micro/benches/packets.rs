//! What one packet costs on its way through the core: parsed, decided, rewritten for everyone.
//!
//! A lesson of 30: one camera is shown to the 29 others, one voice is heard by them.
//! Left out on purpose: encryption and sockets, which `pieces` measures.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use kreide_media::rtp::Packet;
use kreide_sfu_core::{MemberKey, PacketKind, RoomPart};
use kreide_sfu_testkit::{Camera, Microphone, in_scope, member, room, t0, view};

/// Everyone in the room.
const PEOPLE: u32 = 30;
/// RTP timestamp units between frames at 30 frames a second.
const FRAME: u32 = 3_000;

/// A room of [`PEOPLE`] in which all others see and hear the first, and the time.
struct Lesson {
    room: RoomPart,
    speaker: MemberKey,
    keys: Vec<MemberKey>,
    now: Instant,
}

impl Lesson {
    fn new() -> Self {
        let now = t0();
        let mut room = room(7);
        let mut keys = Vec::new();
        for number in 1..=PEOPLE {
            let key = room.join(member(number, &["h"], 1), now);
            room.connected(key, now);
            keys.push(key);
        }
        for key in &keys[1..] {
            room.set_view(*key, view(&[(0, 1, 360)]), now);
        }
        let mut lesson = Self { room, speaker: keys[0], keys, now };
        lesson.sent();
        lesson
    }

    /// Hands packets in, `later` after those before, and counts the media that goes out.
    fn take(&mut self, packets: &[Vec<u8>], later: Duration) -> usize {
        self.now += later;
        while self.room.poll_timeout().is_some_and(|(at, _)| at <= self.now) {
            self.room.handle_timeout(self.now);
        }
        for packet in packets {
            self.room.handle_rtp(self.speaker, packet, self.now);
        }
        self.sent()
    }

    /// The same with one packet of each person.
    fn all_send(&mut self, packets: &[Vec<u8>], later: Duration) -> usize {
        let came = self.take(&[], later);
        for (key, packet) in self.keys.iter().zip(packets) {
            self.room.handle_rtp(*key, packet, self.now);
        }
        came + self.sent()
    }

    fn sent(&mut self) -> usize {
        let mut count = 0;
        while let Some(batch) = self.room.poll_batch(self.now) {
            let media = batch.kind == PacketKind::Rtp;
            count += if media { black_box(batch.packets).len() } else { 0 };
        }
        while self.room.poll_event().is_some() {}
        count
    }
}

fn parse(criterion: &mut Criterion) {
    let packet = Camera::new("v", Some("h"), (640, 360), 1).frame(FRAME).remove(0);
    criterion.bench_function("parse a packet", |bencher| {
        bencher.iter(|| Packet::parse(black_box(&packet)).map(|packet| packet.sequence));
    });
}

/// A frame in one packet, and in four that leave together.
fn camera(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fan out");
    for packets in [1, 4] {
        let mut lesson = Lesson::new();
        let mut camera = Camera::new("v", Some("h"), (640, 360), 1).with_packets(packets);
        // The first frame is the keyframe that all slots wait for.
        let opening = lesson.take(&camera.frame(FRAME), Duration::ZERO);
        assert_eq!(opening, 29 * packets, "the camera reaches everybody");
        group.throughput(Throughput::Elements(29 * packets as u64));
        group.bench_function(format!("a frame of {packets} to 29"), |bencher| {
            bencher.iter_batched(
                || camera.frame(FRAME),
                |packets| lesson.take(&packets, Duration::from_millis(16)),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn voice(criterion: &mut Criterion) {
    let mut lesson = Lesson::new();
    let mut microphone = Microphone::new("a", 4_711);
    // It takes a moment to be chosen among the loudest.
    let heard = (0..100)
        .map(|_| lesson.take(&[microphone.packet(20)], Duration::from_millis(20)))
        .max()
        .unwrap_or(0);
    assert!(heard >= 29, "the voice reaches everybody");
    let mut group = criterion.benchmark_group("fan out");
    group.throughput(Throughput::Elements(u64::from(PEOPLE) - 1));
    group.bench_function("a voice's packet to 29", |bencher| {
        bencher.iter_batched(
            || microphone.packet(20),
            |packet| lesson.take(&[packet], Duration::from_millis(20)),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// All microphones are open, as some always are: most packets are measured and go no further.
fn open_microphones(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("open microphones");
    group.throughput(Throughput::Elements(PEOPLE.into()));
    for scopes in [1, 10] {
        let mut lesson = Lesson::new();
        for (number, key) in (0..).zip(&lesson.keys) {
            lesson.room.set_place(*key, in_scope((number % scopes) as u8), lesson.now);
        }
        let mut microphones: Vec<_> =
            (1..=PEOPLE).map(|number| Microphone::new("a", number)).collect();
        group.bench_function(format!("30 packets in {scopes} scopes"), |bencher| {
            bencher.iter_batched(
                || microphones.iter_mut().map(|microphone| microphone.packet(40)).collect(),
                |packets: Vec<_>| lesson.all_send(&packets, Duration::from_millis(20)),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(packets, parse, camera, voice, open_microphones);
criterion_main!(packets);
