//! Votes on their way into the ballot box, and batches on their way into the log.
//!
//! Invariant: what someone voted for is known while the message is handled and not longer: no
//! step, log or text holds it beside who it was.

use kreide_control::{ParticipantNo, Role};
use kreide_lesson::{
    Actor, Audience, BallotBox, Batch, Denied, Intent, Millis, PollIntent, Signal,
};
use kreide_protocol::{ErrorCode, ServerMessage};

use super::{Health, Keeper, Then};
use crate::{clock, outbox, secret, translate};

impl Keeper {
    /// Someone votes.
    pub(super) fn vote(&mut self, no: ParticipantNo, intent: Intent, then: Then) {
        if matches!(self.health, Health::Degraded { .. }) {
            return self.refuse(then, ErrorCode::Degraded);
        }
        let now = Millis(clock::now());
        let judged = self.ledger.draft().handle(Actor::Participant(no), intent, now);
        let cast = judged.and_then(|outcome| match (outcome.ballot, self.ballot_box()) {
            (Some(ballot), Some(ballots)) => ballots.cast(ballot),
            (Some(_), None) => Err(Denied::TooLate),
            (None, _) => Ok(()),
        });
        if let Err(denied) = cast {
            return self.refuse(then, translate::denied(denied));
        }
        self.answer_to(then);
        self.tell_votes();
        self.count_votes();
    }

    /// The box of the poll that is open.
    fn ballot_box(&mut self) -> Option<&mut BallotBox> {
        let poll = self.ledger.draft().poll().filter(|poll| poll.open)?;
        if self.ballots.as_ref().is_none_or(|ballots| ballots.poll() != poll.id) {
            self.ballots = Some(BallotBox::new(poll, secret::number()));
        }
        self.ballots.as_mut()
    }

    /// Counts what may be counted together.
    fn count_votes(&mut self) {
        let eligible = self.ledger.draft().eligible();
        let Some(ballots) = &mut self.ballots else { return };
        if let Some(batch) = ballots.due(&eligible) {
            let id = ballots.poll();
            self.tally(id, batch);
        }
    }

    /// Counts whatever is in the box: the poll or the lesson is about to end.
    pub(super) fn empty_ballot_box(&mut self) {
        let Some(mut ballots) = self.ballots.take() else { return };
        if let Some(batch) = ballots.drain() {
            self.tally(ballots.poll(), batch);
        }
    }

    /// A batch on its way into the log.
    pub(super) fn tally(&mut self, id: u64, batch: Batch) {
        let tally = Intent::Poll(PollIntent::Tally { id, batch });
        self.propose(Actor::Server, tally, Then::Nothing);
    }

    /// Tells teachers how many have voted.
    fn tell_votes(&self) {
        let lesson = self.ledger.draft();
        let (Some(poll), Some(ballots)) = (lesson.poll(), &self.ballots) else { return };
        let voted = lesson.people().filter(|person| ballots.voted(person.no)).count();
        let count = u32::try_from(voted).unwrap_or(u32::MAX);
        let text = outbox::encode(&ServerMessage::Votes { poll: poll.id, count });
        for (no, connection) in self.seats.live() {
            if lesson.person(no).is_some_and(|person| person.role == Role::Teacher) {
                connection.outbox.say_encoded(text.clone());
            }
        }
    }

    /// Tells what is not logged to those whom it is for.
    pub(super) fn tell_signals(&self, signals: &[(Audience, Signal)]) {
        for (audience, signal) in signals {
            let text = outbox::encode(&translate::signal(signal));
            for (no, connection) in self.seats.live() {
                let role = self.ledger.committed().person(no).map(|person| person.role);
                if role.is_some_and(|role| audience.includes(no, role)) {
                    connection.outbox.say_encoded(text.clone());
                }
            }
        }
    }
}
