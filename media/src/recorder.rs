//! The lines on which a recorder receives. Nobody negotiates them: they are the same everywhere.

use crate::line::{Codec, CodecName, ExtensionIds};

/// Slots for chosen voices, numbered from 0.
pub const AUDIO_SLOTS: u8 = 3;
/// Slots for pictures, numbered from 0: the main picture alone.
pub const VIDEO_SLOTS: u8 = 1;

/// The codec of the audio slots.
pub const OPUS: Codec =
    Codec { name: CodecName::Opus, payload_type: 111, rtx_payload_type: None, clock_rate: 48_000 };

/// The codec of the picture slots.
pub const VP8: Codec =
    Codec { name: CodecName::Vp8, payload_type: 96, rtx_payload_type: None, clock_rate: 90_000 };

/// The only extension is the capture time, on the SFU's clock.
pub const EXTENSIONS: ExtensionIds = ExtensionIds {
    mid: None,
    rid: None,
    repaired_rid: None,
    audio_level: None,
    abs_send_time: None,
    transport_cc: None,
    abs_capture_time: Some(1),
    dependency_descriptor: None,
};

/// Which slot a packet belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A voice.
    Audio(u8),
    /// A picture.
    Video(u8),
}

impl Slot {
    /// The slot with this SSRC.
    #[must_use]
    pub fn of(ssrc: u32) -> Option<Self> {
        let index = (ssrc & 0xff) as u8;
        match ssrc & !0xff {
            AUDIO_SSRC if index < AUDIO_SLOTS => Some(Self::Audio(index)),
            VIDEO_SSRC if index < VIDEO_SLOTS => Some(Self::Video(index)),
            _ => None,
        }
    }

    /// The SSRC of this slot.
    #[must_use]
    pub fn ssrc(self) -> u32 {
        match self {
            Self::Audio(index) => AUDIO_SSRC | u32::from(index),
            Self::Video(index) => VIDEO_SSRC | u32::from(index),
        }
    }
}

const AUDIO_SSRC: u32 = 0x0a00;
const VIDEO_SSRC: u32 = 0x0b00;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_known_by_its_ssrc() {
        for slot in [Slot::Audio(0), Slot::Audio(2), Slot::Video(0)] {
            assert_eq!(Slot::of(slot.ssrc()), Some(slot));
        }
        for stray in [0, 1, AUDIO_SSRC + 3, VIDEO_SSRC + 1, u32::MAX] {
            assert_eq!(Slot::of(stray), None, "{stray}");
        }
    }
}
