//! Values that occur in messages of both directions.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A participant's role in a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Moderates.
    Teacher,
    /// Shows content, does not moderate.
    Presenter,
    /// A learner.
    Pupil,
    /// A parent or another visitor.
    Guest,
    /// Speaks for others.
    Interpreter,
    /// Watches only.
    Observer,
}

/// One thing a participant can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Voice.
    Microphone,
    /// The face.
    Camera,
    /// Screen, document camera or board camera.
    Content,
    /// Sound that belongs to the content.
    ContentAudio,
}

/// A publication: whose and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SourceRef {
    /// The participant's number.
    pub participant: u32,
    /// Which of its publications.
    pub kind: Kind,
}

/// What a participant may do at this moment: role and policy less all locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Rights {
    /// May send the microphone.
    pub microphone: bool,
    /// May send the camera.
    pub camera: bool,
    /// May send content and its sound.
    pub content: bool,
    /// May write to all and to the own group.
    pub chat: bool,
    /// May write to one person, where the policy lets these roles.
    pub private_chat: bool,
    /// May draw on the board.
    pub board: bool,
    /// May change the own name.
    pub names: bool,
    /// Sees and hears pupils and guests.
    pub people: bool,
    /// May record.
    pub record: bool,
    /// May write captions.
    pub caption: bool,
}

/// What can be locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum LockKind {
    /// The microphone.
    Microphone,
    /// The camera.
    Camera,
    /// Content and its sound.
    Content,
    /// Writing to all and to the own group.
    Chat,
    /// Writing to one person.
    PrivateChat,
    /// Drawing on the board.
    Board,
    /// Changing the own name.
    Names,
    /// Seeing and hearing other pupils and guests, also in the list. Only for all at once.
    People,
    /// Recording the lesson.
    Record,
    /// Writing captions.
    Caption,
}

/// A lock and the teacher who set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Lock {
    /// What is locked.
    pub what: LockKind,
    /// The number of the teacher who locked it; 0: the school.
    pub by: u32,
}

/// A person in the lesson as the reader may see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// Number within the lesson, from 1, never reused. The seating order where there is no roster.
    pub no: u32,
    /// Position in the room's roster, from 1: the seating order.
    pub seat: Option<u32>,
    /// The name to show. Plain text.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Whether a connection is open at this moment; a seat is kept without one.
    pub online: bool,
    /// What the participant may do while the lesson is neither quiet nor paused. Those two take
    /// from presenters, pupils and guests the microphone, both chats and the board, a pause content
    /// as well; and give everything back as it was.
    pub rights: Rights,
    /// The locks that explain `rights`.
    pub locks: Vec<Lock>,
    /// What the participant has switched on.
    pub sending: Vec<Kind>,
    /// If the hand is up, its place in the order in which hands were raised (not an index: the
    /// smallest is first in the queue).
    #[ts(type = "number | null")]
    pub hand: Option<u64>,
    /// Was let speak, whatever is locked.
    pub has_word: bool,
    /// Sits in the classroom itself.
    pub in_room: bool,
    /// The talk this family has come for.
    pub talk: Option<u32>,
    /// Is in another group than the reader: of what this person does nothing is told.
    #[serde(default, skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub elsewhere: bool,
}

/// For what is absent where it is not so.
pub(crate) fn is_false(value: &bool) -> bool {
    !value
}

/// A chat message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChatMessage {
    /// Number within the lesson, from 1.
    #[ts(type = "number")]
    pub id: u64,
    /// The author's number.
    pub from: u32,
    /// To whom; null: to all.
    pub to: Option<ChatTo>,
    /// Plain text; empty if it is hidden, deleted or erased.
    pub text: String,
    /// When the server took it: milliseconds since 1970 UTC.
    #[ts(type = "number")]
    pub at: i64,
    /// Its author has written it anew.
    pub edited: bool,
    /// Whether it can be read.
    pub shown: Shown,
}

/// To whom a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ChatTo {
    /// To a group and the teachers.
    Group(u8),
    /// To one person, by number.
    Person(u32),
}

/// Whether a message can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Shown {
    /// It can.
    Shown,
    /// A teacher has hidden it.
    Hidden,
    /// Its author or a teacher took it away.
    Deleted,
}

/// What the school has decided for the room, as far as a client shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// A lesson may be recorded.
    pub recording: bool,
    /// Teachers can see who was present for how long.
    pub attendance: bool,
    /// Days for which the chat outlives the lesson; 0: it is erased a minute after the end.
    pub keep_days: u16,
    /// Large pictures and two controls, for small children.
    pub simple_view: bool,
    /// The room is for talks, one family after the other.
    pub talks: bool,
    /// The roles to which the reader may write alone.
    pub private_chat: Vec<Role>,
}

/// Why a recording ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RecordingEnd {
    /// A teacher stopped it, the last teacher left, or the lesson ended.
    Ordered,
    /// The storage is full.
    StorageFull,
    /// The storage cannot be written.
    StorageFailed,
    /// The media was lost, or the server restarted.
    Interrupted,
}

/// Stable code of every failure that a person or a client program can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// The link was valid once.
    LinkExpired,
    /// The link opens no room.
    LinkInvalid,
    /// The token is expired, used, forged or for another room: fetch a new one with the link.
    TokenInvalid,
    /// The resume key opens no seat any more: fetch a token with the link.
    ResumeInvalid,
    /// A teacher ended this participation.
    Removed,
    /// A newer connection took the seat over.
    OpenedElsewhere,
    /// The lesson is over.
    LessonEnded,
    /// Protocol version or a required feature is missing.
    BrowserOld,
    /// The offer cannot be used.
    OfferInvalid,
    /// Role, policy or a lock forbids it.
    Denied,
    /// No such participant, message or slot.
    NotFound,
    /// The message is no valid message of this protocol.
    BadMessage,
    /// More messages than the connection may send; the message was dropped.
    TooMany,
    /// The text or name is empty, too long or holds characters that are not text.
    BadText,
    /// Durable changes cannot be stored at this moment. Media, mute, lock and remove go on.
    Degraded,
    /// This server takes no more people at this moment.
    Full,
    /// It is too late for it.
    TooLate,
    /// A teacher did not let them in.
    TurnedAway,
    /// The talk is over.
    TalkOver,
    /// The server stops or restarts: connect again.
    GoingAway,
    /// A fault of the server.
    Internal,
}
