//! `capacity`: how many classrooms fit this machine?
//!
//! Lessons as a school holds them are played against the release server, more of them at each
//! step, until something gives way. The answer is told as a table, as JSON, and as what a whole
//! country's schools would need.
//!
//! Invariant: server and bots do not share a core where there are two; when the bots give way
//! first, the report says so and calls nothing the server's limit.
//! Left out on purpose: playing itself, which is `loadtest`'s.

mod cores;
mod play;
mod report;
mod sizing;
mod sweep;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use kreide_floor::Machine;

use cores::Cores;
use play::Class;
use report::Report;

/// Plays ever more classrooms against a server of its own until one of the two gives way.
///
/// Needs `kreide` and `loadtest` beside itself: `cargo build --release --workspace --bins`.
#[derive(Parser)]
#[command(name = "capacity", version)]
struct Arguments {
    /// Seconds that each step is measured
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=600))]
    seconds: u32,
    /// Classrooms beyond which no more is tried
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    most: u32,
    /// People in a class, its teacher among them
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(2..=500))]
    people: u32,
    /// Pupils of a class whose cameras are on
    #[arg(long, value_name = "N", default_value_t = 5)]
    cameras: u32,
    /// Cores for the server, and as many shards; the others are the bots'
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    server_cores: Option<u16>,
    /// Look for the last number that goes well, between the last doubling and the one before
    #[arg(long)]
    fine: bool,
    /// Also write the report as JSON to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let class = Class {
        people: arguments.people,
        cameras: arguments.cameras.min(arguments.people - 1),
        seconds: arguments.seconds,
    };
    let cores = Cores::divide(arguments.server_cores.map(usize::from))?;
    println!("{}", report::heading(&Machine::here(), &cores, class));
    println!("{}", report::COLUMNS);
    let steps = sweep::sweep(arguments.most, arguments.fine, |rooms| {
        let step = play::play(rooms, class, &cores)?;
        println!("{}", report::row(&step));
        Ok(step)
    })?;
    let report = Report::new(Machine::here(), cores, class, steps);
    print!("\n{report}");
    if let Some(path) = arguments.json {
        let json = serde_json::to_string_pretty(&report)?;
        fs::write(&path, json + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
