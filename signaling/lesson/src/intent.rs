//! What someone wants, who wants it, and what comes of it.

use kreide_control::{ParticipantNo, RecordingEnd, RecordingId, Role, SourceKind};

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
    /// Writes to all.
    Chat {
        /// What.
        text: Text,
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
            | Self::StopRecording
            | Self::RecordingEnded { .. }
            | Self::Leave => true,
            Self::Send { on, .. } => !on,
            Self::Consent { to } => to.is_none(),
            Self::Lock { locked, .. } => *locked,
            Self::Join { .. }
            | Self::Resume { .. }
            | Self::Disconnected { .. }
            | Self::Hand { .. }
            | Self::LowerHand { .. }
            | Self::Chat { .. }
            | Self::StartRecording { .. }
            | Self::BeginRecording { .. }
            | Self::End => false,
        }
    }
}
