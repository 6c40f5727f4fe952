//! What a lesson's task adds to gauges.
//!
//! Invariant: what was added is taken back when the task ends, however it ends.
//! Left out on purpose: counters, which only grow.

use kreide_control::LessonKey;

use crate::metrics::Metrics;

/// What this task adds to gauges, and takes back when it ends, however it ends.
pub(super) struct Counted {
    metrics: Metrics,
    tenant: String,
    participants: i64,
}

impl Counted {
    pub(super) fn new(metrics: Metrics, lesson: &LessonKey) -> Self {
        let tenant = lesson.tenant.as_str().to_owned();
        metrics.lessons.with_label_values(&[&tenant]).inc();
        Self { metrics, tenant, participants: 0 }
    }

    /// Adds to those who are connected.
    pub(super) fn participants(&mut self, more: i64) {
        self.participants += more;
        self.metrics.participants.with_label_values(&[&self.tenant]).add(more);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.metrics.lessons.with_label_values(&[&self.tenant]).dec();
        self.metrics.participants.with_label_values(&[&self.tenant]).sub(self.participants);
    }
}
