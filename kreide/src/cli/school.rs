//! The commands by which a school tells who belongs where: `room`, `roster`, `talks`,
//! `person`.
//!
//! Left out on purpose: what they do, which stands in the modules of the same names.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::Date;
use kreide_cluster::{ExternalId, Metadata};
use kreide_control::{RoomId, TenantId};

use super::{base_url, room, tenant};

#[derive(Debug, Subcommand)]
pub(crate) enum RoomCommand {
    /// Make a room, or change what is known of it
    ///
    /// What is not given stays. Prints the room as `kreide room show` does.
    Set(RoomSet),
    /// Print a room as JSON
    Show(RoomShow),
}

/// Which room of which school, and where they are kept.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Folder of the database; made if missing
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub(crate) data: PathBuf,
    /// The school
    #[arg(long, default_value = "school", value_parser = tenant)]
    pub(crate) tenant: TenantId,
}

#[derive(Debug, Args)]
pub(crate) struct RoomSet {
    /// The room, such as 7b
    #[arg(value_parser = room)]
    pub(crate) room: RoomId,
    #[command(flatten)]
    pub(crate) place: Place,
    /// The title to show
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// What another system of the school calls the room; unique within the school
    #[arg(long, value_name = "ID", value_parser = external_id)]
    pub(crate) external_id: Option<ExternalId>,
    /// A JSON object of at most 4 KiB for another system to find again
    #[arg(long, value_name = "JSON", value_parser = metadata)]
    pub(crate) metadata: Option<Metadata>,
    /// A JSON file with a whole policy, or single values of it; repeatable
    ///
    /// Single values are written as KEY=VALUE, such as lobby=everyone, recording=false,
    /// keepDays=7, locked=camera,content or privateChat.pupils=true. What a file leaves out has
    /// its default. `kreide room show` prints every key.
    #[arg(long, value_name = "FILE.json|KEY=VALUE", num_args = 1..)]
    pub(crate) policy: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RoomShow {
    /// The room, such as 7b
    #[arg(value_parser = room)]
    pub(crate) room: RoomId,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RosterCommand {
    /// Bring the rosters of rooms to what a CSV file says
    ///
    /// Columns, in any order: kennung or id (the school's own opaque id of the person, which stays
    /// the same), name; and if you like rolle or role (otherwise pupil), platz or seat (otherwise
    /// the first free one), einwilligung or consent (ja, nein, yes, no: the guardians' consent to
    /// record; otherwise no), raum or room. Other columns are left alone. UTF-8, with commas or
    /// semicolons.
    ///
    /// Each room of the file gets exactly the people of the file: who is missing is taken off, and
    /// their links are withdrawn at once. Rooms that the file does not name keep their rosters.
    /// When one line is wrong, nothing is imported. Importing a file again changes nothing.
    /// Prints for each room how many people are new, changed, gone and unchanged.
    Import(RosterImport),
}

#[derive(Debug, Args)]
pub(crate) struct RosterImport {
    /// The CSV file
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) place: Place,
    /// The room of a file without a column of rooms; of another file, this room alone
    #[arg(long, value_parser = room)]
    pub(crate) room: Option<RoomId>,
    /// Where browsers reach the server
    #[arg(long, default_value = "http://localhost:8080", value_parser = base_url)]
    pub(crate) url: String,
    /// Make a personal link for everyone who never had one, and write them to this new CSV file
    ///
    /// Only its owner can read it. A link cannot be shown again: who has one keeps it and is not
    /// in the file.
    #[arg(long, value_name = "OUT.csv")]
    pub(crate) links: Option<PathBuf>,
    /// Make new links for everyone in the file, and withdraw their former ones
    #[arg(long, requires = "links")]
    pub(crate) renew_links: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TalksCommand {
    /// Make the talks of a room and a link for each family from a CSV file
    ///
    /// Columns, in any order: beginn or begin (2026-11-12T15:00+01:00, or 15:00 with --date, as
    /// this machine's time zone has it), minuten or minutes; and if you like familie, family or
    /// label (the name to show; otherwise everyone says one). A link is good for two devices at
    /// once, until twelve hours after the talk.
    ///
    /// Prints the links in the order of the times, one a line and nothing else. When one line of
    /// the file is wrong, nothing is imported.
    Import(TalksImport),
}

#[derive(Debug, Args)]
pub(crate) struct TalksImport {
    /// The CSV file
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) place: Place,
    /// The room; if missing it is made, as a room for talks
    #[arg(long, value_parser = room)]
    pub(crate) room: RoomId,
    /// Where browsers reach the server
    #[arg(long, default_value = "http://localhost:8080", value_parser = base_url)]
    pub(crate) url: String,
    /// The day of times that name none, such as 2026-11-12
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) date: Option<Date>,
    /// Replace the room's talks, and withdraw their links
    #[arg(long)]
    pub(crate) replace: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PersonCommand {
    /// Erase what is kept of a person
    ///
    /// Names and texts in all lessons of the school, also in one that runs, where it takes some
    /// seconds; the name in rosters; personal links; places on rosters and in prepared groups.
    /// Anonymous answers to polls of these lessons go too, for nobody knows whose they are.
    /// Recordings stay: delete them one by one. What was erased cannot be brought back, not even
    /// from a backup that goes without keys.db. Prints how much there was.
    Erase(PersonErase),
}

#[derive(Debug, Args)]
pub(crate) struct PersonErase {
    /// The school's own id of the person, as in its rosters
    pub(crate) subject: String,
    #[command(flatten)]
    pub(crate) place: Place,
}

fn external_id(text: &str) -> Result<ExternalId, String> {
    ExternalId::parse(text).ok_or_else(|| "expected 1 to 200 characters on one line".to_owned())
}

fn metadata(text: &str) -> Result<Metadata, String> {
    Metadata::parse(text).ok_or_else(|| "expected a JSON object of at most 4 KiB".to_owned())
}
