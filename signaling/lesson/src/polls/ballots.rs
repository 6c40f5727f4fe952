//! The box in which votes wait until enough of them are there to be counted together.
//!
//! Invariant: a choice is added up the moment it falls in, and is nowhere beside its voter. What
//! leaves the box covers [`MIN_BATCH`] voters or more. Two batches stay here, one complete and
//! one that gathers, so that the last few votes are always published together with a complete
//! batch; and so that a result that changes does not tell who has just voted. If the whole poll
//! has fewer voters, they are not named at all, and the counts come at the end.
//! Left out on purpose: storage. The box is lost with its owner, and whoever is in it votes again.

use std::collections::BTreeSet;
use std::fmt;

use kreide_control::ParticipantNo;

use super::{Ballot, Batch, Choice, MIN_BATCH, Poll};
use crate::lot::Lots;
use crate::{Denied, Text};

/// The votes of one poll that are not published yet.
pub struct BallotBox {
    poll: u64,
    live: bool,
    options: usize,
    /// Whose votes are in the log.
    published: BTreeSet<ParticipantNo>,
    /// Empty or complete, and held back.
    complete: Batch,
    gathering: Batch,
    /// All was published: a further vote would stand alone.
    sealed: bool,
    lots: Lots,
}

impl BallotBox {
    /// An empty box for a poll. `seed` decides in which order answers are told.
    #[must_use]
    pub fn new(poll: &Poll, seed: u64) -> Self {
        let options = poll.options();
        Self {
            poll: poll.id,
            live: poll.live,
            options,
            published: poll.voters.clone(),
            complete: Batch::of(options),
            gathering: Batch::of(options),
            sealed: !poll.open || poll.few,
            lots: Lots::new(seed),
        }
    }

    /// The poll whose votes these are.
    #[must_use]
    pub fn poll(&self) -> u64 {
        self.poll
    }

    /// Whether this person has voted, published or not.
    #[must_use]
    pub fn voted(&self, no: ParticipantNo) -> bool {
        [&self.published, &self.complete.voters, &self.gathering.voters]
            .iter()
            .any(|voters| voters.contains(&no))
    }

    /// Takes a vote in.
    ///
    /// # Errors
    /// [`Denied::TooLate`] for a second vote of the same person, or when all is published;
    /// [`Denied::NotFound`] for another poll or an option that it does not have.
    pub fn cast(&mut self, ballot: Ballot) -> Result<(), Denied> {
        if ballot.poll != self.poll {
            return Err(Denied::NotFound);
        }
        if self.sealed || self.voted(ballot.voter) {
            return Err(Denied::TooLate);
        }
        match ballot.choice {
            Choice::Option(option) => {
                let count = self.gathering.counts.get_mut(usize::from(option));
                *count.ok_or(Denied::NotFound)? += 1;
            }
            Choice::Words(_) if self.options > 0 => return Err(Denied::NotFound),
            Choice::Words(words) => self.gathering.mix_in(words, &mut self.lots),
        }
        self.gathering.voters.insert(ballot.voter);
        if self.complete.voters.is_empty() && self.gathering.voters.len() >= MIN_BATCH {
            self.complete = self.gathering.take();
        }
        Ok(())
    }

    /// What is to be published now, after a vote or when somebody has left: a complete batch when
    /// the next one is complete too; and of a live poll everything, once everyone of those
    /// `eligible` has voted and they are enough.
    pub fn due(&mut self, eligible: &BTreeSet<ParticipantNo>) -> Option<Batch> {
        if self.complete.voters.is_empty() {
            return None;
        }
        let all_voted = !eligible.is_empty() && eligible.iter().all(|no| self.voted(*no));
        if self.live && all_voted {
            return self.drain();
        }
        if self.gathering.voters.len() < MIN_BATCH {
            return None;
        }
        let due = std::mem::replace(&mut self.complete, self.gathering.take());
        self.published.extend(&due.voters);
        Some(due)
    }

    /// Everything, because the poll is about to be closed; nothing falls in any more. Fewer than
    /// [`MIN_BATCH`] votes name no voters. So few are lost if others were published before, which
    /// happens only to a box that was begun anew: each of them could be told from the difference.
    pub fn drain(&mut self) -> Option<Batch> {
        self.sealed = true;
        let mut all = self.complete.take();
        let rest = self.gathering.take();
        all.voters.extend(rest.voters);
        all.counts.iter_mut().zip(rest.counts).for_each(|(count, more)| *count += more);
        rest.answers.into_iter().for_each(|words| all.mix_in(words, &mut self.lots));
        if all.voters.is_empty() {
            return None;
        }
        if all.voters.len() < MIN_BATCH {
            if !self.published.is_empty() {
                return None;
            }
            all.voters.clear();
        }
        self.published.extend(&all.voters);
        Some(all)
    }
}

/// Shows no voter and no choice.
impl fmt::Debug for BallotBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BallotBox").field("poll", &self.poll).finish_non_exhaustive()
    }
}

impl Batch {
    fn of(options: usize) -> Self {
        Self { counts: vec![0; options], ..Self::default() }
    }

    fn take(&mut self) -> Self {
        let options = self.counts.len();
        std::mem::replace(self, Self::of(options))
    }

    /// Adds an answer so that its place says nothing of when it came.
    fn mix_in(&mut self, words: Text, lots: &mut Lots) {
        self.answers.push(words);
        let last = self.answers.len() - 1;
        self.answers.swap(lots.draw(last + 1), last);
    }

    /// How many votes it holds.
    pub(super) fn votes(&self) -> usize {
        self.counts.iter().map(|count| *count as usize).sum::<usize>() + self.answers.len()
    }
}
