//! One who says their share and reads what everybody says.
//!
//! Invariant: what is read of one sender is compared with what that sender says, one by one: the
//! same thing in the same order, and no number of the own sequence left out.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use kreide_bot::{Seat, unix_micros};
use kreide_protocol::{ClientMessage, LessonEvent, ServerMessage};
use tokio::time::{Instant, timeout};

use super::table::Table;

pub(super) struct Person {
    seat: Seat,
    pub(super) no: u32,
    /// Sequence of the last event.
    sequence: Option<u64>,
}

/// What is under way in one phase.
struct Course {
    said: u32,
    /// The number of the first message, to which answers are counted.
    first: Option<u32>,
    answered: u32,
    /// How many events of each sender were read.
    read: BTreeMap<u32, u32>,
}

impl Person {
    pub(super) fn new(seat: Seat, no: u32) -> Self {
        Self { seat, no, sequence: None }
    }

    /// Says `share` things from `first` on, one after `every`, and reads from now on until all of
    /// everybody is there.
    pub(super) async fn play(
        &mut self,
        table: &Table,
        share: u32,
        first: Instant,
        every: Duration,
    ) -> Result<()> {
        let mut course = Course { said: 0, first: None, answered: 0, read: BTreeMap::new() };
        let (mut next, mut heard) = (first, Instant::now());
        let all = table.people() as u64 * u64::from(share);
        let mut read = 0;
        while course.answered < share || read < all {
            let silent = heard + SILENCE;
            tokio::select! {
                biased;
                message = self.seat.hear() => {
                    heard = Instant::now();
                    read += u64::from(self.take(message?, table, &mut course)?);
                }
                () = tokio::time::sleep_until(next), if course.said < share => {
                    self.say(table, &mut course).await?;
                    next += every;
                }
                () = tokio::time::sleep_until(silent), if course.said == share => {
                    // Where the machine stood still, the time is over before what came meanwhile
                    // has been read.
                    if let Ok(message) = timeout(LAST_LOOK, self.seat.hear()).await {
                        heard = Instant::now();
                        read += u64::from(self.take(message?, table, &mut course)?);
                        continue;
                    }
                    let short: Vec<_> = course.read.iter().filter(|(_, read)| **read < share).collect();
                    bail!(
                        "{}: {} of {share} were answered and {read} of {all} told, of some less: {short:?}",
                        self.no,
                        course.answered
                    );
                }
            }
        }
        Ok(())
    }

    async fn say(&mut self, table: &Table, course: &mut Course) -> Result<()> {
        let intent = course.said;
        course.said += 1;
        table.sent(self.no, intent, now());
        let reference = self.seat.say(message(intent)).await?;
        course.first.get_or_insert(reference);
        Ok(())
    }

    /// Returns whether it was an event of somebody who says something.
    fn take(&mut self, message: ServerMessage, table: &Table, course: &mut Course) -> Result<bool> {
        let at = now();
        match message {
            ServerMessage::Ok { reference } => {
                if let Some(intent) = course.first.and_then(|first| reference.checked_sub(first)) {
                    ensure!(intent == course.answered, "{} was answered out of order", self.no);
                    course.answered += 1;
                    table.answered(self.no, intent, at);
                }
            }
            ServerMessage::Event(stamped) => {
                let follows = self.sequence.is_none_or(|before| before + 1 == stamped.seq);
                ensure!(follows, "{:?} was followed by {}", self.sequence, stamped.seq);
                self.sequence = Some(stamped.seq);
                let Some(who) = author(&stamped.event).filter(|who| table.knows(*who)) else {
                    return Ok(false);
                };
                let intent = course.read.entry(who).or_default();
                ensure!(is_of(&stamped.event, *intent), "{who}: {intent} is not what was told");
                table.told(who, *intent, at);
                *intent += 1;
                return Ok(true);
            }
            ServerMessage::Error(refusal) => {
                bail!("refused: {:?}: {}", refusal.code, refusal.message)
            }
            ServerMessage::Closed { code } => bail!("closed: {code:?}"),
            _ => {}
        }
        Ok(false)
    }
}

/// The hand goes up and down, and each fifth is a message to all: each of them is an event.
fn message(intent: u32) -> ClientMessage {
    match intent % 5 {
        4 => ClientMessage::Chat { to: None, text: intent.to_string() },
        place => ClientMessage::Hand { up: place % 2 == 0 },
    }
}

fn author(event: &LessonEvent) -> Option<u32> {
    match event {
        LessonEvent::Hand { who, .. } => Some(*who),
        LessonEvent::Chat { message } => Some(message.from),
        _ => None,
    }
}

/// Whether an event tells of this intent.
fn is_of(event: &LessonEvent, intent: u32) -> bool {
    match (event, message(intent)) {
        (LessonEvent::Hand { hand, .. }, ClientMessage::Hand { up }) => hand.is_some() == up,
        (LessonEvent::Chat { message }, ClientMessage::Chat { text, .. }) => message.text == text,
        _ => false,
    }
}

fn now() -> u64 {
    unix_micros(Instant::now().into_std())
}

/// Whoever hears nothing for so long will hear nothing more, however busy the disk is.
const SILENCE: Duration = Duration::from_secs(30);
/// How long is waited once more for what may be on its way within this process.
const LAST_LOOK: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_intent_changes_something() {
        let hands: Vec<bool> = (0..10)
            .filter_map(|intent| match message(intent) {
                ClientMessage::Hand { up } => Some(up),
                _ => None,
            })
            .collect();
        assert_eq!(hands, [true, false, true, false, true, false, true, false]);
        let event = LessonEvent::Hand { who: 1, hand: Some(7) };
        assert!(is_of(&event, 0) && !is_of(&event, 1) && !is_of(&event, 4));
    }
}
