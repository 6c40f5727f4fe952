//! Who is heard, in a room of one part or of several: the home part ranks all voices, and tells the
//! others which it chose.

use std::time::Instant;

use kreide_control::SourceKind;

use crate::member::{MemberKey, Site};
use crate::relay::{Chooser, PartId, Relayed, RelayedKey, RelayedVoice};

use super::RoomPart;
use super::timers::Reason;

impl RoomPart {
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

    pub(super) fn choice(&self) -> Vec<RelayedVoice> {
        let voice = |&(key, kind): &(MemberKey, SourceKind)| {
            let (part, member) = match self.member(key)?.site {
                Site::Here => (self.links.own, key),
                Site::Elsewhere { part, member } => (part, member),
            };
            Some(RelayedVoice { part, member, kind })
        };
        self.audio.chosen().iter().filter_map(voice).collect()
    }

    pub(super) fn take_choice(&mut self, from: PartId, voices: Vec<RelayedVoice>) -> Option<()> {
        match &mut self.links.chooser {
            Chooser::Elsewhere { home, chosen } if *home == from => *chosen = voices,
            Chooser::Elsewhere { .. } | Chooser::Here => return None,
        }
        self.apply_audio_choice_to_all();
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
