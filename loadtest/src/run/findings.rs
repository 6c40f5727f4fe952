//! What came of the deeds: how long each took, and what was not as it must be.
//!
//! Invariant: a fault is a sentence with names in it; after [`MOST`] of them they are only counted.

use std::collections::BTreeMap;
use std::time::Duration;

/// Times by their marks, and faults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) marks: BTreeMap<String, Vec<Duration>>,
    pub(crate) faults: Vec<String>,
    /// Faults beyond those that are named.
    pub(crate) more: u64,
    /// Longest silence in a line with a voice that had to go on.
    pub(crate) longest_gap: Duration,
}

impl Findings {
    pub(crate) fn mark(&mut self, mark: Option<&str>, took: Duration) {
        if let Some(mark) = mark {
            self.marks.entry(mark.to_owned()).or_default().push(took);
        }
    }

    pub(crate) fn fault(&mut self, fault: String) {
        if self.faults.len() < MOST {
            self.faults.push(fault);
        } else {
            self.more += 1;
        }
    }

    /// The faults, and how many more there were.
    pub(crate) fn named(&self) -> Vec<String> {
        let more = (self.more > 0).then(|| format!("and {} more", self.more));
        self.faults.iter().cloned().chain(more).collect()
    }
}

const MOST: usize = 20;
