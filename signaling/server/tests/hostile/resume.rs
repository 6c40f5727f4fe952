//! Keys of seats: stolen, old, altered, of other rooms.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kreide_control::Role;
use serde_json::{Value, json};

use crate::common::{Client, Fixture};
use crate::scene::Honest;

async fn resumed(server: &Fixture, key: Value) -> Client {
    let mut client = Client::connect(server.address).await;
    client.join(key).await;
    client
}

#[tokio::test]
async fn hostile_key_from_before_the_last_two() {
    let mut honest = Honest::lesson().await;
    let first = honest.server.person(Role::Pupil, "Eve").await;
    let second = resumed(&honest.server, first.resume()).await;
    let third = resumed(&honest.server, second.resume()).await;
    let before = honest.traces().await;
    for _ in 0..3 {
        let client = Client::connect(honest.server.address).await;
        assert_eq!(client.refused(first.resume()).await, "RESUME_INVALID");
    }
    honest.unmoved(&before, "an old key").await;
    // The one before the last may have been the last that arrived; it takes the newest one's place
    // and gives nobody two seats.
    let fourth = resumed(&honest.server, second.resume()).await;
    assert_eq!(fourth.me(), third.me());
    let client = Client::connect(honest.server.address).await;
    assert_eq!(client.refused(third.resume()).await, "RESUME_INVALID");
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_key_of_another_room_or_lesson() {
    let mut honest = Honest::lesson().await;
    let link = honest.server.link("8c", Role::Teacher, "Eve").await;
    let elsewhere = honest.server.join(&honest.server.token(&link).await).await;
    let before = honest.traces().await;
    let key = elsewhere.resume()["resume"].as_str().unwrap().to_owned();
    for altered in [
        key.replacen("8c", "7b", 1),
        key.replacen("school", "other", 1),
        key.replacen("8c.1.", "8c.2.", 1),
        key.replacen("8c.1.", "8c.01.", 1),
        key.replacen("8c.1.", "8c.4294967296.", 1),
    ] {
        let client = Client::connect(honest.server.address).await;
        assert_eq!(client.refused(json!({ "resume": altered })).await, "RESUME_INVALID");
    }
    let there = resumed(&honest.server, json!({ "resume": key })).await;
    assert_eq!(there.joined["title"], "8c", "it opens what it names, and nothing else");
    honest.unmoved(&before, "a key of another room").await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_key_with_any_character_changed() {
    let mut honest = Honest::lesson().await;
    let key = honest.pupil.resume()["resume"].as_str().unwrap().to_owned();
    let before = honest.traces().await;
    let mut forged: Vec<String> = (0..key.len() - 1)
        .map(|at| {
            let mut bytes = key.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).unwrap()
        })
        .collect();
    let body = key.rsplit_once('.').unwrap().0;
    forged.extend([
        body.to_owned(),
        format!("{body}."),
        format!("{body}.{}", URL_SAFE_NO_PAD.encode([0; 32])),
        format!("{key}.{key}"),
        format!("{key}\u{0}"),
        "x".repeat(60_000),
        String::new(),
    ]);
    for key in forged {
        let client = Client::connect(honest.server.address).await;
        assert_eq!(client.refused(json!({ "resume": key })).await, "RESUME_INVALID", "{key}");
    }
    honest.unmoved(&before, "a forged key").await;
    honest.goes_on().await;
}

/// A stolen key, shown at the same moment by many: one seat, one connection.
#[tokio::test]
async fn hostile_key_shown_by_many_at_once() {
    let mut honest = Honest::lesson().await;
    let owner = honest.server.person(Role::Pupil, "Eve").await;
    let (who, key) = (owner.me(), owner.resume());
    let tries = (0..20).map(|_| {
        let (address, key) = (honest.server.address, key.clone());
        async move {
            let mut client = Client::connect(address).await;
            client.say(json!({ "type": "join", "version": 1, "with": key })).await;
            let reply = client.next().await;
            (reply["type"] == "joined").then(|| reply["you"].clone())
        }
    });
    let seats: Vec<_> = futures::future::join_all(tries).await.into_iter().flatten().collect();
    assert!(!seats.is_empty() && seats.iter().all(|you| *you == who), "{seats:?}");
    let colleague = honest.server.person(Role::Teacher, "Cem").await;
    let people = colleague.joined["snapshot"]["participants"].as_array().unwrap().clone();
    assert_eq!(people.iter().filter(|person| person["name"] == "Eve").count(), 1);
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_key_after_leaving_opens_nothing() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    let access = hostile.joined["access"].clone();
    hostile.does(json!({ "type": "leave" })).await;
    hostile.expect_end().await;
    let before = honest.traces().await;
    let client = Client::connect(honest.server.address).await;
    assert_eq!(client.refused(hostile.resume()).await, "RESUME_INVALID");
    let word = json!({ "type": "chat", "text": "still here" });
    assert_eq!(honest.act(&access, &word).await.status, 404);
    honest.unmoved(&before, "after leaving").await;
    honest.goes_on().await;
}

/// What a client says of its own state opens no more than it may see.
#[tokio::test]
async fn hostile_since_that_cannot_be() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    for since in [json!(0), json!(u64::MAX), json!(1u64 << 53), json!(10_000)] {
        let mut next = Client::connect(honest.server.address).await;
        next.join_as(json!({ "with": hostile.resume(), "since": since })).await;
        let joined = &next.joined;
        let whole = joined["snapshot"].is_object();
        let seq = joined["seq"].as_u64().unwrap();
        let missed = joined["missed"].as_array().unwrap().len() as u64;
        assert!(whole || since.as_u64().unwrap() + missed == seq, "{since}: {joined}");
        hostile = next;
    }
    honest.goes_on().await;
}
