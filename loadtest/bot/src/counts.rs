//! What a bot counts.
//!
//! Invariant: all counts begin at [`crate::Order::Mark`]; the times of joining are the join's.

use std::time::Duration;

use kreide_protocol::SourceRef;

/// Everything a bot counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Own number in the lesson; 0 before the join.
    pub number: u32,
    /// The own hand is up.
    pub hand: bool,
    /// The own group, while groups are open.
    pub group: Option<u8>,
    /// From the opening of the door to the token.
    pub entered: Option<Duration>,
    /// From the opening of the door to the seat, with the answer to the offer.
    pub seated: Option<Duration>,
    /// From the opening of the door to keys for media.
    pub joined: Option<Duration>,
    /// From the opening of the door to the first voice packet.
    pub first_audio: Option<Duration>,
    /// From the opening of the door to the first whole picture.
    pub first_video: Option<Duration>,
    /// RTP packets sent, without repetitions.
    pub sent: u64,
    /// Packets sent again because the server missed them.
    pub sent_again: u64,
    /// Keyframes that the server asked for.
    pub keyframes_asked: u64,
    /// Datagrams that the kernel did not take.
    pub unsent: u64,
    /// Datagrams that are no valid packet of the server.
    pub invalid: u64,
    /// Packets of somebody else than the server had said and this bot wanted to see. Not one is
    /// allowed.
    pub wrong_source: u64,
    /// Wishes of the view that was asked for last.
    pub wished: u32,
    /// Per slot, voices first.
    pub slots: Vec<SlotCounts>,
    /// Messages that the server refused, the first few.
    pub refused: Vec<String>,
    /// Whether a recording runs.
    pub recording: bool,
}

/// What one slot received.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SlotCounts {
    /// Voice instead of picture.
    pub audio: bool,
    /// What it is to show.
    pub wished: Option<SourceRef>,
    /// Packets that the server numbered for this slot: highest sequence number less first, plus 1.
    /// What the server left out on purpose (another layer, a locked source) has no number and is
    /// not expected; what it or the network lost has one and is.
    pub expected: u64,
    /// Different packets that arrived, by themselves or as a repetition.
    pub received: u64,
    /// Of these, as a repetition.
    pub repaired: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Packets that came after a later one, repetitions not among them.
    pub reordered: u64,
    /// Bytes of payload.
    pub octets: u64,
    /// Whole pictures.
    pub frames: u64,
    /// Of these, keyframes.
    pub keyframes: u64,
    /// Freezes as WebRTC counts them.
    pub freezes: u64,
    /// How long they lasted together.
    pub frozen: Duration,
    /// Longest time between two pictures.
    pub longest_gap: Duration,
}

impl SlotCounts {
    /// Packets that never arrived.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.received)
    }
}
