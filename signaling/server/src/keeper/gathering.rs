//! Who came and went, told to everybody at once.
//!
//! In a lesson of two hundred each arrival is news for two hundred people, and at the bell there
//! are dozens a second. So this news waits a moment, and what has gathered meanwhile goes out to
//! each reader in one writing.
//! Invariant: nobody misses an event or gets two in the wrong order. News that cannot wait takes
//! with it what has gathered before, and a reader whose state held an event already is not told
//! again.
//! Left out on purpose: leaving news out. Each reader counts events without a gap.

use std::sync::Arc;
use std::time::Duration;

use kreide_lesson::{Audience, Event, Logged};
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
    events: Vec<EventText>,
    due: Option<Instant>,
}

impl Gathering {
    /// How many events wait.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// When they are told.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }
}

/// Whether an event is news of presence, which may wait.
fn may_wait(logged: &Logged) -> bool {
    matches!(
        (&logged.audience, &logged.event),
        (Audience::All, Event::SeatTaken(_) | Event::SeatLeft { .. } | Event::Online { .. })
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
        let Some(anyone) = self.seats.live().map(|(no, _)| no).next() else { return };
        let Some(stamped) = translate::stamped(lesson, texts, 0, logged, anyone) else { return };
        let event = EventText::new(stamped);
        if waits {
            self.gathering.events.push(event);
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
        let events: Arc<[EventText]> = std::mem::take(&mut self.gathering.events).into();
        if events.is_empty() {
            return;
        }
        let lesson = self.ledger.committed();
        for (no, connection) in self.seats.live_mut() {
            // Everyone sees them all, and nothing that they see came after them.
            let known = std::mem::take(&mut connection.knows);
            connection.outbox.tell(&events, known, lesson.seq_for(no));
        }
    }
}
