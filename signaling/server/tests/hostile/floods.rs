//! Too much of everything: messages, connections, joins, keys; and who never reads.
//!
//! No time is measured tightly here: what is asserted is that others are answered meanwhile, that
//! most of a flood is refused, and that what it holds of the memory is bounded.

use futures::{SinkExt, StreamExt};
use kreide_control::Role;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::common::{Client, Fixture, eventually};
use crate::scene::{Honest, heard};

/// Says these messages over and over until the connection ends, and reads what comes.
fn flood(client: Client, messages: Vec<Value>, times: usize) -> [JoinHandle<usize>; 2] {
    let (mut sink, mut stream) = client.socket.split();
    let sending = tokio::spawn(async move {
        for count in 0..times {
            let mut message = messages[count % messages.len()].clone();
            message["ref"] = json!(count);
            if sink.send(Message::text(message.to_string())).await.is_err() {
                return count;
            }
        }
        times
    });
    let reading = tokio::spawn(async move {
        let mut refused = 0;
        while let Some(Ok(frame)) = stream.next().await {
            refused += usize::from(frame.to_text().unwrap_or_default().contains("TOO_MANY"));
        }
        refused
    });
    [sending, reading]
}

async fn answers(client: &mut Client, times: usize) {
    for _ in 0..times {
        client.say(json!({ "type": "ping" })).await;
        client.wait_for("pong").await;
    }
}

/// Waits for the first refusal, while the honest are answered, and lets the lesson go on.
async fn is_held_back(mut honest: Honest, messages: Vec<Value>, counted: &str) {
    let flooder = honest.server.person(Role::Pupil, "Eve").await;
    let name = format!("kreide_messages_total{{type=\"{counted}\"}}");
    let [sending, reading] = flood(flooder, messages, 20_000);
    let refused = "kreide_refused_total{code=\"TOO_MANY\"}";
    let told = async || honest.server.metric(refused).await > 0.5;
    eventually("the flooder is told", told).await;
    answers(&mut honest.pupil, 50).await;
    honest.goes_on().await;
    let heard = honest.server.metric(&name).await;
    assert!(heard < 5_000.0, "{heard} of 20,000 came through");
    sending.abort();
    reading.abort();
}

#[tokio::test]
async fn hostile_flood_of_words() {
    let honest = Honest::lesson().await;
    is_held_back(honest, vec![json!({ "type": "chat", "text": "flood" })], "chat").await;
}

#[tokio::test]
async fn hostile_flood_of_reactions_and_hands() {
    let honest = Honest::lesson().await;
    let messages = vec![
        json!({ "type": "tool", "act": "react", "what": "applause" }),
        json!({ "type": "hand", "up": true }),
        json!({ "type": "tool", "act": "react", "what": "laugh" }),
        json!({ "type": "hand", "up": false }),
    ];
    is_held_back(honest, messages, "tool").await;
}

#[tokio::test]
async fn hostile_flood_of_votes() {
    let mut honest = Honest::lesson().await;
    let options = json!({ "kind": "yesNo" });
    let open = json!({ "type": "poll", "act": "open", "options": options, "live": true });
    honest.teacher.does(open).await;
    let vote = |option: u8| json!({ "type": "poll", "act": "vote", "poll": 1, "option": option });
    is_held_back(honest, vec![vote(0), vote(1)], "poll").await;
}

#[tokio::test]
async fn hostile_flood_of_what_is_refused() {
    let honest = Honest::lesson().await;
    let messages =
        vec![json!({ "type": "end" }), json!({ "type": "x" }), json!({ "type": "join" })];
    is_held_back(honest, messages, "end").await;
}

/// Over HTTP one person may say no more than on a WebSocket.
#[tokio::test]
async fn hostile_flood_over_http() {
    let mut honest = Honest::lesson().await;
    let hostile = honest.server.person(Role::Pupil, "Eve").await;
    let access = hostile.joined["access"].as_str().unwrap();
    let body = json!({ "type": "tool", "act": "react", "what": "laugh" }).to_string();
    let request = format!(
        "POST /api/act HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {access}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        honest.server.address,
        body.len()
    );
    let began = std::time::Instant::now();
    let floods = (0..4).map(|_| {
        let (address, requests) = (honest.server.address, request.repeat(500));
        async move {
            let stream = TcpStream::connect(address).await.unwrap();
            let (mut read, mut write) = stream.into_split();
            let writing = tokio::spawn(async move {
                write.write_all(requests.as_bytes()).await.unwrap();
                write
            });
            let mut text = Vec::new();
            let mut part = vec![0; 64 * 1024];
            let statuses = |text: &[u8], status: &str| {
                String::from_utf8_lossy(text).matches(&format!("HTTP/1.1 {status}")).count()
            };
            while statuses(&text, "") < 500 {
                let got = read.read(&mut part).await.unwrap();
                assert!(got > 0, "the connection lives on");
                text.extend_from_slice(&part[..got]);
            }
            drop(writing.await.unwrap());
            (statuses(&text, "204"), statuses(&text, "429"))
        }
    });
    let answers = futures::future::join_all(floods).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
    let (done, refused) = (done.iter().sum::<usize>(), refused.iter().sum::<usize>());
    assert_eq!(done + refused, 2_000);
    let most = 400.0 + 100.0 * (began.elapsed().as_secs_f64() + 1.0);
    assert!((done as f64) < most, "{done} of 2,000 came through, {most} may");
    honest.goes_on().await;
}

/// A new connection of the same seat is no new allowance.
#[tokio::test]
async fn hostile_flood_by_coming_back_again_and_again() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    let began = std::time::Instant::now();
    let (mut done, mut refused) = (0, 0);
    for _ in 0..6 {
        let mut next = Client::connect(honest.server.address).await;
        next.join(hostile.resume()).await;
        hostile = next;
        for _ in 0..190 {
            let react = json!({ "type": "tool", "act": "react", "what": "laugh", "ref": 1 });
            hostile.say(react).await;
        }
        for _ in 0..190 {
            loop {
                let reply = hostile.next().await;
                if reply["ref"] == 1 {
                    done += usize::from(reply["type"] == "ok");
                    refused += usize::from(reply["code"] == "TOO_MANY");
                    break;
                }
            }
        }
    }
    assert_eq!(done + refused, 6 * 190);
    let most = 400.0 + 100.0 * (began.elapsed().as_secs_f64() + 1.0);
    assert!((done as f64) < most, "{done} came through, {most} may");
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_storm_of_keys() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    let who = hostile.me();
    for count in 0..100 {
        let mut next = Client::connect(honest.server.address).await;
        next.join(hostile.resume()).await;
        assert_eq!(next.me(), who);
        hostile = next;
        if count % 25 == 0 {
            answers(&mut honest.pupil, 5).await;
        }
    }
    honest.goes_on().await;
    assert_eq!(honest.server.metric("kreide_participants{tenant=\"school\"}").await as u64, 3);
}

#[tokio::test]
async fn hostile_storm_of_joining_and_leaving() {
    let mut honest = Honest::lesson().await;
    let link = honest.server.link("7b", Role::Pupil, "Eve").await;
    let mut numbers = std::collections::BTreeSet::new();
    for count in 0..60 {
        let mut hostile = honest.server.join(&honest.server.token(&link).await).await;
        numbers.insert(hostile.me());
        if count % 2 == 0 {
            hostile.does(json!({ "type": "leave" })).await;
        } else {
            hostile.cut();
        }
    }
    assert_eq!(numbers.len(), 1, "one person is one seat, however often they come");
    honest.goes_on().await;
}

/// A chat so long that a lesson's state is more than may wait for one reader.
#[tokio::test]
async fn hostile_words_that_make_the_state_too_long() {
    let mut honest = Honest::lesson().await;
    let link = honest.server.link("7b", Role::Pupil, "Dan").await;
    let away = honest.server.join(&honest.server.token(&link).await).await;
    let (key, since) = (away.resume(), away.joined["seq"].clone());
    away.cut();
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    let text = "\u{1F600}".repeat(2_000);
    for _ in 0..190 {
        hostile.does(json!({ "type": "chat", "text": text })).await;
        for reader in [&mut honest.teacher, &mut honest.pupil] {
            heard(reader).await;
        }
    }
    honest.goes_on().await;
    // Also for somebody who missed it all.
    let mut back = Client::connect(honest.server.address).await;
    back.join_as(json!({ "with": key, "since": since })).await;
    assert!(back.joined["missed"].as_array().unwrap().len() >= 190);
    back.does(json!({ "type": "hand", "up": true })).await;
}

/// A connection that does not read, with a small buffer of its own, so that the server's fills.
async fn stuck(server: &Fixture, token: &str) -> Client {
    let tcp = TcpSocket::new_v4().unwrap();
    tcp.set_recv_buffer_size(4096).unwrap();
    let tcp = tcp.connect(server.address).await.unwrap();
    let stream = tokio_tungstenite::MaybeTlsStream::Plain(tcp);
    let (socket, _) = client_async(format!("ws://{}/ws", server.address), stream).await.unwrap();
    let mut client = Client::on(socket);
    client.say(json!({ "type": "join", "version": 1, "with": { "token": token } })).await;
    client
}

/// Kilobytes of memory that this process has.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn hostile_hundred_who_never_read() {
    let mut honest = Honest::lesson().await;
    let link = honest.server.link_for("7b", Role::Pupil, None, None).await;
    let mut readers = Vec::new();
    for count in 0..100 {
        let name = format!("Stuck {count}");
        let reply = honest.server.enter(&json!({ "link": link, "name": name })).await.json();
        readers.push(stuck(&honest.server, reply["token"].as_str().unwrap()).await);
    }
    let joined = "kreide_participants{tenant=\"school\"}";
    let all = async || honest.server.metric(joined).await > 101.5;
    eventually("all have joined", all).await;
    let before = resident();
    let text = "\u{1F600}".repeat(2_000);
    let mut most = before;
    let mut writers = Vec::new();
    for count in 0..4 {
        writers.push(honest.server.person(Role::Teacher, &format!("Writer {count}")).await);
    }
    let dropped = async || honest.server.metric("kreide_slow_readers_total").await;
    // No time is set: on a busy machine this takes long. In turn, so that nobody writes too fast.
    let mut rounds = 0;
    while dropped().await < 99.5 {
        assert!(rounds < 300, "who does not read is dropped");
        rounds += 1;
        for writer in &mut writers {
            for _ in 0..2 {
                writer.does(json!({ "type": "chat", "text": text })).await;
            }
        }
        // The honest read.
        for reader in [&mut honest.teacher, &mut honest.pupil].into_iter().chain(&mut writers) {
            heard(reader).await;
        }
        most = most.max(resident());
    }
    let grown = (most - before) / 1024;
    // A megabyte each may wait; the rest is what other tests of this process do meanwhile.
    assert!(grown < 512, "{grown} MiB after {rounds} rounds");
    honest.goes_on().await;
    drop(readers);
}

#[tokio::test]
async fn hostile_connections_that_never_say_who_they_are() {
    let mut honest = Honest::lesson().await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(Client::connect(honest.server.address).await);
        silent.push(Client::connect(honest.server.address).await);
        let mut half = TcpStream::connect(honest.server.address).await.unwrap();
        half.write_all(b"POST /api/enter HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{")
            .await
            .unwrap();
        drop(half);
    }
    for client in silent.iter_mut().take(50) {
        for _ in 0..3 {
            client.say(json!({ "type": "nonsense" })).await;
        }
    }
    answers(&mut honest.pupil, 20).await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_flood_of_control_frames() {
    let mut honest = Honest::lesson().await;
    let hostile = honest.server.person(Role::Pupil, "Eve").await;
    let (mut sink, mut stream) = hostile.socket.split();
    let reading = tokio::spawn(async move { while stream.next().await.is_some() {} });
    let sending = tokio::spawn(async move {
        for _ in 0..20_000 {
            if sink.send(Message::Ping(vec![0; 125].into())).await.is_err() {
                return;
            }
        }
    });
    answers(&mut honest.pupil, 50).await;
    honest.goes_on().await;
    sending.abort();
    reading.abort();
}
