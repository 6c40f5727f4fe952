//! The little of RTP and RTCP headers that protection must know.

/// The fields of an RTP header that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RtpHeader {
    /// Header with CSRCs and extension, in bytes: what stays in clear.
    pub(super) len: usize,
    pub(super) sequence: u16,
    pub(super) ssrc: u32,
}

impl RtpHeader {
    /// Reads the header (RFC 3550 section 5.1 and 5.3.1). `None` if the packet breaks off in it
    /// or is not version 2.
    pub(super) fn read(packet: &[u8]) -> Option<Self> {
        let (fixed, _) = packet.split_first_chunk::<12>()?;
        if fixed[0] >> 6 != 2 {
            return None;
        }
        let mut len = 12 + 4 * usize::from(fixed[0] & 0x0f);
        if fixed[0] & 0x10 != 0 {
            let extension = packet.get(len..len + 4)?;
            len += 4 + 4 * usize::from(u16::from_be_bytes([extension[2], extension[3]]));
        }
        (len <= packet.len()).then_some(Self {
            len,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
        })
    }
}

/// The sender's SSRC of an RTCP packet; `None` if it is shorter than its fixed part or is not
/// version 2.
pub(super) fn rtcp_ssrc(packet: &[u8]) -> Option<u32> {
    let (fixed, _) = packet.split_first_chunk::<8>()?;
    (fixed[0] >> 6 == 2).then(|| u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_where_the_payload_begins() {
        let check = |packet: &[u8], len: Option<usize>| {
            assert_eq!(RtpHeader::read(packet).map(|header| header.len), len, "{packet:02x?}");
        };
        let with = |first: u8, rest: &[u8]| {
            let mut packet = vec![first, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
            packet.extend_from_slice(rest);
            packet
        };
        check(&with(0x80, &[]), Some(12));
        check(&with(0x80, &[1, 2, 3]), Some(12));
        check(&with(0x81, &[0; 4]), Some(16));
        check(&with(0x81, &[0; 3]), None);
        check(&with(0x90, &[0xbe, 0xde, 0, 1, 1, 2, 3, 4]), Some(20));
        check(&with(0x90, &[0xbe, 0xde, 0, 1, 1, 2, 3]), None);
        check(&with(0x90, &[0xbe, 0xde, 0xff, 0xff]), None);
        check(&with(0x90, &[0xbe]), None);
        check(&with(0x9f, &[0; 64]), Some(76));
        check(&with(0x40, &[]), None);
        check(&with(0x80, &[])[..11], None);
    }
}
