//! How often somebody may do something.
//!
//! Invariant: what is remembered is bounded; time is an argument.
//! Left out on purpose: who is counted and what a refusal looks like.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// A token bucket: `burst` at once, `per_second` for long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    level: f64,
    at: Instant,
}

/// Size and refill of a [`Bucket`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) burst: f64,
    pub(crate) per_second: f64,
}

impl Bucket {
    pub(crate) fn full(rate: Rate, now: Instant) -> Self {
        Self { level: rate.burst, at: now }
    }

    /// Takes one, if there is one.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) -> bool {
        self.refill(rate, now);
        let enough = self.level >= 1.0;
        if enough {
            self.level -= 1.0;
        }
        enough
    }

    fn refill(&mut self, rate: Rate, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.level = (self.level + passed * rate.per_second).min(rate.burst);
        self.at = now;
    }
}

/// Counts failures by key. A key without recent failures takes no space.
#[derive(Debug)]
pub(crate) struct Failures<K> {
    rate: Rate,
    keys: HashMap<K, Bucket>,
}

/// Keys that are remembered. Beyond, all who fail share the fate of the fullest table: nobody new
/// is counted, which an attacker gains nothing by, since 128 bits cannot be guessed either way.
const MAX_KEYS: usize = 100_000;

impl<K: Eq + Hash> Failures<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, keys: HashMap::new() }
    }

    /// Whether this key may try.
    pub(crate) fn may_try(&mut self, key: &K, now: Instant) -> bool {
        let rate = self.rate;
        self.keys.get_mut(key).is_none_or(|bucket| {
            bucket.refill(rate, now);
            bucket.level >= 1.0
        })
    }

    /// Counts a failure.
    pub(crate) fn failed(&mut self, key: K, now: Instant) {
        let rate = self.rate;
        if self.keys.len() >= MAX_KEYS {
            let recovers = Duration::from_secs_f64(rate.burst / rate.per_second);
            self.keys.retain(|_, bucket| now.saturating_duration_since(bucket.at) < recovers);
        }
        if self.keys.len() < MAX_KEYS || self.keys.contains_key(&key) {
            self.keys.entry(key).or_insert_with(|| Bucket::full(rate, now)).take(rate, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3.0, per_second: 2.0 };

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::full(RATE, start);
        let at = |ms| start + Duration::from_millis(ms);
        let rows = [
            (0, true),
            (0, true),
            (0, true),
            (0, false),
            (400, false),
            (500, true),
            (500, false),
            (60_000, true),
            (60_000, true),
            (60_000, true),
            (60_000, false),
        ];
        for (row, (ms, expected)) in rows.into_iter().enumerate() {
            assert_eq!(bucket.take(RATE, at(ms)), expected, "row {row}");
        }
    }

    #[test]
    fn only_failures_count_and_only_for_their_key() {
        let start = Instant::now();
        let mut failures = Failures::new(RATE);
        for _ in 0..3 {
            assert!(failures.may_try(&"one", start));
            failures.failed("one", start);
        }
        assert!(!failures.may_try(&"one", start));
        assert!(failures.may_try(&"two", start));
        assert!(failures.may_try(&"one", start + Duration::from_secs(1)));
    }
}
