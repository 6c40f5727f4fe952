//! Erases what ended lessons leave of people: names and chat, and who raised a hand.
//!
//! Invariant: what is to be erased stands in the catalogue from the moment a lesson ends, so a
//! restart forgets nothing. A lesson is struck off only after all of it is gone. The log is taken
//! over first, so that no former owner adds to it or keeps a snapshot of before.
//! Left out on purpose: the other events. They name people by number and stay for the archive.

use std::sync::Arc;
use std::time::Duration;

use kreide_cluster::{Catalogue, LessonLog, LogError, Whose};
use kreide_control::LessonKey;
use serde_json::{Value, json};

use crate::clock;

/// Kinds of events of which only their place in the log stays.
const ERASED: [&str; 2] = ["chat", "hand"];

/// Erases what is due, again and again.
pub(crate) async fn run(log: Arc<dyn LessonLog>, catalogue: Arc<dyn Catalogue>, every: Duration) {
    let mut turns = tokio::time::interval(every);
    loop {
        turns.tick().await;
        let Ok(due) = catalogue.to_erase(clock::now()).await else { continue };
        for lesson in due {
            match erase(&*log, &lesson).await {
                Ok((texts, events)) => {
                    tracing::info!(%lesson, texts, events, "texts erased");
                    // If this fails, erasing nothing another time does no harm.
                    let _again = catalogue.erased(lesson).await;
                }
                Err(error) => tracing::warn!(%lesson, %error, "texts are erased later"),
            }
        }
    }
}

/// How many texts and events there were. The texts first, for they say most.
async fn erase(log: &dyn LessonLog, lesson: &LessonKey) -> Result<(u64, u64), LogError> {
    let texts = log.erase(lesson.clone(), Whose::Everyone).await?;
    let epoch = log.take_over(lesson.clone()).await?;
    let change = Box::new(|_seq, body: &[u8]| erased(body));
    Ok((texts, log.rewrite(lesson.clone(), epoch, change).await?))
}

/// A record without what it said; `None` where it stays. The state skips a kind that it does not
/// know, and place, time and audience stay, so that the log still replays.
fn erased(body: &[u8]) -> Option<Vec<u8>> {
    let mut record: Value = serde_json::from_slice(body).ok()?;
    let event = record.get_mut("event")?;
    let kind = event.get("type")?.as_str()?;
    if !ERASED.contains(&kind) {
        return None;
    }
    *event = json!({ "type": "erased" });
    serde_json::to_vec(&record).ok()
}

#[cfg(test)]
mod tests {
    use kreide_control::Epoch;
    use kreide_lesson::{Audience, ChatTo, Event, Logged, Millis, PayloadId};

    use super::*;

    fn logged(event: Event) -> Vec<u8> {
        let logged =
            Logged { seq: 7, epoch: Epoch(2), at: Millis(5), audience: Audience::All, event };
        serde_json::to_vec(&logged).unwrap()
    }

    #[test]
    fn an_erased_record_keeps_its_place_and_says_nothing() {
        let no = kreide_control::ParticipantNo(3);
        let erasable = [
            Event::Hand { no, place: Some(1) },
            Event::Chat { id: 1, from: no, text: PayloadId(9), to: ChatTo::All },
        ];
        for event in erasable {
            let body = erased(&logged(event)).unwrap();
            let record: Logged = serde_json::from_slice(&body).unwrap();
            assert_eq!((record.seq, record.epoch, record.at), (7, Epoch(2), Millis(5)));
            assert_eq!(record.event.kind(), "erased");
            assert_eq!(serde_json::to_value(&record.event).unwrap(), json!({ "type": "erased" }));
            assert_eq!(erased(&body), None, "there is nothing left to erase");
        }
        for event in [Event::Started, Event::SeatLeft { no }, Event::Ended { by: Some(no) }] {
            assert_eq!(erased(&logged(event)), None);
        }
        assert_eq!(erased(b"no event"), None);
    }
}
