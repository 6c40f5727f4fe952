//! What became of the packets of one direction.
//!
//! Invariant: `arrived + duplicated` is the sum of `delivered`, `waiting` and every reason of a
//! drop. Counters only grow, but for `waiting` and `queued_bytes`.
//! Left out on purpose: times; the one who sends and receives measures those.

use serde::Serialize;

/// Packets, where the name does not say bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counters {
    /// Came to the link.
    pub arrived: u64,
    /// Left the link.
    pub delivered: u64,
    /// Bytes of IP packets that left the link.
    pub delivered_bytes: u64,
    /// Dropped by a black hole.
    pub black_holed: u64,
    /// Dropped by random or bursty loss.
    pub lost: u64,
    /// Dropped since the queue before the rate was full.
    pub tail_dropped: u64,
    /// Dropped since more packets were under way than a lane holds: the emulator is overloaded.
    pub overflowed: u64,
    /// Made in addition.
    pub duplicated: u64,
    /// Passed on with one bit flipped. In UDP over IPv4 the bit is in the payload and the checksum
    /// is set to zero, "none" (RFC 768), so that the application meets the damage; in everything
    /// else the receiving kernel refuses the packet.
    pub corrupted: u64,
    /// Passed on late, so that others may overtake.
    pub late: u64,
    /// In the queue or under way now.
    pub waiting: u64,
    /// Bytes in the queue now.
    pub queued_bytes: u64,
    /// Most bytes that were ever in the queue.
    pub queued_bytes_peak: u64,
    /// Most microseconds between when a packet was due and when it was fetched: what the machine
    /// added to the delay.
    pub behind_us_max: u64,
}

impl Counters {
    /// Packets dropped, for whatever reason.
    pub fn dropped(&self) -> u64 {
        self.black_holed + self.lost + self.tail_dropped + self.overflowed
    }
}
