//! The recorder as the binary holds it: orders in, events out, an orderly end.
//!
//! Invariant: nothing that a caller waits for touches a disk.
//! Left out on purpose: what happens to a recording (`job`), and playing it (`http`).

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use kreide_cluster::{Catalogue, Recording};
use kreide_control::{
    LessonKey, MediaPlane, MediaTap, Overloaded, RecordOrder, RecorderEvent, RecorderPlane,
    RecordingId, RoomId, TenantId,
};
use prometheus::Registry;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::indexes::Indexes;
use crate::jobs::{Job, Jobs};
use crate::metrics::Metrics;
use crate::{Doorkeeper, RecorderConfig, chores, folder, http, job, recovery};

/// How long recordings may take to end at the shutdown. A disk that hangs longer leaves the rest
/// to the next start.
const END: Duration = Duration::from_secs(5);

/// What a recorder is built from.
pub struct Parts {
    /// Where media comes from.
    pub tap: Arc<dyn MediaTap>,
    /// Where views and keyframes are ordered.
    pub media: Arc<dyn MediaPlane>,
    /// Knows all recordings.
    pub catalogue: Arc<dyn Catalogue>,
    /// Where metrics are registered.
    pub registry: Registry,
}

/// Records lessons and plays recordings.
pub struct Recorder {
    shared: Arc<Shared>,
    chores: JoinHandle<()>,
}

/// What all threads and requests share.
pub(crate) struct Shared {
    pub(crate) config: RecorderConfig,
    pub(crate) tap: Arc<dyn MediaTap>,
    pub(crate) media: Arc<dyn MediaPlane>,
    pub(crate) catalogue: Arc<dyn Catalogue>,
    pub(crate) metrics: Metrics,
    pub(crate) runtime: Handle,
    pub(crate) jobs: Jobs,
    pub(crate) events: mpsc::Sender<RecorderEvent>,
    pub(crate) indexes: Indexes,
}

impl Shared {
    /// Where a recording's file is.
    pub(crate) fn path_of(&self, recording: &Recording) -> PathBuf {
        self.path(&recording.lesson.tenant, &recording.lesson.room, &recording.id)
    }

    pub(crate) fn path(&self, tenant: &TenantId, room: &RoomId, id: &RecordingId) -> PathBuf {
        folder::path(&self.config.folder, tenant, room, id)
    }
}

impl Recorder {
    /// Builds a recorder, and says where its events come. Nothing is recorded yet, and nothing is
    /// on disk. Must be called on a tokio runtime, which then carries its chores: deleting
    /// recordings whose time is over.
    ///
    /// # Errors
    /// If a metric of the same name is registered already.
    pub fn new(
        config: RecorderConfig,
        parts: Parts,
    ) -> Result<(Self, mpsc::Receiver<RecorderEvent>), prometheus::Error> {
        // Every recording has one event. A thread that finds no room waits by itself.
        let (events, receiver) = mpsc::channel(config.max_recordings.max(1));
        let shared = Arc::new(Shared {
            jobs: Jobs::new(config.max_recordings),
            config,
            tap: parts.tap,
            media: parts.media,
            catalogue: parts.catalogue,
            metrics: Metrics::new(&parts.registry)?,
            runtime: Handle::current(),
            events,
            indexes: Indexes::default(),
        });
        let chores = tokio::spawn(chores::run(shared.clone()));
        Ok((Self { shared, chores }, receiver))
    }

    /// The routes below `/api/recordings`.
    pub fn router(&self, doorkeeper: Arc<dyn Doorkeeper>) -> Router {
        http::router(self.shared.clone(), doorkeeper)
    }

    /// Ends what a crash cut, and tidies up. To be called once, after the start. Recordings may
    /// begin meanwhile. Logs what cannot be done.
    pub async fn recover(&self) {
        recovery::run(&self.shared).await;
    }

    /// Takes no more orders, ends all recordings and waits until they can be played, but not for
    /// a disk that hangs.
    pub async fn shutdown(&self) {
        self.shared.jobs.close(Instant::now());
        if tokio::time::timeout(END, self.shared.jobs.all_ended()).await.is_err() {
            tracing::warn!("some recordings did not end in time; the next start ends them");
        }
        self.chores.abort();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.chores.abort();
    }
}

impl RecorderPlane for Recorder {
    fn record(&self, order: RecordOrder) -> Result<(), Overloaded> {
        let job = Arc::new(Job::new(order, Instant::now()));
        self.shared.jobs.add(job.clone())?;
        let (lesson, id) = (job.order.lesson.clone(), job.order.recording.clone());
        let begun = self.shared.tap.tap(&lesson, job.order.epoch).and_then(|tap| {
            let shared = self.shared.clone();
            thread::Builder::new()
                .name("recorder".to_owned())
                .spawn(move || job::run(&shared, &job, tap))
                .map_err(|error| {
                    tracing::error!(%lesson, %error, "no thread for a recording");
                    Overloaded
                })
        });
        begun.map(|_runs_by_itself| ()).inspect_err(|_| self.shared.jobs.remove(&id))
    }

    fn stop(&self, lesson: &LessonKey) {
        self.shared.jobs.end(lesson, Instant::now());
    }
}
