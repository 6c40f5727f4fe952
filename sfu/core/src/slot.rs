//! One receive line of a viewer and what it carries.

use std::time::Instant;

use kreide_control::SourceKind;
use kreide_media::extension::{AudioLevel, Writer};
use kreide_media::rtp::Header;

use crate::MemberKey;
use crate::history::Stored;
use crate::member::SlotLine;
use crate::rewriter::{Numbers, Rewriter, StreamId, Verdict};

/// A publication by the member that sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) member: MemberKey,
    pub(crate) kind: SourceKind,
}

/// What a slot carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    Nothing,
    /// Announced; begins with the next packet that a decoder can begin with.
    Waiting {
        origin: Origin,
        layer: u8,
    },
    Flowing {
        origin: Origin,
        layer: u8,
        next: Option<u8>,
    },
}

impl Feed {
    pub(crate) fn origin(self) -> Option<Origin> {
        match self {
            Self::Nothing => None,
            Self::Waiting { origin, .. } | Self::Flowing { origin, .. } => Some(origin),
        }
    }

    /// The layer that a keyframe must come from for the feed to go where it is wanted.
    pub(crate) fn awaited_layer(self) -> Option<u8> {
        match self {
            Self::Nothing => None,
            Self::Waiting { layer, .. } => Some(layer),
            Self::Flowing { next, .. } => next,
        }
    }

    pub(crate) fn layer(self) -> Option<u8> {
        match self {
            Self::Nothing => None,
            Self::Waiting { layer, .. } | Self::Flowing { layer, .. } => Some(layer),
        }
    }
}

/// A packet of a publication on its way to the slots.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inbound<'a> {
    pub(crate) stream: StreamId,
    pub(crate) layer: u8,
    pub(crate) packet: Stored<'a>,
    /// A decoder can begin here.
    pub(crate) entry_point: bool,
    pub(crate) audio_level: Option<AudioLevel>,
}

#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) line: SlotLine,
    pub(crate) feed: Feed,
    pub(crate) rewriter: Rewriter,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
    retransmission: u16,
}

impl Slot {
    pub(crate) fn new(line: SlotLine, seed: u64) -> Self {
        let rewriter = Rewriter::new(line.codec.clock_rate, seed);
        let retransmission = (seed >> 20) as u16;
        Self { line, feed: Feed::Nothing, rewriter, packets: 0, octets: 0, retransmission }
    }

    /// Shows another source, or nothing, from now on.
    pub(crate) fn carry(&mut self, source: Option<(Origin, u8)>) {
        self.rewriter.stop();
        self.feed = match source {
            Some((origin, layer)) => Feed::Waiting { origin, layer },
            None => Feed::Nothing,
        };
    }

    /// Asks for another layer of the same source.
    pub(crate) fn aim(&mut self, wanted: u8) {
        match &mut self.feed {
            Feed::Nothing => {}
            Feed::Waiting { layer, .. } => *layer = wanted,
            Feed::Flowing { layer, next, .. } => *next = (wanted != *layer).then_some(wanted),
        }
    }

    /// Decides what becomes of a packet of the publication that the slot carries.
    pub(crate) fn take(&mut self, inbound: &Inbound<'_>, now: Instant) -> Verdict {
        match self.feed {
            Feed::Nothing => Verdict::Drop,
            // The first picture may come from any layer: soon is better than sharp.
            Feed::Waiting { origin, layer } if inbound.entry_point => {
                let next = (layer != inbound.layer).then_some(layer);
                self.feed = Feed::Flowing { origin, layer: inbound.layer, next };
                self.begin(inbound, now)
            }
            Feed::Waiting { .. } => Verdict::Drop,
            Feed::Flowing { origin, next, .. }
                if next == Some(inbound.layer) && inbound.entry_point =>
            {
                self.feed = Feed::Flowing { origin, layer: inbound.layer, next: None };
                self.begin(inbound, now)
            }
            Feed::Flowing { layer, .. } if layer == inbound.layer => {
                if self.rewriter.stream() == Some(inbound.stream) {
                    self.rewriter.forward(&inbound.packet, now)
                } else if inbound.entry_point {
                    self.begin(inbound, now)
                } else {
                    Verdict::Drop
                }
            }
            Feed::Flowing { .. } => Verdict::Drop,
        }
    }

    fn begin(&mut self, inbound: &Inbound<'_>, now: Instant) -> Verdict {
        let mut numbers = self.rewriter.start(inbound.stream, &inbound.packet, now);
        // RFC 3551 section 4.1: the marker begins a talk spurt.
        numbers.marker |= self.line.audio;
        Verdict::Send(numbers)
    }

    /// Writes a media packet; returns nothing for a verdict that sends nothing.
    pub(crate) fn write(
        &mut self,
        out: &mut Vec<u8>,
        verdict: Verdict,
        payload: &[u8],
        transport_sequence: u16,
        level: Option<AudioLevel>,
    ) {
        let (numbers, payload) = match verdict {
            Verdict::Drop => return,
            Verdict::Send(numbers) => (numbers, Some(payload)),
            Verdict::Fill(numbers) => (numbers, None),
        };
        let header = Header {
            marker: numbers.marker && payload.is_some(),
            payload_type: self.line.codec.payload_type,
            sequence: numbers.sequence as u16,
            timestamp: numbers.timestamp,
            ssrc: self.line.ssrc,
        };
        let before = out.len();
        self.write_header(out, header, payload.is_none(), transport_sequence, level);
        match payload {
            Some(payload) => write_payload(out, &numbers, payload),
            None => out.push(1),
        }
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add((out.len() - before) as u32);
    }

    /// Writes a packet again as a retransmission (RFC 4588). Without an agreed retransmission
    /// stream nothing is sent: the same SRTP nonce must never protect two different packets.
    pub(crate) fn write_again(
        &mut self,
        out: &mut Vec<u8>,
        verdict: Verdict,
        payload: &[u8],
        transport_sequence: u16,
    ) {
        let (Some(ssrc), Some(payload_type)) =
            (self.line.rtx_ssrc, self.line.codec.rtx_payload_type)
        else {
            return;
        };
        let Verdict::Send(numbers) = verdict else { return };
        self.retransmission = self.retransmission.wrapping_add(1);
        let header = Header {
            marker: numbers.marker,
            payload_type,
            sequence: self.retransmission,
            timestamp: numbers.timestamp,
            ssrc,
        };
        self.write_header(out, header, false, transport_sequence, None);
        out.extend_from_slice(&(numbers.sequence as u16).to_be_bytes());
        write_payload(out, &numbers, payload);
    }

    fn write_header(
        &self,
        out: &mut Vec<u8>,
        header: Header,
        padded: bool,
        transport_sequence: u16,
        level: Option<AudioLevel>,
    ) {
        let ids = &self.line.extensions;
        let level = level.filter(|_| ids.audio_level.is_some());
        let extended = ids.transport_cc.is_some() || level.is_some();
        header.write(out, extended, padded);
        if extended {
            let mut extensions = Writer::begin(out);
            extensions.add(ids.transport_cc, &transport_sequence.to_be_bytes());
            if let Some(level) = level {
                extensions.add(ids.audio_level, &[level.to_byte()]);
            }
            extensions.finish();
        }
    }
}

fn write_payload(out: &mut Vec<u8>, numbers: &Numbers, payload: &[u8]) {
    match numbers.vp8 {
        Some(descriptor) => {
            descriptor.write(out);
            out.extend_from_slice(payload.get(descriptor.length..).unwrap_or_default());
        }
        None => out.extend_from_slice(payload),
    }
}
