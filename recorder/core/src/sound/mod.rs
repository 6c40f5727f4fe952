//! The sound of a recording: all voices, mixed on the timeline and encoded without a pause.
//!
//! Invariant: one Opus frame for each 20 ms from the beginning, whether anybody speaks or not.

mod limiter;
mod strip;
mod voice;

use std::time::Duration;

use kreide_media::recorder::AUDIO_SLOTS;
use opus::{Application, Bitrate, Channels, Encoder};

use crate::clock::{Ticks, duration, ticks};
use crate::timeline::SoundError;
use crate::{Counts, Frame, OPUS_PRE_SKIP, Track};
use limiter::Limiter;
use voice::Voice;

pub(crate) use voice::Packet;

/// One frame.
pub(crate) const FRAME: Ticks = ticks(Duration::from_millis(20));

const SAMPLE_RATE: u32 = 48_000;
const STEREO: usize = 2;

#[derive(Debug)]
pub(crate) struct Mixer {
    voices: Vec<Voice>,
    limiter: Limiter,
    encoder: Encoder,
    /// Where the next frame begins.
    head: Ticks,
}

impl Mixer {
    pub(crate) fn new() -> Result<Self, SoundError> {
        let mut encoder = Encoder::new(SAMPLE_RATE, Channels::Stereo, Application::Audio)?;
        encoder.set_bitrate(Bitrate::Bits(BITS_PER_SECOND))?;
        encoder.set_vbr(true)?;
        encoder.set_complexity(COMPLEXITY)?;
        debug_assert_eq!(encoder.get_lookahead()?, i32::from(OPUS_PRE_SKIP));
        let voices = (0..AUDIO_SLOTS).map(|_| Voice::new()).collect::<Result<_, _>>()?;
        Ok(Self { voices, limiter: Limiter::new(), encoder, head: 0 })
    }

    /// Up to where the sound is mixed.
    pub(crate) fn head(&self) -> Ticks {
        self.head
    }

    /// Takes in a packet of a slot; a slot that does not exist has no voice.
    pub(crate) fn insert(&mut self, slot: u8, sequence: u16, packet: Packet, counts: &mut Counts) {
        if let Some(voice) = self.voices.get_mut(usize::from(slot)) {
            voice.insert(sequence, packet, counts);
        }
    }

    /// Mixes the next 20 ms.
    pub(crate) fn mix(&mut self, counts: &mut Counts) -> Frame {
        let mut sum = [0.0; FRAME as usize * STEREO];
        for voice in &mut self.voices {
            voice.mix(self.head, &mut sum, counts);
        }
        self.limiter.apply(&mut sum);
        let data = self
            .encoder
            .encode_vec_float(&sum, LARGEST_FRAME)
            .expect("20 ms of 48 kHz stereo are an Opus frame, and the largest one fits");
        let at = duration(self.head);
        self.head += FRAME;
        Frame { track: Track::Sound, at, keyframe: true, data }
    }
}

/// Transparent for speech, and enough for the music of a shown film.
const BITS_PER_SECOND: i32 = 48_000;
/// Of 10. The last steps cost twice the time for a gain that only tests of music show; below 5
/// the encoder no longer tells speech from music.
const COMPLEXITY: i32 = 5;
/// RFC 6716 section 3.4, R2.
const LARGEST_FRAME: usize = 1_275;
