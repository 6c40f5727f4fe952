//! Whether an access token still counts: asked before every request for recordings.
//!
//! Invariant: whose own link was withdrawn or expired sees no recording from then on, whatever their
//! token says for the rest of its hours; nor does whoever came by a link that is nobody's once there is
//! none left for their role, or who was erased. Whom a teacher removed sees none while the lesson runs,
//! nor does whoever could be that person under another name and was not let in (`Lesson::keeps_out`).
//! If the catalogue cannot be asked, nothing is shown.
//! Left out on purpose: what a token opens; requests without one, which are the recorder's; which of
//! several links that are nobody's somebody came by; a lesson that is not loaded; and downloads that
//! have their ticket, for a minute.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use kreide_cluster::Whom;
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
    let (tenant, room, subject) =
        (access.tenant.clone(), access.room.clone(), access.subject.clone());
    let opens = app.catalogue.still_opens(tenant, room, access.role, subject, clock::now()).await;
    let opens = opens.map_err(|_logged| {
        let why = "it cannot be found out whether the link is good: try again";
        refusal(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Degraded, why)
    })?;
    if let Some(whom) = opens
        && !is_kept_out(app, access, whom == Whom::Anyone).await
    {
        return Ok(());
    }
    let why = "the link is good no longer, or its holder was removed";
    Err(refusal(StatusCode::UNAUTHORIZED, ErrorCode::TokenInvalid, why))
}

/// Asks the lesson that runs; one that ends meanwhile keeps nobody out any more.
async fn is_kept_out(app: &App, access: Access, unknown: bool) -> bool {
    let Access { tenant, room, role, subject, .. } = access;
    let Some(lesson) = app.rooms.running(tenant, room) else { return false };
    let (answer, answered) = oneshot::channel();
    let asked = Input::KeptOut { subject: Subject(subject), role, unknown, answer };
    let _ended = lesson.send(asked).await;
    answered.await.unwrap_or(false)
}
