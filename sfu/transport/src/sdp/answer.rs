//! Writing the answer.

use std::fmt::Write;
use std::net::SocketAddr;

use kreide_control::SourceKind;

use super::fingerprint::Fingerprint;
use super::line::Media;
use super::negotiate::{Agreed, Rejected, Terms};
use crate::ice::LocalSecret;
use kreide_media::line::{Codec, CodecName, ExtensionIds};
use kreide_sfu_core::{PublishLine, SlotLine};

/// What the answer says about us.
pub(crate) struct AnswerParts<'a> {
    /// Random, the same for all answers of a transport (RFC 8829 section 5.3.1).
    pub(crate) session_id: u64,
    /// Counts the answers of a transport, from 1.
    pub(crate) version: u32,
    pub(crate) local: &'a LocalSecret,
    pub(crate) fingerprint: &'a Fingerprint,
    /// Best first.
    pub(crate) candidates: &'a [SocketAddr],
}

/// Writes the answer. ICE and DTLS stand once at the top: all lines share them.
pub(crate) fn answer(parts: &AnswerParts<'_>, agreed: &[Agreed<'_>]) -> String {
    let mut sdp = Sdp(String::with_capacity(1024 + 512 * agreed.len()));
    sdp.line(format_args!("v=0"));
    // RFC 8829 section 5.2.1: below 2^63.
    let session_id = parts.session_id >> 1;
    sdp.line(format_args!("o=- {session_id} {} IN IP4 0.0.0.0", parts.version));
    sdp.line(format_args!("s=-"));
    sdp.line(format_args!("t=0 0"));
    let mids: Vec<&str> = agreed.iter().filter_map(Agreed::mid).collect();
    if !mids.is_empty() {
        sdp.line(format_args!("a=group:BUNDLE {}", mids.join(" ")));
    }
    if agreed.iter().any(Agreed::mixes_extensions) {
        sdp.line(format_args!("a=extmap-allow-mixed"));
    }
    sdp.line(format_args!("a=ice-lite"));
    sdp.line(format_args!("a=ice-ufrag:{}", parts.local.ufrag));
    sdp.line(format_args!("a=ice-pwd:{}", parts.local.password));
    sdp.line(format_args!("a=fingerprint:{}", parts.fingerprint));
    sdp.line(format_args!("a=setup:passive"));
    // The first accepted line carries the candidates of the bundle (RFC 9143 section 7.3).
    let mut candidates = parts.candidates;
    for line in agreed {
        match line {
            Agreed::Publish { line, terms } => {
                sdp.begin(&line.mid, &line.codec, terms, "recvonly", &mut candidates);
                sdp.publish(line, terms);
            }
            Agreed::Slot { line, terms } => {
                sdp.begin(&line.mid, &line.codec, terms, "sendonly", &mut candidates);
                sdp.slot(line, terms);
            }
            Agreed::Rejected(line) => sdp.rejected(line),
        }
    }
    sdp.0
}

impl Agreed<'_> {
    fn mid(&self) -> Option<&str> {
        match self {
            Self::Publish { line, .. } => Some(&line.mid),
            Self::Slot { line, .. } => Some(&line.mid),
            Self::Rejected(_) => None,
        }
    }

    fn mixes_extensions(&self) -> bool {
        match self {
            Self::Publish { terms, .. } | Self::Slot { terms, .. } => terms.mixed_extensions,
            Self::Rejected(_) => false,
        }
    }
}

/// The text so far.
struct Sdp(String);

impl Sdp {
    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{text}\r\n");
    }

    /// What every accepted line has.
    fn begin(
        &mut self,
        mid: &str,
        codec: &Codec,
        terms: &Terms<'_>,
        direction: &str,
        candidates: &mut &[SocketAddr],
    ) {
        let rtx = codec.rtx_payload_type;
        let rtx_format = rtx.map(|rtx| format!(" {rtx}")).unwrap_or_default();
        let (media, protocol) = (terms.line.media.name(), &terms.line.protocol);
        self.line(format_args!("m={media} 9 {protocol} {}{rtx_format}", codec.payload_type));
        self.line(format_args!("c=IN IP4 0.0.0.0"));
        if !candidates.is_empty() {
            self.candidates(std::mem::take(candidates));
        }
        self.line(format_args!("a=mid:{mid}"));
        self.line(format_args!("a={direction}"));
        self.line(format_args!("a=rtcp-mux"));
        if terms.line.rtcp_rsize {
            self.line(format_args!("a=rtcp-rsize"));
        }
        self.line(format_args!("a=rtpmap:{} {}", codec.payload_type, rtpmap(codec.name)));
        if let Some(rtx) = rtx {
            self.line(format_args!("a=rtpmap:{rtx} rtx/{}", codec.clock_rate));
            self.line(format_args!("a=fmtp:{rtx} apt={}", codec.payload_type));
        }
        let feedback = [
            (terms.feedback.transport_cc, "transport-cc"),
            (terms.feedback.ccm_fir, "ccm fir"),
            (terms.feedback.nack, "nack"),
            (terms.feedback.nack_pli, "nack pli"),
        ];
        for (_, what) in feedback.into_iter().filter(|(offered, _)| *offered) {
            self.line(format_args!("a=rtcp-fb:{} {what}", codec.payload_type));
        }
    }

    /// RFC 8839 section 5.1. The type preference is that of host candidates, the local preference
    /// falls in the order given (RFC 8445 section 5.1.2.1).
    fn candidates(&mut self, candidates: &[SocketAddr]) {
        for (at, address) in candidates.iter().enumerate() {
            let local_preference = u32::from(u16::MAX).saturating_sub(at as u32);
            let priority = 126 << 24 | local_preference << 8 | 255;
            let (ip, port) = (address.ip(), address.port());
            let foundation = at + 1;
            self.line(format_args!(
                "a=candidate:{foundation} 1 udp {priority} {ip} {port} typ host"
            ));
        }
        self.line(format_args!("a=end-of-candidates"));
    }

    fn publish(&mut self, line: &PublishLine, terms: &Terms<'_>) {
        let mut parameters = format_parameters(&line.codec, terms);
        match line.kind {
            SourceKind::ContentAudio => parameters.push("stereo=1".to_owned()),
            SourceKind::Camera | SourceKind::Content => {
                parameters.push(format!("x-google-start-bitrate={START_BITRATE_KBPS}"));
            }
            SourceKind::Microphone => {}
        }
        self.parameters(&line.codec, &parameters);
        self.extensions(line.extensions);
        for rid in &line.rids {
            self.line(format_args!("a=rid:{rid} recv"));
        }
        if !terms.line.simulcast.is_empty() && !line.rids.is_empty() {
            self.line(format_args!("a=simulcast:recv {}", line.rids.join(";")));
        }
    }

    fn slot(&mut self, line: &SlotLine, terms: &Terms<'_>) {
        self.parameters(&line.codec, &format_parameters(&line.codec, terms));
        self.extensions(line.extensions);
        // A stream of its own for each slot: browsers delay what shares a stream until it is in
        // step, and slots carry people who have nothing to do with each other.
        let name = format!("{}-{}", terms.line.media.name(), line.index);
        self.line(format_args!("a=msid:{name} {name}"));
        if let Some(rtx) = line.rtx_ssrc {
            self.line(format_args!("a=ssrc-group:FID {} {rtx}", line.ssrc));
        }
        for ssrc in [Some(line.ssrc), line.rtx_ssrc].into_iter().flatten() {
            self.line(format_args!("a=ssrc:{ssrc} cname:{}", crate::CNAME));
        }
    }

    /// RFC 8829 section 5.3.1: port 0, and nothing more than must be.
    fn rejected(&mut self, Rejected(line): &Rejected<'_>) {
        let (media, protocol, format) = (line.media.name(), &line.protocol, &line.first_format);
        self.line(format_args!("m={media} 0 {protocol} {format}"));
        self.line(format_args!("c=IN IP4 0.0.0.0"));
        self.line(format_args!("a=mid:{}", line.mid));
        self.line(format_args!("a=inactive"));
    }

    fn parameters(&mut self, codec: &Codec, parameters: &[String]) {
        if !parameters.is_empty() {
            self.line(format_args!("a=fmtp:{} {}", codec.payload_type, parameters.join(";")));
        }
    }

    fn extensions(&mut self, mut extensions: ExtensionIds) {
        for (uri, id) in extensions.iter_mut() {
            if let Some(id) = id {
                self.line(format_args!("a=extmap:{id} {uri}"));
            }
        }
    }
}

/// The parameters that are the offer's own.
fn format_parameters(codec: &Codec, terms: &Terms<'_>) -> Vec<String> {
    let names: &[&str] = match codec.name {
        CodecName::Opus => &["minptime", "useinbandfec"],
        CodecName::Vp8 => &[],
        CodecName::H264 => &["level-asymmetry-allowed", "packetization-mode", "profile-level-id"],
    };
    let echo = |name: &&str| {
        let value = terms.format.parameter(name)?;
        let plain = (1..=16).contains(&value.len())
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
        plain.then(|| format!("{name}={value}"))
    };
    names.iter().filter_map(echo).collect()
}

impl Media {
    fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Application => "application",
        }
    }
}

fn rtpmap(codec: CodecName) -> &'static str {
    match codec {
        CodecName::Opus => "opus/48000/2",
        CodecName::Vp8 => "VP8/90000",
        CodecName::H264 => "H264/90000",
    }
}

/// What Chromium begins to send with; without it the top layer takes 9 to 15 s to appear.
const START_BITRATE_KBPS: u32 = 800;
