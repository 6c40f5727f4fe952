//! Extends 16-bit sequence numbers to 64 bits (RFC 3550 appendix A.1's cycles, without a limit).

/// Follows one stream's sequence numbers over their wraps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwrapper {
    highest: Option<u64>,
}

impl Unwrapper {
    /// The extended number nearest to the highest one seen so far.
    ///
    /// The first number is placed one cycle up, so that numbers before it stay positive.
    pub fn extend(&mut self, sequence: u16) -> u64 {
        let extended = self.peek(sequence);
        self.highest = Some(self.highest.map_or(extended, |highest| highest.max(extended)));
        extended
    }

    /// The same without remembering it.
    #[must_use]
    pub fn peek(&self, sequence: u16) -> u64 {
        match self.highest {
            None => CYCLE + u64::from(sequence),
            Some(highest) => extend_near(highest, sequence),
        }
    }

    /// The highest extended number seen.
    #[must_use]
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }
}

/// The number congruent to `sequence` that is nearest to `near`.
#[must_use]
pub fn extend_near(near: u64, sequence: u16) -> u64 {
    let ahead = sequence.wrapping_sub(near as u16) as i16;
    near.wrapping_add_signed(i64::from(ahead))
}

const CYCLE: u64 = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_wraps_and_reordering() {
        let mut unwrapper = Unwrapper::default();
        let extended: Vec<u64> =
            [65534, 65535, 1, 0, 2, 65533].into_iter().map(|s| unwrapper.extend(s)).collect();
        let base = 2 * CYCLE;
        assert_eq!(extended, [base - 2, base - 1, base + 1, base, base + 2, base - 3]);
        assert_eq!(unwrapper.highest(), Some(base + 2));
    }
}
