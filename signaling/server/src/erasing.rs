//! Erases what ended lessons leave of people: names and texts, who wrote, raised a hand, waited,
//! was online, voted or was ready, and who the numbers were. And takes those who are erased one by
//! one out of the lessons that run.
//!
//! Invariant: what is to be erased stands in the catalogue from the moment a lesson ends, so a
//! restart forgets nothing. A lesson is struck off only after all of it is gone. The log is taken
//! over first, so that no former owner adds to it or keeps a snapshot of before.
//! Left out on purpose: the other events. They name people by number and stay for the archive. And
//! whoever is erased while a lesson runs stays in it, without a name, until they go; unless they came
//! by the room's roster, of which they are not any more (`outside`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kreide_cluster::{Catalogue, ErasedPerson, LessonLog, LogError, Whose};
use kreide_control::{LessonKey, ParticipantNo};
use serde_json::{Value, json};

use crate::clock;
use crate::server::App;

/// Kinds of events of which only their place in the log stays.
const ERASED: [&str; 11] = [
    "chat",
    "chatEdited",
    "chatDeleted",
    "chatHidden",
    "caption",
    "hand",
    "online",
    "waiting",
    "waitEnded",
    "talk",
    "introduced",
];

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

/// Takes people who were erased out of the lessons that run, again and again.
pub(crate) async fn forget_people(app: Arc<App>, every: Duration) {
    let mut turns = tokio::time::interval(every);
    loop {
        turns.tick().await;
        let Ok(people) = app.catalogue.erased_people().await else { continue };
        for ErasedPerson { id, seats } in people {
            let mut lessons: BTreeMap<LessonKey, Vec<ParticipantNo>> = BTreeMap::new();
            for (lesson, no) in seats {
                lessons.entry(lesson).or_default().push(no);
            }
            for (lesson, people) in lessons {
                app.rooms.forget(&lesson, people).await;
            }
            // If this fails, forgetting nothing another time does no harm.
            let _again = app.catalogue.person_left_lessons(id).await;
        }
    }
}

/// A record without what it said of people; `None` where it stays. Place, time and audience stay,
/// so that the log still replays; who had a seat when, stays of a number alone.
fn erased(body: &[u8]) -> Option<Vec<u8>> {
    let mut record: Value = serde_json::from_slice(body).ok()?;
    let event = record.get_mut("event")?;
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    match (text("type"), text("change")) {
        ("tool", "ready") => *event = json!({ "type": "erased" }),
        ("poll", "tally") => {
            let voters = event.get_mut("voters")?.as_array_mut()?;
            if voters.is_empty() {
                return None;
            }
            voters.clear();
        }
        ("seatTaken", _) => {
            let newcomer = event.as_object_mut()?;
            let device = newcomer.remove("device");
            let subject = newcomer.insert("subject".to_owned(), json!(""));
            if device.is_none() && subject == Some(json!("")) {
                return None;
            }
        }
        (kind, _) if ERASED.contains(&kind) => *event = json!({ "type": "erased" }),
        _ => return None,
    }
    serde_json::to_vec(&record).ok()
}

#[cfg(test)]
mod tests {
    use kreide_control::{Epoch, Role, RoomId, TenantId};
    use kreide_lesson::{
        Audience, ChatTo, Event, KeyHash, Lesson, Logged, Millis, Newcomer, PayloadId, PollEvent,
        Subject, TalkEvent, ToolEvent, Wait,
    };

    use super::*;

    fn logged(event: Event) -> Vec<u8> {
        let logged =
            Logged { seq: 7, epoch: Epoch(2), at: Millis(5), audience: Audience::All, event };
        serde_json::to_vec(&logged).unwrap()
    }

    const NO: ParticipantNo = ParticipantNo(3);

    fn newcomer() -> Newcomer {
        Newcomer {
            no: NO,
            subject: Subject("canary".to_owned()),
            role: Role::Pupil,
            name: PayloadId(1),
            consent: false,
            seat: Some(4),
            talk: None,
            device: Some(KeyHash([7; 32])),
            proven: false,
        }
    }

    #[test]
    fn an_erased_record_keeps_its_place_and_says_nothing() {
        let erasable = [
            Event::Hand { no: NO, place: Some(1) },
            Event::Chat { id: 1, from: NO, text: PayloadId(9), to: ChatTo::All },
            Event::ChatEdited { id: 1, text: PayloadId(9) },
            Event::ChatDeleted { id: 1, by: NO },
            Event::ChatHidden { ids: vec![1], hidden: true, by: NO },
            Event::Caption { from: NO, text: PayloadId(9) },
            Event::Online { no: NO, online: false },
            Event::Waiting { newcomer: newcomer(), why: Wait::Begin },
            Event::WaitEnded { no: NO, by: None },
            Event::Talk(TalkEvent::Began { slot: 1 }),
            Event::Introduced { no: NO, to: None },
            Event::Tool(ToolEvent::Ready { no: NO, yes: true }),
        ];
        for event in erasable {
            let body = erased(&logged(event)).unwrap();
            let record: Logged = serde_json::from_slice(&body).unwrap();
            assert_eq!((record.seq, record.epoch, record.at), (7, Epoch(2), Millis(5)));
            assert_eq!(serde_json::to_value(&record.event).unwrap(), json!({ "type": "erased" }));
            assert_eq!(erased(&body), None, "there is nothing left to erase");
        }
        let stay = [
            Event::Started,
            Event::SeatLeft { no: NO },
            Event::Ended { by: Some(NO) },
            Event::Tool(ToolEvent::ReadyAsked { on: true, by: NO }),
            Event::Poll(PollEvent::Counted { id: 1 }),
        ];
        for event in stay {
            assert_eq!(erased(&logged(event)), None);
        }
        assert_eq!(erased(b"no event"), None);
    }

    #[test]
    fn seats_lose_their_person_and_counts_their_voters() {
        let tally = |voters| {
            let (counts, answers) = (vec![3, 2], Vec::new());
            Event::Poll(PollEvent::Tally { id: 1, voters, counts, answers })
        };
        let blank = Newcomer { subject: Subject(String::new()), device: None, ..newcomer() };
        let rows = [
            (Event::SeatTaken(newcomer()), Event::SeatTaken(blank)),
            (tally(vec![NO]), tally(Vec::new())),
        ];
        for (before, after) in rows {
            let body = erased(&logged(before)).unwrap();
            assert_eq!(serde_json::from_slice::<Logged>(&body).unwrap().event, after);
            assert_eq!(erased(&body), None, "there is nothing left to erase");
        }
    }

    #[test]
    fn every_erased_log_replays() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../lesson/corpus");
        let mut logs = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let lines: Vec<&str> = text.lines().filter(|line| line.contains("\"seq\"")).collect();
            let (tenant, room) = (TenantId::parse("school"), RoomId::parse("7b"));
            let key = LessonKey { tenant: tenant.unwrap(), room: room.unwrap(), lesson: 1 };
            let replay = |erase: bool| {
                let body = |line: &&str| {
                    let changed = erased(line.as_bytes()).filter(|_| erase);
                    let body = changed.unwrap_or_else(|| line.as_bytes().to_vec());
                    serde_json::from_slice::<Logged>(&body).unwrap()
                };
                Lesson::replay(key.clone(), lines.iter().map(body)).unwrap()
            };
            let (before, after) = (replay(false), replay(true));
            assert_eq!(after.last_seq(), before.last_seq());
            assert_eq!((after.chat().count(), after.hands().len()), (0, 0));
            logs += 1;
        }
        assert!(logs > 1, "the corpus is there");
    }
}
