//! Who came and went, told to everybody at once.
//!
//! In a lesson of two hundred each arrival is news for two hundred people, and at the bell there
//! are dozens a second. So this news waits a moment, and what has gathered meanwhile goes out to
//! each reader in one writing.
//! Invariant: nobody misses an event or gets two in the wrong order. News that cannot wait takes
//! with it what has gathered before, and a reader whose state held an event already is not told
//! again.
//! In a crowd most are told how many there are instead, at most once a second.
//! Left out on purpose: leaving news out. Each reader counts events without a gap; who of a crowd is
//! told of whom, the lesson has decided.

use std::sync::Arc;
use std::time::Duration;

use kreide_lesson::{Audience, Event, LockKind, Logged};
use kreide_protocol::ServerMessage;
use tokio::time::Instant;

use super::Keeper;
use crate::event_text::EventText;
use crate::translate;

/// How long news of presence waits in a lesson of a usual size; nobody notices.
const WAIT: Duration = Duration::from_millis(100);
/// How long it waits where so many are there that nobody watches each of them.
const LONG_WAIT: Duration = Duration::from_secs(1);
/// People from whom on it waits long.
const MANY: usize = 100;
/// Events that wait at most; one more takes all with it.
const MAX_GATHERED: usize = 256;

/// What has gathered and when it is told.
#[derive(Default)]
pub(super) struct Gathering {
    events: Vec<(Logged, EventText)>,
    due: Option<Instant>,
    /// When those who are not told of everyone are told how many there are.
    count_due: Option<Instant>,
}

impl Gathering {
    /// How many events wait.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// When something is told.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due.into_iter().chain(self.count_due).min()
    }
}

/// Whether an event is news of presence, which may wait.
fn may_wait(logged: &Logged) -> bool {
    matches!(logged.event, Event::SeatTaken(_) | Event::SeatLeft { .. } | Event::Online { .. })
}

/// Whether there may be more or fewer people for somebody after it.
fn recounts(event: &Event) -> bool {
    matches!(
        event,
        Event::SeatTaken(_)
            | Event::SeatLeft { .. }
            | Event::Removed { .. }
            | Event::PolicySet { .. }
            | Event::LockSet { what: LockKind::People, .. }
            | Event::Granted { what: LockKind::People, .. }
    )
}

impl Keeper {
    /// Takes an event of the log in and tells it to everyone who may see it, or lets it wait.
    pub(super) fn commit_and_tell(&mut self, logged: &Logged) {
        let differs = translate::differs_by_reader(self.ledger.committed(), logged);
        let waits = may_wait(logged) && !differs && self.gathering.len() < MAX_GATHERED;
        let is_hidden = matches!(logged.audience, Audience::Nobody);
        if !waits && !is_hidden {
            // Before it counts for anybody.
            self.tell_gathered();
        }
        self.ledger.commit(logged);
        if recounts(&logged.event) && self.ledger.committed().is_crowd() {
            self.gathering.count_due.get_or_insert_with(|| Instant::now() + LONG_WAIT);
        }
        let (lesson, texts) = (self.ledger.committed(), self.ledger.texts());
        // The change may be what makes it differ.
        if differs || translate::differs_by_reader(lesson, logged) {
            for (no, connection) in self.seats.live().filter(|(no, _)| lesson.visible(logged, *no))
            {
                let seq = lesson.seq_for(no);
                if let Some(stamped) = translate::stamped(lesson, texts, seq, logged, no) {
                    connection.outbox.say(&ServerMessage::Event(stamped));
                }
            }
            return;
        }
        let mut readers = self.seats.live().map(|(no, _)| no);
        let Some(anyone) = readers.find(|no| lesson.visible(logged, *no)) else { return };
        let Some(stamped) = translate::stamped(lesson, texts, 0, logged, anyone) else { return };
        let event = EventText::new(stamped);
        if waits {
            self.gathering.events.push((logged.clone(), event));
            let wait = if self.seats.connected() > MANY { LONG_WAIT } else { WAIT };
            self.gathering.due.get_or_insert_with(|| Instant::now() + wait);
            return;
        }
        let event = Arc::from([event]);
        for (no, connection) in self.seats.live() {
            if lesson.visible(logged, no) {
                // Every reader counts for itself.
                connection.outbox.tell(&event, 0, lesson.seq_for(no));
            }
        }
    }

    /// Tells everyone what has gathered.
    pub(super) fn tell_gathered(&mut self) {
        self.gathering.due = None;
        let (events, texts): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.gathering.events).into_iter().unzip();
        if events.is_empty() {
            return;
        }
        let texts: Arc<[EventText]> = texts.into();
        let lesson = self.ledger.committed();
        for (no, connection) in self.seats.live_mut() {
            let known = std::mem::take(&mut connection.knows);
            let new = known..events.len();
            let seen: Vec<_> =
                new.clone().filter(|place| lesson.visible(&events[*place], no)).collect();
            // Nothing that they see came after it.
            let last = lesson.seq_for(no);
            if seen.len() == new.len() {
                connection.outbox.tell(&texts, known, last);
                continue;
            }
            for (behind, place) in (0..seen.len() as u64).rev().zip(seen) {
                connection.outbox.say_encoded(texts[place].with(last.saturating_sub(behind)));
            }
        }
    }

    /// Tells those who are not told of everyone how many there are, if it is time.
    pub(super) fn tell_count(&mut self, now: Instant) {
        if self.gathering.count_due.take_if(|at| *at <= now).is_none() {
            return;
        }
        let counts = translate::counts(self.ledger.committed());
        for (no, connection) in self.seats.live() {
            if let Some(people) = counts(no) {
                connection.outbox.say(&ServerMessage::Count { people });
            }
        }
    }
}
