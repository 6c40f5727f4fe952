//! The one program: reads the command line, wires signaling, media and storage together.
//!
//! Invariant: this crate decides nothing about lessons or packets. It is the only one that sees
//! all the others.
//! Left out on purpose: everything but wiring, configuration and what an operator reads.

mod cli;
mod link;
mod logs;
mod person;
mod policy;
mod room;
mod roster;
mod serve;
mod settings;
mod talks;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(options) => serve::run(&options),
        Command::Link(options) => link::run(options),
        Command::Room(command) => room::run(command),
        Command::Roster(command) => roster::run(command),
        Command::Talks(command) => talks::run(command),
        Command::Person(command) => person::run(command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kreide: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what a command does beside a server, which needs one thread.
fn run_tool<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start")?.block_on(work)
}
