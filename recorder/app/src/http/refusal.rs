//! Why a request about recordings is refused.
//!
//! Left out on purpose: details. Who may not know a recording gets the same words always.

use std::io;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kreide_cluster::CatalogueError;
use kreide_protocol::{ErrorCode, ErrorReply};

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No token, or none that is good.
    NoAccess,
    /// There is none, as far as the reader may know.
    Missing,
    /// The reader may watch it, and no more.
    Denied,
    /// It is still being made.
    Running,
    /// The body cannot be read.
    BadBody,
    /// Too many tickets at this moment.
    Full,
    /// The catalogue cannot be reached.
    Unavailable,
    /// The file cannot be read or deleted.
    Storage,
}

impl Refusal {
    fn reply(self) -> (StatusCode, ErrorCode, &'static str) {
        match self {
            Self::NoAccess => (
                StatusCode::UNAUTHORIZED,
                ErrorCode::TokenInvalid,
                "the access token is missing, expired or none of ours",
            ),
            Self::Missing => {
                (StatusCode::NOT_FOUND, ErrorCode::NotFound, "there is no such recording")
            }
            Self::Denied => (
                StatusCode::FORBIDDEN,
                ErrorCode::Denied,
                "only teachers release and delete recordings",
            ),
            Self::Running => (
                StatusCode::CONFLICT,
                ErrorCode::Denied,
                "the recording is still being made: end it first",
            ),
            Self::BadBody => (
                StatusCode::BAD_REQUEST,
                ErrorCode::BadMessage,
                "the body is no message of this protocol",
            ),
            Self::Full => (
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::TooMany,
                "too many downloads begin at this moment",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::Degraded,
                "the catalogue cannot be reached at this moment",
            ),
            Self::Storage => (
                StatusCode::INTERNAL_SERVER_ERROR,
                ErrorCode::Internal,
                "the storage of recordings has a fault",
            ),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code, message) = self.reply();
        let reply = ErrorReply { reference: None, code, message: message.to_owned() };
        (status, Json(reply)).into_response()
    }
}

impl From<CatalogueError> for Refusal {
    fn from(_logged: CatalogueError) -> Self {
        Self::Unavailable
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            return Self::Missing;
        }
        tracing::error!(%error, "a recording cannot be read");
        Self::Storage
    }
}
