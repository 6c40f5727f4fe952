//! One outgoing SSRC with its repetitions: numbers, header extensions, history, sender reports.
//!
//! Invariant: the history is bounded; what it no longer has is not sent again.

use std::collections::VecDeque;
use std::time::Instant;

use kreide_media::clock::NtpTime;
use kreide_media::extension::{AudioLevel, Writer};
use kreide_media::line::ExtensionIds;
use kreide_media::rtcp;
use kreide_media::rtp::Header;

use crate::clock;

/// What the answer says about a sending line, and what the offer said.
#[derive(Clone, Debug)]
pub(crate) struct Numbering {
    pub(crate) mid: String,
    pub(crate) rid: Option<String>,
    pub(crate) payload_type: u8,
    pub(crate) rtx_payload_type: Option<u8>,
    pub(crate) ssrc: u32,
    pub(crate) rtx_ssrc: u32,
    pub(crate) extensions: ExtensionIds,
    pub(crate) clock_rate: u32,
}

/// What differs from packet to packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extras {
    pub(crate) transport_sequence: u16,
    pub(crate) level: Option<AudioLevel>,
}

pub(crate) struct Outgoing {
    pub(crate) numbering: Numbering,
    sequence: u16,
    rtx_sequence: u16,
    clock_start: u32,
    history: VecDeque<Sent>,
    packets: u32,
    octets: u32,
}

struct Sent {
    sequence: u16,
    timestamp: u32,
    marker: bool,
    payload: Vec<u8>,
}

impl Outgoing {
    /// `start` gives numbers and clock a beginning; it may be anything.
    pub(crate) fn new(numbering: Numbering, start: u32) -> Self {
        Self {
            numbering,
            // Far from a wrap, which SRTP would guess wrongly if the first packets were lost.
            sequence: start as u16 & 0x3fff,
            rtx_sequence: (start >> 16) as u16 & 0x3fff,
            clock_start: start,
            history: VecDeque::new(),
            packets: 0,
            octets: 0,
        }
    }

    /// What the stream's clock shows.
    pub(crate) fn timestamp(&self, now: Instant) -> u32 {
        let micros = u128::from(clock::unix_micros(now));
        let ticks = micros * u128::from(self.numbering.clock_rate) / 1_000_000;
        self.clock_start.wrapping_add(ticks as u32)
    }

    /// A packet that was not sent before.
    pub(crate) fn packet(
        &mut self,
        timestamp: u32,
        marker: bool,
        payload: Vec<u8>,
        extras: Extras,
        now: Instant,
    ) -> Vec<u8> {
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload.len() as u32);
        let header = Header {
            marker,
            payload_type: self.numbering.payload_type,
            sequence: self.sequence,
            timestamp,
            ssrc: self.numbering.ssrc,
        };
        let mut out = Vec::with_capacity(payload.len() + ROOM);
        // Browsers name a stream until it is known, and save the bytes afterwards.
        let named = self.packets <= NAMED;
        self.write_header(&header, named, false, extras, now, &mut out);
        out.extend_from_slice(&payload);
        if self.numbering.rtx_payload_type.is_some() {
            if self.history.len() == HISTORY {
                self.history.pop_front();
            }
            self.history.push_back(Sent { sequence: self.sequence, timestamp, marker, payload });
        }
        out
    }

    /// The packet with this number again (RFC 4588 section 4), if it is still known.
    pub(crate) fn again(&mut self, sequence: u16, extras: Extras, now: Instant) -> Option<Vec<u8>> {
        let payload_type = self.numbering.rtx_payload_type?;
        let oldest = self.history.front()?.sequence;
        let sent = self.history.get(usize::from(sequence.wrapping_sub(oldest)))?;
        self.rtx_sequence = self.rtx_sequence.wrapping_add(1);
        let header = Header {
            marker: sent.marker,
            payload_type,
            sequence: self.rtx_sequence,
            timestamp: sent.timestamp,
            ssrc: self.numbering.rtx_ssrc,
        };
        let mut out = Vec::with_capacity(sent.payload.len() + ROOM);
        self.write_header(&header, true, true, extras, now, &mut out);
        out.extend_from_slice(&sequence.to_be_bytes());
        out.extend_from_slice(&sent.payload);
        Some(out)
    }

    /// Appends a sender report, if anything was sent.
    pub(crate) fn report(&self, now: Instant, out: &mut Vec<u8>) {
        if self.packets > 0 {
            let ntp = NtpTime::from_unix(clock::since_1970(now));
            let timestamp = self.timestamp(now);
            rtcp::write_sender_report(
                out,
                self.numbering.ssrc,
                ntp,
                timestamp,
                self.packets,
                self.octets,
            );
        }
    }

    fn write_header(
        &self,
        header: &Header,
        named: bool,
        repeated: bool,
        extras: Extras,
        now: Instant,
        out: &mut Vec<u8>,
    ) {
        let Numbering { mid, rid, extensions, .. } = &self.numbering;
        header.write(out, true, false);
        let mut writer = Writer::begin(out);
        writer.add(extensions.transport_cc, &extras.transport_sequence.to_be_bytes());
        writer.add(extensions.abs_send_time, &abs_send_time(now));
        if let Some(level) = extras.level {
            writer.add(extensions.audio_level, &[level.to_byte()]);
        }
        if named {
            writer.add(extensions.mid, mid.as_bytes());
            if let Some(rid) = rid {
                let id = if repeated { extensions.repaired_rid } else { extensions.rid };
                writer.add(id, rid.as_bytes());
            }
        }
        writer.finish();
    }
}

/// Seconds in 6.18 fixed point, 24 bits.
fn abs_send_time(now: Instant) -> [u8; 3] {
    let micros = u128::from(clock::unix_micros(now));
    let fixed = ((micros << 18) / 1_000_000) as u32;
    let [_, bytes @ ..] = fixed.to_be_bytes();
    bytes
}

/// Packets that can be sent again: two seconds of a top layer.
const HISTORY: usize = 512;
/// Packets that carry mid and rid.
const NAMED: u32 = 200;
/// Bytes of headers, extensions and tag.
const ROOM: usize = 80;

#[cfg(test)]
mod tests {
    use kreide_media::rtp::Packet;

    use super::*;

    fn stream() -> Outgoing {
        let extensions = ExtensionIds {
            mid: Some(4),
            rid: Some(10),
            repaired_rid: Some(11),
            transport_cc: Some(3),
            abs_send_time: Some(2),
            ..ExtensionIds::default()
        };
        let numbering = Numbering {
            mid: "1".to_owned(),
            rid: Some("h".to_owned()),
            payload_type: 96,
            rtx_payload_type: Some(97),
            ssrc: 5,
            rtx_ssrc: 6,
            extensions,
            clock_rate: 90_000,
        };
        Outgoing::new(numbering, 0xffff_fff0)
    }

    const EXTRAS: Extras = Extras { transport_sequence: 9, level: None };

    #[test]
    fn a_repetition_carries_number_name_and_payload_of_the_original() {
        let (mut stream, now) = (stream(), Instant::now());
        let packets: Vec<_> =
            (0..20u8).map(|n| stream.packet(7, n == 19, vec![n; 30], EXTRAS, now)).collect();
        let original = Packet::parse(&packets[4]).unwrap();
        assert_eq!(original.extensions.get(Some(10)), Some(&b"h"[..]));
        let again = stream.again(original.sequence, EXTRAS, now).unwrap();
        let again = Packet::parse(&again).unwrap();
        assert_eq!((again.ssrc, again.payload_type, again.timestamp), (6, 97, 7));
        assert_eq!(again.extensions.get(Some(11)), Some(&b"h"[..]));
        assert_eq!(again.payload[..2], original.sequence.to_be_bytes());
        assert_eq!(again.payload[2..], [4; 30]);
        assert!(stream.again(original.sequence.wrapping_sub(5), EXTRAS, now).is_none());
        assert!(stream.again(original.sequence.wrapping_add(99), EXTRAS, now).is_none());
    }

    #[test]
    fn the_history_forgets_the_oldest() {
        let (mut stream, now) = (stream(), Instant::now());
        let numbers: Vec<u16> = (0..HISTORY + 3)
            .map(|_| {
                let packet = stream.packet(7, false, vec![1; 30], EXTRAS, now);
                Packet::parse(&packet).unwrap().sequence
            })
            .collect();
        assert!(stream.again(numbers[2], EXTRAS, now).is_none());
        assert!(stream.again(numbers[3], EXTRAS, now).is_some());
        assert_eq!(stream.history.len(), HISTORY);
    }
}
