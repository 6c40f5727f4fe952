//! Events as they are stored.
//!
//! Invariant: what was once written can be read for ever. A field is added with a default, a kind
//! at the end; nothing is renamed. A kind that this version does not know is kept as it is and
//! changes no state.

use kreide_control::{Epoch, ParticipantNo, Policy, RecordingEnd, RecordingId, Role, SourceKind};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use crate::chat::ChatTo;
use crate::door::Wait;
use crate::groups::GroupEvent;
use crate::polls::PollEvent;
use crate::seat::OwnLock;
use crate::talks::{Slot, TalkEvent};
use crate::tools::ToolEvent;
use crate::undo::Act;
use crate::{Audience, KeyHash, LockKind, Millis, PayloadId, Subject, TokenId};

/// An event in its place in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    /// Place in the lesson's log, from 1, without gaps.
    pub seq: u64,
    /// The owner that appended it.
    pub epoch: Epoch,
    /// When it was handled.
    pub at: Millis,
    /// Who may see it.
    pub audience: Audience,
    /// What.
    pub event: Event,
}

/// Something that happened in a lesson. People are numbers; names and texts are payloads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// The first seat is about to be taken.
    Started,
    /// Someone took a seat, or took the own one again after leaving.
    SeatTaken(Newcomer),
    /// Someone waits to be let in. A seat held before is given up.
    Waiting {
        /// Who.
        #[serde(flatten)]
        newcomer: Newcomer,
        /// What for.
        why: Wait,
    },
    /// Someone waits no longer: sent away by a teacher, or gone.
    WaitEnded {
        /// Who.
        no: ParticipantNo,
        /// Which teacher sent them away.
        by: Option<ParticipantNo>,
    },
    /// Someone gave the seat up: hand down, nothing sent. The number is kept for a return.
    SeatLeft {
        /// Who.
        no: ParticipantNo,
    },
    /// A seat lost or regained its connection.
    Online {
        /// Whose.
        no: ParticipantNo,
        /// Whether it is connected.
        online: bool,
    },
    /// A publication was switched on or off; on only ever by its owner.
    Sending {
        /// Whose.
        no: ParticipantNo,
        /// Which.
        kind: SourceKind,
        /// On or off.
        on: bool,
        /// Who did it.
        by: ParticipantNo,
    },
    /// Something was locked or unlocked.
    LockSet {
        /// For whom; `None`: all pupils and guests.
        who: Option<ParticipantNo>,
        /// What.
        what: LockKind,
        /// Locked or not.
        locked: bool,
        /// By which teacher.
        by: ParticipantNo,
    },
    /// A lock for all changed what this participant may do. Carries nothing: its place gives each
    /// reader's counter a number for the message that says so.
    RightsChanged {
        /// Whose.
        no: ParticipantNo,
    },
    /// A hand went up or down.
    Hand {
        /// Whose.
        no: ParticipantNo,
        /// Its place in the order of raising, from 1, never reused; `None`: down.
        place: Option<u64>,
    },
    /// A chat message.
    Chat {
        /// Counts from 1 within the lesson.
        id: u64,
        /// The author.
        from: ParticipantNo,
        /// The text.
        text: PayloadId,
        /// To whom.
        #[serde(default, skip_serializing_if = "crate::is_default")]
        to: ChatTo,
    },
    /// A teacher ended a participation for good: hand down, nothing sent, no way back.
    Removed {
        /// Whose.
        no: ParticipantNo,
        /// Which teacher.
        by: ParticipantNo,
    },
    /// The keys that open a seat from now on; all others are dead.
    ResumeKey {
        /// Whose.
        no: ParticipantNo,
        /// The key to be used next.
        key: KeyHash,
        /// The key used before, while it opens the seat too.
        previous: Option<PreviousKey>,
    },
    /// A join token was used and opens no door again.
    TokenUsed {
        /// Which.
        id: TokenId,
        /// When it expires, so that its id need not be known any more.
        until: Millis,
    },
    /// The lesson is over.
    Ended {
        /// Which teacher ended it; `None`: the server.
        by: Option<ParticipantNo>,
    },
    /// People are told that a recording begins soon. Nobody has consented to it yet.
    RecordingAnnounced {
        /// Its id.
        id: RecordingId,
        /// The teacher who records.
        by: ParticipantNo,
        /// When it is to begin.
        begins: Millis,
    },
    /// The announced recording began.
    RecordingBegan {
        /// Its id.
        id: RecordingId,
    },
    /// The recording stopped, or what was announced did not begin.
    RecordingStopped {
        /// Its id.
        id: RecordingId,
        /// Which teacher stopped it; `None`: it ended by itself.
        by: Option<ParticipantNo>,
        /// Why.
        why: RecordingEnd,
        /// Whether there is something of it.
        kept: bool,
    },
    /// Someone said whether they may be in the recording, or is to be asked again.
    RecordingConsent {
        /// Who.
        no: ParticipantNo,
        /// Yes or no.
        given: bool,
    },
    /// The room's policy holds from now on.
    PolicySet {
        /// The policy.
        policy: Policy,
        /// The talks of the day.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        talks: Vec<Slot>,
    },
    /// Someone has another name.
    Renamed {
        /// Who.
        no: ParticipantNo,
        /// The name.
        name: PayloadId,
        /// By whom.
        by: ParticipantNo,
    },
    /// Something was granted to one participant or taken back.
    Granted {
        /// To whom.
        no: ParticipantNo,
        /// What.
        what: LockKind,
        /// Granted or not.
        on: bool,
        /// By which teacher.
        by: ParticipantNo,
    },
    /// One participant's own lock is as it was before.
    LockRestored {
        /// Whose.
        no: ParticipantNo,
        /// Which.
        what: LockKind,
        /// The lock.
        own: Option<OwnLock>,
        /// By which teacher.
        by: ParticipantNo,
    },
    /// Someone may speak whatever is locked, or not any more.
    LetSpeak {
        /// Who.
        no: ParticipantNo,
        /// Given or taken.
        on: bool,
        /// By which teacher.
        by: ParticipantNo,
    },
    /// All are silenced, or everything is as it was before.
    QuietSet {
        /// By which teacher; `None`: it is over.
        by: Option<ParticipantNo>,
    },
    /// No teacher is there: the lesson rests; or one is back.
    PausedSet {
        /// It rests.
        on: bool,
    },
    /// A teacher did something to somebody that can be taken back for a while.
    Acted {
        /// Counts from 1 within the lesson.
        id: u64,
        /// Which teacher.
        by: ParticipantNo,
        /// Until when it can be taken back.
        until: Millis,
        /// What.
        act: Act,
    },
    /// It was taken back.
    Undone {
        /// What.
        id: u64,
        /// By which teacher.
        by: ParticipantNo,
    },
    /// Someone may switch something on again that a teacher had switched off by mistake.
    Invited {
        /// Who.
        no: ParticipantNo,
        /// What.
        kind: SourceKind,
        /// By which teacher.
        by: ParticipantNo,
    },
    /// A message says something else now.
    ChatEdited {
        /// Which.
        id: u64,
        /// The new text.
        text: PayloadId,
    },
    /// A message is gone.
    ChatDeleted {
        /// Which.
        id: u64,
        /// By whom.
        by: ParticipantNo,
    },
    /// Messages are hidden, or shown again.
    ChatHidden {
        /// Which.
        ids: Vec<u64>,
        /// Hidden or shown.
        hidden: bool,
        /// By which teacher.
        by: ParticipantNo,
    },
    /// A line of captions.
    Caption {
        /// Who wrote it.
        from: ParticipantNo,
        /// The text.
        text: PayloadId,
    },
    /// Of the breakout groups.
    Group(GroupEvent),
    /// Of a poll.
    Poll(PollEvent),
    /// Of the parents' talks.
    Talk(TalkEvent),
    /// Of the tools.
    Tool(ToolEvent),
    /// Something that was erased when its time was over.
    Erased,
    /// There are so many now that not everyone is told of everyone; or it is a class again.
    Crowded {
        /// A crowd or not.
        on: bool,
    },
    /// Somebody of a crowd does something: others are told that this person is there.
    Introduced {
        /// Who.
        no: ParticipantNo,
        /// To whom alone; `None`: to everyone who may notice them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ParticipantNo>,
    },
    /// A kind that a later version wrote.
    #[serde(untagged)]
    Unknown(Unknown),
}

/// Someone at the door, as the log keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Newcomer {
    /// The number.
    pub no: ParticipantNo,
    /// Who, for the school.
    pub subject: Subject,
    /// In which role. A number keeps its role.
    pub role: Role,
    /// The name.
    pub name: PayloadId,
    /// Whether this person may be recorded.
    #[serde(default)]
    pub consent: bool,
    /// Position in the room's roster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<u32>,
    /// The talk this family has come for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub talk: Option<u32>,
    /// What the browser calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<KeyHash>,
    /// On the room's roster, and proven to be that person: whoever is taken off it goes.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub proven: bool,
}

/// A resume key that was used, and still opens the seat for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousKey {
    /// Its hash.
    pub key: KeyHash,
    /// The last moment at which it opens the seat.
    pub until: Millis,
}

/// An event of an unknown kind, kept as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Unknown(Map<String, Value>);

impl Event {
    /// The kind as it stands in the log.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Started => "started",
            Self::SeatTaken(_) => "seatTaken",
            Self::SeatLeft { .. } => "seatLeft",
            Self::Online { .. } => "online",
            Self::Sending { .. } => "sending",
            Self::LockSet { .. } => "lockSet",
            Self::RightsChanged { .. } => "rightsChanged",
            Self::Hand { .. } => "hand",
            Self::Chat { .. } => "chat",
            Self::Removed { .. } => "removed",
            Self::ResumeKey { .. } => "resumeKey",
            Self::TokenUsed { .. } => "tokenUsed",
            Self::Ended { .. } => "ended",
            Self::RecordingAnnounced { .. } => "recordingAnnounced",
            Self::RecordingBegan { .. } => "recordingBegan",
            Self::RecordingStopped { .. } => "recordingStopped",
            Self::RecordingConsent { .. } => "recordingConsent",
            Self::Waiting { .. } => "waiting",
            Self::WaitEnded { .. } => "waitEnded",
            Self::PolicySet { .. } => "policySet",
            Self::Renamed { .. } => "renamed",
            Self::Granted { .. } => "granted",
            Self::LockRestored { .. } => "lockRestored",
            Self::LetSpeak { .. } => "letSpeak",
            Self::QuietSet { .. } => "quietSet",
            Self::PausedSet { .. } => "pausedSet",
            Self::Acted { .. } => "acted",
            Self::Undone { .. } => "undone",
            Self::Invited { .. } => "invited",
            Self::ChatEdited { .. } => "chatEdited",
            Self::ChatDeleted { .. } => "chatDeleted",
            Self::ChatHidden { .. } => "chatHidden",
            Self::Caption { .. } => "caption",
            Self::Group(_) => "group",
            Self::Poll(_) => "poll",
            Self::Talk(_) => "talk",
            Self::Tool(_) => "tool",
            Self::Erased => "erased",
            Self::Crowded { .. } => "crowded",
            Self::Introduced { .. } => "introduced",
            Self::Unknown(unknown) => unknown.kind(),
        }
    }
}

impl Unknown {
    /// The kind that this version does not know.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0.get("type").and_then(Value::as_str).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Unknown {
    /// Refuses a known kind: that one failed to parse, and skipping it would lose a lock.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let unknown = Self(Map::deserialize(deserializer)?);
        match unknown.kind() {
            "" => Err(de::Error::custom("an event needs a type")),
            known if KNOWN.contains(&known) => {
                Err(de::Error::custom(format!("malformed event of type {known}")))
            }
            _ => Ok(unknown),
        }
    }
}

const KNOWN: [&str; 40] = [
    "started",
    "seatTaken",
    "seatLeft",
    "online",
    "sending",
    "lockSet",
    "rightsChanged",
    "hand",
    "chat",
    "removed",
    "resumeKey",
    "tokenUsed",
    "ended",
    "recordingAnnounced",
    "recordingBegan",
    "recordingStopped",
    "recordingConsent",
    "waiting",
    "waitEnded",
    "policySet",
    "renamed",
    "granted",
    "lockRestored",
    "letSpeak",
    "quietSet",
    "pausedSet",
    "acted",
    "undone",
    "invited",
    "chatEdited",
    "chatDeleted",
    "chatHidden",
    "caption",
    "group",
    "poll",
    "talk",
    "tool",
    "erased",
    "crowded",
    "introduced",
];
