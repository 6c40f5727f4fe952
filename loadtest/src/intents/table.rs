//! When each intent was sent, answered, and known to the last of all readers.
//!
//! Invariant: written by many tasks at once, read after all have ended.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(super) struct Table {
    /// By the sender's number.
    rows: BTreeMap<u32, Vec<Entry>>,
}

/// Times in microseconds since 1970 UTC; 0: not yet.
#[derive(Default)]
struct Entry {
    sent: AtomicU64,
    answered: AtomicU64,
    last: AtomicU64,
    readers: AtomicU64,
}

impl Table {
    pub(super) fn new(people: impl Iterator<Item = u32>, share: u32) -> Self {
        let row = || (0..share).map(|_| Entry::default()).collect();
        Self { rows: people.map(|no| (no, row())).collect() }
    }

    /// How many read and say.
    pub(super) fn people(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn knows(&self, who: u32) -> bool {
        self.rows.contains_key(&who)
    }

    pub(super) fn sent(&self, who: u32, intent: u32, at: u64) {
        if let Some(entry) = self.entry(who, intent) {
            entry.sent.store(at, Ordering::Relaxed);
        }
    }

    pub(super) fn answered(&self, who: u32, intent: u32, at: u64) {
        if let Some(entry) = self.entry(who, intent) {
            entry.answered.store(at, Ordering::Relaxed);
        }
    }

    /// A reader was told of it.
    pub(super) fn told(&self, who: u32, intent: u32, at: u64) {
        if let Some(entry) = self.entry(who, intent) {
            entry.last.fetch_max(at, Ordering::Relaxed);
            entry.readers.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Events that arrived, all readers together.
    pub(super) fn events(&self) -> u64 {
        self.entries().map(|entry| entry.readers.load(Ordering::Relaxed)).sum()
    }

    /// From sending to `ok`, and to the last reader.
    pub(super) fn times(&self) -> (impl Iterator<Item = Duration>, impl Iterator<Item = Duration>) {
        let since = |entry: &Entry, at: &AtomicU64| {
            let sent = entry.sent.load(Ordering::Relaxed);
            Duration::from_micros(at.load(Ordering::Relaxed).saturating_sub(sent))
        };
        (
            self.entries().map(move |entry| since(entry, &entry.answered)),
            self.entries().map(move |entry| since(entry, &entry.last)),
        )
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.rows.values().flatten()
    }

    fn entry(&self, who: u32, intent: u32) -> Option<&Entry> {
        self.rows.get(&who)?.get(intent as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_reader_counts() {
        let table = Table::new([3, 5].into_iter(), 1);
        table.sent(3, 0, 100);
        table.answered(3, 0, 150);
        for at in [190, 300, 200] {
            table.told(3, 0, at);
        }
        table.told(9, 0, 900);
        assert_eq!((table.people(), table.knows(9), table.events()), (2, false, 3));
        let (ok, last) = table.times();
        assert_eq!(ok.map(|time| time.as_micros()).collect::<Vec<_>>(), [50, 0]);
        assert_eq!(last.map(|time| time.as_micros()).collect::<Vec<_>>(), [200, 0]);
    }
}
