//! Files of schools, good and bad, on a real catalogue.

use std::time::Instant;

use kreide_cluster::{LinkOwner, SqliteStore};

use super::*;

fn room(id: &str) -> RoomId {
    RoomId::parse(id).unwrap()
}

fn wanted(only: Option<&str>, links: LinksFor) -> Wanted {
    Wanted { tenant: TenantId::parse("school").unwrap(), room: only.map(room), links }
}

/// Subject, name, role, seat and consent of everyone in the file.
fn people(file: &str, only: Option<&str>) -> Vec<(String, RosterEntry)> {
    let rooms = read(file.as_bytes(), only.map(room).as_ref()).unwrap();
    let of_room = |(room, people): (RoomId, Vec<RosterEntry>)| {
        people.into_iter().map(move |person| (room.to_string(), person))
    };
    rooms.into_iter().flat_map(of_room).collect()
}

fn entry(subject: &str, name: &str, role: Role, seat: u32, consent: bool) -> RosterEntry {
    RosterEntry { subject: subject.to_owned(), name: name.to_owned(), role, seat, consent }
}

#[test]
fn german_and_english_files() {
    let german = "\u{feff}Raum;Kennung;Name;Rolle;Platz;Einwilligung\r\n\
        7b;s1;\"Öztürk, Ada\";Schülerin;2;ja\r\n\
        7b;s2;Ben;;;\r\n\
        8c;s1;Ada;SCHÜLER;;NEIN\r\n\
        7b;l1;Frau Kern;Lehrkraft;;nein\r\n";
    let read = people(german, None);
    let expected = [
        ("7b", entry("s1", "Öztürk, Ada", Role::Pupil, 2, true)),
        ("7b", entry("s2", "Ben", Role::Pupil, 1, false)),
        ("7b", entry("l1", "Frau Kern", Role::Teacher, 3, false)),
        ("8c", entry("s1", "Ada", Role::Pupil, 1, false)),
    ];
    assert!(read == expected.map(|(room, person)| (room.to_owned(), person)));
    assert!(people(german, Some("8c")) == read[3..], "one room of a school's file");

    let english = "name,id,consent,role\nAda,s1,yes,observer\n";
    let expected = entry("s1", "Ada", Role::Observer, 1, true);
    assert!(people(english, Some("7b")) == [("7b".to_owned(), expected)]);
}

#[test]
fn what_is_wrong_is_told_by_line_and_column() {
    let rows = [
        ("id,name\n,Ada\n", "line 2, column id: expected an id"),
        ("id,name\ntalk-1-x,Ada\n", "line 2, column id: expected an id"),
        ("id;Name\ns1;\n", "line 2, column Name: expected a name"),
        ("id,name\ns1,\"A\nB\"\n", "line 2, column name: expected a name"),
        ("id,name,rolle\ns1,Ada,\ns2,Ben,chef\n", "line 3, column rolle: expected lehrkraft"),
        ("id,name,seat\ns1,Ada,0\n", "line 2, column seat: expected a number from 1"),
        ("id,name,platz\ns1,Ada,2\ns2,Ben,2\n", "line 3, column platz: this seat is taken"),
        ("id,name\ns1,Ada\ns1,Ben\n", "line 3, column id: this person is in the room"),
        ("id,name,consent\ns1,Ada,maybe\n", "line 2, column consent: expected ja, nein"),
        ("id,name,room\ns1,Ada,7 b\n", "line 2, column room: expected 1 to 64"),
        ("id,name,room\ns1,Ada,\n", "line 2, column room: expected 1 to 64"),
        ("id,name,room\ns1,Ada,8c\n", "the file has nobody of this room"),
    ];
    for (file, expected) in rows {
        let said = read(file.as_bytes(), Some(&room("7b"))).err().unwrap().to_string();
        assert!(said.starts_with(expected), "{said}");
        assert!(!said.contains("Ada") && !said.contains("Ben"), "{said}");
    }
    assert_eq!(read(b"id,name\ns1,Ada\n", None).err(), Some(ImportError::NoRoom));
}

#[tokio::test]
async fn a_school_gets_its_links_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let mut file = "raum;kennung;name\n".to_owned();
    for number in 0..1500 {
        file += &format!("class-{};s{number};Name, {number}\n", number % 50);
    }
    let run = async |file: &str, links| {
        let began = Instant::now();
        let wanted = wanted(None, links);
        let imported = import(&store, "https://k.example/", file.as_bytes(), wanted).await;
        println!("1500 people: {:?}", began.elapsed());
        imported.unwrap_or_else(|error| panic!("{error}"))
    };
    let first = run(&file, LinksFor::Newcomers).await;
    assert_eq!((first.changes.len(), first.links.len()), (50, 1500));
    assert!(first.changes.iter().all(|change| change.added == 30));
    let again = run(&file, LinksFor::Newcomers).await;
    assert!(again.links.is_empty());
    assert!(again.changes.iter().all(|change| change.unchanged == 30));

    let text = String::from_utf8(links_file(&first.links[..1])).unwrap();
    let link = &first.links[0];
    let (subject, name) = (&link.person.subject, &link.person.name);
    let row = format!("class-0,{subject},\"{name}\",{}\n", link.url);
    assert_eq!(text, format!("room,id,name,link\n{row}"));

    let fragment = link.url.strip_prefix("https://k.example/j#").unwrap();
    let (tenant, hash) = links::parse(fragment).unwrap();
    let opened = store.link(tenant, hash).await.unwrap().unwrap();
    let owner = LinkOwner::Person { subject: subject.clone(), name: name.clone() };
    assert!(opened.owner == owner && opened.room == link.room && !opened.revoked);
}

#[tokio::test]
async fn one_bad_line_imports_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let file = b"id,name,room\ns1,Ada,7b\ns2,Ben,8c\ns3,,8c\n";
    let refused = import(&store, "http://k", file, wanted(None, LinksFor::Newcomers)).await;
    assert!(matches!(refused, Err(ImportError::File(TableError::Cell { line: 4, .. }))));
    assert_eq!(store.rooms(TenantId::parse("school").unwrap()).await, Ok(vec![]));
}
