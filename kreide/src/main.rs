//! The one program: reads the command line, wires signaling, media and storage together.
//!
//! Invariant: this crate decides nothing about lessons or packets. It is the only one that sees
//! all the others.
//! Left out on purpose: everything but wiring, configuration and what an operator reads.

mod cli;
mod link;
mod logs;
mod serve;
mod settings;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(options) => serve::run(&options),
        Command::Link(options) => link::run(options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kreide: {error:#}");
            ExitCode::FAILURE
        }
    }
}
