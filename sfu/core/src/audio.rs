//! Who is heard: the loudest few by the audio-level extension (RFC 6464), decided once for all.
//!
//! A place is taken when one is free, or from the weakest by somebody clearly and lastingly
//! louder. Teacher, interpreter and content sound are favoured. Loudness is compared after half
//! of each source's own habit is taken off, so that a quiet microphone has a chance; whoever is
//! loud for ten seconds without a pause yields, so that a vacuum cleaner does not keep a place.

use std::time::{Duration, Instant};

use kreide_control::SourceKind;

use crate::MemberKey;

/// How many sources are heard at once, the viewer's own included.
pub(crate) const PLACES: usize = 3;

/// Whose microphone or content sound.
pub(crate) type Voice = (MemberKey, SourceKind);

#[derive(Debug, Default)]
pub(crate) struct AudioChoice {
    talkers: Vec<Talker>,
    chosen: Vec<Voice>,
}

#[derive(Debug)]
struct Talker {
    voice: Voice,
    favour: f32,
    /// Smoothed loudness in dB above the quietest level that can be said (-127 dBov).
    loudness: f32,
    /// The same while speaking, over minutes.
    habit: f32,
    packets_above_weakest: u8,
    loud_since: Option<Instant>,
    last_loud: Option<Instant>,
    last_packet: Instant,
}

impl AudioChoice {
    /// The sources that are forwarded.
    pub(crate) fn chosen(&self) -> &[Voice] {
        &self.chosen
    }

    /// Notes a packet's level in dB below full scale. Returns whether the choice changed.
    pub(crate) fn heard(&mut self, voice: Voice, favoured: bool, below: u8, now: Instant) -> bool {
        let index = self.index_of(voice, favoured, now);
        self.talkers[index].hear(127.0 - f32::from(below.min(127)), now);
        if self.chosen.contains(&voice) {
            return false;
        }
        if self.chosen.len() < PLACES {
            self.chosen.push(voice);
            return true;
        }
        self.challenge(index, now)
    }

    /// Forgets a source that ended. Returns whether the choice changed.
    pub(crate) fn remove(&mut self, voice: Voice) -> bool {
        self.talkers.retain(|talker| talker.voice != voice);
        let before = self.chosen.len();
        self.chosen.retain(|chosen| *chosen != voice);
        before != self.chosen.len()
    }

    /// The members that can be heard speaking, loudest first.
    pub(crate) fn speaking(&self, now: Instant) -> Vec<MemberKey> {
        let mut speaking: Vec<&Talker> = self
            .talkers
            .iter()
            .filter(|t| self.chosen.contains(&t.voice) && t.voice.1 == SourceKind::Microphone)
            .filter(|t| t.last_loud.is_some_and(|at| now < at + SPEAKING_HOLD))
            .collect();
        speaking.sort_by(|a, b| b.loudness.total_cmp(&a.loudness));
        speaking.into_iter().map(|talker| talker.voice.0).collect()
    }

    fn index_of(&mut self, voice: Voice, favoured: bool, now: Instant) -> usize {
        if let Some(index) = self.talkers.iter().position(|talker| talker.voice == voice) {
            return index;
        }
        let favour = match (voice.1, favoured) {
            (SourceKind::ContentAudio, _) => 30.0,
            (_, true) => 10.0,
            _ => 0.0,
        };
        self.talkers.push(Talker {
            voice,
            favour,
            loudness: 0.0,
            habit: USUAL_SPEECH,
            packets_above_weakest: 0,
            loud_since: None,
            last_loud: None,
            last_packet: now,
        });
        self.talkers.len() - 1
    }

    /// Lets a talker without a place try to take the weakest one's.
    fn challenge(&mut self, index: usize, now: Instant) -> bool {
        let score_of = |voice: &Voice| {
            self.talkers.iter().find(|t| t.voice == *voice).map_or(f32::MIN, |t| t.score(now))
        };
        let weakest = (0..self.chosen.len())
            .map(|place| (place, score_of(&self.chosen[place])))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let Some((place, weakest_score)) = weakest else { return false };
        let challenger = &mut self.talkers[index];
        let wins = (challenger.loudness > LOUD || weakest_score <= 0.0)
            && challenger.score(now) > weakest_score + HYSTERESIS;
        challenger.packets_above_weakest =
            if wins { challenger.packets_above_weakest + 1 } else { 0 };
        if challenger.packets_above_weakest < PACKETS_TO_WIN {
            return false;
        }
        challenger.packets_above_weakest = 0;
        self.chosen[place] = challenger.voice;
        true
    }
}

impl Talker {
    fn hear(&mut self, level: f32, now: Instant) {
        let pace = if level > self.loudness { 0.4 } else { 0.08 };
        self.loudness += (level - self.loudness) * pace;
        self.last_packet = now;
        if level <= LOUD {
            if self.last_loud.is_none_or(|at| now >= at + PAUSE) {
                self.loud_since = None;
            }
            return;
        }
        self.habit += (level - self.habit) * 0.002;
        self.last_loud = Some(now);
        self.loud_since.get_or_insert(now);
    }

    fn score(&self, now: Instant) -> f32 {
        if now >= self.last_packet + SILENT_SOURCE {
            return 0.0;
        }
        let own_habit = ((self.habit - USUAL_SPEECH) / 2.0).clamp(-8.0, 8.0);
        let drones = self.favour == 0.0
            && self.loud_since.is_some_and(|since| now >= since + LONGEST_WITHOUT_PAUSE);
        let penalty = if drones { 30.0 } else { 0.0 };
        self.loudness - own_habit + self.favour - penalty
    }
}

/// -50 dBov: louder is speech, quieter is a room.
const LOUD: f32 = 77.0;
/// -27 dBov, usual for speech after gain control.
const USUAL_SPEECH: f32 = 100.0;
const HYSTERESIS: f32 = 6.0;
const PACKETS_TO_WIN: u8 = 4;
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_WITHOUT_PAUSE: Duration = Duration::from_secs(10);
const SILENT_SOURCE: Duration = Duration::from_secs(2);
const SPEAKING_HOLD: Duration = Duration::from_millis(300);

#[cfg(test)]
mod tests {
    use super::*;
    use kreide_sfu_testkit::t0;

    const SPEECH: u8 = 27;
    const QUIET: u8 = 70;

    /// Plays 20 ms packets of everybody at the given levels; returns the choice's changes.
    fn play(
        choice: &mut AudioChoice,
        now: &mut Instant,
        levels: &[(usize, u8)],
        seconds: f32,
    ) -> usize {
        let mut changes = 0;
        for _ in 0..(seconds * 50.0) as usize {
            *now += Duration::from_millis(20);
            for &(who, level) in levels {
                changes += usize::from(choice.heard(mic(who), who == TEACHER, level, *now));
            }
        }
        changes
    }

    const TEACHER: usize = 9;

    fn mic(who: usize) -> Voice {
        (MemberKey(who), SourceKind::Microphone)
    }

    fn heard(choice: &AudioChoice, who: usize) -> bool {
        choice.chosen().contains(&mic(who))
    }

    #[test]
    fn free_places_are_taken_at_once() {
        let (mut choice, mut now) = (AudioChoice::default(), t0());
        assert_eq!(play(&mut choice, &mut now, &[(1, QUIET), (2, QUIET), (3, QUIET)], 0.02), 3);
        assert!(choice.speaking(now).is_empty());
    }

    #[test]
    fn a_speaker_takes_the_place_of_a_silent_one_within_200_ms() {
        let (mut choice, mut now) = (AudioChoice::default(), t0());
        play(&mut choice, &mut now, &[(1, QUIET), (2, SPEECH), (3, SPEECH)], 1.0);
        play(&mut choice, &mut now, &[(1, QUIET), (2, SPEECH), (3, SPEECH), (4, SPEECH)], 0.2);
        assert!(heard(&choice, 4) && !heard(&choice, 1));
    }

    #[test]
    fn a_place_held_by_nobody_is_free_for_a_whisper() {
        let (mut choice, mut now) = (AudioChoice::default(), t0());
        play(&mut choice, &mut now, &[(1, QUIET), (2, QUIET), (3, QUIET)], 0.5);
        play(&mut choice, &mut now, &[(4, QUIET)], 1.0);
        assert!(!heard(&choice, 4), "the others may be back in a moment");
        play(&mut choice, &mut now, &[(4, QUIET)], 1.5);
        assert!(heard(&choice, 4));
    }

    #[test]
    fn equals_do_not_chase_each_other() {
        let (mut choice, mut now) = (AudioChoice::default(), t0());
        let all: Vec<_> = (1..=6).map(|who| (who, SPEECH)).collect();
        assert_eq!(play(&mut choice, &mut now, &all, 9.0), PLACES);
    }

    #[test]
    fn whoever_drones_yields_but_the_teacher_does_not() {
        let (mut choice, mut now) = (AudioChoice::default(), t0());
        let early = [(1, SPEECH), (2, SPEECH), (TEACHER, SPEECH)];
        play(&mut choice, &mut now, &early, 10.5);
        let with_late = [(1, SPEECH), (2, SPEECH), (TEACHER, SPEECH), (3, SPEECH)];
        play(&mut choice, &mut now, &with_late, 0.3);
        assert!(heard(&choice, 3) && heard(&choice, TEACHER));
    }

    #[test]
    fn an_ended_source_frees_its_place() {
        let (mut choice, mut now) = (AudioChoice::default(), t0());
        play(&mut choice, &mut now, &[(1, SPEECH), (2, SPEECH)], 0.5);
        assert_eq!(choice.speaking(now).len(), 2);
        assert!(choice.remove(mic(1)) && !choice.remove(mic(1)));
        assert_eq!(choice.speaking(now), [MemberKey(2)]);
    }
}
