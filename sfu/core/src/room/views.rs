//! Who is shown and heard where.

use std::time::Instant;

use kreide_control::{SlotMapping, Source, SourceKind};

use crate::audio::PLACES;
use crate::layers;
use crate::member::{Listener, Member, MemberKey};
use crate::publication::{Publication, Subscriber};
use crate::slot::{Origin, Slot};

use super::RoomPart;

impl RoomPart {
    /// A publication's first allowed packet came.
    pub(super) fn publication_began(&mut self, key: MemberKey, kind: SourceKind, now: Instant) {
        if kind.is_audio() {
            return; // Audio is mapped when it is chosen.
        }
        let Some(member) = self.member(key) else { return };
        let source = Source { participant: member.participant, kind };
        for viewer in self.keys() {
            let wants = |v: &Member| v.view.slots.iter().any(|w| w.source == source);
            if self.member(viewer).is_some_and(wants) {
                self.apply_view(viewer, now);
            }
        }
    }

    /// A publication was switched off, locked, or its member left.
    pub(super) fn publication_ended(&mut self, key: MemberKey, kind: SourceKind, now: Instant) {
        let Some(publication) = self.member_mut(key).and_then(|m| m.publication_mut(kind)) else {
            return;
        };
        if !publication.flowing {
            return;
        }
        publication.flowing = false;
        for layer in &mut publication.layers {
            layer.missing.clear();
            layer.last_packet = None;
        }
        let viewers: Vec<Subscriber> = publication.subscribers.clone();
        if kind.is_audio() {
            if self.audio.remove((key, kind)) {
                self.apply_audio_choice_to_all();
            }
        } else {
            for subscriber in viewers {
                self.apply_view(subscriber.viewer, now);
            }
        }
    }

    pub(super) fn apply_audio_choice_to_all(&mut self) {
        for key in self.keys() {
            self.apply_audio_choice(key);
        }
    }

    /// Maps the chosen voices onto a viewer's audio slots. A voice keeps its slot.
    pub(super) fn apply_audio_choice(&mut self, viewer: MemberKey) {
        let Some(member) = self.member(viewer) else { return };
        if !member.connected {
            return;
        }
        let wanted: Vec<Origin> = self
            .audio
            .chosen()
            .iter()
            .map(|&(member, kind)| Origin { member, kind })
            .filter(|origin| origin.member != viewer && self.may_get(viewer, *origin))
            .collect();
        let places = member.audio_slots.len().min(PLACES);
        let held: Vec<Option<Origin>> =
            member.audio_slots[..places].iter().map(|slot| slot.feed.origin()).collect();
        for (slot, origin) in held.iter().enumerate() {
            if origin.is_some_and(|origin| !wanted.contains(&origin)) {
                self.set_audio_slot(viewer, slot, None);
            }
        }
        for origin in wanted.into_iter().filter(|origin| !held.contains(&Some(*origin))) {
            let Some(member) = self.member(viewer) else { return };
            let free = |slot: &Slot| slot.feed.origin().is_none();
            if let Some(slot) = member.audio_slots[..places].iter().position(free) {
                self.set_audio_slot(viewer, slot, Some(origin));
            }
        }
    }

    fn set_audio_slot(&mut self, viewer: MemberKey, index: usize, origin: Option<Origin>) {
        let Some(member) = self.member_mut(viewer) else { return };
        let slot = &mut member.audio_slots[index];
        let before = slot.feed.origin();
        slot.carry(origin.map(|origin| (origin, 0)));
        self.move_subscription(viewer, index as u8, before, origin);
    }

    /// Maps a viewer's wishes onto its video slots.
    pub(super) fn apply_view(&mut self, viewer: MemberKey, now: Instant) {
        let Some(member) = self.member(viewer) else { return };
        if !member.connected {
            return;
        }
        for index in 0..member.video_slots.len() {
            self.apply_wish(viewer, index, now);
        }
    }

    fn apply_wish(&mut self, viewer: MemberKey, index: usize, now: Instant) {
        let Some(member) = self.member(viewer) else { return };
        let slot = &member.video_slots[index];
        let number = slot.line.index;
        let wish = member.view.slots.iter().find(|wish| wish.slot == number);
        let target = wish.and_then(|wish| {
            let origin = self.origin_of(wish.source)?;
            let publication = self.member(origin.member)?.publication(origin.kind)?;
            let shown = publication.flowing
                && origin.member != viewer
                && publication.line.fits(&slot.line)
                && self.may_get(viewer, origin);
            let layer = layers::choose(&publication.layer_states(now), wish.height)?;
            shown.then_some((wish.source, origin, layer))
        });
        let before = slot.feed.origin();
        let from_timestamp = slot.rewriter.next_timestamp();
        let Some(member) = self.member_mut(viewer) else { return };
        let slot = &mut member.video_slots[index];
        if before == target.map(|(_, origin, _)| origin) {
            if let Some((_, _, layer)) = target {
                slot.aim(layer);
            }
        } else {
            slot.carry(target.map(|(_, origin, layer)| (origin, layer)));
            self.move_subscription(viewer, index as u8, before, target.map(|(_, o, _)| o));
            let source = target.map(|(source, _, _)| source);
            let mapping = SlotMapping { slot: number, source, from_timestamp };
            self.note_slot(viewer, mapping);
        }
        self.ask_for_awaited_keyframe(viewer, index, now);
    }

    /// Asks for the keyframe that a video slot waits for, if it waits for one.
    pub(super) fn ask_for_awaited_keyframe(
        &mut self,
        viewer: MemberKey,
        index: usize,
        now: Instant,
    ) {
        let Some(feed) = self.member(viewer).map(|m| m.video_slots[index].feed) else { return };
        if let (Some(origin), Some(layer)) = (feed.origin(), feed.awaited_layer()) {
            self.want_keyframe(origin.member, origin.kind, layer, now);
        }
    }

    fn move_subscription(
        &mut self,
        viewer: MemberKey,
        slot: u8,
        from: Option<Origin>,
        to: Option<Origin>,
    ) {
        let subscriber = Subscriber { viewer, slot };
        if let Some(publication) = from.and_then(|origin| self.publication_at(origin)) {
            publication.unsubscribe(subscriber);
        }
        if let Some(publication) = to.and_then(|origin| self.publication_at(origin)) {
            publication.subscribers.push(subscriber);
        }
    }

    fn publication_at(&mut self, origin: Origin) -> Option<&mut Publication> {
        self.member_mut(origin.member)?.publication_mut(origin.kind)
    }

    /// Consent is applied where the publisher is: the recorder gets only what is recordable.
    fn may_get(&self, viewer: MemberKey, origin: Origin) -> bool {
        let Some(listener) = self.member(viewer).map(|m| m.listener) else { return false };
        let recordable = self.member(origin.member).is_some_and(|m| m.recordable);
        match listener {
            Listener::Person => true,
            Listener::Recorder => recordable,
        }
    }

    fn origin_of(&self, source: Source) -> Option<Origin> {
        let is_sender =
            |m: &Option<Member>| m.as_ref().is_some_and(|m| m.participant == source.participant);
        // The newest transport of a participant wins while an old one is being replaced.
        let member = self.members.iter().rposition(is_sender)?;
        Some(Origin { member: MemberKey(member), kind: source.kind })
    }
}
