//! Who is where in the lesson: what changes when somebody moves.
//!
//! Invariant: once a place is taken in, nothing that it forbids is forwarded: slots are unmapped, and
//! what waits to be forwarded is forgotten. A place changes rarely, so that a packet need not ask.

use std::time::Instant;

use kreide_control::{Audience, Place};

use crate::member::{Listener, MemberKey, Site};
use crate::relay::{Chooser, PartId, Relayed};

use super::RoomPart;

impl RoomPart {
    /// Moves a member within the lesson, on the same slots. The recorder stays in the class.
    pub fn set_place(&mut self, key: MemberKey, place: Place, now: Instant) {
        let person = self.member_mut(key).filter(|member| member.listener == Listener::Person);
        let Some(member) = person else { return };
        let before = std::mem::replace(&mut member.place, place);
        if before == place {
            return;
        }
        self.links.note(key);
        let (from, to) = (before.audience(), place.audience());
        if from != to {
            // Each has its effect: one audience may end as another begins.
            let new = self.audiences.enter(to);
            if self.audiences.leave(from) || new {
                self.audiences_changed(now);
            }
        }
        self.moved(key, &before, now);
    }

    /// Applies a place that a member, or a likeness, was given.
    pub(super) fn moved(&mut self, key: MemberKey, before: &Place, now: Instant) {
        let Some(member) = self.member(key) else { return };
        let place = member.place;
        if is_received_otherwise(&place, before) {
            self.forget_waiting(key);
            self.allow_demands_of(key);
            if self.links.chooser == Chooser::Here {
                self.audio.moved(key, place, now);
                self.choice_changed();
            } else {
                self.apply_audio_choice_to_all();
            }
            self.apply_views_of(key, now);
            self.tell_recorder();
        }
        self.apply_audio_choice(key);
        self.apply_view(key, now);
    }

    /// Forgets what a member sent before it moved: it was not for those who receive it now.
    fn forget_waiting(&mut self, key: MemberKey) {
        self.bursts.forget(key);
        let publications = self.member_mut(key).map(|member| &mut member.publications);
        publications.into_iter().flatten().for_each(|publication| publication.drop_bursts());
    }

    /// An audience is new here, or nobody is left in one.
    pub(super) fn audiences_changed(&mut self, now: Instant) {
        let own = self.audiences.list();
        if let Chooser::Elsewhere { chosen, .. } = &mut self.links.chooser {
            chosen.retain(|audience, _| own.contains(audience));
        }
        self.links.tell_all(&Relayed::Audiences(own));
        self.choose_for_audiences(now);
    }

    /// What audiences another part has members in.
    pub(super) fn take_audiences(&mut self, from: PartId, audiences: Vec<Audience>, now: Instant) {
        let before = self.links.audiences.insert(from, audiences.clone()).unwrap_or_default();
        for key in self.keys() {
            self.allow_demands_of(key);
        }
        self.choose_for_audiences(now);
        if self.links.chooser == Chooser::Here {
            for audience in audiences.into_iter().filter(|audience| !before.contains(audience)) {
                self.tell_choice(from, audience);
            }
        }
    }

    /// At home, voices are chosen for the audiences of all parts.
    fn choose_for_audiences(&mut self, now: Instant) {
        if self.links.chooser != Chooser::Here {
            return;
        }
        let mut all = self.audiences.list();
        for audience in self.links.audiences.values().flatten() {
            if !all.contains(audience) {
                all.push(*audience);
            }
        }
        self.audio.set_audiences(&all, now);
        self.choice_changed();
    }

    /// Notes which parts may have what a member of this one sends.
    pub(super) fn allow_demands_of(&mut self, key: MemberKey) {
        let Self { members, links, .. } = self;
        let Some(member) = members.get_mut(key.0).and_then(Option::as_mut) else { return };
        let place = member.place;
        if member.site == Site::Here {
            for publication in &mut member.publications {
                publication.allow_demands(|part| links.receives(part, &place));
            }
        }
    }
}

/// Whether somebody receives a publisher here who did not there, or the other way round.
fn is_received_otherwise(here: &Place, there: &Place) -> bool {
    let sends = |place: &Place| (place.scope, place.everywhere, place.reach);
    sends(here) != sends(there)
}
