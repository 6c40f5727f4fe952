//! An emulated network between two sides, a and b, as a pure state machine.
//!
//! A [`Link`] takes packets with [`Link::handle`] and gives them back with [`Link::poll`], later,
//! fewer, doubled, damaged or out of order, as its [`Conditions`] say for each direction. A packet
//! passes, in this order: black hole, loss, duplication, corruption, the queue before the rate,
//! delay with jitter, lateness.
//!
//! Invariant: no clock and no socket; what becomes of the n-th packet of a direction is drawn from
//! the seed, the direction and n alone, so that the same seed drops the same packets. Only the
//! queue's overflow depends on when packets come. Every packet that came is counted exactly once as
//! delivered, waiting, or dropped for one named reason. Whatever waits is bounded.
//! Left out on purpose: fair queueing, active queue management, correlated jitter, link-layer
//! overhead: the rate counts bytes of IP packets.

mod conditions;
mod counters;
mod damage;
mod dice;
mod lane;
mod link;
mod profiles;
mod units;

pub use conditions::{Bursts, Conditions, ConditionsError, Late, Loss, Rate};
pub use counters::Counters;
pub use link::{Direction, Link, Output};
pub use profiles::{Profile, profiles};
pub use units::{KbitPerS, Millis, Percent, QueueBytes};
