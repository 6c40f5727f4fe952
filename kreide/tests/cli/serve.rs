//! `kreide serve` as an operator and a script meet it.

use std::net::{TcpListener, UdpSocket};

use crate::running::{Running, link, output};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

/// Standard error of a start that fails.
fn refusal(arguments: &[&str]) -> String {
    let output = output(&[&["serve"], arguments].concat());
    assert!(!output.status.success());
    assert!(!String::from_utf8_lossy(&output.stdout).contains("ready"));
    String::from_utf8(output.stderr).expect("UTF-8")
}

#[test]
fn says_its_ports_and_answers_with_its_pid() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = Running::start(folder.path());
    assert!(running.said.iter().any(|line| line.starts_with("media  udp://127.0.0.1:")));
    let (status, health) = running.request("/healthz", None);
    assert_eq!(status, 200);
    assert_eq!(health["pid"], running.pid());
}

#[test]
fn a_taken_http_port_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let data = folder.path().to_str().expect("plain");
    let said = refusal(&["--data", data, "--http", &address, "--media", "127.0.0.1:0"]);
    assert!(said.contains(&format!("cannot listen on {address}: the port is taken")), "{said}");
    assert!(said.contains("--http"), "{said}");
}

#[test]
fn a_taken_media_port_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let data = folder.path().to_str().expect("plain");
    let said = refusal(&["--data", data, "--http", "127.0.0.1:0", "--media", &address]);
    assert!(said.contains(&format!("cannot listen on {address}: the port is taken")), "{said}");
    assert!(said.contains("--media"), "{said}");
}

#[test]
fn an_unwritable_data_folder_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    // Below a file there can be no folder, not even for root.
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("writable");
    let data = file.join("data");
    let data = data.to_str().expect("plain");
    let said = refusal(&["--data", data, "--http", "127.0.0.1:0", "--media", "127.0.0.1:0"]);
    assert!(said.contains(&format!("the data folder {data} cannot be used")), "{said}");
}

#[test]
fn a_folder_has_one_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let _first = Running::start(folder.path());
    let data = folder.path().to_str().expect("plain");
    let said = refusal(&["--data", data, "--http", "127.0.0.1:0", "--media", "127.0.0.1:0"]);
    assert!(said.contains("another kreide serves the data folder"), "{said}");
}

#[test]
fn a_bad_address_is_said() {
    let said = refusal(&["--http", "localhost"]);
    assert!(said.contains("expected IP:PORT"), "{said}");
}

#[test]
fn a_bad_file_is_refused_with_all_that_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kreide.toml");
    std::fs::write(&file, "http = 8080\nshard = 2\n").expect("writable");
    let said = refusal(&["--config", file.to_str().expect("plain")]);
    assert!(said.contains("http: expected a text"), "{said}");
    assert!(said.contains("shard: no such key"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_lessons_properly_on_sigterm_and_sigint() {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().expect("a folder");
        let running = Running::start(folder.path());
        let teacher = ["--room", "7b", "--role", "teacher", "--name", "Frau Kern"];
        let link = link(folder.path(), &teacher);
        let (_, secret) = link.split_once('#').expect("a fragment");
        let (status, entered) = running.request("/api/enter", Some(&json!({ "link": secret })));
        assert_eq!(status, 200, "{entered}");

        let address = format!("ws://{}/ws", running.http);
        let (mut socket, _) = tokio_tungstenite::connect_async(address).await.expect("it upgrades");
        let join = json!({
            "type": "join", "version": 1, "features": [], "with": { "token": entered["token"] },
        });
        socket.send(Message::text(join.to_string())).await.expect("it reads");
        let mut types = Vec::new();
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            types.push(message["type"].as_str().unwrap_or_default().to_owned());
            if message["type"] == "joined" {
                running.signal(signal);
            }
            if message["type"] == "closed" {
                assert_eq!(message["code"], "GOING_AWAY");
            }
        }
        assert_eq!(types.first().map(String::as_str), Some("joined"), "{types:?}");
        assert_eq!(types.last().map(String::as_str), Some("closed"), "{types:?}");
        let (status, rest) = running.wait();
        assert_eq!(status.code(), Some(0), "{signal}");
        assert_eq!(rest, "");
    }
}
