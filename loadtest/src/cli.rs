//! The command line.
//!
//! Invariant: names and shapes of commands and options are relied on by scripts; they only grow.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser, Subcommand};
use kreide_bot::Door;
use kreide_control::Role;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::report::{Report, compare, each, html, strict, table};
use crate::scenario::{self, Scenario};
use crate::{intents, links, run};

/// Plays lessons against a Kreide server and measures them
#[derive(Debug, Parser)]
#[command(name = "loadtest", version, about, after_help = EXAMPLE)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLE: &str = "\
Example:
  loadtest run webinar --set subscribers=400 --json out.json --html out.html
  loadtest compare before.json out.json";

#[derive(Debug, Subcommand)]
enum Command {
    /// Play a scenario and report on it
    Run(RunOptions),
    /// Say much in one lesson without media, and see how fast everyone learns of it
    Intents(IntentsOptions),
    /// List the built-in scenarios and their values
    List,
    /// Set two reports side by side
    Compare {
        /// The report to compare with
        before: PathBuf,
        /// The other one
        after: PathBuf,
    },
}

#[derive(Debug, Args)]
struct RunOptions {
    /// Name of a built-in scenario, or a file in TOML
    scenario: String,
    /// Where the server is
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    against: String,
    /// The server's data folder: rooms and links for the bots are made there
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// How long to measure
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// Change a value of the scenario; repeatable
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Threads for the bots
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    /// Lose so many percent of the media packets to each bot and from it, to see them repaired
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    lose: f64,
    /// Write a link to the first room into this file once all bots are there, and measure as soon
    /// as somebody has taken the file away: a browser that looks at the same lesson
    #[arg(long, value_name = "FILE")]
    link: Option<PathBuf>,
    /// Whom that link lets in
    #[arg(long, value_name = "ROLE", value_parser = role, default_value = "pupil")]
    link_role: Role,
    /// Write what each bot received, one JSON object on each line
    #[arg(long, value_name = "FILE")]
    each: Option<PathBuf>,
    /// Fail if anything was lost, wrong or not measured; times are not judged
    #[arg(long)]
    strict: bool,
    /// Write the report as one JSON object
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the report as a page with plots
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct IntentsOptions {
    /// Where the server is
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    against: String,
    /// The server's data folder: a room and links are made there
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// People who say something and read everything
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    people: u32,
    /// Intents a second, all together
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    rate: u32,
    /// How long
    #[arg(long, value_name = "S", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// So many more who never read, while the others go on
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    sleepers: u32,
    /// Threads for all of them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    /// Write what came of it as one JSON object
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(crate) fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Run(options) => play(options),
        Command::Intents(options) => say(options),
        Command::List => {
            for (name, text) in scenario::BUILT_IN {
                let scenario = Scenario::parse(text).with_context(|| name.to_string())?;
                println!("{name:<10} {}\n{:<10} {}", scenario.about, "", scenario.values());
            }
            Ok(())
        }
        Command::Compare { before, after } => {
            print!("{}", compare::compare(&read(&before)?, &read(&after)?));
            Ok(())
        }
    }
}

fn play(options: RunOptions) -> Result<()> {
    let mut scenario = Scenario::find(&options.scenario)?;
    options.set.iter().try_for_each(|set| scenario.set(set))?;
    let plan = scenario.plan()?;
    raise_open_files();
    let door = Door::parse(&options.against)?;
    let runtime = runtime(options.threads)?;
    let report = runtime.block_on(async {
        let links = {
            let onlooker = options.link.as_ref().map(|_| options.link_role);
            links::make(&options.data, &door, &plan, onlooker).await?
        };
        let settings = run::Settings {
            scenario: options.scenario.clone(),
            values: scenario.values.clone(),
            seconds: options.seconds,
            threads: options.threads,
            lose: options.lose / 100.0,
            link: options.link.clone(),
        };
        run::run(&plan, links, &door, &settings).await
    })?;
    print!("{}", table::table(&report));
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&report).context("the report is no JSON")?;
        std::fs::write(path, text + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &options.html {
        std::fs::write(path, html::page(&report))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &options.each {
        std::fs::write(path, each::lines(&report.each)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let faults = strict::faults(&report);
    ensure!(!options.strict || faults.is_empty(), "{}", faults.join(", "));
    Ok(())
}

fn say(options: IntentsOptions) -> Result<()> {
    raise_open_files();
    let door = Door::parse(&options.against)?;
    let IntentsOptions { people, rate, seconds, sleepers, .. } = options;
    let load = intents::Load { people, rate, seconds, sleepers };
    let outcome = runtime(options.threads)?.block_on(intents::play(&options.data, &door, load))?;
    print!("{}", outcome.table());
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&outcome).context("the outcome is no JSON")?;
        std::fs::write(path, text + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn runtime(threads: u16) -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(usize::from(threads))
        .enable_all()
        .build()
        .context("cannot start")
}

/// Each bot holds two descriptors; as many as the system lets us may be open.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    // Refused, the bots will say which of them found no descriptor.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

fn role(text: &str) -> Result<Role, String> {
    let roles = [("teacher", Role::Teacher), ("pupil", Role::Pupil), ("observer", Role::Observer)];
    let found = roles.iter().find(|(name, _)| *name == text).map(|(_, role)| *role);
    found.ok_or_else(|| "expected teacher, pupil or observer".to_owned())
}

fn percent(text: &str) -> Result<f64, String> {
    let value = text.parse::<f64>().ok().filter(|value| (0.0..=90.0).contains(value));
    value.ok_or_else(|| "expected 0 to 90".to_owned())
}

fn read(path: &PathBuf) -> Result<Report> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no report", path.display()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }
}
