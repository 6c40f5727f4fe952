//! When our first long flight is sent again.

use std::time::{Duration, Instant};

/// Our flight, sent again soon and then ever more rarely (RFC 6347 section 4.2.4.1).
///
/// The library has a timer of its own, but stops it at the first datagram that brings no
/// progress, such as the peer's repetition of what we answered already. So we repeat, in the very
/// words: what arrived before is dropped by the peer's replay window, and what did not is new.
pub(super) struct Retransmit {
    pub(super) flight: Vec<Vec<u8>>,
    /// When it is sent again.
    pub(super) at: Instant,
    interval: Duration,
}

impl Retransmit {
    pub(super) fn new(flight: Vec<Vec<u8>>, now: Instant) -> Self {
        Self { flight, at: now + FIRST_RETRANSMISSION, interval: FIRST_RETRANSMISSION }
    }

    pub(super) fn back_off(&mut self, now: Instant) {
        self.interval *= 2;
        self.at = now + self.interval;
    }
}

/// Joins wait for this flight, so the first repetition comes much sooner than after the second
/// that the RFC suggests. Doubling, there are six within the limit.
const FIRST_RETRANSMISSION: Duration = Duration::from_millis(100);
