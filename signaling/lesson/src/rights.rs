//! What a participant may do, and what can be locked.

use kreide_control::ParticipantNo;
use serde::{Deserialize, Serialize};

pub use kreide_control::LockKind;

/// What a participant may do at this moment: the role's rights and what was granted, less locks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
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

/// A lock and the teacher who set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lock {
    /// What is locked.
    pub what: LockKind,
    /// Which teacher locked it; [`SCHOOL`]: the room's policy.
    pub by: ParticipantNo,
}

/// Stands for the school where the number of a teacher is expected.
pub const SCHOOL: ParticipantNo = ParticipantNo(0);

impl Rights {
    /// Whether what this lock closes is open.
    #[must_use]
    pub fn allows(self, what: LockKind) -> bool {
        match what {
            LockKind::Microphone => self.microphone,
            LockKind::Camera => self.camera,
            LockKind::Content => self.content,
            LockKind::Chat => self.chat,
            LockKind::PrivateChat => self.private_chat,
            LockKind::Board => self.board,
            LockKind::Names => self.names,
            LockKind::People => self.people,
            LockKind::Record => self.record,
            LockKind::Caption => self.caption,
        }
    }

    /// These rights with this one open or closed.
    #[must_use]
    pub(crate) fn set(mut self, what: LockKind, open: bool) -> Self {
        *match what {
            LockKind::Microphone => &mut self.microphone,
            LockKind::Camera => &mut self.camera,
            LockKind::Content => &mut self.content,
            LockKind::Chat => &mut self.chat,
            LockKind::PrivateChat => &mut self.private_chat,
            LockKind::Board => &mut self.board,
            LockKind::Names => &mut self.names,
            LockKind::People => &mut self.people,
            LockKind::Record => &mut self.record,
            LockKind::Caption => &mut self.caption,
        } = open;
        self
    }
}
