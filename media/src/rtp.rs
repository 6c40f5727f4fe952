//! A read-only view of one RTP packet (RFC 3550 section 5.1).

use crate::ParseError;
use crate::extension::Extensions;

/// Bytes of the fixed header.
pub const FIXED_HEADER: usize = 12;

/// One RTP packet whose lengths have been checked.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Marker bit: end of a video frame, start of a talk spurt.
    pub marker: bool,
    /// Payload type, 7 bits.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp in units of the codec's clock rate.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// Header extensions.
    pub extensions: Extensions<'a>,
    /// Payload without padding; empty for a packet of padding alone.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a packet.
    ///
    /// # Errors
    /// [`ParseError`] if a length does not fit the input or the version is not 2.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let fixed: &[u8; FIXED_HEADER] = bytes.first_chunk().ok_or(ParseError::Truncated)?;
        if fixed[0] >> 6 != 2 {
            return Err(ParseError::Malformed("RTP version"));
        }
        let csrc_end = FIXED_HEADER + 4 * usize::from(fixed[0] & 0x0f);
        let mut rest = bytes.get(csrc_end..).ok_or(ParseError::Truncated)?;
        let mut extensions = Extensions::default();
        if fixed[0] & 0x10 != 0 {
            let head: &[u8; 4] = rest.first_chunk().ok_or(ParseError::Truncated)?;
            let profile = u16::from_be_bytes([head[0], head[1]]);
            let length = 4 * usize::from(u16::from_be_bytes([head[2], head[3]]));
            let body = rest.get(4..4 + length).ok_or(ParseError::Truncated)?;
            extensions = Extensions::new(profile, body);
            rest = &rest[4 + length..];
        }
        if fixed[0] & 0x20 != 0 {
            let padding = usize::from(*rest.last().ok_or(ParseError::Truncated)?);
            if padding == 0 || padding > rest.len() {
                return Err(ParseError::Malformed("RTP padding"));
            }
            rest = &rest[..rest.len() - padding];
        }
        Ok(Self {
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7f,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
            extensions,
            payload: rest,
        })
    }
}

/// The fixed header of a packet to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Marker bit.
    pub marker: bool,
    /// Payload type, 7 bits.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
}

impl Header {
    /// Appends the fixed header; `extended` says that an extension block follows, `padded` that
    /// the packet ends in padding.
    pub fn write(&self, out: &mut Vec<u8>, extended: bool, padded: bool) {
        out.push(0x80 | u8::from(padded) << 5 | u8::from(extended) << 4);
        out.push(u8::from(self.marker) << 7 | self.payload_type & 0x7f);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header =
        Header { marker: true, payload_type: 96, sequence: 7, timestamp: 90, ssrc: 0xdead_beef };

    #[test]
    fn reads_what_it_wrote() {
        let mut bytes = Vec::new();
        HEADER.write(&mut bytes, false, false);
        bytes.extend_from_slice(b"payload");
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!((packet.marker, packet.payload_type, packet.sequence), (true, 96, 7));
        assert_eq!(
            (packet.timestamp, packet.ssrc, packet.payload),
            (90, 0xdead_beef, &b"payload"[..])
        );
    }

    #[test]
    fn padding_is_cut_or_refused() {
        for (tail, expected) in [
            (&[1, 2, 3, 0, 2][..], Some(3)),
            (&[0, 0, 3], Some(0)),
            (&[1, 0], None),
            (&[1, 9], None),
            (&[], None),
        ] {
            let mut bytes = Vec::new();
            HEADER.write(&mut bytes, false, true);
            bytes.extend_from_slice(tail);
            assert_eq!(Packet::parse(&bytes).ok().map(|p| p.payload.len()), expected, "{tail:?}");
        }
    }

    #[test]
    fn every_truncation_is_refused_or_read_without_panic() {
        let mut bytes = vec![0x91, 0x60, 0, 7, 0, 0, 0, 90, 1, 2, 3, 4, 9, 9, 9, 9];
        bytes.extend_from_slice(&[0xbe, 0xde, 0, 1, 0x10, 0x41, 0, 0, 1, 2]);
        assert_eq!(Packet::parse(&bytes).unwrap().payload, &[1, 2]);
        for end in 0..bytes.len() - 2 {
            assert!(Packet::parse(&bytes[..end]).is_err(), "{end}");
        }
    }
}
