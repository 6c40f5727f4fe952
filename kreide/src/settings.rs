//! Settings: defaults, then the file, then the command line.
//!
//! Invariant: a [`Settings`] has been checked; a file is either understood whole or refused with
//! all that is wrong in it. deploy/reference.toml shows every key with its default.
//! Left out on purpose: the protocol's limits, which clients rely on and nobody sets.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use toml::{Table, Value};
use tracing_subscriber::EnvFilter;

use crate::cli::{self, ServeOptions};

/// What `kreide serve` runs with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Folder of the database and the server's key.
    pub(crate) data: PathBuf,
    /// Where browsers find pages and signaling.
    pub(crate) http: SocketAddr,
    /// Where the first shard takes media.
    pub(crate) media: SocketAddr,
    /// Media threads; 0: one for each processor.
    pub(crate) shards: u16,
    /// How long a packet of a picture waits for the rest of its frame.
    pub(crate) coalescing: Duration,
    /// People of one room on one shard, before newcomers go to another.
    pub(crate) part_size: u16,
    /// Addresses to announce instead of those of this machine.
    pub(crate) public_addresses: Vec<IpAddr>,
    /// How logs are written.
    pub(crate) log_format: LogFormat,
    /// What is logged.
    pub(crate) log_filter: String,
    /// Where recordings are kept; empty: below the data folder.
    pub(crate) recordings: PathBuf,
    /// How long recordings are kept.
    pub(crate) recordings_kept: Duration,
    /// Signaling's settings.
    pub(crate) server: kreide_server::Config,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Text on a terminal, JSON otherwise
    Auto,
    /// For people
    Text,
    /// For machines: one JSON object a line
    Json,
}

impl Settings {
    /// Reads the file, if one is named, and puts the options of the command line on top.
    pub(crate) fn read(options: &ServeOptions) -> Result<Self> {
        let mut settings = Self::standard();
        if let Some(path) = &options.config {
            settings.read_file(path)?;
        }
        settings.take_options(options);
        settings.check()?;
        Ok(settings)
    }

    /// The defaults.
    fn standard() -> Self {
        Self {
            data: PathBuf::from("data"),
            http: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            media: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 7880)),
            shards: 0,
            coalescing: Duration::from_millis(1),
            part_size: 100,
            public_addresses: Vec::new(),
            log_format: LogFormat::Auto,
            log_filter: "kreide=info".to_owned(),
            recordings: PathBuf::new(),
            recordings_kept: 30 * DAY,
            server: kreide_server::Config::standard(),
        }
    }

    /// Where recordings are kept.
    pub(crate) fn recordings_folder(&self) -> PathBuf {
        if self.recordings.as_os_str().is_empty() {
            self.data.join("recordings")
        } else {
            self.recordings.clone()
        }
    }

    fn read_file(&mut self, path: &Path) -> Result<()> {
        let named = || format!("the settings {}", path.display());
        let text = fs::read_to_string(path).with_context(named)?;
        let table: Table = text.parse().with_context(named)?;
        let problems = self.take_table(table);
        if !problems.is_empty() {
            bail!("{} cannot be used:\n  {}", named(), problems.join("\n  "));
        }
        Ok(())
    }

    /// Takes all keys over, and says what is wrong with those that it cannot.
    fn take_table(&mut self, table: Table) -> Vec<String> {
        let mut problems = Vec::new();
        for (key, value) in table {
            if let Err(expected) = self.take_key(&key, &value) {
                problems.push(format!("{key}: {expected}"));
            }
        }
        problems
    }

    fn take_key(&mut self, key: &str, value: &Value) -> Result<(), String> {
        match key {
            "data" => self.data = text(value)?.into(),
            "http" => self.http = cli::socket_address(text(value)?)?,
            "media" => self.media = cli::socket_address(text(value)?)?,
            "shards" => self.shards = number(value, 0, 1024)?,
            "coalescing-us" => {
                self.coalescing = Duration::from_micros(number(value, 0, 5_000)?);
            }
            "part-size" => self.part_size = number(value, 1, 10_000)?,
            "public-addresses" => self.public_addresses = addresses(value)?,
            "log-format" => self.log_format = LogFormat::from_str(text(value)?, false)?,
            "log-filter" => self.log_filter = text(value)?.to_owned(),
            "recordings" => self.recordings = text(value)?.into(),
            "recordings-kept-days" => {
                self.recordings_kept = number::<u32>(value, 1, 3650)? * DAY;
            }
            "max-connections" => self.server.max_connections = number(value, 1, 1_000_000)?,
            "max-sockets" => self.server.max_sockets = number(value, 1, 1_000_000)?,
            "offline-grace-ms" => {
                self.server.offline_grace = Duration::from_millis(number(value, 0, 60_000)?);
            }
            "empty-lesson-minutes" => {
                let minutes: u64 = number(value, 1, 24 * 60)?;
                self.server.empty_lesson = Duration::from_secs(minutes * 60);
            }
            "texts-kept-seconds" => {
                let seconds = number(value, 0, 10 * 365 * 24 * 3600)?;
                self.server.texts_kept = Duration::from_secs(seconds);
            }
            "trusted-proxies" => self.server.trusted_proxies = addresses(value)?,
            _ => return Err("no such key".to_owned()),
        }
        Ok(())
    }

    fn take_options(&mut self, options: &ServeOptions) {
        replace(&mut self.data, options.data.as_ref());
        replace(&mut self.http, options.http.as_ref());
        replace(&mut self.media, options.media.as_ref());
        replace(&mut self.shards, options.shards.as_ref());
        replace(&mut self.log_format, options.log_format.as_ref());
        replace(&mut self.log_filter, options.log_filter.as_ref());
        if !options.public_addresses.is_empty() {
            self.public_addresses.clone_from(&options.public_addresses);
        }
    }

    /// What no single key can tell.
    fn check(&mut self) -> Result<()> {
        let mut problems = Vec::new();
        if self.shards == 0 {
            let processors = std::thread::available_parallelism().map_or(1, usize::from);
            self.shards = u16::try_from(processors).unwrap_or(u16::MAX).min(MOST_BY_DEFAULT);
        }
        if self.media.port() != 0 && self.media.port().checked_add(self.shards - 1).is_none() {
            let (shards, port) = (self.shards, self.media.port());
            problems.push(format!("media: {shards} shards need as many ports from {port} on"));
        }
        if EnvFilter::builder().parse(&self.log_filter).is_err() {
            problems.push("log-filter: expected a level or pairs of module=level".to_owned());
        }
        if let Some(address) = self.public_addresses.iter().find(|one| one.is_unspecified()) {
            problems.push(format!("public-addresses: nobody can reach {address}"));
        }
        if !problems.is_empty() {
            bail!("these settings do not fit:\n  {}", problems.join("\n  "));
        }
        Ok(())
    }
}

/// Each shard's port must be opened in a firewall by hand.
const MOST_BY_DEFAULT: u16 = 8;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn replace<T: Clone>(value: &mut T, option: Option<&T>) {
    if let Some(option) = option {
        value.clone_from(option);
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "expected a text in quotes".to_owned())
}

/// A whole number within bounds. Both fit the type asked for.
fn number<T: TryFrom<i64>>(value: &Value, least: i64, most: i64) -> Result<T, String> {
    value
        .as_integer()
        .filter(|number| (least..=most).contains(number))
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("expected a whole number from {least} to {most}"))
}

fn addresses(value: &Value) -> Result<Vec<IpAddr>, String> {
    let list = value.as_array().ok_or("expected a list of IP addresses")?;
    list.iter()
        .map(|item| {
            let address = item.as_str().and_then(|text| text.parse().ok());
            address.ok_or_else(|| format!("{item} is no IP address"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: &str = include_str!("../../deploy/reference.toml");

    fn taken(text: &str) -> (Settings, Vec<String>) {
        let mut settings = Settings::standard();
        let problems = settings.take_table(text.parse().expect("valid TOML"));
        (settings, problems)
    }

    #[test]
    fn the_reference_holds_the_defaults() {
        let (settings, problems) = taken(REFERENCE);
        assert_eq!(problems, [""; 0]);
        assert_eq!(format!("{settings:?}"), format!("{:?}", Settings::standard()));
    }

    #[test]
    fn the_reference_holds_every_key() {
        // Every key changes something, so what the reference lacks would be seen here.
        let all = "data = 'x'\nhttp = '[::1]:1'\nmedia = '[::]:2'\nshards = 3\n\
            coalescing-us = 5\npart-size = 6\n\
            public-addresses = ['192.0.2.1']\nlog-format = 'json'\nlog-filter = 'warn'\n\
            recordings = 'y'\nrecordings-kept-days = 9\nmax-connections = 4\nmax-sockets = 5\noffline-grace-ms = 6\nempty-lesson-minutes = 7\n\
            texts-kept-seconds = 8\ntrusted-proxies = ['192.0.2.2']\n";
        let (_, problems) = taken(all);
        assert_eq!(problems, [""; 0]);
        let keys = |text: &str| -> Vec<String> {
            text.parse::<Table>().expect("valid TOML").keys().cloned().collect()
        };
        assert_eq!(keys(REFERENCE), keys(all));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let wrong = "http = '8080'\nshards = -1\nprot = 1\npublic-addresses = ['a.example']\n\
            log-format = 'xml'\ndata = 1\n";
        let (_, problems) = taken(wrong);
        assert_eq!(problems.len(), 6, "{problems:?}");
        assert!(problems.contains(&"prot: no such key".to_owned()));
    }

    #[test]
    fn the_command_line_wins() {
        let (mut settings, _) = taken("http = '127.0.0.1:1'\nlog-filter = 'warn'\n");
        settings.take_options(&ServeOptions {
            http: Some(SocketAddr::from(([127, 0, 0, 1], 2))),
            ..ServeOptions::default()
        });
        assert_eq!(settings.http.port(), 2);
        assert_eq!(settings.log_filter, "warn");
    }

    #[test]
    fn recordings_are_kept_below_the_data_unless_a_folder_is_named() {
        let rows = [
            ("data = '/d'\n", "/d/recordings"),
            ("data = '/d'\nrecordings = '/r'\n", "/r"),
            ("data = '/d'\nrecordings = ''\n", "/d/recordings"),
        ];
        for (text, expected) in rows {
            assert_eq!(taken(text).0.recordings_folder(), Path::new(expected), "{text}");
        }
        for (days, fits) in [(0, false), (1, true), (3650, true), (3651, false)] {
            let (settings, problems) = taken(&format!("recordings-kept-days = {days}\n"));
            assert_eq!(problems.is_empty(), fits, "{days}");
            assert!(!fits || settings.recordings_kept == days * DAY);
        }
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let rows = [
            ("media = '0.0.0.0:65535'\nshards = 2\n", false),
            ("media = '0.0.0.0:65535'\nshards = 1\n", true),
            ("log-filter = 'kreide=loud'\n", false),
            ("public-addresses = ['0.0.0.0']\n", false),
            ("", true),
        ];
        for (text, fits) in rows {
            assert_eq!(taken(text).0.check().is_ok(), fits, "{text}");
        }
    }
}
