//! The log when the disk is full, when a writer dies between key and text, and when two believe
//! to own a lesson.

use kreide_control::{Epoch, LessonKey, ParticipantNo, RoomId, TenantId};
use sqlx::raw_sql;

use super::*;
use crate::{Append, LessonLog, LogError, Payload, Record};

fn lesson() -> LessonKey {
    let (tenant, room) = (TenantId::parse("school").unwrap(), RoomId::parse("7b").unwrap());
    LessonKey { tenant, room, lesson: 1 }
}

fn append(epoch: Epoch, last: u64, text: &str) -> Append {
    Append {
        lesson: lesson(),
        epoch,
        expected_last: last,
        records: vec![Record { seq: last + 1, body: vec![b'r'; 2_000] }],
        payloads: vec![Payload { id: last + 1, owner: ParticipantNo(1), text: text.to_owned() }],
        seats: Vec::new(),
    }
}

/// How many records and texts there are.
async fn counts(store: &SqliteStore) -> (usize, usize) {
    let stored = store.load(lesson()).await.unwrap();
    (stored.records.len(), stored.payloads.len())
}

#[tokio::test]
async fn a_full_disk_stores_all_of_an_append_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::open(folder.path()).await.unwrap();
    let options = options(&prepare(folder.path(), "kreide.db").unwrap());
    let mut connection = options.connect().await.unwrap();
    migrations::run(&mut connection, &keyring).await.unwrap();
    raw_sql("PRAGMA max_page_count = 40").execute(&mut connection).await.unwrap();
    let store = SqliteStore::assemble(connection, options, keyring).await.unwrap();
    let epoch = store.take_over(lesson()).await.unwrap();
    let mut last = 0;
    let failed = loop {
        match store.append(append(epoch, last, "canary")).await {
            Ok(()) => last += 1,
            Err(error) => break error,
        }
        assert!(last < 1_000, "the disk never fills");
    };
    assert_eq!(failed, LogError::Unavailable);
    let stored = usize::try_from(last).unwrap();
    assert_eq!(counts(&store).await, (stored, stored));
    drop(store);
    // With room again everything goes on where it was.
    let store = SqliteStore::open(folder.path()).await.unwrap();
    assert_eq!(store.append(append(epoch, last, "canary")).await, Ok(()));
    assert_eq!(counts(&store).await, (stored + 1, stored + 1));
}

#[tokio::test]
async fn a_key_without_a_text_waits_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let epoch = store.take_over(lesson()).await.unwrap();
    // All that a writer does before it dies.
    let sealed = store.keyring.seal_texts(&[&append(epoch, 0, "lost")]).await;
    assert!(sealed[0].is_ok());
    drop(store);
    let store = SqliteStore::open(folder.path()).await.unwrap();
    assert_eq!(counts(&store).await, (0, 0));
    assert_eq!(store.append(append(epoch, 0, "canary")).await, Ok(()));
    assert_eq!(store.load(lesson()).await.unwrap().payloads[0].text, "canary");
}

#[tokio::test]
async fn of_two_owners_one_is_believed_and_its_texts_open() {
    let folder = tempfile::tempdir().unwrap();
    let stores = [
        SqliteStore::open(folder.path()).await.unwrap(),
        SqliteStore::open(folder.path()).await.unwrap(),
    ];
    for last in 0..20 {
        let (mut old, mut new) = (&stores[0], &stores[1]);
        if last % 2 == 1 {
            std::mem::swap(&mut old, &mut new);
        }
        let former = old.take_over(lesson()).await.unwrap();
        let epoch = new.take_over(lesson()).await.unwrap();
        let (lost, kept) = futures::future::join(
            old.append(append(former, last, "lost")),
            new.append(append(epoch, last, "canary")),
        )
        .await;
        assert_eq!((lost, kept), (Err(LogError::Fenced), Ok(())));
    }
    let stored = stores[0].load(lesson()).await.unwrap();
    assert_eq!(stored.records.len(), 20);
    assert!(stored.payloads.iter().all(|payload| payload.text == "canary"));
    assert_eq!(stored.payloads.len(), 20);
}
