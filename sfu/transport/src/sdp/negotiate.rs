//! Deciding what to agree to.
//!
//! Roles go by order alone: the peer's sending lines are, per medium, first the person and then
//! the content; its receiving lines are slots.
//! Invariant: only what the offer has is agreed to, and every agreed id is the offer's.

use kreide_control::SourceKind;

use super::line::{Direction, Feedback, Format, Line, Media};
use super::offer::Offer;
use crate::Negotiated;
use kreide_media::line::{Codec, CodecName, ExtensionIds};
use kreide_sfu_core::{PublishLine, SlotLine};

/// What becomes of each line of the offer, in its order.
pub(crate) enum Agreed<'o> {
    Publish { line: PublishLine, terms: Terms<'o> },
    Slot { line: SlotLine, terms: Terms<'o> },
    Rejected(Rejected<'o>),
}

/// What the answer says about a line beyond what the media core must know.
pub(crate) struct Terms<'o> {
    pub(super) line: &'o Line,
    pub(super) format: &'o Format,
    pub(super) feedback: Feedback,
    pub(super) extensions: ExtensionIds,
    pub(super) mixed_extensions: bool,
}

/// A line that is turned down.
pub(crate) struct Rejected<'o>(pub(super) &'o Line);

/// Decides on every line. `seed` picks our SSRCs: the same seed and offer give the same ones.
pub(crate) fn negotiate<'o>(offer: &'o Offer, seed: u64) -> Vec<Agreed<'o>> {
    let mut numbers = Numbers((seed ^ seed >> 32) as u32);
    let mut audio_sources = [SourceKind::Microphone, SourceKind::ContentAudio].into_iter();
    let mut video_sources = [SourceKind::Camera, SourceKind::Content].into_iter();
    let (mut audio_slots, mut video_slots) = (0..=u8::MAX, 0..=u8::MAX);
    let mut decide = |line: &'o Line| {
        let (sources, slots) = match line.media {
            Media::Audio => (&mut audio_sources, &mut audio_slots),
            Media::Video => (&mut video_sources, &mut video_slots),
            Media::Application => return None,
        };
        // A place is used up even by a line that is then rejected, or the roles of the lines
        // behind it would depend on why.
        match line.direction {
            Direction::SendOnly | Direction::SendRecv => {
                let kind = sources.next()?;
                publish(offer, line, kind)
            }
            Direction::RecvOnly => {
                let (index, ssrc, rtx_ssrc) = (slots.next()?, numbers.ssrc(), numbers.ssrc());
                slot(offer, line, index, ssrc, rtx_ssrc)
            }
            Direction::Inactive => None,
        }
    };
    offer
        .lines
        .iter()
        .map(|line| decide(line).unwrap_or(Agreed::Rejected(Rejected(line))))
        .collect()
}

impl Negotiated {
    /// Keeps what the media core must know.
    pub(crate) fn collect(agreed: Vec<Agreed<'_>>) -> Self {
        let mut negotiated = Self::default();
        for line in agreed {
            match line {
                Agreed::Publish { line, .. } => negotiated.send.push(line),
                Agreed::Slot { line, .. } => negotiated.receive.push(line),
                Agreed::Rejected(_) => {}
            }
        }
        negotiated
    }
}

fn publish<'o>(offer: &'o Offer, line: &'o Line, kind: SourceKind) -> Option<Agreed<'o>> {
    let (codec, terms) = terms(offer, line)?;
    // With a simulcast line its order counts; without one, a single rid may name the stream.
    let declared = |rid: &&String| line.rids.contains(*rid);
    let rids = if line.simulcast.is_empty() {
        line.rids.iter().take(1).cloned().collect()
    } else {
        line.simulcast.iter().filter(declared).cloned().collect()
    };
    let is_primary = |ssrc: &&u32| !line.secondary_ssrcs.contains(*ssrc);
    let published = PublishLine {
        mid: line.mid.clone(),
        kind,
        codec,
        rids,
        ssrcs: line.ssrcs.iter().filter(is_primary).copied().collect(),
        retransmissions: line.fid.clone(),
        extensions: terms.extensions,
    };
    Some(Agreed::Publish { line: published, terms })
}

fn slot<'o>(
    offer: &'o Offer,
    line: &'o Line,
    index: u8,
    ssrc: u32,
    rtx_ssrc: u32,
) -> Option<Agreed<'o>> {
    let (codec, terms) = terms(offer, line)?;
    let slot = SlotLine {
        mid: line.mid.clone(),
        audio: line.media == Media::Audio,
        index,
        codec,
        ssrc,
        rtx_ssrc: codec.rtx_payload_type.map(|_| rtx_ssrc),
        // A slot has one stream with an announced SSRC: names for layers have no use.
        extensions: ExtensionIds { rid: None, repaired_rid: None, ..terms.extensions },
    };
    Some(Agreed::Slot { line: slot, terms })
}

/// What both kinds of line need: one transport, and one codec.
fn terms<'o>(offer: &'o Offer, line: &'o Line) -> Option<(Codec, Terms<'o>)> {
    let alive = !line.port_zero || line.bundle_only;
    if !alive || !line.rtcp_mux || !offer.bundle.contains(&line.mid) || !is_avpf(&line.protocol) {
        return None;
    }
    let (name, format) = choose(line)?;
    let rtx = line.formats.iter().find(|rtx| {
        rtx.encoding == "rtx"
            && rtx.parameter("apt").and_then(|apt| apt.parse().ok()) == Some(format.payload_type)
    });
    let codec = Codec {
        name,
        payload_type: format.payload_type,
        rtx_payload_type: rtx.map(|rtx| rtx.payload_type),
        clock_rate: format.clock_rate,
    };
    let mixed_extensions = offer.mixed_extensions || line.mixed_extensions;
    let mut extensions = match line.direction {
        Direction::RecvOnly => line.received_extensions,
        _ => line.sent_extensions,
    };
    if !mixed_extensions {
        // Ids above 14 need two-byte headers.
        for (_, id) in extensions.iter_mut() {
            *id = id.filter(|id| *id <= 14);
        }
    }
    let feedback = Feedback {
        // Feedback on transport-wide numbers needs the numbers.
        transport_cc: format.feedback.transport_cc && extensions.transport_cc.is_some(),
        ..format.feedback
    };
    Some((codec, Terms { line, format, feedback, extensions, mixed_extensions }))
}

/// The codec for a line: Opus; VP8, or H.264 where VP8 is not offered.
fn choose(line: &Line) -> Option<(CodecName, &Format)> {
    let find = |name: CodecName| {
        let suits = |format: &&Format| match name {
            CodecName::Opus => {
                format.encoding == "opus" && format.clock_rate == 48_000 && format.channels == 2
            }
            CodecName::Vp8 => format.encoding == "vp8" && format.clock_rate == 90_000,
            CodecName::H264 => {
                format.encoding == "h264"
                    && format.clock_rate == 90_000
                    && format.parameter("packetization-mode") == Some("1")
            }
        };
        // Among profiles of H.264, constrained baseline is the one that every decoder has.
        let is_common = |format: &&Format| {
            format.parameter("profile-level-id").is_none_or(|id| {
                id.get(..4).is_some_and(|profile| profile.eq_ignore_ascii_case("42e0"))
            })
        };
        let mut suited = line.formats.iter().filter(suits);
        let first = suited.clone().find(is_common).or_else(|| suited.next());
        first.map(|format| (name, format))
    };
    match line.media {
        Media::Audio => find(CodecName::Opus),
        Media::Video => find(CodecName::Vp8).or_else(|| find(CodecName::H264)),
        Media::Application => None,
    }
}

fn is_avpf(protocol: &str) -> bool {
    matches!(protocol, "UDP/TLS/RTP/SAVPF" | "TCP/TLS/RTP/SAVPF" | "RTP/SAVPF")
}

/// SSRCs in a row from a random start: they need not be secret, but must differ.
struct Numbers(u32);

impl Numbers {
    fn ssrc(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(1).max(1);
        self.0
    }
}
