//! Puts the packets of one line back into the order of their numbers.
//!
//! Invariant: what comes out has rising numbers, and never more than `most` packets are held.
//! Left out on purpose: time. Whoever takes the packets decides how long a missing one is waited
//! for.

use std::collections::BTreeMap;

use kreide_media::seq::Unwrapper;

#[derive(Debug)]
pub(crate) struct Reorder<T> {
    numbers: Unwrapper,
    /// The number that comes out next; none before the first.
    next: Option<u64>,
    held: BTreeMap<u64, T>,
    most: usize,
}

/// What became of a packet that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It is held, or was already.
    Held,
    /// Its turn is over.
    Late,
    /// No place: it is as if it had been lost on the way.
    Full,
    /// It is held, as the first of a stream that began anew; this many were forgotten.
    Anew(usize),
}

/// The packet whose turn is next.
#[derive(Debug)]
pub(crate) struct Next<'a, T> {
    pub(crate) item: &'a T,
    /// How many before it have not come; unknown for a line's first.
    pub(crate) missing: Option<u64>,
}

impl<T> Reorder<T> {
    pub(crate) fn new(most: usize) -> Self {
        Self { numbers: Unwrapper::default(), next: None, held: BTreeMap::new(), most }
    }

    pub(crate) fn insert(&mut self, sequence: u16, item: T) -> Entry {
        let number = self.numbers.peek(sequence);
        let jump = self.numbers.highest().map_or(0, |highest| highest.abs_diff(number));
        if jump > LONGEST_JUMP {
            let forgotten = self.held.len();
            *self = Self::new(self.most);
            self.held.insert(self.numbers.extend(sequence), item);
            return Entry::Anew(forgotten);
        }
        self.numbers.extend(sequence);
        if self.next.is_some_and(|next| number < next) {
            return Entry::Late;
        }
        if self.held.len() >= self.most {
            return Entry::Full;
        }
        self.held.entry(number).or_insert(item);
        Entry::Held
    }

    pub(crate) fn next(&self) -> Option<Next<'_, T>> {
        let (number, item) = self.held.first_key_value()?;
        Some(Next { item, missing: self.next.map(|next| number - next) })
    }

    /// Takes the packet that [`Self::next`] shows. The missing ones before it are given up.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let (number, item) = self.held.pop_first()?;
        self.next = Some(number + 1);
        Some(item)
    }

    /// Gives up everything that has come or should have come.
    pub(crate) fn forget(&mut self) {
        self.held.clear();
        self.next = self.numbers.highest().map(|highest| highest + 1);
    }
}

/// Ten seconds of voice, three of the richest picture: after more, nothing from before will come.
const LONGEST_JUMP: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(line: &mut Reorder<u16>) -> Vec<u16> {
        std::iter::from_fn(|| line.pop()).collect()
    }

    #[test]
    fn order_is_restored_over_wraps() {
        let mut line = Reorder::new(9);
        for sequence in [65_534, 0, 65_535, 0, 2] {
            assert_eq!(line.insert(sequence, sequence), Entry::Held);
        }
        assert_eq!(line.next().unwrap().missing, None);
        line.pop();
        assert_eq!(line.next().unwrap().missing, Some(0));
        assert_eq!(drain(&mut line), [65_535, 0, 2]);
        assert_eq!(line.insert(1, 1), Entry::Late);
    }

    #[test]
    fn a_full_line_refuses_and_a_jump_begins_anew() {
        let mut line = Reorder::new(2);
        assert_eq!([1, 3, 4].map(|s| line.insert(s, s)), [Entry::Held, Entry::Held, Entry::Full]);
        assert_eq!(line.insert(9_000, 9_000), Entry::Anew(2));
        assert_eq!(drain(&mut line), [9_000]);
        assert_eq!(line.insert(3, 3), Entry::Anew(0));
        assert_eq!(drain(&mut line), [3]);
    }

    #[test]
    fn what_is_given_up_does_not_come_back() {
        let mut line = Reorder::new(9);
        for sequence in [1, 2, 5] {
            line.insert(sequence, sequence);
        }
        line.forget();
        assert_eq!([4, 5].map(|s| line.insert(s, s)), [Entry::Late; 2]);
        assert_eq!(line.insert(6, 6), Entry::Held);
        assert_eq!(line.next().unwrap().missing, Some(0));
    }
}
