//! Messages between browser and server, one JSON document per WebSocket text frame.
//!
//! Invariant: these types are the contract of protocol.md and of the generated TypeScript in
//! web-client/src/protocol; a change here without a change there fails a test.
//! Left out on purpose: rules. Who may say what is decided in the lesson crate.

mod classroom;
mod client;
mod limits;
mod recordings;
mod server;
mod values;

pub use classroom::*;
pub use client::{ClientFrame, ClientMessage, EnterRequest, Join, JoinWith, SlotWish};
pub use limits::*;
pub use recordings::{Download, FragmentInfo, RecordingIndex, RecordingInfo, Recordings, Release};
pub use server::{
    Choice, EnterReply, ErrorReply, Joined, LessonEvent, Media, RecordingNow, RecordingStopped,
    ServerMessage, SlotNow, Snapshot, Stamped,
};
pub use values::{
    ChatMessage, ChatTo, ErrorCode, Kind, Lock, LockKind, Participant, Policy, RecordingEnd,
    Rights, Role, Shown, SourceRef,
};

/// Version of the protocol that this crate speaks. A server refuses others with `browserOld`.
pub const VERSION: u32 = 1;
