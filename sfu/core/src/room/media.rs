//! The way of an RTP packet: identify, check rights, keep, forward.

use std::time::Instant;

use kreide_media::extension::AudioLevel;
use kreide_media::line::CodecName;
use kreide_media::rtp::Packet;
use kreide_media::{h264, vp8};

use crate::history::Stored;
use crate::member::{Member, MemberKey, SsrcUse};
use crate::outbox::PacketKind;
use crate::rewriter::Verdict;
use crate::slot::{Extras, Feed, Inbound, Origin};

use super::timers::Reason;
use super::{RoomPart, RoomStats};

impl RoomPart {
    /// An RTP packet of a member, decrypted. What is malformed, unknown or not allowed is counted
    /// and dropped.
    pub fn handle_rtp(&mut self, from: MemberKey, bytes: &[u8], now: Instant) {
        self.stats.received += 1;
        let Some(member) = self.members.get_mut(from.0).and_then(Option::as_mut) else { return };
        let received = receive(from, member, bytes, now, &mut self.stats);
        let Some((index, began, inbound)) = received else {
            self.timers.arm(Reason::Feedback, now);
            return;
        };
        let kind = member.publications[index].kind();
        let favoured = member.is_favoured();
        let missing =
            !member.publications[index].layers[usize::from(inbound.layer)].missing.is_empty();
        self.timers.arm_for_media(now, missing);
        if began {
            self.publication_began(from, kind, now);
        }
        // Padding alone is no voice, and nobody would notice its end.
        if kind.is_audio() && !inbound.packet.payload.is_empty() {
            let below = inbound.audio_level.map_or(UNKNOWN_LEVEL, |l| l.below_full_scale);
            if self.audio.heard((from, kind), favoured, below, now) {
                self.apply_audio_choice_to_all();
            }
        }
        let captured = self.capture_time(from, index, &inbound);
        self.fan_out(from, index, &Inbound { captured, ..inbound }, now);
    }

    fn fan_out(&mut self, from: MemberKey, index: usize, inbound: &Inbound<'_>, now: Instant) {
        // The list is taken out for the loop, since viewers and publisher lie in one vector.
        let Some(member) = self.member_mut(from) else { return };
        let subscribers = std::mem::take(&mut member.publications[index].subscribers);
        let audio = !member.publications[index].is_video();
        let mut changed = Vec::new();
        for subscriber in &subscribers {
            let Some(viewer) = self.members.get_mut(subscriber.viewer.0).and_then(Option::as_mut)
            else {
                continue;
            };
            let slots = if audio { &mut viewer.audio_slots } else { &mut viewer.video_slots };
            let Some(slot) = slots.get_mut(usize::from(subscriber.slot)) else { continue };
            let before = slot.feed;
            let verdict = slot.take(inbound, now);
            if verdict == Verdict::Drop {
                continue;
            }
            let origin = |feed: Feed| feed.now().map(|target| target.origin);
            if let (false, Verdict::Send(first)) = (audio, verdict)
                && origin(before) != origin(slot.feed)
            {
                changed.push((*subscriber, before, first.timestamp));
            }
            viewer.sent += 1;
            let transport_sequence = viewer.next_transport_sequence();
            let slots = if audio { &mut viewer.audio_slots } else { &mut viewer.video_slots };
            let slot = &mut slots[usize::from(subscriber.slot)];
            self.outbox.push(subscriber.viewer, PacketKind::Rtp, |out| {
                let Inbound { audio_level, captured, .. } = *inbound;
                let extras = Extras { transport_sequence, audio_level, captured };
                slot.write(out, verdict, inbound.packet.payload, extras);
            });
            self.stats.forwarded += 1;
        }
        if let Some(member) = self.member_mut(from) {
            member.publications[index].subscribers = subscribers;
        }
        for (subscriber, before, timestamp) in changed {
            let slot = usize::from(subscriber.slot);
            self.slot_changed(subscriber.viewer, slot, before, timestamp);
        }
    }
}

/// Takes a packet into its publication. Returns the publication's index, whether this is its
/// first packet, and the packet; or nothing if it goes no further.
fn receive<'a>(
    from: MemberKey,
    member: &mut Member,
    bytes: &'a [u8],
    now: Instant,
    stats: &mut RoomStats,
) -> Option<(usize, bool, Inbound<'a>)> {
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
    let origin = Origin { member: from, kind: publication.kind() };
    let began = !publication.flowing && !packet.payload.is_empty();
    let codec = publication.line.codec;
    let level = packet.extensions.get(publication.line.extensions.audio_level);
    let audio_level = level.and_then(AudioLevel::parse);
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
    let stored = Stored::new(&packet, sequence, vp8);
    if video {
        if layer.history.get(sequence).is_some() {
            return None; // Arrived twice: once by itself, once asked for again.
        }
        layer.history.put(&stored);
        layer.missing.arrived(sequence, previous, now);
    }
    layer.last_packet = Some(now);
    let entry_point = match (codec.name, vp8) {
        (CodecName::Opus, _) => true,
        (CodecName::Vp8, Some(d)) => vp8::is_keyframe_start(&d, packet.payload),
        (CodecName::Vp8, None) => false,
        (CodecName::H264, _) => h264::is_keyframe_start(packet.payload),
    };
    if let (true, true, Some(descriptor)) = (video, entry_point, vp8) {
        layer.keyframes.arrived();
        let size = vp8::keyframe_size(&descriptor, packet.payload);
        layer.height = size.map(|(_, height)| height).or(layer.height);
    }
    let inbound = Inbound {
        origin,
        stream: layer.stream,
        layer: used.layer as u8,
        packet: stored,
        entry_point,
        audio_level,
        captured: None,
    };
    publication.flowing |= began;
    Some((used.publication, began, inbound))
}

fn note_arrival(
    layer: &mut crate::publication::Layer,
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
