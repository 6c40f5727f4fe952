//! What the recorder is told.
//!
//! Invariant: the recorder records only while both the committed lesson and the draft do, and not
//! before the media plane knows whose media it may get. A recording begins no sooner after people
//! were told than they were promised. The recorder is stopped when this task ends, however it
//! ends.
//! Left out on purpose: what it writes, and how it is played.

use std::sync::Arc;

use kreide_control::{
    Command, LessonKey, Overloaded, ParticipantNo, RecordOrder, RecorderEvent, RecorderPlane,
    RecordingEnd, RecordingId,
};
use kreide_lesson::{Actor, Intent, Millis};
use tokio::time::Instant;

use super::{Keeper, Then};
use crate::{clock, secret};

/// The recorder, as far as this lesson is concerned.
pub(super) struct Recorder {
    plane: Arc<dyn RecorderPlane>,
    lesson: LessonKey,
    /// What it was ordered to record.
    ordered: Option<RecordingId>,
    /// When what was announced begins.
    due: Option<(Instant, RecordingId)>,
}

impl Recorder {
    pub(super) fn new(plane: Arc<dyn RecorderPlane>, lesson: LessonKey) -> Self {
        Self { plane, lesson, ordered: None, due: None }
    }

    /// A recording begins at this moment.
    pub(super) fn begins(&mut self, at: Instant, id: RecordingId) {
        self.due = Some((at, id));
    }

    /// When the announced recording begins.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.as_ref().map(|(at, _)| *at)
    }

    /// The recording whose time has come.
    pub(super) fn due_by(&mut self, now: Instant) -> Option<RecordingId> {
        self.due.take_if(|(at, _)| *at <= now).map(|(_, id)| id)
    }

    fn record(&mut self, order: RecordOrder) -> Result<(), Overloaded> {
        let id = order.recording.clone();
        self.plane.record(order)?;
        self.ordered = Some(id);
        Ok(())
    }

    fn stop(&mut self) {
        if self.ordered.take().is_some() {
            self.plane.stop(&self.lesson);
        }
    }

    /// It has ended by itself. Returns whether it was to go on.
    fn has_stopped(&mut self, id: &RecordingId) -> bool {
        self.ordered.take_if(|ordered| ordered == id).is_some()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Keeper {
    /// A teacher wants to record.
    pub(super) fn start_recording(&mut self, by: ParticipantNo, then: Then) {
        let id = RecordingId::parse(&secret::random()).expect("a secret has an id's alphabet");
        let lead = i64::try_from(self.context.config.recording_lead.as_millis());
        let begins = Millis(clock::now().saturating_add(lead.unwrap_or(i64::MAX)));
        self.propose(Actor::Participant(by), Intent::StartRecording { id, begins }, then);
    }

    /// Everybody has been told of a recording: from now on its time counts.
    pub(super) fn announced(&mut self, id: RecordingId) {
        self.recorder.begins(Instant::now() + self.context.config.recording_lead, id);
    }

    /// What the log holds of a recording that an earlier owner began is not going on.
    pub(super) fn interrupt_recording(&mut self) {
        let recording = self.ledger.committed().recording().take();
        if let Some(id) = recording.map(|take| take.id.clone()) {
            self.recording_ended(id, RecordingEnd::Interrupted, true);
        }
    }

    /// Tells the recorder what it does not know yet. Called after the plane was told.
    pub(super) fn tell_recorder(&mut self) {
        let drafted = self.ledger.draft().recording().running();
        let wanted = self.ledger.committed().recording().running();
        let wanted = wanted.filter(|take| drafted.is_some_and(|draft| draft.id == take.id));
        if self.recorder.ordered.as_ref() != wanted.map(|take| &take.id) {
            self.recorder.stop();
        }
        let Some(take) = wanted.filter(|_| self.recorder.ordered.is_none()) else { return };
        if self.repeat_media.is_some() {
            // Someone who is not to be recorded may still count as recordable.
            return;
        }
        let order = RecordOrder {
            lesson: self.key.clone(),
            epoch: self.ledger.epoch(),
            recording: take.id.clone(),
            by: take.by,
            started: take.since.0,
        };
        let id = take.id.clone();
        match self.recorder.record(order) {
            Ok(()) => tracing::info!(lesson = %self.key, recording = %id, "recording"),
            Err(Overloaded) => {
                tracing::error!(lesson = %self.key, recording = %id, "no more recordings fit");
                self.recording_ended(id, RecordingEnd::Interrupted, false);
            }
        }
    }

    /// The recorder says something.
    pub(super) fn recorder_event(&mut self, event: RecorderEvent) {
        let RecorderEvent::Stopped { recording, why, .. } = event;
        tracing::info!(lesson = %self.key, %recording, ?why, "recording stopped");
        let why = match (why, self.recorder.has_stopped(&recording)) {
            (RecordingEnd::Ordered, false) => return,
            // We did not order it.
            (RecordingEnd::Ordered, true) => RecordingEnd::Interrupted,
            (why, _) => why,
        };
        self.recording_ended(recording, why, true);
    }

    /// Nothing may reach the recorder any more on behalf of this task.
    pub(super) fn end_recording(&mut self) {
        let (lesson, plane) = (&self.key, &self.context.media);
        for (participant, seat) in self.seats.iter_mut() {
            let Some(transport) = &mut seat.transport else { continue };
            if std::mem::take(&mut transport.recordable) {
                let lesson = lesson.clone();
                let order = Command::SetRecordable { lesson, participant, recordable: false };
                // The recorder is stopped below, so this is a second lock on the same door.
                let _overloaded = plane.send(order);
            }
        }
        self.recorder.stop();
    }

    fn recording_ended(&mut self, id: RecordingId, why: RecordingEnd, kept: bool) {
        let ended = Intent::RecordingEnded { id, why, kept };
        self.propose(Actor::Server, ended, Then::Nothing);
    }
}
