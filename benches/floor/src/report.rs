//! What was measured, as a table for people and as JSON for reports.

use std::fmt::{self, Display, Formatter};
use std::fs;

use serde::Serialize;

use crate::SIZES;
use crate::timing::Cost;

/// All rows of a run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Where it ran.
    pub machine: Machine,
    /// How many receivers there were.
    pub destinations: usize,
    /// The rows, in the order of measuring.
    pub rows: Vec<Row>,
}

/// The machine that a figure belongs to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// How many cores this process may use.
    pub cores: usize,
    /// The kernel's release.
    pub kernel: String,
}

/// What one packet costs in one step.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The step.
    pub step: String,
    /// Bytes of the RTP packet before it is protected.
    pub bytes: usize,
    /// Processor time in nanoseconds, median of the rounds.
    pub ns: f64,
    /// The same in the best round.
    pub least_ns: f64,
}

impl Row {
    pub(crate) fn new(step: &str, bytes: usize, cost: Cost) -> Self {
        let tenth = |ns: f64| (ns * 10.0).round() / 10.0;
        let Cost { median_ns, least_ns } = cost;
        Self { step: step.to_owned(), bytes, ns: tenth(median_ns), least_ns: tenth(least_ns) }
    }
}

impl Machine {
    /// The one that this runs on.
    #[must_use]
    pub fn here() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let cpuinfo = read("/proc/cpuinfo");
        let name = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"));
        Self {
            processor: name.unwrap_or("unknown").trim_matches(['\t', ' ', ':']).to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }
}

impl Report {
    /// What a step costs for packets of this size, in nanoseconds.
    #[must_use]
    pub fn ns(&self, step: &str, bytes: usize) -> Option<f64> {
        self.rows.iter().find(|row| row.step == step && row.bytes == bytes).map(|row| row.ns)
    }

    /// How many times the floor `ours` is: nanoseconds of a server for each full packet that it
    /// forwards, against protecting and sending alone.
    #[must_use]
    pub fn compare(&self, ours: f64) -> String {
        let line = |step: &str| {
            let floor = self.ns(step, SIZES[0])?;
            Some(format!("{:>6.2} times the floor of `{step}`\n", ours / floor))
        };
        ["protect, sendto", "protect, 4 segments"].into_iter().filter_map(line).collect()
    }
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Machine { processor, cores, kernel } = &self.machine;
        writeln!(
            out,
            "{processor}, {cores} cores, Linux {kernel}, {} receivers",
            self.destinations
        )?;
        write!(out, "{:<28}", "ns of processor time")?;
        for bytes in SIZES {
            write!(out, "{bytes:>9} B")?;
        }
        writeln!(out)?;
        for row in self.rows.iter().filter(|row| row.bytes == SIZES[0]) {
            write!(out, "{:<28}", row.step)?;
            for bytes in SIZES {
                write!(out, "{:>11.0}", self.ns(&row.step, bytes).unwrap_or(f64::NAN))?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}
