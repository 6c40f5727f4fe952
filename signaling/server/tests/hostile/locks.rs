//! Whoever was silenced speaks on: while locked, quiet or paused, after a reload, by a new offer.

use std::time::Duration;

use kreide_control::{LockKind, MediaRights, Policy, Role};
use kreide_server::Config;
use serde_json::{Value, json};

use crate::common::{Client, Fixture, open, pack, until};
use crate::scene::Honest;

fn send(kind: &str) -> Value {
    json!({ "type": "send", "kind": kind, "on": true })
}

fn rights(honest: &Honest, of: &Client) -> MediaRights {
    honest.server.plane.rights(of.me()).unwrap()
}

#[tokio::test]
async fn hostile_microphone_while_it_is_locked() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.with_media(Role::Pupil, "Eve").await;
    hostile.does(send("microphone")).await;
    assert!(rights(&honest, &hostile).microphone);
    let lock = json!({ "type": "lock", "what": "microphone", "locked": true });
    honest.teacher.does(lock).await;
    assert!(!rights(&honest, &hostile).microphone);
    honest.refuses(&mut hostile, &vec![send("microphone"); 5], &["DENIED"]).await;
    let status = honest.act(&hostile.joined["access"], &send("microphone")).await.status;
    assert_eq!(status, 403, "nor over HTTP");
    assert!(!rights(&honest, &hostile).microphone);
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_microphone_while_it_is_quiet() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.with_media(Role::Presenter, "Eve").await;
    hostile.does(send("microphone")).await;
    honest.teacher.does(json!({ "type": "quiet", "on": true })).await;
    assert!(!rights(&honest, &hostile).microphone);
    let messages = [
        send("microphone"),
        json!({ "type": "chat", "text": "x" }),
        json!({ "type": "chat", "to": { "person": honest.teacher.me() }, "text": "x" }),
        json!({ "type": "quiet", "on": false }),
        json!({ "type": "letSpeak", "who": hostile.me(), "on": true }),
    ];
    honest.refuses(&mut hostile, &messages, &["DENIED"]).await;
    assert!(!rights(&honest, &hostile).microphone);
    honest.teacher.does(json!({ "type": "quiet", "on": false })).await;
    assert!(!rights(&honest, &hostile).microphone, "off, until its owner switches it on");
    honest.goes_on().await;
}

/// Pupils alone in a room that a teacher must watch over.
#[tokio::test]
async fn hostile_microphone_while_no_teacher_is_there() {
    let server = Fixture::start().await;
    server.decide(Policy { supervised: true, ..open() }).await;
    let honest = Honest::on(server).await;
    let mut hostile = honest.with_media(Role::Pupil, "Eve").await;
    hostile.does(send("microphone")).await;
    let Honest { server, teacher, .. } = honest;
    teacher.cut();
    until("the microphone is shut", || !server.plane.rights(hostile.me()).unwrap().microphone)
        .await;
    for message in
        [send("microphone"), send("content"), json!({ "type": "chat", "text": "nobody is here" })]
    {
        assert_eq!(hostile.may_not(message).await, "DENIED");
    }
    assert!(!server.plane.rights(hostile.me()).unwrap().microphone);
    // A teacher is back: the lesson goes on, in the same hands.
    let mut honest = Honest::on(server).await;
    assert!(!rights(&honest, &hostile).microphone, "nobody switched it on");
    hostile.does(send("microphone")).await;
    assert!(rights(&honest, &hostile).microphone);
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_offer_to_get_rid_of_a_lock() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.with_media(Role::Pupil, "Eve").await;
    let who = hostile.me();
    for what in ["microphone", "camera"] {
        hostile.does(send(what)).await;
        let lock = json!({ "type": "lock", "who": who, "what": what, "locked": true });
        honest.teacher.does(lock).await;
    }
    let closed = MediaRights { microphone: false, camera: false, content: false };
    hostile.does(json!({ "type": "offer", "offer": pack("v=0 anew") })).await;
    assert_eq!(rights(&honest, &hostile), closed, "a new transport");
    let mut resumed = Client::connect(honest.server.address).await;
    resumed.join_as(json!({ "with": hostile.resume(), "offer": pack("v=0") })).await;
    assert_eq!(rights(&honest, &resumed), closed, "a reload");
    honest.refuses(&mut resumed, &[send("microphone"), send("camera")], &["DENIED"]).await;
    resumed.does(json!({ "type": "leave" })).await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_return_to_get_rid_of_a_lock() {
    let mut honest = Honest::lesson().await;
    let link = honest.server.link("7b", Role::Pupil, "Eve").await;
    let mut hostile = honest.server.join(&honest.server.token(&link).await).await;
    let who = hostile.me();
    for what in ["microphone", "chat"] {
        let lock = json!({ "type": "lock", "who": who, "what": what, "locked": true });
        honest.teacher.does(lock).await;
    }
    hostile.does(json!({ "type": "leave" })).await;
    hostile.expect_end().await;
    let with = json!({ "token": honest.server.token(&link).await });
    let mut again = Client::connect(honest.server.address).await;
    again.join_as(json!({ "with": with, "offer": pack("v=0") })).await;
    assert_eq!(again.me(), who);
    let messages = [send("microphone"), json!({ "type": "chat", "text": "x" })];
    honest.refuses(&mut again, &messages, &["DENIED"]).await;
    assert!(!rights(&honest, &again).microphone);
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_content_where_the_school_forbids_it() {
    let policy = Policy { locked: [LockKind::Content].into(), ..open() };
    let mut honest = Honest::under(policy).await;
    let mut hostile = honest.with_media(Role::Pupil, "Eve").await;
    let messages = [send("content"), send("contentAudio")];
    honest.refuses(&mut hostile, &messages, &["DENIED"]).await;
    assert!(!rights(&honest, &hostile).content);
    // One to whom it was granted loses it with the grant, at once.
    let grant =
        |on: bool| json!({ "type": "grant", "who": hostile.me(), "what": "content", "on": on });
    let (give, take) = (grant(true), grant(false));
    honest.teacher.does(give).await;
    hostile.does(send("content")).await;
    assert!(rights(&honest, &hostile).content);
    honest.teacher.does(take).await;
    assert!(!rights(&honest, &hostile).content);
    honest.refuses(&mut hostile, &messages, &["DENIED"]).await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_consent_for_somebody_whom_the_school_may_not_record() {
    // It stays announced, so that nothing is logged meanwhile but what an attack causes.
    let config = Config { recording_lead: Duration::from_secs(3600), ..Config::standard() };
    let server = Fixture::start_in(tempfile::tempdir().unwrap(), config).await;
    let mut honest = Honest::on(server).await;
    let mut hostile = honest.with_media(Role::Pupil, "Eve").await;
    honest.teacher.does(json!({ "type": "record", "on": true })).await;
    let event = hostile.wait_event("recording").await;
    let id = event["event"]["recording"]["id"].clone();
    let before = honest.traces().await;
    let code = hostile.may_not(json!({ "type": "recordConsent", "to": id })).await;
    assert_eq!(code, "DENIED");
    for to in ["", "x", "../../x", "\u{0}", &"x".repeat(1000)] {
        let code = hostile.may_not(json!({ "type": "recordConsent", "to": to })).await;
        assert!(matches!(code.as_str(), "DENIED" | "BAD_MESSAGE"), "{code}");
    }
    let stop = json!({ "type": "record", "on": false });
    assert_eq!(hostile.may_not(stop.clone()).await, "DENIED", "nor is it hers to stop");
    honest.unmoved(&before, "consent").await;
    assert!(!honest.server.plane.recordable().contains(&hostile.me()));
    honest.teacher.does(stop).await;
    honest.goes_on().await;
}
