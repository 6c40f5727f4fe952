//! Recordings over HTTP: `GET /api/recordings` and what is below it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Reply to `GET /api/recordings`: what the reader may watch, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Recordings {
    /// The room's title.
    pub title: String,
    /// Whether the reader may release and delete them.
    pub manages: bool,
    /// The recordings.
    pub recordings: Vec<RecordingInfo>,
}

/// A recording in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RecordingInfo {
    /// Its id.
    pub id: String,
    /// Which sitting of the room.
    pub lesson: u32,
    /// When it began: milliseconds since 1970 UTC.
    #[ts(type = "number")]
    pub started: i64,
    /// How long it is: milliseconds.
    #[ts(type = "number")]
    pub length: u64,
    /// How large it is: bytes.
    #[ts(type = "number")]
    pub bytes: u64,
    /// It is still being made.
    pub running: bool,
    /// It can be watched by everyone of the room, not by teachers alone.
    pub released: bool,
    /// When it is deleted: milliseconds since 1970 UTC.
    #[ts(type = "number")]
    pub kept_until: i64,
}

/// Reply to `GET /api/recordings/{id}`: what a player needs. Bytes are fetched with `Range` from
/// `/api/recordings/{id}/media`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RecordingIndex {
    /// The room's title.
    pub title: String,
    /// The recording.
    pub recording: RecordingInfo,
    /// Whether the reader may release and delete it.
    pub manages: bool,
    /// Type of the media with its codecs, for `MediaSource`.
    pub mime: String,
    /// Length of the initialization segment, which stands at the beginning: bytes.
    #[ts(type = "number")]
    pub init: u64,
    /// The fragments in order. While the recording runs, ask again for those that follow.
    pub fragments: Vec<FragmentInfo>,
}

/// A piece of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FragmentInfo {
    /// When it begins: milliseconds from the beginning.
    #[ts(type = "number")]
    pub start: u64,
    /// Where it stands: bytes from the beginning.
    #[ts(type = "number")]
    pub offset: u64,
    /// How long it is: bytes.
    #[ts(type = "number")]
    pub length: u64,
    /// A player can begin here.
    pub keyframe: bool,
}

/// Body of `POST /api/recordings/{id}/release`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Whether everyone of the room may watch it.
    pub released: bool,
}

/// Reply to `POST /api/recordings/{id}/download`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Download {
    /// Where the file can be fetched for one minute, without a header.
    pub url: String,
}
