//! Cuts what is finished into fragments.
//!
//! Invariant: fragments follow each other without gap or overlap, each has sound, and pictures
//! have rising times of whole milliseconds.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::{TICKS_PER_MS, Ticks};
use crate::picture::Picture;
use crate::sound::FRAME;
use crate::{Fragment, Frame, Track};

#[derive(Debug, Default)]
pub(crate) struct Sealer {
    /// Where the open fragment begins, in milliseconds.
    start: u64,
    sound: VecDeque<Frame>,
    pictures: VecDeque<Frame>,
    picture_bytes: usize,
    /// The earliest time of the next picture, in milliseconds.
    free: u64,
    /// Whoever drives the timeline takes these after each step.
    sealed: VecDeque<Fragment>,
}

impl Sealer {
    /// How much is sealed, in milliseconds.
    pub(crate) fn length(&self) -> Duration {
        Duration::from_millis(self.start)
    }

    pub(crate) fn push_sound(&mut self, frame: Frame) {
        self.sound.push_back(frame);
    }

    /// Takes in a picture, a little later than it says if its time is sealed or taken. False if it
    /// does not fit.
    pub(crate) fn push_picture(&mut self, picture: Picture) -> bool {
        let size = picture.data.len();
        if !self.has_room_for(size) {
            return false;
        }
        let wanted = u64::try_from(picture.at / TICKS_PER_MS).unwrap_or(0);
        let at = wanted.max(self.free).max(self.start);
        self.free = at + 1;
        self.picture_bytes += size;
        self.pictures.push_back(Frame {
            track: Track::Picture,
            at: Duration::from_millis(at),
            keyframe: picture.keyframe,
            data: picture.data,
        });
        true
    }

    /// Takes in a picture for sure: where there is no room, the latest pictures make it. Nothing
    /// that is still to come may depend on them.
    pub(crate) fn push_instead(&mut self, picture: Picture) {
        while !self.has_room_for(picture.data.len())
            && let Some(last) = self.pictures.pop_back()
        {
            self.took_back(&last);
        }
        self.push_picture(picture);
    }

    fn has_room_for(&self, size: usize) -> bool {
        self.pictures.len() < MOST_PICTURES && self.picture_bytes + size <= MOST_PICTURE_BYTES
    }

    /// Takes back the pictures from a time on that are not sealed.
    pub(crate) fn forget_pictures_from(&mut self, at: Ticks) {
        let from = Duration::from_millis(u64::try_from(at / TICKS_PER_MS).unwrap_or(0));
        while let Some(last) = self.pictures.pop_back_if(|last| last.at >= from) {
            self.took_back(&last);
        }
    }

    fn took_back(&mut self, last: &Frame) {
        self.picture_bytes -= last.data.len();
        self.free = last.at.as_millis() as u64;
    }

    /// Seals what can be cut off before `head`, up to where all sound is known. The last sound
    /// stays, so that what is left has some whenever the end comes.
    pub(crate) fn seal(&mut self, head: Ticks) {
        let last_sound = u64::try_from((head - FRAME) / TICKS_PER_MS).unwrap_or(0);
        loop {
            let cut = self.next_cut();
            if cut > last_sound {
                return;
            }
            self.cut(cut);
        }
    }

    /// Seals all up to `end`; what is later is dropped.
    pub(crate) fn finish(&mut self, end: Ticks) {
        self.seal(end);
        self.forget_pictures_from(end);
        let end = (end / TICKS_PER_MS) as u64;
        if end > self.start {
            self.cut(end);
        }
    }

    pub(crate) fn poll(&mut self) -> Option<Fragment> {
        self.sealed.pop_front()
    }

    /// At a keyframe, so that a player can begin there, unless it already can at the fragment's
    /// beginning; else when it is long enough.
    fn next_cut(&self) -> u64 {
        let regular = self.start + LENGTH_MS;
        let Some(first) = self.pictures.front().filter(|first| !first.keyframe) else {
            return regular;
        };
        let Some(keyframe) = self.pictures.iter().find(|picture| picture.keyframe) else {
            return regular;
        };
        debug_assert!(first.at < keyframe.at);
        let has_sound = self.sound.front().is_some_and(|frame| frame.at < keyframe.at);
        let at = keyframe.at.as_millis() as u64;
        if has_sound { regular.min(at) } else { regular }
    }

    fn cut(&mut self, end: u64) {
        let until = Duration::from_millis(end);
        let mut frames: Vec<Frame> = Vec::new();
        while let Some(frame) = self.sound.pop_front_if(|frame| frame.at < until) {
            frames.push(frame);
        }
        let mut first = None;
        while let Some(frame) = self.pictures.pop_front_if(|frame| frame.at < until) {
            self.picture_bytes -= frame.data.len();
            first.get_or_insert(frame.keyframe);
            frames.push(frame);
        }
        // Stable: sound stands before a picture of the same time.
        frames.sort_by_key(|frame| frame.at);
        self.sealed.push_back(Fragment {
            start: Duration::from_millis(self.start),
            duration: Duration::from_millis(end - self.start),
            run: 0,
            keyframe: first.unwrap_or(false),
            frames,
        });
        self.start = end;
    }
}

/// A crash loses what is not sealed: this, the hold, and what the disk takes are two seconds.
const LENGTH_MS: u64 = 1_000;
/// Ten seconds of 60 pictures a second; when full, pictures are refused.
const MOST_PICTURES: usize = 600;
/// A hundred times what a hold of the richest picture weighs; when full, pictures are refused.
const MOST_PICTURE_BYTES: usize = 32 << 20;
