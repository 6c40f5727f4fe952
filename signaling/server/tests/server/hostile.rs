//! Browsers that mean harm: forged tokens, floods, stuck readers, nonsense. Each test has a living
//! lesson beside it, which must not notice.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::{SinkExt, StreamExt};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kreide_control::{Command, Role};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::net::TcpSocket;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::common::{Client, Fixture, pack};

/// Proves that a lesson lives: what one says the other hears, by the same owner as before.
async fn lives(one: &mut Client, other: &mut Client, word: &str) {
    one.does(json!({ "type": "chat", "text": word })).await;
    loop {
        let event = other.wait_event("chat").await;
        if event["event"]["message"]["text"] == word {
            return;
        }
    }
}

#[tokio::test]
async fn tokens_that_are_not_ours_open_nothing() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Ada").await;
    let mut pupil = server.person(Role::Pupil, "Ben").await;
    let link = server.link("7b", Role::Pupil, "Cem").await;

    let used = server.token(&link).await;
    let access = server.enter(&json!({ "link": link })).await.json()["access"].clone();
    let access = access.as_str().unwrap().to_owned();
    assert!(server.keys.access(&access).is_some() && server.keys.access(&used).is_none());
    drop(server.join(&used).await);
    let der = std::fs::read(server.folder.path().join("token.key")).unwrap();
    let ours = EncodingKey::from_ed_der(&der);
    let pair = aws_lc_rs::signature::Ed25519KeyPair::from_pkcs8(&der).unwrap();
    let public = aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref().to_vec();
    let claims = |lives: i64| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        json!({
            "aud": "kreide/join", "exp": now.as_secs().cast_signed() + lives, "jti": "x", "tenant": "school",
            "room": "7b", "sub": "s", "role": "teacher", "name": "Eve", "consent": false,
        })
    };
    let eddsa = Header::new(Algorithm::EdDSA);
    let sign = |claims: &Value| encode(&eddsa, claims, &ours).unwrap();
    let none = |name: &str| {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(json!({ "typ": "JWT", "alg": name })), part(claims(60)))
    };
    let symmetric = |secret: &[u8]| {
        encode(&Header::new(Algorithm::HS256), &claims(60), &EncodingKey::from_secret(secret))
    };
    let mut foreign = claims(60);
    foreign["aud"] = json!("kreide/other");
    let mut wild = claims(60);
    wild["room"] = json!("*");
    let corpus = [
        ("used", used),
        ("expired", sign(&claims(-1))),
        ("too long-lived", sign(&claims(86_400))),
        ("for something else", sign(&foreign)),
        ("for any room", sign(&wild)),
        ("none", none("none")),
        ("None", none("None")),
        ("the public key as a secret", symmetric(&public).unwrap()),
        ("the key file as a secret", symmetric(&der).unwrap()),
        ("another server's", Fixture::start().await.token_of_its_own().await),
        ("a link", link.clone()),
        ("an access token", access),
        ("nothing", String::new()),
    ];
    for (what, token) in corpus {
        let client = Client::connect(server.address).await;
        assert_eq!(client.refused(json!({ "token": token })).await, "TOKEN_INVALID", "{what}");
    }
    let client = Client::connect(server.address).await;
    assert_eq!(client.refused(json!({ "resume": "school.7b.1.x.y" })).await, "RESUME_INVALID");

    // A token opens the room that it names, whatever room its bearer would like.
    let elsewhere = server.link("8c", Role::Pupil, "Cem").await;
    let there = server.join(&server.token(&elsewhere).await).await;
    assert_eq!(there.joined["title"], "8c");
    lives(&mut teacher, &mut pupil, "undisturbed").await;
}

impl Fixture {
    async fn token_of_its_own(self) -> String {
        let link = self.link("7b", Role::Pupil, "Eve").await;
        self.token(&link).await
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_read() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Ada").await;
    let mut pupil = server.person(Role::Pupil, "Ben").await;

    let mut large = server.person(Role::Pupil, "Cem").await;
    large.say(json!({ "type": "chat", "text": "x".repeat(64 * 1024) })).await;
    large.expect_end().await;
    let fits = json!({ "type": "chat", "text": "x".repeat(60 * 1024) });
    assert_eq!(pupil.may_not(fits).await, "BAD_TEXT", "a frame within the cap is read");

    let bomb = pack(&"a".repeat(9 << 20));
    let lines = pack(&"m=audio 9 x 0\r\n".repeat(65));
    for offer in [bomb, lines, "A".repeat(17 * 1024), "no base64!".to_owned(), String::from("AAAA")]
    {
        let message = json!({ "type": "offer", "offer": offer });
        assert_eq!(pupil.may_not(message).await, "OFFER_INVALID");
        let link = server.link("7b", Role::Pupil, "Dan").await;
        let token = server.token(&link).await;
        let mut client = Client::connect(server.address).await;
        let with = json!({ "token": token });
        client.say(json!({ "type": "join", "version": 1, "with": with, "offer": offer })).await;
        assert_eq!(client.next().await["code"], "OFFER_INVALID");
        client.expect_end().await;
    }
    let offered = |order: &Command| matches!(order, Command::Connect(_));
    assert!(!server.plane.orders().iter().any(offered), "no offer reached the media plane");
    lives(&mut teacher, &mut pupil, "undisturbed").await;
}

#[tokio::test]
async fn a_flood_waits_in_its_own_socket() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Ada").await;
    let mut pupil = server.person(Role::Pupil, "Ben").await;
    let flooder = server.person(Role::Pupil, "Cem").await;
    let (mut sink, mut stream) = flooder.socket.split();
    let flooding = tokio::spawn(async move {
        for count in 0..20_000 {
            let message = json!({ "type": "chat", "text": "flood", "ref": count });
            if sink.send(Message::text(message.to_string())).await.is_err() {
                return;
            }
        }
    });
    let refused = tokio::spawn(async move {
        while let Some(Ok(frame)) = stream.next().await {
            if frame.to_text().unwrap_or_default().contains("TOO_MANY") {
                return true;
            }
        }
        false
    });
    assert!(refused.await.unwrap(), "the flooder is told");
    for _ in 0..50 {
        pupil.say(json!({ "type": "ping" })).await;
        pupil.wait_for("pong").await;
    }
    lives(&mut teacher, &mut pupil, "undisturbed").await;
    let heard = server.metric("kreide_messages_total{type=\"chat\"}").await;
    assert!(heard < 1_000.0, "{heard} of 20,000 came through");
    flooding.abort();
}

#[tokio::test]
async fn who_does_not_read_is_dropped() {
    let server = Fixture::start().await;
    let link = server.link("7b", Role::Pupil, "Stuck").await;
    let token = server.token(&link).await;
    // A small buffer on the browser's side, so that the server's fills soon.
    let tcp = TcpSocket::new_v4().unwrap();
    tcp.set_recv_buffer_size(4096).unwrap();
    let tcp = tcp.connect(server.address).await.unwrap();
    let (mut stuck, _) = client_async(format!("ws://{}/ws", server.address), tcp).await.unwrap();
    let join = json!({ "type": "join", "version": 1, "with": { "token": token } });
    stuck.send(Message::text(join.to_string())).await.unwrap();

    let mut readers = Vec::new();
    for name in ["Ada", "Ben", "Cem", "Dan", "Eve", "Fay", "Gil", "Hal"] {
        readers.push(server.person(Role::Teacher, name).await);
    }
    // Eight people write 150 long messages each: more than any buffer on the way holds.
    let text = "\u{1F600}".repeat(2_000);
    let writing = readers.into_iter().map(async |mut reader| {
        for _ in 0..150 {
            reader.does(json!({ "type": "chat", "text": text })).await;
        }
        reader
    });
    let mut readers = futures::future::join_all(writing).await;
    assert!(server.metric("kreide_slow_readers_total").await >= 1.0, "and the others read on");
    let (one, others) = readers.split_first_mut().unwrap();
    lives(one, &mut others[0], "undisturbed").await;
}

#[tokio::test]
async fn nonsense_is_answered_and_forgotten() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Ada").await;
    let mut pupil = server.person(Role::Pupil, "Ben").await;
    let mut random = StdRng::seed_from_u64(7);
    for round in 0..8 {
        // As many as one connection may say at once, so that none is dropped unread.
        let mut fuzzer = server.person(Role::Pupil, &format!("Fuzz {round}")).await;
        for _ in 0..150 {
            let frame = nonsense(&mut random);
            fuzzer.socket.send(frame).await.unwrap();
        }
        fuzzer.does(json!({ "type": "hand", "up": round % 2 == 0 })).await;
    }
    lives(&mut teacher, &mut pupil, "undisturbed").await;
    assert_eq!(server.metric("kreide_lessons{tenant=\"school\"}").await as u64, 1);
    assert_eq!(server.recorder.orders(), [], "and nobody was recorded");
}

/// A frame: of random bytes, of random JSON, or a message with something changed.
fn nonsense(random: &mut StdRng) -> Message {
    let messages = [
        json!({ "type": "send", "kind": "camera", "on": true }),
        json!({ "type": "lock", "who": 1, "what": "chat", "locked": true }),
        json!({ "type": "view", "slots": [{ "slot": 0, "source": { "participant": 1, "kind": "camera" }, "height": 90 }] }),
        json!({ "type": "mute", "who": 2, "kind": "microphone" }),
        json!({ "type": "remove", "who": 1 }),
        json!({ "type": "offer", "offer": "AAAA" }),
        json!({ "type": "join", "version": 1, "with": { "token": "x" } }),
        json!({ "type": "chat", "text": "x" }),
        json!({ "type": "record", "on": true }),
        json!({ "type": "recordConsent", "to": "r" }),
        json!({ "type": "end", "ref": 1 }),
    ];
    match random.random_range(0..4) {
        0 => {
            let bytes: Vec<u8> =
                (0..random.random_range(0..200)).map(|_| random.random()).collect();
            if random.random() {
                Message::binary(bytes)
            } else {
                Message::text(String::from_utf8_lossy(&bytes).into_owned())
            }
        }
        1 => Message::text(value(random, 0).to_string()),
        2 => {
            let mut message = messages[random.random_range(0..messages.len())].clone();
            let fields = message.as_object_mut().unwrap();
            let names: Vec<_> = fields.keys().cloned().collect();
            let name = &names[random.random_range(0..names.len())];
            fields.insert(name.clone(), value(random, 0));
            Message::text(message.to_string())
        }
        _ => {
            let text = messages[random.random_range(0..messages.len())].to_string();
            let cut = random.random_range(0..text.len());
            Message::text(text[..cut].to_owned())
        }
    }
}

fn value(random: &mut StdRng, depth: u32) -> Value {
    let kinds = if depth > 5 { 5 } else { 7 };
    match random.random_range(0..kinds) {
        0 => Value::Null,
        1 => json!(random.random::<bool>()),
        2 => json!(random.random::<i64>()),
        3 => json!(random.random::<f64>() * 1e300),
        4 => {
            json!(["", "type", "\u{0}", "camera", "\u{202E}x", "1e999"][random.random_range(0..6)])
        }
        5 => (0..random.random_range(0..4)).map(|_| value(random, depth + 1)).collect(),
        _ => {
            let names = ["type", "ref", "who", "kind", "slots", "__proto__"];
            let field = |_| (names[random.random_range(0..6)].to_owned(), value(random, depth + 1));
            Value::Object((0..3).map(field).collect())
        }
    }
}
