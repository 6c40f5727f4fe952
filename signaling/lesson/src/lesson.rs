//! The state of a lesson and how events change it.

use kreide_control::{Epoch, LessonKey, MediaRights, ParticipantNo};

use crate::{
    Actor, Audience, ChatLine, Denied, Event, Intent, Lock, Logged, Millis, Outcome, Person, Rights,
};

/// A lesson: a function of its log.
#[derive(Clone, Debug)]
pub struct Lesson {
    key: LessonKey,
}

/// The log is not one that an owner of this lesson can have written.
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

#[allow(clippy::todo, unused_variables)]
impl Lesson {
    /// A lesson that has not begun.
    #[must_use]
    pub fn new(key: LessonKey) -> Self {
        Self { key }
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

    /// What an intent leads to. Changes nothing.
    ///
    /// # Errors
    /// [`Denied`] with the reason for the one who asked.
    pub fn handle(&self, actor: Actor, intent: Intent, now: Millis) -> Result<Outcome, Denied> {
        todo!()
    }

    /// Gives events their places after the last applied one.
    #[must_use]
    pub fn stamp(&self, epoch: Epoch, at: Millis, events: Vec<(Audience, Event)>) -> Vec<Logged> {
        todo!()
    }

    /// Takes the next event of the log in.
    ///
    /// # Errors
    /// [`BadLog`] if it is not the next one; the state is unchanged then.
    pub fn apply(&mut self, logged: &Logged) -> Result<(), BadLog> {
        todo!()
    }

    /// Which lesson this is.
    #[must_use]
    pub fn key(&self) -> &LessonKey {
        &self.key
    }

    /// Sequence of the last applied event; 0 before the first.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        todo!()
    }

    /// Highest epoch seen in the log.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        todo!()
    }

    /// When the first seat was taken.
    #[must_use]
    pub fn started(&self) -> Option<Millis> {
        todo!()
    }

    /// Whether the lesson is over.
    #[must_use]
    pub fn ended(&self) -> bool {
        todo!()
    }

    /// Everyone who holds a seat, in seating order.
    pub fn people(&self) -> impl Iterator<Item = Person> + '_ {
        std::iter::empty()
    }

    /// Anyone who ever held a seat.
    #[must_use]
    pub fn person(&self, no: ParticipantNo) -> Option<Person> {
        todo!()
    }

    /// Raised hands, first raised first.
    #[must_use]
    pub fn hands(&self) -> Vec<ParticipantNo> {
        todo!()
    }

    /// The latest chat messages, oldest first.
    pub fn chat(&self) -> impl Iterator<Item = &ChatLine> {
        std::iter::empty()
    }

    /// Locks that hold for all pupils and guests.
    #[must_use]
    pub fn room_locks(&self) -> Vec<Lock> {
        todo!()
    }

    /// What a participant may do: nothing without a seat.
    #[must_use]
    pub fn rights(&self, no: ParticipantNo) -> Rights {
        todo!()
    }

    /// The locks that hold for a participant, at most one of each kind.
    #[must_use]
    pub fn locks(&self, no: ParticipantNo) -> Vec<Lock> {
        todo!()
    }

    /// What the SFU forwards from a participant: rights, and switched on.
    #[must_use]
    pub fn media_rights(&self, no: ParticipantNo) -> MediaRights {
        todo!()
    }

    /// Whether a participant's media may reach the recorder. Nothing is recorded yet.
    #[must_use]
    pub fn recordable(&self, no: ParticipantNo) -> bool {
        false
    }

    /// Hash of the whole state but names and texts: the same log gives the same hash, on every
    /// machine and in every version that knows its events. 64 hexadecimal digits.
    #[must_use]
    pub fn state_hash(&self) -> String {
        todo!()
    }
}
