//! Whether an access token still counts: asked before every request for recordings.
//!
//! Invariant: whose own link was withdrawn or expired sees no recording from then on, whatever their
//! token says for the rest of its hours; nor does whoever came by a link that is nobody's once there is
//! none left for their role, or who was erased. Whom a teacher removed sees none while the lesson runs,
//! and whoever could be that person under another name only from a seat of the lesson. If the
//! catalogue cannot be asked, nothing is shown.
//! Left out on purpose: what a token opens; requests without one, which are the recorder's; which of
//! several links that are nobody's somebody came by; a lesson that is not loaded; and downloads that
//! have their ticket, for a minute.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use kreide_cluster::Whom;
use kreide_control::{RoomId, TenantId};
use kreide_lesson::Subject;
use kreide_protocol::ErrorCode;
use tokio::sync::oneshot;

use super::{bearer, refusal};
use crate::access::Access;
use crate::clock;
use crate::keeper::Input;
use crate::server::App;

pub(super) async fn welcome(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let access = bearer(request.headers()).and_then(|token| app.keys.access(token));
    if let Some(access) = access
        && let Err(refused) = still_welcome(&app, access).await
    {
        return refused;
    }
    next.run(request).await
}

async fn still_welcome(app: &App, access: Access) -> Result<(), Response> {
    let Access { tenant, room, role, subject, .. } = access;
    let (school, place, whose) = (tenant.clone(), room.clone(), subject.clone());
    let opens = app.catalogue.still_opens(school, place, role, whose, clock::now()).await;
    let opens = opens.map_err(|_logged| {
        let why = "it cannot be found out whether the link is good: try again";
        refusal(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Degraded, why)
    })?;
    if let Some(whom) = opens
        && !is_kept_out(app, tenant, room, Subject(subject), whom == Whom::Anyone).await
    {
        return Ok(());
    }
    let why = "the link is good no longer, or its holder was removed";
    Err(refusal(StatusCode::UNAUTHORIZED, ErrorCode::TokenInvalid, why))
}

/// Asks the lesson that runs; one that ends meanwhile keeps nobody out any more.
async fn is_kept_out(
    app: &App,
    tenant: TenantId,
    room: RoomId,
    subject: Subject,
    unknown: bool,
) -> bool {
    let Some(lesson) = app.rooms.running(tenant, room) else { return false };
    let (answer, answered) = oneshot::channel();
    let _ended = lesson.send(Input::KeptOut { subject, unknown, answer }).await;
    answered.await.unwrap_or(false)
}
