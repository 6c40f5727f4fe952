//! The last packets of one stream, kept once for all its viewers: for forwarding and for
//! retransmission.
//!
//! The ring grows until it holds a second of the stream, so that a small layer costs little.

use std::time::{Duration, Instant};

use kreide_media::rtp;
use kreide_media::vp8;

/// A packet of a publication as the core keeps and forwards it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored<'a> {
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) vp8: Option<vp8::Descriptor>,
    pub(crate) payload: &'a [u8],
}

impl<'a> Stored<'a> {
    pub(crate) fn new(
        packet: &rtp::Packet<'a>,
        sequence: u64,
        vp8: Option<vp8::Descriptor>,
    ) -> Self {
        let rtp::Packet { timestamp, marker, payload, .. } = *packet;
        Self { sequence, timestamp, marker, vp8, payload }
    }
}

/// A ring of packets by extended sequence number; buffers are reused.
#[derive(Debug)]
pub(crate) struct History {
    ring: Vec<Cell>,
    keep: Duration,
}

#[derive(Debug, Default)]
struct Cell {
    /// The packet's extended sequence number and arrival.
    held: Option<(u64, Instant)>,
    timestamp: u32,
    marker: bool,
    vp8: Option<vp8::Descriptor>,
    payload: Vec<u8>,
}

impl History {
    /// Keeps pictures for as long as a viewer may ask for them again.
    pub(crate) fn of_pictures() -> Self {
        Self { ring: Vec::new(), keep: KEEP }
    }

    /// Keeps sound until it is forwarded; nobody asks for it again.
    pub(crate) fn of_sound() -> Self {
        Self { ring: Vec::new(), keep: Duration::ZERO }
    }

    pub(crate) fn put(&mut self, packet: &Stored<'_>, now: Instant) {
        if self.ring.is_empty() {
            self.ring.resize_with(FEWEST, Cell::default);
        }
        let young = |held: &(u64, Instant)| {
            held.0 < packet.sequence && now.saturating_duration_since(held.1) < self.keep
        };
        if self.ring.len() < MOST
            && self.ring[self.place(packet.sequence)].held.is_some_and(|h| young(&h))
        {
            self.grow();
        }
        let place = self.place(packet.sequence);
        let cell = &mut self.ring[place];
        cell.held = Some((packet.sequence, now));
        cell.timestamp = packet.timestamp;
        cell.marker = packet.marker;
        cell.vp8 = packet.vp8;
        cell.payload.clear();
        cell.payload.extend_from_slice(packet.payload);
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<Stored<'_>> {
        let cell = self.ring.get(self.place(sequence))?;
        cell.held.filter(|(held, _)| *held == sequence)?;
        Some(Stored {
            sequence,
            timestamp: cell.timestamp,
            marker: cell.marker,
            vp8: cell.vp8,
            payload: &cell.payload,
        })
    }

    fn place(&self, sequence: u64) -> usize {
        // The length is a power of two, or zero while there is no ring to look into.
        sequence as usize & self.ring.len().wrapping_sub(1)
    }

    /// Doubles the ring. Two packets apart by its old length no longer share a cell, the others
    /// keep theirs or move up by that length.
    fn grow(&mut self) {
        let larger = self.ring.len() * 2;
        let smaller = std::mem::take(&mut self.ring);
        self.ring.resize_with(larger, Cell::default);
        for cell in smaller {
            if let Some((sequence, _)) = cell.held {
                let place = self.place(sequence);
                self.ring[place] = cell;
            }
        }
    }
}

/// A viewer far away asks three times within this time; later a picture is stale.
const KEEP: Duration = Duration::from_secs(1);
const FEWEST: usize = 32;
/// A second of 10 Mbit/s.
const MOST: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;
    use kreide_sfu_testkit::t0;

    fn packet(sequence: u64) -> Stored<'static> {
        Stored { sequence, timestamp: 0, marker: false, vp8: None, payload: b"picture" }
    }

    /// Fills a history with packets at this rate; returns how many of the last it can give.
    fn kept(history: &mut History, a_second: u64) -> usize {
        for sequence in 0..5 * a_second {
            let now = t0() + Duration::from_secs(1) * sequence as u32 / a_second as u32;
            history.put(&packet(sequence), now);
        }
        (0..5 * a_second).rev().take_while(|sequence| history.get(*sequence).is_some()).count()
    }

    #[test]
    fn a_second_is_kept_and_little_more() {
        for (a_second, expected) in [(20, 32), (30, 32), (60, 64), (480, 512), (3_000, MOST)] {
            let count = kept(&mut History::of_pictures(), a_second);
            assert_eq!(count, expected, "{a_second} packets a second");
        }
        assert_eq!(kept(&mut History::of_sound(), 50), FEWEST);
    }

    #[test]
    fn an_empty_one_has_nothing_and_a_late_packet_is_kept() {
        let mut history = History::of_pictures();
        assert!(history.get(0).is_none() && history.get(u64::MAX).is_none());
        history.put(&packet(100), t0());
        history.put(&packet(98), t0());
        assert!(history.get(98).is_some() && history.get(100).is_some());
        assert!(history.get(99).is_none() && history.get(100 + FEWEST as u64).is_none());
    }
}
