//! What a browser says.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ChatTo, GroupAct, Kind, LockKind, PollAct, SourceRef, TalkAct, ToolAct};

/// One frame from a browser: a message and, if the sender wants to be answered, a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ClientFrame {
    /// Chosen by the sender; the server's `ok` or `error` repeats it.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, rename = "ref")]
    pub reference: Option<u32>,
    /// The message.
    #[serde(flatten)]
    pub message: ClientMessage,
}

/// A message from a browser. The first one on a connection is `join`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ClientMessage {
    /// Takes a seat. Answered by `joined` or by an `error`, after which the server closes.
    Join(Join),
    /// A new offer: the first one of this seat, an ICE restart of the same peer connection, or a
    /// new peer connection after media was lost. Answered by `media`.
    Offer {
        /// The offer, deflated (RFC 1951, raw) and in base64url without padding.
        offer: String,
    },
    /// What this viewer wants to see from now on. Answered by `slots`.
    View {
        /// One wish for each video slot in use.
        slots: Vec<SlotWish>,
    },
    /// Says that a publication was switched on or off by its owner.
    Send {
        /// Which publication.
        kind: Kind,
        /// On or off.
        on: bool,
    },
    /// Raises or lowers the own hand.
    Hand {
        /// Up or down.
        up: bool,
    },
    /// Lowers another's hand (teacher).
    LowerHand {
        /// Whose.
        who: u32,
    },
    /// Writes.
    Chat {
        /// To whom; absent: to all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        to: Option<ChatTo>,
        /// Plain text.
        text: String,
    },
    /// Writes an own message anew.
    EditChat {
        /// Which.
        #[ts(type = "number")]
        id: u64,
        /// Plain text.
        text: String,
    },
    /// Takes a message away for good: the own one, or a teacher anybody's.
    DeleteChat {
        /// Which.
        #[ts(type = "number")]
        id: u64,
    },
    /// Hides what somebody wrote in the last minute (teacher).
    HideRecent {
        /// Who.
        who: u32,
    },
    /// Writes a line of captions.
    Caption {
        /// Plain text.
        text: String,
    },
    /// Changes a name.
    Rename {
        /// Whose; absent: the own one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        who: Option<u32>,
        /// The new name.
        name: String,
    },
    /// Switches another's microphone, camera or content off (teacher). Nothing can switch it on.
    Mute {
        /// Whose.
        who: u32,
        /// What.
        kind: Kind,
    },
    /// Locks or unlocks something for one participant or for all pupils and guests (teacher).
    Lock {
        /// Whose; absent: all pupils and guests, those who come later too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        who: Option<u32>,
        /// What.
        what: LockKind,
        /// Locked or not.
        locked: bool,
    },
    /// Grants one participant what the role or a lock for all forbids, or takes it back (teacher).
    Grant {
        /// To whom.
        who: u32,
        /// What.
        what: LockKind,
        /// Granted or not.
        on: bool,
    },
    /// Lets one participant speak whatever is locked, and lowers the hand; or takes the word back
    /// (teacher).
    LetSpeak {
        /// Whom.
        who: u32,
        /// Given or taken.
        on: bool,
    },
    /// Silences and locks all microphones, pauses chat and drawing; off: rights are as they were
    /// (teacher).
    Quiet {
        /// On or off.
        on: bool,
    },
    /// Takes back what was done to somebody, within 20 s (teacher).
    Undo {
        /// The number in `acted`.
        #[ts(type = "number")]
        id: u64,
    },
    /// Lets someone in who waits in the lobby (teacher).
    Admit {
        /// Whom; absent: everyone there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        who: Option<u32>,
    },
    /// Sends someone away who waits in the lobby (teacher).
    TurnAway {
        /// Whom.
        who: u32,
    },
    /// Sends someone back to the lobby (teacher).
    ToLobby {
        /// Whom.
        who: u32,
    },
    /// Breakout groups.
    Groups(GroupAct),
    /// Polls.
    Poll(PollAct),
    /// Parents' talks.
    Talk(TalkAct),
    /// Tools.
    Tool(ToolAct),
    /// Ends another's participation (teacher). Their link and token open no door afterwards.
    Remove {
        /// Whose.
        who: u32,
    },
    /// Starts or stops the recording (teacher). It begins some seconds after it was announced to
    /// all; stopping in that time means that nothing is recorded.
    Record {
        /// On or off.
        on: bool,
    },
    /// Says whether the own voice and picture may be in the recording. Only for those whom the
    /// school may record (`mayBeRecorded`); holds for this recording and this stay in the seat,
    /// can be changed at any time.
    RecordConsent {
        /// The recording that it is a yes to. Absent: no, to whatever is recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        to: Option<String>,
    },
    /// Ends the lesson for all (teacher).
    End,
    /// Gives the own seat up.
    Leave,
    /// Asks for `pong`.
    Ping,
}

/// The first message of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Join {
    /// Protocol version of the client: 1.
    pub version: u32,
    /// Optional abilities of the client, by name. Unknown names are ignored.
    #[serde(default)]
    pub features: Vec<String>,
    /// What opens the door.
    pub with: JoinWith,
    /// The offer, deflated and in base64url. Absent: join without media, or keep the media of
    /// the peer connection that this seat still has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub offer: Option<String>,
    /// Sequence of the last event this client has: the reply then brings `missed` events instead
    /// of a snapshot where it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub since: Option<u64>,
}

/// What opens the door: a token from the link, or the key of a seat held before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum JoinWith {
    /// A one-time join token, at most five minutes old.
    Token(String),
    /// The resume key of the last `joined`.
    Resume(String),
}

/// What a viewer wants in one video slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SlotWish {
    /// Which video slot, from 0.
    pub slot: u8,
    /// What to show.
    pub source: SourceRef,
    /// Height of its place on the screen in device pixels.
    pub height: u16,
    /// Gives way last when the line is weak: higher is more important.
    #[serde(default)]
    pub priority: u8,
}

/// Body of `POST /api/enter`: exchanges a link for a join token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EnterRequest {
    /// The secret part of the link.
    pub link: String,
    /// The name to show, for a link that is not personal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// Whom of `choose` the person says to be, instead of a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub chosen: Option<String>,
    /// 128 random bits in base64url, made by this browser and kept in it, so that somebody removed
    /// does not come back under another name. The lesson learns its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub device: Option<String>,
}
