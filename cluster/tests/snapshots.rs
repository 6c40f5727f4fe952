//! What shortens the log and what rewrites it: snapshots, ranges, records without what they said.

#![allow(clippy::unwrap_used, reason = "clippy exempts test functions, not their helpers")]

use kreide_cluster::{Append, LessonLog, LogError, Payload, Record, Snapshot, SqliteStore};
use kreide_control::{Epoch, LessonKey, ParticipantNo, RoomId, TenantId};

fn lesson(room: &str, number: u32) -> LessonKey {
    let (tenant, room) = (TenantId::parse("school").unwrap(), RoomId::parse(room).unwrap());
    LessonKey { tenant, room, lesson: number }
}

fn own() -> LessonKey {
    lesson("7b", 1)
}

/// Neighbours of the same store, of which nothing may change.
fn neighbours() -> [LessonKey; 2] {
    [lesson("7b", 2), lesson("7c", 1)]
}

fn body(seq: u64) -> Vec<u8> {
    format!("event {seq} canary-{seq}").into_bytes()
}

/// A store in which every lesson has these many records and one text.
async fn filled(folder: &std::path::Path, count: u64) -> SqliteStore {
    let store = SqliteStore::open(folder).await.unwrap();
    for lesson in [own()].into_iter().chain(neighbours()) {
        let epoch = store.take_over(lesson.clone()).await.unwrap();
        let append = Append {
            lesson,
            epoch,
            expected_last: 0,
            records: (1..=count).map(|seq| Record { seq, body: body(seq) }).collect(),
            payloads: vec![Payload { id: 1, owner: ParticipantNo(1), text: "Ada".to_owned() }],
            seats: Vec::new(),
        };
        store.append(append).await.unwrap();
    }
    store
}

fn snapshot(seq: u64, state: &str) -> Snapshot {
    Snapshot { seq, state: state.as_bytes().to_vec(), hash: format!("hash of {state}") }
}

async fn sequences(store: &SqliteStore) -> (Option<Snapshot>, Vec<u64>) {
    let stored = store.load(own()).await.unwrap();
    assert_eq!(stored.payloads.len(), 1, "texts are loaded, whatever stands for the records");
    (stored.snapshot, stored.records.iter().map(|record| record.seq).collect())
}

#[tokio::test]
async fn a_snapshot_stands_for_the_records_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path(), 5).await;
    assert_eq!(sequences(&store).await, (None, vec![1, 2, 3, 4, 5]));
    let put = async |epoch, seq, state| {
        store.put_snapshot(own(), Epoch(epoch), snapshot(seq, state)).await
    };
    let (three, five) = (Some(snapshot(3, "three")), Some(snapshot(5, "five")));
    let rows = [
        (1, 3, "three", Ok(()), three.clone(), vec![4, 5], "kept"),
        (1, 2, "older", Ok(()), three.clone(), vec![4, 5], "an older one changes nothing"),
        (1, 3, "again", Ok(()), three.clone(), vec![4, 5], "nor does the same again"),
        (1, 6, "six", Err(LogError::Conflict), three.clone(), vec![4, 5], "more than there is"),
        (2, 4, "four", Err(LogError::Fenced), three, vec![4, 5], "no owner"),
        (1, 5, "five", Ok(()), five.clone(), vec![], "a newer one takes its place"),
    ];
    for (epoch, seq, state, answer, kept, after, why) in rows {
        assert_eq!(put(epoch, seq, state).await, answer, "{why}");
        assert_eq!(sequences(&store).await, (kept, after), "{why}");
    }
    drop(store);
    let store = SqliteStore::open(folder.path()).await.unwrap();
    assert_eq!(sequences(&store).await, (five, vec![]), "after a restart");
    for lesson in neighbours() {
        assert_eq!(store.load(lesson).await.unwrap().snapshot, None);
    }
    let unknown = store.put_snapshot(lesson("9a", 1), Epoch(1), snapshot(0, "")).await;
    assert_eq!(unknown, Err(LogError::Fenced), "a lesson without a log");
}

#[tokio::test]
async fn records_are_read_by_range_also_before_a_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path(), 5).await;
    store.put_snapshot(own(), Epoch(1), snapshot(4, "four")).await.unwrap();
    let all: Vec<u64> = (1..=5).collect();
    for (which, expected) in [
        (1..=5, &all[..]),
        (2..=4, &all[1..4]),
        (0..=1, &all[..1]),
        (5..=u64::MAX, &all[4..]),
        (6..=9, &[]),
        (u64::MAX..=u64::MAX, &[]),
    ] {
        let read = store.records(own(), which.clone()).await.unwrap();
        assert_eq!(read.iter().map(|record| record.seq).collect::<Vec<_>>(), expected, "{which:?}");
        assert!(read.iter().all(|record| record.body == body(record.seq)));
    }
}

#[tokio::test]
async fn rewritten_records_keep_their_places_and_the_snapshot_goes() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path(), 2_500).await;
    store.put_snapshot(own(), Epoch(1), snapshot(9, "nine")).await.unwrap();
    let tombstone = || {
        Box::new(|seq: u64, before: &[u8]| {
            assert_eq!(before, body(seq));
            seq.is_multiple_of(5).then(|| b"erased".to_vec())
        })
    };
    let fenced = store.rewrite(own(), Epoch(7), tombstone()).await;
    assert_eq!(fenced, Err(LogError::Fenced));
    assert_eq!(sequences(&store).await.0, Some(snapshot(9, "nine")), "nothing happened");
    assert_eq!(store.rewrite(own(), Epoch(1), tombstone()).await, Ok(500));
    let stored = store.load(own()).await.unwrap();
    assert_eq!(stored.snapshot, None);
    let expected = |seq: u64| {
        let body = if seq.is_multiple_of(5) { b"erased".to_vec() } else { body(seq) };
        Record { seq, body }
    };
    assert_eq!(stored.records, (1..=2_500).map(expected).collect::<Vec<_>>());
    for lesson in neighbours() {
        let stored = store.load(lesson).await.unwrap();
        assert!(stored.records.iter().all(|record| record.body == body(record.seq)));
    }
    assert_eq!(store.rewrite(own(), Epoch(1), Box::new(|_, _| None)).await, Ok(0));
    let next = Append {
        lesson: own(),
        epoch: Epoch(1),
        expected_last: 2_500,
        records: vec![Record { seq: 2_501, body: body(2_501) }],
        payloads: Vec::new(),
        seats: Vec::new(),
    };
    assert_eq!(store.append(next).await, Ok(()), "the log goes on");
}

#[tokio::test]
async fn a_snapshot_of_before_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path(), 3).await;
    let eraser = store.take_over(own()).await.unwrap();
    store.rewrite(own(), eraser, Box::new(|_, _| Some(b"erased".to_vec()))).await.unwrap();
    let late = store.put_snapshot(own(), Epoch(1), snapshot(3, "canary")).await;
    assert_eq!(late, Err(LogError::Fenced));
    assert_eq!(sequences(&store).await, (None, vec![1, 2, 3]));
}
