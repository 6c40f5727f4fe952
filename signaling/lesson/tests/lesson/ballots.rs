//! The ballot box, whoever votes when.

use std::collections::BTreeSet;

use kreide_lesson::{
    Actor, Ballot, BallotBox, Batch, Choice, Denied, Intent, MIN_BATCH, PollIntent, PollKind, Text,
};
use proptest::prelude::*;

use crate::fixture::p;
use crate::polls::{class, open};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whoever votes when: all votes are published, each once, and never those of a few.
    #[test]
    fn every_vote_is_published_once_among_others(
        votes in prop::collection::vec((2..40_u32, 0..3_u8), 0..60),
        asks in prop::collection::vec(any::<bool>(), 60),
        eligible in 1..45_u32,
        live in any::<bool>(),
        free in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let mut class = class(1);
        class.by(1, open(if free { PollKind::Free } else { PollKind::Letters(3) }, live)).unwrap();
        let mut ballots = BallotBox::new(class.lesson.poll().unwrap(), seed);
        let eligible: BTreeSet<_> = (2..2 + eligible).map(p).collect();
        let (mut cast, mut expected) = (BTreeSet::new(), vec![0_u32; 3]);
        let mut published: Vec<Batch> = Vec::new();
        let mut sealed = false;
        for ((no, option), ask) in votes.into_iter().zip(asks) {
            let choice = match free {
                true => Choice::Words(Text::from(format!("{no} says {option}"))),
                false => Choice::Option(option),
            };
            let got = ballots.cast(Ballot { poll: 1, voter: p(no), choice });
            let is_taken = !sealed && cast.insert(p(no));
            prop_assert_eq!(got, if is_taken { Ok(()) } else { Err(Denied::TooLate) });
            if is_taken {
                expected[usize::from(option)] += 1;
            }
            // The server may be late, or be asked twice.
            if let Some(batch) = ask.then(|| ballots.due(&eligible)).flatten() {
                sealed = live && eligible.is_subset(&cast);
                published.push(batch);
            }
        }
        published.extend(ballots.drain());
        prop_assert_eq!(ballots.drain(), None);

        let few = cast.len() < MIN_BATCH;
        for batch in &published {
            prop_assert!(few || batch.voters.len() >= MIN_BATCH, "{:?}", batch.voters);
        }
        let named: Vec<_> = published.iter().flat_map(|batch| &batch.voters).copied().collect();
        let distinct: BTreeSet<_> = named.iter().copied().collect();
        prop_assert_eq!(named.len(), distinct.len());
        prop_assert_eq!(distinct, if few { BTreeSet::new() } else { cast.clone() });
        let answers = published.iter().map(|batch| batch.answers.len()).sum::<usize>();
        let mut counts = vec![0; 3];
        for batch in &published {
            batch.counts.iter().enumerate().for_each(|(n, count)| counts[n] += count);
        }
        match free {
            true => prop_assert_eq!(answers, cast.len()),
            false => prop_assert_eq!(counts, expected),
        }
        // The lesson takes what the box gives.
        for batch in published {
            let tally = Intent::Poll(PollIntent::Tally { id: 1, batch });
            prop_assert!(class.act(Actor::Server, tally).is_ok());
        }
    }
}
