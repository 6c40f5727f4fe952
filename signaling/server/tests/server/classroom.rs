//! The classroom as browsers meet it: lobby, quiet, groups, polls, talks, by message and by call.

use std::time::Duration;

use kreide_cluster::{Catalogue, SqliteStore, Talk, TalkList};
use kreide_control::{Command, Lobby, LockKind, Policy, Role, RoomId, ScopeNo, TenantId};
use serde_json::{Value, json};

use crate::common::{Client, Fixture, open, until};

#[tokio::test]
async fn pupils_wait_for_the_teacher_and_guests_for_the_lobby() {
    let server = Fixture::start().await;
    server.decide(Policy::default()).await;
    let mut pupil = server.waiting(Role::Pupil, "Ben").await;
    assert_eq!(pupil.joined["why"], "begin");
    let mut guest = server.waiting(Role::Guest, "Opa").await;
    assert_eq!(guest.joined["why"], "lobby");

    let mut teacher = server.person(Role::Teacher, "Kern").await;
    pupil.comes_in().await;
    assert_eq!(pupil.joined["snapshot"]["participants"].as_array().unwrap().len(), 2);
    let waiting = &teacher.joined["snapshot"]["waiting"];
    assert_eq!((&waiting[0]["name"], &waiting[0]["why"]), (&json!("Opa"), &json!("lobby")));

    let who = waiting[0]["no"].clone();
    teacher.does(json!({ "type": "admit", "who": who })).await;
    guest.comes_in().await;
    assert_eq!(guest.joined["you"], who);
    // Back to the lobby, and in again by taking it back.
    teacher.say(json!({ "type": "toLobby", "who": who })).await;
    assert_eq!(guest.wait_for("waiting").await["why"], "lobby");
    let acted = teacher.told("acted").await;
    assert_eq!(acted["acted"]["what"]["did"], "sentToLobby");
    teacher.does(json!({ "type": "undo", "id": acted["acted"]["id"] })).await;
    guest.comes_in().await;
    // Sent away for now.
    let mut other = server.waiting(Role::Guest, "Tante").await;
    let waiter = teacher.told("waiting").await;
    teacher.does(json!({ "type": "turnAway", "who": waiter["waiter"]["no"] })).await;
    assert_eq!(other.wait_for("closed").await["code"], "TURNED_AWAY");
}

#[tokio::test]
async fn who_waits_keeps_the_place_over_a_reload() {
    let server = Fixture::start().await;
    server.decide(Policy { lobby: Lobby::Everyone, ..open() }).await;
    let mut teacher = server.person(Role::Teacher, "Kern").await;
    let pupil = server.waiting(Role::Pupil, "Ben").await;
    let no = teacher.told("waiting").await["waiter"]["no"].clone();
    let key = json!({ "resume": pupil.joined["resume"] });
    drop(pupil);
    let mut again = Client::connect(server.address).await;
    again.waits(key).await;
    teacher.does(json!({ "type": "admit" })).await;
    again.comes_in().await;
    assert_eq!(again.joined["you"], no);
    assert_eq!(again.joined["media"], Value::Null, "the browser offers now");
}

#[tokio::test]
async fn quiet_closes_microphones_and_gives_rights_back_as_they_were() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Kern").await;
    let mut pupil = server.person(Role::Pupil, "Ben").await;
    let mut locked = server.person(Role::Pupil, "Cem").await;
    teacher
        .does(json!({ "type": "lock", "who": locked.me(), "what": "chat", "locked": true }))
        .await;
    pupil.does(json!({ "type": "send", "kind": "microphone", "on": true })).await;
    teacher.does(json!({ "type": "quiet", "on": true })).await;
    assert_eq!(pupil.told("quiet").await["by"], teacher.me());
    let off = pupil.told("sending").await;
    assert_eq!((&off["source"], &off["on"]), (&json!("microphone"), &json!(false)));
    let speak = json!({ "type": "send", "kind": "microphone", "on": true });
    assert_eq!(pupil.may_not(speak.clone()).await, "DENIED");
    assert_eq!(pupil.may_not(json!({ "type": "chat", "text": "psst" })).await, "DENIED");
    // One may speak all the same.
    teacher.does(json!({ "type": "letSpeak", "who": pupil.me(), "on": true })).await;
    pupil.does(speak.clone()).await;
    teacher.does(json!({ "type": "quiet", "on": false })).await;
    pupil.does(json!({ "type": "chat", "text": "wieder da" })).await;
    assert_eq!(locked.may_not(json!({ "type": "chat", "text": "ich auch" })).await, "DENIED");
}

#[tokio::test]
async fn groups_are_scopes_and_kept_for_the_next_lesson() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Kern").await;
    let mut one = server.person_with_media(Role::Pupil, "Ben").await;
    let mut two = server.person_with_media(Role::Pupil, "Cem").await;
    let (one_no, two_no) = (one.me(), two.me());
    let groups = json!({ "type": "groups", "act": "prepare", "groups": [[one_no], [two_no]] });
    teacher.does(groups).await;
    teacher.does(json!({ "type": "groups", "act": "keep", "name": "Tische" })).await;
    teacher.does(json!({ "type": "groups", "act": "open", "minutes": 5 })).await;
    let told = one.told("groups").await;
    assert_eq!(told["groups"]["mine"], 1);
    assert_eq!(told["groups"]["members"], json!([[one_no], []]), "nothing of the other group");
    let scope = |no: u64| {
        let orders = server.plane.orders();
        let of = orders.iter().rev().find_map(|order| match order {
            Command::SetPlace { participant, place, .. } if u64::from(participant.0) == no => {
                Some(place.scope)
            }
            _ => None,
        });
        of.unwrap_or_default()
    };
    until("both are in their groups", || {
        scope(one_no) == ScopeNo(1) && scope(two_no) == ScopeNo(2)
    })
    .await;
    // What happens in a group stays there.
    two.does(json!({ "type": "hand", "up": true })).await;
    two.does(json!({ "type": "chat", "to": { "group": 2 }, "text": "unter uns" })).await;
    two.does(json!({ "type": "groups", "act": "callTeacher", "on": true })).await;
    assert_eq!(
        one.may_not(json!({ "type": "chat", "to": { "group": 2 }, "text": "x" })).await,
        "DENIED"
    );
    let heard = one.does(json!({ "type": "hand", "up": true })).await;
    let others =
        |frame: &Value| frame["event"]["who"] == json!(two_no) || frame["event"]["kind"] == "chat";
    assert!(!heard.iter().any(others), "{heard:?}");

    teacher.does(json!({ "type": "groups", "act": "close" })).await;
    let back = loop {
        let told = one.told("groups").await;
        if told["groups"]["open"] == json!(false) {
            break told;
        }
    };
    let cem =
        back["around"].as_array().unwrap().iter().find(|person| person["no"] == json!(two_no));
    assert!(cem.unwrap()["hand"].is_u64(), "what happened meanwhile is told now");
    until("both are back", || scope(one_no) == ScopeNo::CLASS && scope(two_no) == ScopeNo::CLASS)
        .await;
    teacher.does(json!({ "type": "groups", "act": "prepare", "groups": [] })).await;
    teacher.does(json!({ "type": "groups", "act": "use", "name": "Tische" })).await;
    let kept = json!({ "type": "groups", "act": "use", "name": "Fenster" });
    assert_eq!(teacher.may_not(kept).await, "NOT_FOUND");
    let keep = json!({ "type": "groups", "act": "keep", "name": "x" });
    assert_eq!(one.may_not(keep).await, "DENIED");
}

#[tokio::test]
async fn a_group_is_told_before_a_teacher_listens() {
    let server = Fixture::start().await;
    let mut teacher = server.person_with_media(Role::Teacher, "Kern").await;
    let mut pupil = server.person_with_media(Role::Pupil, "Ben").await;
    let groups = json!({ "type": "groups", "act": "prepare", "groups": [[pupil.me()]] });
    teacher.does(groups).await;
    teacher.does(json!({ "type": "groups", "act": "open" })).await;
    pupil.told("groups").await;
    teacher.does(json!({ "type": "groups", "act": "listen", "group": 1 })).await;
    let listens = || {
        server.plane.orders().iter().any(|order| {
            matches!(order, Command::SetPlace { place, .. } if place.listens == Some(ScopeNo(1)))
        })
    };
    let told = pupil.told("groups").await;
    assert_eq!(told["groups"]["visits"][0]["listens"], true);
    assert!(!listens(), "told first");
    until("the teacher listens", listens).await;
}

#[tokio::test]
async fn a_poll_names_no_vote() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Kern").await;
    let mut pupils = Vec::new();
    for n in 0..6 {
        pupils.push(server.person(Role::Pupil, &format!("P{n}")).await);
    }
    let ask =
        json!({ "type": "poll", "act": "open", "options": { "kind": "yesNo" }, "live": true });
    teacher.does(ask).await;
    for (n, pupil) in pupils.iter_mut().enumerate() {
        let vote = json!({ "type": "poll", "act": "vote", "poll": 1, "option": u8::from(n < 2) });
        pupil.does(vote.clone()).await;
        assert_eq!(pupil.may_not(vote).await, "TOO_LATE");
    }
    let told = loop {
        let told = teacher.told("poll").await;
        if !told["poll"]["result"].is_null() && told["poll"]["result"]["voters"] != json!(0) {
            break told;
        }
    };
    assert_eq!(told["poll"]["result"]["counts"], json!([4, 2]));
    teacher.does(json!({ "type": "poll", "act": "close" })).await;
    let text = server.log_text().await;
    assert!(text.contains("\"tally\"") && !text.contains("choice"), "{text}");
}

#[tokio::test]
async fn every_intent_is_a_call() {
    let server = Fixture::start().await;
    server.decide(Policy { attendance: true, ..open() }).await;
    let teacher = server.person(Role::Teacher, "Kern").await;
    let mut pupil = server.person(Role::Pupil, "Ben").await;
    let call = async |client: &Client, message: Value| {
        let bearer = client.joined["access"].as_str().unwrap();
        let head = format!("authorization: Bearer {bearer}\r\ncontent-type: application/json\r\n");
        server.http("POST", "/api/act", &head, &message.to_string()).await
    };
    let lock = json!({ "type": "lock", "what": "camera", "locked": true });
    assert_eq!(call(&teacher, lock.clone()).await.status, 204);
    assert_eq!(pupil.told("locks").await["locks"][0]["what"], "camera");
    let refused = call(&pupil, lock.clone()).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("DENIED")));
    assert_eq!(call(&pupil, json!({ "type": "hand", "up": true })).await.status, 204);
    pupil.told("hand").await;
    assert_eq!(call(&pupil, json!({ "type": "ping" })).await.status, 400);
    assert_eq!(call(&pupil, json!({ "type": "nonsense" })).await.status, 400);
    let forged = server.http("POST", "/api/act", "authorization: Bearer x\r\n", "{}").await;
    assert!(matches!(forged.status, 400 | 401), "{forged:?}");

    let head = |client: &Client| {
        format!("authorization: Bearer {}\r\n", client.joined["access"].as_str().unwrap())
    };
    let list = server.http("GET", "/api/attendance", &head(&teacher), "").await;
    assert_eq!(list.status, 200);
    assert!(list.body.contains("\"Ben\",pupil,0"), "{}", list.body);
    assert_eq!(server.http("GET", "/api/attendance", &head(&pupil), "").await.status, 403);
}

#[tokio::test]
async fn families_come_one_after_the_other() {
    let server = Fixture::start().await;
    server.decide(Policy { talks: true, ..Policy::default() }).await;
    let store = SqliteStore::open(server.folder.path()).await.unwrap();
    let (tenant, room) = (TenantId::parse("school").unwrap(), RoomId::parse("7b").unwrap());
    let now = i64::try_from(
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis(),
    )
    .unwrap();
    let talk = |slot: u32, secret: &str| Talk {
        slot,
        begins: now - 60_000 + i64::from(slot) * 1_000,
        minutes: 10,
        label: Some(format!("Familie {slot}")),
        link: hash(secret),
    };
    let secrets = ["A".repeat(22), "B".repeat(22)];
    let talks = vec![talk(1, &secrets[0]), talk(2, &secrets[1])];
    let list = TalkList { talks, at: now, grace: 3_600_000, replace: true };
    assert!(store.set_talks(tenant, room, list).await.unwrap());

    let token = async |secret: &str| {
        let reply = server.enter(&json!({ "link": format!("school.{secret}") })).await.json();
        reply["token"].as_str().unwrap().to_owned()
    };
    let mut first = server.waits(&token(&secrets[0]).await).await;
    assert_eq!(first.joined["why"], "talk");
    let mut second = server.waits(&token(&secrets[1]).await).await;
    assert!(second.joined["expected"].is_i64(), "{}", second.joined);
    let mut teacher = server.person(Role::Teacher, "Kern").await;
    first.comes_in().await;
    assert_eq!(first.joined["snapshot"]["talks"].as_array().unwrap().len(), 1, "its own alone");
    first.does(json!({ "type": "chat", "text": "unter uns" })).await;
    assert_eq!(teacher.may_not(json!({ "type": "record", "on": true })).await, "DENIED");
    // A second device of the family comes straight in, a third does not.
    let device = server.join(&token(&secrets[0]).await).await;
    let third = Client::connect(server.address).await;
    assert_eq!(third.refused(json!({ "token": token(&secrets[0]).await })).await, "FULL");

    teacher.does(json!({ "type": "talk", "act": "finish" })).await;
    assert_eq!(first.wait_for("closed").await["code"], "TALK_OVER");
    drop(device);
    second.comes_in().await;
    let text = second.joined.to_string();
    assert!(!text.contains("unter uns") && !text.contains("Familie 1"), "{text}");
}

#[tokio::test]
async fn a_lesson_without_a_teacher_rests() {
    let config = kreide_server::Config {
        offline_grace: Duration::from_millis(100),
        ..kreide_server::Config::standard()
    };
    let server = Fixture::start_in(tempfile::tempdir().unwrap(), config).await;
    server.decide(Policy { supervised: true, ..open() }).await;
    let teacher = server.person(Role::Teacher, "Kern").await;
    let mut pupil = server.person(Role::Pupil, "Ben").await;
    pupil.does(json!({ "type": "send", "kind": "microphone", "on": true })).await;
    let key = teacher.resume();
    drop(teacher);
    assert_eq!(pupil.told("paused").await["on"], true);
    assert_eq!(pupil.may_not(json!({ "type": "chat", "text": "frei" })).await, "DENIED");
    let mut teacher = Client::connect(server.address).await;
    teacher.join(key).await;
    assert_eq!(pupil.told("paused").await["on"], false);
    pupil.does(json!({ "type": "chat", "text": "weiter" })).await;
}

#[tokio::test]
async fn pupils_do_not_see_each_other_where_the_school_says_so() {
    let server = Fixture::start().await;
    let locked = [LockKind::People].into();
    server.decide(Policy { locked, ..open() }).await;
    let mut teacher = server.person(Role::Teacher, "Kern").await;
    let mut one = server.person(Role::Pupil, "Ben").await;
    let mut two = server.person(Role::Pupil, "Cem").await;
    let names = |people: &Value| {
        let list = people.as_array().unwrap().iter();
        list.map(|person| person["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&two.joined["snapshot"]["participants"]), ["Kern", "Cem"]);
    two.does(json!({ "type": "hand", "up": true })).await;
    let heard = one.does(json!({ "type": "hand", "up": true })).await;
    assert!(!heard.iter().any(|frame| frame["event"]["who"] == json!(two.me())), "{heard:?}");
    teacher.does(json!({ "type": "lock", "what": "people", "locked": false })).await;
    let told = one.told("locks").await;
    assert_eq!(names(&told["people"]), ["Kern", "Ben", "Cem"]);
}

fn hash(secret: &str) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(secret.as_bytes()).into()
}
