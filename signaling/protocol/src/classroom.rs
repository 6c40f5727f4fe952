//! What leads a lesson, both ways: the lobby, groups, polls, talks and tools.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::LockKind;

/// Something done to the breakout groups. Groups count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "act", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum GroupAct {
    /// Prepares these groups (teacher).
    Prepare {
        /// The numbers of each group's members.
        groups: Vec<Vec<u32>>,
    },
    /// Deals all pupils and guests out (teacher). One of `number` and `size` is given.
    Deal {
        /// Into so many groups.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        number: Option<u8>,
        /// Into groups of this size.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        size: Option<u8>,
        /// By lot; otherwise in seating order.
        shuffled: bool,
    },
    /// Prepares empty groups from which everyone chooses (teacher).
    Offer {
        /// How many.
        groups: u8,
    },
    /// Sends everyone to their group (teacher).
    Open {
        /// After how many minutes all return.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        minutes: Option<u16>,
    },
    /// Gives more time (teacher).
    Extend {
        /// How many minutes more.
        minutes: u16,
    },
    /// Brings everyone back (teacher).
    Close,
    /// Puts one person into a group, or back into the class (teacher).
    Assign {
        /// Whom.
        who: u32,
        /// Where; absent: into the class.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        group: Option<u8>,
    },
    /// Chooses the own group, where groups were offered.
    Choose {
        /// Which.
        group: u8,
    },
    /// Goes into a group, or back (teacher).
    Visit {
        /// Which; absent: back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        group: Option<u8>,
    },
    /// Listens to a group from outside some seconds after it was told, or no longer (teacher).
    Listen {
        /// Which; absent: no longer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        group: Option<u8>,
    },
    /// Is seen and heard in all groups, or no longer (teacher).
    SpeakToAll {
        /// On or off.
        on: bool,
    },
    /// Calls a teacher to the own group, or takes the call back.
    CallTeacher {
        /// On or off.
        on: bool,
    },
    /// Asks for the names under which groups are kept (teacher). Answered by `groupSets`.
    Kept,
    /// Keeps the prepared groups under a name, for later lessons of the room (teacher).
    Keep {
        /// The name.
        name: String,
    },
    /// Prepares the groups that were kept under a name (teacher). Who is not there is left out.
    Use {
        /// The name.
        name: String,
    },
    /// Forgets the groups that were kept under a name (teacher).
    Forget {
        /// The name.
        name: String,
    },
}

/// The groups as the reader may see them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Groups {
    /// How many are prepared.
    pub count: u8,
    /// Everyone may choose one.
    pub choice: bool,
    /// They are open.
    pub open: bool,
    /// When all return by themselves: milliseconds since 1970 UTC.
    #[ts(type = "number | null")]
    pub until: Option<i64>,
    /// The reader's own group; of a teacher, the one that is visited.
    pub mine: Option<u8>,
    /// The members of each group, for teachers; everyone else sees the members of the own group
    /// and empty lists for the others.
    pub members: Vec<Vec<u32>>,
    /// Groups that call for a teacher: all for teachers, the own one for everyone else.
    pub calls: Vec<u8>,
    /// Teachers in groups: all for teachers, those in the own group for everyone else.
    pub visits: Vec<GroupVisit>,
    /// Teachers who speak to all groups.
    pub everywhere: Vec<u32>,
}

/// A teacher in a group, or listening to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct GroupVisit {
    /// Which teacher.
    pub who: u32,
    /// Which group.
    pub group: u8,
    /// Listens from outside. Otherwise the teacher is in the group.
    pub listens: bool,
    /// When the listening begins or has begun: milliseconds since 1970 UTC.
    #[ts(type = "number | null")]
    pub since: Option<i64>,
}

/// Something done to a poll.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "act", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PollAct {
    /// Asks everyone (teacher).
    Open {
        /// The question; absent: it was asked aloud.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        question: Option<String>,
        /// What can be answered.
        options: PollOptions,
        /// Everyone sees the result while it grows.
        live: bool,
    },
    /// Votes. Nothing keeps who chose what.
    Vote {
        /// Which poll.
        #[ts(type = "number")]
        poll: u64,
        /// The index of the option, from 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        option: Option<u8>,
        /// The answer in own words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        words: Option<String>,
    },
    /// Ends the poll; everyone sees the result (teacher).
    Close,
}

/// What can be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PollOptions {
    /// Yes or no, in this order.
    YesNo,
    /// A, B, C, ...
    Letters {
        /// How many, 2 to 8.
        count: u8,
    },
    /// One of these.
    Texts {
        /// 2 to 10 of them.
        texts: Vec<String>,
    },
    /// In own words.
    Free,
}

/// A poll as the reader may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Poll {
    /// Counts from 1 within the lesson.
    #[ts(type = "number")]
    pub id: u64,
    /// The question.
    pub question: Option<String>,
    /// What can be answered.
    pub options: PollOptions,
    /// Everyone sees the result while it grows.
    pub live: bool,
    /// Which teacher asks.
    pub by: u32,
    /// It takes votes.
    pub open: bool,
    /// The reader's vote is counted already. A vote that waits for others is not among them.
    pub voted: bool,
    /// The result, as far as it may be shown.
    pub result: Option<PollResult>,
}

/// The result of a poll. Votes are added to it by several people at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PollResult {
    /// How many people voted.
    pub voters: u32,
    /// How many for each option.
    pub counts: Vec<u32>,
    /// Answers in own words, in no particular order.
    pub answers: Vec<String>,
    /// So few voted that a guess at who chose what is easy.
    pub few: bool,
}

/// Something done to the parents' talks (teacher).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "act", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum TalkAct {
    /// Begins the talk of a family that waits.
    Begin {
        /// Which talk.
        slot: u32,
    },
    /// Ends the talk that is on.
    Finish,
    /// Gives it two minutes more.
    More,
    /// The family has not come.
    NoShow {
        /// Which talk.
        slot: u32,
    },
    /// Passes a talk over; the family may still come later.
    Skip {
        /// Which talk.
        slot: u32,
    },
}

/// One talk of the day, for teachers; a family sees its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Talk {
    /// Its number.
    pub slot: u32,
    /// When it is to begin: milliseconds since 1970 UTC.
    #[ts(type = "number")]
    pub begins: i64,
    /// How long it is to last.
    pub minutes: u16,
    /// How far it is.
    pub state: TalkState,
    /// When the talk that is on is to end: milliseconds since 1970 UTC.
    #[ts(type = "number | null")]
    pub until: Option<i64>,
}

/// How far a talk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TalkState {
    /// It has not begun.
    Planned,
    /// It is on.
    On,
    /// It is over.
    Over,
    /// The family has not come.
    Missed,
    /// It was passed over.
    Skipped,
}

/// Something done with the tools.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "act", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ToolAct {
    /// Shows these people large to everyone (teacher).
    Spotlight {
        /// Whom, at most 4; nobody ends it.
        who: Vec<u32>,
    },
    /// Pupils see and hear teachers and content alone (teacher).
    Focus {
        /// On or off.
        on: bool,
    },
    /// Shows a line to everyone, in all groups (teacher).
    Announce {
        /// The line; absent takes it away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        text: Option<String>,
    },
    /// Starts the timer anew (teacher).
    Timer {
        /// How long; absent stops it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        seconds: Option<u32>,
    },
    /// Asks whether everyone is ready, or ends the question (teacher).
    AskReady {
        /// On or off.
        on: bool,
    },
    /// Answers it.
    Ready {
        /// Ready or not yet.
        yes: bool,
    },
    /// Draws a pupil by lot (teacher).
    Pick,
    /// Shows a reaction for a moment.
    React {
        /// Which.
        what: Reaction,
    },
    /// Sits in the classroom itself, whose loudspeaker plays the sound.
    InRoom {
        /// There or not.
        on: bool,
    },
}

/// A reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
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

/// The tools as the reader may see them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Tools {
    /// Who is in the spotlight.
    pub spotlight: Vec<u32>,
    /// Pupils see and hear teachers and content alone.
    pub focus: bool,
    /// A line for everyone.
    pub announcement: Option<Announcement>,
    /// When the timer ends: milliseconds since 1970 UTC.
    #[ts(type = "number | null")]
    pub timer: Option<i64>,
    /// Everyone is asked whether they are ready.
    pub ready: Option<ReadyCheck>,
    /// Who was drawn last.
    pub picked: Option<u32>,
}

/// A line that is shown to everyone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Announcement {
    /// The line.
    pub text: String,
    /// Which teacher.
    pub by: u32,
}

/// Who has answered the question whether they are ready: all for teachers, the reader's own answer
/// for everyone else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReadyCheck {
    /// Which teacher asks.
    pub by: u32,
    /// Who is ready.
    pub yes: Vec<u32>,
    /// Who is not ready yet.
    pub not_yet: Vec<u32>,
}

/// What someone waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum WaitFor {
    /// For a teacher to let them in.
    Lobby,
    /// For the lesson to begin.
    Begin,
    /// For their talk.
    Talk,
}

/// What someone is told who must wait. It may come again with a new expectation. Nothing is said
/// of the lesson or of who else waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// What for.
    pub why: WaitFor,
    /// The room's title.
    pub title: String,
    /// Opens the same place in the queue again.
    pub resume: String,
    /// The own talk.
    pub talk: Option<Talk>,
    /// When it can be expected to begin: milliseconds since 1970 UTC.
    #[ts(type = "number | null")]
    pub expected: Option<i64>,
    /// The server's clock: milliseconds since 1970 UTC.
    #[ts(type = "number")]
    pub now: i64,
}

/// Someone who waits, for teachers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Waiter {
    /// Number; kept when they are let in.
    pub no: u32,
    /// The name.
    pub name: String,
    /// The role they would have.
    pub role: crate::Role,
    /// What for.
    pub why: WaitFor,
    /// The talk this family has come for.
    pub talk: Option<u32>,
}

/// What a teacher did to somebody, and may take back for a while; told to teachers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Acted {
    /// To be named in `undo`.
    #[ts(type = "number")]
    pub id: u64,
    /// Which teacher.
    pub by: u32,
    /// Until when it can be taken back: milliseconds since 1970 UTC.
    #[ts(type = "number")]
    pub until: i64,
    /// To whom.
    pub who: u32,
    /// What.
    pub what: ActKind,
}

/// What a teacher did to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "did", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ActKind {
    /// Switched something off.
    Muted {
        /// What.
        source: crate::Kind,
    },
    /// Locked or unlocked something.
    Locked {
        /// What.
        what: LockKind,
        /// Locked or unlocked.
        locked: bool,
    },
    /// Granted something or took it back.
    Granted {
        /// What.
        what: LockKind,
        /// Granted or taken back.
        on: bool,
    },
    /// Gave or took the word.
    LetSpeak {
        /// Given or taken.
        on: bool,
    },
    /// Sent back to the lobby.
    SentToLobby,
    /// Hid the messages of the last minute.
    Hid,
}

/// How long somebody was present, for teachers, if the school wants to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Attendance {
    /// The name.
    pub name: String,
    /// The role.
    pub role: crate::Role,
    /// Whole minutes.
    pub minutes: u32,
}
