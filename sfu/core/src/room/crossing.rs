//! The way of a burst, and of what the clocks show, from one part of a room to another.

use std::time::Instant;

use crate::burst::{Ends, LayerKey, Waiting};
use crate::history::Stored;
use crate::member::MemberKey;
use crate::publication::{Layer, Origin};
use crate::relay::{PartId, Relayed, RelayedBurst, RelayedKey, RelayedPacket};

use super::RoomPart;
use super::timers::Reason;

impl RoomPart {
    /// Gives a burst to the parts that want it.
    pub(super) fn relay_burst(&mut self, key: LayerKey) {
        let Some(member) = self.members.get_mut(key.member.0).and_then(Option::as_mut) else {
            return;
        };
        let publication = &mut member.publications[key.publication];
        let layer = &publication.layers[key.layer];
        let mut burst: Option<RelayedBurst> = None;
        for demand in &mut publication.demands {
            let Some(number) = demand.next(key.layer) else { continue };
            let burst = burst.get_or_insert_with(|| pack(key, layer, self.bursts.packets()));
            if !burst.packets.is_empty() {
                self.stats.relayed += burst.packets.len() as u64;
                let message = Relayed::Burst(RelayedBurst { number, ..burst.clone() });
                self.links.out.push_back((demand.part, message));
            }
        }
    }

    /// Tells the parts that want a layer what its clock shows.
    pub(super) fn relay_clock(&mut self, member: MemberKey, publication: usize, layer: usize) {
        let Some(sender) = self.members.get(member.0).and_then(Option::as_ref) else { return };
        let sent = &sender.publications[publication];
        let (Some(offset), Some(point)) = (sender.clock.offset(), sent.layers[layer].clock.point())
        else {
            return;
        };
        let publication = RelayedKey { member, publication };
        let clock = Relayed::Clock { publication, layer: layer as u8, point, offset };
        for demand in &sent.demands {
            self.links.tell(demand.part, clock.clone());
        }
    }

    /// Takes another part's burst into our likeness, for our own viewers.
    pub(super) fn take_burst(
        &mut self,
        from: PartId,
        burst: &RelayedBurst,
        now: Instant,
    ) -> Option<()> {
        let member = *self.links.likenesses.get(&(from, burst.publication.member))?;
        let publication = burst.publication.publication;
        let sent = self.members.get_mut(member.0)?.as_mut()?.publications.get_mut(publication)?;
        let (kind, index) = (sent.kind(), usize::from(burst.layer));
        let asked = 1_u8.checked_shl(burst.layer.into()).is_some_and(|bit| sent.asked & bit != 0);
        // What was on its way when it was closed, or when nobody wanted it any more.
        if !sent.flowing || !asked {
            return Some(());
        }
        let audio = sent.line.is_audio();
        let layer = sent.layers.get_mut(index)?;
        let lost = layer.note_burst(burst, audio);
        let key = LayerKey { member, publication, layer: index };
        let mut rest = burst.payloads.as_slice();
        for packet in &burst.packets {
            let (payload, others) = rest.split_at_checked(packet.length)?;
            rest = others;
            let RelayedPacket { sequence, timestamp, marker, vp8, .. } = *packet;
            if layer.history.get(sequence).is_some() {
                continue;
            }
            layer.history.put(&Stored { sequence, timestamp, marker, vp8, payload }, now);
            let waiting = Waiting {
                sequence,
                entry_point: packet.entry_point,
                audio_level: packet.audio_level,
                size: payload.len()
                    - vp8.map_or(0, |descriptor| descriptor.length.min(payload.len())),
                padding: 0,
            };
            if packet.entry_point {
                layer.keyframes.arrived();
            }
            self.bursts.add(&mut layer.burst, key, waiting, Ends::Now, now);
        }
        self.timers.arm(Reason::Layers, now);
        self.timers.arm(Reason::Reports, now);
        if lost && !audio {
            self.want_keyframe(member, kind, burst.layer, now);
        }
        Some(())
    }
}

/// A burst as another part gets it.
fn pack(key: LayerKey, layer: &Layer, packets: &[Waiting]) -> RelayedBurst {
    let mut burst = RelayedBurst {
        publication: RelayedKey { member: key.member, publication: key.publication },
        layer: key.layer as u8,
        stream: layer.stream.0,
        number: 0,
        packets: Vec::with_capacity(packets.len()),
        payloads: Vec::new(),
    };
    for waiting in packets {
        let Some(packet) = layer.history.get(waiting.sequence) else { continue };
        burst.payloads.extend_from_slice(packet.payload);
        burst.packets.push(RelayedPacket {
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            marker: packet.marker,
            entry_point: waiting.entry_point,
            vp8: packet.vp8,
            audio_level: waiting.audio_level,
            length: packet.payload.len(),
        });
    }
    burst
}

impl Layer {
    /// Notes where a burst of another part belongs. Returns whether one before it was lost.
    fn note_burst(&mut self, burst: &RelayedBurst, audio: bool) -> bool {
        let here = Origin { stream: burst.stream, number: burst.number };
        let before = self.origin.replace(here);
        if before.is_some_and(|before| before.stream != burst.stream) {
            let told_flowing = self.told_flowing;
            let clock = std::mem::take(&mut self.clock);
            *self = Self {
                told_flowing,
                clock,
                origin: Some(here),
                ..Self::new(self.stream.successor(), audio)
            };
            return false;
        }
        before.is_some_and(|before| burst.number != before.number.wrapping_add(1))
    }
}
