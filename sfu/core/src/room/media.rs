//! The way of an RTP packet into the room: identify, check rights, keep.

use std::time::Instant;

use kreide_media::extension::AudioLevel;
use kreide_media::line::CodecName;
use kreide_media::rtp::Packet;
use kreide_media::{h264, vp8};

use crate::burst::{Ends, LayerKey, Waiting};
use crate::history::Stored;
use crate::member::{Member, MemberKey, SsrcUse};
use crate::publication::Layer;
use crate::relay::RelayedKey;

use super::timers::Reason;
use super::{RoomPart, RoomStats};

/// A packet that was taken into its publication.
struct Taken {
    publication: usize,
    layer: usize,
    /// It is the publication's first.
    began: bool,
    packet: Waiting,
    ends: Ends,
}

impl RoomPart {
    /// An RTP packet of a member, decrypted. What is malformed, unknown or not allowed is counted
    /// and dropped.
    pub fn handle_rtp(&mut self, from: MemberKey, bytes: &[u8], now: Instant) {
        self.stats.received += 1;
        let Some(member) = self.members.get_mut(from.0).and_then(Option::as_mut) else { return };
        let owed = !member.feedback.is_empty();
        let taken = take(member, bytes, now, &mut self.stats);
        if !owed && !member.feedback.is_empty() {
            self.owed_feedback.push(from);
        }
        let Some(taken) = taken else {
            self.timers.arm(Reason::Feedback, now);
            return;
        };
        let publication = &mut member.publications[taken.publication];
        let kind = publication.kind();
        let layer = &mut publication.layers[taken.layer];
        self.timers.arm_for_media(now, !layer.missing.is_empty());
        let key = LayerKey { member: from, publication: taken.publication, layer: taken.layer };
        self.bursts.add(&mut layer.burst, key, taken.packet, taken.ends, now);
        if taken.began {
            self.publication_began(from, kind, now);
        }
        // Padding alone is no voice, and nobody would notice its end.
        if kind.is_audio() && taken.packet.size > 0 {
            let level = taken.packet.audio_level;
            let below = level.map_or(UNKNOWN_LEVEL, |level| level.below_full_scale);
            let voice = RelayedKey { member: from, publication: taken.publication };
            self.rank(voice, kind, below, now);
        }
    }
}

/// Takes a packet into its publication, or nothing if it goes no further.
fn take(member: &mut Member, bytes: &[u8], now: Instant, stats: &mut RoomStats) -> Option<Taken> {
    let found =
        Packet::parse(bytes).and_then(|packet| Ok((packet, member.identify(&packet, now)?)));
    let Ok((packet, used)) = found else {
        stats.malformed += 1;
        return None;
    };
    let publication = &mut member.publications[used.publication];
    // Locked or not, the sender's congestion control is told what arrives.
    if let Some(&[high, low]) = packet.extensions.get(publication.line.extensions.transport_cc) {
        member.feedback.arrived(u16::from_be_bytes([high, low]), packet.ssrc, now);
    }
    if !member.rights.allows(publication.kind()) {
        stats.refused += 1;
        return None;
    }
    // Browsers probe with padding on lines that carry nothing.
    let began = !publication.flowing && !packet.payload.is_empty();
    let codec = publication.line.codec;
    let level = packet.extensions.get(publication.line.extensions.audio_level);
    let layer = &mut publication.layers[used.layer];
    let packet = if used.retransmission { original(packet)? } else { packet };
    let vp8 = match codec.name {
        CodecName::Vp8 if !packet.payload.is_empty() => {
            let Ok(descriptor) = vp8::Descriptor::parse(packet.payload) else {
                stats.malformed += 1;
                return None;
            };
            Some(descriptor)
        }
        _ => None,
    };
    let video = codec.name != CodecName::Opus;
    let previous = layer.receiver.highest();
    let sequence = note_arrival(layer, &packet, used, codec.clock_rate, now);
    if layer.history.get(sequence).is_some() {
        return None; // Arrived twice: once by itself, once asked for again.
    }
    layer.history.put(&Stored::new(&packet, sequence, vp8), now);
    if video {
        layer.missing.arrived(sequence, previous, now);
    }
    layer.last_packet = Some(now);
    let entry_point = is_entry_point(codec.name, vp8, packet.payload);
    if let (true, Some(descriptor)) = (entry_point, vp8) {
        layer.keyframes.arrived();
        let size = vp8::keyframe_size(&descriptor, packet.payload);
        layer.height = size.map(|(_, height)| height).or(layer.height);
    }
    publication.flowing |= began;
    let late = previous.is_some_and(|previous| sequence < previous);
    Some(Taken {
        publication: used.publication,
        layer: used.layer,
        began,
        packet: Waiting {
            sequence,
            entry_point,
            audio_level: level.and_then(AudioLevel::parse),
            size: packet.payload.len() - vp8.map_or(0, |descriptor| descriptor.length),
            padding: 0,
        },
        ends: if !video || late || packet.marker { Ends::Now } else { Ends::Later },
    })
}

/// Whether a decoder can begin with this packet.
fn is_entry_point(codec: CodecName, vp8: Option<vp8::Descriptor>, payload: &[u8]) -> bool {
    match (codec, vp8) {
        (CodecName::Opus, _) => true,
        (CodecName::Vp8, Some(descriptor)) => vp8::is_keyframe_start(&descriptor, payload),
        (CodecName::Vp8, None) => false,
        (CodecName::H264, _) => h264::is_keyframe_start(payload),
    }
}

fn note_arrival(
    layer: &mut Layer,
    packet: &Packet<'_>,
    used: SsrcUse,
    clock_rate: u32,
    now: Instant,
) -> u64 {
    if used.retransmission {
        layer.receiver.peek(packet.sequence)
    } else {
        layer.receiver.arrived(packet.sequence, packet.timestamp, clock_rate, now)
    }
}

/// The packet inside a retransmission (RFC 4588 section 4): its number stands before the payload.
/// A probe of padding alone has none.
fn original(packet: Packet<'_>) -> Option<Packet<'_>> {
    let (number, payload) = packet.payload.split_first_chunk()?;
    Some(Packet { sequence: u16::from_be_bytes(*number), payload, ..packet })
}

/// A sender without the level extension counts as a quiet speaker (-60 dBov).
const UNKNOWN_LEVEL: u8 = 60;
