//! Who may do what: the whole authorization of a lesson on one page.
//!
//! Invariant: every intent has a rule for everyone who could utter it; no match has a catch-all,
//! so an intent or role without a rule does not compile. Rights that can be locked or granted are
//! asked for after the rule, in `handle`. Left out: whether a target exists, and in which state it
//! is.

use kreide_control::Role;

use crate::groups::GroupIntent;
use crate::polls::PollIntent;
use crate::seat::Place;
use crate::state::State;
use crate::talks::TalkIntent;
use crate::tools::ToolIntent;
use crate::{Actor, Denied, Intent, Lesson, LockKind, Rights};

/// On whose behalf an intent is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Someone at the door, without a seat.
    Door,
    /// The server itself.
    Server,
    /// Someone who waits in the lobby.
    Lobby,
    /// Someone with a seat.
    Seat(Role),
}

impl State {
    /// On whose behalf something is asked.
    pub(crate) fn on_behalf_of(&self, actor: Actor) -> Result<By, Denied> {
        let no = match actor {
            Actor::Door => return Ok(By::Door),
            Actor::Server => return Ok(By::Server),
            Actor::Participant(no) => no,
        };
        let seat = self.seats.get(&no).ok_or(Denied::NotFound)?;
        match seat.place {
            Place::Held(_) => Ok(By::Seat(seat.role)),
            Place::Waiting(_) => Ok(By::Lobby),
            Place::Left => Err(Denied::NotFound),
            Place::Removed { .. } => Err(Denied::Removed),
        }
    }
}

impl Lesson {
    /// Whether there is a rule by which such an intent may come from there. What is locked or
    /// granted, and whether whom or what it concerns is there, [`Lesson::handle`] asks after it.
    #[must_use]
    pub fn permits(&self, actor: Actor, intent: &Intent) -> bool {
        self.state.on_behalf_of(actor).is_ok_and(|by| permits(intent, by))
    }
}

/// Whether this intent may come from there at all.
pub(crate) fn permits(intent: &Intent, by: By) -> bool {
    use By::{Door, Lobby, Seat, Server};
    use Role::{Guest, Interpreter, Observer, Presenter, Pupil, Teacher};
    match intent {
        // A seat is opened at the door and nowhere else, and given up by its holder alone.
        Intent::Join { .. } | Intent::Resume { .. } => match by {
            Door => true,
            Server | Lobby | Seat(_) => false,
        },
        Intent::Leave => match by {
            Lobby | Seat(_) => true,
            Door | Server => false,
        },

        // What only the server knows: connections, times, decisions of the school, full boxes.
        Intent::Disconnected { .. }
        | Intent::Unattended
        | Intent::SetPolicy { .. }
        | Intent::TakenOff { .. }
        | Intent::BeginRecording { .. }
        | Intent::RecordingEnded { .. }
        | Intent::Groups(GroupIntent::BeginListening { .. })
        | Intent::Poll(PollIntent::Tally { .. }) => match by {
            Server => true,
            Door | Lobby | Seat(_) => false,
        },

        // Nobody but the owner switches anything on; off is never refused.
        Intent::Send { on, .. } => match by {
            Seat(Observer) => !on,
            Seat(Teacher | Presenter | Pupil | Guest | Interpreter) => true,
            Door | Server | Lobby => false,
        },

        // What everyone does who takes part: observers watch, and are seen to watch.
        Intent::Chat { .. }
        | Intent::EditChat { .. }
        | Intent::DeleteChat { .. }
        | Intent::Caption { .. }
        | Intent::Rename { .. }
        | Intent::Hand { .. }
        | Intent::Tool(
            ToolIntent::Ready { .. } | ToolIntent::React { .. } | ToolIntent::InRoom { .. },
        ) => match by {
            Seat(Teacher | Presenter | Pupil | Guest | Interpreter) => true,
            Seat(Observer) | Door | Server | Lobby => false,
        },

        // Teachers ask; those who are taught answer, choose their group and call for help.
        Intent::Poll(PollIntent::Vote { .. })
        | Intent::Groups(GroupIntent::Choose { .. } | GroupIntent::CallTeacher { .. }) => {
            match by {
                Seat(Presenter | Pupil | Guest) => true,
                Seat(Teacher | Interpreter | Observer) | Door | Server | Lobby => false,
            }
        }

        // Moderation is for teachers. Whom it may reach: `may_restrict`.
        Intent::LowerHand { .. }
        | Intent::HideRecent { .. }
        | Intent::Mute { .. }
        | Intent::Lock { .. }
        | Intent::Grant { .. }
        | Intent::LetSpeak { .. }
        | Intent::Quiet { .. }
        | Intent::Undo { .. }
        | Intent::Admit { .. }
        | Intent::TurnAway { .. }
        | Intent::ToLobby { .. }
        | Intent::Remove { .. }
        | Intent::Poll(PollIntent::Open { .. })
        | Intent::Groups(
            GroupIntent::Prepare { .. }
            | GroupIntent::Deal { .. }
            | GroupIntent::Offer { .. }
            | GroupIntent::Open { .. }
            | GroupIntent::Extend { .. }
            | GroupIntent::Assign { .. }
            | GroupIntent::Visit { .. }
            | GroupIntent::Listen { .. }
            | GroupIntent::SpeakToAll { .. },
        )
        | Intent::Talk(
            TalkIntent::Finish
            | TalkIntent::More
            | TalkIntent::NoShow { .. }
            | TalkIntent::Skip { .. },
        )
        | Intent::Tool(
            ToolIntent::Spotlight { .. }
            | ToolIntent::Focus { .. }
            | ToolIntent::Announce { .. }
            | ToolIntent::Timer { .. }
            | ToolIntent::AskReady { .. }
            | ToolIntent::Pick { .. },
        ) => match by {
            Seat(Teacher) => true,
            Seat(Presenter | Pupil | Guest | Interpreter | Observer) | Door | Server | Lobby => {
                false
            }
        },

        // What a teacher does, or the server when its time has come or on an operator's behalf.
        Intent::End
        | Intent::Poll(PollIntent::Close)
        | Intent::Groups(GroupIntent::Close)
        | Intent::Talk(TalkIntent::Begin { .. }) => match by {
            Seat(Teacher) | Server => true,
            Seat(Presenter | Pupil | Guest | Interpreter | Observer) | Door | Lobby => false,
        },

        // Recording is for teachers, and for a presenter to whom one granted it.
        Intent::StartRecording { .. } | Intent::StopRecording => match by {
            Seat(Teacher | Presenter) => true,
            Seat(Pupil | Guest | Interpreter | Observer) | Door | Server | Lobby => false,
        },

        // Nobody but the person consents. Whether the school may record them: `recording`.
        Intent::Consent { .. } => match by {
            Seat(_) => true,
            Door | Server | Lobby => false,
        },
    }
}

/// What a role may do while nothing is locked and nothing granted.
pub(crate) fn rights(role: Role) -> Rights {
    let takes_part = Rights {
        microphone: true,
        camera: true,
        content: false,
        chat: true,
        private_chat: true,
        board: true,
        names: true,
        people: true,
        record: false,
        caption: false,
    };
    match role {
        Role::Teacher => Rights { content: true, record: true, caption: true, ..takes_part },
        Role::Presenter => Rights { content: true, ..takes_part },
        Role::Pupil => takes_part,
        Role::Guest | Role::Interpreter => Rights { board: false, ..takes_part },
        Role::Observer => Rights { people: true, ..Rights::default() },
    }
}

/// Whether a teacher may grant this to someone in this role.
pub(crate) fn may_be_granted(role: Role, what: LockKind) -> bool {
    match (role, what) {
        // Teachers have everything; observers only watch.
        (Role::Teacher | Role::Observer, _) => false,
        (Role::Presenter, LockKind::Record) => true,
        (Role::Pupil | Role::Guest | Role::Interpreter, LockKind::Record) => false,
        (Role::Presenter | Role::Pupil | Role::Guest | Role::Interpreter, _) => true,
    }
}

/// Whether a teacher may lock or remove someone in this role. Teachers are equals: they can mute
/// each other and lower each other's hands, which the other can undo, but not lock or remove.
pub(crate) fn may_restrict(target: Role) -> bool {
    match target {
        Role::Teacher => false,
        Role::Presenter | Role::Pupil | Role::Guest | Role::Interpreter | Role::Observer => true,
    }
}

/// Whether a lock for all holds for this role.
pub(crate) fn under_room_locks(role: Role) -> bool {
    match role {
        Role::Pupil | Role::Guest => true,
        Role::Teacher | Role::Presenter | Role::Interpreter | Role::Observer => false,
    }
}

/// Whether this role is silenced when the teacher wants quiet or no teacher is there. Interpreters
/// are not: what they say is somebody else's.
pub(crate) fn is_calmed(role: Role) -> bool {
    match role {
        Role::Presenter | Role::Pupil | Role::Guest => true,
        Role::Teacher | Role::Interpreter | Role::Observer => false,
    }
}

/// Whether this role is told of everyone in a crowd, and everyone of it: whoever teaches it or shows
/// it something.
pub(crate) fn stands_out(role: Role) -> bool {
    match role {
        Role::Teacher | Role::Presenter => true,
        Role::Pupil | Role::Guest | Role::Interpreter | Role::Observer => false,
    }
}

/// Whether this role receives what is for staff alone.
pub(crate) fn is_staff(role: Role) -> bool {
    match role {
        Role::Teacher => true,
        Role::Presenter | Role::Pupil | Role::Guest | Role::Interpreter | Role::Observer => false,
    }
}

/// Whether focus mode hides this role from pupils and guests: as a lock on seeing people does.
pub(crate) fn is_hidden_from_pupils(role: Role) -> bool {
    under_room_locks(role)
}
