//! What someone wants, who wants it, and what comes of it.

use kreide_control::{ParticipantNo, Policy, RecordingEnd, RecordingId, Role, SourceKind};

use crate::chat::ChatTo;
use crate::groups::GroupIntent;
use crate::polls::{Ballot, PollIntent};
use crate::talks::{Slot, TalkIntent};
use crate::tools::{Signal, ToolIntent};
use crate::{Audience, Event, KeyHash, LockKind, Millis, PayloadId, Subject, Text, TokenId};

/// On whose behalf an intent is handled. The caller has authenticated it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The server at the door: someone without a seat yet, with a verified token or a key.
    Door,
    /// The holder of a seat, on the connection that holds it.
    Participant(ParticipantNo),
    /// The server itself.
    Server,
}

/// What a join token says about its holder, its signature, room and expiry verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who, for the school.
    pub subject: Subject,
    /// The token is the only source of the role.
    pub role: Role,
    /// The name to show; checked by the lesson.
    pub name: Text,
    /// Whether the school has the consent to record this person, who is still asked.
    pub consent: bool,
    /// Id of the token: it opens the door once.
    pub token: TokenId,
    /// When the token expires.
    pub token_expires: Millis,
    /// The link says that its holder waits until a teacher lets them in.
    pub waits: bool,
    /// Position in the room's roster, from 1.
    pub seat: Option<u32>,
    /// The talk this family has come for.
    pub talk: Option<u32>,
    /// Hash of what the browser calls itself, so that it stays away when its user was removed.
    pub device: Option<KeyHash>,
}

/// Something that someone wants to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Takes a seat with a token. A subject that has one gets the same seat again, in another
    /// role another number: the earlier seat is left.
    Join {
        /// Who.
        identity: Identity,
        /// Hash of the new resume key. Every earlier key of this seat is dead.
        key: KeyHash,
    },
    /// Opens the own seat again.
    Resume {
        /// Hash of the key that was shown.
        key: KeyHash,
        /// Hash of the key to use next time.
        next: KeyHash,
    },
    /// The connection of a seat is gone; the seat is kept, with all it was sending, so that a
    /// cut of some seconds restores it. Not for a connection that a newer one replaced.
    Disconnected {
        /// Whose.
        who: ParticipantNo,
    },
    /// Says that an own publication was switched on or off.
    Send {
        /// Which.
        kind: SourceKind,
        /// On or off.
        on: bool,
    },
    /// Raises or lowers the own hand.
    Hand {
        /// Up or down.
        up: bool,
    },
    /// Lowers a hand.
    LowerHand {
        /// Whose.
        who: ParticipantNo,
    },
    /// Writes.
    Chat {
        /// To whom.
        to: ChatTo,
        /// What.
        text: Text,
    },
    /// Writes an own message anew.
    EditChat {
        /// Which.
        id: u64,
        /// What it says now.
        text: Text,
    },
    /// Takes a message away: the own one, or a teacher anybody's.
    DeleteChat {
        /// Which.
        id: u64,
    },
    /// Hides what somebody wrote in the last minute.
    HideRecent {
        /// Who.
        who: ParticipantNo,
    },
    /// Says in writing what is being said.
    Caption {
        /// A whole sentence or line.
        text: Text,
    },
    /// Changes a name: the own one, or a teacher anybody's.
    Rename {
        /// Whose.
        who: ParticipantNo,
        /// The new name.
        name: Text,
    },
    /// Switches a publication of another off. Its owner may switch it on again.
    Mute {
        /// Whose.
        who: ParticipantNo,
        /// Which.
        kind: SourceKind,
    },
    /// Locks or unlocks something. Locking also switches it off; unlocking switches nothing on.
    Lock {
        /// For whom; `None`: all pupils and guests, those who come later too.
        who: Option<ParticipantNo>,
        /// What.
        what: LockKind,
        /// Locked or not.
        locked: bool,
    },
    /// Grants one participant what the role or a lock for all forbids, or takes it back.
    Grant {
        /// To whom.
        who: ParticipantNo,
        /// What.
        what: LockKind,
        /// Granted or not.
        on: bool,
    },
    /// Lets one participant speak whatever is locked, and lowers the hand; or takes the word back.
    LetSpeak {
        /// Who.
        who: ParticipantNo,
        /// Given or taken.
        on: bool,
    },
    /// Silences and locks all microphones, pauses chat and drawing; off: as it was.
    Quiet {
        /// On or off.
        on: bool,
    },
    /// The last teacher has been gone for too long.
    Unattended,
    /// Takes back what a teacher did to somebody a moment ago.
    Undo {
        /// The number in [`Event::Acted`].
        id: u64,
    },
    /// Lets someone in who waits in the lobby; `None`: everyone there.
    Admit {
        /// Whom.
        who: Option<ParticipantNo>,
    },
    /// Sends someone away who waits in the lobby.
    TurnAway {
        /// Whom.
        who: ParticipantNo,
    },
    /// Sends someone back to the lobby.
    ToLobby {
        /// Whom.
        who: ParticipantNo,
    },
    /// Ends a participation for good.
    Remove {
        /// Whose.
        who: ParticipantNo,
    },
    /// Announces a recording, unless there is one.
    StartRecording {
        /// Its id, made by the server.
        id: RecordingId,
        /// When it is to begin, by the server's clock.
        begins: Millis,
    },
    /// Begins what was announced: its time has come.
    BeginRecording {
        /// Its id.
        id: RecordingId,
    },
    /// Stops the recording, also while it is only announced.
    StopRecording,
    /// The recording has ended by itself.
    RecordingEnded {
        /// Its id.
        id: RecordingId,
        /// Why.
        why: RecordingEnd,
        /// Whether there is something of it.
        kept: bool,
    },
    /// Says whether the own voice and picture may be in a recording.
    Consent {
        /// The recording that it is a yes to; `None`: no, to whatever is recorded.
        to: Option<RecordingId>,
    },
    /// Somebody is not on the room's roster any more: gives up the seat, or waits no longer.
    TakenOff {
        /// Who.
        who: ParticipantNo,
    },
    /// Sets the room's policy, as the school has decided; also while the lesson runs.
    SetPolicy {
        /// The policy.
        policy: Policy,
        /// The talks of the day, in the order of their times; empty unless the room is for talks.
        talks: Vec<Slot>,
    },
    /// Breakout groups.
    Groups(GroupIntent),
    /// Polls.
    Poll(PollIntent),
    /// Parents' talks.
    Talk(TalkIntent),
    /// Small things a teacher leads a lesson with, and answers to them.
    Tool(ToolIntent),
    /// Ends the lesson, and its recording.
    End,
    /// Gives the own seat up.
    Leave,
}

/// What an intent leads to. Nothing has happened until the events are logged and applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// To be appended together, in this order. Empty if all is already as wanted.
    pub events: Vec<(Audience, Event)>,
    /// Names and texts that the events refer to; to be stored with them.
    pub payloads: Vec<Payload>,
    /// The seat that a `Join` or `Resume` opens.
    pub seat: Option<ParticipantNo>,
    /// What is told and not logged, because it is over when it is read.
    pub signals: Vec<(Audience, Signal)>,
    /// A vote, for the ballot box. Nothing else keeps it.
    pub ballot: Option<Ballot>,
}

/// A name or text, kept outside the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// What events call it.
    pub id: PayloadId,
    /// Whose it is: it is erased with this person.
    pub of: ParticipantNo,
    /// The text, trimmed and checked.
    pub text: Text,
}

/// Why an intent was refused. Each reason has one code on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Denied {
    /// Role or a lock forbids it.
    #[error("role or a lock forbids it")]
    Forbidden,
    /// No such participant, or no seat any more.
    #[error("no such participant")]
    NotFound,
    /// The name or text is empty, too long or holds characters that are not text.
    #[error("the text is empty, too long or holds characters that are not text")]
    BadText,
    /// A teacher ended this participation.
    #[error("a teacher ended this participation")]
    Removed,
    /// The resume key opens no seat.
    #[error("the resume key opens no seat")]
    ResumeInvalid,
    /// The token has been used or has expired.
    #[error("the token has been used or has expired")]
    TokenInvalid,
    /// The lesson is over.
    #[error("the lesson is over")]
    LessonEnded,
    /// All seats are taken.
    #[error("all seats are taken")]
    Full,
    /// It is too late for it.
    #[error("it is too late for this")]
    TooLate,
}

impl Intent {
    /// Whether it only takes away from what others can see and hear. The server tells the SFU at
    /// once and logs in parallel; every other intent waits for the log. `End` waits: that a lesson
    /// is over must be on record before people are sent home.
    #[must_use]
    pub fn lowers_exposure(&self) -> bool {
        match self {
            Self::Mute { .. }
            | Self::Remove { .. }
            | Self::ToLobby { .. }
            | Self::StopRecording
            | Self::RecordingEnded { .. }
            | Self::Unattended
            | Self::TakenOff { .. }
            | Self::Leave => true,
            Self::Send { on, .. } | Self::LetSpeak { on, .. } | Self::Grant { on, .. } => !on,
            Self::Quiet { on } => *on,
            Self::Consent { to } => to.is_none(),
            Self::Lock { locked, .. } => *locked,
            Self::Groups(GroupIntent::Listen { group, .. }) => group.is_none(),
            Self::Groups(GroupIntent::SpeakToAll { on }) => !on,
            Self::Tool(ToolIntent::Focus { on }) => *on,
            Self::Join { .. }
            | Self::Resume { .. }
            | Self::Disconnected { .. }
            | Self::Hand { .. }
            | Self::LowerHand { .. }
            | Self::Chat { .. }
            | Self::EditChat { .. }
            | Self::DeleteChat { .. }
            | Self::HideRecent { .. }
            | Self::Caption { .. }
            | Self::Rename { .. }
            | Self::Undo { .. }
            | Self::Admit { .. }
            | Self::TurnAway { .. }
            | Self::SetPolicy { .. }
            | Self::Groups(_)
            | Self::Poll(_)
            | Self::Talk(_)
            | Self::Tool(_)
            | Self::StartRecording { .. }
            | Self::BeginRecording { .. }
            | Self::End => false,
        }
    }
}
