//! Attacks on the packet path, against the real shard and real sockets on the loopback address.
//! Each test is named after its attack; beside it somebody else's lesson goes on.
//!
//! Left out on purpose: what one transport alone withstands (`sfu/transport`, `attacks.rs`), and
//! what only browsers with a token could send (`signaling/server/tests`).

#[allow(dead_code, reason = "some of it is for the node's own tests")]
mod fixture;
mod forged_media;
mod handshake;
mod hello_flood;
mod malformed;
mod offers;
mod scopes;
mod ssrc_collision;
mod stun_flood;
