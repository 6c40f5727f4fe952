//! How loud one voice is, and how much that counts.

use std::time::{Duration, Instant};

use kreide_control::{Place, SourceKind};

use super::Voice;

/// Somebody who was heard, whether chosen or not.
#[derive(Debug)]
pub(super) struct Talker {
    pub(super) voice: Voice,
    /// Where.
    pub(super) place: Place,
    favour: f32,
    /// Smoothed loudness in dB above the quietest level that can be said (-127 dBov).
    pub(super) loudness: f32,
    /// The same while speaking, over minutes.
    habit: f32,
    loud_since: Option<Instant>,
    last_loud: Option<Instant>,
    last_packet: Instant,
}

impl Talker {
    pub(super) fn new(voice: Voice, place: Place, favoured: bool, now: Instant) -> Self {
        let favour = match (voice.1, favoured) {
            (SourceKind::ContentAudio, _) => 30.0,
            (_, true) => 10.0,
            _ => 0.0,
        };
        Self {
            voice,
            place,
            favour,
            loudness: 0.0,
            habit: USUAL_SPEECH,
            loud_since: None,
            last_loud: None,
            last_packet: now,
        }
    }

    /// Takes in a packet's level.
    pub(super) fn hear(&mut self, level: f32, now: Instant) {
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

    /// What this voice is worth beside others; 0 if it is silent.
    pub(super) fn score(&self, now: Instant) -> f32 {
        if now >= self.last_packet + SILENT_SOURCE {
            return 0.0;
        }
        let own_habit = ((self.habit - USUAL_SPEECH) / 2.0).clamp(-8.0, 8.0);
        let drones = self.favour == 0.0
            && self.loud_since.is_some_and(|since| now >= since + LONGEST_WITHOUT_PAUSE);
        let penalty = if drones { 30.0 } else { 0.0 };
        self.loudness - own_habit + self.favour - penalty
    }

    /// Whether others would say that this person speaks.
    pub(super) fn speaks(&self, now: Instant) -> bool {
        self.voice.1 == SourceKind::Microphone
            && self.last_loud.is_some_and(|at| now < at + SPEAKING_HOLD)
    }
}

/// -50 dBov: louder is speech, quieter is a room.
pub(super) const LOUD: f32 = 77.0;
/// -27 dBov, usual for speech after gain control.
const USUAL_SPEECH: f32 = 100.0;
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_WITHOUT_PAUSE: Duration = Duration::from_secs(10);
const SILENT_SOURCE: Duration = Duration::from_secs(2);
const SPEAKING_HOLD: Duration = Duration::from_millis(300);
