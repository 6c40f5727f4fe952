//! VP8 frames out of RTP packets (RFC 7741).
//!
//! Invariant: a frame comes out only if all of it came, and all since the last keyframe. After a
//! loss nothing comes until the next keyframe: a decoder would show it, but wrong.

use kreide_media::rtp;
use kreide_media::vp8::{self, Descriptor};

use crate::Counts;
use crate::clock::{Place, Ticks};
use crate::reorder::{Entry, Next, Reorder};

/// A packet of the picture.
#[derive(Debug)]
pub(crate) struct Packet {
    timestamp: u32,
    place: Place,
    marker: bool,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// A part of a frame, without descriptor.
    Part { begins: Begins, bytes: Vec<u8> },
    /// It only fills its number.
    Padding,
}

/// What a packet begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begins {
    Nothing,
    Frame,
    Keyframe,
}

/// A whole frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) at: Ticks,
    pub(crate) keyframe: bool,
    pub(crate) data: Vec<u8>,
}

impl Packet {
    /// Nothing if the payload is no VP8 (RFC 7741 section 4.2).
    pub(crate) fn read(rtp: &rtp::Packet<'_>, place: Place) -> Option<Self> {
        let content = if rtp.payload.is_empty() {
            Content::Padding
        } else {
            let descriptor = Descriptor::parse(rtp.payload).ok()?;
            let bytes = rtp.payload.get(descriptor.length..).filter(|bytes| !bytes.is_empty())?;
            let begins = match descriptor.frame_start {
                false => Begins::Nothing,
                true if vp8::keyframe_size(&descriptor, rtp.payload).is_some() => Begins::Keyframe,
                // A keyframe without its start code (RFC 6386 section 9.1) is none.
                true if vp8::is_keyframe_start(&descriptor, rtp.payload) => return None,
                true => Begins::Frame,
            };
            Content::Part { begins, bytes: bytes.to_vec() }
        };
        Some(Self { timestamp: rtp.timestamp, place, marker: rtp.marker, content })
    }

    fn begins_keyframe(&self) -> bool {
        matches!(self.content, Content::Part { begins: Begins::Keyframe, .. })
    }
}

#[derive(Debug)]
pub(crate) struct Assembler {
    packets: Reorder<Packet>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Only a keyframe can follow.
    Broken,
    /// All frames came since the last keyframe.
    Whole,
    /// A frame is half there.
    Within { timestamp: u32, picture: Picture },
}

impl Assembler {
    pub(crate) fn new() -> Self {
        Self { packets: Reorder::new(MOST_PACKETS), state: State::Broken }
    }

    pub(crate) fn insert(&mut self, sequence: u16, packet: Packet, counts: &mut Counts) {
        match self.packets.insert(sequence, packet) {
            Entry::Held => {}
            Entry::Late => counts.late += 1,
            Entry::Full => counts.dropped += 1,
            Entry::Anew(forgotten) => {
                counts.dropped += forgotten as u64;
                self.break_chain();
            }
        }
    }

    /// The next whole frame. What is missing is given up when what follows it is older than
    /// `head`.
    pub(crate) fn poll(&mut self, head: Ticks, counts: &mut Counts) -> Option<Picture> {
        while let Some(next) = self.packets.next() {
            if !is_its_turn(&next, head) {
                return None;
            }
            let lost = next.missing.unwrap_or(0);
            if lost > 0 {
                counts.lost += lost;
                self.lose(counts);
            }
            let packet = self.packets.pop()?;
            if let Some(picture) = self.add(packet, counts) {
                return Some(picture);
            }
        }
        None
    }

    pub(crate) fn waits_for_keyframe(&self) -> bool {
        matches!(self.state, State::Broken)
    }

    /// What comes before the next keyframe depends on something that is not shown.
    pub(crate) fn break_chain(&mut self) {
        self.state = State::Broken;
    }

    /// Forgets what has come, and what depends on it.
    pub(crate) fn forget(&mut self) {
        self.packets.forget();
        self.break_chain();
    }

    fn add(&mut self, packet: Packet, counts: &mut Counts) -> Option<Picture> {
        let Content::Part { begins, bytes } = packet.content else { return None };
        match (std::mem::replace(&mut self.state, State::Broken), begins) {
            (State::Broken, Begins::Nothing | Begins::Frame) => return None,
            (State::Within { .. }, Begins::Frame) | (State::Whole, Begins::Nothing) => {
                self.lose(counts);
                return None;
            }
            (State::Within { timestamp, mut picture }, Begins::Nothing) => {
                if timestamp != packet.timestamp || picture.data.len() > LARGEST_FRAME {
                    self.lose(counts);
                    return None;
                }
                // One capture time for all; the packet that was least late knows it best.
                picture.at = picture.at.min(packet.place.at());
                picture.data.extend_from_slice(&bytes);
                self.state = State::Within { timestamp, picture };
            }
            // A new source may cut the old one's frame off: its own keyframe is whole.
            (_, Begins::Keyframe) | (State::Whole, Begins::Frame) => {
                let keyframe = begins == Begins::Keyframe;
                let picture = Picture { at: packet.place.at(), keyframe, data: bytes };
                self.state = State::Within { timestamp: packet.timestamp, picture };
            }
        }
        if packet.marker { self.complete() } else { None }
    }

    fn complete(&mut self) -> Option<Picture> {
        match std::mem::replace(&mut self.state, State::Whole) {
            State::Within { picture, .. } => Some(picture),
            other => {
                self.state = other;
                None
            }
        }
    }

    fn lose(&mut self, counts: &mut Counts) {
        counts.broken += 1;
        self.break_chain();
    }
}

/// A line may begin in the middle: its first keyframe goes in at once, anything else waits in
/// case that something before it is still on its way.
fn is_its_turn(next: &Next<'_, Packet>, head: Ticks) -> bool {
    match next.missing {
        Some(0) => true,
        None if next.item.begins_keyframe() => true,
        _ => next.item.place.at() < head,
    }
}

/// Far above any keyframe of a shown screen; a frame that grows beyond it is given up.
const LARGEST_FRAME: usize = 4 << 20;
/// More than a hold of the richest picture with its keyframe. Held only behind a gap; when full,
/// packets are dropped as if lost on the way.
const MOST_PACKETS: usize = 2_048;
