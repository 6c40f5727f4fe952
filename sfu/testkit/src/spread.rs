//! A lesson in several parts, as it is on several shards: what one part tells the others arrives
//! at once, or not at all where a test says so.

use std::time::Duration;

use kreide_sfu_core::{PartId, Relayed, RoomPart};

use crate::{Lesson, room};

/// Parts of one room; the first is home.
pub struct Spread {
    /// The parts.
    pub parts: Vec<Lesson>,
    /// Says which messages are lost.
    pub loses: Box<dyn FnMut(&Relayed) -> bool>,
    /// How many messages have arrived.
    pub arrived: usize,
}

impl Spread {
    /// A room of `count` empty parts.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self::of(count, || room(7))
    }

    /// The same of parts that are made so.
    #[must_use]
    pub fn of(count: usize, room: impl Fn() -> RoomPart) -> Self {
        let parts = (0..count).map(|_| Lesson { room: room(), ..Lesson::new() }).collect();
        let mut spread = Self { parts, loses: Box::new(|_| false), arrived: 0 };
        let ids: Vec<PartId> = (0..count).map(PartId).collect();
        for (own, part) in spread.parts.iter_mut().enumerate() {
            part.room.link(PartId(own), PartId(0), &ids);
        }
        spread.settle();
        spread
    }

    /// Lets something happen in one part, and all parts learn of it.
    pub fn act<T>(&mut self, part: usize, act: impl FnOnce(&mut Lesson) -> T) -> T {
        let done = act(&mut self.parts[part]);
        self.settle();
        done
    }

    /// Lets time pass for all parts alike.
    pub fn wait(&mut self, duration: Duration) {
        let until = self.parts[0].now + duration;
        loop {
            let next = self.parts.iter().filter_map(|part| part.room.poll_timeout()).min();
            let now = next.map_or(until, |(at, _)| at.max(self.parts[0].now).min(until));
            for part in &mut self.parts {
                part.now = now;
                part.room.handle_timeout(now);
            }
            self.settle();
            if next.is_none_or(|(at, _)| at > until) {
                return;
            }
        }
    }

    /// Carries messages until there are none.
    pub fn settle(&mut self) {
        loop {
            let mut quiet = true;
            for from in 0..self.parts.len() {
                self.parts[from].drain();
                while let Some((PartId(to), message)) = self.parts[from].room.poll_relayed() {
                    quiet = false;
                    if !(self.loses)(&message) {
                        self.arrived += 1;
                        let now = self.parts[to].now;
                        self.parts[to].room.handle_relayed(PartId(from), message, now);
                    }
                }
            }
            if quiet {
                return;
            }
        }
    }
}
