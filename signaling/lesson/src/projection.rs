//! The lesson as one participant sees it.
//!
//! Invariant: each participant counts the visible events, from the one that seated them first,
//! with a counter of their own without gaps. What is hidden cannot even be counted.

use kreide_control::ParticipantNo;

use crate::{Lesson, Logged};

impl Lesson {
    /// Whether this participant may see the event. Nobody sees what came before their own seat:
    /// the snapshot tells them. Whoever waits to be let in sees nothing.
    #[must_use]
    pub fn visible(&self, logged: &Logged, no: ParticipantNo) -> bool {
        self.seat(no).is_some_and(|seat| {
            seat.outside.is_none()
                && logged.seq >= seat.first_seq
                && logged.audience.includes(no, seat.role)
        })
    }

    /// This participant's own sequence: the number of the last event they can have seen. Right
    /// after applying an event that is visible to them, it is the sequence of that event.
    #[must_use]
    pub fn seq_for(&self, no: ParticipantNo) -> u64 {
        self.seat(no).map_or(0, |seat| seat.seen)
    }

    /// The visible events after `since`, oldest first, with their own sequences. `log` is the
    /// log's end, up to the last applied event.
    ///
    /// `None` if `since` is 0, lies in the future or before `log`: a snapshot is needed then.
    #[must_use]
    pub fn missed<'a>(
        &self,
        no: ParticipantNo,
        since: u64,
        log: &'a [Logged],
    ) -> Option<Vec<(u64, &'a Logged)>> {
        let mut seq = self.seq_for(no);
        if since == 0 || since > seq {
            return None;
        }
        if since < seq && log.last().map(|logged| logged.seq) != Some(self.last_seq()) {
            return None;
        }
        let mut missed = Vec::new();
        for logged in log.iter().rev() {
            if seq == since {
                break;
            }
            if self.visible(logged, no) {
                missed.push((seq, logged));
                seq -= 1;
            }
        }
        missed.reverse();
        (seq == since).then_some(missed)
    }
}
