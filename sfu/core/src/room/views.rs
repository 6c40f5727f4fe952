//! Who is shown and heard where.

use std::time::Instant;

use kreide_control::{Audience, SlotMapping, Source, SourceKind, View};

use crate::audio::PLACES;
use crate::layers;
use crate::member::{Listener, Member, MemberKey, Site};
use crate::publication::{Publication, Subscriber};
use crate::slot::{Feed, Origin, Slot, Target};

use super::RoomPart;
use super::timers::Reason;

/// Which of a viewer's two rows of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Media {
    Audio,
    Video,
}

impl Media {
    fn fits(self, kind: SourceKind) -> bool {
        (self == Self::Audio) == kind.is_audio()
    }
}

impl RoomPart {
    /// A publication's first allowed packet came.
    pub(super) fn publication_began(&mut self, key: MemberKey, kind: SourceKind, now: Instant) {
        if let Some(member) = self.member_mut(key).filter(|member| member.site == Site::Here) {
            if !std::mem::replace(&mut member.announced, true) {
                self.senders.push(key);
            }
            self.look_at_layers(key, now);
            self.links.note(key);
        }
        if kind.is_audio() {
            return; // Audio is mapped when it is chosen.
        }
        self.tell_recorder();
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
            layer.burst.clear();
            layer.last_packet = None;
        }
        let viewers: Vec<Subscriber> = publication.subscribers.clone();
        if self.member(key).is_some_and(|member| member.site == Site::Here) {
            self.links.note(key);
        }
        if kind.is_audio() {
            self.unrank(key, kind);
        } else {
            for subscriber in viewers {
                self.apply_view(subscriber.viewer, now);
            }
            self.tell_recorder();
        }
    }

    pub(super) fn apply_audio_choice_to_all(&mut self) {
        for key in self.keys() {
            self.apply_audio_choice(key);
        }
    }

    pub(super) fn apply_audio_choice_to(&mut self, audiences: &[Audience]) {
        for key in self.keys() {
            let audience = self.member(key).map(|member| member.place.audience());
            if audience.is_some_and(|audience| audiences.contains(&audience)) {
                self.apply_audio_choice(key);
            }
        }
    }

    /// Maps the voices chosen for a viewer's audience onto its audio slots. A voice keeps its slot.
    pub(super) fn apply_audio_choice(&mut self, viewer: MemberKey) {
        let Some(member) = self.member(viewer) else { return };
        if !member.connected {
            return;
        }
        let places = member.audio_slots.len().min(PLACES);
        let held: Vec<Option<Origin>> =
            member.audio_slots[..places].iter().map(|slot| slot.feed.origins().next()).collect();
        let voices = match member.place.hears {
            true => self.voices(member.place.audience()),
            false => Some(Vec::new()),
        };
        // Until the home part has chosen for an audience, its members hear whom they heard before.
        let heard_before = || held.iter().copied().flatten().filter(|origin| self.flows(*origin));
        let voices = voices.unwrap_or_else(|| heard_before().collect());
        let wanted: Vec<Origin> = voices
            .into_iter()
            .filter(|origin| origin.member != viewer && self.may_get(viewer, *origin))
            .collect();
        for (slot, origin) in held.iter().enumerate() {
            if origin.is_some_and(|origin| !wanted.contains(&origin)) {
                self.set_feed(viewer, Media::Audio, slot, Feed::Nothing);
            }
        }
        for origin in wanted.into_iter().filter(|origin| !held.contains(&Some(*origin))) {
            let Some(member) = self.member(viewer) else { return };
            let free = |slot: &Slot| slot.feed == Feed::Nothing;
            if let Some(slot) = member.audio_slots[..places].iter().position(free) {
                let next = Target { origin, layer: 0 };
                self.set_feed(viewer, Media::Audio, slot, Feed::Waiting { next });
            }
        }
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

    /// Looks anew at every video slot that carries a member's picture, waits for it or should.
    pub(super) fn apply_views_of(&mut self, sender: MemberKey, now: Instant) {
        let Some(participant) = self.member(sender).map(|member| member.participant) else {
            return;
        };
        for viewer in self.keys() {
            let Some(member) = self.member(viewer).filter(|member| member.connected) else {
                continue;
            };
            let wishes = &member.view.slots;
            let is_wished = wishes.iter().any(|wish| wish.source.participant == participant);
            let wished_here = |slot: &Slot| {
                let wish = wishes.iter().find(|wish| wish.slot == slot.line.index);
                wish.is_some_and(|wish| wish.source.participant == participant)
            };
            let concerned = |slot: &Slot| {
                slot.feed.origins().any(|origin| origin.member == sender)
                    || (is_wished && wished_here(slot))
            };
            let slots = member.video_slots.iter().enumerate();
            let indices: Vec<usize> =
                slots.filter(|(_, slot)| concerned(slot)).map(|(index, _)| index).collect();
            for index in indices {
                self.apply_wish(viewer, index, now);
            }
        }
    }

    fn apply_wish(&mut self, viewer: MemberKey, index: usize, now: Instant) {
        let Some(slot) = self.member(viewer).map(|member| &member.video_slots[index]) else {
            return;
        };
        let wanted = self.target_of(viewer, slot, now);
        // What may not be had any more is not waited with, whatever comes next.
        let holds = |origin: Origin| self.flows(origin) && self.may_get(viewer, origin);
        let current = slot.feed.now().filter(|target| holds(target.origin));
        let feed = match (current, wanted) {
            (_, None) => Feed::Nothing,
            (None, Some(next)) => Feed::Waiting { next },
            (Some(now), Some(next)) => Feed::Flowing { now, next: (now != next).then_some(next) },
        };
        self.set_feed(viewer, Media::Video, index, feed);
        if feed.now().is_none() {
            self.tell_slot(viewer, index, None);
        }
        self.ask_for_awaited_keyframe(viewer, index, now);
    }

    /// What a video slot should carry by its viewer's wish, if it can.
    fn target_of(&self, viewer: MemberKey, slot: &Slot, now: Instant) -> Option<Target> {
        let view = &self.member(viewer)?.view;
        let wish = view.slots.iter().find(|wish| wish.slot == slot.line.index)?;
        let origin = self.origin_of(wish.source)?;
        let publication = self.member(origin.member)?.publication(origin.kind)?;
        let shown = publication.flowing
            && origin.member != viewer
            && publication.line.fits(&slot.line)
            && self.may_get(viewer, origin);
        let layer = layers::choose(&publication.layer_states(now), wish.height)?;
        shown.then_some(Target { origin, layer })
    }

    /// A slot began to carry another source with a packet of this timestamp.
    pub(super) fn slot_changed(
        &mut self,
        viewer: MemberKey,
        index: usize,
        before: Feed,
        timestamp: u32,
    ) {
        let Some(slot) = self.member(viewer).and_then(|m| m.video_slots.get(index)) else { return };
        let feed = slot.feed;
        self.subscribe(viewer, Media::Video, index, before, feed);
        let source = feed.now().and_then(|Target { origin, .. }| {
            let participant = self.member(origin.member)?.participant;
            Some((Source { participant, kind: origin.kind }, timestamp))
        });
        self.tell_slot(viewer, index, source);
    }

    /// Answers those wishes of a new view that ask for what the slot shows already.
    pub(super) fn confirm_slots_asked_again(&mut self, viewer: MemberKey, before: &View) {
        let Some(member) = self.member_mut(viewer) else { return };
        let asked = |view: &View, slot: u8| {
            view.slots.iter().find(|wish| wish.slot == slot).map(|wish| wish.source)
        };
        for slot in &member.video_slots {
            let number = slot.line.index;
            let wish = asked(&member.view, number);
            let again = wish != asked(before, number) && wish.is_some() && wish == slot.told.0;
            if again && member.changed_slots.iter().all(|changed| changed.slot != number) {
                let (source, from_timestamp) = slot.told;
                member.changed_slots.push(SlotMapping { slot: number, source, from_timestamp });
            }
        }
    }

    /// Notes for the viewer what a video slot carries, unless it knows.
    fn tell_slot(&mut self, viewer: MemberKey, index: usize, now: Option<(Source, u32)>) {
        let Some(member) = self.member_mut(viewer) else { return };
        let slot = &mut member.video_slots[index];
        let source = now.map(|(source, _)| source);
        if slot.told.0 == source {
            return;
        }
        let from_timestamp = now.map_or(0, |(_, timestamp)| timestamp);
        slot.told = (source, from_timestamp);
        let slot = slot.line.index;
        member.changed_slots.retain(|earlier| earlier.slot != slot);
        member.changed_slots.push(SlotMapping { slot, source, from_timestamp });
    }

    /// Asks for all keyframes that a viewer waits for.
    pub(super) fn ask_for_awaited_keyframes(&mut self, viewer: MemberKey, now: Instant) {
        let slots = self.member(viewer).map_or(0, |member| member.video_slots.len());
        for index in 0..slots {
            self.ask_for_awaited_keyframe(viewer, index, now);
        }
    }

    /// Asks for the keyframe that a video slot waits for, if it waits for one.
    fn ask_for_awaited_keyframe(&mut self, viewer: MemberKey, index: usize, now: Instant) {
        let Some(feed) = self.member(viewer).map(|m| m.video_slots[index].feed) else { return };
        if let Some(Target { origin, layer }) = feed.next() {
            // Asked again until it comes, also in a room where nothing else happens.
            self.awaiting.insert(viewer);
            self.timers.arm(Reason::Layers, now);
            self.want_keyframe(origin.member, origin.kind, layer, now);
        }
    }

    /// Gives a slot another feed and moves its subscriptions.
    fn set_feed(&mut self, viewer: MemberKey, media: Media, index: usize, feed: Feed) {
        let Some(member) = self.member_mut(viewer) else { return };
        let slot = match media {
            Media::Audio => &mut member.audio_slots[index],
            Media::Video => &mut member.video_slots[index],
        };
        let before = std::mem::replace(&mut slot.feed, feed);
        if feed.now().is_none() {
            slot.rewriter.stop();
        }
        self.subscribe(viewer, media, index, before, feed);
    }

    fn subscribe(
        &mut self,
        viewer: MemberKey,
        media: Media,
        index: usize,
        before: Feed,
        after: Feed,
    ) {
        let subscriber = Subscriber { viewer, slot: index as u8 };
        debug_assert!(before.origins().chain(after.origins()).all(|o| media.fits(o.kind)));
        for origin in before.origins().filter(|origin| !after.takes(*origin)) {
            if let Some(publication) = self.publication_at(origin) {
                publication.unsubscribe(subscriber);
            }
        }
        for origin in before.origins().chain(after.origins()) {
            self.note_rewanted(origin);
        }
        for origin in after.origins().filter(|origin| !before.takes(*origin)) {
            if let Some(publication) = self.publication_at(origin) {
                publication.subscribers.push(subscriber);
            }
        }
    }

    fn publication_at(&mut self, origin: Origin) -> Option<&mut Publication> {
        self.member_mut(origin.member)?.publication_mut(origin.kind)
    }

    fn flows(&self, origin: Origin) -> bool {
        let publication = self.member(origin.member).and_then(|m| m.publication(origin.kind));
        publication.is_some_and(|publication| publication.flowing)
    }

    /// Whether a viewer's place receives the publisher's, and the recorder what is recordable alone.
    fn may_get(&self, viewer: MemberKey, origin: Origin) -> bool {
        let (Some(viewer), Some(publisher)) = (self.member(viewer), self.member(origin.member))
        else {
            return false;
        };
        let consented = match viewer.listener {
            Listener::Person => true,
            Listener::Recorder => publisher.recordable,
        };
        consented && viewer.place.receives(&publisher.place)
    }

    fn origin_of(&self, source: Source) -> Option<Origin> {
        // The newest transport of a participant wins while an old one is being replaced.
        let member = *self.numbers.get(&source.participant)?;
        Some(Origin { member, kind: source.kind })
    }
}
