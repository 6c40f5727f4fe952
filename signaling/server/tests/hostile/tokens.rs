//! Tokens: replayed, forged, altered, taken for one another.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kreide_control::Role;
use serde_json::{Value, json};

use crate::common::{Client, Fixture};
use crate::scene::Honest;

/// The server's own key: what a token is that only looks wrong.
fn own_key(server: &Fixture) -> Vec<u8> {
    std::fs::read(server.folder.path().join("token.key")).unwrap()
}

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    now.as_secs().cast_signed()
}

/// Claims of a good join token that lives so many seconds.
fn claims(lives: i64) -> Value {
    json!({
        "aud": "kreide/join", "exp": now() + lives, "jti": "x", "tenant": "school", "room": "7b",
        "sub": "s", "role": "teacher", "name": "Eve", "consent": false,
    })
}

/// A join token under the server's own signature with these claims instead of the usual ones.
pub(crate) fn signed(server: &Fixture, changes: Value) -> String {
    let mut claims = claims(60);
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims["jti"] = json!(rand::random::<u64>().to_string());
    let key = EncodingKey::from_ed_der(&own_key(server));
    encode(&Header::new(Algorithm::EdDSA), &claims, &key).unwrap()
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// None of these opens the door, and the lesson does not notice.
async fn open_nothing(honest: &Honest, tokens: impl IntoIterator<Item = (String, String)>) {
    let before = honest.traces().await;
    for (what, token) in tokens {
        let client = Client::connect(honest.server.address).await;
        assert_eq!(client.refused(json!({ "token": token })).await, "TOKEN_INVALID", "{what}");
    }
    honest.unmoved(&before, "forged tokens").await;
}

#[tokio::test]
async fn hostile_tokens_that_are_not_ours() {
    let mut honest = Honest::lesson().await;
    let der = own_key(&honest.server);
    let pair = aws_lc_rs::signature::Ed25519KeyPair::from_pkcs8(&der).unwrap();
    let public = aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref().to_vec();
    let mut corpus = Vec::new();
    for name in ["none", "None", "NONE", ""] {
        let header = part(&json!({ "typ": "JWT", "alg": name }));
        corpus.push((format!("alg {name}"), format!("{header}.{}.", part(&claims(60)))));
    }
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        for (what, secret) in [("public key", &public), ("key file", &der)] {
            let key = EncodingKey::from_secret(secret);
            let token = encode(&Header::new(algorithm), &claims(60), &key).unwrap();
            corpus.push((format!("the {what} as a secret"), token));
        }
    }
    let another = Fixture::start().await;
    let theirs = EncodingKey::from_ed_der(&own_key(&another));
    let foreign = encode(&Header::new(Algorithm::EdDSA), &claims(60), &theirs).unwrap();
    corpus.push(("another server's".to_owned(), foreign));
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some("../../../dev/null".to_owned());
    corpus.push(("a key by name".to_owned(), encode(&header, &claims(60), &theirs).unwrap()));
    let junk = ["", ".", "..", "a.b.c", "\u{0}", "null", "{}", &"x".repeat(60_000)];
    corpus.extend(junk.map(|junk| ("junk".to_owned(), junk.to_owned())));
    open_nothing(&honest, corpus).await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_tokens_out_of_their_time_or_place() {
    let mut honest = Honest::lesson().await;
    let key = EncodingKey::from_ed_der(&own_key(&honest.server));
    let sign = |claims: &Value| encode(&Header::new(Algorithm::EdDSA), claims, &key).unwrap();
    let good = honest.server.join(&sign(&claims(60))).await;
    drop(good);
    let changes = [
        ("exp", json!(now() - 1)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!(now() + 86_400)),
        ("exp", json!(i64::MAX)),
        ("exp", json!("never")),
        ("exp", Value::Null),
        ("nbf", json!(now() + 3600)),
        ("aud", json!("kreide/other")),
        ("aud", json!("kreide/recordings")),
        ("room", json!("*")),
        ("room", json!("../7b")),
        ("tenant", json!("*")),
        ("role", json!("admin")),
        ("role", json!(["pupil", "teacher"])),
        ("lobby", json!("no")),
        ("seat", json!(-1)),
        ("seat", json!(4_294_967_296_u64)),
        ("talk", json!("1")),
        ("device", json!("x")),
        ("admin", json!(true)),
    ];
    let corpus = changes.map(|(name, value)| {
        let mut claims = claims(60);
        claims[name] = value;
        (format!("{name}: {}", claims[name]), sign(&claims))
    });
    // Whoever was here by the good one goes offline a moment later.
    honest.teacher.wait_event("online").await;
    open_nothing(&honest, corpus).await;
    honest.goes_on().await;
}

/// A good token with one claim changed and the signature it had.
#[tokio::test]
async fn hostile_claims_changed_under_the_old_signature() {
    let mut honest = Honest::lesson().await;
    let link = honest.server.link("7b", Role::Guest, "Eve").await;
    let token = honest.server.token(&link).await;
    let mut parts = token.split('.');
    let (header, body, signature) =
        (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
    let changes = [
        ("role", json!("teacher")),
        ("room", json!("8c")),
        ("sub", json!("s-1")),
        ("jti", json!("another")),
        ("exp", json!(now() + 200)),
        ("lobby", json!(false)),
        ("seat", json!(1)),
        ("talk", json!(1)),
        ("consent", json!(true)),
        ("name", json!("Frau Ada")),
        ("aud", json!("kreide/recordings")),
    ];
    let mut corpus: Vec<_> = changes
        .map(|(name, value)| {
            let mut claims = claims.clone();
            claims[name] = value;
            (name.to_owned(), format!("{header}.{}.{signature}", part(&claims)))
        })
        .into();
    let symmetric = part(&json!({ "typ": "JWT", "alg": "HS256" }));
    corpus.push(("another header".to_owned(), format!("{symmetric}.{body}.{signature}")));
    corpus.push(("no signature".to_owned(), format!("{header}.{body}.")));
    corpus.push(("two parts".to_owned(), format!("{header}.{body}")));
    corpus.push(("four parts".to_owned(), format!("{token}.{signature}")));
    corpus.push(("blanks".to_owned(), format!(" {token} ")));
    for at in (0..token.len() - 1).step_by(7) {
        let mut bytes = token.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        corpus.push((format!("character {at}"), String::from_utf8(bytes).unwrap()));
    }
    open_nothing(&honest, corpus).await;
    drop(honest.server.join(&token).await);
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_token_shown_twice() {
    let mut honest = Honest::lesson().await;
    let link = honest.server.link("7b", Role::Pupil, "Eve").await;
    let token = honest.server.token(&link).await;
    let mut hostile = honest.server.join(&token).await;
    let replays = (0..5).map(|count| (format!("replay {count}"), token.clone()));
    open_nothing(&honest, replays).await;
    hostile.does(json!({ "type": "leave" })).await;
    hostile.expect_end().await;
    open_nothing(&honest, [("after leaving".to_owned(), token)]).await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_token_shown_by_many_at_once() {
    let mut honest = Honest::lesson().await;
    let link = honest.server.link("7b", Role::Pupil, "Eve").await;
    let token = honest.server.token(&link).await;
    let tries = (0..20).map(|_| {
        let (address, with) = (honest.server.address, json!({ "token": token }));
        async move {
            let mut client = Client::connect(address).await;
            client.say(json!({ "type": "join", "version": 1, "with": with })).await;
            client.next().await["type"] == "joined"
        }
    });
    let joined = futures::future::join_all(tries).await.into_iter().filter(|joined| *joined);
    assert_eq!(joined.count(), 1, "a token opens once");
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_tokens_taken_for_one_another() {
    let mut honest = Honest::lesson().await;
    let link = honest.server.link("7b", Role::Teacher, "Eve").await;
    let reply = honest.server.enter(&json!({ "link": link })).await.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let key = text(&honest.pupil.resume()["resume"]);
    let (join, access) = (text(&reply["token"]), text(&reply["access"]));
    let wrong = [("access", access.clone()), ("resume key", key.clone()), ("link", link.clone())];
    open_nothing(&honest, wrong.map(|(what, token)| (what.to_owned(), token))).await;
    for with in [json!({ "resume": join }), json!({ "resume": access }), json!({ "resume": link })]
    {
        let client = Client::connect(honest.server.address).await;
        assert_eq!(client.refused(with).await, "RESUME_INVALID");
    }
    let before = honest.traces().await;
    for token in [&join, &key, &link] {
        let status = honest.act(&json!(token), &json!({ "type": "end" })).await.status;
        assert_eq!(status, 401);
    }
    let link_shown = honest.server.enter(&json!({ "link": join })).await;
    assert_eq!(link_shown.status, 403);
    honest.unmoved(&before, "a token in another's place").await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_access_token_of_another_room_or_role() {
    let mut honest = Honest::lesson().await;
    let link = honest.server.link("8c", Role::Teacher, "Eve").await;
    let elsewhere = honest.server.join(&honest.server.token(&link).await).await;
    let before = honest.traces().await;
    let end = json!({ "type": "end" });
    let key = EncodingKey::from_ed_der(&own_key(&honest.server));
    let good = elsewhere.joined["access"].as_str().unwrap();
    let body = good.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
    // Signed by a mistake of ours: still for nobody, who holds no such seat there.
    let mut here = claims.clone();
    here["room"] = json!("7b");
    let here = encode(&Header::new(Algorithm::EdDSA), &here, &key).unwrap();
    assert_eq!(honest.act(&json!(here), &end).await.status, 404);
    let forged = good.replacen(body, &part(&json!({ "role": "teacher" })), 1);
    let pupils = honest.pupil.joined["access"].as_str().unwrap().to_owned();
    for token in [forged, pupils[..pupils.len() - 4].to_owned(), String::new()] {
        assert_eq!(honest.act(&json!(token), &end).await.status, 401);
    }
    honest.unmoved(&before, "access to another room").await;
    // A seat is of a role: one that is held as a pupil is no teacher's.
    let body = pupils.split('.').nth(1).unwrap();
    let mut raised: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
    raised["role"] = json!("teacher");
    let raised = encode(&Header::new(Algorithm::EdDSA), &raised, &key).unwrap();
    assert_eq!(honest.act(&json!(raised), &end).await.status, 404);
    honest.unmoved(&before, "a pupil as a teacher").await;
    honest.goes_on().await;
}
