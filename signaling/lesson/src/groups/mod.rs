//! Breakout groups: who is in which, who visits, listens in or speaks to all.
//!
//! Invariant: a participant is in one group at most, and in none while the groups are closed. A
//! teacher listens in only after the group was told: first `ListenAnnounced`, and
//! `ListenBegan` when its time has come. No event about one group reaches a pupil of another,
//! but for those that move somebody between two: these say to each where the person is now.
//! Left out on purpose: media. `place` says what follows from this for the SFU.

mod deal;
mod decide;
mod state;

use kreide_control::ParticipantNo;
use serde::{Deserialize, Serialize};

pub use self::state::{Groups, Listening};
use crate::Millis;

/// Groups that one lesson can have.
pub const MAX_GROUPS: u8 = 50;
/// For how many minutes groups can be opened: a day.
pub const MAX_GROUP_MINUTES: u16 = 24 * 60;

/// What someone wants of the groups. Groups count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupIntent {
    /// Prepares these groups; whoever is in none stays in the class until assigned. Whoever is
    /// named twice is in the first; teachers, observers and those who left are left out. No
    /// groups at all: nothing is prepared any more.
    Prepare {
        /// The members of each.
        groups: Vec<Vec<ParticipantNo>>,
    },
    /// Prepares groups by dealing out all pupils and guests.
    Deal {
        /// How many.
        deal: Deal,
        /// By lot; otherwise in seating order.
        shuffled: bool,
        /// Decides the lot; made by the server.
        seed: u64,
    },
    /// Prepares empty groups from which everyone chooses one.
    Offer {
        /// How many groups.
        groups: u8,
    },
    /// Sends everyone to their group.
    Open {
        /// After how many minutes all return by themselves.
        minutes: Option<u16>,
    },
    /// Gives more time.
    Extend {
        /// How many minutes more.
        minutes: u16,
    },
    /// Brings everyone back.
    Close,
    /// Puts one person into a group, or back into the class, also while the groups are open.
    Assign {
        /// Whom.
        who: ParticipantNo,
        /// Where.
        group: Option<u8>,
    },
    /// Chooses the own group, where groups were offered.
    Choose {
        /// Which.
        group: u8,
    },
    /// Goes into a group as a teacher, or back.
    Visit {
        /// Which.
        group: Option<u8>,
    },
    /// Wants to listen to a group from outside, or no longer.
    Listen {
        /// Which.
        group: Option<u8>,
        /// When it is to begin.
        begins: Millis,
    },
    /// The announced listening begins: its time has come.
    BeginListening {
        /// Which teacher listens.
        who: ParticipantNo,
    },
    /// Is heard and seen in all groups, or no longer.
    SpeakToAll {
        /// On or off.
        on: bool,
    },
    /// Calls a teacher to the own group, or takes the call back.
    CallTeacher {
        /// On or off.
        on: bool,
    },
}

/// How pupils are dealt out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deal {
    /// Into so many groups.
    Number(u8),
    /// Into groups of at most this size, as even as can be. Nobody is left alone: a group is one
    /// larger then.
    Size(u8),
}

/// What happened to the groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum GroupEvent {
    /// These are the groups now. Where everyone may choose, everyone is told, and the one who
    /// translates it leaves out all but the reader's own group.
    Prepared {
        /// The members of each.
        groups: Vec<Vec<ParticipantNo>>,
        /// Everyone may choose.
        choice: bool,
    },
    /// Everyone went to their group.
    Opened {
        /// When all return by themselves.
        until: Option<Millis>,
    },
    /// There is more time.
    Extended {
        /// When all return by themselves.
        until: Millis,
    },
    /// Everyone came back.
    Closed,
    /// One person is in this group now, or in none. Those who lose the person, the class perhaps,
    /// read it too: to them it says that this one is gone, and not where to.
    Assigned {
        /// Who.
        no: ParticipantNo,
        /// Where.
        group: Option<u8>,
    },
    /// A teacher went into a group, or back. As with `Assigned`, whoever is not there reads that
    /// the teacher is gone.
    Visited {
        /// Which teacher.
        no: ParticipantNo,
        /// Where.
        group: Option<u8>,
    },
    /// A group was told that a teacher is going to listen. Said again to whoever comes into the
    /// group meanwhile.
    ListenAnnounced {
        /// Which teacher.
        no: ParticipantNo,
        /// To which group.
        group: u8,
        /// From when on.
        begins: Millis,
    },
    /// The teacher listens.
    ListenBegan {
        /// Which teacher.
        no: ParticipantNo,
    },
    /// The teacher listens no longer.
    ListenEnded {
        /// Which teacher.
        no: ParticipantNo,
    },
    /// A teacher speaks to all groups, or no longer.
    Everywhere {
        /// Which teacher.
        no: ParticipantNo,
        /// On or off.
        on: bool,
    },
    /// A group calls for a teacher, or no longer.
    Called {
        /// Which group.
        group: u8,
        /// On or off.
        on: bool,
    },
    /// A change that a later version wrote.
    #[serde(other)]
    Unknown,
}
