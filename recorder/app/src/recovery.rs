//! Ends what a crash or a fault cut, and tidies up after it.
//!
//! Invariant: all whole clusters of a recording stay. A file that no row knows is never touched:
//! somebody may have put it there.
//! Left out on purpose: repairing the inside of a file.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use kreide_cluster::{Recording, RecordingSize};
use kreide_control::LessonKey;
use tokio::task::spawn_blocking;

use crate::recorder::Shared;
use crate::{file, folder};

/// Ends what was cut, then looks whether files and rows belong together.
pub(crate) async fn run(shared: &Shared) {
    end_cut(shared).await;
    look_for_strays(shared).await;
}

/// Ends all recordings that neither run nor are ended.
pub(crate) async fn end_cut(shared: &Shared) {
    let Ok(unended) = shared.catalogue.unended_recordings().await else { return };
    for recording in unended {
        if shared.jobs.get(&recording.id).is_none() {
            end_one(shared, &recording).await;
        }
    }
}

/// Ends one recording that nobody writes any more. To do so twice at once does no harm: both
/// write the same. Logs what cannot be done; it is tried again by the clock.
pub(crate) async fn end_one(shared: &Shared, recording: &Recording) {
    let (lesson, id) = (&recording.lesson, &recording.id);
    match recovered(shared, recording).await {
        Ok(Some(size)) => {
            tracing::info!(%lesson, recording = %id, length_ms = size.length, "recording sealed");
        }
        Ok(None) => tracing::info!(%lesson, recording = %id, "nothing of a recording is left"),
        Err(error) => {
            tracing::error!(%lesson, recording = %id, %error, "a recording cannot be sealed");
        }
    }
}

async fn recovered(shared: &Shared, recording: &Recording) -> io::Result<Option<RecordingSize>> {
    let path = shared.path_of(recording);
    let size = spawn_blocking(move || recover_file(path)).await.map_err(io::Error::other)??;
    let LessonKey { tenant, room, .. } = recording.lesson.clone();
    let id = recording.id.clone();
    let noted = match size {
        Some(size) => shared.catalogue.end_recording(tenant, room, id, size),
        None => shared.catalogue.forget_recording(tenant, room, id),
    };
    // That there is no such row any more is fine: somebody deleted the recording meanwhile.
    noted.await.map(|_was_there| size).map_err(io::Error::other)
}

/// Recovers a file, or deletes it if nothing of it can be played.
fn recover_file(path: PathBuf) -> io::Result<Option<RecordingSize>> {
    match file::recover(&path) {
        Ok(None) => folder::delete(&path).map(|()| None),
        Err(error) if folder::is_none(&error) => Ok(None),
        other => other,
    }
}

/// Says which files no row knows, and forgets rows of the same rooms whose files are gone.
async fn look_for_strays(shared: &Shared) {
    let folder = shared.config.folder.clone();
    let files = match spawn_blocking(move || folder::all(&folder)).await {
        Ok(Ok(files)) => files,
        Ok(Err(error)) => {
            tracing::error!(%error, "the folder of recordings cannot be read");
            return;
        }
        Err(_the_runtime_ends) => return,
    };
    let mut rooms = BTreeSet::new();
    for (tenant, room, recording) in files {
        rooms.insert((tenant.clone(), room.clone()));
        let known = shared.catalogue.recording(tenant.clone(), room.clone(), recording.clone());
        if known.await == Ok(None) {
            tracing::warn!(%tenant, %room, %recording, "a file of no known recording is left alone");
        }
    }
    for (tenant, room) in rooms {
        let Ok(rows) = shared.catalogue.recordings(tenant, room).await else { continue };
        for row in rows.into_iter().filter(|row| shared.jobs.get(&row.id).is_none()) {
            forget_if_gone(shared, row).await;
        }
    }
}

async fn forget_if_gone(shared: &Shared, row: Recording) {
    let path = shared.path_of(&row);
    let is_there = spawn_blocking(move || path.try_exists()).await;
    if let Ok(Ok(false)) = is_there {
        let (lesson, id) = (row.lesson, row.id);
        tracing::warn!(%lesson, recording = %id, "the file of a recording is gone");
        // If this fails, the next start finds it again.
        let _again = shared.catalogue.forget_recording(lesson.tenant, lesson.room, id).await;
    }
}
