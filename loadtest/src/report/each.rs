//! What each bot received: a line for each, to set beside what a browser says of the same lesson.
//!
//! Invariant: names of fields are relied on by scripts; they only grow.

use anyhow::{Context, Result};
use kreide_bot::SlotCounts;
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
    pub(crate) fn new(seen: &Seen, seconds: f64) -> Self {
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

#[cfg(test)]
mod tests {
    use kreide_bot::Counts;

    use super::*;

    #[test]
    fn voices_and_pictures_are_added_up_apart() {
        let slot =
            |audio, octets| SlotCounts { audio, octets, received: octets, ..SlotCounts::default() };
        let slots =
            vec![slot(true, 4_000), slot(true, 0), slot(false, 100_000), slot(false, 25_000)];
        let counts = Counts { number: 3, slots, ..Counts::default() };
        let each = Each::new(&Seen { name: "pupil 1".to_owned(), counts, ..Seen::default() }, 10.0);
        assert_eq!((each.audio_kbit_per_s, each.video_kbit_per_s), (3.2, 100.0));
        assert_eq!(each.slots.len(), 3, "the empty one says nothing");
        let text = lines(&[each.clone(), each]).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.starts_with(r#"{"name":"pupil 1","room":0,"number":3,"#), "{text}");
    }
}
