//! The stretch of time that is measured, second by second.

use std::time::Duration;

use kreide_bot::{Latencies, Measured, unix_micros};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{Member, Server};
use crate::proc::{CpuTimes, Process, Spent};
use crate::report::{Seen, millis};

pub(crate) struct Window {
    began: Instant,
    before: Readings,
    last: Readings,
    total: Measured,
    seconds: Vec<Second>,
    /// Expected and received until the last second.
    packets: (u64, u64),
}

/// One second of the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Second {
    /// From the beginning, in seconds.
    pub(crate) at: f64,
    /// Delivery, in ms.
    pub(crate) latency_p50_ms: f64,
    /// Delivery, in ms.
    pub(crate) latency_p95_ms: f64,
    /// Processor time of the server for each second.
    pub(crate) server_cores: Option<f64>,
    /// Processor time of the bots for each second.
    pub(crate) bots_cores: Option<f64>,
    /// Packets that arrived.
    pub(crate) received: u64,
    /// Of those expected, in percent. What is still to be repaired counts as lost here.
    pub(crate) loss_pct: f64,
}

/// What was measured.
pub(crate) struct Ended {
    pub(crate) total: Measured,
    pub(crate) seconds: Vec<Second>,
    /// Milliseconds since 1970 UTC, on the clock of the stamps in the payloads.
    pub(crate) began_unix_ms: f64,
    pub(crate) lasted: Duration,
    pub(crate) server_cpu: Option<Spent>,
    pub(crate) bots_cpu: Option<Spent>,
    server_dropped: Option<u64>,
    bots_dropped: Option<u64>,
}

#[derive(Clone)]
struct Readings {
    at: Instant,
    server: Option<CpuTimes>,
    bots: Option<CpuTimes>,
    server_dropped: Option<u64>,
    bots_dropped: Option<u64>,
}

impl Readings {
    fn now(server: &Server) -> Self {
        Self {
            at: Instant::now(),
            server: server.process.and_then(Process::cpu),
            bots: Process::this().cpu(),
            server_dropped: server.process.and_then(Process::dropped),
            bots_dropped: Process::this().dropped(),
        }
    }

    fn server_since(&self, before: &Self) -> Option<Spent> {
        Some(self.server.as_ref()?.since(before.server.as_ref()?))
    }

    fn bots_since(&self, before: &Self) -> Option<Spent> {
        Some(self.bots.as_ref()?.since(before.bots.as_ref()?))
    }
}

impl Window {
    pub(crate) fn begin(server: &Server, latencies: &Latencies) -> Self {
        // What was measured before is nobody's.
        latencies.take();
        let before = Readings::now(server);
        Self {
            began: before.at,
            last: before.clone(),
            before,
            total: Measured::new(),
            seconds: Vec::new(),
            packets: (0, 0),
        }
    }

    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    /// Closes a second if it is over. Returns whether it was.
    pub(crate) fn tick(
        &mut self,
        now: Instant,
        server: &Server,
        latencies: &Latencies,
        members: &[Member],
        gone: &[Seen],
    ) -> bool {
        if now < self.last.at + Duration::from_secs(1) {
            return false;
        }
        let readings = Readings::now(server);
        let passed = (readings.at - self.last.at).as_secs_f64();
        let measured = latencies.take();
        let mut packets = (0, 0);
        let mut add = |slots: &[kreide_bot::SlotCounts]| {
            for slot in slots {
                packets.0 += slot.expected;
                packets.1 += slot.received;
            }
        };
        members.iter().for_each(|member| add(&member.counts().slots));
        gone.iter().for_each(|seen| add(&seen.counts.slots));
        let expected = packets.0.saturating_sub(self.packets.0);
        let received = packets.1.saturating_sub(self.packets.1);
        let cores = |cpu: Option<Spent>| cpu.map(|cpu| cpu.running.as_secs_f64() / passed);
        self.seconds.push(Second {
            at: (readings.at - self.began).as_secs_f64(),
            latency_p50_ms: millis(measured.delivery.value_at_quantile(0.5)),
            latency_p95_ms: millis(measured.delivery.value_at_quantile(0.95)),
            server_cores: cores(readings.server_since(&self.last)),
            bots_cores: cores(readings.bots_since(&self.last)),
            received,
            loss_pct: crate::report::percent(expected.saturating_sub(received), expected),
        });
        self.total.add(&measured);
        self.packets = packets;
        self.last = readings;
        true
    }

    pub(crate) fn end(mut self, server: &Server, latencies: &Latencies) -> Ended {
        let readings = Readings::now(server);
        self.total.add(&latencies.take());
        Ended {
            began_unix_ms: millis(unix_micros(self.began.into_std())),
            lasted: readings.at - self.began,
            server_cpu: readings.server_since(&self.before),
            bots_cpu: readings.bots_since(&self.before),
            server_dropped: self.before.server_dropped,
            bots_dropped: self.before.bots_dropped,
            total: self.total,
            seconds: self.seconds,
        }
    }
}

impl Ended {
    /// Datagrams that the server's and the bots' sockets dropped since the beginning.
    pub(crate) fn dropped(&self, server: &Server) -> (Option<u64>, Option<u64>) {
        let now = Readings::now(server);
        let since = |now: Option<u64>, before: Option<u64>| Some(now?.saturating_sub(before?));
        (since(now.server_dropped, self.server_dropped), since(now.bots_dropped, self.bots_dropped))
    }
}
