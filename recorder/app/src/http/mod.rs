//! Playing recordings over HTTP: the routes below `/api/recordings`.
//!
//! Invariant: who may not see a recording learns nothing of it: of another school or room, not
//! released, or never made, the answer is the same. No answer is kept by a cache.
//! Left out on purpose: security headers and foreign pages, which the server's guard handles.

mod answers;
mod bytes;
mod names;
mod refusal;
mod tickets;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{get, post};
use kreide_cluster::Recording;
use kreide_control::{RecordingId, RoomId, TenantId};

use crate::recorder::Shared;
use crate::{Access, Doorkeeper};
use refusal::Refusal;
use tickets::Tickets;

/// What all requests share.
struct Desk {
    shared: Arc<Shared>,
    doorkeeper: Arc<dyn Doorkeeper>,
    tickets: Tickets,
}

/// All routes.
pub(crate) fn router(shared: Arc<Shared>, doorkeeper: Arc<dyn Doorkeeper>) -> Router {
    let desk = Desk { shared, doorkeeper, tickets: Tickets::default() };
    Router::new()
        .route("/api/recordings", get(answers::list))
        .route("/api/recordings/{id}", get(answers::index).delete(answers::delete))
        .route("/api/recordings/{id}/release", post(answers::release))
        .route("/api/recordings/{id}/download", post(bytes::download))
        .route("/api/recordings/{id}/media", get(bytes::media))
        .route("/api/recordings/{id}/file", get(bytes::file))
        .layer(map_response(forget))
        .with_state(Arc::new(desk))
}

/// Recordings are deleted one day. No cache may hold them longer.
async fn forget(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Desk {
    /// A recording that this reader may see.
    async fn see(&self, access: &Access, id: &str) -> Result<Recording, Refusal> {
        let found = self.find(&access.tenant, &access.room, id).await?;
        found.filter(|recording| may_see(access, recording)).ok_or(Refusal::Missing)
    }

    /// A recording that this reader may release and delete.
    async fn manage(&self, access: &Access, id: &str) -> Result<Recording, Refusal> {
        let recording = self.see(access, id).await?;
        if access.teacher { Ok(recording) } else { Err(Refusal::Denied) }
    }

    async fn find(
        &self,
        tenant: &TenantId,
        room: &RoomId,
        id: &str,
    ) -> Result<Option<Recording>, Refusal> {
        let Some(id) = RecordingId::parse(id) else { return Ok(None) };
        Ok(self.shared.catalogue.recording(tenant.clone(), room.clone(), id).await?)
    }

    async fn title(&self, access: &Access) -> Result<String, Refusal> {
        let room = self.shared.catalogue.room(access.tenant.clone(), access.room.clone()).await?;
        Ok(room.map_or_else(|| access.room.to_string(), |room| room.title))
    }
}

fn may_see(access: &Access, recording: &Recording) -> bool {
    access.admitted && (access.teacher || recording.released)
}

/// Who asks, by the access token of the request.
struct Reader(Access);

impl FromRequestParts<Arc<Desk>> for Reader {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Refusal> {
        bearer(parts)
            .and_then(|token| desk.doorkeeper.access(token))
            .map(Self)
            .ok_or(Refusal::NoAccess)
    }
}

/// The token of a request (RFC 6750 section 2.1).
fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
