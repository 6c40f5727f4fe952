//! A VP8 receiver as strict as a browser's reference finder: it names every gap that would make a
//! decoder wait.

use kreide_media::rtp::Packet;
use kreide_media::seq::Unwrapper;
use kreide_media::vp8::{self, Descriptor};

/// A gap or a lie in a slot's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No packet of the slot's kind.
    Malformed,
    /// Sequence numbers jump.
    Sequence {
        /// The number expected.
        expected: u64,
        /// The number that came.
        got: u64,
    },
    /// Time runs backwards.
    Timestamp,
    /// PictureID does not follow the frame before.
    Picture {
        /// The id expected.
        expected: u16,
        /// The id that came.
        got: u16,
    },
    /// TL0PICIDX does not follow: the frame's reference never came.
    Reference,
    /// The picture changed its source without a keyframe.
    NoKeyframe,
}

/// Follows one slot whose packets arrive in order.
#[derive(Debug, Default)]
pub struct Vp8Decoder {
    unwrapper: Unwrapper,
    frame: Option<Frame>,
    frames: usize,
    faults: Vec<Fault>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    timestamp: u32,
    picture: u16,
    tl0: u8,
    content: u32,
}

impl Vp8Decoder {
    /// Takes a packet; returns whose picture it holds: the SSRC that its sender wrote into it.
    pub fn take(&mut self, bytes: &[u8]) -> Option<u32> {
        let taken = Packet::parse(bytes).ok().and_then(|packet| self.packet(&packet));
        if taken.is_none() {
            self.faults.push(Fault::Malformed);
        }
        taken
    }

    /// Frames begun so far.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Everything that was wrong.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    fn packet(&mut self, packet: &Packet<'_>) -> Option<u32> {
        let expected = self.unwrapper.highest().map(|highest| highest + 1);
        let got = self.unwrapper.extend(packet.sequence);
        if let Some(expected) = expected.filter(|expected| *expected != got) {
            self.faults.push(Fault::Sequence { expected, got });
        }
        let descriptor = Descriptor::parse(packet.payload).ok()?;
        let content = u32::from_be_bytes(*packet.payload.last_chunk()?);
        if descriptor.frame_start {
            self.begin_frame(packet, &descriptor, content)?;
        }
        Some(content)
    }

    fn begin_frame(
        &mut self,
        packet: &Packet<'_>,
        descriptor: &Descriptor,
        content: u32,
    ) -> Option<()> {
        let frame = Frame {
            timestamp: packet.timestamp,
            picture: descriptor.picture_id?.value,
            tl0: descriptor.tl0_picture?,
            content,
        };
        let layer = descriptor.temporal?.layer;
        let key = vp8::is_keyframe_start(descriptor, packet.payload);
        if let Some(before) = self.frame {
            if (frame.timestamp.wrapping_sub(before.timestamp) as i32) <= 0 {
                self.faults.push(Fault::Timestamp);
            }
            let expected = (before.picture + 1) & 0x7fff;
            if frame.picture != expected {
                self.faults.push(Fault::Picture { expected, got: frame.picture });
            }
            if frame.tl0 != before.tl0.wrapping_add(u8::from(layer == 0)) {
                self.faults.push(Fault::Reference);
            }
            if frame.content != before.content && !key {
                self.faults.push(Fault::NoKeyframe);
            }
        } else if !key {
            self.faults.push(Fault::NoKeyframe);
        }
        self.frame = Some(frame);
        self.frames += 1;
        Some(())
    }
}
