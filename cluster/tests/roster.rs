//! Rosters, talks and prepared groups on a real file.

#![allow(clippy::unwrap_used, reason = "clippy exempts test functions, not their helpers")]

use std::path::Path;
use std::time::Instant;

use kreide_cluster::{
    Catalogue, CatalogueError, GroupSet, LinkHash, LinkOwner, LinksFor, MAX_GROUP_SETS, Room,
    RoomRoster, RosterChange, RosterEntry, RosterImport, RosterPerson, SqliteStore, Talk, TalkList,
};
use kreide_control::{Role, RoomId, TenantId};

fn school() -> TenantId {
    TenantId::parse("school").unwrap()
}

fn room(id: &str) -> RoomId {
    RoomId::parse(id).unwrap()
}

fn pupil(subject: &str, seat: u32) -> RosterEntry {
    let (subject, name) = (subject.to_owned(), format!("Name of {subject}"));
    RosterEntry { subject, name, role: Role::Pupil, seat, consent: false }
}

/// Hash of the link that an import offers to somebody.
fn hash(subject: &str, import: u8) -> LinkHash {
    let mut hash = [import; 32];
    hash[..subject.len()].copy_from_slice(subject.as_bytes());
    hash
}

/// An import whose links are those of this number.
fn import(number: u8, links: LinksFor, rooms: &[(&str, &[RosterEntry])]) -> RosterImport {
    let person = |entry: &RosterEntry| RosterPerson {
        entry: entry.clone(),
        link: hash(&entry.subject, number),
    };
    let roster = |(id, people): &(&str, &[RosterEntry])| RoomRoster {
        room: room(id),
        people: people.iter().map(person).collect(),
    };
    let rooms = rooms.iter().map(roster).collect();
    RosterImport { tenant: school(), rooms, at: 5, links }
}

async fn opened(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder).await.unwrap()
}

/// Added, changed, removed, unchanged.
fn counts(change: &RosterChange) -> [u32; 4] {
    [change.added, change.changed, change.removed, change.unchanged]
}

/// Whether the link is there, and good.
async fn opens(store: &SqliteStore, hash: LinkHash) -> Option<bool> {
    let link = store.link(school(), hash).await.unwrap();
    link.map(|link| !link.revoked)
}

#[tokio::test]
async fn an_import_twice_is_the_same_as_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    let people = [pupil("a", 2), pupil("b", 1)];
    let first = store.import_roster(import(1, LinksFor::Newcomers, &[("7b", &people)])).await;
    let first = first.unwrap();
    assert_eq!((counts(&first[0]), first[0].linked.len()), ([2, 0, 0, 0], 2));
    let listed = store.roster(school(), room("7b")).await.unwrap();
    assert_eq!(listed, [people[1].clone(), people[0].clone()], "in seating order");
    assert_eq!(store.room(school(), room("7b")).await.unwrap().unwrap().title, "7b");

    let again = store.import_roster(import(2, LinksFor::Newcomers, &[("7b", &people)])).await;
    let again = again.unwrap();
    assert_eq!((counts(&again[0]), again[0].linked.len()), ([0, 0, 0, 2], 0));
    assert_eq!(opens(&store, hash("a", 1)).await, Some(true), "links are kept");
    assert_eq!(opens(&store, hash("a", 2)).await, None);
    let door = store.door(school(), hash("a", 1)).await.unwrap().unwrap();
    assert_eq!((door.seat, door.link.role, door.link.created), (Some(2), Role::Pupil, 5));
}

#[tokio::test]
async fn a_link_follows_its_person() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    let before = [pupil("a", 1), pupil("b", 2)];
    store.import_roster(import(1, LinksFor::Newcomers, &[("7b", &before)])).await.unwrap();
    let renamed = RosterEntry {
        name: "Ada \"Lovelace\"".to_owned(),
        role: Role::Presenter,
        consent: true,
        ..pupil("a", 7)
    };
    let after = [renamed, pupil("b", 2)];
    let change = store.import_roster(import(2, LinksFor::Nobody, &[("7b", &after)])).await;
    assert_eq!(counts(&change.unwrap()[0]), [0, 1, 0, 1]);
    let door = store.door(school(), hash("a", 1)).await.unwrap().unwrap();
    let owner = LinkOwner::Person { subject: "a".to_owned(), name: after[0].name.clone() };
    assert_eq!(door.link.owner, owner);
    assert_eq!((door.link.role, door.link.consent), (Role::Presenter, true));
    assert_eq!((door.seat, door.link.revoked), (Some(7), false));
}

#[tokio::test]
async fn whoever_is_taken_off_has_no_link_to_the_room() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    let (both, one) = ([pupil("a", 1), pupil("b", 2)], [pupil("b", 1)]);
    let rooms: [(&str, &[RosterEntry]); 2] = [("7b", &both), ("chor", &both[..1])];
    let start = import(1, LinksFor::Nobody, &rooms);
    store.import_roster(start.clone()).await.unwrap();
    assert_eq!(opens(&store, hash("a", 1)).await, None, "nobody asked for links");
    let class = import(2, LinksFor::Newcomers, &rooms[..1]);
    store.import_roster(class).await.unwrap();
    let choir = import(3, LinksFor::Newcomers, &rooms[1..]);
    store.import_roster(choir).await.unwrap();

    let shorter = import(4, LinksFor::Newcomers, &[("7b", &one)]);
    let change = store.import_roster(shorter).await.unwrap();
    assert_eq!(counts(&change[0]), [0, 1, 1, 0]);
    assert_eq!(opens(&store, hash("a", 2)).await, Some(false));
    assert_eq!(opens(&store, hash("b", 2)).await, Some(true));
    assert_eq!(opens(&store, hash("a", 3)).await, Some(true), "the choir was not named");
    let on = async |id: &str, subject: &str| {
        store.on_roster(school(), room(id), subject.to_owned()).await.unwrap()
    };
    assert!(!on("7b", "a").await && on("chor", "a").await && on("7b", "b").await);
    let other = TenantId::parse("other").unwrap();
    assert_eq!(store.on_roster(other, room("7b"), "b".to_owned()).await, Ok(false));
}

#[tokio::test]
async fn a_revoked_link_stays_so_until_everyone_gets_new_ones() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    let people = [pupil("a", 1), pupil("b", 2)];
    let rooms: [(&str, &[RosterEntry]); 1] = [("7b", &people)];
    store.import_roster(import(1, LinksFor::Newcomers, &rooms)).await.unwrap();
    let other = TenantId::parse("other").unwrap();
    assert_eq!(store.revoke_links_of(other, "a".to_owned()).await, Ok(0));
    assert_eq!(store.revoke_links_of(school(), "a".to_owned()).await, Ok(1));
    assert_eq!(store.revoke_links_of(school(), "a".to_owned()).await, Ok(0));
    assert_eq!(opens(&store, hash("a", 1)).await, Some(false));
    assert_eq!(opens(&store, hash("b", 1)).await, Some(true));
    store.import_roster(import(2, LinksFor::Newcomers, &rooms)).await.unwrap();
    assert_eq!(opens(&store, hash("a", 1)).await, Some(false));
    assert_eq!(opens(&store, hash("a", 2)).await, None);
    let change = store.import_roster(import(3, LinksFor::Everyone, &rooms)).await.unwrap();
    assert_eq!((counts(&change[0]), change[0].linked.len()), ([0, 0, 0, 2], 2));
    assert_eq!(opens(&store, hash("b", 1)).await, Some(false));
    assert_eq!(opens(&store, hash("a", 3)).await, Some(true));
    assert_eq!(opens(&store, hash("b", 3)).await, Some(true));
}

#[tokio::test]
async fn an_import_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    let (old, new) = ([pupil("a", 1)], [pupil("b", 1), pupil("c", 2)]);
    store.import_roster(import(1, LinksFor::Newcomers, &[("7b", &old)])).await.unwrap();
    let mut broken = import(1, LinksFor::Newcomers, &[("7b", &new)]);
    broken.rooms[0].people[1].link = hash("a", 1);
    assert_eq!(store.import_roster(broken).await, Err(CatalogueError::Unavailable));
    assert_eq!(store.roster(school(), room("7b")).await.unwrap(), old);
    assert_eq!(opens(&store, hash("a", 1)).await, Some(true));
    assert_eq!(opens(&store, hash("b", 1)).await, None);
}

#[tokio::test]
async fn a_school_of_1500_is_imported_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    let classes: Vec<(String, Vec<RosterEntry>)> = (0..50)
        .map(|class| {
            let people = (1..=30).map(|seat| pupil(&format!("p{class}-{seat}"), seat)).collect();
            (format!("class-{class}"), people)
        })
        .collect();
    let rooms: Vec<(&str, &[RosterEntry])> =
        classes.iter().map(|(id, people)| (id.as_str(), people.as_slice())).collect();
    for (number, expected) in [(1, [1500, 0, 0, 0]), (2, [0, 0, 0, 1500])] {
        let began = Instant::now();
        let changes = store.import_roster(import(number, LinksFor::Newcomers, &rooms)).await;
        println!("import {number} of 1500 people: {:?}", began.elapsed());
        let sum = changes
            .unwrap()
            .iter()
            .map(counts)
            .fold([0; 4], |sum, one| std::array::from_fn(|at| sum[at] + one[at]));
        assert_eq!(sum, expected);
    }
}

#[tokio::test]
async fn talks_are_replaced_only_on_purpose() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    store.ensure_room(Room::new(school(), room("t"), "t".to_owned())).await.unwrap();
    let talk = |slot: u32, link: u8| Talk {
        slot,
        begins: i64::from(slot) * 600_000,
        minutes: 10,
        label: (slot == 1).then(|| "Familie Yılmaz".to_owned()),
        link: [link; 32],
    };
    let list = |talks: Vec<Talk>, replace| TalkList { talks, at: 5, grace: 1_000, replace };
    let set = async |talks, replace| {
        store.set_talks(school(), room("t"), list(talks, replace)).await.unwrap()
    };
    let (first, second) = (vec![talk(1, 1), talk(2, 2)], vec![talk(1, 3)]);
    assert!(set(first.clone(), false).await);
    assert_eq!(store.talks(school(), room("t")).await, Ok(first.clone()));
    let door = store.door(school(), [1; 32]).await.unwrap().unwrap();
    assert_eq!(door.link.owner, LinkOwner::Talk { slot: 1, label: first[0].label.clone() });
    assert_eq!((door.link.role, door.link.expires), (Role::Guest, Some(1_201_000)));

    assert!(!set(second.clone(), false).await);
    assert_eq!(opens(&store, [3; 32]).await, None);
    assert!(set(second.clone(), true).await);
    assert_eq!(store.talks(school(), room("t")).await, Ok(second));
    assert_eq!(opens(&store, [1; 32]).await, Some(false));
    assert_eq!(opens(&store, [3; 32]).await, Some(true));
    let other = TenantId::parse("other").unwrap();
    assert_eq!(store.talks(other, room("t")).await, Ok(vec![]));
}

#[tokio::test]
async fn prepared_groups_are_kept_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    store.ensure_room(Room::new(school(), room("7b"), "7b".to_owned())).await.unwrap();
    let set = |name: &str, who: &str| GroupSet::new(name, vec![vec![who.to_owned()]]).unwrap();
    let put = async |set: GroupSet| store.put_group_set(school(), room("7b"), set).await;
    for number in 0..MAX_GROUP_SETS {
        put(set(&format!("{number:02}"), "a")).await.unwrap();
    }
    assert_eq!(put(set("another", "a")).await, Err(CatalogueError::Full));
    put(set("07", "b")).await.unwrap();
    let kept = store.group_sets(school(), room("7b")).await.unwrap();
    assert_eq!((kept.len(), &kept[7]), (MAX_GROUP_SETS, &set("07", "b")));
    assert_eq!(store.group_sets(school(), room("8c")).await, Ok(vec![]));
    let delete = async |id: &str, name: &str| {
        store.delete_group_set(school(), room(id), name.to_owned()).await.unwrap()
    };
    assert!(!delete("8c", "07").await && delete("7b", "07").await && !delete("7b", "07").await);
    put(set("another", "a")).await.unwrap();
}

/// Copies what a backup takes.
async fn copy_store(folder: &Path, to: &Path) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("kreide.db"));
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let statement = sqlx::AssertSqlSafe(format!("VACUUM INTO '{}'", to.display()));
    sqlx::query(statement).execute(&mut connection).await.unwrap();
}

/// Removes a database with its side files. Who still has them open keeps what is removed.
fn take_away(folder: &Path, name: &str) {
    for side in ["", "-wal", "-shm"] {
        let _none = std::fs::remove_file(folder.join(format!("{name}{side}")));
    }
}

fn on_disk(folder: &Path, what: &str) -> usize {
    let found = |entry: std::io::Result<std::fs::DirEntry>| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(what.len()).filter(|window| *window == what.as_bytes()).count()
    };
    std::fs::read_dir(folder).unwrap().map(found).sum()
}

#[tokio::test]
async fn an_erased_person_is_off_the_catalogue_and_off_every_copy() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let copy = outside.path().join("copy.db");
    let store = opened(folder.path()).await;
    let people = [pupil("canary-a", 1), pupil("ben", 2)];
    for (number, id) in [(1, "7b"), (3, "chor")] {
        let class = import(number, LinksFor::Newcomers, &[(id, &people[..])]);
        store.import_roster(class).await.unwrap();
    }
    let groups = vec![vec!["ben".to_owned()], vec!["canary-a".to_owned()]];
    let set = GroupSet::new("Tische", groups).unwrap();
    store.put_group_set(school(), room("7b"), set).await.unwrap();
    copy_store(folder.path(), &copy).await;
    assert!(on_disk(folder.path(), "canary-a") > 0, "this would find it");

    let gone = store.erase_person(school(), "canary-a".to_owned()).await.unwrap();
    assert_eq!((gone.links, gone.rosters, gone.groups), (2, 2, 1));
    let once = store.erase_person(school(), "canary-a".to_owned()).await.unwrap();
    assert_eq!(once, kreide_cluster::Erasure::default(), "once is enough");
    drop(store);
    for restored in [false, true] {
        if restored {
            take_away(folder.path(), "kreide.db");
            std::fs::copy(&copy, folder.path().join("kreide.db")).unwrap();
        }
        let store = opened(folder.path()).await;
        assert_eq!(on_disk(folder.path(), "canary-a"), 0, "restored: {restored}");
        assert_eq!(opens(&store, hash("canary-a", 1)).await, None);
        for id in ["7b", "chor"] {
            assert_eq!(store.roster(school(), room(id)).await.unwrap(), [people[1].clone()]);
        }
        let sets = store.group_sets(school(), room("7b")).await.unwrap();
        assert_eq!(sets[0].groups(), [vec!["ben".to_owned()], vec![]]);
    }
    // The school may take somebody back: then the person stays.
    let store = opened(folder.path()).await;
    let class = import(2, LinksFor::Newcomers, &[("7b", &people)]);
    store.import_roster(class).await.unwrap();
    drop(store);
    let store = opened(folder.path()).await;
    assert_eq!(store.roster(school(), room("7b")).await.unwrap(), people);
}

#[tokio::test]
async fn without_its_keys_a_store_has_no_names_until_the_next_import() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    let people = [pupil("a", 1), pupil("b", 2)];
    let class = |number| import(number, LinksFor::Newcomers, &[("7b", &people[..])]);
    store.import_roster(class(1)).await.unwrap();
    drop(store);
    take_away(folder.path(), "keys.db");
    let store = opened(folder.path()).await;
    let names = store.roster(school(), room("7b")).await.unwrap();
    assert!(names.iter().all(|person| person.name.is_empty()) && names.len() == 2);
    let change = store.import_roster(class(2)).await.unwrap();
    assert_eq!((counts(&change[0]), change[0].linked.len()), ([0, 2, 0, 0], 0));
    let door = store.door(school(), hash("a", 1)).await.unwrap().unwrap();
    let owner = LinkOwner::Person { subject: "a".to_owned(), name: "Name of a".to_owned() };
    assert_eq!(door.link.owner, owner, "the link is good again");
}

#[tokio::test]
async fn a_room_has_changed_when_its_policy_has_or_somebody_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    let changed = async |after: i64| {
        let changes = store.changed_rooms(after).await.unwrap();
        changes.into_iter().map(|change| (change.seq, change.room.to_string())).collect::<Vec<_>>()
    };
    let (ours, people) = ([pupil("a", 1)], [pupil("c", 1), pupil("d", 2)]);
    let both = import(1, LinksFor::Newcomers, &[("7b", &ours[..]), ("8c", &people[..])]);
    store.import_roster(both.clone()).await.unwrap();
    store.import_roster(both).await.unwrap();
    assert_eq!(changed(0).await, [], "nobody went");
    let less = import(2, LinksFor::Newcomers, &[("8c", &people[..1])]);
    store.import_roster(less).await.unwrap();
    assert_eq!(changed(0).await, [(1, "8c".to_owned())]);
    let mut class = store.room(school(), room("7b")).await.unwrap().unwrap();
    class.policy.recording = false;
    store.put_room(class.clone()).await.unwrap();
    assert_eq!(changed(0).await, [(1, "8c".to_owned()), (2, "7b".to_owned())]);
    class.title = "Another".to_owned();
    store.put_room(class).await.unwrap();
    assert_eq!(changed(2).await, [], "a title is no matter of the lesson");
    // Once for each room, with its latest change.
    store.import_roster(import(3, LinksFor::Nobody, &[("8c", &[])])).await.unwrap();
    assert_eq!(changed(0).await, [(2, "7b".to_owned()), (3, "8c".to_owned())]);
    assert_eq!(changed(3).await, []);
}
