//! A parents' evening: families who would like to know who else is there.

use kreide_cluster::SqliteStore;
use kreide_control::{Command, Role, RoomId, TenantId};
use kreide_server::talks;
use serde_json::{Value, json};

use crate::common::Client;
use crate::scene::{Honest, heard, waits};
use crate::tokens::signed;

/// The evening, with a teacher; an honest lesson goes on beside it.
struct Evening {
    honest: Honest,
    teacher: Client,
    links: Vec<String>,
}

const TALKS: &[u8] = b"begin,minutes,family\n2099-01-01T15:00Z,10,Familie Li\n\
    2099-01-01T15:10Z,10,Familie Oz\n2099-01-01T15:20Z,10,Familie Roy\n";

impl Evening {
    async fn begin() -> Self {
        let honest = Honest::lesson().await;
        let links = import(&honest, false).await;
        let link = honest.server.link("sprechtag", Role::Teacher, "Frau Kern").await;
        let teacher = honest.server.join(&honest.server.token(&link).await).await;
        Self { honest, teacher, links }
    }

    /// A device of a family, which waits at the door.
    async fn device(&self, slot: usize) -> Client {
        waits(&self.honest.server, &self.honest.server.token(&self.links[slot - 1]).await).await
    }

    /// Its talk begins.
    async fn let_in(&mut self, slot: usize, device: &mut Client) {
        self.teacher.does(json!({ "type": "talk", "act": "begin", "slot": slot })).await;
        device.joined = device.wait_for("joined").await;
    }

    async fn finish(&mut self, device: &mut Client) {
        self.teacher.does(json!({ "type": "talk", "act": "finish" })).await;
        assert_eq!(device.expect_end().await.as_deref(), Some("TALK_OVER"));
    }
}

async fn import(honest: &Honest, replace: bool) -> Vec<String> {
    let store = SqliteStore::open(honest.server.folder.path()).await.unwrap();
    let wanted = talks::Wanted {
        tenant: TenantId::parse("school").unwrap(),
        room: RoomId::parse("sprechtag").unwrap(),
        date: None,
        zone: jiff::tz::TimeZone::UTC,
        replace,
    };
    let made = talks::import(&store, "http://k", TALKS, wanted).await;
    let made = made.unwrap_or_else(|error| panic!("{error}"));
    made.iter().map(|link| link.url.rsplit_once('#').unwrap().1.to_owned()).collect()
}

fn is_silent_about(frames: &Value, others: &[&str]) {
    let text = frames.to_string();
    for other in others {
        assert!(!text.contains(other), "{other} in {text}");
    }
}

#[tokio::test]
async fn hostile_family_listens_at_the_door() {
    let mut evening = Evening::begin().await;
    let mut li = evening.device(1).await;
    let mut oz = evening.device(2).await;
    evening.let_in(1, &mut li).await;
    li.does(json!({ "type": "chat", "text": "secret of Li" })).await;
    li.does(json!({ "type": "hand", "up": true })).await;
    evening.teacher.does(json!({ "type": "tool", "act": "announce", "text": "secret" })).await;
    evening.finish(&mut li).await;
    let frames = heard(&mut oz).await;
    is_silent_about(&json!(frames), &["secret", "Familie Li"]);
    assert!(frames.iter().all(|frame| frame["type"] == "waiting"), "{frames:?}");
    evening.honest.goes_on().await;
}

#[tokio::test]
async fn hostile_family_asks_who_was_there_before() {
    let mut evening = Evening::begin().await;
    let mut li = evening.device(1).await;
    evening.let_in(1, &mut li).await;
    li.does(json!({ "type": "chat", "text": "secret of Li" })).await;
    evening.teacher.does(json!({ "type": "chat", "text": "secret to Li" })).await;
    let numbers = [li.me()];
    evening.finish(&mut li).await;

    let mut oz = evening.device(2).await;
    evening.let_in(2, &mut oz).await;
    is_silent_about(&oz.joined, &["secret", "Familie Li", "Familie Roy"]);
    assert_eq!(oz.joined["snapshot"]["chat"], json!([]));
    assert_eq!(oz.joined["snapshot"]["talks"].as_array().unwrap().len(), 1, "the own one");
    let mut answers = Vec::new();
    let view = |who: u64| {
        let source = json!({ "participant": who, "kind": "camera" });
        json!({ "type": "view", "slots": [{ "slot": 0, "source": source, "height": 90 }] })
    };
    for (who, id) in numbers.into_iter().zip([1]).chain([(7_777, 9_999)]) {
        for message in [
            json!({ "type": "editChat", "id": id, "text": "x" }),
            json!({ "type": "deleteChat", "id": id }),
            json!({ "type": "chat", "to": { "person": who }, "text": "x" }),
            view(who),
        ] {
            let (mut reply, _) = oz.ask(message).await;
            reply["ref"] = Value::Null;
            answers.push(reply);
        }
    }
    assert_eq!(answers[0]["code"], "NOT_FOUND");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    // Also by coming again from the beginning.
    let mut again = Client::connect(evening.honest.server.address).await;
    again.join_as(json!({ "with": oz.resume(), "since": 0 })).await;
    is_silent_about(&again.joined, &["secret", "Familie Li", "Familie Roy"]);
    evening.honest.goes_on().await;
}

#[tokio::test]
async fn hostile_third_device_of_a_family() {
    let mut evening = Evening::begin().await;
    let mut first = evening.device(1).await;
    let _second = evening.device(1).await;
    let token = evening.honest.server.token(&evening.links[0]).await;
    let third = Client::connect(evening.honest.server.address).await;
    assert_eq!(third.refused(json!({ "token": token })).await, "FULL");
    evening.let_in(1, &mut first).await;
    let token = evening.honest.server.token(&evening.links[0]).await;
    let third = Client::connect(evening.honest.server.address).await;
    assert_eq!(third.refused(json!({ "token": token })).await, "FULL", "nor while it is on");
    evening.honest.goes_on().await;
}

#[tokio::test]
async fn hostile_family_comes_early_and_pushes_in() {
    let mut evening = Evening::begin().await;
    let mut li = evening.device(1).await;
    let mut oz = evening.device(2).await;
    evening.let_in(1, &mut li).await;
    let acts = ["begin", "finish", "more", "noShow", "skip"];
    for act in acts {
        let message = json!({ "type": "talk", "act": act, "slot": 2 });
        assert_eq!(oz.may_not(message.clone()).await, "DENIED", "at the door: {act}");
        assert_eq!(li.may_not(message).await, "DENIED", "inside: {act}");
    }
    let offer = json!({ "type": "offer", "offer": crate::common::pack("v=0") });
    assert_eq!(oz.may_not(offer).await, "BAD_MESSAGE");
    let busy = json!({ "type": "talk", "act": "begin", "slot": 2 });
    assert_eq!(evening.teacher.may_not(busy).await, "DENIED", "one talk is on at most");
    let frames = heard(&mut oz).await;
    assert!(frames.iter().all(|frame| frame["type"] == "waiting"), "{frames:?}");
    let connects = |order: &Command| matches!(order, Command::Connect(_));
    assert!(!evening.honest.server.plane.orders().iter().any(connects));
    evening.honest.goes_on().await;
}

#[tokio::test]
async fn hostile_family_of_a_talk_that_is_over_or_gone() {
    let mut evening = Evening::begin().await;
    let mut li = evening.device(1).await;
    evening.let_in(1, &mut li).await;
    let (key, access) = (li.resume(), li.joined["access"].clone());
    evening.finish(&mut li).await;
    let client = Client::connect(evening.honest.server.address).await;
    assert_eq!(client.refused(key).await, "RESUME_INVALID");
    let word = json!({ "type": "chat", "text": "still here" });
    assert_eq!(evening.honest.act(&access, &word).await.status, 404);
    // By the link they may wait again, and take no part in another's talk.
    let mut again = evening.device(1).await;
    let mut oz = evening.device(2).await;
    evening.let_in(2, &mut oz).await;
    oz.does(json!({ "type": "chat", "text": "secret of Oz" })).await;
    is_silent_about(&json!(heard(&mut again).await), &["secret", "Familie Oz"]);
    // A link that a new plan has replaced opens nothing; the door says nothing else.
    import(&evening.honest, true).await;
    for link in &evening.links {
        let answer = evening.honest.server.enter(&json!({ "link": link })).await;
        assert_eq!((answer.status, &answer.json()["code"]), (403, &json!("LINK_INVALID")));
    }
    evening.honest.goes_on().await;
}

/// Signed by a mistake of ours, for talks that there are not.
#[tokio::test]
async fn hostile_family_of_a_talk_that_never_was() {
    let mut evening = Evening::begin().await;
    let claims = |room: &str, talk: u32| {
        json!({
            "tenant": "school", "room": room, "sub": format!("talk-{talk}-x"), "role": "guest",
            "name": "Familie Ey", "lobby": true, "talk": talk,
        })
    };
    for (room, talk) in [("sprechtag", 0), ("sprechtag", 4), ("sprechtag", u32::MAX), ("7b", 1)] {
        let token = signed(&evening.honest.server, claims(room, talk));
        let client = Client::connect(evening.honest.server.address).await;
        let code = client.refused(json!({ "token": token })).await;
        assert_eq!(code, "NOT_FOUND", "talk {talk} in {room}");
    }
    // One who is of no talk is a guest in the lobby there, and learns nothing either.
    let mut stranger = claims("sprechtag", 1);
    stranger["talk"] = Value::Null;
    let token = signed(&evening.honest.server, stranger);
    let mut stranger = waits(&evening.honest.server, &token).await;
    let mut li = evening.device(1).await;
    evening.let_in(1, &mut li).await;
    li.does(json!({ "type": "chat", "text": "secret of Li" })).await;
    assert_eq!(heard(&mut stranger).await, Vec::<Value>::new());
    evening.honest.goes_on().await;
}

#[tokio::test]
async fn hostile_recording_of_a_talk() {
    let mut evening = Evening::begin().await;
    let mut li = evening.device(1).await;
    evening.let_in(1, &mut li).await;
    let record = json!({ "type": "record", "on": true });
    assert_eq!(evening.teacher.may_not(record.clone()).await, "DENIED");
    assert_eq!(li.may_not(record.clone()).await, "DENIED");
    let access = evening.teacher.joined["access"].clone();
    assert_eq!(evening.honest.act(&access, &record).await.status, 403, "nor over HTTP");
    assert_eq!(evening.honest.server.recorder.orders(), []);
    let recordable = |order: &Command| {
        matches!(order, Command::SetRecordable { recordable: true, .. })
            || matches!(order, Command::Connect(connect) if connect.recordable)
    };
    assert!(!evening.honest.server.plane.orders().iter().any(recordable));
    evening.honest.goes_on().await;
}
