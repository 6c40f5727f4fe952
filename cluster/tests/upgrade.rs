//! A database whose texts stood in it as they were.

#![allow(clippy::unwrap_used, reason = "clippy exempts test functions, not their helpers")]

use std::path::Path;

use kreide_cluster::{Catalogue, LessonLog, LinkOwner, SqliteStore};
use kreide_control::{LessonKey, RoomId, TenantId};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection, query, raw_sql};

const LESSONS: u32 = 40;
const TEXTS: i64 = 60;

fn lesson(number: u32) -> LessonKey {
    let (tenant, room) = (TenantId::parse("school").unwrap(), RoomId::parse("7b").unwrap());
    LessonKey { tenant, room, lesson: number }
}

fn text(lesson: u32, id: i64) -> String {
    let padding = "ä".repeat(usize::try_from(i64::from(lesson) * id % 150).unwrap());
    format!("canary-{lesson}-{id}-{padding}")
}

/// A file of the first version, in which texts came and went.
async fn old(folder: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("kreide.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("secure_delete", "ON");
    let mut connection = options.connect().await.unwrap();
    raw_sql(include_str!("first_version.sql")).execute(&mut connection).await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    for id in 1..=TEXTS {
        for number in 1..=LESSONS {
            query("INSERT INTO payloads VALUES ('school', '7b', ?, ?, ?, ?)")
                .bind(100 + number)
                .bind(id)
                .bind(id % 7)
                .bind(text(number, id))
                .execute(&mut *transaction)
                .await
                .unwrap();
            if id % 3 == 0 {
                query("DELETE FROM payloads WHERE lesson = ? AND id = ?")
                    .bind(100 + number)
                    .bind(id - 1)
                    .execute(&mut *transaction)
                    .await
                    .unwrap();
            }
        }
    }
    transaction.commit().await.unwrap();
    connection
}

fn canaries(folder: &Path) -> usize {
    let found = |entry: std::io::Result<std::fs::DirEntry>| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(7).filter(|window| window == b"canary-").count()
    };
    std::fs::read_dir(folder).unwrap().map(found).sum()
}

async fn all_texts_are_there(store: &SqliteStore) {
    for number in 1..=LESSONS {
        let stored = store.load(lesson(100 + number)).await.unwrap();
        let found: Vec<_> = stored
            .payloads
            .into_iter()
            .map(|payload| (payload.id.cast_signed(), i64::from(payload.owner.0), payload.text))
            .collect();
        let ids = (1..=TEXTS).filter(|id| id % 3 != 2);
        let expected: Vec<_> = ids.map(|id| (id, id % 7, text(number, id))).collect();
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn its_texts_are_sealed_and_stand_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    old(folder.path()).await.close().await.unwrap();
    assert!(canaries(folder.path()) > 1_000, "this would find them");
    for _ in 0..2 {
        let store = SqliteStore::open(folder.path()).await.unwrap();
        assert_eq!(canaries(folder.path()), 0);
        all_texts_are_there(&store).await;
    }
}

#[tokio::test]
async fn a_start_that_died_in_between_is_made_up_for() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    old(folder.path()).await.close().await.unwrap();
    std::fs::copy(folder.path().join("kreide.db"), elsewhere.path().join("kreide.db")).unwrap();
    let died = SqliteStore::open(elsewhere.path()).await.unwrap();
    died.take_over(lesson(1)).await.unwrap();
    // The keys were on disk, the sealed texts not yet.
    for name in ["keys.db", "keys.db-wal"] {
        std::fs::copy(elsewhere.path().join(name), folder.path().join(name)).unwrap();
    }
    let store = SqliteStore::open(folder.path()).await.unwrap();
    assert_eq!(canaries(folder.path()), 0);
    all_texts_are_there(&store).await;
    all_texts_are_there(&died).await;
}

#[tokio::test]
async fn names_of_its_catalogue_are_sealed_and_stand_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = old(folder.path()).await;
    for step in [
        include_str!("../src/sqlite/recordings.sql"),
        include_str!("../src/sqlite/people.sql"),
        "PRAGMA user_version = 3;
         INSERT INTO roster VALUES ('school', '7b', 's-1', 'canary-kern', 'teacher', 1, 0, NULL),
             ('school', '7b', 's-2', 'canary-ada', 'pupil', 2, 1, NULL);
         INSERT INTO links (tenant, hash, room, role, subject, name, talk, created) VALUES
             ('school', zeroblob(32), '7b', 'pupil', 's-2', 'canary-ada', NULL, 1),
             ('school', X'0101010101010101010101010101010101010101010101010101010101010101', '7b',
              'guest', NULL, 'canary-li', 1, 1),
             ('school', X'0202020202020202020202020202020202020202020202020202020202020202', '7b',
              'guest', NULL, NULL, 2, 1),
             ('school', X'0303030303030303030303030303030303030303030303030303030303030303', '7b',
              'pupil', NULL, NULL, NULL, 1);
         INSERT INTO talks VALUES ('school', '7b', 1, 5, 10, 'canary-li', zeroblob(32)),
             ('school', '7b', 2, 6, 10, NULL, zeroblob(32));",
    ] {
        raw_sql(step).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
    for _ in 0..2 {
        let store = SqliteStore::open(folder.path()).await.unwrap();
        assert_eq!(canaries(folder.path()), 0);
        let (tenant, room) = (lesson(1).tenant, lesson(1).room);
        let people = store.roster(tenant.clone(), room.clone()).await.unwrap();
        let names: Vec<&str> = people.iter().map(|person| &*person.name).collect();
        assert_eq!(names, ["canary-kern", "canary-ada"]);
        let talks = store.talks(tenant.clone(), room).await.unwrap();
        let labels: Vec<Option<&str>> = talks.iter().map(|talk| talk.label.as_deref()).collect();
        assert_eq!(labels, [Some("canary-li"), None]);
        let person = |subject: &str, name: &str| LinkOwner::Person {
            subject: subject.to_owned(),
            name: name.to_owned(),
        };
        let rows = [
            (0xab, person("s-1", "Frau Kern")),
            (0, person("s-2", "canary-ada")),
            (1, LinkOwner::Talk { slot: 1, label: Some("canary-li".to_owned()) }),
            (2, LinkOwner::Talk { slot: 2, label: None }),
            (3, LinkOwner::Class),
        ];
        for (hash, owner) in rows {
            let door = store.door(tenant.clone(), [hash; 32]).await.unwrap().unwrap();
            assert!(door.link.owner == owner && !door.link.revoked, "{hash}");
        }
    }
}
