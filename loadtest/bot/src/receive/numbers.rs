//! Which sequence numbers of one stream arrived, and which are missing.
//!
//! Invariant: memory is bounded: what lies further back than the window counts as lost for good.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kreide_media::seq::Unwrapper;

#[derive(Debug)]
pub(crate) struct Numbers {
    unwrapper: Unwrapper,
    /// The lowest number that is counted.
    first: Option<u64>,
    /// One bit for each of the last [`WINDOW`] numbers.
    seen: Box<[u64; WORDS]>,
    holes: BTreeMap<u64, Hole>,
    received: u64,
}

#[derive(Debug)]
struct Hole {
    ask_at: Instant,
    asked: u8,
}

/// What a packet's number said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The next one, or one further on.
    Ahead(u64),
    /// It fills a hole.
    Late(u64),
    /// It was here before.
    Again,
    /// From before the count began, or too far back.
    Old,
}

/// What is to be asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Round {
    pub(crate) ask: Vec<u16>,
    /// A packet was given up.
    pub(crate) lost: bool,
}

impl Numbers {
    pub(crate) fn new() -> Self {
        Self {
            unwrapper: Unwrapper::default(),
            first: None,
            seen: Box::new([0; WORDS]),
            holes: BTreeMap::new(),
            received: 0,
        }
    }

    /// Packets expected: highest number less first, plus one.
    pub(crate) fn expected(&self) -> u64 {
        match (self.first, self.unwrapper.highest()) {
            (Some(first), Some(highest)) => (highest + 1).saturating_sub(first),
            _ => 0,
        }
    }

    /// Different packets that arrived.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Highest number with its cycles.
    pub(crate) fn highest(&self) -> Option<u64> {
        self.unwrapper.highest()
    }

    /// Counts anew from the next number on.
    pub(crate) fn mark(&mut self) {
        if let Some(highest) = self.unwrapper.highest() {
            self.first = Some(highest + 1);
        }
        self.received = 0;
    }

    pub(crate) fn arrived(&mut self, sequence: u16, now: Instant) -> Arrival {
        let previous = self.unwrapper.highest();
        let number = self.unwrapper.extend(sequence);
        let Some(previous) = previous else {
            self.first = Some(number);
            self.note(number);
            return Arrival::Ahead(number);
        };
        if number > previous {
            self.open_holes(previous, number, now);
            self.note(number);
            return Arrival::Ahead(number);
        }
        if previous - number >= WINDOW {
            return Arrival::Old;
        }
        if self.is_seen(number) {
            return Arrival::Again;
        }
        let filled = self.holes.remove(&number).is_some();
        let counts = self.first.is_some_and(|first| number >= first);
        if !filled && !counts {
            return Arrival::Old;
        }
        self.seen[word(number)] |= bit(number);
        self.received += u64::from(counts);
        Arrival::Late(number)
    }

    /// The numbers that are due to be asked for.
    pub(crate) fn round(&mut self, now: Instant) -> Round {
        let mut round = Round::default();
        self.holes.retain(|number, hole| {
            if now < hole.ask_at || round.ask.len() >= MOST_ASKED {
                return true;
            }
            if hole.asked >= TRIES {
                round.lost = true;
                return false;
            }
            hole.asked += 1;
            hole.ask_at = now + AGAIN;
            round.ask.push(*number as u16);
            true
        });
        round
    }

    /// When the next number is due.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.holes.values().map(|hole| hole.ask_at).min()
    }

    fn open_holes(&mut self, previous: u64, number: u64, now: Instant) {
        for hole in (previous + 1).max(number.saturating_sub(WINDOW))..number {
            self.seen[word(hole)] &= !bit(hole);
        }
        // After a jump only the newest numbers are worth asking for.
        for hole in (previous + 1).max(number.saturating_sub(MOST_HOLES))..number {
            self.holes.insert(hole, Hole { ask_at: now + REORDERING, asked: 0 });
        }
        while self.holes.len() as u64 > MOST_HOLES {
            self.holes.pop_first();
        }
    }

    fn note(&mut self, number: u64) {
        self.seen[word(number)] |= bit(number);
        self.received += 1;
    }

    fn is_seen(&self, number: u64) -> bool {
        self.seen[word(number)] & bit(number) != 0
    }
}

fn word(number: u64) -> usize {
    (number % WINDOW / 64) as usize
}

fn bit(number: u64) -> u64 {
    1 << (number % 64)
}

const WINDOW: u64 = 2_048;
const WORDS: usize = (WINDOW / 64) as usize;
const MOST_HOLES: u64 = 400;
const MOST_ASKED: usize = 120;
/// How long a packet may be late without being asked for.
const REORDERING: Duration = Duration::from_millis(10);
/// The round trip of a machine with itself is shorter; a browser waits one of it.
const AGAIN: Duration = Duration::from_millis(50);
const TRIES: u8 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_arrived_once_and_what_did_not() {
        let (mut numbers, now) = (Numbers::new(), Instant::now());
        let base = 1 << 16;
        for (sequence, expected) in [
            (65_534, Arrival::Ahead(base + 65_534)),
            (65_534, Arrival::Again),
            (1, Arrival::Ahead(base + 65_537)),
            (65_535, Arrival::Late(base + 65_535)),
            (65_535, Arrival::Again),
            (65_500, Arrival::Old),
            (2, Arrival::Ahead(base + 65_538)),
        ] {
            assert_eq!(numbers.arrived(sequence, now), expected, "{sequence}");
        }
        assert_eq!((numbers.expected(), numbers.received()), (5, 4));
        assert_eq!(numbers.round(now + REORDERING).ask, [0]);
    }

    #[test]
    fn a_mark_begins_anew_and_repairs_of_before_do_not_count() {
        let (mut numbers, now) = (Numbers::new(), Instant::now());
        for sequence in [1, 2, 4] {
            numbers.arrived(sequence, now);
        }
        numbers.mark();
        assert_eq!((numbers.expected(), numbers.received()), (0, 0));
        assert!(matches!(numbers.arrived(3, now), Arrival::Late(_)), "frames still want it");
        for sequence in [5, 6, 8] {
            numbers.arrived(sequence, now);
        }
        assert_eq!((numbers.expected(), numbers.received()), (4, 3));
    }

    #[test]
    fn asks_until_it_gives_up() {
        let (mut numbers, mut now) = (Numbers::new(), Instant::now());
        numbers.arrived(1, now);
        numbers.arrived(3, now);
        assert_eq!(numbers.round(now), Round::default());
        for _ in 0..TRIES {
            now += AGAIN;
            assert_eq!(numbers.round(now), Round { ask: vec![2], lost: false });
        }
        now += AGAIN;
        assert_eq!(numbers.round(now), Round { ask: vec![], lost: true });
        assert_eq!(numbers.poll_timeout(), None);
        assert!(matches!(numbers.arrived(2, now), Arrival::Late(_)), "better late than never");
    }

    #[test]
    fn a_jump_costs_bounded_memory_and_forgets_old_marks() {
        let (mut numbers, now) = (Numbers::new(), Instant::now());
        for sequence in 0..2_000 {
            numbers.arrived(sequence, now);
        }
        numbers.arrived(3_500, now);
        assert_eq!(numbers.holes.len() as u64, MOST_HOLES);
        for sequence in [3_499, 2_100] {
            assert!(matches!(numbers.arrived(sequence, now), Arrival::Late(_)), "{sequence}");
        }
        assert_eq!((numbers.expected(), numbers.received()), (3_501, 2_003));
    }
}
