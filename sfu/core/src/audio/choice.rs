//! The voices that one audience hears.

use std::time::Instant;

use kreide_control::Audience;

use super::talker::{LOUD, Talker};
use super::{PLACES, Voice};

/// Who is heard by one audience. Holds nobody whom it may not receive.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) audience: Audience,
    pub(super) chosen: Vec<Voice>,
    /// Those who are louder than the weakest of them, and for how many packets.
    challengers: Vec<(Voice, u8)>,
    /// Somebody else is heard than when it was last looked at.
    pub(super) changed: bool,
}

impl Choice {
    /// The choice of a new audience: those who are heard by `kin`, as far as it may receive them,
    /// then the loudest.
    pub(super) fn new(
        audience: Audience,
        kin: Option<&Self>,
        talkers: &[Talker],
        now: Instant,
    ) -> Self {
        let chosen = kin.map(|kin| kin.chosen.clone()).unwrap_or_default();
        let mut choice = Self { audience, chosen, challengers: Vec::new(), changed: true };
        choice.reconsider(talkers, now);
        choice
    }

    /// Lets a voice that was just heard have a place if one is free or may be taken. Returns
    /// whether the choice changed.
    pub(super) fn offer(&mut self, talker: &Talker, talkers: &[Talker], now: Instant) -> bool {
        if !self.audience.receives(&talker.place) || self.chosen.contains(&talker.voice) {
            return false;
        }
        if self.chosen.len() < PLACES {
            self.chosen.push(talker.voice);
            self.changed = true;
            return true;
        }
        self.challenge(talker, talkers, now)
    }

    /// Lets a talker without a place try to take the weakest one's.
    fn challenge(&mut self, challenger: &Talker, talkers: &[Talker], now: Instant) -> bool {
        let score_of = |voice: &Voice| {
            talkers.iter().find(|t| t.voice == *voice).map_or(f32::MIN, |t| t.score(now))
        };
        let weakest = (0..self.chosen.len())
            .map(|place| (place, score_of(&self.chosen[place])))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let Some((place, weakest_score)) = weakest else { return false };
        let wins = (challenger.loudness > LOUD || weakest_score <= 0.0)
            && challenger.score(now) > weakest_score + HYSTERESIS;
        let known = self.challengers.iter().position(|(voice, _)| *voice == challenger.voice);
        let packets = match (wins, known) {
            (true, Some(known)) => {
                self.challengers[known].1 += 1;
                self.challengers[known].1
            }
            (true, None) => {
                self.challengers.push((challenger.voice, 1));
                1
            }
            (false, known) => {
                known.map(|known| self.challengers.swap_remove(known));
                return false;
            }
        };
        if packets < PACKETS_TO_WIN {
            return false;
        }
        self.challengers.retain(|(voice, _)| *voice != challenger.voice);
        self.chosen[place] = challenger.voice;
        self.changed = true;
        true
    }

    /// Forgets a source. Returns whether the choice changed.
    pub(super) fn remove(&mut self, voice: Voice) -> bool {
        let before = self.chosen.len();
        self.challengers.retain(|(challenger, _)| *challenger != voice);
        self.chosen.retain(|chosen| *chosen != voice);
        let removed = before != self.chosen.len();
        self.changed |= removed;
        removed
    }

    /// Somebody is elsewhere now: whoever may not be received any more is not heard, and free
    /// places are taken by the loudest at once, so that those who move together hear each other
    /// without a pause.
    pub(super) fn reconsider(&mut self, talkers: &[Talker], now: Instant) {
        let audience = self.audience;
        let receives = |voice: &Voice| {
            talkers.iter().any(|t| t.voice == *voice && audience.receives(&t.place))
        };
        let before = self.chosen.len();
        self.chosen.retain(receives);
        self.challengers.retain(|(voice, _)| receives(voice));
        self.changed |= before != self.chosen.len();
        while self.chosen.len() < PLACES {
            let loudest = talkers
                .iter()
                .filter(|t| audience.receives(&t.place) && !self.chosen.contains(&t.voice))
                .map(|t| (t.voice, t.score(now)))
                .filter(|(_, score)| *score > 0.0)
                .max_by(|a, b| a.1.total_cmp(&b.1));
            let Some((voice, _)) = loudest else { return };
            self.chosen.push(voice);
            self.changed = true;
        }
    }
}

const HYSTERESIS: f32 = 6.0;
const PACKETS_TO_WIN: u8 = 4;
