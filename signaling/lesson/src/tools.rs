//! Small things a lesson is led with: spotlight, focus, announcement, timer, ready check, lot,
//! reactions; and who sits in the room itself.
//!
//! Invariant: a reaction is told and never kept. Whoever gives the seat up is in no spotlight, has
//! answered nothing and sits nowhere; but a lot that was drawn stays drawn, so that leaving and
//! coming back is no second chance.

use kreide_control::ParticipantNo;
use serde::{Deserialize, Serialize};

use crate::{Millis, PayloadId, Text};

mod kept;

pub use kept::{Announcement, Pick, ReadyCheck, Timer, Tools};

/// People who can be in the spotlight together.
pub const MAX_SPOTLIGHT: usize = 4;
/// Characters of an announcement.
pub const MAX_ANNOUNCEMENT_CHARS: usize = 300;
/// The longest timer, in seconds.
pub const MAX_TIMER_S: u32 = 86_400;

/// What someone wants of the tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolIntent {
    /// Shows these people large to everyone, the interpreter for instance; nobody ends it.
    Spotlight {
        /// Whom.
        who: Vec<ParticipantNo>,
    },
    /// Pupils see and hear teachers and content alone, or each other again.
    Focus {
        /// On or off.
        on: bool,
    },
    /// Shows a line to everyone, in all groups; `None` takes it away.
    Announce {
        /// The line.
        text: Option<Text>,
    },
    /// Starts a timer anew; `None` stops it.
    Timer {
        /// How long, 1 s to 24 h.
        seconds: Option<u32>,
    },
    /// Asks whether everyone is ready, or ends the question.
    AskReady {
        /// On or off.
        on: bool,
    },
    /// Answers it.
    Ready {
        /// Ready or not yet.
        yes: bool,
    },
    /// Draws a pupil by lot. Nobody comes twice before all were drawn.
    Pick {
        /// Decides the lot; made by the server.
        seed: u64,
    },
    /// Shows a reaction for a moment.
    React {
        /// Which.
        what: Reaction,
    },
    /// Sits in the classroom itself: its loudspeaker plays the sound.
    InRoom {
        /// There or not.
        on: bool,
    },
}

/// A reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reaction {
    /// Thumb up.
    Yes,
    /// Thumb down.
    No,
    /// Applause.
    Applause,
    /// Laughter.
    Laugh,
    /// Slower, please.
    Slower,
    /// I do not follow.
    Lost,
}

/// Something that is told and not logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Someone reacts.
    Reaction {
        /// Who.
        no: ParticipantNo,
        /// How.
        what: Reaction,
    },
}

/// What happened to the tools.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ToolEvent {
    /// These people are in the spotlight.
    Spotlight {
        /// Who.
        who: Vec<ParticipantNo>,
    },
    /// Pupils see teachers alone, or each other again.
    Focus {
        /// On or off.
        on: bool,
    },
    /// A line is shown, or not any more.
    Announced {
        /// The line.
        text: Option<PayloadId>,
        /// By which teacher.
        by: ParticipantNo,
    },
    /// The timer runs until then, or is off.
    TimerSet {
        /// When it ends.
        until: Option<Millis>,
        /// By which teacher.
        by: ParticipantNo,
    },
    /// Everyone is asked whether they are ready, or the question is over.
    ReadyAsked {
        /// On or off.
        on: bool,
        /// By which teacher.
        by: ParticipantNo,
    },
    /// Someone answered.
    Ready {
        /// Who.
        no: ParticipantNo,
        /// Ready or not yet.
        yes: bool,
    },
    /// Someone was drawn.
    Picked {
        /// Who.
        no: ParticipantNo,
        /// How often the lot has gone round, from 1.
        round: u32,
    },
    /// Someone sits in the classroom itself, or not.
    InRoom {
        /// Who.
        no: ParticipantNo,
        /// There or not.
        on: bool,
    },
    /// A change that a later version wrote.
    #[serde(other)]
    Unknown,
}
