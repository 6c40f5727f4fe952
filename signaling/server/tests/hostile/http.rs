//! Requests that no client of ours makes.

use kreide_control::Role;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::{Answer, PATIENCE};
use crate::scene::Honest;

const JSON: &str = "content-type: application/json\r\n";

fn code(answer: &Answer) -> String {
    answer.json()["code"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

#[tokio::test]
async fn hostile_authorization() {
    let mut honest = Honest::lesson().await;
    let access = honest.teacher.joined["access"].as_str().unwrap().to_owned();
    let before = honest.traces().await;
    let headers = [
        String::new(),
        "authorization: \r\n".to_owned(),
        "authorization: Bearer\r\n".to_owned(),
        "authorization: Bearer \r\n".to_owned(),
        format!("authorization: {access}\r\n"),
        format!("authorization: Basic {access}\r\n"),
        format!("authorization: Bearer {access}x\r\n"),
        format!("authorization: Bearer {access} {access}\r\n"),
        format!("authorization: Bearer {}\r\n", "x".repeat(4_000)),
        format!("cookie: access={access}\r\n"),
        format!("x-access-token: {access}\r\n"),
        "authorization: Bearer x\r\nauthorization: Bearer y\r\n".to_owned(),
    ];
    for header in headers {
        let head = format!("{header}{JSON}");
        let answer = honest.server.http("POST", "/api/act", &head, "{\"type\":\"end\"}").await;
        assert_eq!((answer.status, code(&answer).as_str()), (401, "TOKEN_INVALID"), "{header}");
        assert_eq!(honest.server.http("GET", "/api/attendance", &header, "").await.status, 401);
    }
    for path in [format!("/api/act?access={access}"), format!("/api/act?token={access}")] {
        let answer = honest.server.http("POST", &path, JSON, "{\"type\":\"end\"}").await;
        assert_eq!(answer.status, 401, "a token in an address is no token");
    }
    honest.unmoved(&before, "without a token").await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_bodies() {
    let mut honest = Honest::lesson().await;
    let access = honest.teacher.joined["access"].as_str().unwrap().to_owned();
    let before = honest.traces().await;
    let head = format!("authorization: Bearer {access}\r\n{JSON}");
    let huge = format!("{{\"type\":\"chat\",\"text\":\"{}\"}}", "x".repeat(5_000));
    let bodies = [
        "",
        " ",
        "{}",
        "[]",
        "null",
        "{",
        "\u{0}",
        "{\"type\":\"end\"}{\"type\":\"end\"}",
        "{\"type\":\"end\\u0000\"}",
        "[{\"type\":\"end\"}]",
        "{\"type\":\"nonsense\"}",
        &"[".repeat(4_000),
        &huge,
    ];
    for body in bodies {
        let answer = honest.server.http("POST", "/api/act", &head, body).await;
        assert!(matches!(answer.status, 400 | 413), "{body}: {}", answer.status);
    }
    for kind in [
        "",
        "content-type: text/plain\r\n",
        "content-type: application/xml\r\n",
        "content-type: application/x-www-form-urlencoded\r\n",
        "content-type: multipart/form-data\r\n",
        "content-type: application/json, text/plain\r\n",
    ] {
        // A page of another origin can send these without being asked by its browser.
        let head = format!("authorization: Bearer {access}\r\n{kind}");
        let answer = honest.server.http("POST", "/api/act", &head, "{\"type\":\"end\"}").await;
        assert_eq!(answer.status, 400, "{kind}");
    }
    honest.unmoved(&before, "bodies").await;
    honest.goes_on().await;
}

/// A body that does not end, in pieces: it is not kept until it does.
#[tokio::test]
async fn hostile_bodies_without_end() {
    let mut honest = Honest::lesson().await;
    let access = honest.teacher.joined["access"].as_str().unwrap().to_owned();
    let before = honest.traces().await;
    for path in ["/api/act", "/api/enter"] {
        let mut stream = TcpStream::connect(honest.server.address).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {access}\r\n{JSON}\
             transfer-encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut read, mut write) = stream.into_split();
        let piece = format!("400\r\n{}\r\n", "[".repeat(1024));
        let writing = async {
            let mut pieces = 0_u32;
            while write.write_all(piece.as_bytes()).await.is_ok() {
                pieces += 1;
            }
            pieces
        };
        let reading = async {
            let mut answer = Vec::new();
            // Reset or closed: the server has given up on it.
            let _reset = read.read_to_end(&mut answer).await;
            answer
        };
        let both = futures::future::join(writing, reading);
        let (_, answer) = tokio::time::timeout(PATIENCE, both).await.unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let is_refused = answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.1 413");
        assert!(answer.is_empty() || is_refused, "{path}: {answer}");
    }
    honest.unmoved(&before, "bodies without end").await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_bodies_at_the_door() {
    let mut honest = Honest::lesson().await;
    let link = honest.server.link("7b", Role::Pupil, "Eve").await;
    let before = honest.traces().await;
    let with = |more: &str| format!("{{\"link\":\"{link}\"{more}}}");
    let bodies = [
        with(",\"name\":7"),
        with(",\"chosen\":[]"),
        with(",\"device\":7"),
        with(&format!(",\"name\":\"{}\"", "x".repeat(5_000))),
        "[".repeat(4_000),
        "{\"link\":{\"$ne\":null}}".to_owned(),
        "{\"link\":[\"a\"]}".to_owned(),
    ];
    for body in bodies {
        let answer = honest.server.http("POST", "/api/enter", JSON, &body).await;
        assert!(matches!(answer.status, 400 | 413), "{body}: {answer:?}");
    }
    for name in ["\u{202E}adA", "\u{0}", "a\nb", &"x".repeat(65)] {
        let class = honest.server.link_for("7b", Role::Pupil, None, None).await;
        let answer = honest.server.enter(&json!({ "link": class, "name": name })).await;
        // What the door lets pass the lesson refuses.
        if answer.status == 200 {
            let token = answer.json()["token"].as_str().unwrap().to_owned();
            let client = crate::common::Client::connect(honest.server.address).await;
            assert_eq!(client.refused(json!({ "token": token })).await, "BAD_TEXT", "{name:?}");
        } else {
            assert_eq!(code(&answer), "BAD_TEXT", "{name:?}");
        }
    }
    honest.unmoved(&before, "at the door").await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_methods_and_paths() {
    let mut honest = Honest::lesson().await;
    let access = honest.teacher.joined["access"].as_str().unwrap().to_owned();
    let head = format!("authorization: Bearer {access}\r\n{JSON}");
    let before = honest.traces().await;
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "BREW"] {
        let answer = honest.server.http(method, "/api/act", &head, "{\"type\":\"end\"}").await;
        assert_eq!(answer.status, 405, "{method}");
        assert!(!answer.head.contains("access-control-allow"), "{method}");
    }
    let overridden = format!("{head}x-http-method-override: POST\r\n");
    let answer = honest.server.http("GET", "/api/act", &overridden, "{\"type\":\"end\"}").await;
    assert_eq!(answer.status, 405);
    for path in
        ["/api/act/", "/api//act", "/API/ACT", "/api/act/x", "/api/../api/act", "/api/%61ct"]
    {
        let answer = honest.server.http("POST", path, &head, "{\"type\":\"nonsense\"}").await;
        assert!(matches!(answer.status, 400 | 404 | 405), "{path}: {}", answer.status);
    }
    for path in
        ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2ftoken.key", "//token.key"]
    {
        let answer = honest.server.get(path).await;
        assert!(!answer.body.contains("root:"), "{path}");
        assert!(answer.status == 404 || answer.head.contains("text/html"), "{path}: {answer:?}");
    }
    honest.unmoved(&before, "methods and paths").await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_pages_of_another_origin() {
    let mut honest = Honest::lesson().await;
    let access = honest.teacher.joined["access"].as_str().unwrap().to_owned();
    let before = honest.traces().await;
    let port = honest.server.address.port();
    let origins = [
        "https://evil.example".to_owned(),
        "null".to_owned(),
        String::new(),
        format!("http://127.0.0.1:{port}.evil.example"),
        format!("http://evil@127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
        format!("ftp://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{}", port ^ 1),
        format!("http://127.0.0.1:{port}/"),
    ];
    for origin in origins {
        let head = format!("authorization: Bearer {access}\r\n{JSON}origin: {origin}\r\n");
        let answer = honest.server.http("POST", "/api/act", &head, "{\"type\":\"end\"}").await;
        assert_eq!((answer.status, code(&answer).as_str()), (403, "DENIED"), "{origin}");
        assert!(!answer.head.contains("access-control-allow"), "{origin}");
        let socket = format!(
            "origin: {origin}\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        );
        assert_eq!(honest.server.http("GET", "/ws", &socket, "").await.status, 403, "{origin}");
        let attendance = format!("authorization: Bearer {access}\r\norigin: {origin}\r\n");
        let answer = honest.server.http("GET", "/api/attendance", &attendance, "").await;
        assert_eq!(answer.status, 403, "{origin}");
    }
    honest.unmoved(&before, "another origin").await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_pupil_asks_who_was_present() {
    let mut honest = Honest::lesson().await;
    for role in [Role::Pupil, Role::Guest, Role::Presenter, Role::Interpreter, Role::Observer] {
        let hostile = honest.server.person(role, "Eve").await;
        let access = hostile.joined["access"].as_str().unwrap();
        let head = format!("authorization: Bearer {access}\r\n");
        let answer = honest.server.http("GET", "/api/attendance", &head, "").await;
        assert_eq!((answer.status, code(&answer).as_str()), (403, "DENIED"), "{role:?}");
        assert!(!answer.body.contains("Ben"));
    }
    honest.goes_on().await;
}
