//! The recorder's seat in a room: packets go into a bounded queue instead of a transport.
//!
//! Invariant: the shard never waits for a recorder. A packet that finds the queue full is dropped
//! and counted; news is never lost, the newest of each kind is handed over with the next room.

use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Instant;

use kreide_control::{Audience, MediaRights, ParticipantNo, Place, Role, SlotMapping, Tapped};
use kreide_media::recorder::{AUDIO_SLOTS, EXTENSIONS, OPUS, Slot, VIDEO_SLOTS, VP8};
use kreide_sfu_core::{Listener, MemberConfig, MemberKey, RoomEvent, SlotLine};

/// What waits between a shard and a recorder: some seconds of a lesson, so that a slow disk costs
/// nothing. Full: see the invariant.
pub(crate) const QUEUE: usize = 4_096;

/// A recorder that listens to a room.
pub(crate) struct TapLink {
    pub(crate) member: MemberKey,
    feed: SyncSender<Tapped>,
    owed: Owed,
    hung_up: bool,
}

/// News that the queue had no room for.
#[derive(Default)]
struct Owed {
    pictures: Option<Tapped>,
    speaking: Option<Tapped>,
    slots: Vec<SlotMapping>,
}

/// Nobody listens any more.
pub(crate) struct HungUp;

impl TapLink {
    pub(crate) fn new(member: MemberKey, feed: SyncSender<Tapped>) -> Self {
        Self { member, feed, owed: Owed::default(), hung_up: false }
    }

    /// Hands a packet over. Returns whether there was room for it.
    pub(crate) fn packet(&mut self, packet: &[u8], arrival: Instant) -> bool {
        let sent = self.feed.try_send(Tapped::Rtp { arrival, packet: packet.to_vec() });
        self.hung_up |= matches!(sent, Err(TrySendError::Disconnected(_)));
        sent.is_ok()
    }

    /// Hands over what concerns the recorder. Returns the event if it is for signaling too.
    pub(crate) fn event(&mut self, event: RoomEvent) -> Option<RoomEvent> {
        match event {
            RoomEvent::Pictures(pictures) => {
                self.owed.pictures = Some(Tapped::Pictures(pictures));
                None
            }
            RoomEvent::Slots { participant: ParticipantNo::RECORDER, slots } => {
                let is_newer = |slot: &SlotMapping| slots.iter().any(|new| new.slot == slot.slot);
                self.owed.slots.retain(|slot| !is_newer(slot));
                self.owed.slots.extend(slots);
                None
            }
            RoomEvent::Speaking { audience, participants } => {
                if audience == Audience::default() {
                    self.owed.speaking = Some(Tapped::Speaking(participants.clone()));
                }
                Some(RoomEvent::Speaking { audience, participants })
            }
            event @ RoomEvent::Slots { .. } => Some(event),
        }
    }

    /// Hands over the news that there is room for.
    pub(crate) fn flush(&mut self) -> Result<(), HungUp> {
        let Owed { pictures, speaking, slots } = std::mem::take(&mut self.owed);
        let slots = (!slots.is_empty()).then_some(Tapped::Slots(slots));
        for news in [pictures, speaking, slots].into_iter().flatten() {
            match self.feed.try_send(news) {
                Ok(()) => {}
                Err(TrySendError::Full(Tapped::Slots(slots))) => self.owed.slots = slots,
                Err(TrySendError::Full(news @ Tapped::Speaking(_))) => {
                    self.owed.speaking = Some(news);
                }
                Err(TrySendError::Full(news)) => self.owed.pictures = Some(news),
                Err(TrySendError::Disconnected(_)) => self.hung_up = true,
            }
        }
        if self.hung_up { Err(HungUp) } else { Ok(()) }
    }
}

/// The recorder as a member: sends nothing, gets what the class sees and is recordable.
pub(crate) fn member() -> MemberConfig {
    let line = |slot: Slot| SlotLine {
        mid: String::new(),
        audio: matches!(slot, Slot::Audio(_)),
        index: match slot {
            Slot::Audio(index) | Slot::Video(index) => index,
        },
        codec: match slot {
            Slot::Audio(_) => OPUS,
            Slot::Video(_) => VP8,
        },
        ssrc: slot.ssrc(),
        rtx_ssrc: None,
        extensions: EXTENSIONS,
    };
    let voices = (0..AUDIO_SLOTS).map(Slot::Audio);
    MemberConfig {
        participant: ParticipantNo::RECORDER,
        role: Role::Observer,
        listener: Listener::Recorder,
        rights: MediaRights::default(),
        recordable: false,
        place: Place::default(),
        publish: Vec::new(),
        slots: voices.chain((0..VIDEO_SLOTS).map(Slot::Video)).map(line).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use kreide_control::{ScopeNo, Source, SourceKind};

    use super::*;

    fn pictures(number: u32) -> Vec<Source> {
        vec![Source { participant: ParticipantNo(number), kind: SourceKind::Camera }]
    }

    #[test]
    fn a_full_queue_costs_packets_and_no_news() {
        let (feed, queue) = sync_channel(1);
        let mut link = TapLink::new(MemberKey(0), feed);
        let now = Instant::now();
        assert!(link.packet(b"first", now));
        assert!(!link.packet(b"second", now), "there is no room");
        for number in [1, 2] {
            assert_eq!(link.event(RoomEvent::Pictures(pictures(number))), None);
            assert!(link.flush().is_ok());
        }
        let group = Place { scope: ScopeNo(1), ..Place::default() }.audience();
        for (audience, who) in [(Audience::default(), 7), (group, 8)] {
            let speaking = RoomEvent::Speaking { audience, participants: vec![ParticipantNo(who)] };
            assert_eq!(link.event(speaking.clone()), Some(speaking), "signaling wants it too");
        }
        let mut came = Vec::new();
        while let Ok(item) = queue.try_recv() {
            came.push(item);
            assert!(link.flush().is_ok());
        }
        let first = Tapped::Rtp { arrival: now, packet: b"first".to_vec() };
        let newest = Tapped::Pictures(pictures(2));
        assert_eq!(came, [first, newest, Tapped::Speaking(vec![ParticipantNo(7)])]);
        drop(queue);
        link.event(RoomEvent::Pictures(Vec::new()));
        assert!(link.flush().is_err());
    }
}
