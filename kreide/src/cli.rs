//! The command line, as `kreide --help` shows it.
//!
//! Invariant: names and shapes of commands and options are relied on by scripts; they only grow.
//! Left out on purpose: defaults, which live with the settings.

mod school;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use kreide_control::{Role, RoomId, TenantId};

pub(crate) use school::{
    PersonCommand, RoomCommand, RoomSet, RoomShow, RosterCommand, RosterImport, TalksCommand,
    TalksImport,
};

use crate::settings::LogFormat;

/// Video lessons for schools, in one program.
#[derive(Debug, Parser)]
#[command(version, about = "Video lessons for schools, in one program", after_help = EXAMPLE)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLE: &str = "\
Example:
  kreide link --room 7b --role teacher --name 'Frau Kern'
  kreide link --room 7b --role pupil --class
  kreide roster import classes.csv --links links.csv
  kreide serve";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server until Ctrl-C
    ///
    /// Prints every address it listens on, then "ready" on a line of its own. On Ctrl-C or
    /// SIGTERM browsers are told, and everything is stored; a second Ctrl-C ends at once.
    Serve(ServeOptions),
    /// Print a link that opens a room
    ///
    /// Works with or without a running server. The link lasts until it is withdrawn; whoever has
    /// it can enter.
    Link(LinkOptions),
    /// Make, change or show a room
    ///
    /// Works with or without a running server.
    #[command(subcommand)]
    Room(RoomCommand),
    /// Say who belongs to a room, and make their personal links
    ///
    /// Works with or without a running server.
    #[command(subcommand)]
    Roster(RosterCommand),
    /// Make the talks of a parents' evening, and a link for each family
    ///
    /// Works with or without a running server.
    #[command(subcommand)]
    Talks(TalksCommand),
    /// Erase a person
    ///
    /// Works with or without a running server.
    #[command(subcommand)]
    Person(PersonCommand),
}

/// What is not given here is taken from the file, and what is not there either has a default.
#[derive(Debug, Default, Args)]
pub(crate) struct ServeOptions {
    /// Settings in TOML; deploy/reference.toml explains every key
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder of the database and the server's key; made if missing [default: data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Where browsers find pages and signaling [default: 127.0.0.1:8080]
    #[arg(long, value_name = "IP:PORT", value_parser = socket_address)]
    pub(crate) http: Option<SocketAddr>,
    /// Where media arrives, by UDP; further shards take the next ports [default: 0.0.0.0:7880]
    #[arg(long, value_name = "IP:PORT", value_parser = socket_address)]
    pub(crate) media: Option<SocketAddr>,
    /// Announce this address for media instead of those of this machine; repeatable
    #[arg(long = "public-address", value_name = "IP")]
    pub(crate) public_addresses: Vec<IpAddr>,
    /// Media threads, one UDP port each; 0 means one for each processor [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) shards: Option<u16>,
    /// How logs are written to standard error [default: auto]
    #[arg(long, value_enum)]
    pub(crate) log_format: Option<LogFormat>,
    /// What is logged, such as "kreide=warn,kreide_server=debug" [default: kreide=info]
    #[arg(long, value_name = "FILTER")]
    pub(crate) log_filter: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct LinkOptions {
    /// Folder of the database; made if missing
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub(crate) data: PathBuf,
    /// Where browsers reach the server
    #[arg(long, default_value = "http://localhost:8080", value_parser = base_url)]
    pub(crate) url: String,
    /// The room, such as 7b; made if missing
    #[arg(long, value_parser = room)]
    pub(crate) room: RoomId,
    /// What the link allows
    #[arg(long, value_enum)]
    pub(crate) role: LinkRole,
    #[command(flatten)]
    pub(crate) owner: Owner,
    /// The school has the consent to record whoever enters by this link
    ///
    /// They are still asked in each lesson before they are recorded. Without it nobody who enters
    /// by this link is ever recorded, but for a teacher who presses record.
    #[arg(long)]
    pub(crate) may_be_recorded: bool,
    /// The school
    #[arg(long, default_value = "school", value_parser = tenant)]
    pub(crate) tenant: TenantId,
}

/// For whom a link is: exactly one of both.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Owner {
    /// A personal link, for one person of this name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// A link for a whole class: whoever opens it says a name
    #[arg(long)]
    pub(crate) class: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LinkRole {
    /// Moderates
    Teacher,
    /// Takes part
    Pupil,
    /// A parent or another visitor
    Guest,
    /// Shows content, does not moderate
    Presenter,
    /// Speaks for others
    Interpreter,
    /// Watches, and is listed as watching
    Observer,
}

impl From<LinkRole> for Role {
    fn from(role: LinkRole) -> Self {
        match role {
            LinkRole::Teacher => Self::Teacher,
            LinkRole::Pupil => Self::Pupil,
            LinkRole::Guest => Self::Guest,
            LinkRole::Presenter => Self::Presenter,
            LinkRole::Interpreter => Self::Interpreter,
            LinkRole::Observer => Self::Observer,
        }
    }
}

/// An address to listen on.
pub(crate) fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected IP:PORT, such as 127.0.0.1:8080 or [::]:8080".to_owned())
}

fn room(text: &str) -> Result<RoomId, String> {
    RoomId::parse(text).ok_or_else(|| ID_RULE.to_owned())
}

fn tenant(text: &str) -> Result<TenantId, String> {
    TenantId::parse(text).ok_or_else(|| ID_RULE.to_owned())
}

/// The origin that a link starts with. A path would not reach the client's pages.
fn base_url(text: &str) -> Result<String, String> {
    let url = text.trim_end_matches('/');
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let is_host = |host: &str| {
        !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || "/?#@\\".contains(c))
    };
    match host {
        Some(host) if is_host(host) => Ok(url.to_owned()),
        _ => Err("expected an address such as https://kreide.example".to_owned()),
    }
}

const ID_RULE: &str = "expected 1 to 64 of the characters a-z A-Z 0-9 _ -";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_link_is_for_a_person_or_a_class() {
        let parse = |owner: &[&str]| {
            let start = ["kreide", "link", "--room", "7b", "--role", "pupil"];
            Cli::try_parse_from(start.iter().chain(owner)).is_ok()
        };
        assert!(parse(&["--name", "Ada"]));
        assert!(parse(&["--class"]));
        assert!(!parse(&[]));
        assert!(!parse(&["--class", "--name", "Ada"]));
    }

    #[test]
    fn a_url_is_an_origin() {
        let rows = [
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("https://kreide.example/", Some("https://kreide.example")),
            ("https://[::1]:8443", Some("https://[::1]:8443")),
            ("kreide.example", None),
            ("ftp://kreide.example", None),
            ("https://", None),
            ("https://kreide.example/path", None),
            ("https://kreide.example#x", None),
            ("https://a b", None),
        ];
        for (text, expected) in rows {
            assert_eq!(base_url(text).ok().as_deref(), expected, "{text}");
        }
    }
}
