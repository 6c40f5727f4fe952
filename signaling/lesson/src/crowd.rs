//! A crowd: more people than anybody watches one by one. Whoever teaches it is told of each; the
//! others of those who stand out, of themselves, of whoever is active, and how many there are.
//!
//! Invariant: nobody reads an event about somebody of whom they were not told before, and whoever
//! was told of a person is told when that person goes. Who is told of somebody only ever grows,
//! but where the whole list is told anew: when the crowd begins or ends, and when groups change.
//! Left out on purpose: who may notice whom at all (`reach`). A crowd tells of fewer, never of more.

use std::collections::{BTreeMap, BTreeSet};

use kreide_control::{ParticipantNo, Role};
use serde::{Deserialize, Serialize};

use crate::chat::ChatTo;
use crate::groups::GroupEvent;
use crate::seat::{Held, Seat};
use crate::state::State;
use crate::tools::{Signal, ToolEvent};
use crate::{Audience, CROWD, CROWD_KEPT, Event, Outcome, rules};

/// Who is told of in a crowd, beside those who stand out by their role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Crowd {
    /// Those who were active: everyone who may notice them is told of them.
    known: BTreeSet<ParticipantNo>,
    /// For each, those who are told of them because the two wrote to each other alone.
    met: BTreeMap<ParticipantNo, BTreeSet<ParticipantNo>>,
}

/// What an event has to do with people.
enum About {
    /// It is news of somebody, for those who are told of that person.
    Of(ParticipantNo),
    /// It makes somebody known to its readers.
    Names(Vec<ParticipantNo>),
    /// It brings somebody back into the class, who may be active.
    Arrives(ParticipantNo),
    /// As far as others may know, nothing; or it names those alone who stand out.
    Nobody,
}

impl State {
    /// Whether in a crowd one person is told that the other is there.
    pub(crate) fn is_told_of(
        &self,
        (viewer, viewer_role): (ParticipantNo, Role),
        (other, role): (ParticipantNo, Role),
    ) -> bool {
        self.told_of(other, role)(viewer, viewer_role)
    }

    /// Who is told of this person, by number and role.
    fn told_of(&self, no: ParticipantNo, role: Role) -> impl Fn(ParticipantNo, Role) -> bool + '_ {
        let is_known = |crowd: &Crowd| rules::stands_out(role) || crowd.known.contains(&no);
        let by_all = self.crowd.as_ref().is_none_or(is_known);
        let met = self.crowd.as_ref().and_then(|crowd| crowd.met.get(&no));
        let shows_groups = self.groups.is_open() || self.groups.choice();
        let group = if shows_groups { self.groups.group_for(no) } else { None };
        move |viewer, viewer_role| {
            by_all
                || viewer == no
                || rules::stands_out(viewer_role)
                || met.is_some_and(|met| met.contains(&viewer))
                || group.is_some_and(|group| self.groups.holds(group, viewer))
        }
    }

    /// What an outcome tells if it happens in a crowd, makes one or ends one.
    pub(crate) fn told_in_a_crowd(&self, mut outcome: Outcome) -> Outcome {
        let crowd = self.crowd.is_some();
        match self.count_after(&outcome.events) {
            Some(count) if !crowd && count > CROWD => {
                let begins = (Audience::All, Event::Crowded { on: true });
                let mut told = self.after(std::slice::from_ref(&begins)).narrowed(outcome);
                told.events.insert(0, begins);
                told
            }
            Some(count) if crowd && count <= CROWD_KEPT => {
                outcome = self.narrowed(outcome);
                outcome.push(Event::Crowded { on: false });
                outcome
            }
            _ if crowd => self.narrowed(outcome),
            _ => outcome,
        }
    }

    /// How many hold a seat after these events; `None` if that changes for nobody.
    fn count_after(&self, events: &[(Audience, Event)]) -> Option<usize> {
        let mut changed = BTreeMap::new();
        for (_, event) in events {
            match event {
                Event::SeatTaken(newcomer) => changed.insert(newcomer.no, true),
                Event::SeatLeft { no } | Event::Removed { no, .. } => changed.insert(*no, false),
                _ => continue,
            };
        }
        let holds = |no: &ParticipantNo| self.seats.get(no).and_then(Seat::held).is_some();
        let before = changed.keys().filter(|no| holds(no)).count();
        let after = changed.values().filter(|holds| **holds).count();
        (!changed.is_empty()).then(|| self.held_seats() - before + after)
    }

    /// The same outcome for those alone who are told of the people in it; whoever becomes active is
    /// introduced before.
    fn narrowed(&self, outcome: Outcome) -> Outcome {
        let mut known = BTreeSet::new();
        let mut events = Vec::new();
        for (audience, event) in outcome.events {
            match about(&event) {
                About::Of(no) if !known.contains(&no) => {
                    events
                        .push((self.those_told_of(no, role_of(self, no, &event), audience), event));
                }
                About::Names(who) => {
                    for no in who {
                        events.extend(self.introduction(
                            no,
                            only_to(&event),
                            &audience,
                            &mut known,
                        ));
                    }
                    events.push((audience, event));
                }
                About::Arrives(no) => {
                    events.push((audience, event));
                    if self.target(no).is_ok_and(|(_, held)| held.is_active()) {
                        events.extend(self.introduction(no, None, &Audience::All, &mut known));
                    }
                }
                About::Of(_) | About::Nobody => events.push((audience, event)),
            }
        }
        for (audience, Signal::Reaction { no, .. }) in &outcome.signals {
            events.extend(self.introduction(*no, None, audience, &mut known));
        }
        Outcome { events, ..outcome }
    }

    /// Those of an audience who are told of this person.
    fn those_told_of(&self, no: ParticipantNo, role: Role, audience: Audience) -> Audience {
        let is_told = self.told_of(no, role);
        match audience {
            Audience::All
                if self.seats.iter().all(|(viewer, seat)| is_told(*viewer, seat.role)) =>
            {
                Audience::All
            }
            // Whoever has just come is told of themselves, too.
            Audience::All => {
                let told = self.seats.iter().filter(|(viewer, seat)| is_told(**viewer, seat.role));
                let told: BTreeSet<_> = told.map(|(viewer, _)| *viewer).chain([no]).collect();
                Audience::Only(told.into_iter().collect())
            }
            Audience::Only(mut who) => {
                let role = |viewer: &ParticipantNo| self.seats.get(viewer).map(|seat| seat.role);
                who.retain(|who| role(who).is_none_or(|role| is_told(*who, role)));
                Audience::Only(who)
            }
            Audience::Staff | Audience::Nobody | Audience::Unknown(_) => audience,
        }
    }

    /// The event by which readers of a coming one are told of somebody, if any of them was not.
    fn introduction(
        &self,
        no: ParticipantNo,
        to: Option<ParticipantNo>,
        readers: &Audience,
        known: &mut BTreeSet<ParticipantNo>,
    ) -> Option<(Audience, Event)> {
        let (seat, _) = self.target(no).ok()?;
        let is_told = self.told_of(no, seat.role);
        let role = |viewer: &ParticipantNo| self.seats.get(viewer).map(|seat| seat.role);
        let all_are_told = match readers {
            Audience::All => self.held().all(|(viewer, seat)| is_told(*viewer, seat.role)),
            Audience::Only(who) => {
                who.iter().all(|who| role(who).is_none_or(|role| is_told(*who, role)))
            }
            Audience::Staff | Audience::Nobody | Audience::Unknown(_) => true,
        };
        if all_are_told || known.contains(&no) {
            return None;
        }
        // Who writes to one person alone becomes known to that person alone.
        let audience = match to {
            Some(to) => Audience::Only(vec![to]),
            None => {
                known.insert(no);
                self.noticed_arriving(&seat.newcomer(no))
            }
        };
        Some((audience, Event::Introduced { no, to }))
    }

    /// What an event changes in who is told of whom.
    pub(crate) fn change_crowd(&mut self, event: &Event) {
        match event {
            Event::Introduced { no, to } => self.in_crowd(|crowd| match to {
                Some(to) => crowd.meet(*no, *to),
                None => drop(crowd.known.insert(*no)),
            }),
            Event::Chat { from, to: ChatTo::Person(to), .. } => self.in_crowd(|crowd| {
                crowd.meet(*from, *to);
                crowd.meet(*to, *from);
            }),
            // Lists are told anew: whoever is active is on them.
            Event::Crowded { on: true } => {
                self.know_active();
                self.know_correspondents();
            }
            Event::Group(GroupEvent::Closed) => self.know_active(),
            _ => {}
        }
    }

    fn in_crowd(&mut self, change: impl FnOnce(&mut Crowd)) {
        if let Some(crowd) = &mut self.crowd {
            change(crowd);
        }
    }

    /// Whoever is active is known from now on.
    fn know_active(&mut self) {
        if self.crowd.is_none() {
            return;
        }
        let is_active = |(no, seat): &(&ParticipantNo, &Seat)| {
            seat.held().is_some_and(Held::is_active) || self.has_word(**no)
        };
        let mut active: Vec<_> =
            self.held().filter(is_active).map(|(no, _)| *no).chain(self.tools.shown()).collect();
        let is_public = |to: ChatTo| matches!(to, ChatTo::All | ChatTo::Group(_));
        active.extend(self.chat.iter().filter(|line| is_public(line.to)).map(|line| line.from));
        self.in_crowd(|crowd| crowd.known.extend(active));
    }

    /// Those who wrote to each other alone are told of each other.
    fn know_correspondents(&mut self) {
        let pair = |line: &crate::ChatLine| match line.to {
            ChatTo::Person(to) => Some((line.from, to)),
            ChatTo::All | ChatTo::Group(_) => None,
        };
        let pairs: Vec<_> = self.chat.iter().filter_map(pair).collect();
        self.in_crowd(|crowd| {
            for (from, to) in pairs {
                crowd.meet(from, to);
                crowd.meet(to, from);
            }
        });
    }
}

impl Crowd {
    /// The other is told of this one.
    fn meet(&mut self, no: ParticipantNo, other: ParticipantNo) {
        self.met.entry(no).or_default().insert(other);
    }
}

/// The role of somebody who may be just about to come.
fn role_of(state: &State, no: ParticipantNo, event: &Event) -> Role {
    match event {
        Event::SeatTaken(newcomer) => newcomer.role,
        // Whoever has no seat is in no audience, but of staff.
        _ => state.seats.get(&no).map_or(Role::Pupil, |seat| seat.role),
    }
}

/// To whom alone an event is said.
fn only_to(event: &Event) -> Option<ParticipantNo> {
    match event {
        Event::Chat { to: ChatTo::Person(to), .. } => Some(*to),
        _ => None,
    }
}

fn about(event: &Event) -> About {
    match event {
        Event::SeatTaken(newcomer) => About::Of(newcomer.no),
        Event::SeatLeft { no }
        | Event::Online { no, .. }
        | Event::Sending { no, on: false, .. }
        | Event::LockSet { who: Some(no), .. }
        | Event::LockRestored { no, .. }
        | Event::RightsChanged { no }
        | Event::Granted { no, .. }
        | Event::Hand { no, place: None }
        | Event::LetSpeak { no, on: false, .. }
        | Event::Renamed { no, .. }
        | Event::Removed { no, .. }
        | Event::Tool(ToolEvent::InRoom { no, .. }) => About::Of(*no),
        Event::Sending { no, on: true, .. }
        | Event::Hand { no, place: Some(_) }
        | Event::LetSpeak { no, on: true, .. }
        | Event::Chat { from: no, .. }
        | Event::Caption { from: no, .. }
        | Event::Tool(ToolEvent::Picked { no, .. }) => About::Names(vec![*no]),
        Event::Tool(ToolEvent::Spotlight { who }) => About::Names(who.clone()),
        Event::Group(GroupEvent::Assigned { no, group: None }) => About::Arrives(*no),
        // Of these, some are for the log or for staff alone, some name nobody but teachers and
        // presenters, and groups tell each member of the others.
        Event::Started
        | Event::Waiting { .. }
        | Event::WaitEnded { .. }
        | Event::LockSet { who: None, .. }
        | Event::ResumeKey { .. }
        | Event::TokenUsed { .. }
        | Event::Ended { .. }
        | Event::RecordingAnnounced { .. }
        | Event::RecordingBegan { .. }
        | Event::RecordingStopped { .. }
        | Event::RecordingConsent { .. }
        | Event::PolicySet { .. }
        | Event::QuietSet { .. }
        | Event::PausedSet { .. }
        | Event::Acted { .. }
        | Event::Undone { .. }
        | Event::Invited { .. }
        | Event::ChatEdited { .. }
        | Event::ChatDeleted { .. }
        | Event::ChatHidden { .. }
        | Event::Group(_)
        | Event::Poll(_)
        | Event::Talk(_)
        | Event::Tool(
            ToolEvent::Focus { .. }
            | ToolEvent::Announced { .. }
            | ToolEvent::TimerSet { .. }
            | ToolEvent::ReadyAsked { .. }
            | ToolEvent::Ready { .. }
            | ToolEvent::Unknown,
        )
        | Event::Erased
        | Event::Crowded { .. }
        | Event::Introduced { .. }
        | Event::Unknown(_) => About::Nobody,
    }
}
