//! What the server says.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::values::is_false;
use crate::{
    Acted, ChatMessage, ErrorCode, Groups, Kind, Lock, Participant, Policy, Poll, Reaction,
    RecordingEnd, Rights, Role, SourceRef, Talk, Tools, Waiter, Waiting,
};

/// A message to a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ServerMessage {
    /// The seat is taken; everything the client needs in one message.
    Joined(Box<Joined>),
    /// The seat must be waited for. `joined` follows on the same connection, without media, when
    /// someone lets the reader in: then the client sends an `offer`.
    Waiting(Waiting),
    /// The answer to an `offer` message.
    Media(Media),
    /// Something happened in the lesson.
    Event(Stamped),
    /// What the viewer's video slots carry now; only the slots that changed.
    Slots {
        /// The changed slots.
        slots: Vec<SlotNow>,
    },
    /// Who can be heard, loudest first. Replaces the earlier list.
    Speaking {
        /// Numbers of participants.
        who: Vec<u32>,
    },
    /// Someone reacts; to be shown for a moment.
    Reaction {
        /// Who.
        who: u32,
        /// How.
        what: Reaction,
    },
    /// How many people are in the lesson, for a reader who is not told of each. Replaces the earlier
    /// number.
    Count {
        /// How many, the reader among them.
        people: u32,
    },
    /// How many have voted so far; told to teachers.
    Votes {
        /// In which poll.
        #[ts(type = "number")]
        poll: u64,
        /// How many, those that wait for others to be counted among them.
        count: u32,
    },
    /// The groups that are kept for the room; told to a teacher who kept or forgot some, or asked.
    GroupSets {
        /// Their names.
        names: Vec<String>,
    },
    /// The message with this number was carried out.
    Ok {
        /// The number that the client chose.
        #[serde(rename = "ref")]
        reference: u32,
    },
    /// The message with this number was refused, or, without a number, the connection is.
    Error(ErrorReply),
    /// The media connection was lost on the server's side: send a new `offer`.
    MediaLost,
    /// The last message of a connection: why the server closes it.
    Closed {
        /// Why.
        code: ErrorCode,
    },
    /// Reply to `ping`.
    Pong,
}

/// The reply to `join`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Joined {
    /// Protocol version of the server.
    pub version: u32,
    /// Optional abilities of the server, by name.
    pub features: Vec<String>,
    /// The own number.
    pub you: u32,
    /// Whether the school may record this person: then `recordConsent` can be given.
    pub may_be_recorded: bool,
    /// Opens recordings of this room by HTTP (`Authorization: Bearer`), for some hours.
    pub access: String,
    /// The room's title.
    pub title: String,
    /// Which sitting of the room this is.
    pub lesson: u32,
    /// Epoch of the lesson's owner; obey only the highest seen.
    pub epoch: u32,
    /// Opens this seat again. Replaces the key used before, which stays valid for 30 s.
    pub resume: String,
    /// Sequence of the last event that `snapshot` or `missed` contains.
    #[ts(type = "number")]
    pub seq: u64,
    /// The whole state; absent if `missed` brings the client up to date.
    pub snapshot: Option<Snapshot>,
    /// How many people are in the lesson, where there are too many to tell the reader of each; absent:
    /// the reader is told of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub count: Option<u32>,
    /// Events after the client's `since`, oldest first.
    pub missed: Vec<Stamped>,
    /// The answer to the offer, if there was one.
    pub media: Option<Media>,
    /// The server's clock: milliseconds since 1970 UTC.
    #[ts(type = "number")]
    pub now: i64,
}

/// The whole state of a lesson as the reader may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Everyone who holds a seat and of whom the reader is told, in the order of their numbers.
    pub participants: Vec<Participant>,
    /// The chat, oldest first: the newest messages, as many as fit into 256 KiB of text.
    pub chat: Vec<ChatMessage>,
    /// Locks that hold for all pupils and guests.
    pub locks: Vec<Lock>,
    /// When the lesson began: milliseconds since 1970 UTC.
    #[ts(type = "number")]
    pub started: i64,
    /// The recording that is announced or runs.
    pub recording: Option<RecordingNow>,
    /// Who consented to be in the recording, as far as the reader may know: teachers see all,
    /// everyone else only themselves. The teacher who records is in it and not in this list.
    pub recorded: Vec<u32>,
    /// What the school has decided.
    pub policy: Policy,
    /// Which teacher wants quiet.
    pub quiet: Option<u32>,
    /// The lesson rests because no teacher is there.
    pub paused: bool,
    /// The breakout groups.
    pub groups: Groups,
    /// The last poll.
    pub poll: Option<Poll>,
    /// The tools.
    pub tools: Tools,
    /// The talks of the day: all for teachers, the own one for a family.
    pub talks: Vec<Talk>,
    /// Who waits to be let in, for teachers.
    pub waiting: Vec<Waiter>,
}

/// The answer to an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Media {
    /// SDP text of type answer.
    pub answer: String,
    /// Number of audio slots: the receiving audio lines in their order.
    pub audio_slots: u8,
    /// Number of video slots: the receiving video lines in their order.
    pub video_slots: u8,
}

/// An event with its place in the reader's own sequence, which has no gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Stamped {
    /// Sequence, from 1.
    #[ts(type = "number")]
    pub seq: u64,
    /// When: milliseconds since 1970 UTC.
    #[ts(type = "number")]
    pub at: i64,
    /// What.
    pub event: LessonEvent,
}

/// Something that happened in a lesson. A client skips kinds that it does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LessonEvent {
    /// Someone took a seat; or was there and is told of only now (`people`).
    Joined {
        /// Who.
        participant: Participant,
    },
    /// Someone gave the seat up.
    Left {
        /// Who.
        who: u32,
    },
    /// A seat lost or regained its connection.
    Online {
        /// Whose.
        who: u32,
        /// Whether it is connected.
        online: bool,
    },
    /// A publication was switched on or off, by its owner or (only off) by a teacher.
    Sending {
        /// Whose.
        who: u32,
        /// Which.
        #[serde(rename = "source")]
        kind: Kind,
        /// On or off.
        on: bool,
        /// Who did it.
        by: u32,
    },
    /// Rights or locks of a participant changed.
    Rights {
        /// Whose.
        who: u32,
        /// What the participant may do now.
        rights: Rights,
        /// Why.
        locks: Vec<Lock>,
        /// If the reader may notice other people now: all of them.
        people: Option<Vec<Participant>>,
    },
    /// The locks that hold for all pupils and guests changed. `rights` events follow for each.
    Locks {
        /// All of them.
        locks: Vec<Lock>,
        /// If the reader may notice other people now: all of them.
        people: Option<Vec<Participant>>,
    },
    /// A hand went up or down.
    Hand {
        /// Whose.
        who: u32,
        /// Its place in the order of raising; absent: down.
        #[ts(type = "number | null")]
        hand: Option<u64>,
    },
    /// A chat message.
    Chat {
        /// The message.
        message: ChatMessage,
    },
    /// A message was written anew, hidden, shown again or deleted.
    ChatChanged {
        /// The message as it is now.
        message: ChatMessage,
    },
    /// A line of captions.
    Caption {
        /// Who wrote it.
        from: u32,
        /// Plain text.
        text: String,
    },
    /// Someone has another name.
    Renamed {
        /// Who.
        who: u32,
        /// The name.
        name: String,
        /// By whom.
        by: u32,
    },
    /// Someone may speak whatever is locked, or not any more.
    LetSpeak {
        /// Who.
        who: u32,
        /// Given or taken.
        on: bool,
        /// By which teacher.
        by: u32,
    },
    /// A teacher wants quiet; null: it is over.
    Quiet {
        /// Which teacher.
        by: Option<u32>,
    },
    /// The lesson rests because no teacher is there, or goes on.
    Paused {
        /// It rests.
        on: bool,
    },
    /// What the school has decided for the room.
    Policy {
        /// All of it.
        policy: Policy,
    },
    /// A teacher did something to somebody that can be taken back. Told to teachers.
    Acted {
        /// What.
        acted: Acted,
    },
    /// It was taken back. Told to teachers.
    Undone {
        /// What.
        #[ts(type = "number")]
        id: u64,
        /// By which teacher.
        by: u32,
    },
    /// Someone may switch something on again that a teacher switched off by mistake. Only the
    /// owner can.
    Invited {
        /// Who.
        who: u32,
        /// What.
        source: Kind,
        /// By which teacher.
        by: u32,
    },
    /// Someone waits to be let in. Told to teachers.
    Waiting {
        /// Who.
        waiter: Waiter,
    },
    /// Someone waits no longer. Told to teachers.
    WaitEnded {
        /// Who.
        who: u32,
        /// The teacher who sent them away.
        by: Option<u32>,
    },
    /// The breakout groups changed.
    Groups {
        /// All of it, as the reader may see it.
        groups: Groups,
        /// Those whom the reader notices from now on, as they are. Others are as they were.
        around: Vec<Participant>,
        /// The reader is told of nobody else: others are to be forgotten.
        #[serde(default, skip_serializing_if = "is_false")]
        #[ts(optional, as = "Option<bool>")]
        whole: bool,
    },
    /// The poll changed.
    Poll {
        /// All of it, as the reader may see it.
        poll: Poll,
    },
    /// The talks changed.
    Talks {
        /// All of them for teachers, the own one for a family.
        talks: Vec<Talk>,
    },
    /// A tool changed.
    Tools {
        /// All of them, as the reader may see them.
        tools: Tools,
    },
    /// Someone sits in the classroom itself, or not any more.
    InRoom {
        /// Who.
        who: u32,
        /// There or not.
        on: bool,
    },
    /// There are too many now to tell pupils, guests, interpreters and observers of everyone, or no
    /// longer. Whoever is not told of everyone is told of somebody by `joined` when that person
    /// becomes active, before anything else that names them.
    People {
        /// All of whom the reader is told from now on; null: the list stays as it is.
        people: Option<Vec<Participant>>,
        /// How many people there are; null: as many as are told of.
        count: Option<u32>,
    },
    /// Something that was erased.
    Erased,
    /// A teacher ended someone's participation.
    Removed {
        /// Whose.
        who: u32,
        /// Which teacher.
        by: u32,
    },
    /// A recording was announced, has begun or has stopped. Whoever joins later finds it in the
    /// snapshot.
    Recording {
        /// What is so now; null: nothing is recorded.
        recording: Option<RecordingNow>,
        /// Why the recording before stopped, if one has.
        stopped: Option<RecordingStopped>,
    },
    /// Someone consented to be in the recording with voice and picture, or is not in it any more.
    /// Told to that person and to teachers. Void when the recording stops and when the person
    /// leaves or is removed. Nothing is told of the teacher who records, who is always in it.
    Recorded {
        /// Who.
        who: u32,
        /// In it or not.
        on: bool,
    },
    /// The lesson is over.
    Ended {
        /// Which teacher ended it; absent: the server did.
        by: Option<u32>,
    },
}

/// A recording that is announced or runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RecordingNow {
    /// Its id.
    pub id: String,
    /// The teacher who records.
    pub by: u32,
    /// Whether it runs; before that it is announced only.
    pub running: bool,
    /// When it begins or has begun: milliseconds since 1970 UTC.
    #[ts(type = "number")]
    pub since: i64,
}

/// The end of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RecordingStopped {
    /// Its id.
    pub id: String,
    /// Why.
    pub why: RecordingEnd,
    /// Whether anything was recorded: not if it was stopped while only announced.
    pub kept: bool,
}

/// What one video slot carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SlotNow {
    /// Which video slot, from 0.
    pub slot: u8,
    /// What it carries; null shows nothing.
    pub source: Option<SourceRef>,
    /// First RTP timestamp (modulo 2^32) that can belong to this source. A frame for which
    /// `(frame - from) mod 2^32 >= 2^31` shows an earlier source: do not display it.
    pub from_timestamp: u32,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ErrorReply {
    /// The number of the refused message; absent: the connection itself is refused.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, rename = "ref")]
    pub reference: Option<u32>,
    /// Stable code.
    pub code: ErrorCode,
    /// One English sentence for the developer of a client. People read the text of the code.
    pub message: String,
}

/// Reply to `POST /api/enter`. A refusal is an [`ErrorReply`] with status 4xx.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EnterReply {
    /// The join token; absent if somebody must say who they are first.
    pub token: Option<String>,
    /// The room's title.
    pub title: String,
    /// The role that the link gives.
    pub role: Role,
    /// The name, if the link is personal or the choice has one.
    pub name: Option<String>,
    /// Those of the room from whom a person who comes by a class link may choose; absent if there
    /// is no roster. Whoever chooses or says a name waits until a teacher lets them in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub choose: Option<Vec<Choice>>,
    /// Opens recordings of this room by HTTP (`Authorization: Bearer`), for some hours.
    pub access: String,
}

/// Somebody of a room's roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    /// What to send as `chosen`. It stays the same while the person is on the roster.
    pub id: String,
    /// The name to show.
    pub name: String,
}

impl SlotNow {
    /// An empty slot.
    #[must_use]
    pub fn empty(slot: u8) -> Self {
        Self { slot, source: None::<SourceRef>, from_timestamp: 0 }
    }
}
