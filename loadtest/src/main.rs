//! `loadtest`: how many classrooms does this machine carry, and how good is it for each viewer?
//!
//! A scenario is data: people, what they send and see, and steps. Bots play it against a real
//! server, and a report says what it cost and what arrived.
//! Invariant: whatever is reported was measured in this run; what was not measured is null.
//! Left out on purpose: starting a server (`make loadtest` does), and bots on several machines.

mod cli;
mod intents;
mod links;
mod onlooker;
mod proc;
mod report;
mod run;
mod scenario;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::main() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("loadtest: {error:#}");
            ExitCode::FAILURE
        }
    }
}
