//! Packet indices: the rollover counter that the 16-bit sequence number leaves out, and the
//! window of indices already used.
//!
//! Invariant: [`Window::accept`] is called only for authentic packets, so a forger cannot move
//! the window.

/// How many indices back a late packet is still taken (RFC 3711 section 3.3.2 asks for 64).
pub(super) const WINDOW: u64 = 1024;

/// The indices of one stream that were used.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// Highest index accepted; `None` before the first.
    highest: Option<u64>,
    /// One bit for each of the last [`WINDOW`] indices, at `index % WINDOW`.
    seen: [u64; WORDS],
}

impl Window {
    pub(super) fn new() -> Self {
        Self { highest: None, seen: [0; WORDS] }
    }

    /// Estimates the 48-bit index of a sequence number: the one nearest to the highest so far
    /// (RFC 3711 section 3.3.1). A stream begins with rollover counter 0.
    pub(super) fn estimate(&self, sequence: u16) -> u64 {
        let Some(highest) = self.highest else { return u64::from(sequence) };
        let rollovers = highest >> 16;
        // Distance from the last sequence number, -32768..=32767.
        let step = sequence.wrapping_sub(highest as u16) as i16;
        highest.checked_add_signed(i64::from(step)).map_or_else(
            // Before the very first rollover there is nothing: it can only be ahead.
            || rollovers << 16 | u64::from(sequence),
            |index| index & INDEX_MASK,
        )
    }

    /// Whether `index` was neither used nor left behind.
    pub(super) fn is_fresh(&self, index: u64) -> bool {
        let Some(highest) = self.highest else { return true };
        if index > highest {
            return true;
        }
        highest - index < WINDOW && !self.is_marked(index)
    }

    /// Marks `index` as used. Only for indices that are fresh.
    pub(super) fn accept(&mut self, index: u64) {
        match self.highest {
            Some(highest) if index <= highest => {}
            Some(highest) if index - highest < WINDOW => {
                for skipped in highest + 1..index {
                    self.seen[word(skipped)] &= !bit(skipped);
                }
                self.highest = Some(index);
            }
            _ => {
                self.seen = [0; WORDS];
                self.highest = Some(index);
            }
        }
        self.seen[word(index)] |= bit(index);
    }

    fn is_marked(&self, index: u64) -> bool {
        self.seen[word(index)] & bit(index) != 0
    }
}

fn word(index: u64) -> usize {
    (index % WINDOW / 64) as usize
}

fn bit(index: u64) -> u64 {
    1 << (index % 64)
}

const WORDS: usize = (WINDOW / 64) as usize;
const INDEX_MASK: u64 = (1 << 48) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_across_rollovers() {
        let check = |highest: u64, sequence: u16, expected: u64| {
            let mut window = Window::new();
            window.accept(highest);
            assert_eq!(window.estimate(sequence), expected, "{highest:x} {sequence:x}");
        };
        check(10, 11, 11);
        check(10, 9, 9);
        check(0xffff, 0, 0x1_0000);
        check(0x1_0000, 0xffff, 0xffff);
        check(0x1_fff0, 5, 0x2_0005);
        check(0x2_0005, 0xfff0, 0x1_fff0);
        // Nothing lies before the first rollover.
        check(5, 0xfff0, 0xfff0);
        check(0x5_1234, 0x1234, 0x5_1234);
        assert_eq!(Window::new().estimate(0xffff), 0xffff);
    }

    #[test]
    fn takes_each_index_once_and_none_too_old() {
        let mut window = Window::new();
        for index in [5000, 5001, 5003, 4500, 5003 - WINDOW + 1] {
            assert!(window.is_fresh(index), "{index}");
            window.accept(index);
            assert!(!window.is_fresh(index), "{index}");
        }
        assert!(window.is_fresh(5002));
        assert!(!window.is_fresh(5003 - WINDOW));
        // What a jump skips is fresh, even where the ring held marks of a round before.
        window.accept(5003 + WINDOW - 1);
        assert!(window.is_fresh(5003 + 1));
        assert!(!window.is_fresh(5003));
        window.accept(1_000_000);
        assert!(window.is_fresh(1_000_000 - WINDOW + 1));
        assert!(!window.is_fresh(1_000_000));
    }

    /// Against a model that remembers everything.
    #[test]
    fn agrees_with_a_plain_set() {
        let mut window = Window::new();
        let mut seen = std::collections::HashSet::new();
        let (mut highest, mut random) = (0_u64, 1_u64);
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let step = (random >> 33) % 2600;
            let index = (highest + step).saturating_sub(1500);
            let expected = !seen.contains(&index) && (index > highest || highest - index < WINDOW);
            let fresh = window.is_fresh(index);
            // Before the first packet everything is fresh.
            assert_eq!(fresh, expected || seen.is_empty(), "{index} after {highest}");
            if fresh {
                window.accept(index);
                seen.insert(index);
                highest = highest.max(index);
            }
        }
    }
}
