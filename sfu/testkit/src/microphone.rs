//! An Opus sender with a level.

use kreide_media::extension::{AudioLevel, Writer};
use kreide_media::rtp::Header;

use crate::fixture::{AUDIO_PAYLOAD_TYPE, EXTENSION_LEVEL, EXTENSION_MID};

/// A made-up microphone: one packet each 20 ms.
#[derive(Debug)]
pub struct Microphone {
    mid: String,
    header: Header,
}

impl Microphone {
    /// A microphone on a line.
    #[must_use]
    pub fn new(mid: &str, ssrc: u32) -> Self {
        let payload_type = AUDIO_PAYLOAD_TYPE;
        let header = Header { marker: false, payload_type, sequence: 9, timestamp: 77, ssrc };
        Self { mid: mid.to_owned(), header }
    }

    /// SSRC and timestamp of the last packet.
    #[must_use]
    pub fn clock(&self) -> (u32, u32) {
        (self.header.ssrc, self.header.timestamp)
    }

    /// The next packet with a level in dB below full scale.
    pub fn packet(&mut self, below_full_scale: u8) -> Vec<u8> {
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(960);
        let mut out = Vec::new();
        self.header.write(&mut out, true, false);
        let mut extensions = Writer::begin(&mut out);
        extensions.add(Some(EXTENSION_MID), self.mid.as_bytes());
        let level = AudioLevel { voice: true, below_full_scale };
        extensions.add(Some(EXTENSION_LEVEL), &[level.to_byte()]);
        extensions.finish();
        out.extend_from_slice(&self.header.ssrc.to_be_bytes());
        out
    }
}
