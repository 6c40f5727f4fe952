//! Who may do what over HTTP, and what the answers hold.

use std::fs;
use std::time::Duration;

use kreide_cluster::{Catalogue, Recording, RecordingSize};
use kreide_control::RecordOrder;

use crate::kit::{DAY, Studio, id, now, room, tenant};

const TEACHER: &str = "school/7b/teacher";
const PUPIL: &str = "school/7b/pupil";
const WAITS: &str = "school/7b/pupil/waits";

/// A studio with a recording of a moment.
async fn studio() -> Studio {
    let mut studio = Studio::new().await;
    studio.record("r1", Duration::from_millis(400)).await;
    studio
}

async fn release(studio: &Studio, token: &str, body: &str) -> u16 {
    let path = "/api/recordings/r1/release";
    studio.ask_with("POST", path, token, &[], body).await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_by_every_right() {
    let studio = studio().await;
    const RELEASE: &str = r#"{"released":false}"#;
    let routes = [
        ("GET", "/api/recordings/r1", ""),
        ("GET", "/api/recordings/r1/media", ""),
        ("POST", "/api/recordings/r1/download", ""),
        ("POST", "/api/recordings/r1/release", RELEASE),
        ("DELETE", "/api/recordings/r1", ""),
    ];
    // For each reader: watch, watch, watch, release, delete.
    let unreleased = [
        ("", [401; 5]),
        ("expired", [401; 5]),
        ("other/7b/teacher", [404; 5]),
        ("school/8c/teacher", [404; 5]),
        (PUPIL, [404; 5]),
        (TEACHER, [200, 200, 200, 204, 204]),
    ];
    let released = [
        ("", [401; 5]),
        ("other/7b/teacher", [404; 5]),
        ("school/8c/pupil", [404; 5]),
        (WAITS, [404; 5]),
        (PUPIL, [200, 200, 200, 403, 403]),
    ];
    // The teacher, who deletes it, comes last.
    for (word, rows) in [("released", &released[..]), ("unreleased", &unreleased[..])] {
        let body = format!(r#"{{"released":{}}}"#, word == "released");
        assert_eq!(release(&studio, TEACHER, &body).await, 204);
        for (token, expected) in rows {
            for ((method, path, body), expected) in routes.iter().zip(expected) {
                let reply = studio.ask_with(method, path, token, &[], body).await;
                assert_eq!(reply.status, *expected, "{word}: {token} {method} {path}");
                assert_eq!(reply.header("cache-control"), "no-store");
                let code = match expected {
                    401 => "TOKEN_INVALID",
                    403 => "DENIED",
                    404 => "NOT_FOUND",
                    _ => continue,
                };
                assert_eq!(reply.json()["code"], code, "{token} {method} {path}");
            }
        }
    }
    let gone = studio.ask("GET", "/api/recordings/r1", TEACHER).await;
    assert_eq!(gone.status, 404);
    assert!(!studio.path("r1").exists(), "deletion deletes");
    let row = studio.store.recording(tenant("school"), room("7b"), id("r1")).await;
    assert_eq!(row, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_know_learns_nothing() {
    let studio = studio().await;
    let hidden = studio.ask("GET", "/api/recordings/r1", PUPIL).await;
    for path in ["/api/recordings/none", "/api/recordings/..%2f..", "/api/recordings/%00"] {
        let missing = studio.ask("GET", path, PUPIL).await;
        assert_eq!((missing.status, &missing.body), (hidden.status, &hidden.body), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_holds_what_its_reader_may_watch() {
    let studio = studio().await;
    let list = studio.ask("GET", "/api/recordings", TEACHER).await.json();
    assert_eq!((&list["title"], &list["manages"]), (&"7b Übung".into(), &true.into()));
    let one = &list["recordings"][0];
    assert_eq!((&one["id"], &one["running"]), (&"r1".into(), &false.into()), "{one}");
    assert!((300..800).contains(&one["length"].as_u64().unwrap()), "{one}");
    let size = fs::metadata(studio.path("r1")).unwrap().len();
    assert_eq!(one["bytes"], size);

    let count = async |token: &str| {
        let list = studio.ask("GET", "/api/recordings", token).await.json();
        assert_eq!(list["manages"], token == TEACHER);
        list["recordings"].as_array().unwrap().len()
    };
    assert_eq!(count(PUPIL).await, 0);
    assert_eq!(release(&studio, TEACHER, r#"{"released":true}"#).await, 204);
    assert_eq!(count(PUPIL).await, 1);
    assert_eq!((count("school/8c/pupil").await, count(WAITS).await), (0, 0));
    assert_eq!(studio.ask("GET", "/api/recordings", "").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_none_are_refused() {
    let studio = studio().await;
    for body in ["", "{}", "released", r#"{"released":1}"#, r#"{"released":"yes"}"#] {
        assert_eq!(release(&studio, TEACHER, body).await, 400, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_are_cut_out_of_the_file() {
    let studio = studio().await;
    let file = fs::read(studio.path("r1")).unwrap();
    let size = file.len();
    let last = size - 1;
    let rows = [
        ("bytes=0-99".to_owned(), 206, 0..100),
        ("bytes=100-100".to_owned(), 206, 100..101),
        (format!("bytes={last}-"), 206, last..size),
        ("bytes=-10".to_owned(), 206, size - 10..size),
        (format!("bytes=0-{size}"), 206, 0..size),
        (format!("bytes={size}-"), 416, 0..0),
        ("bytes=9-1".to_owned(), 416, 0..0),
        ("lines=1-2".to_owned(), 416, 0..0),
        ("bytes=0-0,5-9".to_owned(), 200, 0..size),
    ];
    for (range, status, part) in rows {
        let headers = [("range", range.as_str())];
        let path = "/api/recordings/r1/media";
        let reply = studio.ask_with("GET", path, TEACHER, &headers, "").await;
        assert_eq!(reply.status, status, "{range}");
        assert!(reply.body == file[part.clone()], "{range}");
        let expected = match status {
            206 => format!("bytes {}-{}/{size}", part.start, part.end - 1),
            416 => format!("bytes */{size}"),
            _ => String::new(),
        };
        assert_eq!(reply.header("content-range"), expected, "{range}");
    }
    let whole = studio.ask("GET", "/api/recordings/r1/media", TEACHER).await;
    assert_eq!(whole.status, 200);
    assert_eq!(whole.header("accept-ranges"), "bytes");
    assert_eq!(whole.header("content-type"), "video/webm");
    let head = studio.ask("HEAD", "/api/recordings/r1/media", TEACHER).await;
    assert_eq!(head.header("content-length"), size.to_string());
    assert!(head.body.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_needs_its_ticket_and_no_header() {
    let studio = studio().await;
    let file = fs::read(studio.path("r1")).unwrap();
    let ticket = studio.ask("POST", "/api/recordings/r1/download", TEACHER).await.json();
    let url = ticket["url"].as_str().unwrap().to_owned();
    let reply = studio.ask("GET", &url, "").await;
    assert_eq!(reply.status, 200);
    assert!(reply.body == file);
    let disposition = reply.header("content-disposition");
    assert!(disposition.starts_with("attachment; filename=\"7b _bung "), "{disposition}");
    assert!(disposition.contains("filename*=UTF-8''7b%20%C3%9Cbung%20"), "{disposition}");
    assert!(disposition.ends_with(".webm"), "{disposition}");
    let other = url.replace("/r1/", "/r2/");
    for wrong in ["/api/recordings/r1/file", "/api/recordings/r1/file?ticket=0", &other] {
        assert_eq!(studio.ask("GET", wrong, TEACHER).await.status, 404, "{wrong}");
    }
    assert_eq!(studio.ask("DELETE", "/api/recordings/r1", TEACHER).await.status, 204);
    assert_eq!(studio.ask("GET", &url, "").await.status, 404, "what is deleted is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_opens_nothing_that_its_reader_may_see_no_more() {
    let studio = studio().await;
    assert_eq!(release(&studio, TEACHER, r#"{"released":true}"#).await, 204);
    let ticket = async |token: &str| {
        let ticket = studio.ask("POST", "/api/recordings/r1/download", token).await.json();
        ticket["url"].as_str().unwrap().to_owned()
    };
    let (pupils, teachers) = (ticket(PUPIL).await, ticket(TEACHER).await);
    assert_eq!(studio.ask("GET", &pupils, "").await.status, 200);
    assert_eq!(release(&studio, TEACHER, r#"{"released":false}"#).await, 204);
    assert_eq!(studio.ask("GET", &pupils, "").await.status, 404);
    assert_eq!(studio.ask("GET", &teachers, "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_asks_only_for_what_it_does_not_have() {
    let studio = studio().await;
    let all = studio.ask("GET", "/api/recordings/r1", TEACHER).await.json();
    let all = all["fragments"].as_array().unwrap().len();
    for (from, expected) in [(0, all), (1, all - 1), (all, 0), (all + 1, 0), (usize::MAX, 0)] {
        let path = format!("/api/recordings/r1?from={from}");
        let part = studio.ask("GET", &path, TEACHER).await.json();
        assert_eq!(part["fragments"].as_array().unwrap().len(), expected, "{from}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_without_a_file_is_no_recording() {
    let studio = Studio::new().await;
    let RecordOrder { lesson, recording, .. } = studio.order("r1");
    let lost = Recording {
        id: recording,
        lesson,
        started: now(),
        ended: Some(RecordingSize { length: 1, bytes: 1 }),
        released: true,
        kept_until: now() + i64::try_from(DAY.as_millis()).unwrap(),
    };
    studio.store.put_recording(lost).await.unwrap();
    for path in ["/api/recordings/r1", "/api/recordings/r1/media"] {
        assert_eq!(studio.ask("GET", path, PUPIL).await.status, 404, "{path}");
    }
}
