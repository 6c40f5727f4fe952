//! One participant on a whole peer connection of the `webrtc` crate, as an application has one.
//!
//! The thin bots of `kreide-bot` write their own offers, checks and reports, so that hundreds fit
//! in a process. Here the offer, ICE, DTLS, SRTP, NACK, transport-wide feedback and reports are the
//! library's; door, seat, wishes, made-up media and counting are those of the bots.
//! Invariant: a peer is told and asked like a bot, and counts the same things.
//! Left out on purpose: simulcast, which the crate does not send (the camera has its top layer
//! alone); the share of repaired packets, which the crate hides (they count as reordered); losing
//! packets on purpose. A join takes about a second: the first ClientHello is lost while the checks
//! still run, and sent again a second later.

mod connection;
mod keyframes;
mod peer;

pub use peer::spawn;
