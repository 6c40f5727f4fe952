//! What one person writes to another, and people whom one may not notice.

use kreide_control::{LockKind, Policy, PrivateChat, Role};
use serde_json::{Value, json};

use crate::common::{Client, open};
use crate::scene::{Honest, gapless, heard};

fn to(who: u64, text: &str) -> Value {
    json!({ "type": "chat", "to": { "person": who }, "text": text })
}

/// The teacher writes to the pupil alone; the number of the message.
async fn secret(honest: &mut Honest) -> u64 {
    let who = honest.pupil.me();
    honest.teacher.does(to(who, "secret")).await;
    loop {
        let message = honest.pupil.wait_event("chat").await["event"]["message"].clone();
        if message["text"] == "secret" {
            return message["id"].as_u64().unwrap();
        }
    }
}

#[tokio::test]
async fn hostile_private_words_against_the_policy() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    let guest = honest.server.person(Role::Guest, "Opa").await;
    let messages = [to(honest.pupil.me(), "x"), to(guest.me(), "x"), to(hostile.me(), "x")];
    honest.refuses(&mut hostile, &messages, &["DENIED"]).await;
    honest.refuses(&mut hostile, &[to(7_777, "x"), to(0, "x")], &["NOT_FOUND"]).await;
    let answer = honest.act(&hostile.joined["access"], &to(honest.pupil.me(), "x")).await;
    assert_eq!(answer.status, 403);
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_private_words_while_they_are_locked() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    let lock = json!({ "type": "lock", "what": "privateChat", "locked": true });
    honest.teacher.does(lock).await;
    let messages = [to(honest.teacher.me(), "x")];
    honest.refuses(&mut hostile, &messages, &["DENIED"]).await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_hand_on_a_private_message_by_its_number() {
    let mut honest = Honest::lesson().await;
    let mut pupil = honest.server.person(Role::Pupil, "Eve").await;
    let mut colleague = honest.server.person(Role::Teacher, "Eva").await;
    let id = secret(&mut honest).await;
    let before = honest.traces().await;
    for hostile in [&mut pupil, &mut colleague] {
        let mut answers = Vec::new();
        for id in [id, 9_999, 0, u64::MAX] {
            for message in [
                json!({ "type": "editChat", "id": id, "text": "x" }),
                json!({ "type": "deleteChat", "id": id }),
            ] {
                let (mut reply, _) = hostile.ask(message).await;
                reply["ref"] = Value::Null;
                answers.push(reply);
            }
        }
        assert_eq!(answers[0]["code"], "NOT_FOUND");
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }
    honest.unmoved(&before, "by guessed numbers").await;
    // A teacher who hides what a pupil wrote does not reach what was private, and learns nothing.
    honest.pupil.does(to(honest.teacher.me(), "secret too")).await;
    colleague.does(json!({ "type": "hideRecent", "who": honest.pupil.me() })).await;
    let frames = heard(&mut colleague).await;
    assert!(!json!(frames).to_string().contains("secret"), "{frames:?}");
    assert!(frames.iter().all(|frame| frame["event"]["kind"] != "chatChanged"));
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_private_message_sought_after_a_rejoin() {
    let mut honest = Honest::lesson().await;
    let link = honest.server.link("7b", Role::Teacher, "Eve").await;
    let mut hostile = honest.server.join(&honest.server.token(&link).await).await;
    let id = secret(&mut honest).await;
    honest.teacher.does(json!({ "type": "editChat", "id": id, "text": "secret still" })).await;
    for since in [Some(0), Some(1), None] {
        let mut next = Client::connect(honest.server.address).await;
        let mut fields = json!({ "with": hostile.resume() });
        if let Some(since) = since {
            fields["since"] = json!(since);
        }
        next.join_as(fields).await;
        assert!(!next.joined.to_string().contains("secret"), "since {since:?}");
        hostile = next;
    }
    let fresh = honest.server.join(&honest.server.token(&link).await).await;
    assert!(!fresh.joined.to_string().contains("secret"));
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_ear_for_private_messages() {
    let mut honest = Honest::lesson().await;
    let mut pupil = honest.server.person(Role::Pupil, "Eve").await;
    let mut colleague = honest.server.person(Role::Teacher, "Eva").await;
    honest.fence().await;
    let mut lasts = Vec::new();
    for client in [&mut pupil, &mut colleague] {
        let joined = client.joined["seq"].as_u64().unwrap();
        let frames = heard(client).await;
        lasts.push(frames.iter().rev().find_map(|frame| frame["seq"].as_u64()).unwrap_or(joined));
    }
    let id = secret(&mut honest).await;
    honest.pupil.does(to(honest.teacher.me(), "secret answer")).await;
    honest.teacher.does(json!({ "type": "editChat", "id": id, "text": "secret still" })).await;
    honest.teacher.does(json!({ "type": "deleteChat", "id": id })).await;
    for client in [&mut pupil, &mut colleague] {
        let frames = heard(client).await;
        assert_eq!(frames, Vec::<Value>::new(), "not even that something was written");
    }
    honest.goes_on().await;
    for (client, last) in [&mut pupil, &mut colleague].into_iter().zip(lasts) {
        assert!(!gapless(&heard(client).await, last).is_empty());
    }
}

/// Pupils who may not notice each other cannot find each other out by asking.
#[tokio::test]
async fn hostile_search_for_people_who_are_hidden() {
    let policy = Policy {
        private_chat: PrivateChat { pupils: true, ..PrivateChat::default() },
        locked: [LockKind::People].into(),
        ..open()
    };
    let mut honest = Honest::under(policy).await;
    let mut hostile = honest.with_media(Role::Pupil, "Eve").await;
    let hidden = honest.pupil.me();
    let names = hostile.joined["snapshot"]["participants"].to_string();
    assert!(!names.contains("Ben"), "{names}");
    honest.fence().await;
    let before = honest.traces().await;
    let view = |who: u64| {
        let source = json!({ "participant": who, "kind": "camera" });
        json!({ "type": "view", "slots": [{ "slot": 0, "source": source, "height": 90 }] })
    };
    let mut answers = Vec::new();
    for who in [hidden, 7_777] {
        let rename = json!({ "type": "rename", "who": who, "name": "x" });
        for message in [to(who, "x"), view(who), rename] {
            let (mut reply, _) = hostile.ask(message).await;
            reply["ref"] = Value::Null;
            answers.push(reply);
        }
    }
    assert_eq!(answers[0]["code"], "NOT_FOUND");
    let (of_hidden, of_nobody) = answers.split_at(3);
    assert_eq!(of_hidden, of_nobody);
    honest.unmoved(&before, "asking for hidden people").await;
    // And nothing of what they do is heard.
    heard(&mut hostile).await;
    honest.pupil.does(json!({ "type": "hand", "up": true })).await;
    honest.pupil.does(json!({ "type": "send", "kind": "camera", "on": true })).await;
    honest.pupil.does(json!({ "type": "tool", "act": "react", "what": "lost" })).await;
    assert_eq!(heard(&mut hostile).await, Vec::<Value>::new());
    honest.pupil.does(json!({ "type": "hand", "up": false })).await;
    honest.goes_on().await;
}

/// Text is text, whatever it looks like: it reaches its readers unchanged, or nobody.
#[tokio::test]
async fn hostile_texts_that_are_no_texts() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    let refused = ["", " \n ", "a\u{0}b", "\u{1B}[2J", "\u{7}", &"x".repeat(2001)];
    let refused = refused.map(|text| json!({ "type": "chat", "text": text }));
    honest.refuses(&mut hostile, &refused, &["BAD_TEXT"]).await;
    for text in [
        "<script>alert(1)</script>",
        "{\"type\":\"end\"}",
        "\\u0000 %00 ${jndi:x} ' OR 1=1 --",
        "\u{202E}reversed",
        "\u{FFFF}\u{10FFFF}",
    ] {
        hostile.does(json!({ "type": "chat", "text": text })).await;
        let message = honest.pupil.wait_event("chat").await["event"]["message"].clone();
        assert_eq!(message["text"], text);
    }
    honest.goes_on().await;
}
