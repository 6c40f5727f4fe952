//! What offer and answer agreed, as the media core must know it.
//!
//! Invariant: every line here was accepted; rejected lines leave no trace but a gap in `index`.

use kreide_sfu_core::{PublishLine, SlotLine};

/// The CNAME (RFC 3550 section 6.5.1) that answers announce for all our streams.
pub const CNAME: &str = "kreide";

/// What both sides agreed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Negotiated {
    /// Lines on which the peer sends, in the order of the offer.
    pub send: Vec<PublishLine>,
    /// Lines on which the peer receives, in the order of the offer.
    pub receive: Vec<SlotLine>,
}
