//! The recorder's timeline: packets and news of a lesson go in, fragments come out.
//!
//! [`Timeline`] has four kinds of method. Getters; `handle` and `handle_timeout`, which are told
//! the time; commands ([`Timeline::finish`]); and `poll_*`, to be called until they have nothing
//! more after each of the others.
//!
//! Invariant: no clock, no socket, no lock (`clippy.toml` refuses them). Fragments tile the time
//! from the beginning to the end without gap or overlap. Every buffer is bounded by
//! [`HOLD`] or by a count. Left out on purpose: consent (only what is recordable arrives here),
//! containers and files.

mod fragment;
mod timeline;

pub use fragment::{Fragment, Frame, Track};
pub use timeline::{Counts, HOLD, Order, Settings, SoundError, Timeline};

/// Samples that an Opus decoder throws away at the start (RFC 7845 section 4.2), at 48 kHz.
///
/// The encoder's lookahead; with it a sample is played at exactly its time. Frames are stamped
/// so that a player that honours this delay needs no other correction.
pub const OPUS_PRE_SKIP: u16 = 312;
