//! Who is heard, in a room of one part or of several: the home part ranks all voices, chooses for
//! each audience, and tells the others what it chose for theirs.

use std::time::Instant;

use kreide_control::{Audience, SourceKind};

use crate::member::{MemberKey, Site};
use crate::relay::{Chooser, PartId, Relayed, RelayedKey, RelayedVoice};
use crate::slot::Origin;

use super::RoomPart;
use super::timers::Reason;

impl RoomPart {
    /// The voices that are forwarded to an audience, as members of this part; nothing if the home
    /// part has not chosen for it yet.
    pub(super) fn voices(&self, audience: Audience) -> Option<Vec<Origin>> {
        let origin = |(member, kind)| Origin { member, kind };
        match &self.links.chooser {
            Chooser::Here => {
                Some(self.audio.chosen(audience).iter().copied().map(origin).collect())
            }
            Chooser::Elsewhere { chosen, .. } => {
                let voices = chosen.get(&audience)?.iter();
                Some(voices.filter_map(|voice| self.voice_here(voice)).map(origin).collect())
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
                let (place, favoured) = (member.place, member.is_favoured());
                if self.audio.heard((voice.member, kind), &place, favoured, below, now) {
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

    /// Applies, and tells other parts, what was chosen anew.
    pub(super) fn choice_changed(&mut self) {
        let changed = self.audio.take_changed();
        if changed.is_empty() {
            return;
        }
        self.apply_audio_choice_to(&changed);
        for audience in changed {
            for part in self.links.others.clone() {
                if self.links.audiences.get(&part).is_some_and(|them| them.contains(&audience)) {
                    self.tell_choice(part, audience);
                }
            }
        }
    }

    /// Tells another part which voices one of its audiences hears.
    pub(super) fn tell_choice(&mut self, part: PartId, audience: Audience) {
        let voice = |&(key, kind): &(MemberKey, SourceKind)| {
            let (part, member) = match self.member(key)?.site {
                Site::Here => (self.links.own, key),
                Site::Elsewhere { part, member } => (part, member),
            };
            Some(RelayedVoice { part, member, kind })
        };
        let voices = self.audio.chosen(audience).iter().filter_map(voice).collect();
        self.links.tell(part, Relayed::Chosen { audience, voices });
    }

    pub(super) fn take_choice(
        &mut self,
        from: PartId,
        audience: Audience,
        voices: Vec<RelayedVoice>,
    ) -> Option<()> {
        match &mut self.links.chooser {
            Chooser::Elsewhere { home, chosen } if *home == from => {
                // The last of an audience may have gone meanwhile.
                if self.audiences.contain(audience) {
                    chosen.insert(audience, voices);
                }
            }
            Chooser::Elsewhere { .. } | Chooser::Here => return None,
        }
        self.apply_audio_choice_to(&[audience]);
        Some(())
    }

    pub(super) fn hear(
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
}
