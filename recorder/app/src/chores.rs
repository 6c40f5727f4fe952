//! What the recorder does by the clock: it deletes recordings whose time is over, ends again those
//! that could not be ended, and gives up those whose disk hangs.
//!
//! Invariant: a file goes before its row, so that a crash between them forgets no file.
//! Left out on purpose: recordings that run. They are deleted after their end at the earliest.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kreide_cluster::Recording;
use kreide_control::RecordingEnd;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use crate::recorder::Shared;
use crate::{clock, folder, job, recovery};

/// How often recordings are looked for whose time is over, or that are not ended.
const TIDY: Duration = Duration::from_secs(60);
/// How often threads are looked for that hang.
const WATCH: Duration = Duration::from_millis(500);

/// Does the chores, again and again.
pub(crate) async fn run(shared: Arc<Shared>) {
    // Beside each other: who tidies waits for disks, and these are what is watched.
    tokio::join!(tidy(&shared), watch(&shared));
}

async fn tidy(shared: &Shared) {
    let mut tidy = interval(TIDY);
    tidy.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tidy.tick().await;
        delete_due(shared).await;
        recovery::end_cut(shared).await;
    }
}

async fn watch(shared: &Shared) {
    let mut watch = interval(WATCH);
    // The process itself may have been held up: threads get a turn before they are judged.
    watch.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        watch.tick().await;
        give_up_hanging(shared).await;
    }
}

async fn give_up_hanging(shared: &Shared) {
    for job in shared.jobs.give_up_hanging(Instant::now()) {
        let (lesson, recording) = (&job.order.lesson, &job.order.recording);
        tracing::error!(%lesson, %recording, "the storage of a recording hangs");
        shared.metrics.end(RecordingEnd::StorageFailed);
        // The queue has room for every job. Nobody listens any more at the end of the process.
        let _gone = shared.events.send(job::stopped(&job, RecordingEnd::StorageFailed)).await;
    }
}

async fn delete_due(shared: &Shared) {
    let now = clock::now();
    // Those that stay until the next turn. They must not stand in the way of all others.
    let mut left = 0;
    loop {
        let due = shared.catalogue.recordings_to_delete(now, left).await.unwrap_or_default();
        if due.is_empty() {
            return;
        }
        for recording in due {
            left += u32::from(!is_deleted(shared, &recording).await);
        }
    }
}

/// Deletes a recording whose time is over, unless it runs. Logs what cannot be done.
async fn is_deleted(shared: &Shared, recording: &Recording) -> bool {
    if shared.jobs.get(&recording.id).is_some() {
        return false;
    }
    let (lesson, id) = (&recording.lesson, &recording.id);
    match delete_one(shared, recording).await {
        Ok(()) => {
            shared.metrics.expired.inc();
            tracing::info!(%lesson, recording = %id, "recording deleted, its time is over");
            true
        }
        Err(error) => {
            tracing::error!(%lesson, recording = %id, %error, "a recording is deleted later");
            false
        }
    }
}

/// Deletes a recording that does not run: its file, then its row.
pub(crate) async fn delete_one(shared: &Shared, recording: &Recording) -> io::Result<()> {
    let path = shared.path_of(recording);
    spawn_blocking(move || folder::delete(&path)).await.map_err(io::Error::other)??;
    shared.indexes.forget(&recording.id);
    let lesson = recording.lesson.clone();
    let forgotten =
        shared.catalogue.forget_recording(lesson.tenant, lesson.room, recording.id.clone());
    forgotten.await.map(|_was_there| ()).map_err(io::Error::other)
}
