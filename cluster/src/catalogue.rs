//! What lasts between lessons: rooms, who belongs to them, links, and which lesson is open.
//!
//! Invariant: a link's secret is never stored, only its hash.
//! Left out on purpose: accounts. A person is an opaque subject and a name to show, for a room.

use std::fmt;

use futures::future::BoxFuture;
use kreide_control::{LessonKey, ParticipantNo, RecordingId, Role, RoomId, TenantId};

use crate::{ExternalId, GroupSet, Room, RosterChange, RosterEntry, RosterImport, Talk, TalkList};

/// SHA-256 of a link's secret.
pub type LinkHash = [u8; 32];

/// The catalogue of all tenants.
pub trait Catalogue: Send + Sync {
    /// Adds a room unless it is there already; nothing of it is changed then.
    /// [`CatalogueError::Taken`] if another room has its external id.
    fn ensure_room(&self, room: Room) -> BoxFuture<'static, Result<(), CatalogueError>>;

    /// Adds a room, or replaces what is known of it. [`CatalogueError::Taken`] if another room
    /// has its external id.
    fn put_room(&self, room: Room) -> BoxFuture<'static, Result<(), CatalogueError>>;

    /// The rooms of a school by their ids. For its administration: no browser can ask for it.
    fn rooms(&self, tenant: TenantId) -> BoxFuture<'static, Result<Vec<Room>, CatalogueError>>;

    /// Finds a room by what another system of the school calls it.
    fn room_named(
        &self,
        tenant: TenantId,
        name: ExternalId,
    ) -> BoxFuture<'static, Result<Option<Room>, CatalogueError>>;

    /// Finds a room.
    fn room(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> BoxFuture<'static, Result<Option<Room>, CatalogueError>>;

    /// Stores a link.
    fn add_link(&self, link: Link) -> BoxFuture<'static, Result<(), CatalogueError>>;

    /// Finds a link by the hash of its secret. Whether it still opens is for the caller to say.
    fn link(
        &self,
        tenant: TenantId,
        hash: LinkHash,
    ) -> BoxFuture<'static, Result<Option<Link>, CatalogueError>>;

    /// Finds what a link opens, in one question: everyone who comes asks it.
    fn door(
        &self,
        tenant: TenantId,
        hash: LinkHash,
    ) -> BoxFuture<'static, Result<Option<Door>, CatalogueError>>;

    /// Which link still opens a room to somebody at `now` (milliseconds since 1970 UTC): one of their
    /// own if the school has given them one, else one of their role that is nobody's. None does to
    /// whoever was erased and has no new one.
    fn still_opens(
        &self,
        tenant: TenantId,
        room: RoomId,
        role: Role,
        subject: String,
        now: i64,
    ) -> BoxFuture<'static, Result<Option<Whom>, CatalogueError>>;

    /// Makes a link useless. Returns whether there was one.
    fn revoke_link(
        &self,
        tenant: TenantId,
        hash: LinkHash,
    ) -> BoxFuture<'static, Result<bool, CatalogueError>>;

    /// Makes all personal links of somebody useless, in all rooms of the school: whoever is
    /// removed does not come back by them. Returns how many were good until now.
    fn revoke_links_of(
        &self,
        tenant: TenantId,
        subject: String,
    ) -> BoxFuture<'static, Result<u64, CatalogueError>>;

    /// Brings rosters to what a school says, all of them or none. Those who are not named any
    /// more are taken off, and their links to the room revoked. Doing it twice is the same as
    /// once.
    fn import_roster(
        &self,
        import: RosterImport,
    ) -> BoxFuture<'static, Result<Vec<RosterChange>, CatalogueError>>;

    /// The people of a room in seating order.
    fn roster(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> BoxFuture<'static, Result<Vec<RosterEntry>, CatalogueError>>;

    /// Whether somebody is on a room's roster now. A token that tells a seat and not that its
    /// bearer must wait was given to someone who was.
    fn on_roster(
        &self,
        tenant: TenantId,
        room: RoomId,
        subject: String,
    ) -> BoxFuture<'static, Result<bool, CatalogueError>>;

    /// Rooms whose policy changed or from whose roster somebody was taken after the change
    /// `after`, each with its latest change, in the order of these; a hundred at most. Whoever did
    /// it, in whatever process. Changes count from 1.
    fn changed_rooms(
        &self,
        after: i64,
    ) -> BoxFuture<'static, Result<Vec<RoomChange>, CatalogueError>>;

    /// Sets the talks of a room and makes their links. Returns whether it did: it does not if
    /// there are some and they are not to be replaced. The room must be there.
    fn set_talks(
        &self,
        tenant: TenantId,
        room: RoomId,
        list: TalkList,
    ) -> BoxFuture<'static, Result<bool, CatalogueError>>;

    /// The talks of a room in their order.
    fn talks(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> BoxFuture<'static, Result<Vec<Talk>, CatalogueError>>;

    /// Keeps groups for later lessons, under a name that replaces what was kept under it.
    /// [`CatalogueError::Full`] if the room has [`crate::MAX_GROUP_SETS`] others. The room must be
    /// there.
    fn put_group_set(
        &self,
        tenant: TenantId,
        room: RoomId,
        set: GroupSet,
    ) -> BoxFuture<'static, Result<(), CatalogueError>>;

    /// The prepared groups of a room by their names.
    fn group_sets(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> BoxFuture<'static, Result<Vec<GroupSet>, CatalogueError>>;

    /// Forgets prepared groups. Returns whether there were some of this name.
    fn delete_group_set(
        &self,
        tenant: TenantId,
        room: RoomId,
        name: String,
    ) -> BoxFuture<'static, Result<bool, CatalogueError>>;

    /// The open lesson of a room; opens the next one if there is none.
    fn open_lesson(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> BoxFuture<'static, Result<LessonKey, CatalogueError>>;

    /// The open lesson of a room, if there is one.
    fn current_lesson(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> BoxFuture<'static, Result<Option<LessonKey>, CatalogueError>>;

    /// Marks a lesson as ended, its texts to be erased from `erase_at` on (milliseconds since
    /// 1970 UTC). Doing it twice is the same as once.
    fn end_lesson(
        &self,
        lesson: LessonKey,
        erase_at: i64,
    ) -> BoxFuture<'static, Result<(), CatalogueError>>;

    /// Ended lessons whose texts are due to be erased at `now`, a hundred at most.
    fn to_erase(&self, now: i64) -> BoxFuture<'static, Result<Vec<LessonKey>, CatalogueError>>;

    /// Notes that a lesson's texts are erased.
    fn erased(&self, lesson: LessonKey) -> BoxFuture<'static, Result<(), CatalogueError>>;

    /// Erases a person everywhere: the texts of all lessons of the school, as far as
    /// [`crate::Append::seats`] told which numbers the person had, with answers to polls of these
    /// lessons that belong to nobody; the name in the catalogue, links, rosters, and prepared
    /// groups. What was sealed is erased in every copy of the store as well; the rest is taken
    /// out of a copy when it is put back and opened. When it fails, doing it again is right.
    fn erase_person(
        &self,
        tenant: TenantId,
        subject: String,
    ) -> BoxFuture<'static, Result<Erasure, CatalogueError>>;

    /// Those who were erased and may still be in the memory of lessons that run, oldest first.
    /// Whoever asks is the one who runs them.
    fn erased_people(&self) -> BoxFuture<'static, Result<Vec<ErasedPerson>, CatalogueError>>;

    /// Notes that no running lesson holds anything any more of this person, and of those who
    /// were erased before.
    fn person_left_lessons(&self, id: i64) -> BoxFuture<'static, Result<(), CatalogueError>>;

    /// Adds a recording that begins, or replaces what is known of it, except whether it is
    /// released: that only [`Self::release_recording`] changes.
    fn put_recording(&self, recording: Recording)
    -> BoxFuture<'static, Result<(), CatalogueError>>;

    /// Notes how long and how large a recording became. Returns whether there is one: what was
    /// forgotten meanwhile stays forgotten.
    fn end_recording(
        &self,
        tenant: TenantId,
        room: RoomId,
        id: RecordingId,
        size: RecordingSize,
    ) -> BoxFuture<'static, Result<bool, CatalogueError>>;

    /// Finds a recording of a room.
    fn recording(
        &self,
        tenant: TenantId,
        room: RoomId,
        id: RecordingId,
    ) -> BoxFuture<'static, Result<Option<Recording>, CatalogueError>>;

    /// The recordings of a room, newest first.
    fn recordings(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> BoxFuture<'static, Result<Vec<Recording>, CatalogueError>>;

    /// Sets whether everyone of the room may watch a recording. Returns whether there is one.
    fn release_recording(
        &self,
        tenant: TenantId,
        room: RoomId,
        id: RecordingId,
        released: bool,
    ) -> BoxFuture<'static, Result<bool, CatalogueError>>;

    /// Forgets a recording. The caller has deleted its media. Returns whether there was one.
    fn forget_recording(
        &self,
        tenant: TenantId,
        room: RoomId,
        id: RecordingId,
    ) -> BoxFuture<'static, Result<bool, CatalogueError>>;

    /// All recordings that are not ended: after a start of the server, those that a crash cut.
    fn unended_recordings(&self) -> BoxFuture<'static, Result<Vec<Recording>, CatalogueError>>;

    /// Recordings that are to be deleted at `now`, ended or not: a hundred at most, after the
    /// first `skip`.
    fn recordings_to_delete(
        &self,
        now: i64,
        skip: u32,
    ) -> BoxFuture<'static, Result<Vec<Recording>, CatalogueError>>;
}

/// Something of a room changed that its lesson must hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomChange {
    /// Which change.
    pub seq: i64,
    /// The school.
    pub tenant: TenantId,
    /// The room.
    pub room: RoomId,
}

/// Whom a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// One person.
    One,
    /// Whoever has it.
    Anyone,
}

/// What erasing a person took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erasure {
    /// Names, messages and other texts in lessons.
    pub texts: u64,
    /// Personal links.
    pub links: u64,
    /// Rosters that the person was on.
    pub rosters: u64,
    /// Prepared sets of groups that the person was in.
    pub groups: u64,
}

/// Someone who was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasedPerson {
    /// Counts erased people.
    pub id: i64,
    /// The numbers the person had, and number 0, whose texts belong to nobody, in these lessons.
    pub seats: Vec<(LessonKey, ParticipantNo)>,
}

/// A recording. Its media is a file of the recorder, named by the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Unique everywhere, and not to be guessed.
    pub id: RecordingId,
    /// The lesson it is of.
    pub lesson: LessonKey,
    /// When it began: milliseconds since 1970 UTC.
    pub started: i64,
    /// Length and size; `None`: it is being made, or was cut by a crash.
    pub ended: Option<RecordingSize>,
    /// Everyone of the room may watch it, not teachers alone.
    pub released: bool,
    /// When it is deleted: milliseconds since 1970 UTC.
    pub kept_until: i64,
}

/// How long and how large a recording is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordingSize {
    /// Milliseconds.
    pub length: i64,
    /// Bytes.
    pub bytes: i64,
}

/// What opens the door of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The school.
    pub tenant: TenantId,
    /// Hash of the secret; unique within the school.
    pub hash: LinkHash,
    /// The room it leads to.
    pub room: RoomId,
    /// The role it gives.
    pub role: Role,
    /// For whom it is.
    pub owner: LinkOwner,
    /// The school has the consent (of the guardians) to record whoever enters by it. The person
    /// is still asked in the lesson.
    pub consent: bool,
    /// When it was made: milliseconds since 1970 UTC.
    pub created: i64,
    /// From when on it opens nothing: milliseconds since 1970 UTC.
    pub expires: Option<i64>,
    /// It was withdrawn.
    pub revoked: bool,
}

/// For whom a link is.
#[derive(Clone, PartialEq, Eq)]
pub enum LinkOwner {
    /// For one person, who is the same person on every use.
    Person {
        /// Opaque and stable.
        subject: String,
        /// The name to show; empty if it was erased.
        name: String,
    },
    /// For a class: everyone who uses it is a new person and says a name.
    Class,
    /// For the family of one talk: everyone who uses it is a new person of that talk.
    Talk {
        /// The talk's place in the room's list.
        slot: u32,
        /// The family's name to show; otherwise, or if it was erased, everyone says one.
        label: Option<String>,
    },
}

/// Prints neither subject nor name.
impl fmt::Debug for LinkOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Person { .. } => "Person",
            Self::Class => "Class",
            Self::Talk { .. } => "Talk",
        })
    }
}

/// What a link opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// The link. Whether it still opens is for the caller to say.
    pub link: Link,
    /// Where it leads.
    pub room: Room,
    /// The seat on the room's roster of the person whom it is for.
    pub seat: Option<u32>,
}

/// Why the catalogue did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// The store cannot be reached; trying again may help.
    #[error("the catalogue cannot be reached")]
    Unavailable,
    /// A stored value is none that this version knows.
    #[error("the catalogue holds a value that this version does not know")]
    Unreadable,
    /// Another room has this external id.
    #[error("another room of the school has this external id")]
    Taken,
    /// The room has as many of these as there may be.
    #[error("the room has as many of these as there may be")]
    Full,
}
