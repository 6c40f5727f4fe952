//! What the server counts.
//!
//! Invariant: every name begins with `kreide_`; what is about a school carries the label
//! `tenant`, and no label ever holds a room, a person or an address.
//! Left out on purpose: media, which the SFU node counts.

use kreide_protocol::ErrorCode;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

/// The server's counters.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    pub(crate) registry: Registry,
    /// Open WebSockets.
    pub(crate) connections: IntGauge,
    /// Lessons held in memory.
    pub(crate) lessons: IntGaugeVec,
    /// Seats with a connection.
    pub(crate) participants: IntGaugeVec,
    /// Messages from browsers by type.
    pub(crate) messages: IntCounterVec,
    /// Refusals by code.
    pub(crate) refused: IntCounterVec,
    /// From the order to append until the log has it on disk.
    pub(crate) append: Histogram,
    /// Connections dropped because they did not read.
    pub(crate) slow_readers: IntCounter,
}

impl Metrics {
    pub(crate) fn new(registry: Registry) -> Result<Self, prometheus::Error> {
        let tenant = &["tenant"];
        let metrics = Self {
            connections: IntGauge::new("kreide_connections", "Open WebSockets")?,
            lessons: IntGaugeVec::new(Opts::new("kreide_lessons", "Lessons in memory"), tenant)?,
            participants: IntGaugeVec::new(
                Opts::new("kreide_participants", "Seats with a connection"),
                tenant,
            )?,
            messages: IntCounterVec::new(
                Opts::new("kreide_messages_total", "Messages from browsers"),
                &["type"],
            )?,
            refused: IntCounterVec::new(
                Opts::new("kreide_refused_total", "Refused messages and connections"),
                &["code"],
            )?,
            append: Histogram::with_opts(
                HistogramOpts::new("kreide_log_append_seconds", "Order to append until on disk")
                    .buckets(vec![
                        0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0,
                    ]),
            )?,
            slow_readers: IntCounter::new(
                "kreide_slow_readers_total",
                "Connections dropped because they did not read",
            )?,
            registry,
        };
        let all: [Box<dyn prometheus::core::Collector>; 7] = [
            Box::new(metrics.connections.clone()),
            Box::new(metrics.lessons.clone()),
            Box::new(metrics.participants.clone()),
            Box::new(metrics.messages.clone()),
            Box::new(metrics.refused.clone()),
            Box::new(metrics.append.clone()),
            Box::new(metrics.slow_readers.clone()),
        ];
        for collector in all {
            metrics.registry.register(collector)?;
        }
        Ok(metrics)
    }

    /// Counts a refusal.
    pub(crate) fn refuse(&self, code: ErrorCode) {
        let name = serde_json::to_value(code).unwrap_or_default();
        self.refused.with_label_values(&[name.as_str().unwrap_or_default()]).inc();
    }
}
