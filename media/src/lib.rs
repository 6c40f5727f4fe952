//! Packets as values: RTP and RTCP views, header extensions, codec descriptors, clocks.
//!
//! Invariant: parsing never panics and never allocates more than its input is long; a view holds
//! ranges that were checked once. Left out on purpose: sockets, clocks, encryption and policy.

pub mod clock;
pub mod dependency_descriptor;
pub mod extension;
pub mod h264;
pub mod line;
pub mod recorder;
pub mod rtcp;
pub mod rtp;
pub mod seq;
pub mod vp8;

/// Why bytes are no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The input ends before the structure does.
    #[error("the packet ends too early")]
    Truncated,
    /// A version, length or reserved value contradicts the specification.
    #[error("the packet is malformed: {0}")]
    Malformed(&'static str),
}
