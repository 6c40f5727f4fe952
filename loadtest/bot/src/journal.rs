//! What one bot heard and was told, each with its time: whom it received, packet by packet.
//!
//! Invariant: in the order of arrival, and never more than [`MOST`] entries of each kind; what did
//! not fit is counted, so that nobody takes a part for the whole.
//! Left out on purpose: what it means. Whoever plays the scenario judges.

use std::sync::{Arc, Mutex, PoisonError};

use kreide_protocol::{Groups, LessonEvent, ServerMessage, Snapshot, SourceRef, Talk};

/// A journal that its writer and its readers share. Without pages nothing is kept.
#[derive(Clone, Debug, Default)]
pub struct Journal(Option<Arc<Mutex<Pages>>>);

/// What was written.
#[derive(Debug, Default)]
pub struct Pages {
    /// Every packet of a stamped source that arrived for the first time.
    pub heard: Vec<Heard>,
    /// Every message of the server.
    pub told: Vec<Told>,
    /// The same of connections: when each could carry media, in microseconds since 1970 UTC.
    pub connections: Vec<u64>,
    /// What did not fit.
    pub left_out: u64,
}

/// One packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Whose it is, by what stands in it.
    pub from: SourceRef,
    /// Which of the connections it came by.
    pub connection: u16,
    /// The line it came on, voices first.
    pub slot: u16,
    /// Its sequence number on that line, without wrapping.
    pub number: u64,
    /// When the sender made it, in microseconds since 1970 UTC.
    pub captured: u64,
    /// When it came, on the same clock.
    pub arrived: u64,
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// When it came, in microseconds since 1970 UTC.
    pub at: u64,
    /// What.
    pub message: ServerMessage,
}

impl Journal {
    /// One that is kept.
    #[must_use]
    pub fn kept() -> Self {
        Self(Some(Arc::default()))
    }

    /// Looks into it; `None` if nothing is kept. The bot waits meanwhile.
    pub fn read<T>(&self, look: impl FnOnce(&Pages) -> T) -> Option<T> {
        let pages = self.0.as_ref()?;
        Some(look(&pages.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    pub(crate) fn hear(&self, heard: Heard) {
        self.write(|pages| (&mut pages.heard, heard));
    }

    pub(crate) fn tell(&self, at: u64, message: &ServerMessage) {
        // Levels of voices and pictures in slots change all the time and are no news of the lesson.
        if self.0.is_some() && !matches!(message, ServerMessage::Speaking { .. }) {
            self.write(|pages| (&mut pages.told, Told { at, message: message.clone() }));
        }
    }

    pub(crate) fn connect(&self, at: u64) {
        self.write(|pages| (&mut pages.connections, at));
    }

    fn write<T>(&self, entry: impl FnOnce(&mut Pages) -> (&mut Vec<T>, T)) {
        let Some(pages) = &self.0 else { return };
        let mut pages = pages.lock().unwrap_or_else(PoisonError::into_inner);
        let (list, entry) = entry(&mut pages);
        if list.len() < MOST {
            list.push(entry);
        } else {
            pages.left_out += 1;
        }
    }
}

impl Pages {
    /// The breakout groups as they were told last, and when; `None` if nothing was said of them.
    #[must_use]
    pub fn groups(&self) -> Option<(u64, &Groups)> {
        self.last(
            |snapshot| &snapshot.groups,
            |event| match event {
                LessonEvent::Groups { groups, .. } => Some(groups),
                _ => None,
            },
        )
    }

    /// The talks as they were told last, and when.
    #[must_use]
    pub fn talks(&self) -> Option<(u64, &Vec<Talk>)> {
        self.last(
            |snapshot| &snapshot.talks,
            |event| match event {
                LessonEvent::Talks { talks } => Some(talks),
                _ => None,
            },
        )
    }

    /// The last word on something, whether it stood in a snapshot or happened.
    fn last<'a, T>(
        &'a self,
        found: impl Fn(&'a Snapshot) -> &'a T,
        happened: impl Fn(&'a LessonEvent) -> Option<&'a T>,
    ) -> Option<(u64, &'a T)> {
        self.told.iter().rev().find_map(|told| {
            let value = match &told.message {
                ServerMessage::Joined(joined) => {
                    let missed = joined.missed.iter().rev();
                    let missed = missed.map(|stamped| &stamped.event).find_map(&happened);
                    missed.or_else(|| joined.snapshot.as_ref().map(&found))
                }
                ServerMessage::Event(stamped) => happened(&stamped.event),
                _ => None,
            };
            Some((told.at, value?))
        })
    }
}

/// Five minutes of everything that a pupil gets.
const MOST: usize = 200_000;

#[cfg(test)]
mod tests {
    use kreide_protocol::{Kind, Stamped};

    use super::*;

    #[test]
    fn the_last_word_on_groups_counts() {
        let journal = Journal::kept();
        assert_eq!(journal.read(|pages| pages.groups().is_some()), Some(false));
        for (at, mine) in [(1, Some(2)), (2, None)] {
            let groups = Groups { mine, ..Groups::default() };
            let event = LessonEvent::Groups { groups, around: Vec::new(), whole: false };
            journal.tell(at, &ServerMessage::Event(Stamped { seq: at, at: 0, event }));
        }
        journal.tell(3, &ServerMessage::Pong);
        let last = journal.read(|pages| pages.groups().map(|(at, groups)| (at, groups.mine)));
        assert_eq!(last, Some(Some((2, None))));
    }

    #[test]
    fn nothing_is_kept_where_nobody_asked_and_never_too_much() {
        let from = SourceRef { participant: 1, kind: Kind::Microphone };
        let heard = Heard { from, connection: 0, slot: 0, number: 0, captured: 0, arrived: 0 };
        let none = Journal::default();
        none.hear(heard);
        assert_eq!(none.read(|pages| pages.heard.len()), None);
        let journal = Journal::kept();
        (0..=MOST).for_each(|_| journal.hear(heard));
        assert_eq!(journal.read(|pages| (pages.heard.len(), pages.left_out)), Some((MOST, 1)));
    }
}
