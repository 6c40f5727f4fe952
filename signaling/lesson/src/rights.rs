//! What a participant may do, and what can be locked.

use kreide_control::{ParticipantNo, SourceKind};
use serde::{Deserialize, Serialize};

/// What a participant may do at this moment: the role's rights less all locks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rights {
    /// May send the microphone.
    pub microphone: bool,
    /// May send the camera.
    pub camera: bool,
    /// May send content and its sound.
    pub content: bool,
    /// May write in the chat.
    pub chat: bool,
}

/// What can be locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LockKind {
    /// The microphone.
    Microphone,
    /// The camera.
    Camera,
    /// Content and its sound.
    Content,
    /// Writing in the chat.
    Chat,
}

/// A lock and the teacher who set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lock {
    /// What is locked.
    pub what: LockKind,
    /// Which teacher locked it.
    pub by: ParticipantNo,
}

impl LockKind {
    /// All kinds, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Microphone, Self::Camera, Self::Content, Self::Chat];

    /// The lock that holds for a publication.
    #[must_use]
    pub fn of(kind: SourceKind) -> Self {
        match kind {
            SourceKind::Microphone => Self::Microphone,
            SourceKind::Camera => Self::Camera,
            SourceKind::Content | SourceKind::ContentAudio => Self::Content,
        }
    }
}

impl Rights {
    /// Whether what this lock closes is open.
    #[must_use]
    pub fn allows(self, what: LockKind) -> bool {
        match what {
            LockKind::Microphone => self.microphone,
            LockKind::Camera => self.camera,
            LockKind::Content => self.content,
            LockKind::Chat => self.chat,
        }
    }

    /// These rights without what the lock closes.
    #[must_use]
    pub(crate) fn without(mut self, what: LockKind) -> Self {
        match what {
            LockKind::Microphone => self.microphone = false,
            LockKind::Camera => self.camera = false,
            LockKind::Content => self.content = false,
            LockKind::Chat => self.chat = false,
        }
        self
    }
}
