//! What is known of the groups, and how events change it.
//!
//! Invariant: who is in which group is kept by number, and outlives closing and leaving: whoever
//! comes back has the same group. Visits, listening, calls and speaking to all last no longer than
//! the groups are open and the teacher is there.

use std::collections::{BTreeMap, BTreeSet};

use kreide_control::ParticipantNo;
use serde::{Deserialize, Serialize};

use super::{GroupEvent, MAX_GROUPS};
use crate::state::State;
use crate::{Lesson, Millis};

/// The groups of a lesson. They count from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Groups {
    /// The members of each group that is prepared, group 1 first.
    members: Vec<BTreeSet<ParticipantNo>>,
    /// Everyone may choose.
    choice: bool,
    open: Option<Open>,
}

/// Groups that are open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Open {
    /// When all return by themselves.
    pub(super) until: Option<Millis>,
    visits: BTreeMap<ParticipantNo, u8>,
    listening: BTreeMap<ParticipantNo, Listening>,
    everywhere: BTreeSet<ParticipantNo>,
    calls: BTreeSet<u8>,
}

/// A teacher listens to a group from outside, or is going to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listening {
    /// Which group.
    pub group: u8,
    /// When it was to begin.
    pub begins: Millis,
    /// Whether it has begun.
    pub begun: bool,
}

impl Groups {
    /// How many groups are prepared.
    #[must_use]
    pub fn count(&self) -> u8 {
        u8::try_from(self.members.len()).unwrap_or(MAX_GROUPS)
    }

    /// Those who belong to a group, whether it is open and whether they are there.
    pub fn members(&self, group: u8) -> impl Iterator<Item = ParticipantNo> + '_ {
        self.group(group).into_iter().flatten().copied()
    }

    /// Whether somebody belongs to a group.
    pub(crate) fn holds(&self, group: u8, no: ParticipantNo) -> bool {
        self.group(group).is_some_and(|of| of.contains(&no))
    }

    /// The group that somebody belongs to, whether it is open and whether they are there.
    #[must_use]
    pub fn group_for(&self, no: ParticipantNo) -> Option<u8> {
        (1..=self.count()).find(|group| self.group(*group).is_some_and(|of| of.contains(&no)))
    }

    /// Whether everyone may choose.
    #[must_use]
    pub fn choice(&self) -> bool {
        self.choice
    }

    /// Whether the groups are open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// When all return by themselves, if they do.
    #[must_use]
    pub fn until(&self) -> Option<Millis> {
        self.open.as_ref()?.until
    }

    /// The group that a teacher visits.
    #[must_use]
    pub fn visits(&self, no: ParticipantNo) -> Option<u8> {
        self.open.as_ref()?.visits.get(&no).copied()
    }

    /// The teachers who visit a group.
    pub fn visitors(&self, group: u8) -> impl Iterator<Item = ParticipantNo> + '_ {
        let visits = self.open.iter().flat_map(|open| &open.visits);
        visits.filter(move |(_, visited)| **visited == group).map(|(no, _)| *no)
    }

    /// The teachers who listen to a group or are going to.
    pub fn listening(&self) -> impl Iterator<Item = (ParticipantNo, Listening)> + '_ {
        let all = self.open.iter().flat_map(|open| &open.listening);
        all.map(|(no, listening)| (*no, *listening))
    }

    /// What this teacher listens to or is going to.
    #[must_use]
    pub fn listening_of(&self, no: ParticipantNo) -> Option<Listening> {
        self.open.as_ref()?.listening.get(&no).copied()
    }

    /// The teachers who speak to all groups.
    pub fn speakers(&self) -> impl Iterator<Item = ParticipantNo> + '_ {
        self.open.iter().flat_map(|open| &open.everywhere).copied()
    }

    /// The groups that call for a teacher.
    pub fn calls(&self) -> impl Iterator<Item = u8> + '_ {
        self.open.iter().flat_map(|open| &open.calls).copied()
    }

    pub(crate) fn open(&self) -> Option<&Open> {
        self.open.as_ref()
    }

    /// The group that a teacher listens to, once that has begun.
    pub(crate) fn listens(&self, no: ParticipantNo) -> Option<u8> {
        self.listening_of(no).filter(|listening| listening.begun).map(|listening| listening.group)
    }

    /// Whether a teacher speaks to all groups.
    pub(crate) fn speaks_to_all(&self, no: ParticipantNo) -> bool {
        self.open.as_ref().is_some_and(|open| open.everywhere.contains(&no))
    }

    fn group(&self, group: u8) -> Option<&BTreeSet<ParticipantNo>> {
        self.members.get(usize::from(group).checked_sub(1)?)
    }

    fn assign(&mut self, no: ParticipantNo, group: Option<u8>) {
        for (n, members) in (1..).zip(&mut self.members) {
            if Some(n) == group {
                members.insert(no);
            } else {
                members.remove(&no);
            }
        }
    }
}

impl Open {
    fn visit(&mut self, no: ParticipantNo, group: Option<u8>) {
        match group {
            Some(group) => self.visits.insert(no, group),
            None => self.visits.remove(&no),
        };
    }

    fn announce(&mut self, no: ParticipantNo, group: u8, begins: Millis) {
        // Said again to somebody who came later, it takes nothing back.
        let said = self.listening.get(&no);
        if said.is_none_or(|said| (said.group, said.begins) != (group, begins)) {
            self.listening.insert(no, Listening { group, begins, begun: false });
        }
    }
}

impl State {
    /// The group somebody belongs to, while the groups are open.
    pub(crate) fn group_of(&self, no: ParticipantNo) -> Option<u8> {
        self.groups.open()?;
        self.seats.get(&no)?.held()?;
        self.groups.group_for(no)
    }

    /// The members of a group, and whoever visits it or listens. Nobody while it is closed.
    pub(crate) fn members(&self, group: u8) -> Vec<ParticipantNo> {
        let is_there = |no: &ParticipantNo| {
            self.group_of(*no) == Some(group)
                || self.groups.visits(*no) == Some(group)
                || self.groups.listens(*no) == Some(group)
        };
        self.held().map(|(no, _)| *no).filter(is_there).collect()
    }

    /// Whoever gives the seat up visits, listens and speaks to all no longer; the own group is
    /// kept for a return.
    pub(crate) fn leave_groups(&mut self, no: ParticipantNo) {
        if let Some(open) = &mut self.groups.open {
            open.visits.remove(&no);
            open.listening.remove(&no);
            open.everywhere.remove(&no);
        }
    }

    pub(crate) fn change_groups(&mut self, event: &GroupEvent) {
        match event {
            GroupEvent::Prepared { groups, choice } => {
                let mut named = BTreeSet::new();
                let mut is_new =
                    |no: &ParticipantNo| self.seats.contains_key(no) && named.insert(*no);
                let groups = groups.iter().take(usize::from(MAX_GROUPS));
                let members = groups
                    .map(|members| members.iter().copied().filter(&mut is_new).collect())
                    .collect();
                self.groups = Groups { members, choice: *choice, open: None };
            }
            GroupEvent::Opened { until } => {
                self.groups.open = Some(Open { until: *until, ..Open::default() });
            }
            GroupEvent::Closed => self.groups.open = None,
            GroupEvent::Assigned { no, group } if self.seats.contains_key(no) => {
                self.groups.assign(*no, *group);
            }
            GroupEvent::Assigned { .. } | GroupEvent::Unknown => {}
            event => self.change_open_groups(event),
        }
    }

    fn change_open_groups(&mut self, event: &GroupEvent) {
        let held =
            |no: &ParticipantNo| self.seats.get(no).is_some_and(|seat| seat.held().is_some());
        let is_group = |group: u8| (1..=self.groups.count()).contains(&group);
        let is_possible = match event {
            GroupEvent::Visited { no, group } => held(no) && group.is_none_or(is_group),
            GroupEvent::ListenAnnounced { no, group, .. } => held(no) && is_group(*group),
            GroupEvent::Everywhere { no, .. } => held(no),
            GroupEvent::Called { group, .. } => is_group(*group),
            _ => true,
        };
        let Some(open) = self.groups.open.as_mut().filter(|_| is_possible) else { return };
        match event {
            GroupEvent::Extended { until } => open.until = Some(*until),
            GroupEvent::Visited { no, group } => open.visit(*no, *group),
            GroupEvent::ListenAnnounced { no, group, begins } => {
                open.announce(*no, *group, *begins);
            }
            GroupEvent::ListenBegan { no } => {
                if let Some(listening) = open.listening.get_mut(no) {
                    listening.begun = true;
                }
            }
            GroupEvent::ListenEnded { no } => {
                open.listening.remove(no);
            }
            GroupEvent::Everywhere { no, on: true } => {
                open.everywhere.insert(*no);
            }
            GroupEvent::Everywhere { no, on: false } => {
                open.everywhere.remove(no);
            }
            GroupEvent::Called { group, on: true } => {
                open.calls.insert(*group);
            }
            GroupEvent::Called { group, on: false } => {
                open.calls.remove(group);
            }
            // `change_groups` has taken these.
            GroupEvent::Prepared { .. }
            | GroupEvent::Opened { .. }
            | GroupEvent::Closed
            | GroupEvent::Assigned { .. }
            | GroupEvent::Unknown => {}
        }
    }
}

impl Lesson {
    /// The groups. A translation for a pupil may show of them the reader's own alone.
    #[must_use]
    pub fn groups(&self) -> &Groups {
        &self.state.groups
    }

    /// The group that somebody is in: while the groups are open, and the seat is held.
    #[must_use]
    pub fn group_of(&self, no: ParticipantNo) -> Option<u8> {
        self.state.group_of(no)
    }

    /// When the groups that are open are to close.
    #[must_use]
    pub fn groups_due(&self) -> Option<Millis> {
        self.state.groups.until()
    }

    /// When the next announced listening is to begin, and whose it is.
    #[must_use]
    pub fn listening_due(&self) -> Option<(Millis, ParticipantNo)> {
        let announced = self.state.groups.listening().filter(|(_, listening)| !listening.begun);
        announced.map(|(no, listening)| (listening.begins, no)).min()
    }
}
