//! H.264 payloads (RFC 6184): does this packet begin a picture that can be decoded alone?

/// Whether the payload holds a sequence parameter set or the start of an IDR slice.
#[must_use]
pub fn is_keyframe_start(payload: &[u8]) -> bool {
    let Some(&first) = payload.first() else { return false };
    match first & 0x1f {
        IDR | SPS => true,
        STAP_A => stap_a_types(&payload[1..]).any(|t| t == IDR || t == SPS),
        FU_A => payload.get(1).is_some_and(|&h| h & 0x80 != 0 && h & 0x1f == IDR),
        _ => false,
    }
}

fn stap_a_types(mut rest: &[u8]) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let size = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
        let unit = rest.get(2..2 + size)?;
        rest = &rest[2 + size..];
        Some(unit.first()? & 0x1f)
    })
}

const IDR: u8 = 5;
const SPS: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

#[cfg(test)]
mod tests {
    use super::is_keyframe_start;

    #[test]
    fn rows() {
        for (payload, expected) in [
            (&[][..], false),
            (&[0x65, 1], true),
            (&[0x67, 1], true),
            (&[0x41, 1], false),
            (&[0x78, 0, 1, 0x41, 0, 2, 0x67, 9], true),
            (&[0x78, 0, 9, 0x67], false),
            (&[0x7c, 0x85, 1], true),
            (&[0x7c, 0x05, 1], false),
            (&[0x7c], false),
        ] {
            assert_eq!(is_keyframe_start(payload), expected, "{payload:x?}");
        }
    }
}
