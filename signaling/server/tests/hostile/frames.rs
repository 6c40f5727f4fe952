//! Frames that are no messages: broken JSON, broken text, broken frames, huge numbers.

use futures::SinkExt;
use kreide_control::{Command, Role};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::common::{Client, PATIENCE, pack};
use crate::scene::{Honest, heard};

/// Each of these texts is answered with `BAD_MESSAGE`, and the connection lives on.
async fn are_no_messages(honest: &mut Honest, texts: Vec<String>) {
    let mut hostile = honest.server.person(Role::Teacher, "Eve").await;
    let before = honest.traces().await;
    for text in texts {
        let begins: String = text.chars().take(80).collect();
        hostile.socket.send(Message::text(text)).await.unwrap();
        loop {
            let reply = hostile.next().await;
            if reply["type"] != "event" {
                assert_eq!(reply["code"], "BAD_MESSAGE", "{begins}: {reply}");
                break;
            }
        }
    }
    honest.unmoved(&before, "no messages").await;
    hostile.does(json!({ "type": "hand", "up": true })).await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_depth() {
    let mut honest = Honest::lesson().await;
    let deep = |open: &str, close: &str| {
        let depth = 60_000 / (open.len() + close.len());
        format!("{}1{}", open.repeat(depth), close.repeat(depth))
    };
    let texts = vec![
        deep("[", "]"),
        deep("{\"a\":", "}"),
        "[".repeat(60_000),
        "{\"type\":".repeat(7_000),
        format!("{{\"type\":\"chat\",\"text\":{}}}", deep("[", "]").get(..50_000).unwrap()),
        format!("{{\"type\":\"view\",\"slots\":{}}}", deep("[", "]")),
    ];
    are_no_messages(&mut honest, texts).await;
}

#[tokio::test]
async fn hostile_numbers() {
    let mut honest = Honest::lesson().await;
    let numbers = [
        "-1",
        "4294967296",
        "18446744073709551616",
        "1e309",
        "-1e309",
        "1e999999999",
        "0.5",
        "1e-400",
        "NaN",
        "Infinity",
        "0x10",
        "01",
        "--1",
        "\"1\"",
        "true",
        "null",
        "[1]",
        "{}",
    ];
    let mut texts: Vec<String> = numbers
        .iter()
        .flat_map(|number| {
            [
                format!("{{\"type\":\"lowerHand\",\"who\":{number}}}"),
                format!("{{\"type\":\"deleteChat\",\"id\":{number}.5}}"),
                format!("{{\"type\":\"groups\",\"act\":\"offer\",\"groups\":{number}}}"),
            ]
        })
        .collect();
    texts.push(format!("{{\"type\":\"lowerHand\",\"who\":{}}}", "9".repeat(60_000)));
    texts.push(format!("{{\"type\":\"ping\",\"ref\":{}}}", "-1"));
    texts.push("{\"type\":\"ping\",\"ref\":4294967296}".to_owned());
    are_no_messages(&mut honest, texts).await;
}

#[tokio::test]
async fn hostile_types_and_fields() {
    let mut honest = Honest::lesson().await;
    let texts = [
        "",
        " ",
        "null",
        "true",
        "1",
        "\"chat\"",
        "[]",
        "{}",
        "{",
        "}",
        "[{\"type\":\"end\"}]",
        "{\"type\":\"\"}",
        "{\"type\":null}",
        "{\"type\":[\"end\"]}",
        "{\"type\":{\"end\":{}}}",
        "{\"type\":\"constructor\"}",
        "{\"type\":\"__proto__\"}",
        "{\"Type\":\"end\"}",
        "{\"type\":\"end\\u0000\"}",
        "{\"type\":\"en\u{0}d\"}",
        "{\"type\":\"end\"} {\"type\":\"end\"}",
        "{\"type\":\"end\",}",
        "{'type':'end'}",
        "\u{feff}{\"type\":\"end\"}",
        "{\"type\":\"end\",\"type\":\"ping\"}",
        "{\"type\":\"ping\",\"type\":\"end\"}",
        "{\"type\":\"chat\"}",
        "{\"type\":\"chat\",\"text\":null}",
        "{\"type\":\"chat\",\"text\":[]}",
        "{\"type\":\"chat\",\"text\":\"\\ud800\"}",
        "{\"type\":\"chat\",\"text\":\"\\x00\"}",
        "{\"type\":\"chat\",\"text\":\"a\",\"text\":\"b\"}",
        "{\"type\":\"send\",\"kind\":\"everything\",\"on\":true}",
        "{\"type\":\"send\",\"kind\":\"camera\",\"on\":1}",
        "{\"type\":\"lock\",\"what\":\"__proto__\",\"locked\":true}",
        "{\"type\":\"groups\"}",
        "{\"type\":\"groups\",\"act\":\"__proto__\"}",
        "{\"type\":\"poll\",\"act\":\"open\",\"options\":{\"kind\":\"texts\"},\"live\":true}",
        "{\"type\":\"join\",\"version\":1,\"with\":{}}",
        "{\"type\":\"join\",\"version\":1,\"with\":{\"token\":\"x\"}}",
    ];
    are_no_messages(&mut honest, texts.map(str::to_owned).into()).await;
}

/// Names that mean something to other languages are fields nobody knows.
#[tokio::test]
async fn hostile_names_of_fields() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    for name in ["__proto__", "constructor", "prototype", "toString", "\u{0}", "", "$where"] {
        let mut message = json!({ "type": "chat", "text": "plain" });
        message[name] = json!({ "role": "teacher", "admin": true });
        hostile.does(message).await;
        let event = honest.pupil.wait_event("chat").await;
        let fields = event["event"]["message"].as_object().unwrap();
        assert!(!fields.contains_key(name) && !event.to_string().contains("admin"), "{event}");
    }
    let end = json!({ "type": "end", "role": "teacher", "__proto__": { "role": "teacher" } });
    assert_eq!(hostile.may_not(end).await, "DENIED");
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_arrays() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.with_media(Role::Teacher, "Eve").await;
    let wish = json!({ "slot": 0, "source": { "participant": 1, "kind": "camera" }, "height": 90 });
    let messages = [
        json!({ "type": "tool", "act": "spotlight", "who": vec![honest.pupil.me(); 20_000] }),
        json!({ "type": "tool", "act": "spotlight", "who": [1, 2, 3, 4, 5] }),
        json!({ "type": "view", "slots": vec![wish.clone(); 65] }),
        json!({ "type": "view", "slots": vec![wish; 2] }),
        json!({ "type": "groups", "act": "prepare", "groups": vec![json!([]); 10_000] }),
    ];
    let before = honest.traces().await;
    for message in &messages {
        let (reply, _) = hostile.ask(message.clone()).await;
        let tolerated = reply["type"] == "ok" && message["act"] == "spotlight";
        assert!(tolerated || reply["type"] == "error", "{reply}");
        if tolerated {
            hostile.does(json!({ "type": "tool", "act": "spotlight", "who": [] })).await;
        }
    }
    let orders = honest.traces().await;
    assert!(orders.adds_no_orders_to(&before), "no view reached the plane");
    // More than a frame may hold is not read at all.
    let huge = vec![1_u32; 100_000];
    hostile.say(json!({ "type": "groups", "act": "prepare", "groups": [huge] })).await;
    hostile.expect_end().await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_frames_that_are_too_large() {
    let mut honest = Honest::lesson().await;
    let message = |bytes: usize| {
        let empty = json!({ "type": "chat", "text": "" }).to_string().len();
        json!({ "type": "chat", "text": "x".repeat(bytes - empty) })
    };
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    let before = honest.traces().await;
    hostile.say(message(64 * 1024)).await;
    assert_eq!(hostile.next().await["code"], "BAD_TEXT", "the largest frame is read");
    hostile.say(message(64 * 1024 + 1)).await;
    hostile.expect_end().await;
    honest.unmoved(&before, "a frame too large").await;
    // The same in pieces: a message is not larger because it comes slowly.
    let mut hostile = honest.server.person(Role::Pupil, "Eva").await;
    for piece in 0..80 {
        let kind = if piece == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(vec![b'x'; 1024], OpCode::Data(kind), false);
        if hostile.socket.send(Message::Frame(frame)).await.is_err() {
            break;
        }
    }
    hostile.expect_end().await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_offers_that_unpack_to_bombs() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    let bomb = pack(&"a".repeat(9 << 20));
    let lines = pack(&"m=audio 9 x 0\r\n".repeat(65));
    for offer in [bomb, lines, "A".repeat(17 * 1024), "no base64!".to_owned(), String::from("AAAA")]
    {
        let message = json!({ "type": "offer", "offer": offer });
        honest.refuses(&mut hostile, &[message], &["OFFER_INVALID"]).await;
        let link = honest.server.link("7b", Role::Pupil, "Dan").await;
        let with = json!({ "token": honest.server.token(&link).await });
        let mut client = Client::connect(honest.server.address).await;
        client.say(json!({ "type": "join", "version": 1, "with": with, "offer": offer })).await;
        assert_eq!(client.next().await["code"], "OFFER_INVALID");
        client.expect_end().await;
    }
    let offered = |order: &Command| matches!(order, Command::Connect(_));
    assert!(!honest.server.plane.orders().iter().any(offered), "no offer reached the plane");
    honest.goes_on().await;
}

/// Frames as RFC 6455 forbids them, byte for byte.
#[tokio::test]
async fn hostile_frames_against_the_rules() {
    let mut honest = Honest::lesson().await;
    let before = honest.traces().await;
    let mask = [0x80, 0, 0, 0, 0];
    let frames: [(&str, Vec<u8>); 9] = [
        ("not masked", vec![0x81, 0x02, b'{', b'}']),
        ("invalid UTF-8", [&[0x81, 0x82], &mask[1..], &[0xff, 0xfe]].concat()),
        ("half a character", [&[0x81, 0x81], &mask[1..], &[0xc3]].concat()),
        ("a reserved bit", [&[0xc1], &mask[..]].concat()),
        ("an unknown opcode", [&[0x83], &mask[..]].concat()),
        ("a continuation of nothing", [&[0x80], &mask[..]].concat()),
        ("a ping in pieces", [&[0x09], &mask[..]].concat()),
        ("a long ping", [&[0x89, 0xfe, 0x01, 0x00], &mask[1..], &[0; 256]].concat()),
        ("2^63 bytes", [&[0x81, 0xff, 0x7f], &[0xff; 7][..], &mask[1..]].concat()),
    ];
    for (what, bytes) in frames {
        let mut stream = TcpStream::connect(honest.server.address).await.unwrap();
        let head = format!(
            "GET /ws HTTP/1.1\r\nhost: {}\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            honest.server.address
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        assert!(answer.starts_with(b"HTTP/1.1 101"), "{what}");
        stream.write_all(&bytes).await.unwrap();
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "{what}: the connection was closed");
    }
    honest.unmoved(&before, "broken frames").await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_first_messages() {
    let mut honest = Honest::lesson().await;
    let before = honest.traces().await;
    let rows = [
        (json!({ "type": "end" }), "BAD_MESSAGE"),
        (json!({ "type": "leave" }), "BAD_MESSAGE"),
        (json!({ "type": "chat", "text": "x" }), "BAD_MESSAGE"),
        (json!({ "type": "join", "version": 2, "with": { "token": "x" } }), "BROWSER_OLD"),
        (json!({ "type": "join", "version": 0, "with": { "token": "x" } }), "BROWSER_OLD"),
        (json!({ "type": "join", "version": 1, "with": { "resume": "" } }), "RESUME_INVALID"),
        (json!({ "type": "join", "version": 1, "with": { "token": "" } }), "TOKEN_INVALID"),
    ];
    for (message, code) in rows {
        let mut client = Client::connect(honest.server.address).await;
        client.say(message.clone()).await;
        assert_eq!(client.next().await["code"], code, "{message}");
        client.expect_end().await;
    }
    honest.unmoved(&before, "first messages").await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_nonsense_by_the_thousand() {
    let mut honest = Honest::lesson().await;
    let mut random = StdRng::seed_from_u64(7);
    for round in 0..8 {
        // As many as one connection may say at once, so that none is dropped unread.
        let mut fuzzer = honest.server.person(Role::Pupil, &format!("Fuzz {round}")).await;
        for _ in 0..150 {
            let frame = nonsense(&mut random);
            fuzzer.socket.send(frame).await.unwrap();
        }
        fuzzer.does(json!({ "type": "hand", "up": round % 2 == 0 })).await;
    }
    heard(&mut honest.teacher).await;
    honest.goes_on().await;
    assert_eq!(honest.server.metric("kreide_lessons{tenant=\"school\"}").await as u64, 1);
    assert_eq!(honest.server.recorder.orders(), [], "and nobody was recorded");
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
