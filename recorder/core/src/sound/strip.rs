//! Decoded sound of one voice that waits to be mixed.
//!
//! Invariant: no two pieces of speech lie on each other; only the end of one fades out under the
//! beginning of the next. What would lie before the mix, or on a piece that is already there, is
//! cut off.

use std::collections::VecDeque;

use super::{FRAME, STEREO};
use crate::clock::Ticks;

#[derive(Debug, Default)]
pub(crate) struct Strip {
    /// Where `samples` begins: up to here all is mixed.
    head: Ticks,
    /// Up to where speech lies.
    end: Ticks,
    samples: VecDeque<f32>,
}

/// How a piece begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Onset {
    /// It goes on from the piece before.
    Seamless,
    /// It rises from silence, or out of the end of the piece before.
    Rising,
}

impl Strip {
    /// Up to where all is mixed.
    pub(crate) fn head(&self) -> Ticks {
        self.head
    }

    /// Lays a piece of interleaved stereo on the strip. False if nothing of it could be kept.
    pub(crate) fn lay(&mut self, at: Ticks, piece: &[f32], onset: Onset) -> bool {
        let free = self.head.max(self.end);
        let cut = usize::try_from(free - at).unwrap_or(0) * STEREO;
        let Some(kept) = piece.get(cut..).filter(|kept| !kept.is_empty()) else { return false };
        let begin = at.max(free);
        let rising = if onset == Onset::Rising || cut > 0 { RISE } else { 0 };
        self.add(begin, kept, |i| if i < rising { i as f32 / RISE as f32 } else { 1.0 });
        self.end = begin + (kept.len() / STEREO) as Ticks;
        true
    }

    /// Lets a continuation die away behind the last piece.
    pub(crate) fn fade(&mut self, at: Ticks, tail: &[f32]) {
        let cut = usize::try_from(self.head - at).unwrap_or(0) * STEREO;
        let length = tail.len() / STEREO;
        let shift = cut / STEREO;
        let Some(kept) = tail.get(cut..) else { return };
        self.add(at.max(self.head), kept, |i| 1.0 - (i + shift) as f32 / length as f32);
    }

    /// Adds the next frame to a mix.
    pub(crate) fn mix_into(&mut self, mix: &mut [f32]) {
        let ready = self.samples.len().min(mix.len());
        for (sum, sample) in mix.iter_mut().zip(self.samples.drain(..ready)) {
            *sum += sample;
        }
        self.head += FRAME;
    }

    fn add(&mut self, at: Ticks, piece: &[f32], gain: impl Fn(usize) -> f32) {
        let offset = usize::try_from(at - self.head).unwrap_or(0) * STEREO;
        let needed = offset + piece.len();
        if self.samples.len() < needed {
            self.samples.resize(needed, 0.0);
        }
        for (i, (sum, sample)) in self.samples.range_mut(offset..).zip(piece).enumerate() {
            *sum += sample * gain(i / STEREO);
        }
    }
}

/// 2.5 ms: short enough to leave a consonant alone, long enough not to click.
const RISE: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    fn mixed(strip: &mut Strip) -> Vec<f32> {
        let mut mix = vec![0.0; FRAME as usize * STEREO];
        strip.mix_into(&mut mix);
        mix.chunks(STEREO).map(|pair| pair[0]).collect()
    }

    #[test]
    fn pieces_join_without_a_seam_and_never_lie_on_each_other() {
        let mut strip = Strip::default();
        let piece = [1.0; 480 * STEREO];
        assert!(strip.lay(0, &piece, Onset::Seamless));
        assert!(strip.lay(480, &piece, Onset::Seamless));
        assert!(mixed(&mut strip).iter().all(|sample| *sample == 1.0));
        assert!(!strip.lay(480, &piece, Onset::Seamless), "before the mix");
        assert!(strip.lay(720, &piece, Onset::Seamless));
        let found = mixed(&mut strip);
        assert!(found[0] == 0.0 && found[119] < 1.0 && found[120..240].iter().all(|s| *s == 1.0));
        assert!(found[240..].iter().all(|sample| *sample == 0.0));
    }

    #[test]
    fn an_end_dies_away() {
        let mut strip = Strip::default();
        strip.fade(0, &[1.0; 240 * STEREO]);
        let found = mixed(&mut strip);
        assert!(found.windows(2).all(|pair| pair[0] - pair[1] < 0.01 && pair[0] >= pair[1]));
        assert_eq!((found[0], found[240]), (1.0, 0.0));
    }
}
