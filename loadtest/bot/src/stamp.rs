//! What every payload of a bot ends with: whose it is and when it was captured.
//!
//! It stands at the end, since the SFU writes the VP8 descriptor at the front anew. In VP8 it lies
//! in the last partition, in Opus in the padding (RFC 6716 section 3.2.5): decoders never see it.

use kreide_protocol::Kind;

/// Bytes of a stamp.
pub(crate) const LENGTH: usize = 18;
const MAGIC: [u8; 4] = *b"krd\x01";

/// Whose a payload is and when it was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Number of the participant.
    pub(crate) publisher: u32,
    pub(crate) kind: Kind,
    /// Simulcast layer, from the smallest.
    pub(crate) layer: u8,
    /// Microseconds since 1970 UTC.
    pub(crate) captured: u64,
}

impl Stamp {
    /// Reads the end of a payload; `None` if no bot wrote it.
    pub(crate) fn read(payload: &[u8]) -> Option<Self> {
        let bytes: &[u8; LENGTH] = payload.last_chunk()?;
        if bytes[..4] != MAGIC {
            return None;
        }
        let kind = KINDS.get(usize::from(bytes[8]))?;
        Some(Self {
            publisher: u32::from_be_bytes(*bytes[4..].first_chunk()?),
            kind: *kind,
            layer: bytes[9],
            captured: u64::from_be_bytes(*bytes[10..].first_chunk()?),
        })
    }

    /// Appends the stamp.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let kind = KINDS.iter().position(|kind| *kind == self.kind).unwrap_or(0);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&self.publisher.to_be_bytes());
        out.extend_from_slice(&[kind as u8, self.layer]);
        out.extend_from_slice(&self.captured.to_be_bytes());
    }
}

const KINDS: [Kind; 4] = [Kind::Microphone, Kind::Camera, Kind::Content, Kind::ContentAudio];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let stamp = Stamp { publisher: 70_000, kind: Kind::Content, layer: 2, captured: 1 << 50 };
        let mut payload = vec![9; 40];
        assert_eq!(Stamp::read(&payload), None);
        stamp.write(&mut payload);
        assert_eq!(payload.len(), 40 + LENGTH);
        assert_eq!(Stamp::read(&payload), Some(stamp));
        assert_eq!(Stamp::read(&payload[..payload.len() - 1]), None);
        assert_eq!(Stamp::read(&payload[50..]), None);
    }
}
