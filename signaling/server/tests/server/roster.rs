//! The door of rooms that have a roster or talks, and those who would like to be somebody else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kreide_cluster::{Catalogue, LinksFor, Room, SqliteStore};
use kreide_control::{Lobby, LockKind, Policy, Role, RoomId, TenantId};
use kreide_server::{Config, roster, talks};
use serde_json::{Value, json};

use crate::common::{Answer, Client, Fixture, open};

const CLASS: &str = "id,name,role,seat,consent\n\
    l1,Frau Kern,teacher,1,no\ns1,Ada,pupil,2,yes\ns2,Ben,pupil,3,no\n";

fn school() -> TenantId {
    TenantId::parse("school").unwrap()
}

/// Imports a roster beside the running server; the secrets of the links that were made, by name.
async fn import(server: &Fixture, file: &str, links: LinksFor) -> Vec<(String, String)> {
    let store = SqliteStore::open(server.folder.path()).await.unwrap();
    let wanted = roster::Wanted { tenant: school(), room: RoomId::parse("7b"), links };
    let imported = roster::import(&store, "http://k", file.as_bytes(), wanted).await;
    let imported = imported.unwrap_or_else(|error| panic!("{error}"));
    let secret = |url: &str| url.rsplit_once('#').unwrap().1.to_owned();
    imported.links.iter().map(|link| (link.person.name.clone(), secret(&link.url))).collect()
}

fn of<'a>(links: &'a [(String, String)], name: &str) -> &'a str {
    &links.iter().find(|(whose, _)| whose == name).unwrap().1
}

/// What stands in a join token.
fn claims(reply: &Value) -> Value {
    let token = reply["token"].as_str().unwrap_or_else(|| panic!("no token: {reply}"));
    let body = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

/// Ids and names of those from whom one may choose.
fn choices(reply: &Value) -> Vec<(&str, &str)> {
    let list = reply["choose"].as_array().unwrap();
    list.iter().map(|one| (one["id"].as_str().unwrap(), one["name"].as_str().unwrap())).collect()
}

fn refused(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_personal_link_proves_a_person() {
    let server = Fixture::start().await;
    server.decide(open()).await;
    let links = import(&server, CLASS, LinksFor::Newcomers).await;
    let request = json!({ "link": of(&links, "Ada"), "name": "Eve", "chosen": "x" });
    let reply = server.enter(&request).await.json();
    assert_eq!((&reply["name"], &reply["choose"]), (&json!("Ada"), &Value::Null));
    let told = claims(&reply);
    let expected = json!({ "sub": "s1", "role": "pupil", "seat": 2, "consent": true });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&told[name], value, "{name}");
    }
    assert_eq!((&told["lobby"], &told["talk"]), (&Value::Null, &Value::Null), "no need to wait");
    drop(server.join(reply["token"].as_str().unwrap()).await);
}

#[tokio::test]
async fn a_class_chooses_from_its_roster_and_waits() {
    let server = Fixture::start().await;
    let class = server.link_for("7b", Role::Pupil, None, None).await;
    let before = server.enter(&json!({ "link": class, "name": "Ada" })).await.json();
    assert_eq!((&before["choose"], &claims(&before)["lobby"]), (&Value::Null, &Value::Null));

    import(&server, CLASS, LinksFor::Nobody).await;
    let first = server.enter(&json!({ "link": class })).await.json();
    assert_eq!(first["token"], Value::Null);
    let list = choices(&first);
    assert_eq!(list.iter().map(|(_, name)| *name).collect::<Vec<_>>(), ["Ada", "Ben"]);
    let chosen = server.enter(&json!({ "link": class, "chosen": list[1].0 })).await.json();
    let told = claims(&chosen);
    assert_eq!((&chosen["name"], &told["name"]), (&json!("Ben"), &json!("Ben")));
    assert_eq!((&told["lobby"], &told["seat"]), (&json!(true), &json!(3)));
    let typed = server.enter(&json!({ "link": class, "name": "Cem" })).await.json();
    let told = claims(&typed);
    assert_eq!((&told["lobby"], &told["seat"]), (&json!(true), &Value::Null));

    let guests = server.link_for("7b", Role::Guest, None, None).await;
    let guest = server.enter(&json!({ "link": guests })).await.json();
    assert_eq!(guest["choose"], json!([]), "guests are not told who is in the class");
    let guest = server.enter(&json!({ "link": guests, "name": "Opa" })).await.json();
    assert_eq!(claims(&guest)["lobby"], true);
}

#[tokio::test]
async fn a_token_holds_the_hash_of_the_device() {
    let server = Fixture::start().await;
    let link = server.link("7b", Role::Pupil, "Ada").await;
    let id = "AAECAwQFBgcICQoLDA0ODw";
    let reply = server.enter(&json!({ "link": link, "device": id })).await.json();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, id.as_bytes());
    assert_eq!(claims(&reply)["device"], URL_SAFE_NO_PAD.encode(hash));
    assert!(!reply.to_string().contains(id));
    let reply = server.enter(&json!({ "link": link })).await.json();
    assert_eq!(claims(&reply)["device"], Value::Null);
    for wrong in ["", "short", "AAECAwQFBgcICQoLDA0OD+", &id.repeat(2)] {
        let answer = server.enter(&json!({ "link": link, "device": wrong })).await;
        assert_eq!(refused(&answer), (400, "BAD_MESSAGE".to_owned()), "{wrong}");
    }
}

#[tokio::test]
async fn families_come_by_their_own_links() {
    let server = Fixture::start().await;
    let store = SqliteStore::open(server.folder.path()).await.unwrap();
    let wanted = talks::Wanted {
        tenant: school(),
        room: RoomId::parse("sprechtag").unwrap(),
        date: None,
        zone: jiff::tz::TimeZone::UTC,
        replace: false,
    };
    let file = b"begin,minutes,family\n2099-01-01T15:00Z,10,Familie Li\n2099-01-01T15:10Z,10,\n";
    let made = talks::import(&store, "http://k", file, wanted.clone()).await;
    let made = made.unwrap_or_else(|error| panic!("{error}"));
    let links: Vec<&str> = made.iter().map(|link| link.url.rsplit_once('#').unwrap().1).collect();

    let mut subjects = Vec::new();
    for name in [Value::Null, json!("Eve")] {
        let request = json!({ "link": links[0], "name": name });
        let reply = server.enter(&request).await.json();
        assert_eq!((&reply["name"], &reply["role"]), (&json!("Familie Li"), &json!("guest")));
        let told = claims(&reply);
        assert_eq!((&told["talk"], &told["lobby"]), (&json!(1), &json!(true)));
        subjects.push(told["sub"].as_str().unwrap().to_owned());
    }
    assert!(subjects.iter().all(|subject| subject.starts_with("talk-1-")));
    assert_ne!(subjects[0], subjects[1], "two devices are two people");

    let nameless = server.enter(&json!({ "link": links[1] })).await.json();
    assert_eq!((&nameless["token"], &nameless["name"]), (&Value::Null, &Value::Null));
    let named = server.enter(&json!({ "link": links[1], "name": "Vater" })).await.json();
    assert_eq!((&claims(&named)["name"], &claims(&named)["talk"]), (&json!("Vater"), &json!(2)));

    let again = talks::Wanted { replace: true, ..wanted };
    talks::import(&store, "http://k", file, again).await.unwrap_or_else(|error| panic!("{error}"));
    let answer = server.enter(&json!({ "link": links[0] })).await;
    assert_eq!(refused(&answer), (403, "LINK_INVALID".to_owned()));
}

/// What was never there and what is there no longer are answered alike, byte for byte, whatever
/// else the request says.
#[tokio::test]
async fn hostile_enumeration_gets_the_same_bytes() {
    let server = Fixture::start().await;
    let links = import(&server, CLASS, LinksFor::Newcomers).await;
    let without_ada = CLASS.replace("s1,Ada,pupil,2,yes\n", "");
    import(&server, &without_ada, LinksFor::Nobody).await;
    let store = SqliteStore::open(server.folder.path()).await.unwrap();
    assert_eq!(store.revoke_links_of(school(), "s2".to_owned()).await, Ok(1));
    let secret = of(&links, "Frau Kern").split_once('.').unwrap().1;
    let shut = [
        of(&links, "Ada").to_owned(),
        of(&links, "Ben").to_owned(),
        "school.AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        format!("other.{secret}"),
        "nobody.AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "no link".to_owned(),
    ];
    let mut answers = Vec::new();
    for link in &shut {
        for more in [json!({}), json!({ "name": "Ada" }), json!({ "chosen": "AAAAAAAAAAAAAAAA" })] {
            let mut request = more;
            request["link"] = json!(link);
            let answer = server.enter(&request).await;
            let head = answer.head.lines().filter(|line| !line.starts_with("date:"));
            answers.push((head.collect::<Vec<_>>().join("\n"), answer.body.clone()));
            assert_eq!(answer.status, 403, "{request}");
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn hostile_choices_that_nobody_was_offered_open_nothing() {
    let server = Fixture::start().await;
    let class = server.link_for("7b", Role::Pupil, None, None).await;
    let other = server.link_for("8c", Role::Pupil, None, None).await;
    let teachers = server.link_for("7b", Role::Teacher, None, None).await;
    import(&server, CLASS, LinksFor::Nobody).await;
    let first = server.enter(&json!({ "link": class })).await.json();
    let ada = choices(&first)[0].0;
    let teacher = server.enter(&json!({ "link": teachers })).await.json();
    let kern = choices(&teacher)[0].0;
    assert_eq!(choices(&teacher)[0].1, "Frau Kern");
    let mut forged: Vec<String> =
        [kern, "", "0", "1", "s1", "Ada", "../7b", "\u{0}", &ada[1..]].map(str::to_owned).into();
    forged.extend((0..ada.len()).map(|at| {
        let mut changed = ada.as_bytes().to_vec();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(changed).unwrap()
    }));
    for chosen in forged {
        let answer = server.enter(&json!({ "link": class, "chosen": chosen, "name": "Eve" })).await;
        assert_eq!(refused(&answer), (404, "NOT_FOUND".to_owned()), "{chosen}");
    }
    let elsewhere = server.enter(&json!({ "link": other, "chosen": ada })).await;
    assert_eq!(refused(&elsewhere), (404, "NOT_FOUND".to_owned()), "of another room");
    assert_eq!(server.enter(&json!({ "link": class, "chosen": ada })).await.status, 200);
}

/// Whoever comes by a class link has the link's role and a subject of their own, so the seat of
/// the person whose name they chose stays that person's.
#[tokio::test]
async fn hostile_class_links_take_nobodys_role_or_seat() {
    let server = Fixture::start().await;
    server.decide(open()).await;
    let links = import(&server, CLASS, LinksFor::Newcomers).await;
    let proven = server.enter(&json!({ "link": of(&links, "Ada") })).await.json();
    let ada = server.join(proven["token"].as_str().unwrap()).await;

    let class = server.link_for("7b", Role::Pupil, None, None).await;
    let first = server.enter(&json!({ "link": class })).await.json();
    let chosen = json!({
        "link": class, "chosen": choices(&first)[0].0, "role": "teacher", "lobby": false,
        "sub": "s1", "subject": "s1", "seat": 1, "consent": true,
    });
    let claimed = server.enter(&chosen).await.json();
    let told = claims(&claimed);
    assert_eq!((&told["role"], &told["name"]), (&json!("pupil"), &json!("Ada")));
    assert_eq!((&told["lobby"], &told["consent"]), (&json!(true), &json!(false)));
    assert_ne!(told["sub"], "s1");
    for name in ["Ada", "Frau Kern"] {
        let told = claims(&server.enter(&json!({ "link": class, "name": name })).await.json());
        assert_eq!((&told["role"], &told["lobby"]), (&json!("pupil"), &json!(true)), "{name}");
        assert!(told["sub"] != "s1" && told["sub"] != "l1");
        assert_eq!(told["seat"], Value::Null);
    }
    assert_eq!(ada.joined["snapshot"]["participants"][0]["seat"], 2);
    server.waits(claimed["token"].as_str().unwrap()).await;
}

#[tokio::test]
async fn hostile_returns_after_a_removal_find_the_door_shut() {
    let server = Fixture::start().await;
    let links = import(&server, CLASS, LinksFor::Newcomers).await;
    let open = async |name: &str| server.enter(&json!({ "link": of(&links, name) })).await.status;
    assert_eq!((open("Ada").await, open("Ben").await), (200, 200));
    // Off the roster: at once, without a restart.
    import(&server, &CLASS.replace("s1,Ada,pupil,2,yes\n", ""), LinksFor::Newcomers).await;
    assert_eq!((open("Ada").await, open("Ben").await), (403, 200));
    // Back on it: by a new link alone.
    let new = import(&server, CLASS, LinksFor::Newcomers).await;
    assert_eq!((open("Ada").await, new.len()), (403, 1));
    assert_eq!(server.enter(&json!({ "link": of(&new, "Ada") })).await.status, 200);
    // Removed in a lesson: an import does not make the link good again.
    let store = SqliteStore::open(server.folder.path()).await.unwrap();
    assert_eq!(store.revoke_links_of(school(), "s2".to_owned()).await, Ok(1));
    import(&server, CLASS, LinksFor::Newcomers).await;
    assert_eq!(open("Ben").await, 403);
    // A choice that was offered before goes with its person.
    let class = server.link_for("7b", Role::Pupil, None, None).await;
    let first = server.enter(&json!({ "link": class })).await.json();
    let ben = choices(&first)[1].0;
    import(&server, &CLASS.replace("s2,Ben,pupil,3,no\n", ""), LinksFor::Nobody).await;
    let answer = server.enter(&json!({ "link": class, "chosen": ben })).await;
    assert_eq!(refused(&answer), (404, "NOT_FOUND".to_owned()));
}

/// Whoever is taken off the roster loses the seat in the lesson that runs, and neither the key of
/// the seat nor a token that the door gave before brings it back.
#[tokio::test]
async fn hostile_person_off_the_roster_keeps_no_seat_and_no_token() {
    let server = Fixture::start().await;
    server.decide(open()).await;
    let links = import(&server, CLASS, LinksFor::Newcomers).await;
    let mut teacher = server.join(&server.token(of(&links, "Frau Kern")).await).await;
    let mut ada = server.join(&server.token(of(&links, "Ada")).await).await;
    let mut ben = server.join(&server.token(of(&links, "Ben")).await).await;
    // One who came without the roster, and one who claims a name of it.
    let mut guest = server.person(Role::Guest, "Opa").await;
    let spare = server.token(of(&links, "Ada")).await;
    let resume = ada.resume();
    let no = ada.me();

    import(&server, &CLASS.replace("s1,Ada,pupil,2,yes\n", ""), LinksFor::Nobody).await;
    assert_eq!(ada.expect_end().await.as_deref(), Some("LINK_INVALID"));
    assert_eq!(teacher.told("left").await["who"], no);
    let token = json!({ "token": spare });
    assert_eq!(Client::connect(server.address).await.refused(token).await, "LINK_INVALID");
    assert_eq!(Client::connect(server.address).await.refused(resume).await, "RESUME_INVALID");
    for other in [&mut ben, &mut guest, &mut teacher] {
        other.does(json!({ "type": "hand", "up": true })).await;
    }
    // Back on the roster: by a new link.
    let new = import(&server, CLASS, LinksFor::Newcomers).await;
    assert_eq!(server.join(&server.token(of(&new, "Ada")).await).await.me(), no);
}

/// The same for those who wait, and when the import comes while the server is down.
#[tokio::test]
async fn hostile_person_off_the_roster_waits_no_longer_and_returns_after_no_restart() {
    let server = Fixture::start().await;
    server.decide(Policy { lobby: Lobby::Everyone, ..open() }).await;
    let links = import(&server, CLASS, LinksFor::Newcomers).await;
    let mut teacher = server.join(&server.token(of(&links, "Frau Kern")).await).await;
    let ada = server.waits(&server.token(of(&links, "Ada")).await).await;
    let ben = server.waits(&server.token(of(&links, "Ben")).await).await;
    teacher.does(json!({ "type": "admit", "who": 2 })).await;
    let mut ada = ada;
    ada.comes_in().await;
    let mut ben = ben;
    import(&server, &CLASS.replace("s2,Ben,pupil,3,no\n", ""), LinksFor::Nobody).await;
    assert_eq!(ben.expect_end().await.as_deref(), Some("LINK_INVALID"));
    teacher.told("waitEnded").await;

    let (resume, back) = (ada.resume(), teacher.resume());
    let folder = server.stop().await;
    let store = SqliteStore::open(folder.path()).await.unwrap();
    let file = CLASS.lines().filter(|line| !line.contains("Ada") && !line.contains("Ben"));
    let file: String = file.map(|line| format!("{line}\n")).collect();
    let wanted =
        roster::Wanted { tenant: school(), room: RoomId::parse("7b"), links: LinksFor::Nobody };
    roster::import(&store, "http://127.0.0.1", file.as_bytes(), wanted).await.unwrap();
    let server = Fixture::start_in(folder, Config::standard()).await;
    assert_eq!(Client::connect(server.address).await.refused(resume).await, "RESUME_INVALID");
    let mut teacher = Client::connect(server.address).await;
    teacher.join(back).await;
    let people = teacher.joined["snapshot"]["participants"].as_array().unwrap().len();
    assert_eq!(people, 1);
}

/// What a school decides reaches the lesson that runs.
#[tokio::test]
async fn a_policy_that_changes_holds_in_the_lesson_that_runs() {
    let server = Fixture::start().await;
    server.decide(open()).await;
    let mut teacher = server.person(Role::Teacher, "Frau Kern").await;
    let mut pupil = server.person(Role::Pupil, "Ben").await;
    pupil.does(json!({ "type": "send", "kind": "camera", "on": true })).await;
    let locked = [LockKind::Camera, LockKind::People].into();
    server.decide(Policy { attendance: true, locked, ..open() }).await;
    assert_eq!(pupil.told("policy").await["policy"]["attendance"], true);
    let camera = pupil.told("locks").await;
    assert!(camera["locks"].to_string().contains("camera"), "{camera}");
    assert_eq!(pupil.told("locks").await["people"].as_array().unwrap().len(), 2);
    let off = pupil.told("sending").await;
    assert_eq!(
        (&off["source"], &off["on"], &off["by"]),
        (&json!("camera"), &json!(false), &json!(0))
    );
    let denied = pupil.may_not(json!({ "type": "send", "kind": "camera", "on": true })).await;
    assert_eq!(denied, "DENIED");
    assert_eq!(teacher.told("policy").await["policy"]["attendance"], true);
    // A restart changes nothing of what a teacher opened meanwhile.
    teacher.does(json!({ "type": "lock", "who": null, "what": "camera", "locked": false })).await;
    let back = teacher.resume();
    let server = server.restart().await;
    let mut teacher = Client::connect(server.address).await;
    teacher.join(back).await;
    let locks = teacher.joined["snapshot"]["locks"].to_string();
    assert!(locks.contains("people") && !locks.contains("camera"), "{locks}");
}

/// A room that this version cannot read keeps no other from hearing what was decided for it.
#[tokio::test]
async fn a_damaged_policy_holds_up_no_other_room() {
    let server = Fixture::start().await;
    server.decide(open()).await;
    let _teacher = server.person(Role::Teacher, "Frau Kern").await;
    let other = Room::new(school(), RoomId::parse("8a").unwrap(), "8a".to_owned());
    let store = SqliteStore::open(server.folder.path()).await.unwrap();
    store.put_room(Room { policy: open(), ..other.clone() }).await.unwrap();
    let link = server.link("8a", Role::Teacher, "Herr Lang").await;
    let mut lang = server.join(&server.token(&link).await).await;

    let file = server.folder.path().join("kreide.db");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let damaged = "UPDATE rooms SET policy = '{\"lobby\":7}' WHERE room = '7b'";
    assert_eq!(sqlx::query(damaged).execute(&pool).await.unwrap().rows_affected(), 1);
    store.put_room(Room { policy: Policy { attendance: true, ..open() }, ..other }).await.unwrap();
    assert_eq!(lang.told("policy").await["policy"]["attendance"], true);
}
