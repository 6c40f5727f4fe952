//! The send arena: packets to members, written once and encrypted in place by the node.

use crate::MemberKey;

/// Bytes kept free behind every packet for the SRTP or SRTCP trailer: a 16-byte tag and the
/// 4-byte SRTCP index (RFC 7714 section 9).
pub const TAG_ROOM: usize = 20;

/// What a packet in the outbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketKind {
    /// Media, to be protected as SRTP.
    Rtp,
    /// Reports and feedback, to be protected as SRTCP.
    Rtcp,
}

/// Packets that wait to be sent. Emptied by the node after every input, so its size is bounded by
/// what one input can cause.
#[derive(Debug, Default)]
pub struct Outbox {
    arena: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    to: MemberKey,
    kind: PacketKind,
    start: usize,
    length: usize,
}

impl Outbox {
    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Hands out all packets in order: receiver, kind, the buffer with [`TAG_ROOM`] bytes behind
    /// the packet, and the packet's length. Keeps its memory for the next round.
    pub fn drain(&mut self, mut take: impl FnMut(MemberKey, PacketKind, &mut [u8], usize)) {
        for entry in self.entries.drain(..) {
            let end = entry.start + entry.length + TAG_ROOM;
            take(entry.to, entry.kind, &mut self.arena[entry.start..end], entry.length);
        }
        self.arena.clear();
    }

    /// Adds a packet by appending its bytes.
    pub(crate) fn push(
        &mut self,
        to: MemberKey,
        kind: PacketKind,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> usize {
        let start = self.arena.len();
        write(&mut self.arena);
        let length = self.arena.len() - start;
        if length > 0 {
            self.arena.resize(start + length + TAG_ROOM, 0);
            self.entries.push(Entry { to, kind, start, length });
        }
        length
    }
}
