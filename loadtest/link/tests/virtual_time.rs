//! A link on virtual time: its figures, its seed, its books.
//!
//! Invariant: no clock and no network; every figure is exact for its seed.
//! Left out on purpose: the devices, which `namespaces.rs` judges.

use std::time::{Duration, Instant};

use kreide_link::{Conditions, Direction, Link, Output, Profile, profiles};
use proptest::prelude::*;
use serde_json::{Value, json};

const SIZE: usize = 1250;

/// A link and the time of its world.
struct World {
    link: Link,
    start: Instant,
    now: Instant,
    /// Number and time since the start of what arrived going up.
    arrived: Vec<(u32, Duration)>,
}

impl World {
    fn new(up: Value, seed: u64) -> Self {
        let profile = Profile { up: conditions(&up), ..Profile::default() };
        let start = some_instant();
        Self { link: Link::new(&profile, seed), start, now: start, arrived: Vec::new() }
    }

    fn send(&mut self, number: u32) {
        self.link.handle(packet(number, SIZE), Direction::Up, self.now);
        self.drain();
    }

    fn set(&mut self, up: Value) {
        self.link.set(Direction::Up, conditions(&up), self.now);
        self.drain();
    }

    /// Lets time pass, from one event to the next.
    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.drain().filter(|next| *next <= end) {
            self.now = next;
        }
        self.now = end;
    }

    fn drain(&mut self) -> Option<Instant> {
        loop {
            match self.link.poll(self.now) {
                Output::Deliver(_, packet) => {
                    self.arrived.push((number(&packet), self.now - self.start));
                }
                Output::Wait(next) => return next,
            }
        }
    }

    fn numbers(&self) -> Vec<u32> {
        self.arrived.iter().map(|(number, _)| *number).collect()
    }
}

/// Virtual time begins somewhere; where is never looked at.
#[expect(clippy::disallowed_methods, reason = "an Instant can only be made by the clock")]
fn some_instant() -> Instant {
    Instant::now()
}

fn conditions(change: &Value) -> Conditions {
    Conditions::default().changed(change).expect("valid")
}

/// A UDP packet that carries its number.
fn packet(number: u32, size: usize) -> Vec<u8> {
    let mut packet = vec![0; size];
    packet[0] = 0x45;
    packet[9] = 17;
    packet[28..32].copy_from_slice(&number.to_be_bytes());
    packet
}

fn number(packet: &[u8]) -> u32 {
    u32::from_be_bytes(packet[28..32].try_into().expect("four bytes"))
}

fn sent(up: Value, seed: u64, packets: u32, every: Duration) -> World {
    let mut world = World::new(up, seed);
    for number in 0..packets {
        world.send(number);
        world.run(every);
    }
    world.run(Duration::from_secs(61));
    world
}

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn ten_percent_loss_is_ten_percent() {
    let world = sent(json!({"loss": {"random": 10}}), 1, 40_000, MILLISECOND);
    let lost = 40_000 - world.arrived.len();
    assert!((3_800..=4_200).contains(&lost), "{lost}");
    assert_eq!(world.link.counters(Direction::Up).lost, lost as u64);
}

#[test]
fn bursts_have_the_share_and_the_length_they_are_given() {
    let bursts = json!({"enter_percent": 2, "leave_percent": 20, "lost_inside_percent": 100});
    let world = sent(json!({"loss": {"bursts": bursts}}), 1, 100_000, MILLISECOND);
    let gaps: Vec<u32> = world
        .numbers()
        .windows(2)
        .map(|pair| pair[1] - pair[0] - 1)
        .filter(|gap| *gap > 0)
        .collect();
    let share = f64::from(gaps.iter().sum::<u32>()) / 100_000.0;
    let mean = f64::from(gaps.iter().sum::<u32>()) / gaps.len() as f64;
    // 2 / (2 + 20) and 1 / 20 %.
    assert!((share - 0.0909).abs() < 0.005, "{share}");
    assert!((mean - 5.0).abs() < 0.3, "{mean}");
}

#[test]
fn the_same_seed_drops_the_same_packets() {
    let run = |seed, every| sent(json!({"loss": {"random": 20}}), seed, 2_000, every).numbers();
    assert_eq!(run(7, MILLISECOND), run(7, Duration::from_millis(3)));
    assert_ne!(run(7, MILLISECOND), run(8, MILLISECOND));
}

#[test]
fn directions_do_not_share_their_chance() {
    let lossy = conditions(&json!({"loss": {"random": 50}}));
    let profile = Profile { up: lossy, down: lossy, ..Profile::default() };
    let start = some_instant();
    let outcome = |direction| {
        let mut link = Link::new(&profile, 3);
        let mut passed = Vec::new();
        for number in 0..200 {
            link.handle(packet(number, 100), direction, start);
            passed.push(matches!(link.poll(start), Output::Deliver(..)));
        }
        passed
    };
    assert_ne!(outcome(Direction::Up), outcome(Direction::Down));
}

#[test]
fn other_conditions_do_not_move_the_drops() {
    let plain = sent(json!({"loss": {"random": 20}}), 7, 1_000, MILLISECOND).numbers();
    let more =
        json!({"loss": {"random": 20}, "jitter_ms": 5, "delay_ms": 30, "corrupt_percent": 0});
    assert_eq!(sent(more, 7, 1_000, MILLISECOND).numbers(), plain);
}

#[test]
fn delay_is_exact_and_jitter_stays_around_it_in_order() {
    let world = sent(json!({"delay_ms": 100}), 1, 10, Duration::from_millis(20));
    for (number, at) in &world.arrived {
        assert_eq!(*at, Duration::from_millis(u64::from(*number) * 20 + 100));
    }
    let every = Duration::from_millis(20);
    let world = sent(json!({"delay_ms": 100, "jitter_ms": 30}), 1, 2_000, every);
    assert!(world.numbers().is_sorted());
    let delays: Vec<Duration> =
        world.arrived.iter().map(|(number, at)| *at - every * *number).collect();
    let (least, most) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
    assert!(*least >= Duration::from_millis(70) && *least < Duration::from_millis(72), "{least:?}");
    assert!(*most <= Duration::from_millis(130) && *most > Duration::from_millis(128), "{most:?}");
}

#[test]
fn the_rate_is_kept_and_the_queue_is_limited_in_bytes() {
    // 800 kbit/s offered to 500; ten packets fit the queue.
    let rate = json!({"kbit_per_s": 500, "queue_bytes": 10 * SIZE});
    let mut world = World::new(json!({"rate": rate}), 1);
    for number in 0..1_000 {
        world.send(number);
        world.run(Duration::from_micros(12_500));
    }
    let counters = world.link.counters(Direction::Up);
    let kbit_per_s = counters.delivered_bytes as f64 * 8.0 / 12.5 / 1_000.0;
    assert!((kbit_per_s - 500.0).abs() < 1.0, "{kbit_per_s}");
    assert_eq!(counters.queued_bytes_peak, 10 * SIZE as u64);
    assert_eq!(counters.delivered + counters.waiting + counters.tail_dropped, 1_000);
    let waited =
        world.arrived.last().map(|(number, at)| *at - Duration::from_micros(12_500) * *number);
    // Ten packets of 20 ms: who comes last waits for all of them at most.
    assert!(waited.is_some_and(|waited| waited <= Duration::from_millis(200)), "{waited:?}");
}

#[test]
fn late_packets_are_overtaken_and_nobody_else() {
    let late = json!({"late": {"percent": 10, "by_ms": 5}});
    let world = sent(late, 1, 2_000, MILLISECOND);
    let late = world.link.counters(Direction::Up).late;
    assert!((150..=250).contains(&late), "{late}");
    let delayed = world.arrived.iter().filter(|(n, at)| *at > MILLISECOND * *n).count();
    assert_eq!(delayed as u64, late);
    assert!(!world.numbers().is_sorted());
}

#[test]
fn packets_are_doubled_and_damaged_by_share() {
    let world = sent(json!({"duplicate_percent": 5}), 1, 10_000, MILLISECOND);
    let doubled = world.numbers().windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!((400..=600).contains(&doubled), "{doubled}");
    assert_eq!(world.link.counters(Direction::Up).duplicated, doubled as u64);

    let mut link = Link::new(
        &Profile { up: conditions(&json!({"corrupt_percent": 5})), ..Profile::default() },
        1,
    );
    let now = some_instant();
    let damaged = (0..10_000)
        .filter(|number| {
            link.handle(packet(*number, 100), Direction::Up, now);
            link.poll(now) != Output::Deliver(Direction::Up, packet(*number, 100))
        })
        .count();
    assert!((400..=600).contains(&damaged), "{damaged}");
    assert_eq!(link.counters(Direction::Up).corrupted, damaged as u64);
}

#[test]
fn a_change_while_running_takes_effect_at_once() {
    let slow = json!({"rate": {"kbit_per_s": 10, "queue_bytes": 100 * SIZE}});
    let mut world = World::new(slow, 1);
    for number in 0..10 {
        world.send(number);
    }
    world.run(Duration::from_millis(1_500));
    // A second for each packet at 10 kbit/s: one is out, nine wait.
    assert_eq!(world.numbers(), [0]);
    world.set(json!({"rate": {"kbit_per_s": 1_000, "queue_bytes": 100 * SIZE}}));
    world.run(Duration::from_millis(100));
    assert_eq!(world.numbers(), (0..10).collect::<Vec<_>>());

    world.set(json!({"black_hole": true}));
    world.send(10);
    world.set(json!({}));
    world.send(11);
    assert_eq!(world.arrived.last().map(|(number, _)| *number), Some(11));
    assert_eq!(world.link.counters(Direction::Up).black_holed, 1);
}

#[test]
fn a_shorter_way_is_not_held_up_by_what_is_still_on_the_longer() {
    let mut world = World::new(json!({"delay_ms": 10_000}), 1);
    world.send(0);
    world.set(json!({"delay_ms": 10}));
    world.send(1);
    world.run(Duration::from_millis(10));
    assert_eq!(world.numbers(), [1]);
    world.run(Duration::from_secs(10));
    assert_eq!(world.numbers(), [1, 0]);
}

#[test]
fn a_change_of_something_else_leaves_order_and_rate_alone() {
    let rate = json!({"kbit_per_s": 1_000, "queue_bytes": 100 * SIZE});
    let mut world = World::new(json!({"delay_ms": 50, "jitter_ms": 40, "rate": rate}), 1);
    for number in 0..100 {
        world.send(number);
        world.run(Duration::from_millis(7));
        let loss = number % 2;
        world.set(json!({
            "delay_ms": 50, "jitter_ms": 40, "rate": rate, "loss": {"random": loss},
        }));
    }
    // 10 ms for each packet, though conditions changed every 7 ms: the 70th leaves at 700 ms.
    let left = world.link.counters(Direction::Up).queued_bytes / SIZE as u64;
    assert!((28..=30).contains(&left), "{left}");
    world.run(Duration::from_secs(2));
    assert!(world.numbers().is_sorted());
}

#[test]
fn what_is_on_the_way_is_bounded() {
    let mut world = World::new(json!({"delay_ms": 60_000}), 1);
    for _ in 0..70_000 {
        world.link.handle(packet(0, 40), Direction::Up, world.now);
    }
    let counters = world.link.counters(Direction::Up);
    assert_eq!((counters.waiting, counters.overflowed), (65_536, 70_000 - 65_536));
}

/// What a made-up history does next.
#[derive(Debug, Clone)]
enum Step {
    Send(usize),
    Run(u64),
    Set(Value),
}

fn step() -> impl Strategy<Value = Step> {
    let shares = (0..=100_u32, 0..=100_u32, 0..=100_u32, any::<bool>());
    let change = (shares, 0..50_u32, proptest::option::of(1..5_000_u32)).prop_map(
        |((loss, double, late, hole), ms, rate)| {
            let rate = rate.map(|kbit| json!({"kbit_per_s": kbit, "queue_bytes": 6_000}));
            Step::Set(json!({
                "loss": {"random": loss}, "duplicate_percent": double, "corrupt_percent": late,
                "late": {"percent": late, "by_ms": ms}, "delay_ms": ms, "jitter_ms": 10,
                "black_hole": hole, "rate": rate,
            }))
        },
    );
    prop_oneof![
        6 => (32..1_500_usize).prop_map(Step::Send),
        3 => (0..30_u64).prop_map(Step::Run),
        1 => change,
    ]
}

proptest! {
    #[test]
    fn every_packet_is_accounted_for(steps in proptest::collection::vec(step(), 1..200), seed: u64) {
        let mut world = World::new(json!({}), seed);
        for step in steps {
            match step {
                Step::Send(size) => {
                    world.link.handle(packet(0, size), Direction::Up, world.now);
                    world.drain();
                }
                Step::Run(ms) => world.run(Duration::from_millis(ms)),
                Step::Set(up) => world.set(up),
            }
            let counted = world.link.counters(Direction::Up);
            prop_assert_eq!(counted.delivered, world.arrived.len() as u64);
            prop_assert_eq!(
                counted.arrived + counted.duplicated,
                counted.delivered + counted.waiting + counted.dropped()
            );
            prop_assert!(counted.queued_bytes <= 6_000);
        }
    }
}

#[test]
fn every_profile_passes_packets_both_ways() {
    for (name, profile) in profiles() {
        let mut link = Link::new(&profile, 1);
        let mut now = some_instant();
        let end = now + Duration::from_secs(10);
        while now < end {
            for direction in Direction::BOTH {
                link.handle(packet(0, 100), direction, now);
            }
            while let Output::Deliver(..) = link.poll(now) {}
            now += Duration::from_millis(20);
        }
        for direction in Direction::BOTH {
            let counted = link.counters(direction);
            assert!(counted.delivered > 200, "{name} {direction:?}: {counted:?}");
        }
    }
}
