//! What signaling, SFU and recorder say to each other: ids, units, [`Command`] and [`Event`].
//!
//! Invariant: every type here is plain data with serde, and only grows (a field is added with a
//! default, a variant at the end), because these messages also cross between nodes.
//! Left out on purpose: names, texts and addresses of people. People are numbers here.

mod command;
mod event;
mod ids;
mod media;
mod place;
mod plane;
mod policy;
mod recording;

pub use command::{Answer, Command, Connect, SlotRequest, View};
pub use event::{DisconnectReason, Event, SlotMapping};
pub use ids::{BadId, Epoch, LessonKey, ParticipantNo, RecordingId, RoomId, TenantId};
pub use media::{MediaRights, Role, Source, SourceKind};
pub use place::{Audience, Place, Reach, ScopeNo};
pub use plane::{ConnectError, MediaPlane, Overloaded};
pub use policy::{Lobby, LockKind, Policy, PrivateChat};
pub use recording::{
    MediaTap, RecordOrder, RecorderEvent, RecorderPlane, RecordingEnd, Tap, Tapped,
};
