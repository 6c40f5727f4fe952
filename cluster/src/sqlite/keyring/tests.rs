//! Keys when the disk is full, in use, or cleared away.

use super::*;
use crate::{Payload, Whose};

fn lesson(number: u32) -> LessonKey {
    let (tenant, room) = (TenantId::parse("school").unwrap(), RoomId::parse("7b").unwrap());
    LessonKey { tenant, room, lesson: number }
}

fn append(number: u32, owners: &[u32]) -> crate::Append {
    let payload = |owner: &u32| Payload {
        id: u64::from(*owner),
        owner: ParticipantNo(*owner),
        text: format!("canary-{owner}"),
    };
    crate::Append {
        lesson: lesson(number),
        epoch: kreide_control::Epoch(1),
        expected_last: 0,
        records: Vec::new(),
        payloads: owners.iter().map(payload).collect(),
        seats: Vec::new(),
    }
}

async fn sealed(keyring: &Keyring, number: u32, owners: &[u32]) -> Vec<SealedText> {
    keyring.seal_texts(&[&append(number, owners)]).await.pop().unwrap().unwrap()
}

async fn opened(keyring: &Keyring, number: u32, texts: &[SealedText]) -> Vec<String> {
    let opened = keyring.open_texts(&lesson(number), texts.to_vec()).await.unwrap();
    opened.into_iter().map(|payload| payload.text).collect()
}

#[tokio::test]
async fn keys_of_the_next_numbers_are_made_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::open(folder.path()).await.unwrap();
    let made = async || {
        let mut reading = keyring.reading.lock().await;
        let count = query_as("SELECT count(*) FROM keys WHERE dead = 0").fetch_one(&mut *reading);
        let (count,): (i64,) = count.await.unwrap();
        count
    };
    // The highest number that has come, and the keys that there are then.
    let rows = [(1, 1), (2, 3), (3, 3), (4, 7), (64, 15), (65, 15), (90, 31), (80, 32), (200, 65)];
    for (owner, keys) in rows.into_iter().chain([(300, 130)]) {
        sealed(&keyring, 1, &[owner]).await;
        assert_eq!(made().await, keys, "number {owner}");
    }
    sealed(&keyring, 2, &[u32::MAX - 1]).await;
    sealed(&keyring, 2, &[u32::MAX]).await;
    assert_eq!(made().await, 132, "there is no next number");
    keyring.destroy(&lesson(1), Whose::One(ParticipantNo(3))).await.unwrap();
    sealed(&keyring, 1, &[3]).await;
    assert_eq!(made().await, 132, "one of before is one alone");
}

#[tokio::test]
async fn a_full_disk_refuses_new_people_alone() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::open(folder.path()).await.unwrap();
    let known = sealed(&keyring, 1, &[1]).await;
    // It cannot be less than there are: as much as fits into them still does.
    keyring.pragma("PRAGMA max_page_count = 1").await;
    let mut full = 0;
    for owner in 2..=1_000 {
        let (new, old) = (append(1, &[owner]), append(1, &[1]));
        let texts = keyring.seal_texts(&[&new, &old, &append(1, &[])]).await;
        assert!(texts[1].is_ok() && texts[2].is_ok(), "neighbours go on");
        full += u32::from(matches!(texts[0], Err(KeyringError::NoKey)));
    }
    assert!(full > 0, "the file cannot grow");
    keyring.pragma("PRAGMA max_page_count = 100000").await;
    let late = sealed(&keyring, 1, &[1_000]).await;
    assert_eq!(opened(&keyring, 1, &[known, late].concat()).await, ["canary-1", "canary-1000"]);
}

#[tokio::test]
async fn a_key_that_a_reader_keeps_is_not_called_destroyed() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::open(folder.path()).await.unwrap();
    let text = sealed(&keyring, 1, &[1]).await;
    keyring.pragma("PRAGMA busy_timeout = 0").await;
    let mut reader = options(&folder.path().join("keys.db")).connect().await.unwrap();
    raw_sql("BEGIN; SELECT * FROM keys").fetch_all(&mut reader).await.unwrap();
    let destroyed = keyring.destroy(&lesson(1), Whose::Everyone).await;
    assert!(destroyed.is_err(), "{destroyed:?}");
    assert_eq!(opened(&keyring, 1, &text).await, [""; 0], "it opens nothing, though");
    raw_sql("COMMIT").execute(&mut reader).await.unwrap();
    keyring.destroy(&lesson(1), Whose::Everyone).await.unwrap();
    assert_eq!(std::fs::metadata(folder.path().join("keys.db-wal")).unwrap().len(), 0);
}

#[tokio::test]
async fn two_who_make_the_same_key_have_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let one = Keyring::open(folder.path()).await.unwrap();
    let two = Keyring::open(folder.path()).await.unwrap();
    // Both know that there is none.
    sealed(&one, 1, &[9]).await;
    sealed(&two, 1, &[9]).await;
    let owners: Vec<u32> = (1..=20).collect();
    let texts = futures::future::join_all([&one, &two].map(|keyring| sealed(keyring, 1, &owners)));
    for text in texts.await {
        assert_eq!(opened(&one, 1, &text).await.len(), 20);
    }
}

#[tokio::test]
async fn cleared_rows_take_no_living_key_along() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::open(folder.path()).await.unwrap();
    let owners: Vec<u32> = (1..=300).collect();
    let texts = [sealed(&keyring, 1, &owners).await, sealed(&keyring, 2, &owners).await];
    keyring.destroy(&lesson(1), Whose::Everyone).await.unwrap();
    let size = || std::fs::metadata(folder.path().join("keys.db")).unwrap().len();
    let before = size();
    for (many, shrinks) in [(300, false), (299, true)] {
        clear_dead(&mut keyring.writing().await.connection, many).await.unwrap();
        assert_eq!(size() < before, shrinks);
    }
    assert_eq!(opened(&keyring, 1, &texts[0]).await.len(), 0);
    assert_eq!(opened(&keyring, 2, &texts[1]).await.len(), 300);
}

#[tokio::test]
async fn memory_is_bounded_and_what_it_forgets_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::open(folder.path()).await.unwrap();
    let before = sealed(&keyring, 1, &[1, 2, 3]).await;
    sealed(&keyring, 2, &[1]).await;
    let mut writing = keyring.writing().await;
    writing.cache.trim(4);
    assert!(!writing.cache.knows(&lesson(1)), "the one that was not written for longest");
    assert!(writing.cache.knows(&lesson(2)));
    writing.cache.trim(0);
    assert!(!writing.cache.knows(&lesson(2)));
    drop(writing);
    let after = sealed(&keyring, 1, &[3]).await;
    assert_eq!(opened(&keyring, 1, &[before, after].concat()).await.len(), 4);
}
