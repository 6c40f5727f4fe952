//! What comes out of a timeline: frames in fragments, ready to be muxed.

use std::time::Duration;

/// A piece of a recording that is written and fetched as a whole. Fragments follow each other
/// without a gap; frames stand in the order of their times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// When it begins, from the beginning of the recording. A whole number of milliseconds.
    pub start: Duration,
    /// How long it lasts: at most two seconds. A whole number of milliseconds.
    pub duration: Duration,
    /// Which run it belongs to, from 0. A change of codec begins a new run.
    pub run: u32,
    /// Whether its first picture is a keyframe: a player can begin here.
    pub keyframe: bool,
    /// Its frames, at least one.
    pub frames: Vec<Frame>,
}

/// One frame of one track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Which track.
    pub track: Track,
    /// When it is heard or shown, from the beginning of the recording.
    pub at: Duration,
    /// Whether a decoder can begin here. Sound always can.
    pub keyframe: bool,
    /// One Opus packet (RFC 6716) of 20 ms, or one VP8 frame (RFC 6386).
    pub data: Vec<u8>,
}

/// The tracks of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// All voices and content sound, mixed: Opus, 48 kHz, stereo.
    Sound,
    /// The main picture: VP8. Its size may change at every keyframe.
    Picture,
}
