//! The recorder's timeline: packets and news of a lesson go in, fragments come out.
//!
//! [`Timeline`] has four kinds of method: getters; `handle` and `handle_timeout`, which are told
//! the time; the command [`Timeline::finish`]; and `poll_*`, to be called after each of the others
//! until they have nothing more.
//!
//! Invariant: no clock, no socket, no lock (`clippy.toml` refuses them). Fragments tile the time
//! from the beginning to the end without gap or overlap. Every buffer is bounded by [`HOLD`] or by
//! a count. Left out on purpose: consent (only what is recordable arrives here), containers and
//! files.

mod clock;
mod counts;
mod fragment;
mod picture;
mod reorder;
mod sealer;
mod sound;
mod timeline;

pub use counts::Counts;
pub use fragment::{Fragment, Frame, Track};
pub use timeline::{HOLD, Order, Settings, SoundError, Timeline};

/// Samples of 48 kHz that a decoder throws away at the start: the encoder's lookahead (RFC 7845
/// section 4.2, pre-skip). With it a sample is heard at exactly its time; frames need no other
/// correction.
pub const OPUS_PRE_SKIP: u16 = 312;
