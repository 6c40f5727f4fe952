//! Looks for what other processes changed in the catalogue (`kreide roster import`, `kreide room
//! set`), and tells the lessons that run.
//!
//! Invariant: no change is passed over that can be read. The catalogue numbers them; a room's change
//! counts as seen when its lesson was told, and a lesson that is loaded reads the catalogue itself.
//! Left out on purpose: what follows, which the lesson decides.

use std::sync::Arc;
use std::time::Duration;

use kreide_cluster::{CatalogueError, RoomChange};

use crate::server::App;

/// Looks again and again.
pub(crate) async fn run(app: Arc<App>, every: Duration) {
    let mut turns = tokio::time::interval(every);
    let mut seen = 0;
    loop {
        turns.tick().await;
        // What fails is looked for again: from the first change on that was not told.
        let _again = look(&app, &mut seen).await;
    }
}

async fn look(app: &App, seen: &mut i64) -> Result<(), CatalogueError> {
    loop {
        let changes = app.catalogue.changed_rooms(*seen).await?;
        if changes.is_empty() {
            return Ok(());
        }
        for RoomChange { seq, tenant, room } in changes {
            match app.rooms.look_outside(tenant, room.clone()).await {
                // Its lesson goes on as it was, and the others are not kept waiting.
                Err(error @ CatalogueError::Unreadable) => tracing::warn!(%room, %error),
                told => told?,
            }
            *seen = seq;
        }
    }
}
