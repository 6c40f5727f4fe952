//! The thread of one recording: it owns the tap, the timeline and the file.
//!
//! Invariant: all of a recording's waiting for the disk happens here. The tap's queue is bounded
//! on the shard's side: while this thread waits, what does not fit is dropped there.
//! Left out on purpose: repairing. What a fault leaves half written, `recovery` ends.

use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use kreide_cluster::Recording;
use kreide_control::{
    Command, LessonKey, ParticipantNo, RecorderEvent, RecordingEnd, SlotRequest, Source, Tap, View,
};
use kreide_recorder_core::{Counts, Order, Settings, Timeline};

use crate::file::RecordingFile;
use crate::jobs::Job;
use crate::recorder::Shared;
use crate::{clock, recovery};

/// The longest wait for the tap, so that an order to end is seen.
const TURN: Duration = Duration::from_millis(100);
/// How long a tap may have hung up before the order to end comes: at the end of a lesson both
/// are on their way at the same time.
const PATIENCE: Duration = Duration::from_millis(500);
/// Height of the picture that is asked for, in pixels.
const HEIGHT: u16 = 720;

/// Records until the end, and tells it.
pub(crate) fn run(shared: &Shared, job: &Arc<Job>, tap: Tap) {
    shared.metrics.running.inc();
    let (lesson, recording) = (&job.order.lesson, &job.order.recording);
    tracing::info!(%lesson, %recording, "recording");
    let why = catch_unwind(AssertUnwindSafe(|| record(shared, job, tap))).unwrap_or_else(|_| {
        tracing::error!(%lesson, %recording, "a recording panicked; what there is of it is kept");
        clean_up(shared, job);
        RecordingEnd::Interrupted
    });
    shared.jobs.remove(recording);
    shared.metrics.running.dec();
    tracing::info!(%lesson, %recording, ?why, "recording ended");
    if !job.is_given_up() {
        shared.metrics.end(why);
        // The queue has room for every job. Nobody listens any more at the end of the process.
        let _gone = shared.events.blocking_send(stopped(job, why));
    }
}

/// What signaling is told.
pub(crate) fn stopped(job: &Job, why: RecordingEnd) -> RecorderEvent {
    let (lesson, recording) = (job.order.lesson.clone(), job.order.recording.clone());
    RecorderEvent::Stopped { lesson, recording, why }
}

/// A recording as it stands in the catalogue while it runs.
fn row(shared: &Shared, job: &Job) -> Recording {
    let kept = i64::try_from(shared.config.kept.as_millis()).unwrap_or(i64::MAX);
    Recording {
        id: job.order.recording.clone(),
        lesson: job.order.lesson.clone(),
        started: job.order.started,
        ended: None,
        released: false,
        kept_until: job.order.started.saturating_add(kept),
    }
}

fn record(shared: &Shared, job: &Job, tap: Tap) -> RecordingEnd {
    match Taping::begin(shared, job) {
        Ok(mut taping) => taping.run(tap),
        Err(why) => {
            clean_up(shared, job);
            why
        }
    }
}

/// Ends the file as after a crash; without anything to play, neither file nor row stays.
fn clean_up(shared: &Shared, job: &Job) {
    shared.runtime.block_on(recovery::end_one(shared, &row(shared, job)));
}

struct Taping<'a> {
    shared: &'a Shared,
    job: &'a Job,
    timeline: Timeline,
    file: RecordingFile,
    /// A view that the shard had no room for yet.
    unsent: Option<View>,
    counted: Counted,
}

/// What metrics have been told.
#[derive(Default)]
struct Counted {
    media: Counts,
    cpu: Duration,
}

impl<'a> Taping<'a> {
    /// The row comes before the file: what a crash leaves is then known.
    fn begin(shared: &'a Shared, job: &'a Job) -> Result<Self, RecordingEnd> {
        let (lesson, recording) = (&job.order.lesson, &job.order.recording);
        let settings = Settings { by: job.order.by, start: job.start };
        let timeline = Timeline::new(settings).map_err(|error| {
            tracing::error!(%lesson, %recording, %error, "cannot record");
            RecordingEnd::Interrupted
        })?;
        let put = shared.catalogue.put_recording(row(shared, job));
        shared.runtime.block_on(put).map_err(|_logged| RecordingEnd::StorageFailed)?;
        let file = RecordingFile::create(&shared.path_of(&row(shared, job)))
            .map_err(|error| fault(job, &error))?;
        let (unsent, counted) = (None, Counted::default());
        Ok(Self { shared, job, timeline, file, unsent, counted })
    }

    fn run(&mut self, tap: Tap) -> RecordingEnd {
        let why = self.listen(tap).unwrap_or_else(|error| fault(self.job, &error));
        self.count();
        match self.seal() {
            Ok(()) => why,
            // The first fault is the one to tell.
            Err(error) if why == RecordingEnd::Ordered => fault(self.job, &error),
            Err(error) => {
                fault(self.job, &error);
                why
            }
        }
    }

    /// Takes in what comes until the end. To drop the tap is to leave the lesson's media.
    fn listen(&mut self, tap: Tap) -> io::Result<RecordingEnd> {
        let (end, why) = loop {
            let now = Instant::now();
            if let Some(end) = self.job.turn(now) {
                break (end, RecordingEnd::Ordered);
            }
            let wait = self.timeline.poll_timeout().saturating_duration_since(now).min(TURN);
            match tap.feed.recv_timeout(wait) {
                Ok(tapped) => self.timeline.handle(tapped, Instant::now()),
                // Nothing waits any more: what comes from now on is judged by the clock.
                Err(RecvTimeoutError::Timeout) => self.timeline.handle_timeout(Instant::now()),
                Err(RecvTimeoutError::Disconnected) => break self.hung_up(),
            }
            self.carry_out_orders();
            self.write()?;
        };
        drop(tap);
        self.timeline.finish(end);
        self.write()?;
        Ok(why)
    }

    /// The tap hung up: because the lesson ends, which will be told, or by itself.
    fn hung_up(&self) -> (Instant, RecordingEnd) {
        let now = Instant::now();
        while now.elapsed() < PATIENCE {
            if let Some(end) = self.job.wished_end() {
                return (end, RecordingEnd::Ordered);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        (now, RecordingEnd::Interrupted)
    }

    fn carry_out_orders(&mut self) {
        while let Some(order) = self.timeline.poll_order() {
            match order {
                Order::Look(source) => self.unsent = Some(view(source)),
                // If the shard has no room, the timeline asks again.
                Order::Keyframe => {
                    let _asked_again = self.shared.media.send(Command::WantKeyframe {
                        lesson: self.job.order.lesson.clone(),
                        participant: ParticipantNo::RECORDER,
                        slot: 0,
                    });
                }
            }
        }
        if let Some(view) = self.unsent.take() {
            let order = Command::SetView {
                lesson: self.job.order.lesson.clone(),
                participant: ParticipantNo::RECORDER,
                view: view.clone(),
            };
            if self.shared.media.send(order).is_err() {
                self.unsent = Some(view);
            }
        }
    }

    fn write(&mut self) -> io::Result<()> {
        while let Some(fragment) = self.timeline.poll_fragment() {
            let info = self.file.append(&fragment)?;
            self.job.grown(info, self.file.length(), self.file.bytes());
            self.shared.metrics.fragments.inc();
            self.shared.metrics.bytes.inc_by(info.length);
            self.count();
        }
        Ok(())
    }

    fn count(&mut self) {
        let media = self.timeline.counts();
        self.shared.metrics.media(self.counted.media, media);
        self.counted.media = media;
        let cpu = clock::thread_cpu().unwrap_or_default();
        self.shared.metrics.cpu(cpu.saturating_sub(self.counted.cpu));
        self.counted.cpu = cpu;
    }

    /// Ends the file, then its row. A recording of no length leaves nothing behind.
    fn seal(&self) -> io::Result<()> {
        let progress = self.job.progress();
        if progress.fragments.is_empty() {
            clean_up(self.shared, self.job);
            return Ok(());
        }
        let size = self.file.seal(&progress.fragments)?;
        let LessonKey { tenant, room, .. } = self.job.order.lesson.clone();
        let id = self.job.order.recording.clone();
        let ended = self.shared.catalogue.end_recording(tenant, room, id, size);
        self.shared.runtime.block_on(ended).map(|_was_there| ()).map_err(io::Error::other)
    }
}

/// Picture slot 0 shows this; it is all that a recorder sees.
fn view(source: Option<Source>) -> View {
    let slots = source.map(|source| SlotRequest { slot: 0, source, height: HEIGHT, priority: 0 });
    View { slots: slots.into_iter().collect() }
}

/// Logs a fault of the storage, and says what it is to the class.
fn fault(job: &Job, error: &io::Error) -> RecordingEnd {
    let (lesson, recording) = (&job.order.lesson, &job.order.recording);
    tracing::error!(%lesson, %recording, %error, "the storage refuses a recording");
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            RecordingEnd::StorageFull
        }
        _ => RecordingEnd::StorageFailed,
    }
}
