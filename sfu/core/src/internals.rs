//! One slot by itself, for benches that take the way of a packet to pieces.
//!
//! Behind the feature `internals`, which nothing else turns on.
//! Left out on purpose: everything that a [`crate::RoomPart`] does before and after.

use std::time::Instant;

use kreide_media::rtp::Packet;
use kreide_media::seq::extend_near;
use kreide_media::vp8::Descriptor;

use crate::SlotLine;
use crate::history::Stored;
use crate::rewriter::{StreamId, Verdict};
use crate::slot::{Extras, Slot};

/// A slot that shows one stream of VP8.
#[derive(Debug)]
pub struct OneSlot {
    slot: Slot,
    sequence: u64,
}

impl OneSlot {
    /// A slot that has shown nothing yet.
    #[must_use]
    pub fn new(line: SlotLine) -> Self {
        // One cycle up, so that numbers before the first stay positive.
        Self { slot: Slot::new(line, 1), sequence: 1 << 16 }
    }

    /// Decides on a packet of the stream, of which the first begins the slot, and appends to
    /// `out` what the viewer is sent.
    pub fn rewrite(&mut self, packet: &Packet<'_>, out: &mut Vec<u8>, now: Instant) {
        self.sequence = extend_near(self.sequence, packet.sequence);
        let stored = Stored::new(packet, self.sequence, Descriptor::parse(packet.payload).ok());
        let rewriter = &mut self.slot.rewriter;
        let verdict = match rewriter.stream() {
            None => Verdict::Send(rewriter.start(StreamId(1), &stored, now)),
            Some(_) => rewriter.forward(&stored, now),
        };
        self.slot.write(out, verdict, packet.payload, Extras::default());
    }
}
