//! Recordings in the catalogue, and a database from before there were any.

#![allow(clippy::unwrap_used, reason = "clippy exempts test functions, not their helpers")]

use std::collections::BTreeSet;
use std::path::Path;

use kreide_cluster::{
    Catalogue, Link, LinkOwner, OpenError, Recording, RecordingSize, Room, SqliteStore,
};
use kreide_control::{LessonKey, RecordingId, Role, RoomId, TenantId};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

/// What a database of the first version was made with, and what stood in it.
const FIRST: &str = include_str!("first_version.sql");

fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

fn room(id: &str) -> RoomId {
    RoomId::parse(id).unwrap()
}

fn id(id: &str) -> RecordingId {
    RecordingId::parse(id).unwrap()
}

fn recording(name: &str, started: i64) -> Recording {
    Recording {
        id: id(name),
        lesson: LessonKey { tenant: tenant("school"), room: room("7b"), lesson: 3 },
        started,
        ended: None,
        released: false,
        kept_until: started + 100,
    }
}

const SIZE: RecordingSize = RecordingSize { length: 60_000, bytes: 1 << 40 };

async fn run(folder: &Path, statements: &'static str) {
    let file = folder.join("kreide.db");
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn a_recording_is_read_back_by_its_own_room_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let (old, new) = (recording("a", 10), recording("b", 20));
    store.put_recording(old.clone()).await.unwrap();
    store.put_recording(new.clone()).await.unwrap();
    let found = store.recording(tenant("school"), room("7b"), id("a")).await;
    assert_eq!(found, Ok(Some(old.clone())));
    let listed = store.recordings(tenant("school"), room("7b")).await;
    assert_eq!(listed, Ok(vec![new, old]), "newest first");
    for (school, place) in [("other", "7b"), ("school", "8c")] {
        let (school, place) = (tenant(school), room(place));
        assert_eq!(store.recordings(school.clone(), place.clone()).await, Ok(vec![]));
        let found = store.recording(school.clone(), place.clone(), id("a")).await;
        assert_eq!(found, Ok(None));
        let released = store.release_recording(school.clone(), place.clone(), id("a"), true).await;
        assert_eq!(released, Ok(false));
        assert_eq!(store.forget_recording(school, place, id("a")).await, Ok(false));
    }
}

#[tokio::test]
async fn the_end_does_not_undo_a_release() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    store.put_recording(recording("a", 10)).await.unwrap();
    assert_eq!(store.unended_recordings().await, Ok(vec![recording("a", 10)]));
    let released = store.release_recording(tenant("school"), room("7b"), id("a"), true).await;
    assert_eq!(released, Ok(true));
    let ended = Recording { ended: Some(SIZE), ..recording("a", 10) };
    store.put_recording(ended.clone()).await.unwrap();
    let found = store.recording(tenant("school"), room("7b"), id("a")).await;
    assert_eq!(found, Ok(Some(Recording { released: true, ..ended })));
    assert_eq!(store.unended_recordings().await, Ok(vec![]));
}

#[tokio::test]
async fn what_was_forgotten_does_not_come_back_by_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let end = || store.end_recording(tenant("school"), room("7b"), id("a"), SIZE);
    store.put_recording(recording("a", 10)).await.unwrap();
    let released = store.release_recording(tenant("school"), room("7b"), id("a"), true).await;
    assert_eq!((released, end().await), (Ok(true), Ok(true)));
    let found = store.recording(tenant("school"), room("7b"), id("a")).await;
    let ended = Recording { ended: Some(SIZE), released: true, ..recording("a", 10) };
    assert_eq!(found, Ok(Some(ended)));
    store.forget_recording(tenant("school"), room("7b"), id("a")).await.unwrap();
    assert_eq!(end().await, Ok(false));
    assert_eq!(store.recordings(tenant("school"), room("7b")).await, Ok(vec![]));
}

#[tokio::test]
async fn recordings_fall_due_ended_or_not_and_are_forgotten_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let unended = recording("unended", 10);
    store.put_recording(unended.clone()).await.unwrap();
    let ended = Recording { ended: Some(SIZE), ..recording("ended", 20) };
    store.put_recording(ended.clone()).await.unwrap();
    assert_eq!(store.recordings_to_delete(109, 0).await, Ok(vec![]));
    assert_eq!(store.recordings_to_delete(119, 0).await, Ok(vec![unended.clone()]));
    assert_eq!(store.recordings_to_delete(120, 0).await, Ok(vec![unended.clone(), ended]));
    for expected in [true, false] {
        let forgotten = store.forget_recording(tenant("school"), room("7b"), id("ended")).await;
        assert_eq!(forgotten, Ok(expected));
    }
    assert_eq!(store.recordings_to_delete(i64::MAX, 0).await, Ok(vec![unended]));
}

#[tokio::test]
async fn what_falls_due_is_told_a_hundred_at_a_time_each_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    for n in 0..130 {
        store.put_recording(recording(&format!("r{n}"), n % 3)).await.unwrap();
    }
    let mut found = store.recordings_to_delete(1_000, 0).await.unwrap();
    assert_eq!(found.len(), 100);
    found.extend(store.recordings_to_delete(1_000, 100).await.unwrap());
    assert!(found.is_sorted_by_key(|recording| recording.kept_until));
    let ids: BTreeSet<_> = found.iter().map(|recording| recording.id.to_string()).collect();
    assert_eq!((found.len(), ids.len()), (130, 130));
    assert_eq!(store.recordings_to_delete(1_000, 130).await, Ok(vec![]));
}

#[tokio::test]
async fn a_database_of_the_first_version_opens_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), FIRST).await;
    // Twice: the second time there is nothing to do.
    for _ in 0..2 {
        let store = SqliteStore::open(folder.path()).await.unwrap();
        let found = store.room(tenant("school"), room("7b")).await.unwrap();
        let expected = Room::new(tenant("school"), room("7b"), "7b Mathe".to_owned());
        assert!(found == Some(expected));
        let link = Link {
            tenant: tenant("school"),
            hash: [0xab; 32],
            room: room("7b"),
            role: Role::Teacher,
            owner: LinkOwner::Person { subject: "s-1".to_owned(), name: "Frau Kern".to_owned() },
            consent: false,
            created: 5,
            expires: None,
            revoked: false,
        };
        assert_eq!(store.link(tenant("school"), [0xab; 32]).await, Ok(Some(link)));
        let open = store.current_lesson(tenant("school"), room("7b")).await.unwrap();
        assert_eq!(open.map(|key| key.lesson), Some(4));
        assert_eq!(store.roster(tenant("school"), room("7b")).await, Ok(vec![]));
        assert_eq!(store.talks(tenant("school"), room("7b")).await, Ok(vec![]));
        assert_eq!(store.group_sets(tenant("school"), room("7b")).await, Ok(vec![]));
        store.put_recording(recording("a", 10)).await.unwrap();
    }
}

#[tokio::test]
async fn two_may_open_an_old_database_at_once() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), FIRST).await;
    let opened = futures::future::join_all((0..4).map(|_| SqliteStore::open(folder.path()))).await;
    for store in opened {
        assert_eq!(store.unwrap().unended_recordings().await, Ok(vec![]));
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "PRAGMA user_version = 1000").await;
    let error = SqliteStore::open(folder.path()).await.err().unwrap();
    assert!(matches!(error, OpenError::Newer { .. }), "{error}");
}
