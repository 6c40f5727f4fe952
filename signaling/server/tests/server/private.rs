//! Nothing of a person reaches logs or metrics, whatever happens to them.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kreide_cluster::{Catalogue, LessonLog, SqliteStore};
use kreide_control::{Policy, Role};
use kreide_lesson::{Lesson, Logged};
use kreide_server::Config;
use serde_json::json;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::common::{Client, Fixture, PATIENCE, eventually, lesson, open, pack, until};

/// Collects what is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_ended_lesson_forgets_its_people() {
    let config = Config { texts_kept: Duration::from_millis(300), ..Config::standard() };
    let server = Fixture::start_in(tempfile::tempdir().unwrap(), config).await;
    // A class link, because a personal one keeps the name for the next lesson.
    let link = server.link_for("7b", Role::Teacher, None, None).await;
    let entered = server.enter(&json!({ "link": link, "name": "canary-name" })).await;
    let mut teacher = server.join(entered.json()["token"].as_str().unwrap()).await;
    teacher.does(json!({ "type": "chat", "text": "canary-chat" })).await;
    let on_disk = |folder: &Path| {
        std::fs::read_dir(folder).unwrap().any(|entry| {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            String::from_utf8_lossy(&bytes).contains("canary")
        })
    };
    let stored = async || server.log.load(lesson(1)).await.unwrap();
    let texts: Vec<_> = stored().await.payloads.into_iter().map(|payload| payload.text).collect();
    assert_eq!(texts[..2], ["canary-name", "canary-chat"]);
    assert_eq!(texts.len(), 3, "and who it is");
    assert!(!on_disk(server.folder.path()), "texts are sealed");
    teacher.say(json!({ "type": "end" })).await;
    teacher.expect_end().await;
    eventually("the texts are erased", async || stored().await.payloads.is_empty()).await;
    let said = async |what: &str| {
        let records = stored().await.records;
        records.iter().filter(|record| String::from_utf8_lossy(&record.body).contains(what)).count()
    };
    eventually("the chat is erased", async || said("erased").await == 1).await;
    assert_eq!(said(r#""type":"chat""#).await, 0);
    let records = stored().await.records;
    let events = records.iter().map(|record| serde_json::from_slice(&record.body).unwrap());
    let replayed = Lesson::replay(lesson(1), events.collect::<Vec<Logged>>()).unwrap();
    assert_eq!((replayed.ended(), replayed.chat().count()), (true, 0));
}

#[tokio::test]
async fn a_lesson_is_kept_for_the_days_of_its_policy() {
    let config = Config { texts_kept: Duration::ZERO, ..Config::standard() };
    let server = Fixture::start_in(tempfile::tempdir().unwrap(), config.clone()).await;
    server.decide(Policy { keep_days: 2, ..open() }).await;
    let mut teacher = server.person(Role::Teacher, "Frau Kern").await;
    teacher.does(json!({ "type": "chat", "text": "kept" })).await;
    let before = teacher.joined["now"].as_i64().unwrap();
    teacher.say(json!({ "type": "end" })).await;
    teacher.expect_end().await;
    let folder = server.stop().await;
    let server = Fixture::start_in(folder, config).await;
    let store = SqliteStore::open(server.folder.path()).await.unwrap();
    let day = |days: i64| before + days * 24 * 60 * 60 * 1000;
    eventually("the end is noted", async || store.to_erase(day(3)).await.unwrap().len() == 1).await;
    assert_eq!(store.to_erase(day(2) - 1).await.unwrap(), []);
    let stored = store.load(lesson(1)).await.unwrap();
    assert!(stored.payloads.iter().any(|payload| payload.text == "kept"));
    let chat = |body: &[u8]| String::from_utf8_lossy(body).contains(r#""type":"chat""#);
    assert!(stored.records.iter().any(|record| chat(&record.body)));
}

#[tokio::test]
async fn no_canary_in_logs_or_metrics() {
    let lines = Lines::default();
    let writer = lines.clone();
    // Our own crates as loud as they can be; the libraries as loud as anyone sets them.
    let filter = "debug,kreide_server=trace,kreide_cluster=trace,kreide_lesson=trace";
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish()
        .init();

    let config = Config { recording_lead: Duration::from_millis(50), ..Config::standard() };
    let server = Fixture::start_in(tempfile::tempdir().unwrap(), config).await;
    let teacher_link = server.link("7b", Role::Teacher, "Canary-Teacher").await;
    let link = server.recordable_link(Role::Pupil, "Canary-Pupil").await;
    let teacher_token = server.token(&teacher_link).await;
    let mut teacher = server.join(&teacher_token).await;
    let token = server.token(&link).await;
    let mut pupil = Client::connect(server.address).await;
    let offer = pack("v=0 canary-offer");
    pupil.join_as(json!({ "with": { "token": token }, "offer": offer })).await;

    pupil.does(json!({ "type": "chat", "text": "canary-chat" })).await;
    pupil.does(json!({ "type": "send", "kind": "camera", "on": true })).await;
    teacher
        .does(json!({ "type": "lock", "who": pupil.me(), "what": "camera", "locked": true }))
        .await;
    teacher.does(json!({ "type": "record", "on": true })).await;
    let id = pupil.wait_event("recording").await["event"]["recording"]["id"].take();
    pupil.does(json!({ "type": "recordConsent", "to": id })).await;
    until("it is recorded", || server.recorder.recording().is_some()).await;
    teacher.does(json!({ "type": "record", "on": false })).await;
    pupil.say(json!({ "type": "canary-type", "text": "canary-nonsense" })).await;
    pupil.say(json!({ "type": "chat", "text": ["canary-wrong"] })).await;
    let refused = json!({ "type": "offer", "offer": pack("refuse me canary-refused") });
    assert_eq!(pupil.may_not(refused).await, "OFFER_INVALID");
    server.log.down();
    assert_eq!(pupil.may_not(json!({ "type": "chat", "text": "canary-lost" })).await, "DEGRADED");
    server.log.good();
    let written = tokio::time::timeout(PATIENCE, async {
        while pupil.ask(json!({ "type": "hand", "up": true })).await.0["type"] == "error" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    written.await.expect("the log is good again");
    let forged = format!("{}x", server.token(&link).await);
    let client = Client::connect(server.address).await;
    assert_eq!(client.refused(json!({ "token": forged })).await, "TOKEN_INVALID");
    let unknown = json!({ "link": "school.CanaryAAAAAAAAAAAAAAAA" });
    assert_eq!(server.enter(&unknown).await.status, 403);
    let key = pupil.joined["resume"].as_str().unwrap().to_owned();
    pupil.cut();
    let mut pupil = Client::connect(server.address).await;
    pupil.join(json!({ "resume": key })).await;
    let metrics = server.get("/metrics").await.body;
    let secrets = [
        link.split_once('.').unwrap().1.to_owned(),
        token,
        teacher_token,
        pupil.joined["access"].as_str().unwrap().to_owned(),
        teacher.joined["access"].as_str().unwrap().to_owned(),
        key.clone(),
        key.rsplit('.').next().unwrap().to_owned(),
        offer,
        "canary".to_owned(),
        "127.0.0.1".to_owned(),
    ];
    server.stop().await;
    let logged = String::from_utf8_lossy(&lines.0.lock().unwrap()).into_owned();
    assert!(logged.contains("lesson loaded"), "the log was caught");
    assert!(metrics.contains("kreide_participants"));
    for (place, text) in [("log", &logged), ("metrics", &metrics)] {
        let lower = text.to_lowercase();
        for secret in &secrets {
            let found = lower.lines().find(|line| line.contains(&secret.to_lowercase()));
            assert_eq!(found, None, "in the {place}");
        }
    }
}
