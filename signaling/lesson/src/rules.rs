//! Who may do what: the whole authorization of a lesson on one page.
//!
//! Invariant: every intent has a rule for everyone who could utter it; the match has no catch-all,
//! so an intent or role without a rule does not compile. Locks are not rules: `handle` asks for
//! them after the rule. Left out: whether a target exists, and in which state it is.

use kreide_control::Role;

use crate::{Intent, LockKind, Rights};

/// On whose behalf an intent is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Someone at the door, without a seat.
    Door,
    /// The server itself.
    Server,
    /// Someone with a seat.
    Seat(Role),
}

/// Whether this intent may come from there at all.
pub(crate) fn permits(intent: &Intent, by: By) -> bool {
    use Role::{Guest, Interpreter, Observer, Presenter, Pupil, Teacher};
    match (intent, by) {
        // A seat is opened at the door and nowhere else.
        (Intent::Join { .. } | Intent::Resume { .. }, By::Door) => true,
        (Intent::Join { .. } | Intent::Resume { .. }, By::Server | By::Seat(_)) => false,

        // Only the server knows that a connection is gone.
        (Intent::Disconnected { .. }, By::Server) => true,
        (Intent::Disconnected { .. }, By::Door | By::Seat(_)) => false,

        // Nobody but the owner switches anything on; off is never refused.
        (Intent::Send { kind, on: true }, By::Seat(role)) => {
            rights(role).allows(LockKind::of(*kind))
        }
        (Intent::Send { on: false, .. }, By::Seat(_)) => true,
        (Intent::Send { .. }, By::Door | By::Server) => false,

        (Intent::Chat { .. }, By::Seat(role)) => rights(role).chat,
        (Intent::Chat { .. }, By::Door | By::Server) => false,

        (Intent::Hand { .. }, By::Seat(Teacher | Presenter | Pupil | Guest | Interpreter)) => true,
        (Intent::Hand { .. }, By::Seat(Observer) | By::Door | By::Server) => false,

        // Moderation. Whom it may reach: `may_restrict`.
        (
            Intent::LowerHand { .. }
            | Intent::Mute { .. }
            | Intent::Lock { .. }
            | Intent::Remove { .. },
            By::Seat(Teacher),
        ) => true,
        (
            Intent::LowerHand { .. }
            | Intent::Mute { .. }
            | Intent::Lock { .. }
            | Intent::Remove { .. },
            By::Seat(Presenter | Pupil | Guest | Interpreter | Observer) | By::Door | By::Server,
        ) => false,

        // Recording is for teachers; that its time has come, or that it broke, the server knows.
        (Intent::StartRecording { .. } | Intent::StopRecording, By::Seat(Teacher)) => true,
        (
            Intent::StartRecording { .. } | Intent::StopRecording,
            By::Seat(Presenter | Pupil | Guest | Interpreter | Observer) | By::Door | By::Server,
        ) => false,
        (Intent::BeginRecording { .. } | Intent::RecordingEnded { .. }, By::Server) => true,
        (Intent::BeginRecording { .. } | Intent::RecordingEnded { .. }, By::Door | By::Seat(_)) => {
            false
        }

        // Nobody but the person consents. Whether the school may record them: `recording`.
        (Intent::Consent { .. }, By::Seat(_)) => true,
        (Intent::Consent { .. }, By::Door | By::Server) => false,

        // The server ends a lesson on an operator's behalf.
        (Intent::End, By::Seat(Teacher) | By::Server) => true,
        (Intent::End, By::Seat(Presenter | Pupil | Guest | Interpreter | Observer) | By::Door) => {
            false
        }

        (Intent::Leave, By::Seat(_)) => true,
        (Intent::Leave, By::Door | By::Server) => false,
    }
}

/// What a role may do while nothing is locked.
pub(crate) fn rights(role: Role) -> Rights {
    let speaks = Rights { microphone: true, camera: true, content: false, chat: true };
    match role {
        Role::Teacher | Role::Presenter => Rights { content: true, ..speaks },
        Role::Pupil | Role::Guest | Role::Interpreter => speaks,
        Role::Observer => Rights::default(),
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
