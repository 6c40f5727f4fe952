//! Reading the server's answer.
//!
//! Left out on purpose: lines in another order than the offer's, and addresses that are not
//! numbers; RFC 8829 and the server allow neither.

use std::net::{IpAddr, SocketAddr};

use kreide_media::line::ExtensionIds;

use crate::BotError;

/// What the answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) ufrag: String,
    pub(crate) password: String,
    /// SHA-256 of the server's certificate, in pairs of hexadecimal digits.
    pub(crate) fingerprint: String,
    /// Where the server can be reached by UDP, best first.
    pub(crate) candidates: Vec<SocketAddr>,
    /// In the order of the offer.
    pub(crate) lines: Vec<Line>,
}

/// One line of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) audio: bool,
    pub(crate) mid: String,
    /// The server sends on it.
    pub(crate) receiving: bool,
    pub(crate) payload_type: u8,
    /// Payload type of repetitions.
    pub(crate) rtx_payload_type: Option<u8>,
    /// SSRC of the server's stream.
    pub(crate) ssrc: Option<u32>,
    /// SSRC of its repetitions.
    pub(crate) rtx_ssrc: Option<u32>,
    pub(crate) extensions: ExtensionIds,
    /// Layers that are taken.
    pub(crate) rids: Vec<String>,
    /// The server turned it down; such lines are left out of the answer.
    pub(crate) rejected: bool,
}

impl Answer {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`BotError::Answer`] names what is missing.
    pub(crate) fn parse(text: &str) -> Result<Self, BotError> {
        let mut answer = Self::default();
        for line in text.lines() {
            match line.split_once('=') {
                Some(("m", value)) => answer.lines.push(Line::begin(value)),
                Some(("a", value)) => answer.attribute(value),
                _ => {}
            }
        }
        answer.lines.retain(|line| !line.rejected);
        for (what, missing) in [
            ("ICE credentials", answer.ufrag.is_empty() || answer.password.is_empty()),
            ("fingerprint of SHA-256", answer.fingerprint.is_empty()),
            ("UDP candidate", answer.candidates.is_empty()),
            ("accepted line", answer.lines.is_empty()),
        ] {
            if missing {
                return Err(BotError::Answer(what));
            }
        }
        Ok(answer)
    }

    fn attribute(&mut self, attribute: &str) {
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        match name {
            "ice-ufrag" => value.clone_into(&mut self.ufrag),
            "ice-pwd" => value.clone_into(&mut self.password),
            "fingerprint" => {
                if let Some(("sha-256", digest)) = value.split_once(' ') {
                    digest.to_ascii_uppercase().clone_into(&mut self.fingerprint);
                }
            }
            "candidate" => self.candidates.extend(candidate(value)),
            _ => {
                if let Some(line) = self.lines.last_mut() {
                    line.attribute(name, value);
                }
            }
        }
    }
}

impl Line {
    fn begin(value: &str) -> Self {
        let mut words = value.split(' ');
        let audio = words.next() == Some("audio");
        let rejected = words.next() == Some("0");
        let payload_type = words.nth(1).and_then(|word| word.parse().ok()).unwrap_or_default();
        Self { audio, rejected, payload_type, ..Self::default() }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        match name {
            "mid" => value.clone_into(&mut self.mid),
            "sendonly" => self.receiving = true,
            "rid" => self.rids.extend(value.split(' ').next().map(str::to_owned)),
            "rtpmap" => {
                if let Some((payload_type, "rtx/90000")) = value.split_once(' ') {
                    self.rtx_payload_type = payload_type.parse().ok();
                }
            }
            "ssrc-group" => {
                let mut words = value.split(' ').skip(1).map(|word| word.parse().ok());
                self.ssrc = words.next().flatten();
                self.rtx_ssrc = words.next().flatten();
            }
            "ssrc" if self.ssrc.is_none() => {
                self.ssrc = value.split(' ').next().and_then(|word| word.parse().ok());
            }
            "extmap" => {
                if let Some((id, uri)) = value.split_once(' ')
                    && let Some(slot) = self.extensions.slot_for(uri)
                {
                    *slot = id.parse().ok();
                }
            }
            _ => {}
        }
    }
}

/// RFC 8839 section 5.1: `1 1 udp 2130706431 192.0.2.1 7880 typ host`.
fn candidate(value: &str) -> Option<SocketAddr> {
    let mut words = value.split(' ').skip(2);
    let transport = words.next()?;
    let ip: IpAddr = words.nth(1)?.parse().ok()?;
    let port: u16 = words.next()?.parse().ok()?;
    transport.eq_ignore_ascii_case("udp").then_some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "v=0\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\na=fingerprint:sha-256 aa:0b\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=candidate:1 1 udp 213 192.0.2.1 7880 typ host\r\n\
        a=candidate:2 1 tcp 212 192.0.2.1 443 typ host\r\na=mid:0\r\na=recvonly\r\n\
        a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
        m=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=inactive\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:2\r\na=sendonly\r\na=rtpmap:96 VP8/90000\r\n\
        a=rtpmap:97 rtx/90000\r\na=ssrc-group:FID 5 6\r\na=ssrc:5 cname:kreide\r\n\
        a=ssrc:6 cname:kreide\r\n";

    #[test]
    fn reads_what_a_bot_needs() {
        let answer = Answer::parse(ANSWER).unwrap();
        assert_eq!((&*answer.ufrag, &*answer.password, &*answer.fingerprint), ("u", "p", "AA:0B"));
        assert_eq!(answer.candidates, [SocketAddr::from(([192, 0, 2, 1], 7880))]);
        let [voice, slot] = &answer.lines[..] else { panic!("{:?}", answer.lines) };
        assert!(voice.audio && !voice.receiving);
        assert_eq!((voice.payload_type, voice.extensions.audio_level), (111, Some(1)));
        assert!(slot.receiving && slot.mid == "2");
        assert_eq!((slot.ssrc, slot.rtx_ssrc, slot.rtx_payload_type), (Some(5), Some(6), Some(97)));
    }

    #[test]
    fn says_what_is_missing() {
        for (gone, what) in [
            ("a=ice-pwd:p\r\n", "ICE credentials"),
            ("a=fingerprint:sha-256 aa:0b\r\n", "fingerprint of SHA-256"),
            ("a=candidate:1 1 udp 213 192.0.2.1 7880 typ host\r\n", "UDP candidate"),
        ] {
            match Answer::parse(&ANSWER.replace(gone, "")) {
                Err(BotError::Answer(found)) => assert_eq!(found, what),
                other => panic!("{other:?}"),
            }
        }
    }
}
