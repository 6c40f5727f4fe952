//! `link`: runs commands over a bad network, between two namespaces that it makes and removes.
//!
//! Invariant: every packet between the namespaces passes one `kreide_link::Link`; what this process
//! made is gone when it ends, and what one that was killed left behind goes at the next start.
//! Left out on purpose: any way out of the namespaces. Needs root and Linux.

mod cli;
mod clock;
mod commands;
mod ground;
mod namespace;
mod orders;
mod pump;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Up(options) => commands::up(&options),
        Command::Run(options) => commands::run(&options),
        Command::Profiles => commands::list(),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("link: {error:#}");
        ExitCode::FAILURE
    })
}
