//! One direction of a link: first the queue before the rate, then the way.
//!
//! Invariant: at most `queue_bytes` wait in the queue and [`ON_THE_WAY_MAX`] packets are on the
//! way. Packets keep their order, but for late ones and at a change of conditions, as when a route
//! changes.
//! Left out on purpose: chance (`dice.rs`), and any time that is not told.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::{Duration, Instant};

use crate::conditions::{Conditions, Rate};
use crate::counters::Counters;
use crate::damage::flip_bit;
use crate::dice::{Dice, Fate};

/// A minute of delay at a thousand packets a second. What is over is dropped and counted.
const ON_THE_WAY_MAX: usize = 65_536;

/// One direction.
pub(crate) struct Lane {
    conditions: Conditions,
    dice: Dice,
    queue: VecDeque<Parcel>,
    queued_bytes: usize,
    /// When the packet at the head of the queue has left; none if the queue is empty.
    head_leaves: Option<Instant>,
    way: BinaryHeap<Reverse<Arrival>>,
    /// When the last packet in order arrives: the next one does not before.
    last_arrival: Option<Instant>,
    launched: u64,
    counters: Counters,
}

/// A packet and what was drawn for it.
struct Parcel {
    packet: Vec<u8>,
    jitter: f64,
    late: bool,
}

/// A packet on the way, ordered by time and, at the same time, by departure.
struct Arrival {
    at: Instant,
    number: u64,
    packet: Vec<u8>,
}

impl Lane {
    pub(crate) fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            conditions,
            dice: Dice::new(seed),
            queue: VecDeque::new(),
            queued_bytes: 0,
            head_leaves: None,
            way: BinaryHeap::new(),
            last_arrival: None,
            launched: 0,
            counters: Counters::default(),
        }
    }

    pub(crate) fn conditions(&self) -> Conditions {
        self.conditions
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            waiting: (self.queue.len() + self.way.len()) as u64,
            queued_bytes: self.queued_bytes as u64,
            ..self.counters
        }
    }

    /// The next moment at which something happens.
    pub(crate) fn next_time(&self) -> Option<Instant> {
        let arrival = self.way.peek().map(|Reverse(arrival)| arrival.at);
        [self.head_leaves, arrival].into_iter().flatten().min()
    }

    /// A packet enters the lane.
    pub(crate) fn handle(&mut self, mut packet: Vec<u8>, now: Instant) {
        self.drain_queue(now);
        self.counters.arrived += 1;
        let fate = self.dice.roll(&self.conditions);
        if self.conditions.black_hole {
            self.counters.black_holed += 1;
            return;
        }
        if fate.lost {
            self.counters.lost += 1;
            return;
        }
        if fate.damaged.is_some_and(|roll| flip_bit(&mut packet, roll)) {
            self.counters.corrupted += 1;
        }
        if fate.doubled {
            self.counters.duplicated += 1;
            self.enter(Parcel::of(packet.clone(), &fate), now);
        }
        self.enter(Parcel::of(packet, &fate), now);
    }

    /// Conditions change. What is in the queue leaves at the new rate; what is on the way stays,
    /// and is overtaken if the way becomes shorter.
    pub(crate) fn set(&mut self, conditions: Conditions, now: Instant) {
        self.drain_queue(now);
        let before = std::mem::replace(&mut self.conditions, conditions);
        if before.delay_ms != conditions.delay_ms {
            self.last_arrival = None;
        }
        if before.rate != conditions.rate {
            self.change_rate(now);
        }
    }

    /// A packet that has arrived by `now`.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.drain_queue(now);
        if self.way.peek().is_none_or(|Reverse(first)| first.at > now) {
            return None;
        }
        let Reverse(arrival) = self.way.pop()?;
        self.counters.delivered += 1;
        let behind = now.duration_since(arrival.at).as_micros() as u64;
        self.counters.behind_us_max = self.counters.behind_us_max.max(behind);
        self.counters.delivered_bytes += arrival.packet.len() as u64;
        Some(arrival.packet)
    }

    fn enter(&mut self, parcel: Parcel, now: Instant) {
        let Some(rate) = self.conditions.rate else {
            self.launch(parcel, now);
            return;
        };
        if self.queued_bytes + parcel.packet.len() > rate.queue_bytes.bytes() {
            self.counters.tail_dropped += 1;
            return;
        }
        self.queued_bytes += parcel.packet.len();
        self.queue.push_back(parcel);
        let peak = &mut self.counters.queued_bytes_peak;
        *peak = (*peak).max(self.queued_bytes as u64);
        if self.head_leaves.is_none() {
            self.head_leaves = self.head_time(rate).map(|time| now + time);
        }
    }

    fn change_rate(&mut self, now: Instant) {
        match self.conditions.rate {
            Some(rate) => self.head_leaves = self.head_time(rate).map(|time| now + time),
            None => {
                self.head_leaves = None;
                while let Some(parcel) = self.take_head() {
                    self.launch(parcel, now);
                }
            }
        }
    }

    /// Sends on their way all that have left the queue by `now`.
    fn drain_queue(&mut self, now: Instant) {
        let Some(rate) = self.conditions.rate else { return };
        while let Some(left) = self.head_leaves.filter(|left| *left <= now) {
            let Some(parcel) = self.take_head() else { break };
            self.launch(parcel, left);
            self.head_leaves = self.head_time(rate).map(|time| left + time);
        }
    }

    fn head_time(&self, rate: Rate) -> Option<Duration> {
        self.queue.front().map(|head| rate.kbit_per_s.time_of(head.packet.len()))
    }

    fn take_head(&mut self) -> Option<Parcel> {
        let head = self.queue.pop_front()?;
        self.queued_bytes -= head.packet.len();
        Some(head)
    }

    fn launch(&mut self, parcel: Parcel, left: Instant) {
        if self.way.len() == ON_THE_WAY_MAX {
            self.counters.overflowed += 1;
            return;
        }
        let in_time = left + self.travel_time(parcel.jitter);
        let in_order = self.last_arrival.map_or(in_time, |last| last.max(in_time));
        let at = match self.conditions.late.filter(|_| parcel.late) {
            Some(late) => {
                self.counters.late += 1;
                in_order + late.by_ms.duration()
            }
            None => {
                self.last_arrival = Some(in_order);
                in_order
            }
        };
        self.launched += 1;
        self.way.push(Reverse(Arrival { at, number: self.launched, packet: parcel.packet }));
    }

    /// The delay with its jitter; never less than nothing.
    fn travel_time(&self, jitter: f64) -> Duration {
        let delay = self.conditions.delay_ms.duration();
        let deviation = self.conditions.jitter_ms.duration().mul_f64(jitter.abs());
        if jitter < 0.0 { delay.saturating_sub(deviation) } else { delay + deviation }
    }
}

impl Parcel {
    fn of(packet: Vec<u8>, fate: &Fate) -> Self {
        Self { packet, jitter: fate.jitter, late: fate.late }
    }
}

impl Ord for Arrival {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl PartialOrd for Arrival {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Arrival {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Arrival {}
