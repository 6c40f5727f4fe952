//! When to ask for a keyframe.

use std::time::Duration;

use crate::clock::{Ticks, ticks};
use crate::{Counts, Order};

#[derive(Debug, Default)]
pub(crate) struct Keyframes {
    /// When one last came.
    came: Ticks,
    /// When one was last asked for, or promised.
    asked: Option<Ticks>,
    order: Option<Order>,
}

impl Keyframes {
    /// One comes without being asked for.
    pub(crate) fn expect(&mut self, now: Ticks) {
        self.asked = Some(now);
    }

    /// One was captured at `at`.
    pub(crate) fn came(&mut self, at: Ticks) {
        self.came = self.came.max(at);
    }

    /// Asks if it is time; `waiting` says that nothing can be shown without one.
    pub(crate) fn update(&mut self, now: Ticks, waiting: bool, counts: &mut Counts) {
        let wanted = waiting || now - self.came >= EVERY;
        if wanted && self.asked.is_none_or(|asked| now - asked >= AGAIN) {
            self.asked = Some(now);
            self.order = Some(Order::Keyframe);
            counts.keyframes += 1;
        }
    }

    pub(crate) fn poll(&mut self) -> Option<Order> {
        self.order.take()
    }
}

/// A player can begin only at a keyframe: seeking shows a picture that is at most this old. More
/// often would cost everybody in the lesson, since all see the same stream.
const EVERY: Ticks = ticks(Duration::from_secs(10));
/// The SFU asks a source no more often either.
const AGAIN: Ticks = ticks(Duration::from_millis(500));
