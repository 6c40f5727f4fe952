//! `floor`: prints what this machine asks for a packet.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use kreide_floor::{Options, measure};

/// Measures the floor under every server on this machine: AES-128-GCM and UDP sends over the
/// loopback address, in processor time for each packet.
#[derive(Parser)]
struct Arguments {
    /// Receivers, each with its own port and key.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    destinations: u16,
    /// Milliseconds for each row.
    #[arg(long, default_value_t = 300)]
    milliseconds: u64,
    /// Also write the report as JSON to this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// What a server spent in this run for each packet of 1200 bytes that it forwarded, in
    /// nanoseconds: printed as a ratio to the floor.
    #[arg(long)]
    ours: Option<f64>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let report = measure(Options {
        destinations: arguments.destinations.into(),
        time: Duration::from_millis(arguments.milliseconds),
    })?;
    print!("{report}");
    if let Some(ours) = arguments.ours {
        print!("{}", report.compare(ours));
    }
    if let Some(path) = arguments.json {
        let json = serde_json::to_vec_pretty(&report)?;
        fs::write(&path, json).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
