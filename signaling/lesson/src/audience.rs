//! Who may see an event.

use kreide_control::{ParticipantNo, Role};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who may see an event; fixed when it is appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", content = "who", rename_all = "camelCase")]
pub enum Audience {
    /// Everyone with a seat.
    All,
    /// Teachers.
    Staff,
    /// These people.
    Only(Vec<ParticipantNo>),
    /// Bookkeeping: never sent.
    Nobody,
    /// One that a later version wrote: nobody here, rather than somebody too many.
    #[serde(untagged)]
    Unknown(Value),
}

impl Audience {
    /// Whether a participant with this role belongs to it.
    #[must_use]
    pub fn includes(&self, no: ParticipantNo, role: Role) -> bool {
        match self {
            Self::All => true,
            Self::Staff => role == Role::Teacher,
            Self::Only(who) => who.contains(&no),
            Self::Nobody | Self::Unknown(_) => false,
        }
    }
}
