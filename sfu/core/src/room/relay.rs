//! A room in several parts: what is told to the others, and what is done with what they tell.

use std::time::Instant;

use kreide_control::SourceKind;

use crate::burst::{Ends, LayerKey, Waiting};
use crate::history::Stored;
use crate::member::{Listener, Member, MemberConfig, MemberKey, Place};
use crate::publication::{Layer, Origin as LayerOrigin};
use crate::relay::{
    Chooser, PartId, Relayed, RelayedBurst, RelayedKey, RelayedMember, RelayedPacket,
    RelayedPublication, RelayedVoice,
};
use crate::slot::Origin;

use super::RoomPart;
use super::timers::Reason;

impl RoomPart {
    /// Makes this part one of several; `home` chooses the voices for all. What flows before goes
    /// on. Calling it again adds parts; none is ever taken away.
    pub fn link(&mut self, own: PartId, home: PartId, others: &[PartId]) {
        self.links.own = own;
        if home != own && self.links.chooser == Chooser::Here {
            self.links.chooser = Chooser::Elsewhere { home, chosen: Vec::new() };
        }
        for part in others.iter().filter(|part| **part != own) {
            if !self.links.others.contains(part) {
                self.links.others.push(*part);
                self.links.tell(*part, Relayed::Hello);
                self.tell_everything(*part);
            }
        }
    }

    /// Whether there are other parts of this room.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        !self.links.is_alone()
    }

    /// What another part of the room says. What it may not say is counted and dropped.
    pub fn handle_relayed(&mut self, from: PartId, message: Relayed, now: Instant) {
        if !self.links.others.contains(&from) {
            self.stats.relay_refused += 1;
            return;
        }
        let taken = match message {
            Relayed::Hello => {
                self.tell_everything(from);
                Some(())
            }
            Relayed::Member(member) => {
                self.take_likeness(from, &member, now);
                Some(())
            }
            Relayed::Left(member) => self.drop_likeness(from, member, now),
            Relayed::Wanted { publication, layers } => self.note_wanted(from, publication, layers),
            Relayed::Keyframe { publication, layer } => {
                self.keyframe_for_part(from, publication, layer, now)
            }
            Relayed::Burst(burst) => self.take_burst(from, &burst, now),
            Relayed::Clock { publication, layer, point, offset } => {
                self.likeness_layer(from, publication, layer).map(|(member, layer)| {
                    layer.clock.tell(point);
                    member.tell(offset);
                })
            }
            Relayed::Heard { publication, below } => self.hear(from, publication, below, now),
            Relayed::Chosen(voices) => self.take_choice(from, voices),
        };
        self.stats.relay_refused += u64::from(taken.is_none());
    }

    /// The next message to another part.
    pub fn poll_relayed(&mut self) -> Option<(PartId, Relayed)> {
        if self.links.is_alone() {
            return None;
        }
        while let Some(key) = self.links.changed.pop() {
            self.tell_member(key);
        }
        while let Some(key) = self.links.rewanted.pop() {
            self.tell_wanted(key);
        }
        self.links.out.pop_front()
    }

    /// The voices that are forwarded here, as members of this part.
    pub(super) fn voices(&self) -> Vec<(MemberKey, SourceKind)> {
        match &self.links.chooser {
            Chooser::Here => self.audio.chosen().to_vec(),
            Chooser::Elsewhere { chosen, .. } => {
                chosen.iter().filter_map(|voice| self.voice_here(voice)).collect()
            }
        }
    }

    fn voice_here(&self, voice: &RelayedVoice) -> Option<(MemberKey, SourceKind)> {
        let key = match voice.part {
            part if part == self.links.own => voice.member,
            part => *self.links.likenesses.get(&(part, voice.member))?,
        };
        // Whoever was locked a moment ago is not heard until the home part knows it, too.
        let publication = self.member(key)?.publication(voice.kind)?;
        publication.flowing.then_some((key, voice.kind))
    }

    /// Ranks a voice, or lets the home part do it.
    pub(super) fn rank(&mut self, voice: RelayedKey, kind: SourceKind, below: u8, now: Instant) {
        match &self.links.chooser {
            Chooser::Here => {
                let Some(member) = self.member(voice.member) else { return };
                let favoured = member.is_favoured();
                if self.audio.heard((voice.member, kind), favoured, below, now) {
                    self.choice_changed();
                }
            }
            Chooser::Elsewhere { home, .. } => {
                let home = *home;
                self.links.tell(home, Relayed::Heard { publication: voice, below });
            }
        }
    }

    /// Forgets a voice. Returns nothing: the choice is applied if it changed.
    pub(super) fn unrank(&mut self, key: MemberKey, kind: SourceKind) {
        match self.links.chooser {
            Chooser::Here => {
                if self.audio.remove((key, kind)) {
                    self.choice_changed();
                }
            }
            Chooser::Elsewhere { .. } => self.apply_audio_choice_to_all(),
        }
    }

    fn choice_changed(&mut self) {
        self.apply_audio_choice_to_all();
        if self.is_linked() {
            let chosen = Relayed::Chosen(self.choice());
            self.links.tell_all(&chosen);
        }
    }

    fn choice(&self) -> Vec<RelayedVoice> {
        let voice = |&(key, kind): &(MemberKey, SourceKind)| {
            let (part, member) = match self.member(key)?.place {
                Place::Here => (self.links.own, key),
                Place::Elsewhere { part, member } => (part, member),
            };
            Some(RelayedVoice { part, member, kind })
        };
        self.audio.chosen().iter().filter_map(voice).collect()
    }

    fn take_choice(&mut self, from: PartId, voices: Vec<RelayedVoice>) -> Option<()> {
        match &mut self.links.chooser {
            Chooser::Elsewhere { home, chosen } if *home == from => *chosen = voices,
            Chooser::Elsewhere { .. } | Chooser::Here => return None,
        }
        self.apply_audio_choice_to_all();
        Some(())
    }

    fn hear(
        &mut self,
        from: PartId,
        publication: RelayedKey,
        below: u8,
        now: Instant,
    ) -> Option<()> {
        let key = *self.links.likenesses.get(&(from, publication.member))?;
        let sent = self.member(key)?.publications.get(publication.publication)?;
        let kind = sent.kind();
        if !sent.flowing || !kind.is_audio() || self.links.chooser != Chooser::Here {
            return None;
        }
        self.timers.arm(Reason::Speaking, now);
        self.rank(RelayedKey { member: key, ..publication }, kind, below, now);
        Some(())
    }

    fn tell_everything(&mut self, part: PartId) {
        for key in self.keys() {
            if let Some(member) = self.member(key).and_then(|member| member.to_relay(key)) {
                self.links.tell(part, Relayed::Member(member));
            }
        }
        if self.links.chooser == Chooser::Here {
            let chosen = Relayed::Chosen(self.choice());
            self.links.tell(part, chosen);
        }
    }

    fn tell_member(&mut self, key: MemberKey) {
        if let Some(member) = self.member(key).and_then(|member| member.to_relay(key)) {
            self.links.tell_all(&Relayed::Member(member));
        }
    }

    fn take_likeness(&mut self, from: PartId, told: &RelayedMember, now: Instant) {
        let key = match self.links.likenesses.get(&(from, told.key)) {
            Some(key) => *key,
            None => self.add_likeness(from, told, now),
        };
        let Some(member) = self.member_mut(key) else { return };
        member.recordable = told.recordable;
        let mut changes = Vec::new();
        for (publication, told) in member.publications.iter_mut().zip(&told.publications) {
            for (layer, (flowing, height)) in publication.layers.iter_mut().zip(&told.layers) {
                layer.told_flowing = Some(*flowing);
                layer.height = *height;
            }
            if publication.flowing != told.flowing {
                changes.push((publication.kind(), told.flowing));
            }
        }
        for (kind, flowing) in changes {
            if flowing {
                if let Some(publication) =
                    self.member_mut(key).and_then(|m| m.publication_mut(kind))
                {
                    publication.flowing = true;
                }
                self.publication_began(key, kind, now);
            } else {
                self.publication_ended(key, kind, now);
            }
        }
        // A voice that was chosen may be known only now, and consent may have changed.
        self.apply_audio_choice_to_all();
        self.recordable_changed(now);
    }

    fn add_likeness(&mut self, from: PartId, told: &RelayedMember, now: Instant) -> MemberKey {
        let publish = told.publications.iter().map(|publication| {
            let mut line = publication.line.clone();
            // Its SSRCs mean something on its own connection alone.
            (line.ssrcs, line.retransmissions) = (Vec::new(), Vec::new());
            line
        });
        let config = MemberConfig {
            participant: told.participant,
            role: told.role,
            listener: Listener::Person,
            rights: kreide_control::MediaRights::default(),
            recordable: told.recordable,
            publish: publish.collect(),
            slots: Vec::new(),
        };
        let place = Place::Elsewhere { part: from, member: told.key };
        let key = self.enter(config, place, now);
        self.links.likenesses.insert((from, told.key), key);
        key
    }

    fn drop_likeness(&mut self, from: PartId, member: MemberKey, now: Instant) -> Option<()> {
        let key = self.links.likenesses.remove(&(from, member))?;
        self.leave(key, now);
        Some(())
    }

    /// A layer of a likeness, and the clock of its member.
    fn likeness_layer(
        &mut self,
        from: PartId,
        publication: RelayedKey,
        layer: u8,
    ) -> Option<(&mut crate::sender_clock::SenderClock, &mut Layer)> {
        let key = *self.links.likenesses.get(&(from, publication.member))?;
        let member = self.member_mut(key)?;
        let sent = member.publications.get_mut(publication.publication)?;
        Some((&mut member.clock, sent.layers.get_mut(usize::from(layer))?))
    }

    /// Tells a publication's own part which of its layers are needed here, if that has changed.
    fn tell_wanted(&mut self, key: RelayedKey) {
        let Some(member) = self.member(key.member) else { return };
        let Place::Elsewhere { part, member: there } = member.place else { return };
        let Some(publication) = member.publications.get(key.publication) else { return };
        let origin = Origin { member: key.member, kind: publication.kind() };
        let feeds = publication.subscribers.iter().filter_map(|subscriber| {
            let viewer = self.member(subscriber.viewer)?;
            Some(viewer.slot(!publication.is_video(), subscriber.slot)?.feed)
        });
        let targets = feeds.flat_map(|feed| [feed.now(), feed.next()]).flatten();
        let ours = targets.filter(|target| target.origin == origin);
        let layers = ours
            .fold(0, |layers, target| layers | 1_u8.checked_shl(target.layer.into()).unwrap_or(0));
        let told =
            &mut self.member_mut(key.member).and_then(|m| m.publications.get_mut(key.publication));
        let Some(publication) = told else { return };
        if std::mem::replace(&mut publication.asked, layers) != layers {
            let publication = RelayedKey { member: there, ..key };
            // Before the wish for a keyframe of it, which only who gets pictures may have.
            self.links.out.push_front((part, Relayed::Wanted { publication, layers }));
        }
    }

    fn note_wanted(&mut self, from: PartId, key: RelayedKey, layers: u8) -> Option<()> {
        let member = self.member_mut(key.member).filter(|member| member.place == Place::Here)?;
        let publication = member.publications.get_mut(key.publication)?;
        publication.set_demand(from, layers);
        for layer in 0..publication.layers.len() {
            self.relay_clock(key.member, key.publication, layer);
        }
        Some(())
    }

    fn keyframe_for_part(
        &mut self,
        from: PartId,
        key: RelayedKey,
        layer: u8,
        now: Instant,
    ) -> Option<()> {
        let member = self.member(key.member).filter(|member| member.place == Place::Here)?;
        let publication = member.publications.get(key.publication)?;
        // Only who gets pictures may ask for one.
        publication.demands.iter().find(|demand| demand.part == from)?;
        let kind = publication.kind();
        self.timers.arm(Reason::Layers, now);
        self.want_keyframe(key.member, kind, layer, now);
        Some(())
    }

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

    fn take_burst(&mut self, from: PartId, burst: &RelayedBurst, now: Instant) -> Option<()> {
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
        let lost = layer.is_told(burst, audio);
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
    fn is_told(&mut self, burst: &RelayedBurst, audio: bool) -> bool {
        let here = LayerOrigin { stream: burst.stream, number: burst.number };
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

impl Member {
    /// What other parts are told of a member of this one, once it has sent something.
    fn to_relay(&self, key: MemberKey) -> Option<RelayedMember> {
        if self.place != Place::Here || !self.announced {
            return None;
        }
        let publications = self.publications.iter().map(|publication| RelayedPublication {
            line: publication.line.clone(),
            flowing: publication.flowing,
            layers: publication.told_layers.clone(),
        });
        Some(RelayedMember {
            key,
            participant: self.participant,
            role: self.role,
            recordable: self.recordable,
            publications: publications.collect(),
        })
    }
}
