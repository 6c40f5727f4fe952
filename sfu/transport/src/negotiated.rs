//! What offer and answer agreed, as the media core must know it.
//!
//! Invariant: every line here was accepted; rejected lines leave no trace but a gap in `index`.

use kreide_control::SourceKind;

/// The CNAME (RFC 3550 section 6.5.1) that answers announce for all our streams.
pub const CNAME: &str = "kreide";

/// What both sides agreed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Negotiated {
    /// Lines on which the peer sends, in the order of the offer.
    pub send: Vec<PublishLine>,
    /// Lines on which the peer receives, in the order of the offer.
    pub receive: Vec<SlotLine>,
}

/// A line on which the peer may send one publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishLine {
    /// The line's identification (RFC 5888).
    pub mid: String,
    /// What it carries, given by its place in the offer.
    pub kind: SourceKind,
    /// The one codec agreed.
    pub codec: Codec,
    /// Simulcast layers by name, in the order of the offer's `a=simulcast` line; empty without.
    pub rids: Vec<String>,
    /// Primary SSRCs that the offer names; empty if it leaves them to rid and mid.
    pub ssrcs: Vec<u32>,
    /// Pairs of primary and retransmission SSRC that the offer names.
    pub fid: Vec<(u32, u32)>,
    /// Header extensions agreed.
    pub extensions: ExtensionIds,
}

/// A line on which the peer receives whatever is mapped onto it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SlotLine {
    /// The line's identification (RFC 5888).
    pub mid: String,
    /// An audio slot, or else a video slot.
    pub audio: bool,
    /// Which slot among those of its kind, from 0.
    pub index: u8,
    /// The one codec agreed.
    pub codec: Codec,
    /// Our SSRC, fixed for the life of the transport.
    pub ssrc: u32,
    /// Our SSRC for retransmissions, if RTX was agreed.
    pub rtx_ssrc: Option<u32>,
    /// Header extensions agreed.
    pub extensions: ExtensionIds,
}

/// A codec with the payload types the offer gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Codec {
    /// Which codec.
    pub name: CodecName,
    /// RTP payload type.
    pub payload_type: u8,
    /// Payload type of retransmissions (RFC 4588), if agreed.
    pub rtx_payload_type: Option<u8>,
    /// RTP clock, in Hz.
    pub clock_rate: u32,
}

/// The codecs we agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodecName {
    /// Opus, 48 kHz, two channels in SDP (RFC 7587).
    Opus,
    /// VP8 (RFC 7741).
    Vp8,
    /// H.264 with `packetization-mode=1` (RFC 6184).
    H264,
}

/// Ids of the header extensions (RFC 8285) agreed on one line; `None` where not agreed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ExtensionIds {
    /// `urn:ietf:params:rtp-hdrext:sdes:mid` (RFC 9143).
    pub mid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id` (RFC 8852).
    pub rid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id` (RFC 8852).
    pub repaired_rid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:ssrc-audio-level` (RFC 6464).
    pub audio_level: Option<u8>,
    /// `http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time`.
    pub abs_send_time: Option<u8>,
    /// Transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01).
    pub transport_cc: Option<u8>,
    /// `http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time`.
    pub abs_capture_time: Option<u8>,
    /// Dependency descriptor of the AV1 RTP payload specification, usable with any codec.
    pub dependency_descriptor: Option<u8>,
}

impl ExtensionIds {
    /// All extensions we know, with their URIs.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut Option<u8>)> {
        let Self {
            mid,
            rid,
            repaired_rid,
            audio_level,
            abs_send_time,
            transport_cc,
            abs_capture_time,
            dependency_descriptor,
        } = self;
        [
            ("urn:ietf:params:rtp-hdrext:sdes:mid", mid),
            ("urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", rid),
            ("urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", repaired_rid),
            ("urn:ietf:params:rtp-hdrext:ssrc-audio-level", audio_level),
            ("http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", abs_send_time),
            (
                "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
                transport_cc,
            ),
            ("http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time", abs_capture_time),
            (
                "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
                dependency_descriptor,
            ),
        ]
        .into_iter()
    }

    /// Where the id of the extension with this URI belongs.
    pub(crate) fn slot_for(&mut self, uri: &str) -> Option<&mut Option<u8>> {
        self.iter_mut().find(|(known, _)| *known == uri).map(|(_, id)| id)
    }
}
