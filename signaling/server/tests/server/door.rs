//! HTTP: the door, the headers, the state of the process.

use kreide_cluster::{Catalogue, SqliteStore};
use kreide_control::{Role, RoomId, TenantId};
use kreide_server::Access;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::{Client, Fixture, PATIENCE};

#[tokio::test]
async fn every_answer_forbids_what_the_client_does_not_need() {
    let server = Fixture::start().await;
    let paths =
        ["/", "/j", "/healthz", "/metrics", "/api/none", "/missing.js", "/ws", "/api/recordings"];
    for path in paths {
        let answer = server.get(path).await;
        for header in [
            "referrer-policy: no-referrer",
            "x-content-type-options: nosniff",
            "permissions-policy: camera=(self), microphone=(self), display-capture=(self)",
            "default-src 'none'; script-src 'self'; style-src 'self';",
            "frame-ancestors 'none'; require-trusted-types-for 'script'",
            &format!("connect-src 'self' ws://{0} wss://{0};", server.address),
        ] {
            assert!(answer.head.contains(header), "{path} lacks {header}: {}", answer.head);
        }
        assert!(!answer.head.contains("set-cookie"), "{path}");
        assert!(!answer.head.contains("unsafe-inline"), "{path}");
    }
}

/// What plays recordings is behind the same guard as everything else.
#[tokio::test]
async fn recordings_are_played_behind_the_guard() {
    let server = Fixture::start().await;
    assert_eq!(server.get("/api/recordings").await.body, "recordings");
    let missing = server.get("/api/recordings/x/none").await;
    assert_eq!((missing.status, &missing.json()["code"]), (404, &json!("NOT_FOUND")));
    let foreign = "origin: https://evil.example\r\n";
    assert_eq!(server.http("GET", "/api/recordings", foreign, "").await.status, 403);
    let release =
        async |body: &str| server.http("POST", "/api/recordings/x/release", "", body).await.status;
    assert_eq!(release("true").await, 200);
    assert_eq!(release(&"x".repeat(5_000)).await, 413);
}

#[tokio::test]
async fn the_process_says_how_it_is_doing() {
    let server = Fixture::start().await;
    let health = server.get("/healthz").await;
    assert_eq!(health.status, 200);
    assert_eq!(health.json()["status"], "ok");
    assert_eq!(health.json()["pid"], std::process::id());
    assert_eq!(health.json()["version"], env!("CARGO_PKG_VERSION"));

    let mut pupil = server.person(Role::Pupil, "Ben").await;
    pupil.does(json!({ "type": "hand", "up": true })).await;
    assert_eq!(pupil.may_not(json!({ "type": "end" })).await, "DENIED");
    let rows = [
        ("kreide_connections ", 1.0),
        ("kreide_lessons{tenant=\"school\"}", 1.0),
        ("kreide_participants{tenant=\"school\"}", 1.0),
        ("kreide_messages_total{type=\"hand\"}", 1.0),
        ("kreide_refused_total{code=\"DENIED\"}", 1.0),
        ("kreide_log_append_seconds_count", 3.0),
    ];
    for (metric, value) in rows {
        assert!((server.metric(metric).await - value).abs() < 0.5, "{metric}");
    }
}

#[tokio::test]
async fn a_link_is_exchanged_for_a_token() {
    let server = Fixture::start().await;
    let personal = server.link("7b", Role::Guest, "Opa").await;
    let answer = server.enter(&json!({ "link": personal, "name": "someone else" })).await;
    assert!(answer.head.contains("cache-control: no-store"));
    let reply = answer.json();
    assert_eq!(
        (&reply["title"], &reply["role"], &reply["name"]),
        (&json!("7b"), &json!("guest"), &json!("Opa"))
    );
    assert_eq!(server.get("/api/enter").await.status, 405);

    let access = |reply: &Value| server.keys.access(reply["access"].as_str().unwrap()).unwrap();
    let here = (TenantId::parse("school").unwrap(), RoomId::parse("7b").unwrap());
    let Access { tenant, room, role, .. } = access(&reply);
    assert_eq!(((tenant, room), role), (here.clone(), Role::Guest));
    let guest = server.join(reply["token"].as_str().unwrap()).await;
    assert_eq!(access(&guest.joined), access(&reply), "a reload needs no link");

    let class = server.link_for("7b", Role::Pupil, None, None).await;
    let nameless = server.enter(&json!({ "link": class })).await.json();
    assert_eq!((&nameless["token"], &nameless["name"]), (&Value::Null, &Value::Null));
    assert_eq!(access(&nameless).role, Role::Pupil, "the link is the right, with or without name");
    let mut seats = Vec::new();
    for name in ["Ben", "Ben"] {
        let reply = server.enter(&json!({ "link": class, "name": name })).await.json();
        seats.push(server.join(reply["token"].as_str().unwrap()).await.me());
    }
    assert_ne!(seats[0], seats[1], "everyone who uses a class link is a new person");
    let nobody = server.enter(&json!({ "link": class, "name": " \u{7} " })).await;
    assert_eq!((nobody.status, &nobody.json()["code"]), (422, &json!("BAD_TEXT")));
}

#[tokio::test]
async fn a_closed_door_tells_nothing() {
    let server = Fixture::start().await;
    let good = server.link("7b", Role::Pupil, "Ben").await;
    let secret = good.split_once('.').unwrap().1;
    let withdrawn = server.link("7b", Role::Pupil, "Cem").await;
    let hash = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        withdrawn.split_once('.').unwrap().1.as_bytes(),
    );
    let store = SqliteStore::open(server.folder.path()).await.unwrap();
    let hash = hash.as_ref().try_into().unwrap();
    assert!(store.revoke_link(TenantId::parse("school").unwrap(), hash).await.unwrap());

    let unknown = "school.AAAAAAAAAAAAAAAAAAAAAA";
    let answers = [
        server.enter(&json!({ "link": unknown })).await,
        server.enter(&json!({ "link": format!("other.{secret}") })).await,
        server.enter(&json!({ "link": withdrawn })).await,
        server.enter(&json!({ "link": "nonsense" })).await,
    ];
    for answer in &answers {
        assert_eq!(answer.status, 403);
        assert_eq!(answer.json()["code"], "LINK_INVALID");
        assert_eq!(answer.body, answers[0].body);
    }
    let over = server.link_for("7b", Role::Pupil, Some("Ben"), Some(1)).await;
    let over = server.enter(&json!({ "link": over })).await;
    assert_eq!((over.status, &over.json()["code"]), (403, &json!("LINK_EXPIRED")));
    for body in ["", "{}", "[]", "{\"link\":7}", "\u{0}"] {
        let answer =
            server.http("POST", "/api/enter", "content-type: application/json\r\n", body).await;
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("BAD_MESSAGE")), "{body}");
    }
}

#[tokio::test]
async fn guessing_is_stopped_for_the_tenant_that_is_guessed_at() {
    let server = Fixture::start().await;
    let good = server.link("7b", Role::Pupil, "Ben").await;
    let guess = json!({ "link": "other.AAAAAAAAAAAAAAAAAAAAAA" });
    let mut stopped = None;
    for _ in 0..200 {
        let answer = server.enter(&guess).await;
        stopped = stopped.or((answer.status == 429).then(|| answer.json()));
    }
    assert_eq!(stopped.unwrap()["code"], "TOO_MANY");
    assert_eq!(server.enter(&json!({ "link": good })).await.status, 200, "another tenant");
}

#[tokio::test]
async fn foreign_pages_are_refused() {
    let server = Fixture::start().await;
    let link = server.link("7b", Role::Pupil, "Ben").await;
    let body = json!({ "link": link }).to_string();
    let head = |origin: &str| format!("content-type: application/json\r\norigin: {origin}\r\n");
    let own = format!("http://{}", server.address);
    assert_eq!(server.http("POST", "/api/enter", &head(&own), &body).await.status, 200);
    for origin in ["https://evil.example", "null", &format!("{own}.evil.example")] {
        let answer = server.http("POST", "/api/enter", &head(origin), &body).await;
        assert_eq!(answer.status, 403, "{origin}");
        let socket = format!(
            "origin: {origin}\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        );
        assert_eq!(server.http("GET", "/ws", &socket, "").await.status, 403, "{origin}");
    }
    // Compression is not agreed to, so a frame cannot grow.
    let (_, response) =
        tokio_tungstenite::connect_async(format!("ws://{}/ws", server.address)).await.unwrap();
    assert!(!response.headers().contains_key("sec-websocket-extensions"));
    drop(Client::connect(server.address).await);
}

#[tokio::test]
async fn a_head_that_does_not_end_is_not_waited_for() {
    let server = Fixture::start().await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, slow.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the connection was closed");
}
