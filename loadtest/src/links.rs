//! Rooms and links for the bots, made in the server's own data folder.
//!
//! Invariant: every run has rooms of its own, so that no run meets the lesson of another.

use std::path::Path;

use anyhow::{Context, Result};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kreide_bot::Door;
use kreide_cluster::{Catalogue, Room, SqliteStore};
use kreide_control::{Role, RoomId, TenantId};
use kreide_server::links::{self, NewLink};
use kreide_server::talks::{self, Wanted};
use rand::Rng;

use crate::scenario::{Doorway, Plan};

/// Secrets by room and group.
pub(crate) struct Links {
    secrets: Vec<Vec<Secrets>>,
    /// A whole link to the first room, for somebody who is no bot.
    pub(crate) onlooker: Option<String>,
}

impl Links {
    /// What follows the `#` of the link of somebody of a group in a room.
    pub(crate) fn secret(&self, room: u32, group: usize, number: u32) -> &str {
        match &self.secrets[room as usize][group] {
            Secrets::Shared(secret) => secret,
            // Whoever comes again in the same place has the same link.
            Secrets::Own(secrets) => {
                secrets.get(number as usize).or(secrets.last()).map_or("", String::as_str)
            }
        }
    }
}

enum Secrets {
    Shared(String),
    Own(Vec<String>),
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
    let url = door.url();
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
        let known = Room::new(tenant.clone(), id.clone(), id.to_string());
        store.put_room(Room { policy: plan.policy.clone(), ..known }).await?;
        let families = families(&store, door, &tenant, &id, plan.talks).await?;
        let mut secrets = Vec::new();
        for group in &plan.groups {
            let create = |name| {
                let wanted = NewLink { name, ..wanted(role(group.role)) };
                links::create(&store, &url, wanted)
            };
            let numbers = 0..group.count;
            secrets.push(match group.door {
                Doorway::Class => Secrets::Shared(secret(&create(None).await?)?),
                Doorway::Personal => {
                    let mut own = Vec::new();
                    for number in numbers {
                        let name = format!("{} {}", group.name, number + 1);
                        own.push(secret(&create(Some(name)).await?)?);
                    }
                    Secrets::Own(own)
                }
                Doorway::Talk(first) => {
                    let talk = |number| families.get((first - 1 + number) as usize).cloned();
                    Secrets::Own(numbers.filter_map(talk).collect())
                }
            });
        }
        links.secrets.push(secrets);
        if let (0, Some(role)) = (room, onlooker) {
            links.onlooker = Some(links::create(&store, &door.url(), wanted(role)).await?);
        }
    }
    Ok(links)
}

/// The secrets of a room's talks, a minute each, the last of which is to begin now.
async fn families(
    store: &SqliteStore,
    door: &Door,
    tenant: &TenantId,
    room: &RoomId,
    count: u32,
) -> Result<Vec<String>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let now = Timestamp::now();
    let mut file = "begin,minutes,family\n".to_owned();
    for talk in 1..=count {
        let begins = now - SignedDuration::from_mins((count - talk).into());
        file += &format!("{begins},1,family {talk}\n");
    }
    let wanted = Wanted {
        tenant: tenant.clone(),
        room: room.clone(),
        date: None,
        zone: TimeZone::UTC,
        replace: false,
    };
    let talks = talks::import(store, &door.url(), file.as_bytes(), wanted).await?;
    talks.iter().map(|family| secret(&family.url)).collect()
}

fn secret(link: &str) -> Result<String> {
    let (_, secret) = link.split_once('#').context("a link has a fragment")?;
    Ok(secret.to_owned())
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
