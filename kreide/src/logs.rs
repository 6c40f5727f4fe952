//! Logs: structured, to standard error.
//!
//! Left out on purpose: names, texts and addresses of people. Nobody hands them to `tracing`.

use std::io::{self, IsTerminal};

use anyhow::{Result, anyhow};
use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Settings};

/// Sends everything that is logged from now on to standard error.
pub(crate) fn start(settings: &Settings) -> Result<()> {
    let terminal = io::stderr().is_terminal();
    let as_text = match settings.log_format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let filter = EnvFilter::builder().parse(&settings.log_filter)?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(terminal);
    let started = if as_text { logs.try_init() } else { logs.json().try_init() };
    started.map_err(|error| anyhow!(error))
}
