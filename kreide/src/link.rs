//! `kreide link`: makes a link in the database, with or without a running server.
//!
//! Invariant: prints the link and nothing else, so that a script can take it.

use anyhow::{Context, Result};
use kreide_cluster::SqliteStore;
use kreide_server::links::{self, NewLink};

use crate::cli::LinkOptions;
use crate::run_tool;

pub(crate) fn run(options: LinkOptions) -> Result<()> {
    let link = run_tool(async {
        let catalogue = SqliteStore::open(&options.data).await?;
        let wanted = NewLink {
            tenant: options.tenant,
            room: options.room,
            role: options.role.into(),
            name: options.owner.name,
            consent: options.may_be_recorded,
            expires: None,
        };
        links::create(&catalogue, &options.url, wanted).await.context("no link was made")
    })?;
    println!("{link}");
    Ok(())
}
