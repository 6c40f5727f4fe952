//! A room in several parts: what each tells the others of its members, and what it wants of theirs.

use std::collections::HashMap;
use std::time::Instant;

use crate::member::{Listener, Member, MemberConfig, MemberKey, Site};
use crate::publication::Layer;
use crate::relay::{Chooser, PartId, Relayed, RelayedKey, RelayedMember, RelayedPublication};
use crate::slot::Origin;

use super::RoomPart;
use super::timers::Reason;

impl RoomPart {
    /// Makes this part one of several; `home` chooses the voices for all. What flows before goes
    /// on. Calling it again adds parts; none is ever taken away.
    pub fn link(&mut self, own: PartId, home: PartId, others: &[PartId]) {
        self.links.own = own;
        if home != own && self.links.chooser == Chooser::Here {
            self.links.chooser = Chooser::Elsewhere { home, chosen: HashMap::new() };
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
            Relayed::Audiences(audiences) => {
                self.take_audiences(from, audiences, now);
                Some(())
            }
            Relayed::Chosen { audience, voices } => self.take_choice(from, audience, voices),
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

    fn tell_everything(&mut self, part: PartId) {
        for key in self.keys() {
            if let Some(member) = self.member(key).and_then(|member| member.to_relay(key)) {
                self.links.tell(part, Relayed::Member(member));
            }
        }
        self.links.tell(part, Relayed::Audiences(self.audiences.list()));
        if self.links.chooser == Chooser::Here {
            for audience in self.links.audiences.get(&part).cloned().unwrap_or_default() {
                self.tell_choice(part, audience);
            }
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
        let before = std::mem::replace(&mut member.place, told.place);
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
        if before != told.place {
            self.moved(key, &before, now);
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
            place: told.place,
            publish: publish.collect(),
            slots: Vec::new(),
        };
        let site = Site::Elsewhere { part: from, member: told.key };
        let key = self.enter(config, site, now);
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
        let Site::Elsewhere { part, member: there } = member.site else { return };
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
        let Some(member) = self.member_mut(key.member) else { return };
        let publication = &mut member.publications[key.publication];
        if std::mem::replace(&mut publication.asked, layers) != layers {
            let publication = RelayedKey { member: there, ..key };
            // Before the wish for a keyframe of it, which only who gets pictures may have.
            self.links.out.push_front((part, Relayed::Wanted { publication, layers }));
        }
    }

    fn note_wanted(&mut self, from: PartId, key: RelayedKey, layers: u8) -> Option<()> {
        let member = self.member(key.member).filter(|member| member.site == Site::Here)?;
        let allowed = self.links.receives(from, &member.place);
        let member = self.member_mut(key.member)?;
        let publication = member.publications.get_mut(key.publication)?;
        publication.set_demand(from, layers, allowed);
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
        let member = self.member(key.member).filter(|member| member.site == Site::Here)?;
        let publication = member.publications.get(key.publication)?;
        // Only who gets pictures may ask for one.
        publication.demands.iter().find(|demand| demand.part == from)?;
        let kind = publication.kind();
        self.timers.arm(Reason::Layers, now);
        self.want_keyframe(key.member, kind, layer, now);
        Some(())
    }
}

impl Member {
    /// What other parts are told of a member of this one, once it has sent something.
    fn to_relay(&self, key: MemberKey) -> Option<RelayedMember> {
        if self.site != Site::Here || !self.announced {
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
            place: self.place,
            publications: publications.collect(),
        })
    }
}
