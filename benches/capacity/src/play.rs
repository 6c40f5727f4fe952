//! One step: so many classrooms at once, on a server of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::cores::{self, Cores};
use crate::sweep::{Limit, Step};

/// What a class is like.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Class {
    pub(crate) people: u32,
    pub(crate) cameras: u32,
    /// How long it is measured.
    pub(crate) seconds: u32,
}

/// What `loadtest` reports, as far as it matters here.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Reading {
    pub(crate) seconds: f64,
    pub(crate) packets_expected: u64,
    pub(crate) packets_received: u64,
    pub(crate) loss_pct: f64,
    pub(crate) server_cpu_us_per_packet: Option<f64>,
    pub(crate) server_cpu_cores: Option<f64>,
    pub(crate) server_waiting_cores: Option<f64>,
    pub(crate) server_rss_kb_per_participant: Option<f64>,
    pub(crate) server_dropped: Option<u64>,
    pub(crate) join_ms: Option<Quantiles>,
    pub(crate) join_cpu_ms: Option<f64>,
    pub(crate) latency_ms: Option<Quantiles>,
    pub(crate) freezes: u64,
    pub(crate) bots_cpu_cores: Option<f64>,
    pub(crate) bots_waiting_cores: Option<f64>,
    pub(crate) bots_lag_ms: Option<Quantiles>,
    pub(crate) bots_dropped: Option<u64>,
    pub(crate) failed: u64,
    pub(crate) failures: Vec<String>,
}

/// Quantiles in ms.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Quantiles {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
}

/// Plays so many classrooms and says what gave way, if anything did.
///
/// # Errors
/// If one of the programs is missing or the server does not start.
pub(crate) fn play(rooms: u32, class: Class, cores: &Cores) -> Result<Step> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let data = folder.path().join("data");
    let server = Server::start(&data, cores)?;
    let json = folder.path().join("report.json");
    let said = folder.path().join("said");
    let people = rooms * class.people;
    let status = cores::on(&cores.bots, || {
        let mut command = Command::new(program("loadtest")?);
        command.args(["run", "classroom", "--against", &server.url, "--data"]).arg(&data);
        command.args(["--seconds", &class.seconds.to_string(), "--json"]).arg(&json);
        command.args(["--threads", &cores.bots.len().to_string()]);
        for (name, value) in [
            ("rooms", rooms),
            ("participants", class.people),
            ("cameras", class.cameras),
            // Whoever comes later would be paid for by those who are measured.
            ("late", 0),
            ("within", people.div_ceil(JOINS_IN_SECOND).max(2)),
        ] {
            command.args(["--set", &format!("{name}={value}")]);
        }
        command.stdout(Stdio::null()).stderr(File::create(&said)?);
        Ok(command.status()?)
    })?;
    drop(server);
    if !status.success() {
        let why = fs::read_to_string(&said).unwrap_or_default().trim().to_owned();
        return Ok(Step { rooms, people, reading: None, limit: Some(Limit::Failed(why)) });
    }
    let text = fs::read_to_string(&json).context("the load test reports nothing")?;
    let reading: Reading = serde_json::from_str(&text).context("its report cannot be read")?;
    let limit = Limit::of(&reading, cores);
    Ok(Step { rooms, people, reading: Some(reading), limit })
}

/// A running server. Dropped, it is killed.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(data: &Path, cores: &Cores) -> Result<Self> {
        let child = cores::on(&cores.server, || {
            let mut command = Command::new(program("kreide")?);
            command.args(["serve", "--http", "127.0.0.1:0", "--media", "127.0.0.1:0"]);
            command.args(["--shards", &cores.server.len().to_string(), "--log-filter", "warn"]);
            command.arg("--data").arg(data).stdin(Stdio::null()).stdout(Stdio::piped());
            Ok(command.spawn()?)
        })?;
        let mut server = Self { child, url: String::new() };
        let stdout = server.child.stdout.take().context("the server's output is lost")?;
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("http") {
                address.trim().clone_into(&mut server.url);
            }
            if line == "ready" {
                return Ok(server);
            }
        }
        anyhow::bail!("the server ended before it was ready")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that was built beside this one.
fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe().context("this program has no path")?.with_file_name(name);
    ensure!(path.exists(), "{name} is missing: cargo build --release --workspace --bins");
    Ok(path)
}

/// Slow enough that bots on one core shake hands in time.
const JOINS_IN_SECOND: u32 = 60;
