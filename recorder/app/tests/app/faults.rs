//! Disks that are full, places that cannot be written, and a process that is killed.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use kreide_cluster::Catalogue;
use kreide_control::{RecorderEvent, RecorderPlane, RecordingEnd};

use crate::kit::{DAY, Studio, frames, id, lesson, probe, room, seconds, tenant};

/// Tells a test that it runs a second time, inside what the first run made, and where.
const INSIDE: &str = "KREIDE_TEST_INSIDE";

fn inside() -> Option<PathBuf> {
    env::var_os(INSIDE).map(PathBuf::from)
}

/// Does not outlive its test.
struct Child(std::process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        let _already_gone = self.0.kill();
    }
}

/// This binary, to run one of its tests again.
fn again(test: &str, place: &std::path::Path) -> Vec<String> {
    let binary = env::current_exe().unwrap();
    let place = format!("{INSIDE}={}", place.display());
    ["env", &place, binary.to_str().unwrap(), "--exact", test, "--nocapture"]
        .map(str::to_owned)
        .to_vec()
}

/// Runs a test again in a mount namespace of its own, where a folder is a disk of one megabyte.
fn on_a_small_disk(test: &str) {
    let disk = tempfile::tempdir().unwrap();
    let can = |options: &str| {
        let tried = Process::new("unshare").args([options, "mount", "--version"]).output();
        tried.is_ok_and(|tried| tried.status.success())
    };
    // As root, or else as root of a namespace.
    let options = ["-m", "-rm"].into_iter().find(|options| can(options));
    let options = options.expect("a mount namespace can be made, by root or by user namespaces");
    let output = Process::new("unshare")
        .args([options, "sh", "-c", "mount -t tmpfs -o size=1m tmpfs \"$0\" && exec \"$@\""])
        .arg(disk.path())
        .args(again(test, disk.path()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_ends_the_recording_and_leaves_what_there_is() {
    let Some(disk) = inside() else {
        on_a_small_disk("faults::a_full_disk_ends_the_recording_and_leaves_what_there_is");
        return;
    };
    fs::write(disk.join("others"), vec![1; 500 * 1024]).unwrap();
    let data = tempfile::tempdir().unwrap();
    let mut studio = Studio::at(data.path(), disk.join("recordings"), 30 * DAY).await;
    frames();
    studio.recorder.record(studio.order("r1")).unwrap();
    let lesson_goes_on = studio.play(Duration::from_secs(15));
    let RecorderEvent::Stopped { why, .. } = studio.stopped().await;
    assert_eq!(why, RecordingEnd::StorageFull);
    let filler = vec![1; 1024 * 1024];
    assert!(fs::write(disk.join("more"), filler).is_err(), "the disk is full indeed");

    let row = studio.store.recording(tenant("school"), room("7b"), id("r1")).await.unwrap();
    let size = row.unwrap().ended.expect("sealed without any space");
    let length = fs::metadata(studio.path("r1")).unwrap().len();
    assert_eq!(size.bytes.unsigned_abs(), length);
    let probed = probe(&studio.path("r1"));
    assert!((seconds(&probed) - size.length as f64 / 1000.0).abs() < 0.05, "{probed}");
    assert!(size.length >= 900, "{size:?}");
    lesson_goes_on.join().unwrap();

    // The next one cannot begin, and leaves nothing behind.
    studio.recorder.record(studio.order("r2")).unwrap();
    let RecorderEvent::Stopped { why, .. } = studio.stopped().await;
    assert_eq!(why, RecordingEnd::StorageFull);
    assert!(!studio.path("r2").exists());
    let row = studio.store.recording(tenant("school"), room("7b"), id("r2")).await;
    assert_eq!(row, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_written_is_told_at_once() {
    let data = tempfile::tempdir().unwrap();
    // Below a file there can be no folder, not even for root.
    fs::write(data.path().join("file"), "").unwrap();
    let folder = data.path().join("file/recordings");
    let mut studio = Studio::at(data.path(), folder, 30 * DAY).await;
    studio.recorder.record(studio.order("r1")).unwrap();
    let stopped = studio.stopped().await;
    let (lesson, recording, why) = (lesson(), id("r1"), RecordingEnd::StorageFailed);
    assert_eq!(stopped, RecorderEvent::Stopped { lesson, recording, why });
    let row = studio.store.recording(tenant("school"), room("7b"), id("r1")).await;
    assert_eq!(row, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_two_seconds_at_most() {
    if let Some(data) = inside() {
        let studio = Studio::at(&data, data.join("recordings"), 30 * DAY).await;
        frames();
        studio.recorder.record(studio.order("r1")).unwrap();
        studio.play(Duration::from_secs(60)).join().unwrap();
        panic!("nobody killed it");
    }
    let data = tempfile::tempdir().unwrap();
    let command = again("faults::a_killed_process_loses_two_seconds_at_most", data.path());
    let mut child = Child(
        Process::new(&command[0])
            .args(&command[1..])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let file = data.path().join("recordings/school/7b/r1.webm");
    let patience = Instant::now();
    while !file.exists() {
        assert!(patience.elapsed() < Duration::from_secs(60), "no recording begins");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_millis(3_700)).await;
    let ran = begun.elapsed();
    child.0.kill().unwrap();
    child.0.wait().unwrap();

    let studio = Studio::at(data.path(), data.path().join("recordings"), 30 * DAY).await;
    studio.recorder.recover().await;
    let row = studio.store.recording(tenant("school"), room("7b"), id("r1")).await.unwrap();
    let length = Duration::from_millis(row.unwrap().ended.unwrap().length.unsigned_abs());
    assert!(length + Duration::from_secs(2) >= ran, "{length:?} of {ran:?}");
    let probed = probe(&file);
    assert!((seconds(&probed) - length.as_secs_f64()).abs() < 0.05, "{length:?} {probed}");
}
