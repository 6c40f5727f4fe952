//! Which packets of one incoming stream are missing, and when to ask for them again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Follows the holes of one stream.
#[derive(Debug, Default)]
pub(crate) struct Missing {
    holes: BTreeMap<u64, Hole>,
}

#[derive(Clone, Copy, Debug)]
struct Hole {
    ask_at: Instant,
    asked: u8,
}

/// What a round of asking found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Round {
    /// Sequence numbers to ask for, ascending.
    pub(crate) ask: Vec<u16>,
    /// Packets were given up: only a keyframe helps.
    pub(crate) lost: bool,
}

impl Missing {
    pub(crate) fn is_empty(&self) -> bool {
        self.holes.is_empty()
    }

    /// Notes a packet. `previous` is the highest number before it.
    pub(crate) fn arrived(&mut self, sequence: u64, previous: Option<u64>, now: Instant) {
        let Some(previous) = previous else { return };
        if sequence <= previous {
            self.holes.remove(&sequence);
            return;
        }
        // After a jump only the newest numbers are worth asking for.
        let first = (previous + 1).max(sequence.saturating_sub(MOST));
        for hole in first..sequence {
            self.holes.insert(hole, Hole { ask_at: now + REORDERING, asked: 0 });
        }
        while self.holes.len() as u64 > MOST {
            self.holes.pop_first();
        }
    }

    /// The numbers that are due, at most one NACK packet full of them.
    pub(crate) fn round(&mut self, now: Instant, round_trip: Duration) -> Round {
        let mut round = Round::default();
        let again = (round_trip + round_trip / 4).max(Duration::from_millis(40));
        self.holes.retain(|&sequence, hole| {
            if now < hole.ask_at || round.ask.len() >= MOST_IN_ROUND {
                return true;
            }
            if hole.asked >= TRIES {
                round.lost = true;
                return false;
            }
            hole.asked += 1;
            hole.ask_at = now + again;
            round.ask.push(sequence as u16);
            true
        });
        round
    }

    pub(crate) fn clear(&mut self) {
        self.holes.clear();
    }
}

/// How long a packet may be late without being asked for.
const REORDERING: Duration = Duration::from_millis(10);
const TRIES: u8 = 10;
const MOST: u64 = 400;
const MOST_IN_ROUND: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;
    use kreide_sfu_testkit::t0;

    #[test]
    fn asks_after_the_reordering_time_until_it_gives_up() {
        let (mut missing, mut now) = (Missing::default(), t0());
        let rtt = Duration::from_millis(80);
        missing.arrived(10, None, now);
        missing.arrived(14, Some(10), now);
        missing.arrived(12, Some(14), now);
        assert_eq!(missing.round(now, rtt), Round::default());
        now += REORDERING;
        assert_eq!(missing.round(now, rtt).ask, [11, 13]);
        assert_eq!(missing.round(now, rtt), Round::default());
        missing.arrived(11, Some(14), now);
        for _ in 1..TRIES {
            now += Duration::from_millis(100);
            assert_eq!(missing.round(now, rtt), Round { ask: vec![13], lost: false });
        }
        now += Duration::from_millis(100);
        assert_eq!(missing.round(now, rtt), Round { ask: vec![], lost: true });
        assert!(missing.is_empty());
    }

    #[test]
    fn a_jump_costs_bounded_memory() {
        let mut missing = Missing::default();
        missing.arrived(1, None, t0());
        missing.arrived(1 << 40, Some(1), t0());
        assert_eq!(missing.holes.len() as u64, MOST);
    }
}
