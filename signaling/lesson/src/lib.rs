//! The lesson as a pure state machine: [`Lesson::handle`] turns an intent into events,
//! [`Lesson::apply`] turns events into state.
//!
//! Invariant: state is a function of the log alone. `handle` changes nothing; the caller stamps
//! its events ([`Lesson::stamp`]), appends them to the log as one batch, and applies them.
//! Reading the same log again gives the same [`Lesson::state_hash`], with or without the names
//! and texts, which are [`Payload`]s outside the log.
//!
//! ```
//! use kreide_control::{Epoch, LessonKey, Role, RoomId, TenantId};
//! use kreide_lesson::{Actor, Identity, Intent, KeyHash, Lesson, Millis, Subject, Text, TokenId};
//!
//! let tenant = TenantId::parse("school").expect("an id");
//! let room = RoomId::parse("7b").expect("an id");
//! let mut lesson = Lesson::new(LessonKey { tenant, room, lesson: 1 });
//! let identity = Identity {
//!     subject: Subject("42".to_owned()),
//!     role: Role::Teacher,
//!     name: Text::from("Frau Kern"),
//!     consent: false,
//!     token: TokenId("first".to_owned()),
//!     token_expires: Millis(60_000),
//!     waits: false,
//!     seat: None,
//!     talk: None,
//!     device: None,
//! };
//! let now = Millis(1_000);
//! let join = Intent::Join { identity, key: KeyHash([0; 32]) };
//! let outcome = lesson.handle(Actor::Door, join, now)?;
//! let me = outcome.seat.expect("a join opens a seat");
//! // Append these and `outcome.payloads` in one go; apply and send them when they are durable.
//! for logged in lesson.stamp(Epoch(1), now, outcome.events) {
//!     lesson.apply(&logged)?;
//! }
//! assert!(lesson.rights(me).microphone && !lesson.media_rights(me).microphone);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! To send an event to a browser, translate it with the lesson as it is after applying it. An
//! event may also be translated with a later state (events missed over a reconnect): everything
//! visible is an absolute value, so the reader ends at the same picture.
//!
//! Left out on purpose: clocks, sockets, locks, secrets (only hashes of keys arrive here) and the
//! messages of browsers, which the server translates.

mod attendance;
mod audience;
mod calm;
mod chat;
mod crowd;
mod door;
mod event;
mod groups;
mod handle;
mod intent;
mod lesson;
mod lot;
mod names;
mod policy;
mod polls;
mod projection;
mod reach;
mod recording;
mod rights;
mod room;
mod rules;
mod seat;
mod state;
mod talks;
mod text;
mod tools;
mod undo;
mod values;

pub use audience::Audience;
pub use chat::{ChatLine, ChatTo, Shown};
pub use door::Wait;
pub use event::{Event, Logged, Newcomer, PreviousKey, Unknown};
pub use groups::{Deal, GroupEvent, GroupIntent, Groups, Listening, MAX_GROUP_MINUTES, MAX_GROUPS};
pub use intent::{Actor, Denied, Identity, Intent, Outcome, Payload};
pub use lesson::{BadLog, Lesson};
pub use polls::{
    Ballot, BallotBox, Batch, Choice, MAX_LETTERS, MAX_OPTION_CHARS, MAX_OPTIONS,
    MAX_QUESTION_CHARS, MIN_BATCH, Poll, PollEvent, PollIntent, PollKind, PollResult, Polls,
    StoredKind,
};
pub use recording::{Recording, Take};
pub use rights::{Lock, LockKind, Rights, SCHOOL};
pub use seat::{OwnLock, Person, Standing};
pub use talks::{Fate, MAX_DEVICES, MORE_MS, Slot, Talk, TalkEvent, TalkIntent, Talks};
pub use text::Text;
pub use tools::{
    Announcement, MAX_ANNOUNCEMENT_CHARS, MAX_SPOTLIGHT, MAX_TIMER_S, Pick, Reaction, ReadyCheck,
    Signal, Timer, ToolEvent, ToolIntent, Tools,
};
pub use undo::Act;
pub use values::{KeyHash, Millis, PayloadId, Subject, TokenId};

/// Seats that may be held at the same time: the assembly of a large school.
pub const MAX_SEATS: usize = 1_500;
/// Seats of these, and numbers of those below, that only staff can take: a link that goes round must
/// not keep the teacher out.
pub const STAFF_RESERVE: usize = 50;
/// People above whom a lesson is a crowd: most of them are told of staff, of themselves, of whoever is
/// active, and how many there are.
pub const CROWD: usize = 100;
/// People down to whom a crowd stays one, so that one who comes and goes turns nothing over.
pub const CROWD_KEPT: usize = 90;
/// People who may wait at the door at the same time.
pub const MAX_WAITING: usize = 500;
/// Numbers that one lesson gives out: bounds those who come under ever new identities.
pub const MAX_NUMBERS: u32 = 5_000;
/// Chat messages that the state keeps for those who come later; the log keeps all.
pub const MAX_CHAT_KEPT: usize = 1_000;
/// Characters of a name.
pub const MAX_NAME_CHARS: usize = 64;
/// Characters of a chat message.
pub const MAX_CHAT_CHARS: usize = 2_000;
/// How long the resume key before the current one still opens the seat, in milliseconds: the
/// reply that brought the current one may have been lost.
pub const PREVIOUS_KEY_MS: i64 = 30_000;
/// How long a teacher can take back what was done to somebody, in milliseconds.
pub const UNDO_MS: i64 = 20_000;

/// Whether a field can be left out of the stored state: lessons that never knew it keep their
/// hash.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
