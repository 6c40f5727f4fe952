//! Whatever comes in, what comes out is whole, and memory stays bounded.

use std::time::Duration;

use crate::kit::{
    self, Event, PUPIL, Pictures, TEACHER, Talker, camera, clock, ms, record, slots, start,
};
use kreide_control::Tapped;
use kreide_recorder_core::{Settings, Timeline};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// A lesson with everything: jitter, loss, reordering, sources that come and go.
fn rough_lesson(random: &mut StdRng) -> Vec<Event> {
    let mut events = vec![clock()];
    for slot in 0..3 {
        let mut talker = Talker::new(slot, 300.0 + 200.0 * f32::from(slot));
        let mut at = ms(random.random_range(0..500));
        while at < ms(4_000) {
            let end = at + ms(20) * random.random_range(1..40);
            events.extend(talker.talk(at, end, |_| ms(random.random_range(1..800))));
            let pause = ms(random.random_range(0..600));
            talker.pause(pause);
            at = end + pause;
        }
    }
    let mut pictures = Pictures::new();
    let mut at = ms(random.random_range(0..300));
    while at < ms(4_000) {
        let late = ms(random.random_range(1..800));
        let keyframe = random.random_ratio(1, 20);
        events.extend(pictures.frame(at, at + late, keyframe, random.random_range(1..6)));
        at += ms(random.random_range(1..80));
    }
    for _ in 0..6 {
        let source = random.random_bool(0.5).then(|| camera(PUPIL));
        events.push(slots(ms(random.random_range(0..4_000)), source));
        let offered = if random.random_bool(0.5) { vec![camera(PUPIL)] } else { Vec::new() };
        events.push((ms(random.random_range(0..4_000)), Tapped::Pictures(offered)));
    }
    events.retain(|_| random.random_ratio(19, 20));
    events
}

#[test]
fn fragments_tile_the_time_whatever_happens() {
    // `record` checks the tiling.
    for seed in 0..12 {
        let mut random = StdRng::seed_from_u64(seed);
        let events = rough_lesson(&mut random);
        let end = ms(random.random_range(3_000..5_000)) + Duration::from_micros(777);
        let length = record(events, end).length;
        assert!(length <= end && end - length < ms(20), "{seed}: {length:?} of {end:?}");
    }
}

#[test]
fn the_length_is_what_was_recorded() {
    for (end, expected) in [(0, 0), (19, 0), (20, 20), (1_000, 1_000), (1_619, 1_600)] {
        assert_eq!(record(vec![clock()], ms(end)).length, ms(expected), "{end}");
    }
}

#[test]
fn nothing_is_taken_in_after_the_end() {
    let mut timeline = Timeline::new(Settings { by: TEACHER, start: start() }).unwrap();
    timeline.finish(start() + ms(1_000));
    while timeline.poll_fragment().is_some() {}
    for (at, tapped) in Talker::new(0, 400.0).talk(ms(1_000), ms(3_000), |_| ms(0)) {
        timeline.handle(tapped, start() + at);
    }
    timeline.handle_timeout(start() + ms(9_000));
    timeline.finish(start() + ms(9_000));
    assert!(timeline.poll_fragment().is_none());
    assert_eq!(timeline.length(), ms(1_000));
}

#[test]
fn mutated_packets_never_panic_and_voices_recover() {
    let mut random = StdRng::seed_from_u64(3);
    let mut mutated = 0;
    for _ in 0..3 {
        let mut events = rough_lesson(&mut random);
        for (_, tapped) in &mut events {
            mutated += u32::from(mutate(tapped, &mut random));
        }
        events
            .extend(Talker::new(0, 1_700.0).number(20_000).talk(ms(5_000), ms(7_000), |_| ms(50)));
        let heard = record(events, ms(7_500));
        assert!(heard.counts.strange > 50, "{:?}", heard.counts);
        assert!(heard.tone(1_700.0, 5_100, 6_900) > 0.2);
    }
    assert!(mutated > 1_000, "{mutated}");
}

/// Changes some bytes of a packet, but not its SSRC, so that most come through to the decoders.
fn mutate(tapped: &mut Tapped, random: &mut StdRng) -> bool {
    let Tapped::Rtp { packet, .. } = tapped else { return false };
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..packet.len());
        if !(8..12).contains(&at) {
            packet[at] = random.random();
        }
    }
    if random.random_ratio(1, 10) {
        packet.truncate(random.random_range(0..packet.len()));
    }
    true
}

#[test]
fn a_flood_is_bounded() {
    let mut timeline = Timeline::new(Settings { by: TEACHER, start: start() }).unwrap();
    let (_, tapped) = clock();
    timeline.handle(tapped, start());
    let mut pictures = Pictures::new();
    let mut talker = Talker::new(0, 400.0);
    let (header, payload) = talker.packet();
    // 100,000 packets within half a second. Every other frame of the picture begins a new one.
    for i in 0..50_000u64 {
        let at = Duration::from_micros(10 * i);
        for (_, tapped) in pictures.frame(at, at, i % 50 == 0, 1) {
            timeline.handle(tapped, start() + at);
        }
        let header = kreide_media::rtp::Header {
            sequence: header.sequence.wrapping_add(i as u16 % 900 + 1),
            ..header
        };
        let (_, tapped) = kit::rtp(at, header, Some(at), &payload);
        timeline.handle(tapped, start() + at);
    }
    let counts = timeline.counts();
    assert!(counts.dropped > 0, "{counts:?}");
    timeline.finish(start() + ms(1_000));
    let fragments: Vec<_> = std::iter::from_fn(|| timeline.poll_fragment()).collect();
    let frames: usize = fragments.iter().map(|fragment| fragment.frames.len()).sum();
    assert!(frames <= 50 + 600, "{frames}");
}
