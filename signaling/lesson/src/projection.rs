//! The lesson as one participant sees it.
//!
//! Invariant: each participant counts the visible events, from the one that seated them, with a
//! counter of their own without gaps. What is hidden cannot even be counted.

use kreide_control::ParticipantNo;

use crate::{Lesson, Logged};

#[allow(clippy::todo, unused_variables)]
impl Lesson {
    /// Whether this participant may see the event.
    #[must_use]
    pub fn visible(&self, logged: &Logged, no: ParticipantNo) -> bool {
        todo!()
    }

    /// This participant's own sequence: the number of the last event they can have seen. Right
    /// after applying an event that is visible to them, it is the sequence of that event.
    #[must_use]
    pub fn seq_for(&self, no: ParticipantNo) -> u64 {
        todo!()
    }

    /// The visible events after `since`, oldest first, with their own sequences. `log` is the
    /// log's end, up to the last applied event. `None` if `since` lies in the future or before
    /// `log`: then a snapshot is needed.
    #[must_use]
    pub fn missed<'a>(
        &self,
        no: ParticipantNo,
        since: u64,
        log: &'a [Logged],
    ) -> Option<Vec<(u64, &'a Logged)>> {
        todo!()
    }
}
