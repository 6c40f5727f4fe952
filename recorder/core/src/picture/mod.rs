//! The main picture of a recording: what to ask for, and frames that a decoder can show.
//!
//! Invariant: there is always a picture. Where the lesson has none it is the slate, which goes in
//! at once when a picture goes away, so that nobody's last frame lingers. Left out on purpose:
//! decoding; pictures pass as they came.

mod assembler;
mod choice;
mod keyframes;

use std::time::Duration;

use kreide_control::{ParticipantNo, SlotMapping, Source};

use crate::clock::{Ticks, ticks};
use crate::sealer::Sealer;
use crate::{Counts, Order};
use assembler::Assembler;
use choice::Choice;
use keyframes::Keyframes;

pub(crate) use assembler::{Packet, Picture};

#[derive(Debug)]
pub(crate) struct MainPicture {
    choice: Choice,
    assembler: Assembler,
    keyframes: Keyframes,
    /// What the slot carries.
    carried: Option<Source>,
    shown: Shown,
    look: Option<Order>,
}

/// What the recording shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// The slate, to be shown again at this time.
    Slate { again: Ticks },
    /// The slot's frames.
    Slot,
}

impl MainPicture {
    pub(crate) fn new(by: ParticipantNo) -> Self {
        Self {
            choice: Choice::new(by),
            assembler: Assembler::new(),
            keyframes: Keyframes::default(),
            carried: None,
            shown: Shown::Slate { again: 0 },
            look: None,
        }
    }

    pub(crate) fn insert(&mut self, sequence: u16, packet: Packet, counts: &mut Counts) {
        self.assembler.insert(sequence, packet, counts);
    }

    /// Which pictures can be asked for.
    pub(crate) fn offer(&mut self, pictures: Vec<Source>) {
        self.choice.offer(pictures);
    }

    /// Who speaks, loudest first.
    pub(crate) fn speaking(&mut self, speakers: Vec<ParticipantNo>) {
        self.choice.speaking(speakers);
    }

    /// What the slot carries from now on.
    pub(crate) fn carry(&mut self, mapping: &SlotMapping, now: Ticks, sealer: &mut Sealer) {
        if mapping.slot != SLOT {
            return;
        }
        let before = std::mem::replace(&mut self.carried, mapping.source);
        if mapping.source.is_none() {
            self.assembler.forget();
            sealer.forget_pictures_from(now);
            if self.shown == Shown::Slot {
                self.show_slate(now, sealer);
            }
        } else if mapping.source != before {
            // The source begins with a keyframe by itself.
            self.keyframes.expect(now);
        }
    }

    /// Chooses, completes frames and asks for keyframes. What is missing is waited for until
    /// `head`.
    pub(crate) fn advance(
        &mut self,
        now: Ticks,
        head: Ticks,
        sealer: &mut Sealer,
        counts: &mut Counts,
    ) {
        if let Some(wish) = self.choice.update(now) {
            self.look = Some(Order::Look(wish));
        }
        while let Some(picture) = self.assembler.poll(head, counts) {
            self.show(picture, sealer, counts);
        }
        if let Shown::Slate { again } = self.shown
            && again <= now
        {
            self.show_slate(now.max(0), sealer);
        }
        if self.carried.is_some() {
            self.keyframes.update(now, self.assembler.waits_for_keyframe(), counts);
        }
    }

    pub(crate) fn poll_order(&mut self) -> Option<Order> {
        self.look.take().or_else(|| self.keyframes.poll())
    }

    fn show(&mut self, picture: Picture, sealer: &mut Sealer, counts: &mut Counts) {
        let (at, keyframe) = (picture.at, picture.keyframe);
        if at < 0 || !sealer.push_picture(picture) {
            // Nothing of before the beginning, and no more than fits. What depends on it goes too.
            counts.broken += 1;
            self.assembler.break_chain();
            return;
        }
        self.shown = Shown::Slot;
        if keyframe {
            self.keyframes.came(at);
        }
    }

    fn show_slate(&mut self, at: Ticks, sealer: &mut Sealer) {
        sealer.push_instead(Picture { at, keyframe: true, data: SLATE.to_vec() });
        self.shown = Shown::Slate { again: at + SLATE_EVERY };
    }
}

/// The one picture slot of a recorder.
const SLOT: u8 = 0;

/// Shown while there is no picture: a VP8 keyframe of 1280x720, colour #263032, and in its middle,
/// 240 pixels high, the mark in #F4F4EF. Made from an SVG of look.md's strokes by
/// `ffmpeg -i slate.svg -frames:v 1 -pix_fmt yuv420p -c:v libvpx -quality best -qmin 10 -qmax 10
/// -crf 10 -b:v 2M slate.ivf`, without the 44 bytes of IVF headers.
const SLATE: &[u8] = include_bytes!("../slate.vp8");
/// A player that begins in the middle of a long slate finds it within this; at 3 kB it costs less
/// than the silence beside it.
const SLATE_EVERY: Ticks = ticks(Duration::from_secs(5));

#[cfg(test)]
mod tests {
    use kreide_media::vp8::{Descriptor, keyframe_size};

    use super::*;

    #[test]
    fn the_slate_is_a_keyframe_of_the_size_that_is_recorded() {
        let payload = [&[0x10], SLATE].concat();
        let descriptor = Descriptor::parse(&payload).unwrap();
        assert_eq!(keyframe_size(&descriptor, &payload), Some((1280, 720)));
        // RFC 6386 section 9.1: the frame tag says how long its first partition is.
        let tag = u32::from_le_bytes([SLATE[0], SLATE[1], SLATE[2], 0]);
        assert!((tag >> 5) as usize + 10 < SLATE.len() && SLATE.len() < 3_000);
    }
}
