//! The lesson as its owner holds it.
//!
//! Invariant: state changes through [`Lesson::apply`] alone, in the order of the log.

use kreide_control::{Epoch, LessonKey, MediaRights, ParticipantNo, Role, SourceKind};
use sha2::{Digest, Sha256};

use crate::rules;
use crate::seat::{Place, Seat};
use crate::state::{Phase, State};
use crate::{
    Actor, Audience, ChatLine, Denied, Event, Intent, Lock, LockKind, Logged, Millis, Outcome,
    Person, Rights, Subject,
};
use kreide_control::Policy;

/// A lesson: a function of its log.
#[derive(Clone, Debug)]
pub struct Lesson {
    key: LessonKey,
    pub(crate) state: State,
}

/// The log is not one that owners of this lesson can have written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLog {
    /// An event is missing or comes twice.
    #[error("event {got} where {expected} was expected")]
    OutOfOrder {
        /// The sequence that comes next.
        expected: u64,
        /// The sequence that came.
        got: u64,
    },
    /// An event of an owner that had been replaced.
    #[error("event of epoch {} after epoch {}", .got.0, .newest.0)]
    Fenced {
        /// The highest epoch so far.
        newest: Epoch,
        /// The epoch that came.
        got: Epoch,
    },
}

impl Lesson {
    /// A lesson that has not begun.
    #[must_use]
    pub fn new(key: LessonKey) -> Self {
        Self { key, state: State::default() }
    }

    /// The lesson after this log.
    ///
    /// # Errors
    /// [`BadLog`] if the log has gaps or events of a replaced owner.
    pub fn replay(key: LessonKey, log: impl IntoIterator<Item = Logged>) -> Result<Self, BadLog> {
        let mut lesson = Self::new(key);
        for logged in log {
            lesson.apply(&logged)?;
        }
        Ok(lesson)
    }

    /// The state after the last applied event, so that a later owner need not read what came
    /// before it. A function of the log, as the state is.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        serde_json::to_vec(&self.state).expect("ordered maps of plain values")
    }

    /// The lesson as a snapshot holds it.
    ///
    /// # Errors
    /// If it is no snapshot, or one of a version that knew more: the log is to be read then.
    pub fn restore(key: LessonKey, snapshot: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(Self { key, state: serde_json::from_slice(snapshot)? })
    }

    /// What an intent leads to. Changes nothing.
    ///
    /// # Errors
    /// [`Denied`] with the reason for the one who asked.
    pub fn handle(&self, actor: Actor, intent: Intent, now: Millis) -> Result<Outcome, Denied> {
        self.state.handle(actor, intent, now)
    }

    /// Gives events their places after the last applied one. `at` is the time that `handle` was
    /// given; the log's time never goes back, even if the clock does.
    #[must_use]
    pub fn stamp(&self, epoch: Epoch, at: Millis, events: Vec<(Audience, Event)>) -> Vec<Logged> {
        let at = at.max(self.state.latest);
        (self.state.last_seq + 1..)
            .zip(events)
            .map(|(seq, (audience, event))| Logged { seq, epoch, at, audience, event })
            .collect()
    }

    /// Takes the next event of the log in.
    ///
    /// # Errors
    /// [`BadLog`] if it is not the next one; the state is unchanged then.
    pub fn apply(&mut self, logged: &Logged) -> Result<(), BadLog> {
        let expected = self.state.last_seq + 1;
        if logged.seq != expected {
            return Err(BadLog::OutOfOrder { expected, got: logged.seq });
        }
        if logged.epoch < self.state.epoch {
            return Err(BadLog::Fenced { newest: self.state.epoch, got: logged.epoch });
        }
        self.state.apply(logged);
        Ok(())
    }

    /// Which lesson this is.
    #[must_use]
    pub fn key(&self) -> &LessonKey {
        &self.key
    }

    /// Sequence of the last applied event; 0 before the first.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.state.last_seq
    }

    /// The time of the latest event; 0 before the first.
    #[must_use]
    pub fn latest(&self) -> Millis {
        self.state.latest
    }

    /// Highest epoch seen in the log.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.state.epoch
    }

    /// When the first seat was taken; `None` before.
    #[must_use]
    pub fn started(&self) -> Option<Millis> {
        match self.state.phase {
            Phase::Waiting => None,
            Phase::Running { since } | Phase::Over { since } => Some(since),
        }
    }

    /// Whether the lesson is over.
    #[must_use]
    pub fn ended(&self) -> bool {
        matches!(self.state.phase, Phase::Over { .. })
    }

    /// Everyone who holds a seat, in seating order.
    pub fn people(&self) -> impl Iterator<Item = Person> + '_ {
        self.state.held().map(|(no, seat)| self.state.person(*no, seat))
    }

    /// Whether the lesson keeps this person out, as it would at the door: a teacher removed them, or
    /// somebody who may be the same. That may be whoever is `unknown` to the school and was never let
    /// in, staff excepted.
    #[must_use]
    pub fn keeps_out(&self, subject: &Subject, role: Role, unknown: bool) -> bool {
        let seats = || self.state.seats.values().filter(|seat| seat.subject == *subject);
        let was_in = || seats().any(|seat| seat.outside.is_none());
        let may_be_back = unknown && !rules::is_staff(role) && self.state.has_removed();
        seats().any(|seat| matches!(seat.place, Place::Removed { .. }))
            || (may_be_back && !was_in())
    }

    /// Anyone who ever held a seat.
    #[must_use]
    pub fn person(&self, no: ParticipantNo) -> Option<Person> {
        Some(self.state.person(no, self.seat(no)?))
    }

    /// Who this is for the school, for anyone who ever held a seat.
    #[must_use]
    pub fn subject(&self, no: ParticipantNo) -> Option<&Subject> {
        Some(&self.seat(no)?.subject)
    }

    /// Raised hands, first raised first.
    #[must_use]
    pub fn hands(&self) -> Vec<ParticipantNo> {
        let raised = |(no, seat): (&ParticipantNo, &Seat)| Some((seat.held()?.hand?, *no));
        let mut hands: Vec<_> = self.state.seats.iter().filter_map(raised).collect();
        hands.sort_unstable();
        hands.into_iter().map(|(_, no)| no).collect()
    }

    /// The latest chat messages, at most [`crate::MAX_CHAT_KEPT`], oldest first.
    pub fn chat(&self) -> impl Iterator<Item = &ChatLine> {
        self.state.chat.iter()
    }

    /// The latest chat messages that this person may read, oldest first.
    pub fn chat_for(&self, reader: ParticipantNo) -> impl Iterator<Item = &ChatLine> {
        let role = self.seat(reader).map(|seat| seat.role);
        let reads =
            move |line: &&ChatLine| role.is_some_and(|role| line.readers.includes(reader, role));
        self.chat().filter(reads)
    }

    /// The room's policy, as the log has it.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        self.state.policy()
    }

    /// Locks that hold for all pupils and guests.
    #[must_use]
    pub fn room_locks(&self) -> Vec<Lock> {
        self.state.room_locks.iter().map(|(what, by)| Lock { what: *what, by: *by }).collect()
    }

    /// What a participant may do at this moment: nothing without a seat.
    #[must_use]
    pub fn rights(&self, no: ParticipantNo) -> Rights {
        self.seat(no).map_or_else(Rights::default, |seat| self.state.rights(no, seat))
    }

    /// The locks that hold for a participant, at most one of each kind.
    #[must_use]
    pub fn locks(&self, no: ParticipantNo) -> Vec<Lock> {
        self.seat(no).map_or_else(Vec::new, |seat| self.state.locks(seat))
    }

    /// What the SFU forwards from a participant: allowed, and switched on. Does not depend on
    /// whether the seat is online: media outlives a lost WebSocket.
    #[must_use]
    pub fn media_rights(&self, no: ParticipantNo) -> MediaRights {
        let Some(held) = self.seat(no).and_then(Seat::held) else {
            return MediaRights::default();
        };
        let rights = self.rights(no);
        let flows = |kind| rights.allows(LockKind::of(kind)) && held.sending.contains(&kind);
        MediaRights {
            microphone: flows(SourceKind::Microphone),
            camera: flows(SourceKind::Camera),
            content: flows(SourceKind::Content),
        }
    }

    /// Hash of the whole state but names and texts: the same log gives the same hash, on every
    /// machine and in every version that knows its events. 64 hexadecimal digits.
    #[must_use]
    pub fn state_hash(&self) -> String {
        // Every map is ordered and every key is a number or text, so the JSON is one and the same.
        hex::encode(Sha256::digest(self.snapshot()))
    }

    pub(crate) fn seat(&self, no: ParticipantNo) -> Option<&Seat> {
        self.state.seats.get(&no)
    }
}
