//! What each bot received: a line for each, to set beside what a browser says of the same lesson.
//!
//! Invariant: names of fields are relied on by scripts; they only grow.

use anyhow::{Context, Result};
use kreide_bot::{Heard, Journal, SlotCounts};
use kreide_protocol::SourceRef;
use serde::Serialize;

use super::{Seen, rounded};

/// One bot. Rates are over the whole stretch that was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Each {
    /// Its group, and which of it.
    pub(crate) name: String,
    pub(crate) room: u32,
    /// Number in its lesson.
    pub(crate) number: u32,
    /// Payload of voices and of pictures, padding and headers left out, repetitions counted once.
    pub(crate) audio_kbit_per_s: f64,
    pub(crate) video_kbit_per_s: f64,
    /// Voices first; those that carried nothing are left out.
    pub(crate) slots: Vec<EachSlot>,
    /// Whom it heard and saw, and when; only of scenarios in which people do something.
    pub(crate) heard: Vec<EachStretch>,
}

/// Some time in which one thing of one person was received without a pause of half a second.
/// Times are in ms from the beginning of the measurement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct EachStretch {
    pub(crate) from: SourceRef,
    pub(crate) first_ms: f64,
    pub(crate) last_ms: f64,
    pub(crate) packets: u64,
}

/// The same in microseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stretch {
    from: SourceRef,
    first: u64,
    last: u64,
    packets: u64,
}

/// What a journal says of whom its bot received.
pub(crate) fn stretches(journal: &Journal) -> Vec<Stretch> {
    journal.read(|pages| joined(&pages.heard)).unwrap_or_default()
}

fn joined(heard: &[Heard]) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for Heard { from, arrived, .. } in heard.iter().copied() {
        let last = all.iter_mut().rev().find(|stretch| stretch.from == from);
        match last.filter(|stretch| arrived < stretch.last + PAUSE_US) {
            Some(stretch) => {
                stretch.last = stretch.last.max(arrived);
                stretch.packets += 1;
            }
            None => all.push(Stretch { from, first: arrived, last: arrived, packets: 1 }),
        }
    }
    all
}

/// One slot that carried something.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct EachSlot {
    pub(crate) audio: bool,
    /// What it was to show; null for voices, which the server chooses.
    pub(crate) wished: Option<SourceRef>,
    pub(crate) packets: u64,
    pub(crate) octets: u64,
    /// Voice packets, or whole pictures.
    pub(crate) frames: u64,
    pub(crate) keyframes: u64,
    pub(crate) freezes: u64,
}

impl Each {
    pub(crate) fn new(seen: &Seen, seconds: f64, began_unix_ms: f64) -> Self {
        let slots = &seen.counts.slots;
        let kbit_per_s = |audio: bool| {
            let of = slots.iter().filter(|slot| slot.audio == audio);
            let octets: u64 = of.map(|slot| slot.octets).sum();
            rounded(octets as f64 * 8.0 / 1e3 / seconds)
        };
        Self {
            name: seen.name.clone(),
            room: seen.room,
            number: seen.counts.number,
            audio_kbit_per_s: kbit_per_s(true),
            video_kbit_per_s: kbit_per_s(false),
            slots: slots.iter().filter(|slot| slot.received > 0).map(EachSlot::new).collect(),
            heard: {
                let since = |at: u64| rounded(at as f64 / 1e3 - began_unix_ms);
                let stretch = |stretch: &Stretch| EachStretch {
                    from: stretch.from,
                    first_ms: since(stretch.first),
                    last_ms: since(stretch.last),
                    packets: stretch.packets,
                };
                seen.heard.iter().map(stretch).collect()
            },
        }
    }
}

impl EachSlot {
    fn new(slot: &SlotCounts) -> Self {
        Self {
            audio: slot.audio,
            wished: slot.wished,
            packets: slot.received,
            octets: slot.octets,
            frames: slot.frames,
            keyframes: slot.keyframes,
            freezes: slot.freezes,
        }
    }
}

/// One JSON object on each line.
pub(crate) fn lines(all: &[Each]) -> Result<String> {
    let mut text = String::new();
    for each in all {
        text += &serde_json::to_string(each).context("what a bot received is no JSON")?;
        text.push('\n');
    }
    Ok(text)
}

const PAUSE_US: u64 = 500_000;

#[cfg(test)]
mod tests {
    use kreide_bot::Counts;
    use kreide_protocol::Kind;

    use super::*;

    #[test]
    fn a_pause_begins_a_new_stretch() {
        let heard = |participant, ms: u64| Heard {
            from: SourceRef { participant, kind: Kind::Microphone },
            connection: 0,
            slot: 0,
            number: ms,
            captured: ms * 1_000,
            arrived: ms * 1_000,
        };
        let all = joined(&[heard(1, 0), heard(2, 10), heard(1, 20), heard(1, 600), heard(2, 500)]);
        let found: Vec<(u32, u64, u64)> =
            all.iter().map(|s| (s.from.participant, s.first / 1_000, s.packets)).collect();
        assert_eq!(found, [(1, 0, 2), (2, 10, 2), (1, 600, 1)]);
    }

    #[test]
    fn voices_and_pictures_are_added_up_apart() {
        let slot =
            |audio, octets| SlotCounts { audio, octets, received: octets, ..SlotCounts::default() };
        let slots =
            vec![slot(true, 4_000), slot(true, 0), slot(false, 100_000), slot(false, 25_000)];
        let counts = Counts { number: 3, slots, ..Counts::default() };
        let each =
            Each::new(&Seen { name: "pupil 1".to_owned(), counts, ..Seen::default() }, 10.0, 0.0);
        assert_eq!((each.audio_kbit_per_s, each.video_kbit_per_s), (3.2, 100.0));
        assert_eq!(each.slots.len(), 3, "the empty one says nothing");
        let text = lines(&[each.clone(), each]).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.starts_with(r#"{"name":"pupil 1","room":0,"number":3,"#), "{text}");
    }
}
