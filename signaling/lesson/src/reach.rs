//! Who notices whom: the one place that says which events about a person reach which readers, and
//! where that person's media goes.
//!
//! Invariant: whoever does not receive a person's media does not learn what that person does
//! either. Teachers notice everyone. Left out on purpose: that not everyone in a crowd is told of
//! everyone whom they may notice (`crowd`).

use std::collections::BTreeSet;

use kreide_control::{ParticipantNo, Place, Reach, Role, ScopeNo, SourceKind};

use crate::event::Newcomer;
use crate::seat::Seat;
use crate::state::State;
use crate::{Audience, Lesson, LockKind, rules};

impl State {
    /// Those who notice what this person does.
    pub(crate) fn around(&self, no: ParticipantNo) -> Audience {
        let is_hidden = self.seats.get(&no).is_some_and(|seat| self.is_hidden(seat));
        if !is_hidden && self.groups.open().is_none() && !self.policy().talks {
            return Audience::All;
        }
        let notice = |other: &ParticipantNo| *other == no || self.sees(*other, no);
        self.staff_and(self.seats.keys().copied().filter(notice))
    }

    /// Everyone whom something said to all reaches.
    pub(crate) fn everyone(&self) -> Audience {
        if !self.policy().talks {
            return Audience::All;
        }
        // The next family must not read it later.
        self.staff_and(
            self.held().filter(|(_, seat)| !rules::is_staff(seat.role)).map(|(no, _)| *no),
        )
    }

    /// Those who notice that this person comes and goes: with groups open, everyone still.
    pub(crate) fn noticed_arriving(&self, newcomer: &Newcomer) -> Audience {
        let is_hidden = self.room_locks.contains_key(&LockKind::People)
            && rules::is_hidden_from_pupils(newcomer.role);
        let is_apart = self.policy().talks && !rules::is_staff(newcomer.role);
        if !is_hidden && !is_apart {
            return Audience::All;
        }
        let notices = |(_, seat): &(&ParticipantNo, &Seat)| {
            self.may_notice(seat, newcomer.role, newcomer.talk)
        };
        self.staff_and(self.seats.iter().filter(notices).map(|(no, _)| *no).chain([newcomer.no]))
    }

    /// Whether one person knows that the other is there.
    pub(crate) fn knows_of(&self, viewer: ParticipantNo, other: ParticipantNo) -> bool {
        let (Some(seat), Some(of)) = (self.seats.get(&viewer), self.seats.get(&other)) else {
            return false;
        };
        let may_notice = viewer == other || self.may_notice(seat, of.role, of.talk);
        rules::is_staff(seat.role)
            || may_notice && self.is_told_of((viewer, seat.role), (other, of.role))
    }

    /// Whether somebody may learn that one in this role, of this talk, is there.
    fn may_notice(&self, viewer: &Seat, role: Role, talk: Option<u32>) -> bool {
        let is_hidden =
            self.room_locks.contains_key(&LockKind::People) && rules::is_hidden_from_pupils(role);
        let is_apart = self.policy().talks && !rules::is_staff(role);
        rules::is_staff(viewer.role)
            || (!is_hidden || self.receives_hidden(viewer)) && (!is_apart || viewer.talk == talk)
    }

    /// How many people there are for each, as far as they may know; `None` for those who are told of
    /// everyone.
    pub(crate) fn counts(&self) -> impl Fn(ParticipantNo) -> Option<usize> + '_ {
        let all = self.held_seats();
        let shown = self.held().filter(|(_, seat)| !self.is_hidden(seat)).count();
        move |viewer| {
            let seat = self.seats.get(&viewer).filter(|_| self.is_told_in_part(viewer))?;
            let noticed = |(no, of): &(&ParticipantNo, &Seat)| {
                **no == viewer || self.may_notice(seat, of.role, of.talk)
            };
            Some(if self.policy().talks {
                self.held().filter(noticed).count()
            } else if self.receives_hidden(seat) {
                all
            } else {
                shown + usize::from(seat.held().is_some() && self.is_hidden(seat))
            })
        }
    }

    /// Whether there are too many to tell this person of everyone.
    pub(crate) fn is_told_in_part(&self, no: ParticipantNo) -> bool {
        self.crowd.is_some()
            && self.seats.get(&no).is_some_and(|seat| !rules::stands_out(seat.role))
    }

    /// Whether one person notices the other.
    pub(crate) fn sees(&self, viewer: ParticipantNo, other: ParticipantNo) -> bool {
        let (Some(seat), Some(of)) = (self.seats.get(&viewer), self.seats.get(&other)) else {
            return false;
        };
        if viewer == other || rules::is_staff(seat.role) {
            return true;
        }
        // A family that has left or still waits would count what a teacher does with another.
        let in_talk = !self.policy().talks
            || (seat.held().is_some() && (rules::is_staff(of.role) || seat.talk == of.talk));
        in_talk && self.place(viewer, seat).receives(&self.shown_place(other, of))
    }

    /// Staff, those who left too, and these people: a gap in what they missed would hide it.
    pub(crate) fn staff_and(&self, who: impl IntoIterator<Item = ParticipantNo>) -> Audience {
        let staff = self.seats.iter().filter(|(_, seat)| rules::is_staff(seat.role));
        let all: BTreeSet<_> = staff.map(|(no, _)| *no).chain(who).collect();
        Audience::Only(all.into_iter().collect())
    }

    /// Whether pupils and guests may not see this person.
    fn is_hidden(&self, seat: &Seat) -> bool {
        self.room_locks.contains_key(&LockKind::People) && rules::is_hidden_from_pupils(seat.role)
    }

    /// Where a participant is, as far as others notice: focus hides media, not people.
    fn shown_place(&self, no: ParticipantNo, seat: &Seat) -> Place {
        let reach = if self.is_hidden(seat) { Reach::Staff } else { Reach::Everyone };
        Place { reach, ..self.place(no, seat) }
    }

    /// Where a participant is for the SFU.
    pub(crate) fn place(&self, no: ParticipantNo, seat: &Seat) -> Place {
        // Whoever shows content in focus mode is who the class is to look at.
        let shows = seat.held().is_some_and(|held| held.sending.contains(&SourceKind::Content));
        let out_of_focus = self.tools.focus() && rules::is_hidden_from_pupils(seat.role) && !shows;
        let is_hidden = self.is_hidden(seat) || out_of_focus;
        Place {
            scope: self.group_of_anyone(no).map_or(ScopeNo::CLASS, ScopeNo),
            listens: self.groups.listens(no).map(ScopeNo),
            everywhere: self.groups.speaks_to_all(no),
            reach: if is_hidden { Reach::Staff } else { Reach::Everyone },
            staff: self.receives_hidden(seat),
            hears: !seat.in_room,
        }
    }

    /// Whether somebody sees and hears those whom pupils do not.
    fn receives_hidden(&self, seat: &Seat) -> bool {
        !rules::under_room_locks(seat.role) || seat.grants.contains(&LockKind::People)
    }

    /// The group somebody is in or visits, while the groups are open.
    pub(crate) fn group_of_anyone(&self, no: ParticipantNo) -> Option<u8> {
        self.groups.visits(no).or_else(|| self.group_of(no))
    }
}

impl Lesson {
    /// Where a participant is for the SFU.
    #[must_use]
    pub fn place(&self, no: ParticipantNo) -> Place {
        self.seat(no).map_or_else(Place::default, |seat| self.state.place(no, seat))
    }

    /// Whether one person is told that the other is there: of those in other groups, too.
    #[must_use]
    pub fn knows_of(&self, viewer: ParticipantNo, other: ParticipantNo) -> bool {
        self.state.knows_of(viewer, other)
    }

    /// How many people there are for each, as far as they may know; `None` for those who are told of
    /// everyone.
    pub fn counts(&self) -> impl Fn(ParticipantNo) -> Option<usize> + '_ {
        self.state.counts()
    }

    /// Whether there are too many to tell all of everyone.
    #[must_use]
    pub fn is_crowd(&self) -> bool {
        self.state.crowd.is_some()
    }

    /// Whether somebody is told of everyone, however many they are.
    #[must_use]
    pub fn stands_out(&self, no: ParticipantNo) -> bool {
        self.seat(no).is_some_and(|seat| rules::stands_out(seat.role))
    }

    /// Whether there are too many to tell this person of everyone.
    #[must_use]
    pub fn is_told_in_part(&self, no: ParticipantNo) -> bool {
        self.state.is_told_in_part(no)
    }

    /// Whether one person notices what the other does.
    #[must_use]
    pub fn sees(&self, viewer: ParticipantNo, other: ParticipantNo) -> bool {
        self.state.sees(viewer, other)
    }
}
