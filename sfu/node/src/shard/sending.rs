//! A batch on its way out: protected in place, then given to the kernel in as few calls as its
//! lengths allow.

use std::ops::Range;

use kreide_sfu_core::{Batch, PacketKind};

use crate::peer::Peer;
use crate::socket::MediaSocket;

/// What became of packets since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Calls of the kernel.
    pub(crate) calls: u64,
    /// Packets that these calls took.
    pub(crate) packets: u64,
    /// Packets that could not be protected, or that the kernel did not take.
    pub(crate) unsent: u64,
}

/// Protects a batch and sends it. What the kernel does not take is dropped, never waited for.
pub(super) fn send(socket: &MediaSocket, peer: &mut Peer, batch: Batch<'_>, sent: &mut Sent) {
    let Some(to) = peer.transport.remote() else {
        sent.unsent += batch.packets.len() as u64;
        return;
    };
    let mut give = |buffer: &[u8], run: Run| {
        let given = socket.send(&buffer[run.place], run.segment, to, peer.local);
        sent.calls += 1;
        match given {
            Ok(()) => sent.packets += run.packets,
            Err(_) => sent.unsent += run.packets,
        }
    };
    let most = socket.most_segments() as u64;
    let mut unprotected = 0;
    let mut run: Option<Run> = None;
    for place in batch.packets {
        let room = place.start..place.end + batch.kind.tag_room();
        let protected = match batch.kind {
            PacketKind::Rtp => peer.transport.protect_rtp(&mut batch.buffer[room], place.len()),
            PacketKind::Rtcp => peer.transport.protect_rtcp(&mut batch.buffer[room], place.len()),
        };
        let Ok(length) = protected else {
            unprotected += 1;
            continue;
        };
        let packet = place.start..place.start + length;
        match &mut run {
            Some(run) if run.takes(&packet, most) => run.add(packet),
            run => {
                if let Some(run) = run.replace(Run::of(packet)) {
                    give(batch.buffer, run);
                }
            }
        }
    }
    if let Some(run) = run {
        give(batch.buffer, run);
    }
    sent.unsent += unprotected;
}

/// Packets that lie end to end, all of one length but for a shorter last one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    place: Range<usize>,
    segment: usize,
    packets: u64,
}

impl Run {
    fn of(packet: Range<usize>) -> Self {
        Self { segment: packet.len(), place: packet, packets: 1 }
    }

    /// Whether a packet can be the next segment.
    fn takes(&self, packet: &Range<usize>, most: u64) -> bool {
        let whole = self.place.len() == self.segment * self.packets as usize;
        let fits = self.place.len() + packet.len() <= LARGEST_DATAGRAM;
        let next = packet.start == self.place.end && packet.len() <= self.segment;
        whole && fits && next && self.packets < most
    }

    fn add(&mut self, packet: Range<usize>) {
        self.place.end = packet.end;
        self.packets += 1;
    }
}

/// What a UDP datagram can hold over IPv4 (RFC 768, RFC 791), before it is cut into segments.
const LARGEST_DATAGRAM: usize = 65_507;

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(packets: &[Range<usize>], most: u64) -> Vec<(usize, u64)> {
        let mut runs: Vec<Run> = Vec::new();
        for packet in packets {
            match runs.last_mut() {
                Some(run) if run.takes(packet, most) => run.add(packet.clone()),
                _ => runs.push(Run::of(packet.clone())),
            }
        }
        runs.into_iter().map(|run| (run.segment, run.packets)).collect()
    }

    #[test]
    fn a_run_is_what_the_kernel_can_cut() {
        // Equal ones, then a shorter last one; what follows begins anew.
        assert_eq!(runs(&[0..10, 10..20, 20..25, 25..30], 16), [(10, 3), (5, 1)]);
        // A longer one, and one behind a gap.
        assert_eq!(runs(&[0..10, 10..22, 22..34, 40..52], 16), [(10, 1), (12, 2), (12, 1)]);
        // No more than the kernel takes in one call.
        assert_eq!(runs(&[0..10, 10..20, 20..30], 2), [(10, 2), (10, 1)]);
        assert_eq!(runs(&[0..10, 10..20], 1), [(10, 1), (10, 1)]);
        // No more than a datagram can hold.
        assert_eq!(runs(&[0..40_000, 40_000..80_000], 16), [(40_000, 1), (40_000, 1)]);
    }
}
