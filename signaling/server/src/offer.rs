//! Unpacks an offer: base64url of raw deflate (RFC 1951).
//!
//! Invariant: no cap is passed before it is checked: wire size, then inflated size, then lines.
//! Left out on purpose: SDP. The media plane reads it.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::bufread::DeflateDecoder;
use kreide_protocol::{MAX_OFFER_LINES, MAX_OFFER_TEXT, MAX_OFFER_WIRE};

/// What most offers need: growing to it would copy them several times.
const USUAL_TEXT: usize = 32 * 1024;

/// Why an offer is not even read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OfferError {
    /// More than the caps allow.
    #[error("the offer is longer than the caps of the protocol")]
    TooLong,
    /// Not base64url of raw deflate of UTF-8.
    #[error("the offer is not base64url of raw deflate of text")]
    Unreadable,
}

/// The offer as SDP text.
pub(crate) fn unpack(wire: &str) -> Result<String, OfferError> {
    if wire.len() > MAX_OFFER_WIRE {
        return Err(OfferError::TooLong);
    }
    let packed = URL_SAFE_NO_PAD.decode(wire).map_err(|_bad| OfferError::Unreadable)?;
    let mut text = Vec::with_capacity(USUAL_TEXT);
    // One byte more than allowed tells "too long" from "exactly at the cap".
    DeflateDecoder::new(packed.as_slice())
        .take(MAX_OFFER_TEXT as u64 + 1)
        .read_to_end(&mut text)
        .map_err(|_bad| OfferError::Unreadable)?;
    if text.len() > MAX_OFFER_TEXT {
        return Err(OfferError::TooLong);
    }
    let text = String::from_utf8(text).map_err(|_bad| OfferError::Unreadable)?;
    let media_lines = text.lines().filter(|line| line.starts_with("m=")).count();
    if media_lines > MAX_OFFER_LINES {
        return Err(OfferError::TooLong);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;

    fn pack(text: &[u8]) -> String {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        URL_SAFE_NO_PAD.encode(encoder.finish().unwrap())
    }

    #[test]
    fn rows() {
        use OfferError::{TooLong, Unreadable};
        let lines = |count: usize| "m=audio 9 x 0\r\n".repeat(count);
        let rows: [(&str, String, Result<usize, OfferError>); 11] = [
            ("an offer", pack(b"v=0\r\n"), Ok(5)),
            ("nothing", pack(b""), Ok(0)),
            ("as many lines as allowed", pack(lines(64).as_bytes()), Ok(64 * 15)),
            ("a line too many", pack(lines(65).as_bytes()), Err(TooLong)),
            ("as long as allowed", pack(&vec![b'a'; MAX_OFFER_TEXT]), Ok(MAX_OFFER_TEXT)),
            ("a byte too long", pack(&vec![b'a'; MAX_OFFER_TEXT + 1]), Err(TooLong)),
            ("a bomb", pack(&vec![b'a'; 8 << 20]), Err(TooLong)),
            ("too long on the wire", "A".repeat(MAX_OFFER_WIRE + 1), Err(TooLong)),
            ("no base64", "v=0 o=-".to_owned(), Err(Unreadable)),
            ("no deflate", URL_SAFE_NO_PAD.encode([0xff; 40]), Err(Unreadable)),
            ("no text", pack(&[0xff, 0xfe]), Err(Unreadable)),
        ];
        for (what, wire, expected) in rows {
            assert_eq!(unpack(&wire).map(|text| text.len()), expected, "{what}");
        }
        assert!(pack(&vec![b'a'; 8 << 20]).len() < MAX_OFFER_WIRE, "the bomb is a real one");
    }

    #[test]
    fn a_cut_offer_is_unreadable() {
        let whole = pack(b"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 x 111\r\n");
        for end in 1..whole.len() - 2 {
            let cut = unpack(&whole[..end]);
            assert!(cut.is_err() || cut.unwrap().is_empty(), "{end}");
        }
    }
}
