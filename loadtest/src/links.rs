//! Rooms and links for the bots, made in the server's own data folder.
//!
//! Invariant: every run has rooms of its own, so that no run meets the lesson of another.

use std::path::Path;

use anyhow::{Context, Result};
use kreide_bot::Door;
use kreide_cluster::SqliteStore;
use kreide_control::{Role, RoomId, TenantId};
use kreide_server::links::{self, NewLink};
use rand::Rng;

use crate::scenario::Plan;

/// Secrets by room and group.
pub(crate) struct Links {
    secrets: Vec<Vec<String>>,
    /// A whole link to the first room, for somebody who is no bot.
    pub(crate) onlooker: Option<String>,
}

impl Links {
    /// What follows the `#` of the link of a group in a room.
    pub(crate) fn secret(&self, room: u32, group: usize) -> &str {
        &self.secrets[room as usize][group]
    }
}

/// Makes one link for each group of each room, and one to the first room for an onlooker of this
/// role.
///
/// # Errors
/// If the data folder cannot be used.
pub(crate) async fn make(
    data: &Path,
    door: &Door,
    plan: &Plan,
    onlooker: Option<Role>,
) -> Result<Links> {
    let shown = data.display();
    // Opened by mistake, a folder that is no server's would become one.
    let is_used = data.join("kreide.lock").exists();
    anyhow::ensure!(is_used, "{shown} is the data folder of no server; name it by --data");
    let store = SqliteStore::open(data).await.with_context(|| format!("{shown} cannot be used"))?;
    let tenant = TenantId::parse("loadtest").context("the name of the tenant is valid")?;
    let run: u32 = rand::rng().random();
    let mut links = Links { secrets: Vec::new(), onlooker: None };
    for room in 0..plan.rooms {
        let id =
            RoomId::parse(&format!("load-{run:08x}-{room}")).context("the room's id is valid")?;
        let wanted = |role| NewLink {
            tenant: tenant.clone(),
            room: id.clone(),
            role,
            name: None,
            consent: plan.records,
            expires: None,
        };
        let mut secrets = Vec::new();
        for group in &plan.groups {
            let link = links::create(&store, &door.url(), wanted(role(group.role))).await?;
            let (_, secret) = link.split_once('#').context("a link has a fragment")?;
            secrets.push(secret.to_owned());
        }
        links.secrets.push(secrets);
        if let (0, Some(role)) = (room, onlooker) {
            links.onlooker = Some(links::create(&store, &door.url(), wanted(role)).await?);
        }
    }
    Ok(links)
}

fn role(role: kreide_protocol::Role) -> Role {
    match role {
        kreide_protocol::Role::Teacher => Role::Teacher,
        kreide_protocol::Role::Presenter => Role::Presenter,
        kreide_protocol::Role::Pupil => Role::Pupil,
        kreide_protocol::Role::Guest => Role::Guest,
        kreide_protocol::Role::Interpreter => Role::Interpreter,
        kreide_protocol::Role::Observer => Role::Observer,
    }
}
