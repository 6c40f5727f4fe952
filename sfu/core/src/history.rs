//! The last packets of one stream, kept once for all its viewers, for retransmission.

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
#[derive(Debug, Default)]
pub(crate) struct History {
    ring: Vec<Cell>,
}

#[derive(Clone, Debug, Default)]
struct Cell {
    sequence: Option<u64>,
    timestamp: u32,
    marker: bool,
    vp8: Option<vp8::Descriptor>,
    payload: Vec<u8>,
}

impl History {
    pub(crate) fn put(&mut self, packet: &Stored<'_>) {
        if self.ring.is_empty() {
            self.ring.resize(CAPACITY, Cell::default());
        }
        let cell = &mut self.ring[packet.sequence as usize % CAPACITY];
        cell.sequence = Some(packet.sequence);
        cell.timestamp = packet.timestamp;
        cell.marker = packet.marker;
        cell.vp8 = packet.vp8;
        cell.payload.clear();
        cell.payload.extend_from_slice(packet.payload);
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<Stored<'_>> {
        let cell = self.ring.get(sequence as usize % CAPACITY)?;
        (cell.sequence == Some(sequence)).then_some(Stored {
            sequence,
            timestamp: cell.timestamp,
            marker: cell.marker,
            vp8: cell.vp8,
            payload: &cell.payload,
        })
    }
}

/// Two to four seconds of one layer at usual packet rates.
const CAPACITY: usize = 512;
