//! One participant's connection: ICE-lite, DTLS, SRTP and SDP behind our own values.
//!
//! This is the only crate of `sfu/` that names a WebRTC library. Nothing here opens a socket,
//! reads a clock or takes a lock: the owner hands in datagrams and the time, and takes out
//! datagrams, events and the next deadline.
//!
//! A [`Transport`] has four kinds of method: getters, `handle_*` (input, with the time),
//! commands (`restart`, `protect_*`, `close`) and `poll_*` (output). After each `handle_*` or
//! command, drain [`Transport::poll_transmit`] and [`Transport::poll_event`], then ask
//! [`Transport::poll_timeout`] when to come back.
//!
//! Invariants: no byte leaves for an address that has not proven itself with a valid
//! MESSAGE-INTEGRITY; no media key exists before the peer's certificate matched the offer's
//! fingerprint; no input panics.
//! Left out on purpose: what the packets mean (`kreide-sfu-core`) and how they travel
//! (`kreide-sfu-node`).

mod config;
mod counters;
mod demux;
mod dtls;
mod ice;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod liveness;
mod negotiated;
mod outcome;
mod sdp;
mod srtp;
#[cfg(test)]
mod testing;
mod transport;

pub use config::{TransportConfig, TransportError};
pub use counters::Counters;
pub use demux::{Class, classify, stun_local_ufrag};
pub use negotiated::{CNAME, Negotiated};
pub use outcome::{Failure, ProtectError, Received, TAG_ROOM, TransportEvent};
pub use sdp::{Offer, OfferError};
pub use srtp::SrtpProfile;
pub use transport::Transport;
