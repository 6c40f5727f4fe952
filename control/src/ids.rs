//! Identifiers shared by all planes. The tenant stands first in every key.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id has 1 to 64 characters of a-z A-Z 0-9 _ -")]
pub struct BadId;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl TryFrom<String> for $name {
            type Error = BadId;

            fn try_from(text: String) -> Result<Self, BadId> {
                Self::parse(&text).ok_or(BadId)
            }
        }

        impl $name {
            /// Accepts 1 to 64 characters of `a-z A-Z 0-9 _ -`, so that an id is safe in a path,
            /// a URL, a subject and a metric label.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let fits = (1..=64).contains(&text.len());
                let safe = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                (fits && text.chars().all(safe)).then(|| Self(text.to_owned()))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// One school: its policy, quota, branding and secrets.
    TenantId
);
text_id!(
    /// A lasting place such as class 7b, unique within its tenant.
    RoomId
);

text_id!(
    /// A recording: 128 random bits, so that nobody guesses one. Unique everywhere.
    RecordingId
);

/// One sitting of a room. `lesson` counts the sittings of that room from 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LessonKey {
    /// The school.
    pub tenant: TenantId,
    /// The room.
    pub room: RoomId,
    /// Which sitting of the room, from 1.
    pub lesson: u32,
}

impl fmt::Display for LessonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.tenant, self.room, self.lesson)
    }
}

/// A person's number within one lesson, from 1, never reused. Events know people by it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ParticipantNo(pub u32);

impl ParticipantNo {
    /// The recorder, a subscriber that is no person. People count from 1.
    pub const RECORDER: Self = Self(0);
}

impl fmt::Display for ParticipantNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Counts the owners of a lesson's log. Clients and relays obey only the highest they have seen.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(pub u32);
