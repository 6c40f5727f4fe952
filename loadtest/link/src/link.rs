//! Both directions.
//!
//! Invariant: the directions share nothing, not even chance.
//! Left out on purpose: who sends and receives the packets (the binary).

use std::time::Instant;

use serde::Serialize;

use crate::conditions::Conditions;
use crate::counters::Counters;
use crate::lane::Lane;
use crate::profiles::Profile;

/// Which way a packet goes. Side a is the school or the home, side b the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From a to b.
    Up,
    /// From b to a.
    Down,
}

impl Direction {
    /// Both, in a fixed order.
    pub const BOTH: [Self; 2] = [Self::Up, Self::Down];
}

/// What [`Link::poll`] asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Hand this packet to the far end of its direction.
    Deliver(Direction, Vec<u8>),
    /// Nothing to do before this time; none if not before the next input.
    Wait(Option<Instant>),
}

/// The link. Time must not go backwards; after every input, [`Link::poll`] until it says to wait.
pub struct Link {
    up: Lane,
    down: Lane,
}

impl Link {
    /// A link with nothing under way.
    pub fn new(profile: &Profile, seed: u64) -> Self {
        // Two seeds that no other seed gives.
        let first = seed.wrapping_mul(2);
        Self { up: Lane::new(profile.up, first), down: Lane::new(profile.down, first | 1) }
    }

    /// What a direction does now.
    pub fn conditions(&self, direction: Direction) -> Conditions {
        self.lane(direction).conditions()
    }

    /// What became of a direction's packets so far.
    pub fn counters(&self, direction: Direction) -> Counters {
        self.lane(direction).counters()
    }

    /// A packet, from its first byte of the IP header, enters the link.
    pub fn handle(&mut self, packet: Vec<u8>, direction: Direction, now: Instant) {
        self.lane_mut(direction).handle(packet, now);
    }

    /// Changes what a direction does from now on. Packets that are on their way still arrive when
    /// they would have.
    pub fn set(&mut self, direction: Direction, conditions: Conditions, now: Instant) {
        self.lane_mut(direction).set(conditions, now);
    }

    /// The next thing to do at `now`.
    pub fn poll(&mut self, now: Instant) -> Output {
        for direction in Direction::BOTH {
            if let Some(packet) = self.lane_mut(direction).poll(now) {
                return Output::Deliver(direction, packet);
            }
        }
        Output::Wait([&self.up, &self.down].into_iter().filter_map(|lane| lane.next_time()).min())
    }

    fn lane(&self, direction: Direction) -> &Lane {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    fn lane_mut(&mut self, direction: Direction) -> &mut Lane {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }
}
