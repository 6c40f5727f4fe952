//! Intents about groups to events.
//!
//! Invariant: what is already as wanted gives no event. Whatever happens in one group is told to
//! its members and to staff, and whoever comes into a group that is listened to is told so first.

use kreide_control::{ParticipantNo, Role};

use super::deal::{deal, shuffle};
use super::state::Open;
use super::{Deal, GroupEvent, GroupIntent, MAX_GROUP_MINUTES, MAX_GROUPS};
use crate::state::State;
use crate::{Actor, Audience, Denied, Event, Millis, Outcome};

const MINUTE_MS: i64 = 60_000;

impl State {
    pub(crate) fn groups(
        &self,
        actor: Actor,
        intent: GroupIntent,
        now: Millis,
    ) -> Result<Outcome, Denied> {
        let now = now.max(self.latest);
        match intent {
            GroupIntent::Prepare { groups } => self.prepare(&groups),
            GroupIntent::Deal { deal, shuffled, seed } => {
                self.deal_out(deal, shuffled.then_some(seed))
            }
            GroupIntent::Offer { groups } => self.offer(groups),
            GroupIntent::Open { minutes } => self.open_groups(minutes, now),
            GroupIntent::Extend { minutes } => self.extend_groups(minutes, now),
            GroupIntent::Close => Ok(self.close_groups(actor, now)),
            GroupIntent::Assign { who, group } => self.assign(who, group),
            GroupIntent::Choose { group } => self.choose(actor.seat()?, group),
            GroupIntent::Visit { group } => self.visit(actor.seat()?, group),
            GroupIntent::Listen { group, begins } => {
                self.listen(actor.seat()?, group, begins.max(now))
            }
            GroupIntent::BeginListening { who } => Ok(self.begin_listening(who, now)),
            GroupIntent::SpeakToAll { on } => self.speak_to_all(actor.seat()?, on),
            GroupIntent::CallTeacher { on } => self.call_teacher(actor.seat()?, on),
        }
    }

    fn prepare(&self, groups: &[Vec<ParticipantNo>]) -> Result<Outcome, Denied> {
        if groups.len() > usize::from(MAX_GROUPS) {
            return Err(Denied::Forbidden);
        }
        if groups.iter().flatten().any(|no| !self.seats.contains_key(no)) {
            return Err(Denied::NotFound);
        }
        let mut named = std::collections::BTreeSet::new();
        let mut is_member = |no: &ParticipantNo| {
            self.target(*no).is_ok_and(|(seat, _)| joins_groups(seat.role)) && named.insert(*no)
        };
        let groups = groups
            .iter()
            .map(|members| members.iter().copied().filter(&mut is_member).collect())
            .collect();
        self.prepared(groups, false)
    }

    fn deal_out(&self, how: Deal, seed: Option<u64>) -> Result<Outcome, Denied> {
        let mut seated: Vec<_> = self
            .held()
            .filter(|(_, seat)| matches!(seat.role, Role::Pupil | Role::Guest))
            .map(|(no, seat)| (seat.seat.unwrap_or(u32::MAX), *no))
            .collect();
        seated.sort_unstable();
        let mut people: Vec<_> = seated.into_iter().map(|(_, no)| no).collect();
        if let Some(seed) = seed {
            shuffle(&mut people, seed);
        }
        self.prepared(deal(&people, how).ok_or(Denied::Forbidden)?, false)
    }

    fn offer(&self, groups: u8) -> Result<Outcome, Denied> {
        if !(1..=MAX_GROUPS).contains(&groups) {
            return Err(Denied::Forbidden);
        }
        self.prepared(vec![Vec::new(); usize::from(groups)], true)
    }

    fn prepared(&self, groups: Vec<Vec<ParticipantNo>>, choice: bool) -> Result<Outcome, Denied> {
        if self.groups.is_open() {
            return Err(Denied::TooLate);
        }
        let mut events = Vec::new();
        if self.groups.choice() && !choice {
            // Those who were choosing learn that this is over, and not what comes in its place.
            let none = GroupEvent::Prepared { groups: Vec::new(), choice };
            events.push((Audience::All, Event::Group(none)));
        }
        let audience = if choice { Audience::All } else { Audience::Staff };
        events.push((audience, Event::Group(GroupEvent::Prepared { groups, choice })));
        if self.after(&events) == *self {
            events.clear();
        }
        Ok(Outcome { events, ..Outcome::default() })
    }

    fn open_groups(&self, minutes: Option<u16>, now: Millis) -> Result<Outcome, Denied> {
        if self.groups.is_open() {
            return Ok(Outcome::default());
        }
        if self.groups.count() == 0 {
            return Err(Denied::NotFound);
        }
        let until = minutes.map(|minutes| after(now, minutes)).transpose()?;
        Ok(Outcome::of(Event::Group(GroupEvent::Opened { until })))
    }

    /// Groups without an end get one.
    fn extend_groups(&self, minutes: u16, now: Millis) -> Result<Outcome, Denied> {
        let open = self.opened()?;
        let from = open.until.map_or(now, |until| until.max(now));
        let until = after(from, minutes)?.min(after(now, MAX_GROUP_MINUTES)?);
        if open.until == Some(until) {
            return Ok(Outcome::default());
        }
        Ok(Outcome::of(Event::Group(GroupEvent::Extended { until })))
    }

    /// The server closes groups whose time is over; somebody may have given more meanwhile.
    fn close_groups(&self, actor: Actor, now: Millis) -> Outcome {
        let Some(open) = self.groups.open() else { return Outcome::default() };
        let is_due = open.until.is_some_and(|until| until <= now);
        if actor == Actor::Server && !is_due {
            return Outcome::default();
        }
        Outcome::of(Event::Group(GroupEvent::Closed))
    }

    fn assign(&self, who: ParticipantNo, group: Option<u8>) -> Result<Outcome, Denied> {
        let (seat, _) = self.target(who)?;
        if !joins_groups(seat.role) {
            return Err(Denied::Forbidden);
        }
        if let Some(group) = group {
            self.prepared_group(group)?;
        }
        let from = self.groups.group_for(who);
        let mut outcome = Outcome::default();
        if from == group {
            return Ok(outcome);
        }
        let is_open = self.groups.is_open();
        for (no, listening) in self.groups.listening() {
            if Some(listening.group) == group {
                let (group, begins) = (listening.group, listening.begins);
                let event = GroupEvent::ListenAnnounced { no, group, begins };
                outcome.events.push((self.staff_and([who]), Event::Group(event)));
            }
        }
        // What a teacher still prepares is nobody else's.
        let audience = if is_open {
            self.told_of_move(who, from, group)
        } else if self.groups.choice() {
            self.told(Some(who), from.into_iter().chain(group))
        } else {
            Audience::Staff
        };
        let event = GroupEvent::Assigned { no: who, group };
        outcome.events.push((audience, Event::Group(event)));
        Ok(outcome)
    }

    fn choose(&self, me: ParticipantNo, group: u8) -> Result<Outcome, Denied> {
        if !self.groups.choice() {
            return Err(Denied::Forbidden);
        }
        self.assign(me, Some(group))
    }

    fn visit(&self, me: ParticipantNo, group: Option<u8>) -> Result<Outcome, Denied> {
        let mut outcome = Outcome::default();
        if self.groups.visits(me) == group {
            return Ok(outcome);
        }
        if let Some(group) = group {
            self.open_group(group)?;
            self.end_listening(me, &mut outcome);
        }
        self.go(me, group, &mut outcome);
        if let Some(group) = group.filter(|group| self.groups.calls().any(|call| call == *group)) {
            let event = GroupEvent::Called { group, on: false };
            outcome.events.push((self.told(None, [group]), Event::Group(event)));
        }
        Ok(outcome)
    }

    fn listen(
        &self,
        me: ParticipantNo,
        group: Option<u8>,
        begins: Millis,
    ) -> Result<Outcome, Denied> {
        let mut outcome = Outcome::default();
        if self.groups.listening_of(me).map(|listening| listening.group) == group {
            return Ok(outcome);
        }
        if let Some(group) = group {
            self.open_group(group)?;
        }
        self.end_listening(me, &mut outcome);
        if let Some(group) = group {
            if self.groups.visits(me).is_some() {
                self.go(me, None, &mut outcome);
            }
            let event = GroupEvent::ListenAnnounced { no: me, group, begins };
            outcome.events.push((self.told(None, [group]), Event::Group(event)));
        }
        Ok(outcome)
    }

    fn begin_listening(&self, who: ParticipantNo, now: Millis) -> Outcome {
        let mut outcome = Outcome::default();
        let announced = self.groups.listening_of(who).filter(|listening| !listening.begun);
        if let Some(listening) = announced.filter(|listening| listening.begins <= now) {
            let event = GroupEvent::ListenBegan { no: who };
            outcome.events.push((self.told(None, [listening.group]), Event::Group(event)));
        }
        outcome
    }

    fn end_listening(&self, me: ParticipantNo, outcome: &mut Outcome) {
        if let Some(listening) = self.groups.listening_of(me) {
            let event = GroupEvent::ListenEnded { no: me };
            outcome.events.push((self.told(None, [listening.group]), Event::Group(event)));
        }
    }

    /// A teacher goes into a group, or back.
    fn go(&self, me: ParticipantNo, group: Option<u8>, outcome: &mut Outcome) {
        let audience = self.told_of_move(me, self.groups.visits(me), group);
        outcome.events.push((audience, Event::Group(GroupEvent::Visited { no: me, group })));
    }

    fn speak_to_all(&self, me: ParticipantNo, on: bool) -> Result<Outcome, Denied> {
        if self.groups.speaks_to_all(me) == on {
            return Ok(Outcome::default());
        }
        self.opened()?;
        Ok(Outcome::of(Event::Group(GroupEvent::Everywhere { no: me, on })))
    }

    fn call_teacher(&self, me: ParticipantNo, on: bool) -> Result<Outcome, Denied> {
        let mut outcome = Outcome::default();
        let Some(group) = self.group_of(me) else {
            return if on { Err(Denied::NotFound) } else { Ok(outcome) };
        };
        if self.groups.calls().any(|call| call == group) != on {
            let event = GroupEvent::Called { group, on };
            outcome.events.push((self.told(None, [group]), Event::Group(event)));
        }
        Ok(outcome)
    }

    fn opened(&self) -> Result<&Open, Denied> {
        self.groups.open().ok_or(Denied::NotFound)
    }

    fn prepared_group(&self, group: u8) -> Result<(), Denied> {
        let exists = (1..=self.groups.count()).contains(&group);
        if exists { Ok(()) } else { Err(Denied::NotFound) }
    }

    fn open_group(&self, group: u8) -> Result<(), Denied> {
        self.opened()?;
        self.prepared_group(group)
    }

    /// Staff, this person, and those who belong to these groups and are there.
    fn told(&self, who: Option<ParticipantNo>, groups: impl IntoIterator<Item = u8>) -> Audience {
        let members = groups.into_iter().flat_map(|group| self.groups.members(group));
        self.staff_and(members.filter(|no| self.target(*no).is_ok()).chain(who))
    }

    /// Staff, this person, and those whom they leave and to whom they come while groups are open;
    /// `None` is the class.
    fn told_of_move(&self, who: ParticipantNo, from: Option<u8>, to: Option<u8>) -> Audience {
        let concerned =
            |no: &ParticipantNo| *no == who || [from, to].contains(&self.group_of_anyone(*no));
        self.staff_and(self.held().map(|(no, _)| *no).filter(concerned))
    }
}

/// Whether somebody in this role can be a member of a group. Teachers visit; observers watch the
/// class.
fn joins_groups(role: Role) -> bool {
    match role {
        Role::Presenter | Role::Pupil | Role::Guest | Role::Interpreter => true,
        Role::Teacher | Role::Observer => false,
    }
}

fn after(from: Millis, minutes: u16) -> Result<Millis, Denied> {
    if !(1..=MAX_GROUP_MINUTES).contains(&minutes) {
        return Err(Denied::Forbidden);
    }
    Ok(Millis(from.0.saturating_add(i64::from(minutes) * MINUTE_MS)))
}
