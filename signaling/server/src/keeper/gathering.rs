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

use std::time::Duration;

use kreide_lesson::{Audience, Event, LockKind, Logged};
use kreide_protocol::{ServerMessage, Stamped};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::Keeper;
use crate::outbox::encode;
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
    events: Vec<News>,
    due: Option<Instant>,
    /// When those who are not told of everyone are told how many there are.
    count_due: Option<Instant>,
}

/// An event that waits.
struct News {
    logged: Logged,
    encoded: Encoded,
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

/// An event as text, up to the sequence of its reader. It is encoded once for all.
struct Encoded {
    /// What follows the sequence.
    tail: String,
}

/// What precedes the sequence.
const HEAD: &str = r#"{"type":"event","seq":"#;

impl Encoded {
    fn new(event: Stamped) -> Self {
        let text = encode(&ServerMessage::Event(Stamped { seq: 0, ..event }));
        let tail = text.as_str().strip_prefix(HEAD).and_then(|rest| rest.strip_prefix('0'));
        Self { tail: tail.expect("a test holds the order of the fields").to_owned() }
    }

    fn with(&self, seq: u64) -> Utf8Bytes {
        format!("{HEAD}{seq}{}", self.tail).into()
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
        let encoded = Encoded::new(stamped);
        if waits {
            self.gathering.events.push(News { logged: logged.clone(), encoded });
            let wait = if self.seats.connected() > MANY { LONG_WAIT } else { WAIT };
            self.gathering.due.get_or_insert_with(|| Instant::now() + wait);
            return;
        }
        for (no, connection) in self.seats.live() {
            if lesson.visible(logged, no) {
                // Every reader counts for itself.
                connection.outbox.say_encoded(encoded.with(lesson.seq_for(no)));
            }
        }
    }

    /// Tells everyone what has gathered.
    pub(super) fn tell_gathered(&mut self) {
        self.gathering.due = None;
        let events = std::mem::take(&mut self.gathering.events);
        if events.is_empty() {
            return;
        }
        let lesson = self.ledger.committed();
        for (no, connection) in self.seats.live_mut() {
            let news = events.get(std::mem::take(&mut connection.knows)..).unwrap_or_default();
            let news: Vec<_> =
                news.iter().filter(|news| lesson.visible(&news.logged, no)).collect();
            // Nothing that they see came after it.
            let last = lesson.seq_for(no);
            for (behind, news) in (0..news.len() as u64).rev().zip(news) {
                connection.outbox.say_encoded(news.encoded.with(last.saturating_sub(behind)));
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

#[cfg(test)]
mod tests {
    use kreide_protocol::LessonEvent;

    use super::*;

    #[test]
    fn every_sequence_stands_where_the_protocol_has_it() {
        for seq in [0, 1, 10, u64::MAX] {
            let event = Stamped { seq, at: 7, event: LessonEvent::Left { who: 3 } };
            let encoded = Encoded::new(event.clone()).with(seq);
            assert_eq!(encoded.as_str(), encode(&ServerMessage::Event(event)).as_str());
        }
    }
}
