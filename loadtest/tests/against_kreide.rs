//! The load test against the real server, in short: everybody gets in, and nothing is lost.
//!
//! Speed is nothing that this asks for: it runs beside other tests, in a debug build.

mod kit;

use serde_json::Value;

use kit::{attempt, loadtest, play};

/// Nothing of this depends on the speed of the machine.
fn is_flawless(report: &Value) {
    for zero in ["failed", "loss_pct", "slots_empty", "packets_wrong_source", "packets_invalid"] {
        assert_eq!(report[zero].as_f64(), Some(0.0), "{zero}: {report:#}");
    }
    assert_eq!(report["packets_received"], report["packets_expected"]);
    assert!(report["refused"].as_array().is_some_and(Vec::is_empty), "{report:#}");
    for measured in [
        "join_ms",
        "first_audio_ms",
        "first_video_ms",
        "latency_ms",
        "server_cpu_us_per_packet",
        "server_cpu_cores",
        "server_cpu_us_per_participant_second",
        "server_rss_kb_per_participant",
        "join_cpu_ms",
    ] {
        assert!(!report[measured].is_null(), "{measured}: {report:#}");
    }
}

#[test]
fn a_small_class_sees_and_hears_everything() {
    let set = ["--set", "participants=6", "--set", "cameras=2", "--set", "late=1", "--strict"];
    let report = play("classroom", &set);
    is_flawless(&report);
    // Four seconds of four people: 50 voice packets each, a camera and a screen of the teacher. A
    // busy machine makes fewer.
    let sent = report["packets_sent"].as_u64().expect("a number");
    assert!((500..8_000).contains(&sent), "{sent}");
    // Each but the late one sees two cameras or three, and the screen: 10 + 2 * 30 pictures/s.
    let frames = report["frames"].as_u64().expect("a number");
    assert!((200..4_000).contains(&frames), "{frames}");
}

#[test]
fn one_reaches_many() {
    let report =
        play("webinar", &["--set", "subscribers=12", "--set", "late=2", "--set", "pps=240"]);
    is_flawless(&report);
    assert_eq!(report["participants"], 15);
    // The teacher's voice and picture for each of twelve viewers, in most of the time of sending.
    let [received, sent] =
        ["packets_received", "packets_sent"].map(|name| report[name].as_f64().expect("a number"));
    assert!(sent > 100.0 && (6.0..13.0).contains(&(received / sent)), "{received} of {sent}");
}

#[test]
fn whoever_is_only_there_is_measured_too() {
    let report = play("idle", &["--set", "participants=4"]);
    for zero in ["failed", "packets_sent", "packets_received"] {
        assert_eq!(report[zero].as_f64(), Some(0.0), "{zero}: {report:#}");
    }
    let figure = |name: &str| report[name].as_f64().expect("a number");
    // The figures have three digits, and the processor time is the same.
    let cores = figure("server_cpu_us_per_participant_second") * 4.0 / 1e6;
    assert!((cores - figure("server_cpu_cores")).abs() <= 0.0006, "{report:#}");
}

/// Two of a hundred packets get lost, each way.
#[test]
fn pictures_are_repaired_and_voices_are_not() {
    let report = play("webinar", &["--set", "subscribers=4", "--set", "late=0", "--lose", "2"]);
    let figure = |name: &str| report[name].as_f64().expect("a number");
    assert!(figure("packets_repaired") > 20.0, "{report:#}");
    // Four of a hundred, give or take one: of some 200 voice packets four are lost for all viewers.
    assert!(figure("loss_audio_pct") > 0.5 && figure("loss_audio_pct") < 12.0, "{report:#}");
    assert!(figure("loss_video_pct") < 0.2, "{report:#}");
    assert!(figure("packets_wrong_source") == 0.0 && figure("failed") == 0.0, "{report:#}");
}

/// Measuring begins when the link is taken away, so without that this would never end.
#[test]
fn an_onlooker_finds_a_link_and_every_bot_tells_what_it_received() {
    let folder = tempfile::tempdir().expect("a folder");
    let (link, each) = (folder.path().join("link"), folder.path().join("each"));
    let taken = std::thread::spawn({
        let link = link.clone();
        move || {
            while !link.exists() {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            let text = std::fs::read_to_string(&link).expect("written");
            std::fs::remove_file(&link).expect("there");
            text
        }
    });
    let [link, each] = [&link, &each].map(|path| path.to_str().expect("plain"));
    let set = ["--set", "subscribers=2", "--set", "late=0", "--link", link, "--each", each];
    let report = play("webinar", &set);
    let text = taken.join().expect("no panic");
    assert!(text.starts_with("http://127.0.0.1:") && text.contains("/j#loadtest."), "{text}");

    let lines = std::fs::read_to_string(each).expect("written");
    let bots: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let count = bots.len() as u64;
    assert_eq!(Some(count), report["participants"].as_u64());
    let packets = |bot: &Value| -> u64 {
        let slots = bot["slots"].as_array().expect("a list");
        slots.iter().map(|slot| slot["packets"].as_u64().expect("a number")).sum()
    };
    assert_eq!(Some(bots.iter().map(packets).sum()), report["packets_received"].as_u64());
}

/// A thin bot teaches two whole peer connections, and another comes while they send. What each
/// shows comes from the other kind, or from the other peer, so media flowed in every direction; and
/// the latecomer sees the peers' cameras only because they answer a request for a keyframe.
#[test]
fn peer_connections_and_bots_see_and_hear_each_other() {
    let set = ["participants=4", "cameras=0", "late=1", "webrtc=2"];
    let options: Vec<&str> = set.into_iter().flat_map(|set| ["--set", set]).collect();
    let report = play("classroom", &options);
    for zero in [
        "failed",
        "slots_empty",
        "people_without_voice",
        "people_without_picture",
        "packets_wrong_source",
        "packets_invalid",
    ] {
        assert_eq!(report[zero].as_f64(), Some(0.0), "{zero}: {report:#}");
    }
    // The teacher sees two cameras, each peer the screen, the teacher and the other peer, the
    // latecomer all four pictures.
    assert_eq!(report["slots_wished"], 2 + 2 * 3 + 4, "{report:#}");
}

/// Voices that got lost stay lost, and a strict run says so.
#[test]
fn a_strict_run_fails_by_a_loss() {
    let options = ["--set", "subscribers=4", "--set", "late=0", "--lose", "5", "--strict"];
    let (output, report) = attempt("webinar", &options);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("packets were lost"), "{said}");
    assert!(report["loss_pct"].as_f64().is_some_and(|loss| loss > 0.0), "{report:#}");
}

#[test]
fn what_cannot_be_played_is_said() {
    for (arguments, expected) in [
        (&["run", "lesson"][..], "no built-in scenario"),
        (&["run", "webinar", "--set", "people=1"], "no such value"),
        (&["run", "webinar", "--against", "https://kreide.example"], "expected an address"),
        (&["run", "webinar", "--data", "tests"], "data folder of no server"),
        (&["compare", "Cargo.toml", "Cargo.toml"], "is no report"),
    ] {
        let output = loadtest(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(expected), "{arguments:?}: {said}");
    }
}
