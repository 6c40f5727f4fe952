//! What the recorder does by the clock: it deletes recordings whose time is over, and gives up
//! those whose disk hangs.
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
use crate::{clock, folder, job};

/// How often recordings are looked for whose time is over.
const DELETE: Duration = Duration::from_secs(60);
/// How often threads are looked for that hang.
const WATCH: Duration = Duration::from_millis(500);

/// Does the chores, again and again.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut delete = interval(DELETE);
    let mut watch = interval(WATCH);
    // The process itself may have been held up: threads get a turn before they are judged.
    watch.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = delete.tick() => delete_due(&shared).await,
            _ = watch.tick() => give_up_hanging(&shared).await,
        }
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
    // A hundred at a time; the rest follows with the next turn.
    let Ok(due) = shared.catalogue.recordings_to_delete(clock::now()).await else { return };
    for recording in due {
        let (lesson, id) = (recording.lesson.clone(), recording.id.clone());
        match delete_one(shared, &recording).await {
            Ok(()) => {
                shared.metrics.expired.inc();
                tracing::info!(%lesson, recording = %id, "recording deleted, its time is over");
            }
            Err(error) => {
                tracing::error!(%lesson, recording = %id, %error, "a recording is deleted later");
            }
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
