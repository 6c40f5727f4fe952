//! `kreide person`: erases a person, with or without a running server.
//!
//! Invariant: prints counts, and neither name nor subject: a terminal's history is kept.

use anyhow::{Context, Result};
use kreide_cluster::{Catalogue, SqliteStore};

use crate::cli::PersonCommand;
use crate::run_tool;

pub(crate) fn run(command: PersonCommand) -> Result<()> {
    let PersonCommand::Erase(options) = command;
    let gone = run_tool(async {
        let store = SqliteStore::open(&options.place.data).await?;
        let erased = store.erase_person(options.place.tenant, options.subject).await;
        erased.context("not all is erased: do it again")
    })?;
    println!(
        "erased: {} texts of lessons, {} links, {} places on rosters, {} places in prepared groups",
        gone.texts, gone.links, gone.rosters, gone.groups
    );
    Ok(())
}
