//! `kreide talks`: a parents' evening, with or without a running server.
//!
//! Invariant: prints the links and nothing else, in the order of the talks.
//! Left out on purpose: reading the file, which `kreide_server::talks` does.

use std::fs;

use anyhow::{Context, Result};
use jiff::tz::TimeZone;
use kreide_cluster::SqliteStore;
use kreide_server::talks::{self, TalksError, Wanted};

use crate::cli::{TalksCommand, TalksImport};
use crate::run_tool;

pub(crate) fn run(command: TalksCommand) -> Result<()> {
    let TalksCommand::Import(options) = command;
    for link in run_tool(import(options))? {
        println!("{link}");
    }
    Ok(())
}

async fn import(options: TalksImport) -> Result<Vec<String>> {
    let file = fs::read(&options.file).with_context(|| options.file.display().to_string())?;
    let store = SqliteStore::open(&options.place.data).await?;
    let room = options.room.clone();
    let wanted = Wanted {
        tenant: options.place.tenant,
        room: options.room,
        date: options.date,
        zone: TimeZone::system(),
        replace: options.replace,
    };
    let made = talks::import(&store, &options.url, &file, wanted).await;
    let made =
        made.with_context(|| format!("nothing was imported from {}", options.file.display()));
    let hint = |error: anyhow::Error| match error.downcast_ref() {
        Some(TalksError::There) => error.context("add --replace if that is meant"),
        Some(TalksError::OtherRoom) => {
            error.context(format!("see kreide room set {room} --policy talks=true"))
        }
        _ => error,
    };
    Ok(made.map_err(hint)?.into_iter().map(|link| link.url).collect())
}
