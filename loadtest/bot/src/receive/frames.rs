//! Puts packets together to whole pictures, in order, as a jitter buffer does.
//!
//! A picture counts when its last packet and everything before it are there. What is given up
//! leaves the decoder without reference: then only a keyframe helps.
//! Invariant: packets that wait are bounded; when too many do, a keyframe is awaited.

use std::collections::BTreeMap;

/// What matters of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// It begins a keyframe.
    pub(crate) key: bool,
    /// It ends a picture.
    pub(crate) end: bool,
    /// When the picture was captured: microseconds since 1970 UTC; `None` for padding.
    pub(crate) captured: Option<u64>,
}

/// A whole picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) key: bool,
    pub(crate) captured: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// The next number; `None` while a keyframe is awaited.
    next: Option<u64>,
    waiting: BTreeMap<u64, Piece>,
    /// The picture being put together began with a keyframe.
    key: bool,
}

impl Frames {
    /// Whether only a keyframe helps.
    pub(crate) fn wants_keyframe(&self) -> bool {
        self.next.is_none()
    }

    /// Takes a packet. Returns the pictures that are whole now.
    pub(crate) fn take(&mut self, number: u64, piece: Piece) -> Vec<Picture> {
        let next = match self.next {
            None if piece.key => number,
            // A keyframe needs nothing of what is missing before it.
            Some(next) if piece.key && number > next && self.is_stuck() => number,
            None => return Vec::new(),
            Some(next) if number < next => return Vec::new(),
            Some(next) => next,
        };
        self.next = Some(next);
        if number > next && self.waiting.len() >= MOST_WAITING {
            self.lost();
            return Vec::new();
        }
        self.waiting.insert(number, piece);
        self.advance()
    }

    /// A packet was given up.
    pub(crate) fn lost(&mut self) {
        // A keyframe that waits already is the place to go on.
        let key = self.waiting.iter().find(|(_, piece)| piece.key).map(|(number, _)| *number);
        self.waiting = key.map_or_else(BTreeMap::new, |key| self.waiting.split_off(&key));
        self.next = key;
    }

    /// Pictures that became whole by [`Self::lost`].
    pub(crate) fn advance(&mut self) -> Vec<Picture> {
        let mut whole = Vec::new();
        while let Some(next) = self.next
            && let Some(piece) = self.waiting.remove(&next)
        {
            self.next = Some(next + 1);
            self.key |= piece.key;
            if piece.end
                && let Some(captured) = piece.captured
            {
                whole.push(Picture { key: std::mem::take(&mut self.key), captured });
            }
        }
        whole
    }

    fn is_stuck(&self) -> bool {
        self.waiting.len() >= MOST_WAITING
    }
}

/// A second of a top layer.
const MOST_WAITING: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Piece = Piece { key: true, end: false, captured: Some(1) };
    const MIDDLE: Piece = Piece { key: false, end: false, captured: Some(2) };
    const END: Piece = Piece { key: false, end: true, captured: Some(3) };
    const ALONE: Piece = Piece { key: true, end: true, captured: Some(4) };
    const PADDING: Piece = Piece { key: false, end: false, captured: None };

    fn play(frames: &mut Frames, pieces: &[(u64, Piece)]) -> Vec<(bool, u64)> {
        pieces
            .iter()
            .flat_map(|(number, piece)| frames.take(*number, *piece))
            .map(|picture| (picture.key, picture.captured))
            .collect()
    }

    #[test]
    fn pictures_are_whole_in_order_and_begin_with_a_keyframe() {
        let mut frames = Frames::default();
        assert_eq!(play(&mut frames, &[(1, MIDDLE), (2, END)]), []);
        assert_eq!(play(&mut frames, &[(3, KEY), (4, MIDDLE), (5, END)]), [(true, 3)]);
        assert_eq!(play(&mut frames, &[(8, END), (7, PADDING)]), []);
        assert_eq!(play(&mut frames, &[(6, END)]), [(false, 3), (false, 3)]);
        assert_eq!(play(&mut frames, &[(6, END)]), [], "again");
    }

    #[test]
    fn after_a_loss_only_a_keyframe_helps() {
        let mut frames = Frames::default();
        play(&mut frames, &[(1, ALONE), (3, END)]);
        frames.lost();
        assert!(frames.wants_keyframe());
        assert_eq!(play(&mut frames, &[(4, END), (5, ALONE), (6, END)]), [(true, 4), (false, 3)]);

        play(&mut frames, &[(8, END), (9, ALONE), (10, END)]);
        frames.lost();
        assert!(!frames.wants_keyframe(), "one waits already");
        assert_eq!(frames.advance().len(), 2);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut frames = Frames::default();
        play(&mut frames, &[(1, ALONE)]);
        for number in 3..10_000 {
            frames.take(number, MIDDLE);
            assert!(frames.waiting.len() <= MOST_WAITING);
        }
        assert!(frames.wants_keyframe());
    }
}
