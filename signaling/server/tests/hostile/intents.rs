//! Messages of others: what a teacher says, what only the server knows, what concerns another.

use kreide_control::{Policy, Role};
use serde_json::{Value, json};

use crate::common::{Client, open};
use crate::messages::{About, Rule, of};
use crate::scene::{Honest, gapless, heard};

/// A message that a later version carries out may be unknown to this one.
const REFUSED: [&str; 2] = ["DENIED", "BAD_MESSAGE"];

fn about(me: &Client, other: &Client) -> About {
    let number = |client: &Client| u32::try_from(client.me()).unwrap();
    About { me: number(me), other: number(other) }
}

/// Everything that a teacher may say, from somebody who is none.
async fn says_what_teachers_say(role: Role) {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.with_media(role, "Eve").await;
    for other in [&honest.pupil, &honest.teacher] {
        let messages = of(&[Rule::Teacher], about(&hostile, other));
        assert!(messages.len() > 40);
        honest.refuses(&mut hostile, &messages, &REFUSED).await;
    }
    honest.goes_on().await;
    assert!(heard(&mut hostile).await.iter().all(|frame| frame["event"]["kind"] != "acted"));
}

#[tokio::test]
async fn hostile_pupil_says_what_teachers_say() {
    says_what_teachers_say(Role::Pupil).await;
}

#[tokio::test]
async fn hostile_guest_says_what_teachers_say() {
    says_what_teachers_say(Role::Guest).await;
}

#[tokio::test]
async fn hostile_presenter_says_what_teachers_say() {
    says_what_teachers_say(Role::Presenter).await;
}

#[tokio::test]
async fn hostile_interpreter_says_what_teachers_say() {
    says_what_teachers_say(Role::Interpreter).await;
}

#[tokio::test]
async fn hostile_observer_says_anything_at_all() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.with_media(Role::Observer, "Eve").await;
    let messages = of(&[Rule::Teacher, Rule::Own, Rule::Taught], about(&hostile, &honest.pupil));
    // To take back a consent that nobody gave changes nothing.
    let harmless = json!({ "type": "recordConsent" });
    let messages: Vec<_> = messages.into_iter().filter(|message| *message != harmless).collect();
    honest.refuses(&mut hostile, &messages, &REFUSED).await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_pupil_says_what_teachers_say_over_http() {
    let mut honest = Honest::lesson().await;
    let hostile = honest.server.person(Role::Pupil, "Eve").await;
    let before = honest.traces().await;
    let rules = [Rule::Teacher, Rule::Door, Rule::Connection];
    for message in of(&rules, about(&hostile, &honest.pupil)) {
        let answer = honest.act(&hostile.joined["access"], &message).await;
        assert!(matches!(answer.status, 400 | 403), "{message}: {answer:?}");
    }
    honest.unmoved(&before, "over HTTP").await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_pupil_gives_the_word_and_rights_to_self() {
    let policy = Policy { locked: [kreide_control::LockKind::Content].into(), ..open() };
    let mut honest = Honest::under(policy).await;
    let mut hostile = honest.with_media(Role::Pupil, "Eve").await;
    let me = hostile.me();
    let attempts = [
        json!({ "type": "grant", "who": me, "what": "content", "on": true }),
        json!({ "type": "letSpeak", "who": me, "on": true }),
        json!({ "type": "lock", "who": me, "what": "content", "locked": false }),
        json!({ "type": "lock", "what": "content", "locked": false }),
        json!({ "type": "send", "kind": "content", "on": true }),
        json!({ "type": "send", "kind": "contentAudio", "on": true }),
    ];
    honest.refuses(&mut hostile, &attempts, &["DENIED"]).await;
    assert!(!honest.server.plane.rights(me).unwrap().content);
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_pupil_takes_another_name_and_anothers() {
    let policy = Policy { locked: [kreide_control::LockKind::Names].into(), ..open() };
    let mut honest = Honest::under(policy).await;
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    let names = [
        json!({ "type": "rename", "name": "Frau Ada" }),
        json!({ "type": "rename", "who": hostile.me(), "name": "Frau Ada" }),
        json!({ "type": "rename", "who": honest.pupil.me(), "name": "Eve" }),
        json!({ "type": "rename", "who": honest.teacher.me(), "name": "Eve" }),
    ];
    honest.refuses(&mut hostile, &names, &["DENIED"]).await;
    // Where names are free, they must still be names.
    honest.teacher.does(json!({ "type": "lock", "what": "names", "locked": false })).await;
    let no_names = ["Frau Ada\u{202E}", "\u{200B}", "\u{0}", "", &"x".repeat(65)];
    let no_names = no_names.map(|name| json!({ "type": "rename", "name": name }));
    honest.refuses(&mut hostile, &no_names, &["BAD_TEXT"]).await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_pupil_undoes_what_a_teacher_did() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.with_media(Role::Pupil, "Eve").await;
    let me = hostile.me();
    let lock = json!({ "type": "lock", "who": me, "what": "camera", "locked": true });
    honest.teacher.does(lock).await;
    let undo: Vec<_> = (0..5).map(|id| json!({ "type": "undo", "id": id })).collect();
    honest.refuses(&mut hostile, &undo, &["DENIED"]).await;
    assert!(!honest.server.plane.rights(me).unwrap().camera);
    honest.goes_on().await;
}

/// There is no message by which anybody switches on what is another's.
#[tokio::test]
async fn hostile_teacher_switches_a_microphone_on_from_afar() {
    let mut honest = Honest::lesson().await;
    let victim = honest.with_media(Role::Pupil, "Cem").await;
    let mut hostile = honest.with_media(Role::Teacher, "Eve").await;
    let who = victim.me();
    hostile.does(json!({ "type": "send", "who": who, "kind": "microphone", "on": true })).await;
    hostile.does(json!({ "type": "mute", "who": who, "kind": "microphone", "on": true })).await;
    hostile.does(json!({ "type": "letSpeak", "who": who, "on": true })).await;
    let made_up = ["unmute", "sendFor", "invite", "sending", "switchOn"]
        .map(|kind| json!({ "type": kind, "who": who, "kind": "microphone", "on": true }));
    honest.refuses(&mut hostile, &made_up, &["BAD_MESSAGE"]).await;
    let rights = |client: &Client| honest.server.plane.rights(client.me()).unwrap();
    assert!(!rights(&victim).microphone);
    assert!(rights(&hostile).microphone, "the own one: who it is about is not asked");
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_messages_that_only_the_server_knows() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Teacher, "Eve").await;
    let kinds = [
        "unattended",
        "disconnected",
        "setPolicy",
        "policySet",
        "beginRecording",
        "recordingEnded",
        "resume",
        "tokenUsed",
        "resumeKey",
        "seatTaken",
        "joined",
        "event",
        "speaking",
        "slots",
        "votes",
        "reaction",
        "closed",
        "error",
        "ok",
        "pong",
        "Join",
        "END",
        "paused",
        "erased",
        "ended",
    ];
    let who = honest.pupil.me();
    let mut messages: Vec<_> = kinds
        .map(|kind| json!({ "type": kind, "who": who, "id": "x", "no": who, "policy": {} }))
        .into();
    messages.extend([
        json!({ "type": "poll", "act": "tally", "id": 1, "batch": {} }),
        json!({ "type": "groups", "act": "beginListening", "who": 1 }),
        json!({ "type": "groups", "act": "listen", "group": 1, "begins": 0, "act2": "x" }),
        json!({ "type": "tool", "act": "picked", "no": 1, "round": 1 }),
        json!({ "type": "talk", "act": "over", "slot": 1 }),
    ]);
    honest.refuses(&mut hostile, &messages, &["BAD_MESSAGE", "NOT_FOUND"]).await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_teacher_reaches_for_a_colleague() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Teacher, "Eve").await;
    let who = honest.teacher.me();
    let messages = [
        json!({ "type": "remove", "who": who }),
        json!({ "type": "toLobby", "who": who }),
        json!({ "type": "lock", "who": who, "what": "chat", "locked": true }),
        json!({ "type": "letSpeak", "who": who, "on": false }),
        json!({ "type": "rename", "who": who, "name": "Eve" }),
        json!({ "type": "groups", "act": "assign", "who": who }),
    ];
    honest.refuses(&mut hostile, &messages, &["DENIED"]).await;
    honest.goes_on().await;
}

/// Whoever is refused is told so; nobody else is.
#[tokio::test]
async fn hostile_refusals_are_heard_by_their_sender_alone() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    let last = honest.fence().await;
    for _ in 0..10 {
        for message in [json!({ "type": "end" }), json!({ "type": "nonsense" })] {
            hostile.may_not(message).await;
        }
    }
    for (other, last) in [&mut honest.teacher, &mut honest.pupil].into_iter().zip(last) {
        let frames = heard(other).await;
        assert_eq!(gapless(&frames, last), Vec::<Value>::new());
        let loud = frames.iter().filter(|frame| frame["type"] == "error");
        assert_eq!(loud.count(), 0, "{frames:?}");
    }
    honest.goes_on().await;
}
