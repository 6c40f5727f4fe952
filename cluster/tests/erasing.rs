//! What was erased is nowhere: not in the files, not in a copy of the store of before.

#![allow(clippy::unwrap_used, reason = "clippy exempts test functions, not their helpers")]

use std::path::Path;

use kreide_cluster::{
    Append, Catalogue, LessonLog, Link, LinkOwner, Payload, Record, Room, Seated, SqliteStore,
    Whose,
};
use kreide_control::{Epoch, LessonKey, ParticipantNo, Role, RoomId, TenantId};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, query_scalar};

fn school() -> TenantId {
    TenantId::parse("school").unwrap()
}

fn lesson(number: u32) -> LessonKey {
    LessonKey { tenant: school(), room: RoomId::parse("7b").unwrap(), lesson: number }
}

/// Ada has number 1, Ben number 2, in a lesson that has no other texts.
async fn taught(store: &SqliteStore, number: u32) -> Epoch {
    let lesson = lesson(number);
    let epoch = store.take_over(lesson.clone()).await.unwrap();
    let text = |id, owner, text: &str| Payload {
        id,
        owner: ParticipantNo(owner),
        text: format!("{text}-{number}"),
    };
    let seated =
        |owner, subject: &str| Seated { owner: ParticipantNo(owner), subject: subject.to_owned() };
    let records = (1..=4).map(|seq| Record { seq, body: format!("event {seq}").into_bytes() });
    let append = Append {
        lesson,
        epoch,
        expected_last: 0,
        records: records.collect(),
        payloads: vec![
            text(1, 1, "canary-ada-name"),
            text(2, 2, "canary-ben-name"),
            text(3, 1, "canary-ada-chat"),
            text(4, 2, "canary-ben-chat"),
        ],
        seats: vec![seated(1, "subject-ada"), seated(2, "subject-ben")],
    };
    store.append(append).await.unwrap();
    epoch
}

async fn texts(store: &SqliteStore, number: u32) -> Vec<String> {
    let stored = store.load(lesson(number)).await.unwrap();
    assert_eq!(stored.records.len(), 4, "the log stays whole");
    stored.payloads.into_iter().map(|payload| payload.text).collect()
}

/// Of lessons 1 and 2.
async fn only_ben_is_left(store: &SqliteStore, folder: &Path) {
    for number in [1, 2] {
        let expected = ["name", "chat"].map(|what| format!("canary-ben-{what}-{number}"));
        assert_eq!(texts(store, number).await, expected);
    }
    assert_eq!(count(folder, "kreide.db", SEATS).await, 2);
}

/// Erases a person; how many texts there were.
async fn erased(store: &SqliteStore, tenant: TenantId, subject: String) -> u64 {
    store.erase_person(tenant, subject).await.unwrap().texts
}

/// How often some bytes stand in the files of a folder.
fn on_disk(folder: &Path, what: &[u8]) -> usize {
    let found = |entry: std::io::Result<std::fs::DirEntry>| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(what.len()).filter(|window| *window == what).count()
    };
    std::fs::read_dir(folder).unwrap().map(found).sum()
}

/// All keys that stand in the key file.
async fn keys(folder: &Path) -> Vec<Vec<u8>> {
    let options = SqliteConnectOptions::new().filename(folder.join("keys.db")).read_only(true);
    let mut connection = options.connect().await.unwrap();
    query_scalar("SELECT key FROM keys UNION ALL SELECT key FROM names")
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

/// Runs a statement on a file, and says what it counts.
async fn count(folder: &Path, file: &str, statement: &'static str) -> i64 {
    let options = SqliteConnectOptions::new().filename(folder.join(file));
    query_scalar(statement).fetch_one(&mut options.connect().await.unwrap()).await.unwrap()
}

const SEATS: &str = "SELECT count(*) FROM seats";

/// A copy of the store as a backup takes it: everything but the keys.
async fn back_up(folder: &Path, to: &Path) {
    let options = SqliteConnectOptions::new().filename(folder.join("kreide.db"));
    let mut connection = options.connect().await.unwrap();
    let statement = AssertSqlSafe(format!("VACUUM INTO '{}'", to.display()));
    sqlx::query(statement).execute(&mut connection).await.unwrap();
}

/// Waits until nobody has a file open any more: whoever closes it last removes its write-ahead log.
/// Two connections that close at once may each leave that to the other; then one more does it.
async fn closed(folder: &Path, name: &str) {
    let log = folder.join(format!("{name}-wal"));
    for _ in 0..500 {
        if !log.exists() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        let options = SqliteConnectOptions::new().filename(folder.join(name));
        let mut connection = options.connect().await.unwrap();
        let _: i64 = query_scalar("SELECT count(*) FROM sqlite_schema")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    }
    panic!("{} is still there", log.display());
}

#[tokio::test]
async fn no_text_stands_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    taught(&store, 1).await;
    assert_eq!(texts(&store, 1).await.len(), 4);
    assert_eq!(on_disk(folder.path(), b"canary"), 0);
    assert_eq!(on_disk(folder.path(), b"subject-"), 0);
    assert!(on_disk(folder.path(), b"event 3") > 0, "this would find it");
}

#[tokio::test]
async fn a_destroyed_key_is_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    // Many keys on many pages, made for interleaved lessons as they come.
    for number in 1..=60 {
        store.take_over(lesson(number)).await.unwrap();
    }
    for owner in 1..=40_u32 {
        let appends = (1..=60).map(|number| Append {
            lesson: lesson(number),
            epoch: Epoch(1),
            expected_last: 0,
            records: Vec::new(),
            payloads: vec![Payload {
                id: u64::from(owner),
                owner: ParticipantNo(owner),
                text: "x".to_owned(),
            }],
            seats: vec![Seated {
                owner: ParticipantNo(owner),
                subject: format!("{owner:>width$}", width = (number + owner) as usize % 50),
            }],
        });
        for done in futures::future::join_all(appends.map(|append| store.append(append))).await {
            done.unwrap();
        }
    }
    let before = keys(folder.path()).await;
    assert_eq!(before.len(), 60 * 63, "some are for those who come next");
    for number in 1..=30 {
        store.erase(lesson(number), Whose::Everyone).await.unwrap();
    }
    store.erase(lesson(31), Whose::One(ParticipantNo(7))).await.unwrap();
    let after = keys(folder.path()).await;
    let dead: Vec<_> = before.iter().filter(|key| !after.contains(key)).collect();
    assert_eq!(dead.len(), 30 * 63 + 1);
    let files = std::fs::read_dir(folder.path()).unwrap();
    let files: Vec<u8> =
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    let mut windows = std::collections::HashSet::new();
    files.windows(8).for_each(|window| {
        windows.insert(window);
    });
    let stands = |key: &&&Vec<u8>| key.windows(8).any(|part| windows.contains(part));
    assert_eq!(dead.iter().filter(stands).count(), 0);
    assert_eq!(after.iter().filter(|key| stands(&key)).count(), after.len(), "this would find it");
}

#[tokio::test]
async fn yesterdays_store_brings_no_erased_person_back() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let copy = outside.path().join("copy.db");
    let store = SqliteStore::open(folder.path()).await.unwrap();
    for number in [1, 2] {
        taught(&store, number).await;
    }
    let sealed = store.keyring().seal(&school(), "subject-ada", "canary-ada-roster").await.unwrap();
    back_up(folder.path(), &copy).await;
    assert_eq!(erased(&store, school(), "subject-ada".to_owned()).await, 4);
    assert_eq!(erased(&store, school(), "subject-ada".to_owned()).await, 0, "once is enough");
    drop(store);
    closed(folder.path(), "kreide.db").await;

    std::fs::copy(&copy, folder.path().join("kreide.db")).unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    only_ben_is_left(&store, folder.path()).await;
    assert_eq!(store.keyring().open_name(&school(), "subject-ada", &sealed).await.unwrap(), None);
    assert_eq!(on_disk(folder.path(), b"canary-ada"), 0);
    assert_eq!(on_disk(outside.path(), b"canary-ada"), 0);
}

#[tokio::test]
async fn who_comes_back_after_being_erased_is_read_again_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let epoch = taught(&store, 1).await;
    store.erase(lesson(1), Whose::One(ParticipantNo(1))).await.unwrap();
    let payload = Payload { id: 9, owner: ParticipantNo(1), text: "again".to_owned() };
    let append = Append {
        lesson: lesson(1),
        epoch,
        expected_last: 4,
        records: Vec::new(),
        payloads: vec![payload],
        seats: Vec::new(),
    };
    store.append(append).await.unwrap();
    assert_eq!(texts(&store, 1).await, ["canary-ben-name-1", "canary-ben-chat-1", "again"]);
    // The number is still known to be Ada's.
    assert_eq!(erased(&store, school(), "subject-ada".to_owned()).await, 1);
    assert_eq!(texts(&store, 1).await, ["canary-ben-name-1", "canary-ben-chat-1"]);
}

/// A copy may be newer than the store that the person was erased from.
#[tokio::test]
async fn tomorrows_store_brings_no_erased_person_back() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let copies = ["monday", "tuesday"].map(|day| outside.path().join(day));
    let put_back = async |copy: &Path| {
        closed(folder.path(), "kreide.db").await;
        std::fs::copy(copy, folder.path().join("kreide.db")).unwrap();
        SqliteStore::open(folder.path()).await.unwrap()
    };
    let store = SqliteStore::open(folder.path()).await.unwrap();
    for (number, copy) in [1, 2].into_iter().zip(&copies) {
        taught(&store, number).await;
        back_up(folder.path(), copy).await;
    }
    drop(store);
    let store = put_back(&copies[0]).await;
    assert_eq!(erased(&store, school(), "subject-ada".to_owned()).await, 2, "of lesson 1");
    drop(store);
    let store = put_back(&copies[1]).await;
    only_ben_is_left(&store, folder.path()).await;
}

/// Who is erased first after the keys were lost is no less erased.
#[tokio::test]
async fn a_new_key_file_counts_erasures_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    for subject in ["subject-ada", "subject-ben", "subject-cleo"] {
        erased(&store, school(), subject.to_owned()).await;
    }
    drop(store);
    closed(folder.path(), "keys.db").await;
    std::fs::remove_file(folder.path().join("keys.db")).unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let room = RoomId::parse("7b").unwrap();
    store.put_room(Room::new(school(), room.clone(), "7b".to_owned())).await.unwrap();
    let link = Link {
        tenant: school(),
        hash: [7; 32],
        room,
        role: Role::Pupil,
        owner: LinkOwner::Person { subject: "subject-dora".to_owned(), name: "Dora".to_owned() },
        consent: false,
        created: 1,
        expires: None,
        revoked: false,
    };
    store.add_link(link).await.unwrap();
    assert_eq!(store.erase_person(school(), "subject-dora".to_owned()).await.unwrap().links, 1);
    assert_eq!(store.erased_people().await.unwrap().len(), 1, "running lessons hear of it");
}

/// The same person is another code in each lesson.
#[tokio::test]
async fn a_copy_of_the_store_does_not_tell_who_was_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    for number in [1, 2] {
        taught(&store, number).await;
    }
    let codes = "SELECT count(DISTINCT person) FROM seats";
    assert_eq!(count(folder.path(), "kreide.db", codes).await, 4);
}

#[tokio::test]
async fn who_had_which_number_is_known_as_long_as_the_lesson_has_texts() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let epoch = taught(&store, 1).await;
    let refused = Append {
        lesson: lesson(1),
        epoch,
        expected_last: 3,
        records: Vec::new(),
        payloads: Vec::new(),
        seats: vec![Seated { owner: ParticipantNo(3), subject: "subject-cleo".to_owned() }],
    };
    store.append(refused).await.unwrap_err();
    taught(&store, 2).await;
    assert_eq!(count(folder.path(), "kreide.db", SEATS).await, 4);
    store.erase(lesson(1), Whose::Everyone).await.unwrap();
    assert_eq!(count(folder.path(), "kreide.db", SEATS).await, 2);
    assert_eq!(erased(&store, school(), "subject-ben".to_owned()).await, 2);
    assert_eq!(count(folder.path(), "kreide.db", SEATS).await, 1);
}

#[tokio::test]
async fn numbers_that_only_the_keys_know_are_found_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    taught(&store, 1).await;
    let gone = "DELETE FROM seats WHERE owner = 1 RETURNING owner";
    assert_eq!(count(folder.path(), "kreide.db", gone).await, 1);
    let earlier = "INSERT INTO seats VALUES ('school', '7b', 1, 1, 'subject-ada') RETURNING owner";
    assert_eq!(count(folder.path(), "keys.db", earlier).await, 1);
    assert_eq!(erased(&store, school(), "subject-ada".to_owned()).await, 2);
    assert_eq!(texts(&store, 1).await, ["canary-ben-name-1", "canary-ben-chat-1"]);
    assert_eq!(count(folder.path(), "keys.db", SEATS).await, 0);
}

#[tokio::test]
async fn another_school_has_other_people() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    taught(&store, 1).await;
    let other = TenantId::parse("other").unwrap();
    let keyring = store.keyring();
    let sealed = keyring.seal(&school(), "subject-ada", "Ada").await.unwrap();
    assert_eq!(erased(&store, other.clone(), "subject-ada".to_owned()).await, 0);
    assert_eq!(texts(&store, 1).await.len(), 4);
    assert_eq!(keyring.open_name(&school(), "subject-ada", &sealed).await.unwrap().unwrap(), "Ada");
    assert_eq!(keyring.open_name(&other, "subject-ada", &sealed).await.unwrap(), None);
    assert_eq!(keyring.open_name(&school(), "subject-ben", &sealed).await.unwrap(), None);
}

#[tokio::test]
async fn texts_without_a_key_are_erased_and_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let epoch = taught(&store, 1).await;
    drop(store);
    closed(folder.path(), "keys.db").await;
    std::fs::remove_file(folder.path().join("keys.db")).unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    assert_eq!(texts(&store, 1).await, [""; 0]);
    let append = Append {
        lesson: lesson(1),
        epoch,
        expected_last: 4,
        records: Vec::new(),
        payloads: vec![Payload { id: 9, owner: ParticipantNo(2), text: "on".to_owned() }],
        seats: Vec::new(),
    };
    store.append(append).await.unwrap();
    assert_eq!(texts(&store, 1).await, ["on"]);
}

#[tokio::test]
async fn many_names_are_sealed_at_once_and_opened_by_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let subjects: Vec<String> = (0..1_201).map(|number| format!("s-\"{number}\\")).collect();
    let names: Vec<_> = subjects.iter().map(|subject| (subject.as_str(), "canary")).collect();
    let sealed = store.keyring().seal_all(&school(), &names).await.unwrap();
    let again = store.keyring().seal_all(&school(), &names[..3]).await.unwrap();
    assert_ne!(sealed[..3], again[..]);
    let other = SqliteStore::open(folder.path()).await.unwrap();
    let asked = subjects.iter().map(String::as_str).zip(sealed.iter().map(Vec::as_slice));
    let asked: Vec<_> = asked.collect();
    let opened = other.keyring().open_all(&school(), &asked).await.unwrap();
    assert_eq!(opened.iter().filter(|name| name.as_deref() == Some("canary")).count(), 1_201);
    store.erase_person(school(), subjects[0].clone()).await.unwrap();
    let opened = other.keyring().open_all(&school(), &asked[..2]).await.unwrap();
    assert_eq!(opened, [None, Some("canary".to_owned())], "nothing is remembered");
}
