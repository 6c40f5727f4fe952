//! The server under test, as far as it can be looked into from here.

use anyhow::{Context, Result};
use kreide_bot::Door;
use serde::Deserialize;

use crate::proc::Process;

pub(crate) struct Server {
    pub(crate) version: String,
    /// `None` if it runs on another machine.
    pub(crate) process: Option<Process>,
}

#[derive(Deserialize)]
struct Health {
    pid: u32,
    version: String,
}

impl Server {
    /// Asks `/healthz`.
    pub(crate) async fn find(door: &Door) -> Result<Self> {
        let text = door.get("/healthz").await?;
        let health: Health = serde_json::from_str(&text)
            .with_context(|| format!("{}/healthz tells no pid and version", door.url()))?;
        let url = door.url();
        let is_here = ["127.", "localhost", "[::1]"]
            .iter()
            .any(|here| url.trim_start_matches("http://").starts_with(here));
        let process = if is_here { Process::of(health.pid) } else { None };
        Ok(Self { version: health.version, process })
    }
}
