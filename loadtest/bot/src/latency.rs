//! Delays that all bots of a process measure together.
//!
//! Invariant: bounded memory, whatever arrives: a delay beyond a minute counts as a minute.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

/// What is measured together.
#[derive(Debug)]
pub struct Latencies(Mutex<Option<Measured>>);

/// The delays of one stretch of time, in microseconds.
#[derive(Clone, Debug)]
pub struct Measured {
    /// From capture to the whole picture, or the voice packet, after repair.
    pub delivery: Histogram<u64>,
    /// Of these, voices.
    pub voice: Histogram<u64>,
    /// Of these, pictures.
    pub picture: Histogram<u64>,
    /// Between two pictures of a slot.
    pub frame_gap: Histogram<u64>,
    /// By how much the bots' own timers were late: what is measured cannot be finer than this.
    pub lag: Histogram<u64>,
}

impl Latencies {
    /// Measures nothing until [`Self::take`] is called first.
    #[must_use]
    pub fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Returns what was measured since the last call, and goes on with empty values.
    pub fn take(&self) -> Measured {
        self.lock().replace(Measured::new()).unwrap_or_default()
    }

    pub(crate) fn voice(&self, delay: Duration) {
        self.record(delay, |measured| [&mut measured.delivery, &mut measured.voice]);
    }

    pub(crate) fn picture(&self, delay: Duration) {
        self.record(delay, |measured| [&mut measured.delivery, &mut measured.picture]);
    }

    pub(crate) fn frame_gap(&self, gap: Duration) {
        self.record(gap, |measured| [&mut measured.frame_gap]);
    }

    pub(crate) fn lag(&self, lag: Duration) {
        self.record(lag, |measured| [&mut measured.lag]);
    }

    fn record<const N: usize>(
        &self,
        value: Duration,
        into: impl Fn(&mut Measured) -> [&mut Histogram<u64>; N],
    ) {
        if let Some(measured) = &mut *self.lock() {
            for histogram in into(measured) {
                histogram.saturating_record(value.as_micros() as u64);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Measured>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}

impl Measured {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let empty =
            || Histogram::new_with_bounds(1, LONGEST_MICROS, 3).expect("the bounds are valid");
        Self {
            delivery: empty(),
            voice: empty(),
            picture: empty(),
            frame_gap: empty(),
            lag: empty(),
        }
    }

    /// Adds another stretch.
    pub fn add(&mut self, other: &Self) {
        for (into, from) in [
            (&mut self.delivery, &other.delivery),
            (&mut self.voice, &other.voice),
            (&mut self.picture, &other.picture),
            (&mut self.frame_gap, &other.frame_gap),
            (&mut self.lag, &other.lag),
        ] {
            into.add(from).expect("all have the same bounds");
        }
    }
}

impl Default for Measured {
    fn default() -> Self {
        Self::new()
    }
}

const LONGEST_MICROS: u64 = 60_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_measured_before_the_start_and_nothing_twice() {
        let latencies = Latencies::new();
        latencies.voice(Duration::from_millis(5));
        assert_eq!(latencies.take().delivery.len(), 0);
        latencies.voice(Duration::from_millis(5));
        latencies.picture(Duration::from_secs(3_600));
        let mut all = latencies.take();
        assert_eq!((all.voice.len(), all.picture.len()), (1, 1));
        assert_eq!((all.delivery.len(), all.delivery.min() / 100), (2, 50));
        assert!(all.delivery.max() >= LONGEST_MICROS);
        assert_eq!(latencies.take().delivery.len(), 0);
        all.add(&all.clone());
        assert_eq!((all.delivery.len(), all.voice.len(), all.picture.len()), (4, 2, 2));
    }
}
