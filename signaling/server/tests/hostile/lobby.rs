//! Whoever waits at the door is nobody yet: says nothing, hears nothing, has no media.

use kreide_control::{Command, Lobby, Policy, Role};
use serde_json::{Value, json};

use crate::common::{Client, Fixture, open, pack};
use crate::messages::{About, Rule, of};
use crate::scene::{Honest, heard, waits};

/// Guests wait in the lobby.
fn with_lobby() -> Policy {
    Policy { lobby: Lobby::Guests, ..open() }
}

async fn guest(honest: &Honest) -> (String, Client) {
    let link = honest.server.link("7b", Role::Guest, "Eve").await;
    let client = waits(&honest.server, &honest.server.token(&link).await).await;
    (link, client)
}

/// The number of the first who waits, as a teacher is told.
async fn waiting_no(honest: &mut Honest) -> u64 {
    honest.teacher.wait_event("waiting").await["event"]["waiter"]["no"].as_u64().unwrap()
}

fn everything(me: u64, other: u64) -> Vec<Value> {
    let number = |no: u64| u32::try_from(no).unwrap();
    let rules = [Rule::Teacher, Rule::Own, Rule::Taught, Rule::Connection, Rule::Door];
    of(&rules, About { me: number(me), other: number(other) })
}

#[tokio::test]
async fn hostile_waiting_guest_says_everything() {
    let mut honest = Honest::under(with_lobby()).await;
    let (_, mut hostile) = guest(&honest).await;
    let me = waiting_no(&mut honest).await;
    let messages = everything(me, honest.pupil.me());
    assert!(messages.len() > 60);
    honest.refuses(&mut hostile, &messages, &["DENIED", "BAD_MESSAGE"]).await;
    honest.goes_on().await;
    let told = heard(&mut hostile).await;
    assert_eq!(told, Vec::<Value>::new(), "and heard nothing of the lesson that went on");
}

#[tokio::test]
async fn hostile_waiting_guest_offers_and_views() {
    let mut honest = Honest::under(with_lobby()).await;
    let link = honest.server.link("7b", Role::Guest, "Eve").await;
    let with = json!({ "token": honest.server.token(&link).await });
    let mut hostile = Client::connect(honest.server.address).await;
    let join = json!({ "type": "join", "version": 1, "with": with, "offer": pack("v=0") });
    hostile.say(join).await;
    hostile.joined = hostile.next().await;
    assert_eq!(hostile.joined["type"], "waiting");
    let view = json!({ "slot": 0, "source": { "participant": 1, "kind": "camera" }, "height": 90 });
    let messages = [
        json!({ "type": "offer", "offer": pack("v=0") }),
        json!({ "type": "view", "slots": [view] }),
        json!({ "type": "send", "kind": "microphone", "on": true }),
    ];
    honest.refuses(&mut hostile, &messages, &["DENIED", "BAD_MESSAGE"]).await;
    let mut again = Client::connect(honest.server.address).await;
    let resume = hostile.resume();
    again.say(json!({ "type": "join", "version": 1, "with": resume, "offer": pack("v=0") })).await;
    assert_eq!(again.next().await["type"], "waiting");
    let connects = |order: &Command| matches!(order, Command::Connect(_));
    assert!(!honest.server.plane.orders().iter().any(connects), "no media at the door");
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_access_token_of_the_door_speaks_for_nobody() {
    let mut honest = Honest::under(with_lobby()).await;
    let link = honest.server.link("7b", Role::Guest, "Eve").await;
    let access = honest.server.enter(&json!({ "link": link })).await.json()["access"].clone();
    let before = honest.traces().await;
    let messages = || everything(honest.pupil.me(), honest.teacher.me());
    for message in messages() {
        let status = honest.act(&access, &message).await.status;
        assert!(matches!(status, 400 | 404), "{message}: {status}");
    }
    honest.unmoved(&before, "without a seat").await;
    let hostile = waits(&honest.server, &honest.server.token(&link).await).await;
    let before = honest.traces().await;
    for message in messages().into_iter().chain([json!({ "type": "leave" })]) {
        let status = honest.act(&access, &message).await.status;
        assert!(matches!(status, 400 | 404), "{message}: {status}");
    }
    let head = format!("authorization: Bearer {}\r\n", access.as_str().unwrap());
    let list = honest.server.http("GET", "/api/attendance", &head, "").await;
    assert_eq!(list.status, 404);
    honest.unmoved(&before, "while waiting").await;
    drop(hostile);
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_waiting_guest_watches_recordings() {
    let mut honest = Honest::under(with_lobby()).await;
    let keys = honest.server.keys.clone();
    let admitted =
        move |reply: &Value| keys.access(reply["access"].as_str().unwrap()).unwrap().admitted;
    let link = honest.server.link("7b", Role::Guest, "Eve").await;
    let class = honest.server.link_for("7b", Role::Guest, None, None).await;
    // The door gives each of them a token; with or without a name it opens nothing.
    let at_door = [
        json!({ "link": link }),
        json!({ "link": class }),
        json!({ "link": class, "name": "Eve" }),
    ];
    for body in at_door {
        let reply = honest.server.enter(&body).await.json();
        assert!(!admitted(&reply), "{body}");
    }
    let mut hostile = waits(&honest.server, &honest.server.token(&link).await).await;
    assert_eq!(hostile.joined["access"], Value::Null, "whoever waits is given none");
    // Whoever is let in may watch, and whoever need not wait.
    let no = waiting_no(&mut honest).await;
    honest.teacher.does(json!({ "type": "admit", "who": no })).await;
    hostile.comes_in().await;
    assert!(admitted(&hostile.joined));
    let pupil = honest.server.link("7b", Role::Pupil, "Cem").await;
    assert!(admitted(&honest.server.enter(&json!({ "link": pupil })).await.json()));
    // All wait now: then nobody but teachers watches from the door.
    honest.server.decide(Policy { lobby: Lobby::Everyone, ..open() }).await;
    assert!(!admitted(&honest.server.enter(&json!({ "link": pupil })).await.json()));
    let teacher = honest.server.link("7b", Role::Teacher, "Herr Uhl").await;
    assert!(admitted(&honest.server.enter(&json!({ "link": teacher })).await.json()));
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_guest_counts_what_happens_behind_the_door() {
    let mut honest = Honest::under(with_lobby()).await;
    let (_, mut hostile) = guest(&honest).await;
    let (_, _other) = guest(&honest).await;
    for word in ["one", "two"] {
        honest.teacher.does(json!({ "type": "chat", "text": word })).await;
    }
    let poll =
        json!({ "type": "poll", "act": "open", "options": { "kind": "yesNo" }, "live": true });
    honest.teacher.does(poll).await;
    honest.teacher.does(json!({ "type": "tool", "act": "announce", "text": "x" })).await;
    honest.pupil.does(json!({ "type": "tool", "act": "react", "what": "laugh" })).await;
    honest.goes_on().await;
    assert_eq!(heard(&mut hostile).await, Vec::<Value>::new());
    let told = hostile.joined.as_object().unwrap();
    let mut names: Vec<_> = told.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["expected", "now", "resume", "talk", "title", "type", "why"]);
}

#[tokio::test]
async fn hostile_guest_turned_away_shows_the_old_key() {
    let mut honest = Honest::under(with_lobby()).await;
    let (link, mut hostile) = guest(&honest).await;
    let who = waiting_no(&mut honest).await;
    honest.teacher.does(json!({ "type": "turnAway", "who": who })).await;
    assert_eq!(hostile.expect_end().await.as_deref(), Some("TURNED_AWAY"));
    for _ in 0..3 {
        let client = Client::connect(honest.server.address).await;
        assert_eq!(client.refused(hostile.resume()).await, "RESUME_INVALID");
    }
    // The link leads to the end of the queue and no further.
    let again = waits(&honest.server, &honest.server.token(&link).await).await;
    let before = honest.traces().await;
    let mut again = again;
    honest.refuses(&mut again, &everything(who, 1), &["DENIED", "BAD_MESSAGE"]).await;
    honest.unmoved(&before, "after being turned away").await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_pupil_sent_out_comes_in_by_leaving() {
    let mut honest = Honest::lesson().await;
    let link = honest.server.link("7b", Role::Pupil, "Eve").await;
    let mut hostile = honest.server.join(&honest.server.token(&link).await).await;
    let (access, who) = (hostile.joined["access"].clone(), hostile.me());
    honest.teacher.does(json!({ "type": "toLobby", "who": who })).await;
    hostile.wait_for("waiting").await;
    let status = honest.act(&access, &json!({ "type": "hand", "up": true })).await.status;
    assert_eq!(status, 404, "the access token of the seat");
    let messages = everything(who, honest.pupil.me());
    honest.refuses(&mut hostile, &messages, &["DENIED", "BAD_MESSAGE"]).await;
    hostile.does(json!({ "type": "leave" })).await;
    hostile.expect_end().await;
    for _ in 0..2 {
        let mut again = waits(&honest.server, &honest.server.token(&link).await).await;
        assert_eq!(heard(&mut again).await, Vec::<Value>::new());
    }
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_pupil_comes_before_the_teacher() {
    let server = Fixture::start().await;
    server.decide(Policy { early: false, ..open() }).await;
    let link = server.link("7b", Role::Pupil, "Eve").await;
    let mut hostile = waits(&server, &server.token(&link).await).await;
    assert_eq!(hostile.joined["why"], "begin");
    for message in everything(1, 1) {
        let code = hostile.may_not(message.clone()).await;
        assert!(matches!(code.as_str(), "DENIED" | "BAD_MESSAGE"), "{message}: {code}");
    }
    let connects = |order: &Command| matches!(order, Command::Connect(_));
    assert!(!server.plane.orders().iter().any(connects));
    let mut honest = Honest::on(server).await;
    hostile.wait_for("joined").await;
    honest.goes_on().await;
}
