//! Writing an offer as Chromium does after the client trimmed it.

use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::DeflateEncoder;

/// What an offer says of this connection.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) ufrag: String,
    pub(crate) password: String,
    /// SHA-256 of the certificate, in pairs of hexadecimal digits.
    pub(crate) fingerprint: String,
}

/// The text of the offer. `rids` are the camera's layers, smallest first; `content` are the SSRCs
/// of the content's picture and of its repetitions.
pub(crate) fn offer(
    credentials: &Credentials,
    rids: &[&str],
    content: (u32, u32),
    audio_slots: u8,
    video_slots: u8,
) -> String {
    let mut lines = vec![
        Media::audio("sendonly"),
        Media {
            rids: rids.iter().map(|rid| (*rid).to_owned()).collect(),
            ..Media::video("sendonly")
        },
        Media { ssrcs: Some(content), ..Media::video("sendonly") },
        Media::audio("sendonly"),
    ];
    lines.extend((0..audio_slots).map(|_| Media::audio("recvonly")));
    lines.extend((0..video_slots).map(|_| Media::video("recvonly")));

    let mids: Vec<String> = (0..lines.len()).map(|mid| mid.to_string()).collect();
    let mut sdp = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        sdp,
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n\
         a=extmap-allow-mixed\r\n",
        mids.join(" ")
    );
    for (mid, line) in lines.iter().enumerate() {
        line.write(&mut sdp, mid, credentials);
    }
    sdp
}

/// Deflates an offer and encodes it in base64url, as the server takes it.
///
/// # Errors
/// None that can happen: writing to memory does not fail.
pub fn pack(offer: &str) -> std::io::Result<String> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(offer.as_bytes())?;
    Ok(URL_SAFE_NO_PAD.encode(encoder.finish()?))
}

struct Media {
    audio: bool,
    direction: &'static str,
    rids: Vec<String>,
    ssrcs: Option<(u32, u32)>,
}

impl Media {
    fn audio(direction: &'static str) -> Self {
        Self { audio: true, direction, rids: Vec::new(), ssrcs: None }
    }

    fn video(direction: &'static str) -> Self {
        Self { audio: false, ..Self::audio(direction) }
    }

    fn write(&self, sdp: &mut String, mid: usize, credentials: &Credentials) {
        let Credentials { ufrag, password, fingerprint } = credentials;
        let (formats, body, extensions) = if self.audio {
            ("audio 9 UDP/TLS/RTP/SAVPF 111", OPUS, AUDIO_EXTENSIONS)
        } else {
            ("video 9 UDP/TLS/RTP/SAVPF 96 97", VP8, VIDEO_EXTENSIONS)
        };
        let direction = self.direction;
        let _ = write!(
            sdp,
            "m={formats}\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:{ufrag}\r\n\
             a=ice-pwd:{password}\r\na=ice-options:trickle\r\na=fingerprint:sha-256 {fingerprint}\r\n\
             a=setup:actpass\r\na=mid:{mid}\r\n{extensions}a={direction}\r\na=rtcp-mux\r\n\
             a=rtcp-rsize\r\n{body}"
        );
        for rid in &self.rids {
            let _ = write!(sdp, "a=rid:{rid} send\r\n");
        }
        if !self.rids.is_empty() {
            let _ = write!(sdp, "a=simulcast:send {}\r\n", self.rids.join(";"));
        }
        if let Some((media, repetition)) = self.ssrcs {
            let _ = write!(
                sdp,
                "a=ssrc-group:FID {media} {repetition}\r\na=ssrc:{media} cname:bot\r\n\
                 a=ssrc:{repetition} cname:bot\r\n"
            );
        }
    }
}

const OPUS: &str = "a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n\
                    a=fmtp:111 minptime=10;useinbandfec=1\r\n";
const VP8: &str = "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 goog-remb\r\na=rtcp-fb:96 transport-cc\r\n\
                   a=rtcp-fb:96 ccm fir\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n\
                   a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n";
const AUDIO_EXTENSIONS: &str = "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
    a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n\
    a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
    a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n";
const VIDEO_EXTENSIONS: &str = "\
    a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n\
    a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
    a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
    a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n\
    a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n";

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn written(video_slots: u8) -> String {
        let credentials = Credentials {
            ufrag: "abcd".to_owned(),
            password: "p".repeat(24),
            fingerprint: "AA:BB".to_owned(),
        };
        offer(&credentials, &["l", "h"], (7, 8), 4, video_slots)
    }

    #[test]
    fn lines_stand_in_the_order_of_the_protocol() {
        let text = written(9);
        let lines: Vec<(&str, &str)> = text
            .split("m=")
            .skip(1)
            .map(|line| {
                let media = line.split(' ').next().unwrap();
                let direction = if line.contains("a=sendonly") { "send" } else { "recv" };
                (media, direction)
            })
            .collect();
        let sending = [("audio", "send"), ("video", "send"), ("video", "send"), ("audio", "send")];
        assert_eq!(lines[..4], sending);
        assert_eq!(lines[4..8], [("audio", "recv"); 4]);
        assert_eq!(lines[8..], [("video", "recv"); 9]);
        assert!(text.contains("a=simulcast:send l;h\r\n") && text.contains("FID 7 8"));
        assert!(text.contains("BUNDLE 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\r\n"));
        assert_eq!(text.matches("a=mid:").count(), 17);
    }

    #[test]
    fn even_the_teachers_offer_fits_the_wire_and_unpacks() {
        let text = written(30);
        let packed = pack(&text).unwrap();
        assert!(packed.len() < kreide_protocol::MAX_OFFER_WIRE / 4, "{}", packed.len());
        let bytes = URL_SAFE_NO_PAD.decode(packed).unwrap();
        let mut unpacked = String::new();
        flate2::read::DeflateDecoder::new(&bytes[..]).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
    }
}
