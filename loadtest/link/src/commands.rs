//! What each command does.
//!
//! Invariant: signals are caught before anything is made that must be removed.
//! Left out on purpose: how packets pass.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitCode, ExitStatus};

use anyhow::{Context, Result};
use kreide_link::{Link, Profile, profiles};
use serde_json::json;

use crate::cli::{LinkOptions, RunOptions};
use crate::ground::Ground;
use crate::orders::profile;
use crate::pump::{End, Orders, Pump, Until, say};
use crate::signals::Signal;

/// Holds a link until standard input ends.
pub(crate) fn up(options: &LinkOptions) -> Result<ExitCode> {
    let profile = chosen(options)?;
    let stop = Signal::stop()?;
    let ground = Ground::make()?;
    say(&json!({"link": ground.described(), "seed": options.seed, "conditions": profile}))?;
    let link = Link::new(&profile, options.seed);
    let until = Until::OrdersEnd(Orders::from_standard_input()?);
    let mut pump = Pump::new(ground, link, until, stop);
    pump.run()?;
    say(&pump.counters()?)?;
    Ok(ExitCode::SUCCESS)
}

/// Runs a command over a link.
pub(crate) fn run(options: &RunOptions) -> Result<ExitCode> {
    let profile = chosen(&options.link)?;
    let (stop, signal) = (Signal::stop()?, Signal::child()?);
    let ground = Ground::make()?;
    let mut far = options.far.as_deref().map(|shell| start_far(&ground, shell)).transpose()?;
    let child = start(&ground, &options.command)?;
    let link = Link::new(&profile, options.link.seed);
    let mut pump = Pump::new(ground, link, Until::ChildEnds { child, signal }, stop);
    let end = pump.run()?;
    eprintln!("{}", pump.counters()?);
    // Ends all that still runs in the namespaces.
    drop(pump);
    if let Some(far) = &mut far {
        far.wait()?;
    }
    Ok(match end {
        End::Ended(status) => ExitCode::from(code(status)),
        End::Stopped => ExitCode::FAILURE,
    })
}

/// Prints all profiles.
pub(crate) fn list() -> Result<ExitCode> {
    println!("{}", serde_json::to_string_pretty(&profiles())?);
    Ok(ExitCode::SUCCESS)
}

fn chosen(options: &LinkOptions) -> Result<Profile> {
    let mut profile = profile(&options.profile)?;
    for change in &options.changes {
        (profile.up, profile.down) = change.of(profile.up, profile.down).context("--set")?;
    }
    Ok(profile)
}

fn start(ground: &Ground, words: &[String]) -> Result<Child> {
    let (program, arguments) = words.split_first().context("no command")?;
    let mut command = ground.a.command(program);
    command.args(arguments);
    spawn(ground, command)
}

fn start_far(ground: &Ground, shell: &str) -> Result<Child> {
    let mut command = ground.b.command("sh");
    command.args(["-c", shell]);
    spawn(ground, command)
}

fn spawn(ground: &Ground, mut command: Command) -> Result<Child> {
    ground.tell(&mut command);
    command.spawn().context("cannot run `ip` of iproute2")
}

/// As a shell tells it: a signal is 128 and its number.
fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}
