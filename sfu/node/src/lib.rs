//! The SFU as a part of a process: shard threads with a UDP port each, the only clock in sfu/,
//! and the [`kreide_control::MediaPlane`] through which signaling talks to them.
//!
//! Invariant: a room, or each part of a large one, lives on one shard and is touched by that thread
//! alone; nothing here waits for anybody. What is full says so (orders) or drops (packets, with a count).
//! Left out on purpose: what a packet means (core), how it is encrypted (transport), who may what
//! (signaling).

// The attackers' fixture names this crate as their tests do.
#[cfg(test)]
extern crate self as kreide_sfu_node;

mod addresses;
mod deadlines;
mod metrics;
mod node;
mod outgoing;
mod peer;
mod placement;
mod relay;
mod shard;
mod socket;
mod tap;
mod waiting;

pub use addresses::announced_addresses;
pub use node::{Node, NodeConfig, NodeError};
