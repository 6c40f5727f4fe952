//! `kreide room`: what a school says about a room, with or without a running server.
//!
//! Invariant: what is not given stays.
//! Left out on purpose: deleting a room. Its recordings and links outlive a slip of the pen.

use anyhow::{Context, Result};
use kreide_cluster::{Catalogue, Room, SqliteStore};
use kreide_control::{RoomId, TenantId};
use serde_json::{Value, json};

use crate::cli::{RoomCommand, RoomSet, RoomShow};
use crate::{policy, run_tool};

pub(crate) fn run(command: RoomCommand) -> Result<()> {
    let shown = match command {
        RoomCommand::Set(options) => run_tool(set(options)),
        RoomCommand::Show(options) => run_tool(show(options)),
    }?;
    println!("{shown:#}");
    Ok(())
}

async fn set(options: RoomSet) -> Result<Value> {
    let store = SqliteStore::open(&options.place.data).await?;
    let (tenant, id) = (options.place.tenant, options.room);
    let found = store.room(tenant.clone(), id.clone()).await?;
    let title = id.as_str().to_owned();
    let mut room = found.unwrap_or_else(|| Room::new(tenant.clone(), id.clone(), title));
    room.title = options.title.unwrap_or(room.title);
    room.external_id = options.external_id.or(room.external_id);
    room.metadata = options.metadata.unwrap_or(room.metadata);
    room.policy =
        policy::changed(room.policy, &options.policy).context("the policy is not understood")?;
    store.put_room(room).await.context("the room was not changed")?;
    describe(&store, tenant, id).await
}

async fn show(options: RoomShow) -> Result<Value> {
    let store = SqliteStore::open(&options.place.data).await?;
    describe(&store, options.place.tenant, options.room).await
}

async fn describe(store: &SqliteStore, tenant: TenantId, id: RoomId) -> Result<Value> {
    let room = store.room(tenant.clone(), id.clone()).await?;
    let room = room.with_context(|| format!("{tenant} has no room {id}"))?;
    let metadata: Value = serde_json::from_str(room.metadata.as_str())?;
    Ok(json!({
        "room": id.as_str(),
        "title": room.title,
        "externalId": room.external_id.as_ref().map(kreide_cluster::ExternalId::as_str),
        "metadata": metadata,
        "policy": room.policy,
        "people": store.roster(tenant.clone(), id.clone()).await?.len(),
        "talks": store.talks(tenant, id).await?.len(),
    }))
}
