//! Who is heard: the loudest few by the audio-level extension (RFC 6464), decided once for each
//! audience among those whom it may receive.
//!
//! A place is taken when one is free, or from the weakest by somebody clearly and lastingly
//! louder. Teacher, interpreter and content sound are favoured. Loudness is compared after half
//! of each source's own habit is taken off, so that a quiet microphone has a chance; whoever is
//! loud for ten seconds without a pause yields, so that a vacuum cleaner does not keep a place.
//! How loud somebody is, is measured once; an audience costs a packet a comparison or two.

mod choice;
mod talker;
#[cfg(test)]
mod tests;

use std::time::Instant;

use kreide_control::{Audience, Place, SourceKind};

use crate::MemberKey;
use choice::Choice;
use talker::Talker;

/// How many sources are heard at once, the viewer's own included.
pub(crate) const PLACES: usize = 3;

/// Whose microphone or content sound.
pub(crate) type Voice = (MemberKey, SourceKind);

#[derive(Debug, Default)]
pub(crate) struct AudioChoice {
    talkers: Vec<Talker>,
    choices: Vec<Choice>,
}

impl AudioChoice {
    /// The audiences for which is chosen.
    pub(crate) fn audiences(&self) -> impl Iterator<Item = Audience> {
        self.choices.iter().map(|choice| choice.audience)
    }

    /// The sources that are forwarded to an audience.
    pub(crate) fn chosen(&self, audience: Audience) -> &[Voice] {
        self.choice(audience).map_or(&[], |choice| &choice.chosen)
    }

    /// The members that an audience can hear speaking, loudest first.
    pub(crate) fn speaking(&self, audience: Audience, now: Instant) -> Vec<MemberKey> {
        let chosen = self.chosen(audience);
        let mut speaking: Vec<&Talker> =
            self.talkers.iter().filter(|t| t.speaks(now) && chosen.contains(&t.voice)).collect();
        speaking.sort_by(|a, b| b.loudness.total_cmp(&a.loudness));
        speaking.into_iter().map(|talker| talker.voice.0).collect()
    }

    /// Notes a packet's level in dB below full scale. Returns whether a choice changed.
    pub(crate) fn heard(
        &mut self,
        voice: Voice,
        place: &Place,
        favoured: bool,
        below: u8,
        now: Instant,
    ) -> bool {
        let index = match self.talkers.iter().position(|talker| talker.voice == voice) {
            Some(index) => index,
            None => {
                self.talkers.push(Talker::new(voice, *place, favoured, now));
                self.talkers.len() - 1
            }
        };
        self.talkers[index].hear(127.0 - f32::from(below.min(127)), now);
        let talker = &self.talkers[index];
        let mut changed = false;
        for choice in &mut self.choices {
            changed |= choice.offer(talker, &self.talkers, now);
        }
        changed
    }

    /// Forgets a source that ended. Returns whether a choice changed.
    pub(crate) fn remove(&mut self, voice: Voice) -> bool {
        self.talkers.retain(|talker| talker.voice != voice);
        let mut changed = false;
        for choice in &mut self.choices {
            changed |= choice.remove(voice);
        }
        changed
    }

    /// A member is elsewhere: chooses anew where that makes a difference.
    pub(crate) fn moved(&mut self, member: MemberKey, place: Place, now: Instant) {
        let mut before = None;
        for talker in self.talkers.iter_mut().filter(|talker| talker.voice.0 == member) {
            before = Some(std::mem::replace(&mut talker.place, place));
        }
        // Who has said nothing yet is in no choice.
        let Some(before) = before else { return };
        for choice in &mut self.choices {
            if choice.audience.receives(&before) != choice.audience.receives(&place) {
                choice.reconsider(&self.talkers, now);
            }
        }
    }

    /// Chooses for these audiences and no others from now on.
    pub(crate) fn set_audiences(&mut self, audiences: &[Audience], now: Instant) {
        self.choices.retain(|choice| audiences.contains(&choice.audience));
        for audience in audiences {
            if self.choice(*audience).is_none() {
                let kin = self.kin(*audience);
                self.choices.push(Choice::new(*audience, kin, &self.talkers, now));
            }
        }
    }

    /// The audiences whose choice changed since the last call.
    pub(crate) fn take_changed(&mut self) -> Vec<Audience> {
        let changed = self.choices.iter_mut().filter(|choice| choice.changed);
        changed
            .map(|choice| {
                choice.changed = false;
                choice.audience
            })
            .collect()
    }

    fn choice(&self, audience: Audience) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.audience == audience)
    }

    /// The audience that differs the least, so that both hear the same.
    fn kin(&self, audience: Audience) -> Option<&Choice> {
        let same_scope = |choice: &&Choice| choice.audience.scope == audience.scope;
        let listens_alike = |choice: &&Choice| choice.audience.listens == audience.listens;
        let mut kin = self.choices.iter().filter(same_scope);
        kin.clone().find(listens_alike).or_else(|| kin.next())
    }
}
