//! Keeps a sum of loud voices within full scale.
//!
//! A gain follows the peaks of short blocks: down within one block, up again over a fifth of a
//! second. What a block's ramp is too slow for, Opus' own soft clip rounds off.

use opus::{Channels, SoftClip};

use super::STEREO;

#[derive(Debug)]
pub(crate) struct Limiter {
    gain: f32,
    soft_clip: SoftClip,
}

impl Limiter {
    pub(crate) fn new() -> Self {
        Self { gain: 1.0, soft_clip: SoftClip::new(Channels::Stereo) }
    }

    pub(crate) fn apply(&mut self, sound: &mut [f32]) {
        for block in sound.chunks_exact_mut(BLOCK * STEREO) {
            self.block(block);
        }
        self.soft_clip.apply(sound);
    }

    fn block(&mut self, block: &mut [f32]) {
        let peak = block.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        let allowed = if peak > CEILING { CEILING / peak } else { 1.0 };
        let target = allowed.min(self.gain + RECOVERY);
        let step = (target - self.gain) / BLOCK as f32;
        for pair in block.chunks_exact_mut(STEREO) {
            self.gain += step;
            pair.iter_mut().for_each(|sample| *sample *= self.gain);
        }
        self.gain = target;
    }
}

/// 2.5 ms: faster is heard as distortion, slower lets a plosive through.
const BLOCK: usize = 120;
/// A decibel below full scale, since encoding overshoots a little.
const CEILING: f32 = 0.89;
/// From silence to full gain in a fifth of a second.
const RECOVERY: f32 = 0.0125;

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(amplitude: f32, samples: usize) -> Vec<f32> {
        (0..samples).flat_map(|i| [amplitude * (i as f32 * 0.0576).sin(); STEREO]).collect()
    }

    #[test]
    fn what_fits_is_left_alone() {
        let mut sound = sine(0.85, 960);
        Limiter::new().apply(&mut sound);
        assert_eq!(sound, sine(0.85, 960));
    }

    #[test]
    fn three_shouting_fit_and_keep_their_shape() {
        let (mut limiter, mut sound) = (Limiter::new(), sine(3.0, 9_600));
        sound.chunks_mut(1_920).for_each(|frame| limiter.apply(frame));
        assert!(sound.iter().all(|sample| sample.abs() <= 1.0));
        // A clipped sine has long plateaus; a turned-down one touches its peak now and then.
        let settled = &sound[1_920..];
        let flat = settled.iter().filter(|sample| sample.abs() > 0.88).count();
        assert!(flat * 5 < settled.len(), "{flat} of {}", settled.len());
        let mut quiet = sine(0.5, 9_600);
        quiet.chunks_mut(1_920).for_each(|frame| limiter.apply(frame));
        assert_eq!(quiet[quiet.len() - 1_920..], sine(0.5, 9_600)[19_200 - 1_920..]);
    }
}
