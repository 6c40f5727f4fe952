//! The last poll as the log has it, and who may ask, vote and count.
//!
//! Invariant: a result is shown while it grows only if the teacher asked so, and never before
//! [`MIN_BATCH`] people have voted or the poll is closed. Left out: votes that nobody has
//! published yet, which are in the ballot box alone.

use std::collections::BTreeSet;

use kreide_control::{ParticipantNo, Role};
use serde::{Deserialize, Serialize};

use super::{
    Ballot, Batch, Choice, MAX_OPTIONS, MIN_BATCH, PollEvent, PollIntent, PollKind, StoredKind,
};
use crate::state::State;
use crate::{Actor, Denied, Event, Lesson, Outcome, Payload, PayloadId, SCHOOL, Text};

/// Characters of a question, and of an answer in own words.
pub const MAX_QUESTION_CHARS: usize = 300;
/// Characters of an option.
pub const MAX_OPTION_CHARS: usize = 100;
/// Letters that a poll can have: A to H.
pub const MAX_LETTERS: u8 = 8;

/// A poll.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// Counts from 1 within the lesson.
    pub id: u64,
    /// The question.
    pub question: Option<PayloadId>,
    /// What can be answered.
    pub kind: StoredKind,
    /// Everyone sees the result while it grows.
    pub live: bool,
    /// Which teacher asks.
    pub by: ParticipantNo,
    /// Whether one can vote.
    pub open: bool,
    /// Whose votes are counted here. Empty when the poll is closed.
    pub(super) voters: BTreeSet<ParticipantNo>,
    counts: Vec<u32>,
    answers: Vec<PayloadId>,
    /// All votes together were too few to be told earlier.
    pub(super) few: bool,
}

/// What came of a poll so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollResult<'a> {
    /// How many voted.
    pub votes: usize,
    /// How many for each option.
    pub counts: &'a [u32],
    /// Answers in own words, in an order that says nothing.
    pub answers: &'a [PayloadId],
    /// Fewer than [`MIN_BATCH`] people voted.
    pub few: bool,
}

impl Poll {
    /// What everyone may know of the result now. `None`: nothing, before the end.
    #[must_use]
    pub fn result(&self) -> Option<PollResult<'_>> {
        let is_shown = !self.open || (self.live && !self.few);
        let Self { counts, answers, .. } = self;
        let votes = counts.iter().map(|count| *count as usize).sum::<usize>() + answers.len();
        let few = votes < MIN_BATCH;
        is_shown.then_some(PollResult { votes, counts, answers, few: !self.open && few })
    }

    /// Whether this person's vote is counted while the poll is open. The ballot box knows of those
    /// that are not counted yet.
    #[must_use]
    pub fn voted(&self, no: ParticipantNo) -> bool {
        self.voters.contains(&no)
    }

    /// How many options there are to choose from: none where people answer in own words.
    pub(super) fn options(&self) -> usize {
        match &self.kind {
            StoredKind::YesNo => 2,
            StoredKind::Letters(letters) => usize::from(*letters),
            StoredKind::Options(options) => options.len(),
            StoredKind::Free => 0,
        }
    }

    /// The choice, if this poll has it.
    fn accept(&self, choice: Choice) -> Result<Choice, Denied> {
        match (choice, &self.kind) {
            (Choice::Words(words), StoredKind::Free) => {
                Ok(Choice::Words(words.chat_up_to(MAX_QUESTION_CHARS)?))
            }
            (Choice::Option(option), _) if usize::from(option) < self.options() => {
                Ok(Choice::Option(option))
            }
            (Choice::Words(_) | Choice::Option(_), _) => Err(Denied::NotFound),
        }
    }

    /// Whether a batch can be counted: of this form, of others than before, and of so many that
    /// the difference tells nothing of one of them.
    fn takes(&self, batch: &Batch) -> bool {
        let votes = batch.votes();
        let has_form = batch.counts.len() == self.options()
            && (batch.answers.is_empty() || self.kind == StoredKind::Free);
        let is_enough = if batch.voters.is_empty() {
            // Few in all: told without their numbers, once.
            self.voters.is_empty() && votes < MIN_BATCH
        } else {
            votes == batch.voters.len() && votes >= MIN_BATCH
        };
        has_form && is_enough && !self.few && self.voters.is_disjoint(&batch.voters)
    }
}

impl State {
    pub(crate) fn poll(&self, actor: Actor, intent: PollIntent) -> Result<Outcome, Denied> {
        match intent {
            PollIntent::Open { question, kind, live } => {
                self.open_poll(actor.seat()?, question, kind, live)
            }
            PollIntent::Vote { id, choice } => self.vote(actor.seat()?, id, choice),
            PollIntent::Tally { id, batch } => self.tally(id, batch),
            PollIntent::Close => Ok(self.close_poll(actor.seat().ok())),
        }
    }

    fn open_poll(
        &self,
        by: ParticipantNo,
        question: Option<Text>,
        kind: PollKind,
        live: bool,
    ) -> Result<Outcome, Denied> {
        let last = self.polls.last.as_ref();
        if last.is_some_and(|poll| poll.open) {
            // Another teacher was quicker.
            return Err(Denied::TooLate);
        }
        let mut payloads = Vec::new();
        let first = self.next_payload().0;
        let mut keep = |text: Text, max_chars| {
            let id = PayloadId(first.saturating_add(payloads.len() as u64));
            payloads.push(Payload { id, of: by, text: text.chat_up_to(max_chars)? });
            Ok(id)
        };
        let question = question.map(|text| keep(text, MAX_QUESTION_CHARS)).transpose()?;
        let kind = match kind {
            PollKind::YesNo => StoredKind::YesNo,
            PollKind::Letters(letters @ 2..=MAX_LETTERS) => StoredKind::Letters(letters),
            PollKind::Options(options) if (2..=MAX_OPTIONS).contains(&options.len()) => {
                let options = options.into_iter().map(|text| keep(text, MAX_OPTION_CHARS));
                StoredKind::Options(options.collect::<Result<_, Denied>>()?)
            }
            PollKind::Letters(_) | PollKind::Options(_) => return Err(Denied::Forbidden),
            PollKind::Free => StoredKind::Free,
        };
        let id = last.map_or(0, |poll| poll.id).saturating_add(1);
        let opened = PollEvent::Opened { id, question, kind, live, by };
        Ok(Outcome { payloads, ..Outcome::of(Event::Poll(opened)) })
    }

    /// A vote is no event: it goes into the ballot box.
    fn vote(&self, voter: ParticipantNo, id: u64, choice: Choice) -> Result<Outcome, Denied> {
        let poll = self.open_one(id)?;
        if poll.voted(voter) || poll.few {
            return Err(Denied::TooLate);
        }
        let choice = poll.accept(choice)?;
        Ok(Outcome { ballot: Some(Ballot { poll: id, voter, choice }), ..Outcome::default() })
    }

    fn tally(&self, id: u64, batch: Batch) -> Result<Outcome, Denied> {
        let poll = self.open_one(id)?;
        if batch.votes() == 0 && batch.voters.is_empty() {
            return Ok(Outcome::default());
        }
        if !poll.takes(&batch) {
            return Err(Denied::Forbidden);
        }
        let is_few = batch.voters.is_empty();
        let mut outcome = Outcome::default();
        let first = self.next_payload().0;
        let mut answers = Vec::new();
        for (id, text) in (first..).map(PayloadId).zip(batch.answers) {
            answers.push(id);
            // Whose it is nobody knows.
            outcome.payloads.push(Payload { id, of: SCHOOL, text });
        }
        let voters = batch.voters.into_iter().collect();
        let counts = batch.counts;
        outcome.push_hidden(Event::Poll(PollEvent::Tally { id, voters, counts, answers }));
        if poll.live && !is_few {
            outcome.push(Event::Poll(PollEvent::Counted { id }));
        }
        Ok(outcome)
    }

    /// Ends the poll that is open. What is in the ballot box must have been told before.
    pub(crate) fn close_poll(&self, by: Option<ParticipantNo>) -> Outcome {
        match &self.polls.last {
            Some(poll) if poll.open => {
                Outcome::of(Event::Poll(PollEvent::Closed { id: poll.id, by }))
            }
            Some(_) | None => Outcome::default(),
        }
    }

    fn open_one(&self, id: u64) -> Result<&Poll, Denied> {
        let last = self.polls.last.as_ref();
        let poll = last.filter(|poll| id > 0 && id <= poll.id).ok_or(Denied::NotFound)?;
        if poll.id == id && poll.open { Ok(poll) } else { Err(Denied::TooLate) }
    }

    pub(crate) fn change_polls(&mut self, event: &PollEvent) {
        match event {
            PollEvent::Opened { id, question, kind, live, by } => {
                let options = match kind {
                    StoredKind::Options(options) => options.as_slice(),
                    StoredKind::YesNo | StoredKind::Letters(_) | StoredKind::Free => &[],
                };
                options.iter().chain(question).for_each(|text| self.payload(*text));
                let mut poll = Poll {
                    id: *id,
                    question: *question,
                    kind: kind.clone(),
                    live: *live,
                    by: *by,
                    open: true,
                    voters: BTreeSet::new(),
                    counts: Vec::new(),
                    answers: Vec::new(),
                    few: false,
                };
                poll.counts = vec![0; poll.options()];
                self.polls.last = Some(poll);
            }
            PollEvent::Tally { id, voters, counts, answers } => {
                answers.iter().for_each(|text| self.payload(*text));
                let Some(poll) = self.polls.last.as_mut().filter(|poll| poll.id == *id) else {
                    return;
                };
                poll.few = voters.is_empty();
                poll.voters.extend(voters);
                let counted = poll.counts.iter_mut().zip(counts);
                counted.for_each(|(count, more)| *count = count.saturating_add(*more));
                poll.answers.extend(answers);
            }
            PollEvent::Closed { id, by: _ } => {
                if let Some(poll) = self.polls.last.as_mut().filter(|poll| poll.id == *id) {
                    poll.open = false;
                    poll.voters.clear();
                }
            }
            PollEvent::Counted { .. } | PollEvent::Unknown => {}
        }
    }
}

impl Lesson {
    /// The last poll.
    #[must_use]
    pub fn poll(&self) -> Option<&Poll> {
        self.state.polls.last.as_ref()
    }

    /// Whose votes are to be waited for: those who may vote and are connected.
    #[must_use]
    pub fn eligible(&self) -> BTreeSet<ParticipantNo> {
        let votes = |role| matches!(role, Role::Presenter | Role::Pupil | Role::Guest);
        let held = self.state.held();
        held.filter(|(_, seat)| votes(seat.role) && seat.held().is_some_and(|held| held.online))
            .map(|(no, _)| *no)
            .collect()
    }
}
