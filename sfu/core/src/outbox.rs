//! The send arena: packets to members, written once and encrypted in place by the node.

use std::ops::Range;

use crate::MemberKey;

/// Bytes kept free behind an RTP packet for its tag: the 16 of AEAD_AES_128_GCM (RFC 7714
/// section 14.2). So protected packets of one batch lie end to end, and the kernel can take them
/// as the segments of one datagram.
pub const RTP_TAG_ROOM: usize = 16;

/// Bytes kept free behind an RTCP packet: the tag and the SRTCP index (RFC 7714 section 9).
pub const RTCP_TAG_ROOM: usize = 20;

/// Most packets in a [`Batch`].
pub(crate) const BATCH: usize = 16;

/// What a packet in the outbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketKind {
    /// Media, to be protected as SRTP.
    Rtp,
    /// Reports and feedback, to be protected as SRTCP.
    Rtcp,
}

impl PacketKind {
    /// Bytes that are free behind each packet of this kind.
    #[must_use]
    pub fn tag_room(self) -> usize {
        match self {
            Self::Rtp => RTP_TAG_ROOM,
            Self::Rtcp => RTCP_TAG_ROOM,
        }
    }
}

/// Up to 16 packets of one kind to one member, in the order in which they are to be sent:
/// what a pacer holds back or lets go.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The receiver.
    pub to: MemberKey,
    /// What the packets are.
    pub kind: PacketKind,
    /// The packets, each with [`PacketKind::tag_room`] bytes behind it.
    pub buffer: &'a mut [u8],
    /// Where in `buffer` the packets lie, ascending, without their tags.
    pub packets: &'a [Range<usize>],
}

impl Batch<'_> {
    /// The packets, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.packets.iter().map(|place| &self.buffer[place.clone()])
    }
}

/// Packets that wait to be sent. Taken out by the node after every input, so its size is bounded
/// by what one input can cause; the packets of a picture are written for one viewer at a time.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    arena: Vec<u8>,
    packets: Vec<Range<usize>>,
    receivers: Vec<(MemberKey, PacketKind)>,
    /// Packets already taken.
    taken: usize,
}

impl Outbox {
    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.taken == self.packets.len()
    }

    /// Takes the next packets that go to one member.
    pub(crate) fn next_batch(&mut self) -> Option<Batch<'_>> {
        let first = self.taken;
        let (to, kind) = *self.receivers.get(first)?;
        let same = |next: &&(MemberKey, PacketKind)| **next == (to, kind);
        let count = self.receivers[first..].iter().take(BATCH).take_while(same).count();
        self.taken += count;
        let packets = &self.packets[first..self.taken];
        Some(Batch { to, kind, buffer: &mut self.arena, packets })
    }

    /// Adds a packet by appending its bytes; returns how many. Nothing appended adds nothing.
    pub(crate) fn push(
        &mut self,
        to: MemberKey,
        kind: PacketKind,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> usize {
        if self.is_empty() {
            self.clear();
        }
        let start = self.arena.len();
        write(&mut self.arena);
        let end = self.arena.len();
        if end > start {
            self.arena.resize(end + kind.tag_room(), 0);
            self.packets.push(start..end);
            self.receivers.push((to, kind));
        }
        end - start
    }

    fn clear(&mut self) {
        self.arena.clear();
        self.packets.clear();
        self.receivers.clear();
        self.taken = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(outbox: &mut Outbox) -> Option<(usize, PacketKind, Vec<Vec<u8>>)> {
        let batch = outbox.next_batch()?;
        Some((batch.to.0, batch.kind, batch.iter().map(<[u8]>::to_vec).collect()))
    }

    #[test]
    fn neighbours_to_one_member_leave_together() {
        let mut outbox = Outbox::default();
        for (to, kind, byte) in [
            (1, PacketKind::Rtp, 1),
            (1, PacketKind::Rtp, 2),
            (1, PacketKind::Rtcp, 3),
            (2, PacketKind::Rtcp, 4),
        ] {
            outbox.push(MemberKey(to), kind, |out| out.push(byte));
        }
        assert_eq!(outbox.push(MemberKey(3), PacketKind::Rtp, |_| {}), 0);
        let expected = [
            (1, PacketKind::Rtp, vec![vec![1], vec![2]]),
            (1, PacketKind::Rtcp, vec![vec![3]]),
            (2, PacketKind::Rtcp, vec![vec![4]]),
        ];
        assert_eq!(std::iter::from_fn(|| take(&mut outbox)).collect::<Vec<_>>(), expected);
        assert!(outbox.is_empty());
    }

    #[test]
    fn protected_packets_lie_end_to_end_and_batches_are_bounded() {
        let mut outbox = Outbox::default();
        for _ in 0..=BATCH {
            outbox.push(MemberKey(1), PacketKind::Rtp, |out| out.extend([7; 100]));
        }
        let batch = outbox.next_batch().unwrap();
        assert_eq!(batch.packets.len(), BATCH);
        let gaps = batch.packets.windows(2).map(|pair| pair[1].start - pair[0].end);
        assert!(gaps.eq([RTP_TAG_ROOM; BATCH - 1]));
        assert_eq!(outbox.next_batch().unwrap().packets.len(), 1);
        outbox.push(MemberKey(1), PacketKind::Rtp, |out| out.push(1));
        assert_eq!(outbox.next_batch().unwrap().packets[0], 0..1, "the memory is used again");
    }
}
