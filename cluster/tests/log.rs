//! The lesson log on a real file: fences, order, group commit, erasing.

#![allow(clippy::unwrap_used, reason = "clippy exempts test functions, not their helpers")]

use kreide_cluster::{Append, LessonLog, LogError, Payload, Record, SqliteStore, Whose};
use kreide_control::{Epoch, LessonKey, ParticipantNo, RoomId, TenantId};

fn lesson(tenant: &str, number: u32) -> LessonKey {
    LessonKey {
        tenant: TenantId::parse(tenant).unwrap(),
        room: RoomId::parse("7b").unwrap(),
        lesson: number,
    }
}

fn append(lesson: &LessonKey, epoch: Epoch, expected_last: u64, count: u64) -> Append {
    let record = |seq: u64| Record { seq, body: format!("event {seq}").into_bytes() };
    Append {
        lesson: lesson.clone(),
        epoch,
        expected_last,
        records: (expected_last + 1..=expected_last + count).map(record).collect(),
        payloads: vec![Payload {
            id: expected_last + 1,
            owner: ParticipantNo(u32::try_from(expected_last).unwrap()),
            text: format!("canary-{expected_last}"),
        }],
        seats: Vec::new(),
    }
}

#[tokio::test]
async fn what_was_appended_is_read_back_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let key = lesson("school", 1);
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let epoch = store.take_over(key.clone()).await.unwrap();
    assert_eq!(epoch, Epoch(1));
    store.append(append(&key, epoch, 0, 2)).await.unwrap();
    store.append(append(&key, epoch, 2, 1)).await.unwrap();
    drop(store);

    let store = SqliteStore::open(folder.path()).await.unwrap();
    assert_eq!(store.take_over(key.clone()).await, Ok(Epoch(2)));
    let stored = store.load(key.clone()).await.unwrap();
    assert_eq!(stored.records.iter().map(|r| r.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(stored.records[2].body, b"event 3");
    let texts: Vec<_> = stored.payloads.iter().map(|p| (p.id, p.text.as_str())).collect();
    assert_eq!(texts, [(1, "canary-0"), (3, "canary-2")]);
    let other = store.load(lesson("other", 1)).await.unwrap();
    assert_eq!(other.records, [], "another tenant's lesson of the same name");
}

#[tokio::test]
async fn only_the_owner_who_knows_the_end_may_append() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let key = lesson("school", 1);
    let ask = async |epoch, expected, count| {
        store.append(append(&key, Epoch(epoch), expected, count)).await
    };
    assert_eq!(ask(1, 0, 1).await, Err(LogError::Fenced), "nobody took it over");
    store.take_over(key.clone()).await.unwrap();
    assert_eq!(ask(1, 0, 1).await, Ok(()));
    assert_eq!(ask(1, 0, 1).await, Err(LogError::Conflict), "the same again");
    assert_eq!(ask(1, 5, 1).await, Err(LogError::Conflict), "a gap");
    assert_eq!(ask(2, 1, 1).await, Err(LogError::Fenced), "an epoch not given yet");
    store.take_over(key.clone()).await.unwrap();
    assert_eq!(ask(1, 1, 1).await, Err(LogError::Fenced), "the former owner");
    assert_eq!(ask(2, 1, 1).await, Ok(()));

    let mut gap = append(&key, Epoch(2), 2, 2);
    gap.records[1].seq = 9;
    assert_eq!(store.append(gap).await, Err(LogError::Conflict), "a gap within");
    assert_eq!(store.load(key.clone()).await.unwrap().records.len(), 2, "nothing else was stored");
}

#[tokio::test]
async fn a_refused_append_does_not_touch_its_neighbours() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let keys: Vec<_> = (1..=40).map(|number| lesson("school", number)).collect();
    for key in &keys {
        store.take_over(key.clone()).await.unwrap();
    }
    // All futures are made before the first is awaited, so they share transactions.
    let wrong_every_fourth = |number: usize| u64::from(number.is_multiple_of(4));
    let asked = keys
        .iter()
        .enumerate()
        .map(|(number, key)| store.append(append(key, Epoch(1), wrong_every_fourth(number), 3)));
    let answers = futures::future::join_all(asked).await;
    for (number, (answer, key)) in answers.into_iter().zip(&keys).enumerate() {
        let refused = wrong_every_fourth(number) == 1;
        assert_eq!(answer, if refused { Err(LogError::Conflict) } else { Ok(()) });
        let stored = store.load(key.clone()).await.unwrap();
        assert_eq!(stored.records.len(), if refused { 0 } else { 3 });
    }
}

#[tokio::test]
async fn one_owner_per_epoch_when_many_race() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let key = lesson("school", 1);
    let race = (0..20).map(|_| async {
        let epoch = store.take_over(key.clone()).await.unwrap();
        (epoch, store.append(append(&key, epoch, 0, 1)).await)
    });
    let results = futures::future::join_all(race).await;
    let mut epochs: Vec<_> = results.iter().map(|(epoch, _)| *epoch).collect();
    epochs.sort();
    epochs.dedup();
    assert_eq!(epochs.len(), 20, "every take-over has an epoch of its own");
    let won = results.iter().filter(|(_, result)| result.is_ok()).count();
    assert_eq!(won, 1, "one append follows an empty log");
}

#[tokio::test]
async fn erased_texts_are_gone_and_the_log_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let key = lesson("school", 1);
    let epoch = store.take_over(key.clone()).await.unwrap();
    for last in 0..3 {
        store.append(append(&key, epoch, last, 1)).await.unwrap();
    }
    let texts = async || {
        let stored = store.load(key.clone()).await.unwrap();
        stored.payloads.into_iter().map(|payload| payload.text).collect::<Vec<_>>()
    };
    assert_eq!(texts().await, ["canary-0", "canary-1", "canary-2"]);
    assert_eq!(store.erase(key.clone(), Whose::One(ParticipantNo(1))).await, Ok(1));
    assert_eq!(store.erase(key.clone(), Whose::One(ParticipantNo(1))).await, Ok(0));
    assert_eq!(texts().await, ["canary-0", "canary-2"], "other people's texts stay");
    assert_eq!(store.load(key.clone()).await.unwrap().records.len(), 3, "the log stays whole");
    assert_eq!(store.erase(key.clone(), Whose::Everyone).await, Ok(2));
}

#[tokio::test]
async fn what_cannot_be_stored_leaves_nothing_behind_and_the_next_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let key = lesson("school", 1);
    let epoch = store.take_over(key.clone()).await.unwrap();
    store.append(append(&key, epoch, 0, 1)).await.unwrap();
    let mut twice = append(&key, epoch, 1, 1);
    twice.payloads[0].id = 1;
    assert_eq!(store.append(twice).await, Err(LogError::Unavailable), "the id is taken");
    assert_eq!(store.load(key.clone()).await.unwrap().records.len(), 1);
    assert_eq!(store.append(append(&key, epoch, 1, 1)).await, Ok(()));
}

#[tokio::test]
async fn every_byte_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let key = lesson("school", 1);
    let epoch = store.take_over(key.clone()).await.unwrap();
    let mut strange = append(&key, epoch, 0, 3);
    strange.records[0].body = (0..=255).collect();
    strange.records[1].body = Vec::new();
    for (id, text) in [(2, ""), (3, "a\0b"), (4, "“Grüße”, \\ 🙂"), (i64::MAX as u64, "last")]
    {
        strange.payloads.push(Payload {
            id,
            owner: ParticipantNo(u32::MAX),
            text: text.to_owned(),
        });
    }
    store.append(strange.clone()).await.unwrap();
    let stored = store.load(key).await.unwrap();
    assert_eq!(stored.records, strange.records);
    assert_eq!(stored.payloads, strange.payloads);
}
