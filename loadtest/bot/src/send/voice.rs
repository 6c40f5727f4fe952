//! Made-up voices: Opus packets that decode to silence, with levels of a person who talks in turns.
//!
//! The stamp lies in the packet's padding (RFC 6716 section 3.2.5), so it is valid Opus.

use kreide_media::extension::AudioLevel;
use rand::Rng;
use rand::rngs::SmallRng;

use crate::stamp::{self, Stamp};

/// One microphone.
pub(crate) struct Voice {
    random: SmallRng,
    /// Packets until the person begins or ends to talk.
    left: u32,
    talks: bool,
}

impl Voice {
    pub(crate) fn new(random: SmallRng) -> Self {
        Self { random, left: 0, talks: false }
    }

    /// The payload and level of the next 20 ms.
    pub(crate) fn packet(&mut self, stamp: &Stamp) -> (Vec<u8>, AudioLevel) {
        if self.left == 0 {
            self.talks = !self.talks;
            // Talks for 1 to 4 s, listens as long.
            self.left = self.random.random_range(50..200);
        }
        self.left -= 1;
        let below_full_scale = if self.talks {
            self.random.random_range(22..34)
        } else {
            self.random.random_range(68..80)
        };
        let level = AudioLevel { voice: self.talks, below_full_scale };
        (payload(stamp), level)
    }
}

/// 80 bytes, as 32 kbit/s make.
fn payload(stamp: &Stamp) -> Vec<u8> {
    const PADDING: usize = 75;
    let mut out = vec![
        // RFC 6716 section 3.1: CELT, full band, 20 ms, mono, any number of frames.
        31 << 3 | 3,
        // One frame, padding.
        0x41,
        PADDING as u8,
        // The frame: silence.
        0xff,
        0xfe,
    ];
    out.resize(out.len() + PADDING - stamp::LENGTH, 0);
    stamp.write(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use kreide_protocol::Kind;
    use rand::SeedableRng;

    use super::*;

    const STAMP: Stamp = Stamp { publisher: 4, kind: Kind::Microphone, layer: 0, captured: 77 };

    #[test]
    fn a_packet_is_opus_with_padding_that_ends_in_the_stamp() {
        let payload = payload(&STAMP);
        assert_eq!(payload.len(), 80);
        // Code 3, one frame with constant size, padding: TOC, count, length, frame, padding.
        assert_eq!((payload[0] & 3, payload[1] & 0x3f, payload[1] & 0x40), (3, 1, 0x40));
        assert_eq!(payload.len() - 3 - usize::from(payload[2]), 2, "the frame has two bytes");
        assert_eq!(Stamp::read(&payload), Some(STAMP));
    }

    #[test]
    fn people_talk_in_turns() {
        let mut voice = Voice::new(SmallRng::seed_from_u64(3));
        let loud = (0..5_000).filter(|_| voice.packet(&STAMP).1.below_full_scale < 40).count();
        assert!((1_500..3_500).contains(&loud), "{loud}");
    }
}
