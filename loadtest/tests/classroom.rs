//! Lessons in which people act, against the real server with real media: what must be so after each
//! deed is in the scenario and in the run's own laws; a strict run fails by any of it.
//!
//! Times are reported and bounded generously: this runs beside other tests, in a debug build.

mod kit;

use std::path::Path;

use serde_json::Value;

use kit::{attempt, play};

/// Plays strictly: nothing lost, nobody failed, nothing that a deed must lead to left out.
fn strict(scenario: &str, set: &[&str]) -> Value {
    let mut options = vec!["--strict", "--seconds", "1"];
    options.extend(set.iter().flat_map(|set| ["--set", set]));
    play(scenario, &options)
}

/// The 95th percentile of a mark in ms is below a bound, and so many were measured.
fn took(report: &Value, mark: &str, count: u64, most: f64) {
    let times = &report["marks"][mark];
    assert_eq!(times["count"].as_u64(), Some(count), "{mark}: {report:#}");
    let p95 = times["p95"].as_f64().expect("a number");
    println!("{mark}: p95 {p95} ms of {count}");
    assert!(p95 <= most, "{mark}: {times}");
}

#[test]
fn a_class_goes_into_groups_and_back_and_no_group_hears_another() {
    let report = strict("breakout", &[]);
    took(&report, "into_groups", 29, 8_000.0);
    took(&report, "speak_to_all", 29, 10_000.0);
    took(&report, "back_to_class", 30, 8_000.0);
    // It was announced three seconds before.
    let listen = report["marks"]["listen"]["p50"].as_f64().expect("a number");
    assert!(listen >= 2_900.0, "{listen}");
}

#[test]
fn in_focus_pupils_receive_teachers_and_content_alone() {
    let report = strict("focus", &[]);
    took(&report, "focus", 6, 8_000.0);
    took(&report, "focus_over", 5, 8_000.0);
}

/// Both times together are what passes from the teacher's press to the voice, but for the pupil.
#[test]
fn in_the_quiet_one_is_let_speak() {
    let report = strict("speak", &[]);
    took(&report, "quiet", 29, 8_000.0);
    took(&report, "let_speak", 1, 8_000.0);
    took(&report, "heard", 29, 8_000.0);
}

#[test]
fn families_never_meet_and_come_in_one_after_the_other() {
    let report = strict("talks", &[]);
    took(&report, "next_family", 10, 8_000.0);
}

#[test]
fn without_a_teacher_voices_rest_and_come_back_only_by_themselves() {
    let report = strict("pause", &[]);
    took(&report, "back", 1, 8_000.0);
    took(&report, "pause_over", 4, 8_000.0);
}

#[test]
fn a_second_device_takes_the_seat_and_a_cut_line_comes_back_to_it() {
    let report = strict("takeover", &[]);
    took(&report, "takeover", 1, 8_000.0);
    took(&report, "heard_after_cut", 3, 8_000.0);
}

/// Whoever must wait is let in on the same connection, without media, and offers then.
#[test]
fn pupils_wait_for_the_teacher() {
    let report = with("waits.toml", WAITS, &["--strict"]).1;
    assert_eq!(report["participants"], 4);
    took(&report, "heard", 3, 10_000.0);
}

/// A scenario that asks for what is not so: every kind of fault is found and fails the run.
#[test]
fn what_is_not_as_it_must_be_is_found() {
    let (output, report) = with("wrong.toml", WRONG, &["--strict"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    for expected in [
        "pupil 1 received",
        "pupil 1 was not told",
        "pupil 1 heard nobody of Nobody",
        "teacher 1 heard nobody of Listened",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert_eq!(report["failed"], 0, "{report:#}");
}

/// Each bot tells whom it heard, and when.
#[test]
fn a_bot_tells_whom_it_heard() {
    let folder = tempfile::tempdir().expect("a folder");
    let each = folder.path().join("each");
    let each = each.to_str().expect("plain");
    let options = ["--strict", "--seconds", "1", "--set", "participants=4", "--each", each];
    play("focus", &options);
    let lines = std::fs::read_to_string(each).expect("written");
    let bots: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let number =
        |name: &str| bots.iter().find(|bot| bot["name"] == name).expect("there")["number"].clone();
    let (teacher, other) = (number("teacher 1"), number("pupil 2"));
    let one = bots.iter().find(|bot| bot["name"] == "pupil 1").expect("there");
    let heard = |who: &Value| -> Vec<&Value> {
        let all = one["heard"].as_array().expect("a list").iter();
        all.filter(|stretch| {
            stretch["from"]["participant"] == *who && stretch["from"]["kind"] == "microphone"
        })
        .collect()
    };
    assert_eq!(heard(&teacher).len(), 1, "without a pause: {one:#}");
    assert_eq!(heard(&other).len(), 2, "before and after the focus: {one:#}");
}

fn with(name: &str, scenario: &str, options: &[&str]) -> (std::process::Output, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let path: &Path = &folder.path().join(name);
    std::fs::write(path, scenario).expect("written");
    let mut all = vec!["--seconds", "1"];
    all.extend(options);
    attempt(path.to_str().expect("plain"), &all)
}

const WAITS: &str = r#"
about = "pupils come before the teacher"
[values]
[room]
waits = true
[[people]]
name = "teacher"
role = "teacher"
count = 1
sends = ["microphone"]
watches = { slots = 4, height = 180 }
[[people]]
name = "pupil"
role = "pupil"
count = 3
sends = ["microphone"]
watches = { slots = 4, height = 180 }
[[steps]]
do = "join"
people = ["pupil"]
[[steps]]
do = "told"
people = ["pupil"]
message = { type = "waiting", why = "begin" }
within_s = 10
[[steps]]
do = "join"
people = ["teacher"]
[[steps]]
do = "send"
people = ["teacher", "pupil"]
[[steps]]
do = "measure"
[[steps]]
do = "hear"
people = ["pupil"]
whom = "teacher"
within_s = 15
[[steps]]
do = "say"
people = "teacher"
message = { type = "ping" }
[[steps]]
do = "hear"
people = ["pupil"]
whom = "anyone"
within_s = 15
mark = "heard"
"#;

const WRONG: &str = r#"
about = "asks for what is not so"
[values]
[[people]]
name = "teacher"
role = "teacher"
count = 1
sends = ["microphone"]
watches = { slots = 4, height = 180 }
[[people]]
name = "pupil"
role = "pupil"
count = 2
sends = ["microphone"]
watches = { slots = 4, height = 180 }
[[steps]]
do = "join"
people = ["teacher", "pupil"]
[[steps]]
do = "send"
people = ["teacher", "pupil"]
[[steps]]
do = "hear"
people = ["teacher", "pupil"]
whom = "anyone"
within_s = 10
[[steps]]
do = "measure"
[[steps]]
do = "only"
people = ["pupil"]
whom = "nobody"
seconds = 0.5
[[steps]]
do = "told"
people = ["pupil"]
message = { type = "event", event = { kind = "ended" } }
within_s = 0.2
[[steps]]
do = "hear"
people = ["pupil"]
whom = "nobody"
within_s = 0.2
[[steps]]
do = "hear"
people = ["teacher"]
whom = "listened"
within_s = 0.2
"#;
