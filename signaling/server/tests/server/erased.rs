//! An erased person does not come back, not even with the store of the day before.

use std::path::Path;

use kreide_cluster::{Catalogue, GroupSet, LessonLog, LinksFor, SqliteStore};
use kreide_control::Role;
use kreide_lesson::{Lesson, Logged};
use kreide_server::{Config, roster};
use serde_json::json;

use crate::common::{Client, Fixture, eventually, lesson, open};

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

/// Waits until nobody has the store open any more. Two connections that close at once may each
/// leave the write-ahead log to the other; then one more takes it away.
async fn closed(folder: &Path) {
    let is_closed = || !folder.join("kreide.db-wal").exists();
    eventually("the store is closed", async || {
        if !is_closed() {
            drop(SqliteStore::open(folder).await.unwrap());
        }
        is_closed()
    })
    .await;
}

#[tokio::test]
async fn yesterdays_store_brings_nobody_back() {
    let server = Fixture::start().await;
    let link = server.link_for("7b", Role::Teacher, None, None).await;
    let mut ben = comes(&server, &link, "canary-ben").await;
    let mut ada = comes(&server, &link, "canary-ada").await;
    ada.does(json!({ "type": "chat", "text": "canary-ada says" })).await;
    ben.does(json!({ "type": "chat", "text": "canary-ben says" })).await;
    let subject = server.keys.access(ada.joined["access"].as_str().unwrap()).unwrap().subject;
    let ada = ada.me();
    let folder = server.stop().await;
    closed(folder.path()).await;
    let backup = tempfile::tempdir().unwrap();
    copy(folder.path(), backup.path());

    let store = SqliteStore::open(folder.path()).await.unwrap();
    let before = events(&store).await;
    let erased = store.erase_person(lesson(1).tenant, subject).await.unwrap();
    assert_eq!(erased.texts, 3, "name, chat, and who it is");
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

const CLASS: &str = "id,name,role,seat,consent\n\
    l1,Frau Kern,teacher,1,no\ncanary-subject,canary-roster,pupil,2,no\n";

/// A class; the secrets of the links of the teacher and the pupil.
async fn class(server: &Fixture) -> [String; 2] {
    let store = SqliteStore::open(server.folder.path()).await.unwrap();
    let wanted = roster::Wanted {
        tenant: lesson(1).tenant,
        room: Some(lesson(1).room),
        links: LinksFor::Newcomers,
    };
    let imported = roster::import(&store, "http://k", CLASS.as_bytes(), wanted).await;
    let imported = imported.unwrap_or_else(|error| panic!("{error}"));
    let tables = vec![vec!["l1".to_owned(), "canary-subject".to_owned()]];
    let set = GroupSet::new("Tische", tables).unwrap();
    store.put_group_set(lesson(1).tenant, lesson(1).room, set).await.unwrap();
    server.decide(open()).await;
    let link = |name: &str| {
        let link = imported.links.iter().find(|link| link.person.name == name).unwrap();
        link.url.rsplit_once('#').unwrap().1.to_owned()
    };
    [link("Frau Kern"), link("canary-roster")]
}

/// Says all that a pupil can say.
async fn says_it_all(pupil: &mut Client, teacher: &mut Client) {
    teacher
        .does(json!({ "type": "grant", "who": pupil.me(), "what": "caption", "on": true }))
        .await;
    pupil.does(json!({ "type": "rename", "name": "canary-lesson" })).await;
    pupil.does(json!({ "type": "chat", "text": "canary-public" })).await;
    let to = json!({ "person": teacher.me() });
    pupil.does(json!({ "type": "chat", "to": to, "text": "canary-private" })).await;
    pupil.does(json!({ "type": "caption", "text": "canary-caption" })).await;
    let free = json!({ "kind": "free" });
    teacher.does(json!({ "type": "poll", "act": "open", "options": free, "live": false })).await;
    let vote = json!({ "type": "poll", "act": "vote", "poll": 1, "words": "canary-answer" });
    pupil.does(vote).await;
    teacher.does(json!({ "type": "poll", "act": "close" })).await;
}

#[tokio::test]
async fn an_erased_person_is_nowhere_not_even_after_a_restore() {
    let server = Fixture::start().await;
    let [kern, ada] = class(&server).await;
    let mut teacher = server.join(&server.token(&kern).await).await;
    let mut pupil = server.join(&server.token(&ada).await).await;
    says_it_all(&mut pupil, &mut teacher).await;
    let folder = server.stop().await;
    closed(folder.path()).await;
    assert!(on_disk(folder.path(), "canary-subject"), "this would find it");
    let backup = tempfile::tempdir().unwrap();
    copy(folder.path(), backup.path());

    let server = Fixture::start_in(folder, Config::standard()).await;
    let told = async |server: &Fixture| {
        let teacher = server.join(&server.token(&kern).await).await;
        teacher.joined.to_string()
    };
    let before = told(&server).await;
    for said in ["lesson", "public", "private", "answer"] {
        assert!(before.contains(&format!("canary-{said}")), "{said}: {before}");
    }
    // Beside the running server, as the command does.
    let store = SqliteStore::open(server.folder.path()).await.unwrap();
    let gone = store.erase_person(lesson(1).tenant, "canary-subject".to_owned()).await.unwrap();
    assert_eq!((gone.links, gone.rosters, gone.groups), (1, 1, 1));
    assert!(gone.texts >= 6, "{gone:?}");
    drop(store);
    eventually("the lesson forgets", async || !told(&server).await.contains("canary")).await;
    let folder = server.stop().await;
    closed(folder.path()).await;
    assert!(!on_disk(folder.path(), "canary"));

    copy(backup.path(), folder.path());
    assert!(on_disk(folder.path(), "canary-subject"), "the copy had it");
    let server = Fixture::start_in(folder, Config::standard()).await;
    let joined = told(&server).await;
    assert!(!joined.contains("canary") && joined.contains("Frau Kern"), "{joined}");
    let refused = server.enter(&json!({ "link": ada })).await;
    assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("LINK_INVALID")));
    let link = server.link_for("7b", Role::Pupil, None, None).await;
    let reply = server.enter(&json!({ "link": link })).await.body;
    assert!(!reply.contains("canary"), "{reply}");
    let folder = server.stop().await;
    closed(folder.path()).await;
    assert!(!on_disk(folder.path(), "canary"));
}
