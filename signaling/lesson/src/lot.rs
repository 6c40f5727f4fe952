//! Lots: numbers that look random and follow from a seed.
//!
//! Invariant: the same seed gives the same lots. The seed is made by the server and never logged.
//! Left out on purpose: secrecy. Nothing that must not be guessed is drawn here.

/// A sequence of lots: SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Lots(u64);

impl Lots {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 up to and without `below`; 0 if that is 0.
    pub(crate) fn draw(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        // The high half of a product: even for all numbers that a lesson has.
        ((u128::from(mixed) * below as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::Lots;

    #[test]
    fn lots_are_even_and_repeatable() {
        let drawn = |seed| {
            let mut lots = Lots::new(seed);
            (0..6_000).map(move |_| lots.draw(6)).collect::<Vec<_>>()
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        for face in 0..6 {
            let times = drawn(7).iter().filter(|lot| **lot == face).count();
            assert!((850..1_150).contains(&times), "{face} came {times} times");
        }
        assert_eq!(Lots::new(1).draw(0), 0);
    }
}
