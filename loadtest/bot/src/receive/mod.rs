//! What a bot receives: packets become counts, frames and freezes, and what is missing is asked
//! for.

mod feedback;
mod frames;
mod freeze;
mod numbers;
mod slot;

pub(crate) use feedback::TransportFeedback;
pub(crate) use slot::{Slot, Source, Taken};
