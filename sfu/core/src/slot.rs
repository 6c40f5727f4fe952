//! One receive line of a viewer and what it carries.

use std::time::Instant;

use kreide_control::{Source, SourceKind};
use kreide_media::clock::NtpTime;
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

/// One layer of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) origin: Origin,
    pub(crate) layer: u8,
}

/// What a slot carries. Until the next source or layer can begin, the one before goes on: the
/// viewer hides it by itself, and a stream without a pause is one that no receiver calls frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    Nothing,
    /// Begins with the next packet that a decoder can begin with.
    Waiting {
        next: Target,
    },
    Flowing {
        now: Target,
        next: Option<Target>,
    },
}

impl Feed {
    /// What is forwarded.
    pub(crate) fn now(self) -> Option<Target> {
        match self {
            Self::Flowing { now, .. } => Some(now),
            Self::Nothing | Self::Waiting { .. } => None,
        }
    }

    /// What a keyframe is awaited of.
    pub(crate) fn next(self) -> Option<Target> {
        match self {
            Self::Nothing => None,
            Self::Waiting { next } => Some(next),
            Self::Flowing { next, .. } => next,
        }
    }

    /// Whether packets of this layer may be forwarded. A first picture may come from any layer.
    pub(crate) fn concerns(self, here: Target) -> bool {
        let next = self.next().is_some_and(|next| next.origin == here.origin);
        next || self.now() == Some(here)
    }

    /// Whether packets of this origin concern the slot.
    pub(crate) fn takes(self, origin: Origin) -> bool {
        [self.now(), self.next()].into_iter().flatten().any(|target| target.origin == origin)
    }

    /// Where packets come from: one origin, or two while one replaces the other.
    pub(crate) fn origins(self) -> impl Iterator<Item = Origin> {
        let now = self.now().map(|target| target.origin);
        let next = self.next().map(|target| target.origin).filter(|next| Some(*next) != now);
        now.into_iter().chain(next)
    }
}

/// A packet of a publication on its way to the slots.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inbound<'a> {
    pub(crate) target: Target,
    pub(crate) stream: StreamId,
    pub(crate) packet: Stored<'a>,
    /// A decoder can begin here.
    pub(crate) entry_point: bool,
}

/// What goes into the header extensions of a packet.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extras {
    pub(crate) transport_sequence: u16,
    pub(crate) audio_level: Option<AudioLevel>,
    /// When it was captured, on the room's clock; told to the recorder alone.
    pub(crate) captured: Option<NtpTime>,
    /// Bytes of padding behind the payload.
    pub(crate) padding: u8,
}

#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) line: SlotLine,
    pub(crate) feed: Feed,
    /// What the viewer was last told that this slot carries, and from which timestamp on.
    pub(crate) told: (Option<Source>, u32),
    pub(crate) rewriter: Rewriter,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
    retransmission: u16,
}

impl Slot {
    pub(crate) fn new(line: SlotLine, seed: u64) -> Self {
        let rewriter = Rewriter::new(line.codec.clock_rate, seed);
        // Far from a wrap, which a receiver that misses the first packets would guess wrongly.
        let retransmission = (seed >> 20) as u16 & 0x7fff;
        Self {
            line,
            feed: Feed::Nothing,
            told: (None, 0),
            rewriter,
            packets: 0,
            octets: 0,
            retransmission,
        }
    }

    /// Decides what becomes of a packet of a publication that concerns the slot.
    pub(crate) fn take(&mut self, inbound: &Inbound<'_>, now: Instant) -> Verdict {
        let here = inbound.target;
        match self.feed {
            // The first picture may come from any layer: soon is better than sharp.
            Feed::Waiting { next } if next.origin == here.origin && inbound.entry_point => {
                let next = (next != here).then_some(next);
                self.feed = Feed::Flowing { now: here, next };
                self.begin(inbound, now)
            }
            Feed::Flowing { next, .. } if next == Some(here) && inbound.entry_point => {
                self.feed = Feed::Flowing { now: here, next: None };
                self.begin(inbound, now)
            }
            // Another person's first picture, from any layer too.
            Feed::Flowing { now: old, next: Some(next) }
                if next.origin == here.origin
                    && old.origin != here.origin
                    && inbound.entry_point =>
            {
                self.feed = Feed::Flowing { now: here, next: Some(next) };
                self.begin(inbound, now)
            }
            Feed::Flowing { now: current, .. } if current == here => {
                if self.rewriter.stream() == Some(inbound.stream) {
                    self.rewriter.forward(&inbound.packet, now)
                } else if inbound.entry_point {
                    self.begin(inbound, now)
                } else {
                    Verdict::Drop
                }
            }
            Feed::Nothing | Feed::Waiting { .. } | Feed::Flowing { .. } => Verdict::Drop,
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
        extras: Extras,
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
        let padding = if payload.is_some() { extras.padding } else { 1 };
        self.write_header(out, header, padding > 0, extras);
        if let Some(payload) = payload {
            write_payload(out, &numbers, payload);
        }
        if padding > 0 {
            // RFC 3550 section 5.1: the last byte counts them, itself included.
            out.extend(std::iter::repeat_n(0, usize::from(padding) - 1));
            out.push(padding);
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
        self.write_header(out, header, false, Extras { transport_sequence, ..Extras::default() });
        out.extend_from_slice(&(numbers.sequence as u16).to_be_bytes());
        write_payload(out, &numbers, payload);
    }

    fn write_header(&self, out: &mut Vec<u8>, header: Header, padded: bool, extras: Extras) {
        let ids = &self.line.extensions;
        let level = extras.audio_level.filter(|_| ids.audio_level.is_some());
        let captured = extras.captured.filter(|_| ids.abs_capture_time.is_some());
        let extended = ids.transport_cc.is_some() || level.is_some() || captured.is_some();
        header.write(out, extended, padded);
        if extended {
            let mut extensions = Writer::begin(out);
            extensions.add(ids.transport_cc, &extras.transport_sequence.to_be_bytes());
            if let Some(level) = level {
                extensions.add(ids.audio_level, &[level.to_byte()]);
            }
            if let Some(captured) = captured {
                extensions.add(ids.abs_capture_time, &captured.0.to_be_bytes());
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
