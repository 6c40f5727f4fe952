//! What becomes of a lesson that is recorded.

use std::fs;
use std::time::Duration;

use kreide_cluster::{Catalogue, Recording};
use kreide_control::{
    Command, Overloaded, ParticipantNo, RecorderEvent, RecorderPlane, RecordingEnd,
};

use crate::kit::{DAY, Studio, frames, id, lesson, now, probe, room, seconds, tenant};

const TEACHER: &str = "school/7b/teacher";

#[tokio::test(flavor = "multi_thread")]
async fn a_lesson_is_recorded_and_plays() {
    let mut studio = Studio::new().await;
    assert!(!studio.folder.exists(), "nothing is there before");
    frames();
    studio.recorder.record(studio.order("r1")).unwrap();
    studio.play(Duration::from_millis(3_000)).join().unwrap();
    studio.wait_for_fragments("r1", 2).await;

    // A late reader watches from the beginning while it runs.
    let running = studio.ask("GET", "/api/recordings/r1", TEACHER).await.json();
    assert_eq!(running["recording"]["running"], true);
    let range = format!("bytes=0-{}", running["init"].as_u64().unwrap() - 1);
    let headers = [("range", range.as_str())];
    let media = "/api/recordings/r1/media";
    let init = studio.ask_with("GET", media, TEACHER, &headers, "").await;
    assert_eq!(init.status, 206);
    let conflict = studio.ask("DELETE", "/api/recordings/r1", TEACHER).await;
    assert_eq!(conflict.status, 409);

    studio.recorder.stop(&lesson());
    let stopped = studio.stopped().await;
    let (lesson, recording) = (lesson(), id("r1"));
    assert_eq!(stopped, RecorderEvent::Stopped { lesson, recording, why: RecordingEnd::Ordered });

    let probed = probe(&studio.path("r1"));
    assert!((2.9..5.0).contains(&seconds(&probed)), "{probed}");
    let streams = probed["streams"].as_array().unwrap();
    assert_eq!(streams[0]["codec_name"], "vp8");
    assert_eq!((&streams[0]["width"], &streams[0]["height"]), (&1280.into(), &720.into()));
    assert_eq!(streams[1]["codec_name"], "opus");
    let packets =
        |n: usize| -> u32 { streams[n]["nb_read_packets"].as_str().unwrap().parse().unwrap() };
    assert!(packets(0) > 45 && packets(1) >= 145, "{} {}", packets(0), packets(1));

    // The index leads to the very bytes of the file.
    let index = studio.ask("GET", "/api/recordings/r1", TEACHER).await.json();
    assert_eq!(index["mime"], "video/webm; codecs=\"vp8,opus\"");
    assert_eq!(index["recording"]["running"], false);
    let file = fs::read(studio.path("r1")).unwrap();
    assert_eq!(index["init"], running["init"]);
    let (mut played, mut end) = (init.body.to_vec(), None);
    for fragment in index["fragments"].as_array().unwrap() {
        let at = |name: &str| fragment[name].as_u64().unwrap() as usize;
        assert!(end.is_none_or(|end| end == at("offset")));
        end = Some(at("offset") + at("length"));
        played.extend(&file[at("offset")..at("offset") + at("length")]);
    }
    assert_eq!(end, Some(file.len()));
    assert_eq!(index["fragments"][0]["keyframe"], true);
    let player = studio.folder.join("played.webm");
    fs::write(&player, played).unwrap();
    // What a player gets that began while it ran, and never sees the file's own index.
    probe(&player);

    let orders = studio.stage.orders.lock().unwrap();
    let looks = orders.iter().any(|order| {
        matches!(order, Command::SetView { participant: ParticipantNo::RECORDER, view, .. }
            if view.slots.len() == 1 && view.slots[0].height == 720)
    });
    assert!(looks, "{orders:?}");
    let metrics = prometheus::TextEncoder::new().encode_to_string(&studio.registry.gather());
    let metrics = metrics.unwrap();
    assert!(metrics.contains("kreide_recordings 0"), "{metrics}");
    assert!(metrics.contains("kreide_recordings_ended_total{reason=\"ordered\"} 1"), "{metrics}");
    assert!(!metrics.contains("kreide_recorder_cpu_seconds_total 0\n"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lesson_without_pictures_shows_the_slate_all_along() {
    let mut studio = Studio::new().await;
    studio.recorder.record(studio.order("r1")).unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    studio.recorder.shutdown().await;
    studio.stopped().await;
    let probed = probe(&studio.path("r1"));
    assert!(seconds(&probed) >= 1.4, "{probed}");
    let row = studio.store.recording(tenant("school"), room("7b"), id("r1")).await.unwrap();
    assert!(row.unwrap().ended.is_some());
    let refused = studio.recorder.record(studio.order("r2"));
    assert_eq!(refused, Err(Overloaded), "no more after the shutdown");
}

#[tokio::test(flavor = "multi_thread")]
async fn media_that_is_lost_ends_the_recording() {
    let mut studio = Studio::new().await;
    studio.recorder.record(studio.order("r1")).unwrap();
    studio.play(Duration::from_millis(1_200)).join().unwrap();
    studio.stage.hang_up();
    let RecorderEvent::Stopped { why, .. } = studio.stopped().await;
    assert_eq!(why, RecordingEnd::Interrupted);
    probe(&studio.path("r1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_at_once_and_no_more() {
    let mut studio = Studio::new().await;
    let other = |lesson: u32, recording: &str| {
        let mut order = studio.order(recording);
        order.lesson.lesson = lesson;
        order
    };
    assert_eq!(studio.recorder.record(other(1, "a")), Ok(()));
    assert_eq!(studio.recorder.record(other(2, "b")), Ok(()));
    assert_eq!(studio.recorder.record(other(3, "c")), Err(Overloaded));
    studio.recorder.shutdown().await;
    studio.stopped().await;
    studio.stopped().await;
    assert!(!studio.path("c").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_cut_is_ended_by_the_next_start() {
    let mut studio = Studio::new().await;
    frames();
    studio.recorder.record(studio.order("r1")).unwrap();
    let lesson_goes_on = studio.play(Duration::from_secs(20));
    studio.wait_for_fragments("r1", 2).await;
    // What the disk holds at this moment, cut in the middle of the last cluster.
    let row = studio.store.recording(tenant("school"), room("7b"), id("r1")).await.unwrap();
    let cut = fs::read(studio.path("r1")).unwrap();
    studio.recorder.stop(&lesson());
    studio.stopped().await;
    lesson_goes_on.join().unwrap();

    let data = tempfile::tempdir().unwrap();
    let next = Studio::at(data.path(), data.path().join("recordings"), studio.kept).await;
    let row = row.unwrap();
    assert_eq!(row.ended, None);
    let empty = Recording { id: id("empty"), ..row.clone() };
    let gone = Recording { id: id("gone"), ..row.clone() };
    fs::create_dir_all(next.folder.join("school/7b")).unwrap();
    fs::write(next.path("r1"), &cut[..cut.len() - 100]).unwrap();
    fs::write(next.path("empty"), &cut[..1000]).unwrap();
    fs::write(next.path("stranger"), "not ours").unwrap();
    for row in [row, empty, gone] {
        next.store.put_recording(row).await.unwrap();
    }
    // It can be watched before it is ended.
    let early = next.ask("GET", "/api/recordings/r1", TEACHER).await.json();
    assert_eq!(early["fragments"][0]["keyframe"], true, "{early}");

    next.recorder.recover().await;
    let rows = next.store.recordings(tenant("school"), room("7b")).await.unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    let length = rows[0].ended.unwrap().length;
    assert!(length >= 500, "{length}");
    let probed = probe(&next.path("r1"));
    assert!((seconds(&probed) - length as f64 / 1000.0).abs() < 0.05, "{length} {probed}");
    assert!(!next.path("empty").exists());
    assert!(next.path("stranger").exists());
    assert_eq!(next.ask("GET", "/api/recordings/r1", TEACHER).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_deleted_when_its_time_is_over() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("recordings");
    let mut studio = Studio::at(data.path(), folder.clone(), Duration::ZERO).await;
    studio.record("r1", Duration::from_millis(300)).await;
    assert!(studio.path("r1").exists());
    // The next start looks at once.
    let next = Studio::at(data.path(), folder, Duration::ZERO).await;
    for _ in 0..200 {
        let rows = next.store.recordings(tenant("school"), room("7b")).await.unwrap();
        if rows.is_empty() {
            assert!(!next.path("r1").exists());
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it is still there");
}

/// A row of an earlier run of the server, that was not ended.
fn cut(recording: &str, kept_until: i64) -> Recording {
    let (id, lesson, started) = (id(recording), lesson(), now() - 1_000);
    Recording { id, lesson, started, ended: None, released: false, kept_until }
}

/// Waits until the rows of the room are so many, and tells which.
async fn rows(studio: &Studio, count: usize) -> Vec<Recording> {
    for _ in 0..500 {
        let rows = studio.store.recordings(tenant("school"), room("7b")).await.unwrap();
        if rows.len() == count {
            return rows;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("there are not {count} rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_that_cannot_be_deleted_do_not_keep_the_others() {
    let data = tempfile::tempdir().unwrap();
    let before = Studio::at(data.path(), data.path().join("recordings"), DAY).await;
    for n in 0..120 {
        let stuck = format!("stuck{n}");
        // What is no file cannot be deleted as one, not even by root.
        fs::create_dir_all(before.path(&stuck)).unwrap();
        before.store.put_recording(cut(&stuck, 1)).await.unwrap();
    }
    fs::write(before.path("old"), "neither ended nor whole").unwrap();
    before.store.put_recording(cut("old", now() - 1)).await.unwrap();
    before.store.put_recording(cut("young", now() + 1_000_000)).await.unwrap();
    fs::create_dir_all(before.path("young")).unwrap();
    // The next start looks at once.
    let next = Studio::at(data.path(), before.folder.clone(), DAY).await;
    let rows = rows(&next, 121).await;
    assert!(!next.path("old").exists());
    assert!(rows.iter().all(|row| row.id != id("old")));
    assert!(rows.iter().any(|row| row.id == id("young")), "its time is not over");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_ended_is_tried_again_by_the_clock() {
    let data = tempfile::tempdir().unwrap();
    let mut before = Studio::at(data.path(), data.path().join("recordings"), DAY).await;
    before.record("r1", Duration::from_millis(1_500)).await;
    let ended = before.store.recording(tenant("school"), room("7b"), id("r1")).await.unwrap();
    let ended = ended.unwrap();
    let unended = Recording { ended: None, ..ended.clone() };
    before.store.put_recording(unended).await.unwrap();
    // Nobody calls for a recovery.
    let next = Studio::at(data.path(), before.folder.clone(), DAY).await;
    for _ in 0..500 {
        let row = next.store.recording(tenant("school"), room("7b"), id("r1")).await.unwrap();
        if row.as_ref() == Some(&ended) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it is still not ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_while_it_is_recovered_does_not_come_back() {
    let mut studio = Studio::new().await;
    studio.record("r1", Duration::from_millis(1_500)).await;
    let index = studio.ask("GET", "/api/recordings/r1", TEACHER).await.json();
    let file = fs::read(studio.path("r1")).unwrap();
    let first = |name: &str| index["fragments"][0][name].as_u64().unwrap() as usize;
    let (head, rest) = file.split_at(first("offset"));
    // The same cluster again and again: long enough to be read for a while.
    let long = [head, &rest[..first("length")].repeat(1_000)].concat();
    assert_eq!(studio.ask("DELETE", "/api/recordings/r1", TEACHER).await.status, 204);
    fs::write(studio.path("r2"), &long).unwrap();
    studio.store.put_recording(cut("r2", now() + 1_000_000)).await.unwrap();
    let delete = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        studio.ask("DELETE", "/api/recordings/r2", TEACHER).await.status
    };
    let ((), status) = tokio::join!(studio.recorder.recover(), delete);
    assert_eq!(status, 204);
    let row = studio.store.recording(tenant("school"), room("7b"), id("r2")).await;
    assert_eq!(row, Ok(None));
    assert!(!studio.path("r2").exists());
}
