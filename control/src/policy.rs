//! What a school has decided for a room, and what can be locked in it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Role, SourceKind};

/// What can be locked for one participant or for all pupils and guests, and granted to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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

impl LockKind {
    /// All kinds, in the order in which they are listed.
    pub const ALL: [Self; 10] = [
        Self::Microphone,
        Self::Camera,
        Self::Content,
        Self::Chat,
        Self::PrivateChat,
        Self::Board,
        Self::Names,
        Self::People,
        Self::Record,
        Self::Caption,
    ];

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

/// A room's policy. It is stored as JSON; a field that is missing has its default, so that a
/// policy written before a field existed reads as before.
///
/// The default is the careful one: minors, and nobody has decided anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Policy {
    /// Who waits in the lobby until a teacher lets them in.
    pub lobby: Lobby,
    /// Pupils and guests may be in the room before a teacher is there. Otherwise they wait.
    pub early: bool,
    /// Ten seconds after the last teacher is gone, microphones, chat and content of all others
    /// are closed until one is back.
    pub supervised: bool,
    /// Who may write to whom alone.
    pub private_chat: PrivateChat,
    /// What is locked for pupils and guests when a lesson begins.
    pub locked: BTreeSet<LockKind>,
    /// A lesson may be recorded.
    pub recording: bool,
    /// Teachers see who was present for how long.
    pub attendance: bool,
    /// Chat, attendance, hands and votes outlive the lesson by this many days; 0: they are erased
    /// a minute after its end.
    pub keep_days: u16,
    /// Pupils see large pictures and two controls: for small children.
    pub simple_view: bool,
    /// The room is for talks, one family after the other. Nothing can be recorded there.
    pub talks: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            lobby: Lobby::Guests,
            early: false,
            supervised: true,
            private_chat: PrivateChat::default(),
            locked: BTreeSet::from([LockKind::Content, LockKind::Names]),
            recording: true,
            attendance: false,
            keep_days: 0,
            simple_view: false,
            talks: false,
        }
    }
}

impl Policy {
    /// The rules of lessons that were logged before rooms had a policy: nobody waits, nothing is
    /// locked, nobody watches over the room.
    #[must_use]
    pub fn unwritten() -> Self {
        Self {
            lobby: Lobby::Nobody,
            early: true,
            supervised: false,
            private_chat: PrivateChat::none(),
            locked: BTreeSet::new(),
            recording: true,
            attendance: false,
            keep_days: 0,
            simple_view: false,
            talks: false,
        }
    }
}

/// Who waits in the lobby.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Lobby {
    /// Nobody but those whose link says so.
    Nobody,
    /// Guests.
    #[default]
    Guests,
    /// Everyone but teachers.
    Everyone,
}

impl Lobby {
    /// Whether somebody in this role waits there, whatever their link says.
    #[must_use]
    pub fn keeps(self, role: Role) -> bool {
        match self {
            Self::Nobody => false,
            Self::Guests => role == Role::Guest,
            Self::Everyone => role != Role::Teacher,
        }
    }
}

/// Who may write to whom alone, in both directions. Presenters and interpreters count as teachers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PrivateChat {
    /// Teachers with each other.
    pub teachers: bool,
    /// A pupil and a teacher.
    pub pupil_teacher: bool,
    /// Pupils with each other.
    pub pupils: bool,
    /// A guest and a teacher.
    pub guest_teacher: bool,
    /// A guest and a pupil, or two guests.
    pub guests: bool,
}

impl Default for PrivateChat {
    fn default() -> Self {
        Self {
            teachers: true,
            pupil_teacher: true,
            pupils: false,
            guest_teacher: true,
            guests: false,
        }
    }
}

impl PrivateChat {
    /// Nobody to nobody.
    #[must_use]
    pub fn none() -> Self {
        Self {
            teachers: false,
            pupil_teacher: false,
            pupils: false,
            guest_teacher: false,
            guests: false,
        }
    }

    /// Whether people in these roles may write to each other alone. Observers write to nobody.
    #[must_use]
    pub fn allows(self, one: Role, other: Role) -> bool {
        use Role::{Guest, Interpreter, Observer, Presenter, Pupil, Teacher};
        match (one, other) {
            (Observer, _) | (_, Observer) => false,
            (Teacher | Presenter | Interpreter, Teacher | Presenter | Interpreter) => self.teachers,
            (Pupil, Teacher | Presenter | Interpreter)
            | (Teacher | Presenter | Interpreter, Pupil) => self.pupil_teacher,
            (Pupil, Pupil) => self.pupils,
            (Guest, Teacher | Presenter | Interpreter)
            | (Teacher | Presenter | Interpreter, Guest) => self.guest_teacher,
            (Guest, Pupil | Guest) | (Pupil, Guest) => self.guests,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_without_fields_is_the_careful_one() {
        assert_eq!(serde_json::from_str::<Policy>("{}").unwrap(), Policy::default());
        let written = serde_json::to_string(&Policy::unwritten()).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&written).unwrap(), Policy::unwritten());
    }

    #[test]
    fn private_chat_knows_no_direction() {
        const ROLES: [Role; 6] = [
            Role::Teacher,
            Role::Presenter,
            Role::Pupil,
            Role::Guest,
            Role::Interpreter,
            Role::Observer,
        ];
        let policy = PrivateChat { pupils: true, ..PrivateChat::default() };
        for one in ROLES {
            for other in ROLES {
                assert_eq!(
                    policy.allows(one, other),
                    policy.allows(other, one),
                    "{one:?} {other:?}"
                );
            }
            assert!(!PrivateChat::none().allows(one, Role::Teacher), "{one:?}");
        }
        assert!(policy.allows(Role::Pupil, Role::Pupil));
        assert!(!PrivateChat::default().allows(Role::Pupil, Role::Pupil));
        assert!(!policy.allows(Role::Observer, Role::Teacher));
    }
}
