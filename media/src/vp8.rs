//! The VP8 payload descriptor (RFC 7741 section 4.2), read and written.
//!
//! A slot's counters must run on over sources and dropped layers, so the descriptor is written
//! anew for every viewer: always with a 15-bit picture id, so that a slot never changes width.

use crate::ParseError;

/// What the descriptor of one packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// N: no other frame depends on this one.
    pub non_reference: bool,
    /// S and PID = 0: the packet begins a frame.
    pub frame_start: bool,
    /// PID: index of the partition.
    pub partition: u8,
    /// S: the packet begins a partition.
    pub partition_start: bool,
    /// Picture id and whether it came in 15 bits (else 7).
    pub picture_id: Option<PictureId>,
    /// TL0PICIDX: counts the frames of temporal layer 0.
    pub tl0_picture: Option<u8>,
    /// Temporal layer, and Y: depends on layer 0 only.
    pub temporal: Option<Temporal>,
    /// KEYIDX: counts keyframes, 5 bits.
    pub key_index: Option<u8>,
    /// Bytes of the descriptor.
    pub length: usize,
}

/// A picture id with its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureId {
    /// The value.
    pub value: u16,
    /// 15 bits instead of 7.
    pub long: bool,
}

/// TID and Y.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Temporal {
    /// Temporal layer, 0 to 3.
    pub layer: u8,
    /// The frame depends on layer 0 alone, so a viewer may step up here.
    pub sync: bool,
}

impl Descriptor {
    /// Reads the descriptor at the start of a payload.
    ///
    /// # Errors
    /// [`ParseError::Truncated`] if the payload ends within it.
    pub fn parse(payload: &[u8]) -> Result<Self, ParseError> {
        let mut at = 0;
        let mut next = || {
            let byte = payload.get(at).copied().ok_or(ParseError::Truncated)?;
            at += 1;
            Ok::<u8, ParseError>(byte)
        };
        let first = next()?;
        let extended = if first & 0x80 != 0 { next()? } else { 0 };
        let picture_id = if extended & 0x80 != 0 {
            let high = next()?;
            Some(if high & 0x80 != 0 {
                PictureId { value: u16::from(high & 0x7f) << 8 | u16::from(next()?), long: true }
            } else {
                PictureId { value: u16::from(high), long: false }
            })
        } else {
            None
        };
        let tl0_picture = if extended & 0x40 != 0 { Some(next()?) } else { None };
        let (mut temporal, mut key_index) = (None, None);
        if extended & 0x30 != 0 {
            let byte = next()?;
            if extended & 0x20 != 0 {
                temporal = Some(Temporal { layer: byte >> 6, sync: byte & 0x20 != 0 });
            }
            if extended & 0x10 != 0 {
                key_index = Some(byte & 0x1f);
            }
        }
        let (partition, partition_start) = (first & 0x07, first & 0x10 != 0);
        Ok(Self {
            non_reference: first & 0x20 != 0,
            frame_start: partition_start && partition == 0,
            partition,
            partition_start,
            picture_id,
            tl0_picture,
            temporal,
            key_index,
            length: at,
        })
    }

    /// Appends the descriptor; a picture id is written with 15 bits. At most 6 bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        let extended = u8::from(self.picture_id.is_some()) << 7
            | u8::from(self.tl0_picture.is_some()) << 6
            | u8::from(self.temporal.is_some()) << 5
            | u8::from(self.key_index.is_some()) << 4;
        out.push(
            u8::from(extended != 0) << 7
                | u8::from(self.non_reference) << 5
                | u8::from(self.partition_start) << 4
                | self.partition & 0x07,
        );
        if extended == 0 {
            return;
        }
        out.push(extended);
        if let Some(id) = self.picture_id {
            out.extend_from_slice(&(id.value | 0x8000).to_be_bytes());
        }
        if let Some(index) = self.tl0_picture {
            out.push(index);
        }
        if self.temporal.is_some() || self.key_index.is_some() {
            let (layer, sync) = self.temporal.map_or((0, false), |t| (t.layer, t.sync));
            out.push(layer << 6 | u8::from(sync) << 5 | self.key_index.unwrap_or(0) & 0x1f);
        }
    }
}

/// Whether the packet begins a keyframe: P of the frame header is 0 (RFC 6386 section 9.1).
#[must_use]
pub fn is_keyframe_start(descriptor: &Descriptor, payload: &[u8]) -> bool {
    descriptor.frame_start && payload.get(descriptor.length).is_some_and(|byte| byte & 1 == 0)
}

/// Width and height in pixels from the first packet of a keyframe (RFC 6386 section 9.1).
#[must_use]
pub fn keyframe_size(descriptor: &Descriptor, payload: &[u8]) -> Option<(u16, u16)> {
    if !is_keyframe_start(descriptor, payload) {
        return None;
    }
    let header: &[u8; 10] = payload.get(descriptor.length..)?.first_chunk()?;
    if header[3..6] != [0x9d, 0x01, 0x2a] {
        return None;
    }
    let size = |low: u8, high: u8| u16::from_le_bytes([low, high]) & 0x3fff;
    Some((size(header[6], header[7]), size(header[8], header[9])))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: [u8; 6] = [0x90, 0xf0, 0x92, 0x34, 0x56, 0xa7];

    #[test]
    fn reads_all_fields() {
        let d = Descriptor::parse(&FULL).unwrap();
        assert!(d.frame_start && !d.non_reference);
        assert_eq!(d.picture_id, Some(PictureId { value: 0x1234, long: true }));
        assert_eq!(d.tl0_picture, Some(0x56));
        assert_eq!(d.temporal, Some(Temporal { layer: 2, sync: true }));
        assert_eq!((d.key_index, d.length), (Some(7), 6));
    }

    #[test]
    fn truncations_are_refused() {
        for end in 0..FULL.len() {
            assert_eq!(Descriptor::parse(&FULL[..end]), Err(ParseError::Truncated), "{end}");
        }
    }

    #[test]
    fn writes_what_it_reads_with_a_long_picture_id() {
        for bytes in [&FULL[..], &[0x10], &[0x01], &[0x80, 0x20, 0x40], &[0x90, 0x80, 0x80, 0x05]] {
            let mut out = Vec::new();
            Descriptor::parse(bytes).unwrap().write(&mut out);
            assert_eq!(out, bytes);
        }
        let mut out = Vec::new();
        Descriptor::parse(&[0x90, 0x80, 0x05]).unwrap().write(&mut out);
        assert_eq!(out, [0x90, 0x80, 0x80, 0x05]);
    }

    #[test]
    fn finds_keyframes_and_their_size() {
        let key = [0x10, 0x50, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x41];
        let d = Descriptor::parse(&key).unwrap();
        assert!(is_keyframe_start(&d, &key));
        assert_eq!(keyframe_size(&d, &key), Some((640, 360)));
        let delta = [0x10, 0x51, 0, 0];
        assert!(!is_keyframe_start(&Descriptor::parse(&delta).unwrap(), &delta));
        let later = [0x00, 0x50];
        assert!(!is_keyframe_start(&Descriptor::parse(&later).unwrap(), &later));
    }
}
