//! The way of a burst out of the room: to one subscriber after the other, as one batch each.

use std::time::Instant;

use crate::burst::{LayerKey, Waiting};
use crate::member::{Listener, Member};
use crate::outbox::{Batch, Outbox, PacketKind};
use crate::publication::Subscriber;
use crate::rewriter::Verdict;
use crate::slot::{Extras, Feed, Inbound, Origin, Target};

use super::RoomPart;

/// A video slot began to carry another source.
struct Began {
    before: Feed,
    /// Timestamp of the first packet.
    timestamp: u32,
}

impl RoomPart {
    /// The next packets to be sent to one member. The buffer is overwritten by the next call.
    pub fn poll_batch(&mut self, now: Instant) -> Option<Batch<'_>> {
        while self.outbox.is_empty() && self.forward_next(now) {}
        self.outbox.next_batch()
    }

    /// Writes what the next subscriber is due; false if nobody is due anything.
    fn forward_next(&mut self, now: Instant) -> bool {
        let Some(key) = self.bursts.layer() else { return false };
        let sender = self.members.get_mut(key.member.0).and_then(Option::as_mut);
        let publication = sender.and_then(|sender| sender.publications.get_mut(key.publication));
        let mut first = false;
        let turn = publication.and_then(|publication| {
            let layer = publication.layers.get_mut(key.layer)?;
            let turn = self.bursts.turn(&mut layer.burst);
            first = turn == 0 && !publication.demands.is_empty();
            publication.subscribers.get(turn).copied()
        });
        if first {
            self.relay_burst(key);
        }
        match turn {
            Some(subscriber) => self.forward(key, subscriber, now),
            None => self.bursts.done(),
        }
        true
    }

    /// Writes the current burst for one subscriber.
    fn forward(&mut self, key: LayerKey, subscriber: Subscriber, now: Instant) {
        let both = self.members.get_disjoint_mut([key.member.0, subscriber.viewer.0]);
        let Ok([Some(sender), Some(viewer)]) = both else { return };
        debug_assert!(viewer.place.receives(&sender.place), "who may not receive is no subscriber");
        let writer = Forwarding { key, subscriber, now };
        let (count, began) = writer.write(sender, viewer, self.bursts.packets(), &mut self.outbox);
        self.stats.forwarded += count;
        if let Some(Began { before, timestamp }) = began {
            self.slot_changed(subscriber.viewer, subscriber.slot.into(), before, timestamp);
        }
    }
}

/// A burst of one layer for one subscriber.
struct Forwarding {
    key: LayerKey,
    subscriber: Subscriber,
    now: Instant,
}

impl Forwarding {
    /// Returns how many packets were written, and whether they are the first of another source.
    fn write(
        &self,
        sender: &Member,
        viewer: &mut Member,
        packets: &[Waiting],
        outbox: &mut Outbox,
    ) -> (u64, Option<Began>) {
        let nothing = (0, None);
        let publication = &sender.publications[self.key.publication];
        let layer = &publication.layers[self.key.layer];
        let target = Target {
            origin: Origin { member: self.key.member, kind: publication.kind() },
            layer: self.key.layer as u8,
        };
        let clock_rate = publication.line.codec.clock_rate;
        let recorder = viewer.listener == Listener::Recorder;
        let clock = layer.clock.point().filter(|_| recorder);
        let Member { audio_slots, video_slots, sent, transport_sequence, .. } = viewer;
        let video = publication.is_video();
        let slots = if video { video_slots } else { audio_slots };
        let Some(slot) = slots.get_mut(usize::from(self.subscriber.slot)) else { return nothing };
        if !slot.feed.concerns(target) {
            return nothing;
        }
        let (mut count, mut began) = nothing;
        for waiting in packets {
            let Some(packet) = layer.history.get(waiting.sequence) else { continue };
            let entry_point = waiting.entry_point;
            let before = slot.feed;
            let verdict =
                slot.take(&Inbound { target, stream: layer.stream, packet, entry_point }, self.now);
            if verdict == Verdict::Drop {
                continue;
            }
            let origin = |feed: Feed| feed.now().map(|target| target.origin);
            if let (true, Verdict::Send(first)) = (video, verdict)
                && origin(before) != origin(slot.feed)
            {
                began = Some(Began { before, timestamp: first.timestamp });
            }
            *sent += 1;
            *transport_sequence = transport_sequence.wrapping_add(1);
            let extras = Extras {
                transport_sequence: *transport_sequence,
                audio_level: waiting.audio_level,
                captured: clock
                    .and_then(|point| sender.clock.captured(point, packet.timestamp, clock_rate)),
                padding: waiting.padding,
            };
            outbox.push(self.subscriber.viewer, PacketKind::Rtp, |out| {
                slot.write(out, verdict, packet.payload, extras);
            });
            count += 1;
        }
        (count, began)
    }
}
