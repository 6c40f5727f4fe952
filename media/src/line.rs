//! What an offer and its answer agreed on for each media line: the values that the media core
//! needs to read and write packets of that line.

/// Codecs that are forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodecName {
    /// Opus, RFC 7587, 48 kHz.
    Opus,
    /// VP8, RFC 7741, 90 kHz.
    Vp8,
    /// H.264 with packetization-mode 1, RFC 6184, 90 kHz.
    H264,
}

/// The one codec of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Codec {
    /// Which codec.
    pub name: CodecName,
    /// RTP payload type.
    pub payload_type: u8,
    /// Payload type of its retransmissions (RFC 4588), if agreed.
    pub rtx_payload_type: Option<u8>,
    /// RTP clock rate in Hz.
    pub clock_rate: u32,
}

/// Ids of the header extensions agreed on for a line (RFC 8285); they differ between peers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ExtensionIds {
    /// `urn:ietf:params:rtp-hdrext:sdes:mid`
    pub mid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id`
    pub rid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id`
    pub repaired_rid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:ssrc-audio-level` (RFC 6464)
    pub audio_level: Option<u8>,
    /// `http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time`
    pub abs_send_time: Option<u8>,
    /// `draft-holmer-rmcat-transport-wide-cc-extensions-01`
    pub transport_cc: Option<u8>,
    /// `http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time`
    pub abs_capture_time: Option<u8>,
    /// AV1 dependency descriptor.
    pub dependency_descriptor: Option<u8>,
}

impl ExtensionIds {
    /// All extensions we know, with their URIs.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut Option<u8>)> {
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
    pub fn slot_for(&mut self, uri: &str) -> Option<&mut Option<u8>> {
        self.iter_mut().find(|(known, _)| *known == uri).map(|(_, id)| id)
    }
}
