//! The HTTP side: routes and what holds for all of them.
//!
//! Invariant: every answer carries the security headers; a request from a foreign page is refused
//! before anything else is looked at. No cookie is set or read.
//! Left out on purpose: what happens on a WebSocket after the upgrade.

mod assets;
mod calls;
mod enter;
mod guard;
mod status;
mod welcome;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router, middleware};
use kreide_protocol::{ErrorCode, ErrorReply};

use crate::connection;
use crate::server::App;

pub(crate) use enter::DoorKey;

/// Bytes of a request's body. The largest is a link and a name.
const MAX_BODY: usize = 4 * 1024;

/// The address of the other end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// All routes, those that play recordings among them.
pub(crate) fn router(app: Arc<App>, playback: Router) -> Router {
    let welcome = middleware::from_fn_with_state(app.clone(), welcome::welcome);
    Router::new()
        .route("/ws", get(connection::upgrade))
        .route("/api/enter", post(enter::enter))
        .route("/api/act", post(calls::act))
        .route("/api/attendance", get(calls::attendance))
        .route("/api/{*rest}", any(no_such_call))
        .route("/healthz", get(status::healthz))
        .route("/metrics", get(status::metrics))
        .with_state(app)
        .merge(playback.layer(welcome))
        .fallback(assets::serve)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(guard::guard))
}

/// A refusal as JSON.
pub(crate) fn refusal(status: StatusCode, code: ErrorCode, message: &str) -> Response {
    let reply = ErrorReply { reference: None, code, message: message.to_owned() };
    (status, Json(reply)).into_response()
}

/// A header as text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The token of a request (RFC 6750 section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = header(headers, "authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn no_such_call() -> Response {
    refusal(StatusCode::NOT_FOUND, ErrorCode::NotFound, "there is no such call")
}
