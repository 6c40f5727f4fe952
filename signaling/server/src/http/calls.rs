//! Calls of someone with a seat: every intent, and lists for teachers.
//!
//! Invariant: the bearer of an access token does here what the same person could do on the
//! WebSocket, under the same rule; offers and views belong to a connection and are refused.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode, header as names};
use axum::response::{IntoResponse, Response};
use kreide_lesson::Subject;
use kreide_protocol::{Attendance, ClientMessage, ErrorCode};
use tokio::sync::oneshot;

use super::{bearer, refusal};
use crate::keeper::{Call, Input, Wanted};
use crate::server::App;

/// `POST /api/act`: what a message on the WebSocket asks for.
pub(super) async fn act(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    message: Result<Json<ClientMessage>, JsonRejection>,
) -> Response {
    let Ok(Json(message)) = message else {
        let text = "the body is no message of this protocol";
        return refusal(StatusCode::BAD_REQUEST, ErrorCode::BadMessage, text);
    };
    if matches!(
        message,
        ClientMessage::Join(_)
            | ClientMessage::Offer { .. }
            | ClientMessage::View { .. }
            | ClientMessage::Ping
    ) {
        let text = "this message belongs to a connection";
        return refusal(StatusCode::BAD_REQUEST, ErrorCode::BadMessage, text);
    }
    match ask(&app, &headers, |answer| Wanted::Act { message, answer }).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(code) => refused(code),
    }
}

/// `GET /api/attendance`: who was present for how many minutes, as CSV (RFC 4180).
pub(super) async fn attendance(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match ask(&app, &headers, |answer| Wanted::Attendance { answer }).await {
        Ok(list) => {
            let kind = [(names::CONTENT_TYPE, "text/csv; charset=utf-8")];
            let file = [(names::CONTENT_DISPOSITION, "attachment; filename=\"attendance.csv\"")];
            (kind, file, csv(&list)).into_response()
        }
        Err(code) => refused(code),
    }
}

async fn ask<T>(
    app: &App,
    headers: &HeaderMap,
    wanted: impl FnOnce(oneshot::Sender<Result<T, ErrorCode>>) -> Wanted,
) -> Result<T, ErrorCode> {
    let access = bearer(headers).and_then(|token| app.keys.access(token));
    let access = access.ok_or(ErrorCode::TokenInvalid)?;
    let lesson = app.rooms.running(access.tenant, access.room).ok_or(ErrorCode::NotFound)?;
    let (answer, answered) = oneshot::channel();
    let call = Call { subject: Subject(access.subject), role: access.role, wanted: wanted(answer) };
    let sent = lesson.send(Input::Call(Box::new(call))).await;
    sent.map_err(|_gone| ErrorCode::GoingAway)?;
    answered.await.map_err(|_gone| ErrorCode::GoingAway)?
}

fn refused(code: ErrorCode) -> Response {
    let status = match code {
        ErrorCode::TokenInvalid => StatusCode::UNAUTHORIZED,
        ErrorCode::Denied | ErrorCode::Removed => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::TooLate | ErrorCode::LessonEnded => StatusCode::CONFLICT,
        ErrorCode::Degraded | ErrorCode::GoingAway | ErrorCode::Full => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::BAD_REQUEST,
    };
    refusal(status, code, "the call is refused")
}

fn csv(list: &[Attendance]) -> String {
    let mut text = "name,role,minutes\r\n".to_owned();
    for Attendance { name, role, minutes } in list {
        let role = format!("{role:?}").to_lowercase();
        text.push_str(&format!("{},{role},{minutes}\r\n", cell(name)));
    }
    text
}

/// A cell that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use kreide_protocol::Role;

    use super::*;

    #[test]
    fn hostile_names_are_no_formulas_and_end_no_cell() {
        let list = ["Ada", "=1+1", "a\",\"b", "@x"].map(|name| Attendance {
            name: name.to_owned(),
            role: Role::Pupil,
            minutes: 3,
        });
        let expected = "name,role,minutes\r\n\"Ada\",pupil,3\r\n\"'=1+1\",pupil,3\r\n\
                        \"a\"\",\"\"b\",pupil,3\r\n\"'@x\",pupil,3\r\n";
        assert_eq!(csv(&list), expected);
    }
}
