//! `kreide link` as a script meets it.

use crate::running::{Running, link, output};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

const URL: &str = "http://127.0.0.1:8080";

/// The secret of a link that leads to `URL`.
fn secret(link: &str) -> &str {
    let secret = link.strip_prefix(URL).and_then(|rest| rest.strip_prefix("/j#"));
    secret.unwrap_or_else(|| panic!("{link} is no link"))
}

#[test]
fn links_open_with_and_without_a_running_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let before =
        link(folder.path(), &["--url", URL, "--room", "7b", "--role", "pupil", "--name", "Ada"]);
    let running = Running::start(folder.path());
    let during = link(folder.path(), &["--url", URL, "--room", "7b", "--role", "guest", "--class"]);

    let (status, entered) =
        running.request("/api/enter", Some(&json!({ "link": secret(&before) })));
    assert_eq!((status, &entered["role"], &entered["name"]), (200, &json!("pupil"), &json!("Ada")));
    assert!(entered["token"].is_string());

    let (status, entered) =
        running.request("/api/enter", Some(&json!({ "link": secret(&during) })));
    assert_eq!((status, &entered["role"], &entered["name"]), (200, &json!("guest"), &json!(null)));
    assert!(entered["token"].is_null());

    let (status, refused) = running.request("/api/enter", Some(&json!({ "link": "school.x" })));
    assert_eq!((status, &refused["code"]), (403, &json!("LINK_INVALID")));
}

#[test]
fn every_role_has_a_link_and_no_two_are_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut links: Vec<String> =
        ["teacher", "pupil", "guest", "presenter", "interpreter", "observer"]
            .iter()
            .map(|role| {
                link(folder.path(), &["--url", URL, "--room", "7b", "--role", role, "--name", "A"])
            })
            .collect();
    let count = links.len();
    links.sort();
    links.dedup();
    assert_eq!(links.len(), count);
}

/// Only who enters by a link that says so may be recorded.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_says_whether_its_bearer_may_be_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = Running::start(folder.path());
    let data = folder.path().to_str().expect("plain");
    // Nobody waits for a teacher.
    let room = ["room", "set", "7b", "--policy", "early=true", "--data", data];
    assert!(output(&room).status.success());
    let rows: [(&[&str], bool); 4] = [
        (&["--name", "Ada"], false),
        (&["--name", "Ben", "--may-be-recorded"], true),
        (&["--class"], false),
        (&["--class", "--may-be-recorded"], true),
    ];
    for (owner, expected) in rows {
        let start = ["--url", URL, "--room", "7b", "--role", "pupil"];
        let link = link(folder.path(), &[&start, owner].concat());
        let body = json!({ "link": secret(&link), "name": "Cem" });
        let (_, entered) = running.request("/api/enter", Some(&body));
        let address = format!("ws://{}/ws", running.http);
        let (mut socket, _) = tokio_tungstenite::connect_async(address).await.expect("it upgrades");
        let with = json!({ "token": entered["token"] });
        let join = json!({ "type": "join", "version": 1, "features": [], "with": with });
        socket.send(Message::text(join.to_string())).await.expect("it reads");
        // Pings come first.
        let reply = loop {
            match socket.next().await.expect("a reply").expect("a message") {
                Message::Text(text) => break text,
                _ping => {}
            }
        };
        let joined: Value = serde_json::from_str(&reply).expect("JSON");
        assert_eq!(joined["mayBeRecorded"], expected, "{owner:?}: {joined}");
    }
}

#[test]
fn what_cannot_be_a_link_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_str().expect("plain");
    let rows: [(&[&str], &str); 4] = [
        (&["--room", "7 b", "--role", "pupil", "--class"], "--room"),
        (&["--room", "7b", "--role", "boss", "--class"], "--role"),
        (&["--room", "7b", "--role", "pupil", "--name", " "], "a name has 1 to 64 characters"),
        (&["--room", "7b", "--role", "pupil", "--class", "--url", "kreide"], "--url"),
    ];
    for (arguments, expected) in rows {
        let output = output(&[&["link", "--data", data], arguments].concat());
        assert!(!output.status.success());
        assert!(output.stdout.is_empty());
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(said.contains(expected), "{said}");
    }
}
