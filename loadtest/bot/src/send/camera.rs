//! Made-up VP8: valid headers, descriptors and counters, three temporal layers, no picture.
//!
//! All bits behind the headers are zero, which a VP8 decoder reads as "nothing here" (a grey
//! picture); the stamp lies in the last partition. Frames come in bursts, as encoders make them,
//! with sizes that vary and packets of a frame that are equally long.

use std::time::Duration;

use kreide_media::vp8::{Descriptor, PictureId, Temporal};
use rand::Rng;
use rand::rngs::SmallRng;

use crate::stamp::{self, Stamp};

/// One simulcast layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layer {
    /// Name in the offer; empty without simulcast.
    pub rid: &'static str,
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// Packets a second.
    pub packets_per_second: u32,
    /// Bytes of a packet's payload, on average.
    pub packet_bytes: usize,
}

/// The layers of a picture source, smallest first, and its frames a second.
#[derive(Clone, Debug, PartialEq)]
pub struct Camera {
    /// At least one.
    pub layers: Vec<Layer>,
    /// Frames a second.
    pub frames_per_second: u32,
}

impl Camera {
    /// A teacher's camera at 720 lines: what Chromium sends within the client's limits of 150, 500
    /// and 1700 kbit/s. `packets_per_second` of the top layer; 0 means the usual 180.
    #[must_use]
    pub fn large(packets_per_second: u32) -> Self {
        let top = if packets_per_second == 0 { 180 } else { packets_per_second };
        Self {
            layers: vec![LOW, MIDDLE, Layer { packets_per_second: top, ..HIGH }],
            frames_per_second: 30,
        }
    }

    /// A pupil's camera at 360 lines with two layers, as the client asks for.
    #[must_use]
    pub fn small() -> Self {
        Self { layers: vec![LOW, Layer { rid: "h", ..MIDDLE }], frames_per_second: 30 }
    }

    /// One layer of 720 lines without simulcast.
    #[must_use]
    pub fn single(packets_per_second: u32) -> Self {
        let top = if packets_per_second == 0 { 120 } else { packets_per_second };
        let layer = Layer { rid: "", packets_per_second: top, packet_bytes: 1_170, ..HIGH };
        Self { layers: vec![layer], frames_per_second: 30 }
    }

    /// The same with a frame in every packet, so that packets come evenly spaced.
    #[must_use]
    pub fn even(packets_per_second: u32) -> Self {
        let single = Self::single(packets_per_second);
        Self { frames_per_second: single.layers[0].packets_per_second, ..single }
    }

    /// A shared screen: 1080 lines, 10 frames a second, one layer.
    #[must_use]
    pub fn screen() -> Self {
        let layer = Layer { rid: "", width: 1_920, height: 1_080, packets_per_second: 60, ..HIGH };
        Self { layers: vec![layer], frames_per_second: 10 }
    }

    pub(crate) fn interval(&self) -> Duration {
        Duration::from_secs(1) / self.frames_per_second.max(1)
    }
}

const LOW: Layer =
    Layer { rid: "l", width: 320, height: 180, packets_per_second: 30, packet_bytes: 560 };
const MIDDLE: Layer =
    Layer { rid: "m", width: 640, height: 360, packets_per_second: 60, packet_bytes: 1_000 };
const HIGH: Layer =
    Layer { rid: "h", width: 1_280, height: 720, packets_per_second: 180, packet_bytes: 1_120 };

/// The encoder of one layer.
pub(crate) struct Encoder {
    pub(crate) layer: Layer,
    packets_per_frame: f64,
    /// What the frames so far left over of a packet.
    owed: f64,
    picture: u16,
    tl0: u8,
    key_index: u8,
    /// Since the last keyframe.
    frame: u64,
    keyframe_wanted: bool,
    random: SmallRng,
}

impl Encoder {
    pub(crate) fn new(layer: Layer, frames_per_second: u32, mut random: SmallRng) -> Self {
        Self {
            layer,
            packets_per_frame: f64::from(layer.packets_per_second)
                / f64::from(frames_per_second.max(1)),
            owed: 0.0,
            picture: random.random::<u16>() & 0x7fff,
            tl0: random.random(),
            key_index: random.random::<u8>() & 0x1f,
            frame: 0,
            keyframe_wanted: true,
            random,
        }
    }

    /// The next frame is a keyframe.
    pub(crate) fn want_keyframe(&mut self) {
        self.keyframe_wanted = true;
    }

    /// The payloads of the next frame, in order.
    pub(crate) fn frame(&mut self, stamp: &Stamp) -> Vec<Vec<u8>> {
        let key = std::mem::take(&mut self.keyframe_wanted);
        if key {
            self.frame = 0;
            self.key_index = (self.key_index + 1) & 0x1f;
        }
        // The usual pattern of three layers: 0 2 1 2.
        let (layer, sync) =
            [(0, false), (2, true), (1, true), (2, false)][(self.frame % 4) as usize];
        self.frame += 1;
        self.picture = (self.picture + 1) & 0x7fff;
        if layer == 0 {
            self.tl0 = self.tl0.wrapping_add(1);
        }
        let count = self.packets(key);
        let bytes = self.packet_bytes();
        let descriptor = |index: usize| Descriptor {
            non_reference: layer == 2,
            frame_start: index == 0,
            partition: 0,
            partition_start: index == 0,
            picture_id: Some(PictureId { value: self.picture, long: true }),
            tl0_picture: Some(self.tl0),
            temporal: Some(Temporal { layer, sync }),
            key_index: Some(self.key_index),
            length: 0,
        };
        let payload = |index: usize| {
            let mut out = Vec::with_capacity(bytes);
            descriptor(index).write(&mut out);
            if index == 0 {
                self.write_header(key, count * bytes, &mut out);
            }
            out.resize(bytes - stamp::LENGTH, 0);
            stamp.write(&mut out);
            out
        };
        (0..count).map(payload).collect()
    }

    /// Whole packets only, but the rate is kept over several frames. A keyframe is four frames
    /// long, and the next frames do not pay for it.
    fn packets(&mut self, key: bool) -> usize {
        self.owed += self.packets_per_frame;
        let whole = self.owed.floor().max(1.0);
        self.owed = (self.owed - whole).max(0.0);
        if key { whole as usize * 4 } else { whole as usize }
    }

    fn packet_bytes(&mut self) -> usize {
        let average = self.layer.packet_bytes;
        let spread = average / 10;
        let bytes = self.random.random_range(average - spread..=average + spread);
        bytes.clamp(SHORTEST, LONGEST)
    }

    /// RFC 6386 section 9.1.
    fn write_header(&self, key: bool, frame_bytes: usize, out: &mut Vec<u8>) {
        // Short, so that it lies in the first packet.
        let first_partition = (frame_bytes / 8).clamp(16, 256) as u32;
        let show_frame = 1 << 4;
        let tag = u32::from(!key) | show_frame | first_partition << 5;
        out.extend_from_slice(&tag.to_le_bytes()[..3]);
        if key {
            out.extend_from_slice(&[0x9d, 0x01, 0x2a]);
            out.extend_from_slice(&self.layer.width.to_le_bytes());
            out.extend_from_slice(&self.layer.height.to_le_bytes());
        }
    }
}

const SHORTEST: usize = 320;
/// With headers and tag this stays below 1,250 bytes.
const LONGEST: usize = 1_190;

#[cfg(test)]
mod tests {
    use std::process::Command;

    use kreide_media::vp8::{is_keyframe_start, keyframe_size};
    use kreide_protocol::Kind;
    use rand::SeedableRng;

    use super::*;

    const STAMP: Stamp = Stamp { publisher: 4, kind: Kind::Camera, layer: 2, captured: 77 };

    fn encoder(packets_per_second: u32) -> Encoder {
        let layer = Layer { packets_per_second, ..HIGH };
        Encoder::new(layer, 30, SmallRng::seed_from_u64(1))
    }

    #[test]
    fn a_frame_is_read_as_vp8() {
        let mut encoder = encoder(180);
        for frame in 0..9 {
            if frame == 5 {
                encoder.want_keyframe();
            }
            let key = frame == 0 || frame == 5;
            let payloads = encoder.frame(&STAMP);
            assert_eq!(payloads.len(), if key { 24 } else { 6 });
            for (index, payload) in payloads.iter().enumerate() {
                let descriptor = Descriptor::parse(payload).unwrap();
                assert_eq!(descriptor.frame_start, index == 0);
                assert_eq!(is_keyframe_start(&descriptor, payload), key && index == 0);
                assert_eq!(Stamp::read(payload), Some(STAMP));
                assert_eq!(payload.len(), payloads[0].len());
                if key && index == 0 {
                    assert_eq!(keyframe_size(&descriptor, payload), Some((1_280, 720)));
                }
            }
        }
    }

    #[test]
    fn counters_run_on_as_a_decoder_wants_them() {
        let mut encoder = encoder(30);
        let mut before: Option<Descriptor> = None;
        for _ in 0..40 {
            let now = Descriptor::parse(&encoder.frame(&STAMP)[0]).unwrap();
            let temporal = now.temporal.unwrap();
            assert_eq!(now.non_reference, temporal.layer == 2);
            if let Some(before) = before {
                let step =
                    now.picture_id.unwrap().value.wrapping_sub(before.picture_id.unwrap().value);
                assert_eq!(step & 0x7fff, 1);
                let tl0 = now.tl0_picture.unwrap().wrapping_sub(before.tl0_picture.unwrap());
                assert_eq!(tl0, u8::from(temporal.layer == 0));
            }
            before = Some(now);
        }
    }

    /// Frames as ffmpeg reads them: an IVF file.
    fn ivf(layer: Layer, frames: u32) -> Vec<u8> {
        let mut encoder = Encoder::new(layer, 30, SmallRng::seed_from_u64(2));
        let mut out = b"DKIF\0\0\x20\0VP80".to_vec();
        out.extend_from_slice(&layer.width.to_le_bytes());
        out.extend_from_slice(&layer.height.to_le_bytes());
        for value in [30, 1, frames, 0] {
            out.extend_from_slice(&u32::to_le_bytes(value));
        }
        for number in 0..frames {
            if number == 20 {
                encoder.want_keyframe();
            }
            let payloads = encoder.frame(&STAMP);
            let frame: Vec<u8> = payloads
                .iter()
                .flat_map(|payload| &payload[Descriptor::parse(payload).unwrap().length..])
                .copied()
                .collect();
            out.extend_from_slice(&(frame.len() as u32).to_le_bytes());
            out.extend_from_slice(&u64::from(number).to_le_bytes());
            out.extend_from_slice(&frame);
        }
        out
    }

    #[test]
    fn a_real_decoder_takes_every_frame() {
        for layer in Camera::large(0).layers.into_iter().chain(Camera::screen().layers) {
            let file = std::env::temp_dir().join(format!(
                "kreide-bot-{}-{}.ivf",
                std::process::id(),
                layer.height
            ));
            std::fs::write(&file, ivf(layer, 30)).unwrap();
            let decoded = Command::new("ffprobe")
                .args(["-v", "error", "-count_frames", "-of", "csv=p=0"])
                .args(["-show_entries", "stream=width,height,nb_read_frames"])
                .arg(&file)
                .output()
                .expect("ffmpeg is there: scripts/setup.sh test");
            std::fs::remove_file(&file).unwrap();
            let said = String::from_utf8_lossy(&decoded.stderr);
            assert!(decoded.status.success() && said.is_empty(), "{}: {said}", layer.height);
            let found = String::from_utf8_lossy(&decoded.stdout);
            assert_eq!(found.trim(), format!("{},{},30", layer.width, layer.height));
        }
    }

    #[test]
    fn the_rate_is_kept() {
        for rate in [100, 120, 180, 480] {
            let mut encoder = encoder(rate);
            encoder.frame(&STAMP);
            let sent: usize = (0..300).map(|_| encoder.frame(&STAMP).len()).sum();
            assert!(sent.abs_diff(rate as usize * 10) <= 10, "{rate}: {sent}");
        }
    }
}
