//! The mandatory part of the AV1 dependency descriptor (AV1 RTP payload specification, A.8.3).
//!
//! Only the three bytes that every packet carries are read; template structures follow when a
//! codec that needs them is forwarded.

/// Where a packet stands in its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mandatory {
    /// First packet of a frame.
    pub start_of_frame: bool,
    /// Last packet of a frame.
    pub end_of_frame: bool,
    /// Template of the frame, 0 to 63.
    pub template: u8,
    /// Frame number, wrapping.
    pub frame_number: u16,
}

impl Mandatory {
    /// Reads the value of the header extension.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let &[flags, high, low] = value.first_chunk()?;
        Some(Self {
            start_of_frame: flags & 0x80 != 0,
            end_of_frame: flags & 0x40 != 0,
            template: flags & 0x3f,
            frame_number: u16::from_be_bytes([high, low]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Mandatory;

    #[test]
    fn rows() {
        assert_eq!(Mandatory::parse(&[0x80, 1]), None);
        assert_eq!(
            Mandatory::parse(&[0xc5, 1, 2, 9]),
            Some(Mandatory {
                start_of_frame: true,
                end_of_frame: true,
                template: 5,
                frame_number: 0x0102
            })
        );
    }
}
