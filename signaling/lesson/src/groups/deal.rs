//! Dealing people out into groups.
//!
//! Invariant: everyone is in exactly one group, and the sizes of two groups differ by at most
//! one. The same people and the same seed give the same groups, on every machine and in every
//! version. Left out on purpose: where the seed comes from.

use kreide_control::ParticipantNo;

use super::{Deal, MAX_GROUPS};

/// Deals these people out, neighbours together; the first groups are the larger ones. `None` if
/// that makes no group, or more than there can be.
pub(super) fn deal(people: &[ParticipantNo], deal: Deal) -> Option<Vec<Vec<ParticipantNo>>> {
    let count = match deal {
        Deal::Number(number) => usize::from(number),
        Deal::Size(0) => return None,
        Deal::Size(size) => of_size(people.len(), usize::from(size)),
    };
    if count == 0 || count > usize::from(MAX_GROUPS) {
        return None;
    }
    let (size, larger) = (people.len() / count, people.len() % count);
    let mut rest = people;
    let groups = (0..count).map(|group| {
        let (members, after) = rest.split_at(size + usize::from(group < larger));
        rest = after;
        members.to_vec()
    });
    Some(groups.collect())
}

/// How many groups of at most `size` these are; one fewer rather than leave somebody alone.
fn of_size(people: usize, size: usize) -> usize {
    let count = people.div_ceil(size);
    let leaves_one_alone = size > 1 && count > 1 && people / count < 2;
    count - usize::from(leaves_one_alone)
}

/// Puts these into an order that the seed decides: Fisher and Yates' shuffle.
pub(super) fn shuffle(people: &mut [ParticipantNo], seed: u64) {
    let mut lot = SplitMix64(seed);
    for last in (1..people.len()).rev() {
        people.swap(last, lot.up_to(last));
    }
}

/// A generator of which nothing is asked but an even lot.
/// <https://prng.di.unimi.it/splitmix64.c>
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `last`. For a class the error of not drawing again is immeasurable.
    fn up_to(&mut self, last: usize) -> usize {
        let wide = u128::from(self.next()) * (last as u128 + 1);
        usize::try_from(wide >> 64).unwrap_or(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(count: u32) -> Vec<ParticipantNo> {
        (1..=count).map(ParticipantNo).collect()
    }

    #[test]
    fn sizes() {
        for (count, how, sizes) in [
            (7, Deal::Number(3), Some(vec![3, 2, 2])),
            (6, Deal::Number(3), Some(vec![2, 2, 2])),
            (2, Deal::Number(3), Some(vec![1, 1, 0])),
            (0, Deal::Number(2), Some(vec![0, 0])),
            (30, Deal::Size(4), Some(vec![4, 4, 4, 4, 4, 4, 3, 3])),
            (4, Deal::Size(3), Some(vec![2, 2])),
            (5, Deal::Size(2), Some(vec![3, 2])),
            (3, Deal::Size(2), Some(vec![3])),
            (1, Deal::Size(2), Some(vec![1])),
            (2, Deal::Size(1), Some(vec![1, 1])),
            (50, Deal::Size(1), Some(vec![1; 50])),
            (51, Deal::Size(1), None),
            (0, Deal::Size(3), None),
            (3, Deal::Size(0), None),
            (3, Deal::Number(0), None),
            (3, Deal::Number(MAX_GROUPS + 1), None),
        ] {
            let groups = deal(&people(count), how);
            let got = groups.as_ref().map(|groups| groups.iter().map(Vec::len).collect());
            assert_eq!(got, sizes, "{count} people: {how:?}");
            if let Some(groups) = groups {
                assert_eq!(groups.concat(), people(count), "neighbours stay together");
            }
        }
    }

    #[test]
    fn the_lot_is_the_same_for_ever() {
        let mut lot = SplitMix64(0);
        let published = [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f];
        assert_eq!([lot.next(), lot.next(), lot.next()], published);

        let shuffled = |seed| {
            let mut people = people(9);
            shuffle(&mut people, seed);
            people
        };
        assert_eq!(shuffled(5), shuffled(5));
        assert_ne!(shuffled(5), shuffled(6));
        let mut sorted = shuffled(5);
        sorted.sort_unstable();
        assert_eq!(sorted, people(9));
    }

    #[test]
    fn the_lot_is_even() {
        let mut firsts = [0_u32; 4];
        for seed in 0..4_000 {
            let mut people = people(4);
            shuffle(&mut people, seed);
            firsts[people[0].0 as usize - 1] += 1;
        }
        assert!(firsts.iter().all(|count| (850..1_150).contains(count)), "{firsts:?}");
    }
}
