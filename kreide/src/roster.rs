//! `kreide roster`: who belongs to which room, with or without a running server.
//!
//! Invariant: names and links go to the file that was asked for and nowhere else; it is there
//! before anything is imported, because a link cannot be shown again.
//! Left out on purpose: reading the file, which `kreide_server::roster` does.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use kreide_cluster::{LinksFor, SqliteStore};
use kreide_server::roster::{self, Imported, Wanted};

use crate::cli::{RosterCommand, RosterImport};
use crate::run_tool;

pub(crate) fn run(command: RosterCommand) -> Result<()> {
    let RosterCommand::Import(options) = command;
    let read = fs::read(&options.file).with_context(|| options.file.display().to_string())?;
    let out = match options.links.as_deref() {
        Some(path) => Some((path, create(path)?)),
        None => None,
    };
    let imported = match run_tool(import(&options, &read)) {
        Ok(imported) => imported,
        Err(error) => {
            if let Some((path, _)) = out {
                // Made above, empty, and of no use.
                let _stays = fs::remove_file(path);
            }
            return Err(error);
        }
    };
    if let Some((path, mut file)) = out {
        file.write_all(&roster::links_file(&imported.links))
            .and_then(|()| file.sync_all())
            .with_context(|| format!("the links are lost: {}", path.display()))
            .context("the roster is imported; make other links by --renew-links")?;
    }
    for change in &imported.changes {
        println!(
            "{}: {} added, {} changed, {} removed, {} unchanged",
            change.room, change.added, change.changed, change.removed, change.unchanged
        );
    }
    Ok(())
}

async fn import(options: &RosterImport, file: &[u8]) -> Result<Imported> {
    let store = SqliteStore::open(&options.place.data).await?;
    let links = match (&options.links, options.renew_links) {
        (None, _) => LinksFor::Nobody,
        (Some(_), false) => LinksFor::Newcomers,
        (Some(_), true) => LinksFor::Everyone,
    };
    let tenant = options.place.tenant.clone();
    let wanted = Wanted { tenant, room: options.room.clone(), links };
    let named = || format!("nothing was imported from {}", options.file.display());
    roster::import(&store, &options.url, file, wanted).await.with_context(named)
}

/// A file that nobody else can read. One that is there may hold links that are good, and stays.
fn create(path: &Path) -> Result<File> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.with_context(|| format!("the links cannot be written to {}", path.display()))
}
