//! The media itself: by ranges for a player, as a whole for who keeps it.
//!
//! Invariant: nothing is sent of a cluster that is not whole on disk. A file is read in pieces,
//! as fast as the reader takes them.
//! Left out on purpose: several ranges in one answer. Who asks for them gets the whole file, as
//! RFC 9110 section 14.2 allows.

use std::io::SeekFrom;
use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_range_header::{RangeUnsatisfiableError, parse_range_header};
use kreide_cluster::Recording;
use kreide_protocol::Download;
use serde::Deserialize;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::tickets::Ticket;
use super::{Desk, Reader, Refusal, names};

/// Bytes that are read at a time.
const PIECE: usize = 64 * 1024;

pub(super) async fn media(
    State(desk): State<Arc<Desk>>,
    Reader(access): Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let row = desk.see(&access, &id).await?;
    desk.send(&row, &headers).await
}

pub(super) async fn download(
    State(desk): State<Arc<Desk>>,
    Reader(access): Reader,
    Path(id): Path<String>,
) -> Result<Json<Download>, Refusal> {
    let row = desk.see(&access, &id).await?;
    let name = names::of(&desk.title(&access).await?, row.started);
    let id = row.id.clone();
    let ticket = desk.tickets.issue(Ticket { access, id: row.id, name })?;
    Ok(Json(Download { url: format!("/api/recordings/{id}/file?ticket={ticket}") }))
}

#[derive(Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    ticket: String,
}

pub(super) async fn file(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let ticket = desk.tickets.look(&shown.ticket).ok_or(Refusal::Missing)?;
    if ticket.id.as_str() != id {
        return Err(Refusal::Missing);
    }
    let row = desk.see(&ticket.access, &id).await?;
    let mut response = desk.send(&row, &headers).await?;
    let disposition = names::disposition(&ticket.name);
    response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

impl Desk {
    /// Sends a file or the part of it that is asked for.
    async fn send(&self, row: &Recording, headers: &HeaderMap) -> Result<Response, Refusal> {
        let running = self.shared.jobs.get(&row.id);
        let mut file = File::open(self.shared.path_of(row)).await?;
        let size = match running {
            Some(job) => job.size().1,
            None => file.metadata().await?.len(),
        };
        let Ok(part) = part(headers, size) else {
            let all = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, all).into_response());
        };
        let (first, length) = match &part {
            Some(range) => (*range.start(), range.end() - range.start() + 1),
            None => (0, size),
        };
        file.seek(SeekFrom::Start(first)).await?;
        let body = Body::from_stream(ReaderStream::with_capacity(file.take(length), PIECE));
        let common = [
            (header::CONTENT_TYPE, "video/webm".to_owned()),
            (header::ACCEPT_RANGES, "bytes".to_owned()),
            (header::CONTENT_LENGTH, length.to_string()),
        ];
        Ok(match part {
            None => (common, body).into_response(),
            Some(range) => {
                let (first, last) = (range.start(), range.end());
                let which = [(header::CONTENT_RANGE, format!("bytes {first}-{last}/{size}"))];
                (StatusCode::PARTIAL_CONTENT, common, which, body).into_response()
            }
        })
    }
}

/// Which part of a file is asked for; `None`: all of it.
fn part(
    headers: &HeaderMap,
    size: u64,
) -> Result<Option<RangeInclusive<u64>>, RangeUnsatisfiableError> {
    let Some(range) = headers.get(header::RANGE).and_then(|range| range.to_str().ok()) else {
        return Ok(None);
    };
    let mut ranges = parse_range_header(range)?.validate(size)?;
    Ok(if ranges.len() == 1 { ranges.pop() } else { None })
}
