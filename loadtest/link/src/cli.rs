//! The command line, as `link --help` shows it.
//!
//! Invariant: names and shapes of commands and options are relied on by scripts; they only grow.
//! Left out on purpose: the numbers of a network, which stand in profiles and orders.

use clap::{Args, Parser, Subcommand};

use crate::orders::Change;

/// A bad network between two namespaces.
#[derive(Debug, Parser)]
#[command(version, about = "A bad network between two namespaces", after_help = EXAMPLE)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLE: &str = r#"Side a is the school or home at 10.78.0.1, side b the server's at 10.78.0.2; each is the other's
default route. Needs root.

Example:
  link run lte --seed 7 --far 'iperf3 -s -1' -- iperf3 -c 10.78.0.2
  link up clear --set '{"both": {"delay_ms": 50}}'
and then, line by line on the standard input of `link up`:
  {"set": {"up": {"loss": {"random": 20}}, "down": {"rate": {"kbit_per_s": 500, "queue_bytes": 20000}}}}
  {"set": {"both": {"black_hole": true}}}
  {"profile": "bursty"}
  "counters""#;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the link, and hold it until standard input ends
    ///
    /// Prints one line of JSON with the names of the namespaces and the addresses, for
    /// `ip netns exec NAME COMMAND`; takes orders line by line and answers each by one line; prints
    /// the counters last. What still runs in the namespaces then is ended.
    Up(LinkOptions),
    /// Run a command in side a; its exit code is that of `link`
    ///
    /// Prints the counters to standard error at the end. KREIDE_LINK_A and KREIDE_LINK_B tell the
    /// command the names of the namespaces.
    Run(RunOptions),
    /// Print all profiles as JSON
    Profiles,
}

#[derive(Debug, Args)]
pub(crate) struct LinkOptions {
    /// A network by name; `link profiles` lists them
    pub(crate) profile: String,
    /// The same seed drops the same packets
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Changes the profile: an object of "up", "down" or "both" with keys of a profile; repeatable
    #[arg(long = "set", value_name = "JSON", value_parser = change)]
    pub(crate) changes: Vec<Change>,
}

#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    #[command(flatten)]
    pub(crate) link: LinkOptions,
    /// What `sh` runs in side b meanwhile; it is ended with the command
    #[arg(long, value_name = "SHELL")]
    pub(crate) far: Option<String>,
    /// What runs in side a
    #[arg(last = true, required = true)]
    pub(crate) command: Vec<String>,
}

fn change(words: &str) -> Result<Change, String> {
    serde_json::from_str(words).map_err(|error| error.to_string())
}
