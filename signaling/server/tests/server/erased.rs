//! An erased person does not come back, not even with the store of the day before.

use std::path::Path;

use kreide_cluster::{LessonLog, SqliteStore};
use kreide_control::Role;
use kreide_lesson::{Event, Lesson, Logged, Newcomer};
use kreide_server::Config;
use serde_json::json;

use crate::common::{Client, Fixture, lesson, until};

/// Comes in by a class link.
async fn comes(server: &Fixture, link: &str, name: &str) -> Client {
    let entered = server.enter(&json!({ "link": link, "name": name })).await;
    server.join(entered.json()["token"].as_str().unwrap()).await
}

async fn events(store: &SqliteStore) -> Vec<Logged> {
    let stored = store.load(lesson(1)).await.unwrap();
    stored.records.iter().map(|record| serde_json::from_slice(&record.body).unwrap()).collect()
}

/// Copies what a backup takes: everything but the keys.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        if !name.to_str().unwrap().starts_with("keys.db") {
            std::fs::copy(from.join(&name), to.join(&name)).unwrap();
        }
    }
}

/// Whether a person's name stands in a file of a folder.
fn on_disk(folder: &Path, name: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        String::from_utf8_lossy(&bytes).contains(name)
    })
}

/// Waits until nobody has the store open any more.
async fn closed(folder: &Path) {
    until("the store is closed", || !folder.join("kreide.db-wal").exists()).await;
}

#[tokio::test]
async fn yesterdays_store_brings_nobody_back() {
    let server = Fixture::start().await;
    let link = server.link_for("7b", Role::Teacher, None, None).await;
    let mut ben = comes(&server, &link, "canary-ben").await;
    let mut ada = comes(&server, &link, "canary-ada").await;
    ada.does(json!({ "type": "chat", "text": "canary-ada says" })).await;
    ben.does(json!({ "type": "chat", "text": "canary-ben says" })).await;
    let ada = ada.me();
    let folder = server.stop().await;
    closed(folder.path()).await;
    let backup = tempfile::tempdir().unwrap();
    copy(folder.path(), backup.path());

    let store = SqliteStore::open(folder.path()).await.unwrap();
    let before = events(&store).await;
    let subject = before.iter().find_map(|logged| match &logged.event {
        Event::SeatTaken(Newcomer { no, subject, .. }) if json!(no) == json!(ada) => {
            Some(subject.0.clone())
        }
        _ => None,
    });
    let erased = store.erase_person(lesson(1).tenant, subject.unwrap()).await;
    assert_eq!(erased, Ok(2), "name and chat");
    drop(store);
    closed(folder.path()).await;
    copy(backup.path(), folder.path());

    let store = SqliteStore::open(folder.path()).await.unwrap();
    let hash = |events| Lesson::replay(lesson(1), events).unwrap().state_hash();
    assert_eq!(hash(events(&store).await), hash(before), "the state is what it was");
    let server = Fixture::start_in(folder, Config::standard()).await;
    let cem = comes(&server, &link, "canary-cem").await;
    let told = cem.joined.to_string();
    assert!(told.contains("canary-ben says") && told.contains("canary-cem"), "{told}");
    assert!(!told.contains("canary-ada"), "{told}");
    assert!(told.contains(&format!("\"no\":{ada}")), "the seat is still there: {told}");
    for place in [server.folder.path(), backup.path()] {
        assert!(!on_disk(place, "canary"));
    }
    let texts = store.load(lesson(1)).await.unwrap().payloads;
    assert_eq!(texts.iter().filter(|text| text.text.contains("ada")).count(), 0);
}
