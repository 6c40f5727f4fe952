//! The answers that are JSON: the list, the index; and release and deletion.
//!
//! Invariant: what a reader is told of a recording that runs is on disk already.
//! Left out on purpose: bytes of media (`bytes`).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use kreide_cluster::Recording;
use kreide_protocol::{RecordingIndex, RecordingInfo, Recordings, Release};
use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::{Desk, Reader, Refusal, may_see};
use crate::indexes::{self, Index};
use crate::{chores, webm};

pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    Reader(access): Reader,
) -> Result<Json<Recordings>, Refusal> {
    let rows = desk.shared.catalogue.recordings(access.tenant.clone(), access.room.clone());
    let mut recordings = Vec::new();
    for row in rows.await?.into_iter().filter(|row| may_see(&access, row)) {
        recordings.push(desk.info(&row).await);
    }
    let title = desk.title(&access).await?;
    Ok(Json(Recordings { title, manages: access.teacher, recordings }))
}

/// Which part of an index is asked for.
#[derive(Deserialize)]
pub(super) struct Part {
    /// How many fragments the reader knows already.
    #[serde(default)]
    from: usize,
}

pub(super) async fn index(
    State(desk): State<Arc<Desk>>,
    Reader(access): Reader,
    Path(id): Path<String>,
    Query(part): Query<Part>,
) -> Result<Json<RecordingIndex>, Refusal> {
    let row = desk.see(&access, &id).await?;
    let index = desk.index(&row).await?;
    let recording = desk.info(&row).await;
    let title = desk.title(&access).await?;
    Ok(Json(RecordingIndex {
        title,
        recording,
        manages: access.teacher,
        mime: webm::MIME.to_owned(),
        init: index.init,
        fragments: index.fragments.get(part.from..).unwrap_or_default().to_vec(),
    }))
}

pub(super) async fn release(
    State(desk): State<Arc<Desk>>,
    Reader(access): Reader,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let row = desk.manage(&access, &id).await?;
    let Release { released } = serde_json::from_slice(&body).map_err(|_| Refusal::BadBody)?;
    let lesson = row.lesson;
    let catalogue = &desk.shared.catalogue;
    let is_there = catalogue.release_recording(lesson.tenant, lesson.room, row.id, released);
    if is_there.await? { Ok(StatusCode::NO_CONTENT) } else { Err(Refusal::Missing) }
}

pub(super) async fn delete(
    State(desk): State<Arc<Desk>>,
    Reader(access): Reader,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let row = desk.manage(&access, &id).await?;
    if desk.shared.jobs.get(&row.id).is_some() {
        return Err(Refusal::Running);
    }
    chores::delete_one(&desk.shared, &row).await?;
    let (lesson, id) = (row.lesson, row.id);
    tracing::info!(%lesson, recording = %id, "recording deleted by a teacher");
    Ok(StatusCode::NO_CONTENT)
}

impl Desk {
    /// Where the fragments of a recording stand at this moment.
    pub(super) async fn index(&self, row: &Recording) -> Result<Arc<Index>, Refusal> {
        if let Some(job) = self.shared.jobs.get(&row.id) {
            let progress = job.progress();
            return Ok(Arc::new(Index {
                init: webm::init_length(),
                fragments: progress.fragments,
                length: progress.length,
                bytes: progress.bytes,
            }));
        }
        if let Some(index) = self.shared.indexes.get(&row.id) {
            return Ok(index);
        }
        let path = self.shared.path_of(row);
        let read = spawn_blocking(move || indexes::read(&path)).await;
        let index = Arc::new(read.map_err(|_the_runtime_ends| Refusal::Storage)??);
        // What is not ended may still be sealed, by which its index changes.
        if row.ended.is_some() {
            self.shared.indexes.put(row.id.clone(), index.clone());
        }
        Ok(index)
    }

    async fn info(&self, row: &Recording) -> RecordingInfo {
        let job = self.shared.jobs.get(&row.id);
        let (length, bytes) = match (&job, row.ended) {
            (Some(job), _) => job.size(),
            (None, Some(size)) => (size.length.unsigned_abs(), size.bytes.unsigned_abs()),
            (None, None) => {
                self.index(row).await.map_or((0, 0), |index| (index.length, index.bytes))
            }
        };
        RecordingInfo {
            id: row.id.to_string(),
            lesson: row.lesson.lesson,
            started: row.started,
            length,
            bytes,
            running: job.is_some(),
            released: row.released,
            kept_until: row.kept_until,
        }
    }
}
