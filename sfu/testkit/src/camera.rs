//! A VP8 sender with simulcast and three temporal layers, one packet at a time.

use kreide_media::extension::Writer;
use kreide_media::rtp::Header;
use kreide_media::vp8::{Descriptor, PictureId, Temporal};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::fixture::{EXTENSION_MID, EXTENSION_RID, VIDEO_PAYLOAD_TYPE};

/// One encoding of a made-up camera. Its counters begin anywhere.
#[derive(Debug)]
pub struct Camera {
    mid: String,
    rid: Option<String>,
    header: Header,
    picture: u16,
    tl0: u8,
    key: u8,
    frame: u64,
    keyframe_wanted: bool,
    /// Packets of each frame; random if nothing is said.
    packets: Option<usize>,
    size: (u16, u16),
    random: StdRng,
}

impl Camera {
    /// An encoding that starts with a keyframe; all counters are drawn from `seed`, close to a
    /// wrap every other time.
    #[must_use]
    pub fn new(mid: &str, rid: Option<&str>, size: (u16, u16), seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let near_wrap = seed.is_multiple_of(2);
        let header = Header {
            marker: false,
            payload_type: VIDEO_PAYLOAD_TYPE,
            sequence: if near_wrap { u16::MAX - 20 } else { random.random() },
            timestamp: if near_wrap { u32::MAX - 9_000 } else { random.random() },
            ssrc: random.random(),
        };
        Self {
            mid: mid.to_owned(),
            rid: rid.map(str::to_owned),
            header,
            picture: if near_wrap { 0x7ffa } else { random.random::<u16>() & 0x7fff },
            tl0: if near_wrap { 250 } else { random.random() },
            key: random.random::<u8>() & 0x1f,
            frame: 0,
            keyframe_wanted: true,
            packets: None,
            size,
            random,
        }
    }

    /// The same, with so many packets in each frame.
    #[must_use]
    pub fn with_packets(self, packets: usize) -> Self {
        Self { packets: Some(packets), ..self }
    }

    /// The encoding's SSRC.
    #[must_use]
    pub fn ssrc(&self) -> u32 {
        self.header.ssrc
    }

    /// SSRC and timestamp of the last frame.
    #[must_use]
    pub fn clock(&self) -> (u32, u32) {
        (self.header.ssrc, self.header.timestamp)
    }

    /// The next frame is a keyframe.
    pub fn want_keyframe(&mut self) {
        self.keyframe_wanted = true;
    }

    /// Throws all counters back by a random amount, as a restarted encoder does.
    pub fn jump_back(&mut self) {
        self.picture = self.picture.wrapping_sub(self.random.random_range(1..9_000)) & 0x7fff;
        self.tl0 = self.tl0.wrapping_sub(self.random.random_range(1..100));
        self.header.timestamp =
            self.header.timestamp.wrapping_sub(self.random.random_range(1..9_000_000));
        self.keyframe_wanted = true;
    }

    /// The packets of the next frame, `step` timestamp units after the one before.
    pub fn frame(&mut self, step: u32) -> Vec<Vec<u8>> {
        let key = std::mem::take(&mut self.keyframe_wanted);
        if key {
            self.frame = 0;
            self.key = (self.key + 1) & 0x1f;
        }
        // The usual pattern of three layers: 0 2 1 2.
        let (layer, sync) =
            [(0, false), (2, true), (1, true), (2, false)][(self.frame % 4) as usize];
        self.frame += 1;
        self.picture = (self.picture + 1) & 0x7fff;
        if layer == 0 {
            self.tl0 = self.tl0.wrapping_add(1);
        }
        self.header.timestamp = self.header.timestamp.wrapping_add(step);
        let usual = if key { 4 } else { self.random.random_range(1..=3) };
        let packets = self.packets.unwrap_or(usual);
        (0..packets).map(|i| self.packet(i, packets, key, Temporal { layer, sync })).collect()
    }

    fn packet(&mut self, index: usize, of: usize, key: bool, temporal: Temporal) -> Vec<u8> {
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.marker = index + 1 == of;
        let mut out = Vec::new();
        self.header.write(&mut out, true, false);
        let mut extensions = Writer::begin(&mut out);
        extensions.add(Some(EXTENSION_MID), self.mid.as_bytes());
        if let Some(rid) = &self.rid {
            extensions.add(Some(EXTENSION_RID), rid.as_bytes());
        }
        extensions.finish();
        Descriptor {
            non_reference: false,
            frame_start: index == 0,
            partition: 0,
            partition_start: index == 0,
            picture_id: Some(PictureId { value: self.picture, long: true }),
            tl0_picture: Some(self.tl0),
            temporal: Some(temporal),
            key_index: Some(self.key),
            length: 0,
        }
        .write(&mut out);
        if index == 0 {
            out.extend_from_slice(&[u8::from(!key), 0, 0]);
            if key {
                out.extend_from_slice(&[0x9d, 0x01, 0x2a]);
                out.extend_from_slice(&self.size.0.to_le_bytes());
                out.extend_from_slice(&self.size.1.to_le_bytes());
            }
        }
        // The source's SSRC as content, so that a receiver can tell whose picture it holds.
        out.extend_from_slice(&self.header.ssrc.to_be_bytes());
        out
    }
}
