//! The catalogue on a real file: rooms, links, and which lesson is open.

#![allow(clippy::unwrap_used, reason = "clippy exempts test functions, not their helpers")]

use kreide_cluster::{
    Catalogue, CatalogueError, ExternalId, Link, LinkOwner, Metadata, Room, SqliteStore, Whom,
};
use kreide_control::{LessonKey, Lobby, Policy, Role, RoomId, TenantId};

fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

fn room_id() -> RoomId {
    RoomId::parse("7b").unwrap()
}

async fn store_with_room(folder: &std::path::Path) -> SqliteStore {
    let store = SqliteStore::open(folder).await.unwrap();
    let room = Room::new(tenant("school"), room_id(), "7b Mathe".to_owned());
    store.ensure_room(room.clone()).await.unwrap();
    store.ensure_room(Room { title: "again".to_owned(), ..room }).await.unwrap();
    store
}

#[tokio::test]
async fn a_room_keeps_its_title_and_belongs_to_its_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_with_room(folder.path()).await;
    let found = store.room(tenant("school"), room_id()).await.unwrap();
    assert_eq!(found.unwrap().title, "7b Mathe");
    assert_eq!(store.room(tenant("other"), room_id()).await.unwrap(), None);
}

#[tokio::test]
async fn what_a_school_says_of_a_room_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_with_room(folder.path()).await;
    let named = |id: &str, name: &str| {
        let room = Room::new(tenant("school"), RoomId::parse(id).unwrap(), id.to_owned());
        Room { external_id: ExternalId::parse(name), ..room }
    };
    let plain = store.room(tenant("school"), room_id()).await.unwrap().unwrap();
    assert_eq!(plain.policy, Policy::default(), "nobody has decided anything");
    let room = Room {
        title: "7b".to_owned(),
        metadata: Metadata::parse(r#"{"untis":[7]}"#).unwrap(),
        policy: Policy { lobby: Lobby::Everyone, keep_days: 3, ..Policy::default() },
        ..named("7b", "untis:7b")
    };
    store.put_room(room.clone()).await.unwrap();
    store.ensure_room(named("7b", "other")).await.unwrap();
    assert_eq!(store.room(tenant("school"), room_id()).await, Ok(Some(room.clone())));
    let find = |school: &str, name: &str| {
        store.room_named(tenant(school), ExternalId::parse(name).unwrap())
    };
    assert_eq!(find("school", "untis:7b").await, Ok(Some(room.clone())));
    assert_eq!(find("school", "other").await, Ok(None));
    assert_eq!(find("other", "untis:7b").await, Ok(None));

    let taken = named("8c", "untis:7b");
    assert_eq!(store.put_room(taken.clone()).await, Err(CatalogueError::Taken));
    assert_eq!(store.ensure_room(taken.clone()).await, Err(CatalogueError::Taken));
    let elsewhere = Room { tenant: tenant("other"), ..taken };
    store.put_room(elsewhere.clone()).await.unwrap();
    let nameless = Room { external_id: None, ..named("8c", "") };
    store.put_room(nameless.clone()).await.unwrap();
    assert_eq!(store.rooms(tenant("school")).await, Ok(vec![room, nameless]));
    assert_eq!(store.rooms(tenant("other")).await, Ok(vec![elsewhere]));
}

#[tokio::test]
async fn links_of_every_role_and_owner_are_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_with_room(folder.path()).await;
    let person = LinkOwner::Person { subject: "s-1".to_owned(), name: "Ada Lovelace".to_owned() };
    let rows = [
        (Role::Teacher, person.clone(), None),
        (Role::Presenter, person.clone(), None),
        (Role::Pupil, LinkOwner::Class, Some(99)),
        (Role::Guest, LinkOwner::Class, None),
        (Role::Guest, LinkOwner::Talk { slot: 3, label: None }, Some(99)),
        (Role::Guest, LinkOwner::Talk { slot: 4, label: Some("Fam. Li".to_owned()) }, None),
        (Role::Interpreter, person.clone(), None),
        (Role::Observer, person, Some(i64::MAX)),
    ];
    for (number, (role, owner, expires)) in (0_u8..).zip(rows) {
        let link = Link {
            tenant: tenant("school"),
            hash: [number; 32],
            room: room_id(),
            role,
            owner,
            consent: number % 2 == 1,
            created: 5,
            expires,
            revoked: false,
        };
        store.add_link(link.clone()).await.unwrap();
        assert_eq!(store.link(tenant("school"), link.hash).await.unwrap(), Some(link.clone()));
        assert_eq!(store.link(tenant("other"), link.hash).await.unwrap(), None);
        let door = store.door(tenant("school"), link.hash).await.unwrap().unwrap();
        assert_eq!((&door.link, &door.room.id, door.seat), (&link, &link.room, None));
        assert_eq!(Some(door.room), store.room(tenant("school"), link.room.clone()).await.unwrap());
        assert_eq!(store.door(tenant("other"), link.hash).await.unwrap(), None);
        assert!(!store.revoke_link(tenant("other"), link.hash).await.unwrap());
        assert!(store.revoke_link(tenant("school"), link.hash).await.unwrap());
        let revoked = store.link(tenant("school"), link.hash).await.unwrap().unwrap();
        assert!(revoked.revoked);
    }
}

#[tokio::test]
async fn a_room_stays_open_to_somebody_as_long_as_their_link_does() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_with_room(folder.path()).await;
    let person =
        |subject: &str| LinkOwner::Person { subject: subject.to_owned(), name: "A".into() };
    let links = [
        (Role::Teacher, person("gone"), None, true),
        (Role::Pupil, person("ada"), None, false),
        (Role::Pupil, person("late"), Some(99), false),
        (Role::Pupil, LinkOwner::Class, None, false),
        (Role::Guest, LinkOwner::Class, None, true),
        (Role::Observer, LinkOwner::Class, Some(99), false),
    ];
    for (number, (role, owner, expires, revoked)) in (0_u8..).zip(links) {
        let (tenant, room, hash) = (tenant("school"), room_id(), [number; 32]);
        let link =
            Link { tenant, hash, room, role, owner, consent: false, created: 5, expires, revoked };
        store.add_link(link).await.unwrap();
    }
    let (one, anyone) = (Some(Whom::One), Some(Whom::Anyone));
    let rows = [
        (Role::Pupil, "ada", 100, one),
        (Role::Teacher, "ada", 100, None),
        // The class link is no way around one's own.
        (Role::Pupil, "late", 98, one),
        (Role::Pupil, "late", 99, None),
        (Role::Teacher, "gone", 98, None),
        (Role::Pupil, "gone", 98, None),
        (Role::Pupil, "a stranger", 100, anyone),
        (Role::Guest, "a stranger", 98, None),
        (Role::Observer, "a stranger", 98, anyone),
        (Role::Observer, "a stranger", 99, None),
        (Role::Teacher, "a stranger", 98, None),
    ];
    for (role, subject, now, expected) in rows {
        let opens = |school, room| store.still_opens(school, room, role, subject.to_owned(), now);
        assert_eq!(opens(tenant("school"), room_id()).await, Ok(expected), "{role:?} {subject}");
        assert_eq!(opens(tenant("other"), room_id()).await, Ok(None));
        assert_eq!(opens(tenant("school"), RoomId::parse("8c").unwrap()).await, Ok(None));
    }
    // Nor is it to whoever was erased, and has no link at all now.
    store.erase_person(tenant("school"), "ada".to_owned()).await.unwrap();
    let ada = store.still_opens(tenant("school"), room_id(), Role::Pupil, "ada".to_owned(), 100);
    assert_eq!(ada.await, Ok(None));
}

#[tokio::test]
async fn a_link_to_no_room_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_with_room(folder.path()).await;
    let link = Link {
        tenant: tenant("other"),
        hash: [7; 32],
        room: room_id(),
        role: Role::Pupil,
        owner: LinkOwner::Class,
        consent: false,
        created: 5,
        expires: None,
        revoked: false,
    };
    assert!(store.add_link(link).await.is_err());
}

#[tokio::test]
async fn lessons_are_counted_and_at_most_one_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_with_room(folder.path()).await;
    let key = |lesson| LessonKey { tenant: tenant("school"), room: room_id(), lesson };
    assert_eq!(store.current_lesson(tenant("school"), room_id()).await, Ok(None));
    let opened =
        futures::future::join_all((0..8).map(|_| store.open_lesson(tenant("school"), room_id())))
            .await;
    assert!(opened.into_iter().all(|lesson| lesson == Ok(key(1))), "all get the same lesson");
    store.end_lesson(key(1), 50).await.unwrap();
    store.end_lesson(key(1), 90).await.unwrap();
    assert_eq!(store.current_lesson(tenant("school"), room_id()).await, Ok(None));
    assert_eq!(store.open_lesson(tenant("school"), room_id()).await, Ok(key(2)));
    assert_eq!(store.current_lesson(tenant("school"), room_id()).await, Ok(Some(key(2))));
    assert_eq!(store.open_lesson(tenant("other"), room_id()).await.map(|key| key.lesson), Ok(1));
}

#[tokio::test]
async fn ended_lessons_wait_to_be_erased_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_with_room(folder.path()).await;
    let lesson = store.open_lesson(tenant("school"), room_id()).await.unwrap();
    assert_eq!(store.to_erase(i64::MAX).await, Ok(vec![]), "an open lesson keeps its texts");
    store.end_lesson(lesson.clone(), 50).await.unwrap();
    assert_eq!(store.to_erase(49).await, Ok(vec![]));
    assert_eq!(store.to_erase(50).await, Ok(vec![lesson.clone()]));
    store.erased(lesson.clone()).await.unwrap();
    store.end_lesson(lesson, 60).await.unwrap();
    assert_eq!(store.to_erase(i64::MAX).await, Ok(vec![]));
}

#[tokio::test]
async fn a_second_process_may_add_links_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let server = store_with_room(folder.path()).await;
    let tool = SqliteStore::open(folder.path()).await.unwrap();
    let link = Link {
        tenant: tenant("school"),
        hash: [1; 32],
        room: room_id(),
        role: Role::Pupil,
        owner: LinkOwner::Class,
        consent: false,
        created: 5,
        expires: None,
        revoked: false,
    };
    tool.add_link(link.clone()).await.unwrap();
    assert_eq!(server.link(tenant("school"), link.hash).await.unwrap(), Some(link));
}
