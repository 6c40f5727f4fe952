//! What the recorder counts.
//!
//! Invariant: every name begins with `kreide_record`; no label holds a school, a room or a person.

use std::time::Duration;

use kreide_control::RecordingEnd;
use kreide_recorder_core::Counts;
use prometheus::core::Collector;
use prometheus::{Counter, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

/// The recorder's counters.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    /// Recordings that run.
    pub(crate) running: IntGauge,
    /// Fragments on disk.
    pub(crate) fragments: IntCounter,
    /// Bytes of fragments on disk.
    pub(crate) bytes: IntCounter,
    /// Processor time of recordings.
    cpu: Counter,
    /// Ended recordings, by reason.
    ended: IntCounterVec,
    /// What went wrong with media, by kind.
    trouble: IntCounterVec,
    /// Sound that was made up.
    concealed: Counter,
    /// Keyframes asked for.
    keyframes: IntCounter,
    /// Recordings deleted because their time was over.
    pub(crate) expired: IntCounter,
}

impl Metrics {
    /// # Errors
    /// If a metric of the same name is registered already.
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let vec = |name, help, label| IntCounterVec::new(Opts::new(name, help), &[label]);
        let metrics = Self {
            running: IntGauge::new("kreide_recordings", "Recordings that run")?,
            fragments: IntCounter::new("kreide_recorder_fragments_total", "Fragments on disk")?,
            bytes: IntCounter::new("kreide_recorder_bytes_total", "Bytes of fragments on disk")?,
            cpu: Counter::new("kreide_recorder_cpu_seconds_total", "Processor time")?,
            ended: vec("kreide_recordings_ended_total", "Ended recordings", "reason")?,
            trouble: vec("kreide_recorder_trouble_total", "Packets or pictures amiss", "kind")?,
            concealed: Counter::new(
                "kreide_recorder_concealed_seconds_total",
                "Sound made up in place of lost packets",
            )?,
            keyframes: IntCounter::new("kreide_recorder_keyframes_total", "Keyframes asked for")?,
            expired: IntCounter::new(
                "kreide_recordings_expired_total",
                "Recordings deleted because their time was over",
            )?,
        };
        let all: [Box<dyn Collector>; 9] = [
            Box::new(metrics.running.clone()),
            Box::new(metrics.fragments.clone()),
            Box::new(metrics.bytes.clone()),
            Box::new(metrics.cpu.clone()),
            Box::new(metrics.ended.clone()),
            Box::new(metrics.trouble.clone()),
            Box::new(metrics.concealed.clone()),
            Box::new(metrics.keyframes.clone()),
            Box::new(metrics.expired.clone()),
        ];
        for collector in all {
            registry.register(collector)?;
        }
        Ok(metrics)
    }

    pub(crate) fn end(&self, why: RecordingEnd) {
        let reason = match why {
            RecordingEnd::Ordered => "ordered",
            RecordingEnd::StorageFull => "storage_full",
            RecordingEnd::StorageFailed => "storage_failed",
            RecordingEnd::Interrupted => "interrupted",
        };
        self.ended.with_label_values(&[reason]).inc();
    }

    pub(crate) fn cpu(&self, more: Duration) {
        self.cpu.inc_by(more.as_secs_f64());
    }

    /// Counts what a timeline has counted since `before`.
    pub(crate) fn media(&self, before: Counts, now: Counts) {
        let kinds = [
            ("strange", before.strange, now.strange),
            ("lost", before.lost, now.lost),
            ("late", before.late, now.late),
            ("dropped", before.dropped, now.dropped),
            ("broken", before.broken, now.broken),
        ];
        for (kind, before, now) in kinds {
            self.trouble.with_label_values(&[kind]).inc_by(now.saturating_sub(before));
        }
        self.concealed.inc_by(now.concealed.saturating_sub(before.concealed).as_secs_f64());
        self.keyframes.inc_by(now.keyframes.saturating_sub(before.keyframes));
    }
}
