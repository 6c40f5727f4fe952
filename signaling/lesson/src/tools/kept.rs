//! What the tools keep, and what comes of each intent.

use std::collections::{BTreeMap, BTreeSet};

use kreide_control::{ParticipantNo, Role};
use serde::{Deserialize, Serialize};

use super::{MAX_ANNOUNCEMENT_CHARS, MAX_SPOTLIGHT, MAX_TIMER_S, Signal, ToolEvent, ToolIntent};
use crate::lot::Lots;
use crate::state::State;
use crate::{Actor, Audience, Denied, Event, Lesson, Millis, Outcome, Payload, PayloadId, Text};

/// The tools of a lesson.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tools {
    spotlight: Vec<ParticipantNo>,
    focus: bool,
    announcement: Option<Announcement>,
    timer: Option<Timer>,
    ready: Option<ReadyCheck>,
    picked: Option<Pick>,
    /// Who was drawn in this round.
    drawn: BTreeSet<ParticipantNo>,
}

/// A line that is shown to everyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// The line.
    pub text: PayloadId,
    /// By which teacher.
    pub by: ParticipantNo,
}

/// A timer that was started. Nothing happens when it ends: it stays until it is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// When it ends.
    pub until: Millis,
    /// By which teacher.
    pub by: ParticipantNo,
}

/// Everyone is asked whether they are ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyCheck {
    /// By which teacher.
    pub by: ParticipantNo,
    /// Who has answered, and whether they are ready.
    pub answers: BTreeMap<ParticipantNo, bool>,
}

/// Who was drawn by lot last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pick {
    /// Who.
    pub no: ParticipantNo,
    /// How often the lot has gone round, from 1.
    pub round: u32,
}

impl Tools {
    /// Whether pupils receive teachers and content alone.
    pub(crate) fn focus(&self) -> bool {
        self.focus
    }

    /// Those whom everyone is shown.
    pub(crate) fn shown(&self) -> impl Iterator<Item = ParticipantNo> + '_ {
        self.spotlight.iter().copied().chain(self.picked.map(|pick| pick.no))
    }
}

impl State {
    pub(crate) fn tool(
        &self,
        actor: Actor,
        intent: ToolIntent,
        now: Millis,
    ) -> Result<Outcome, Denied> {
        let me = actor.seat()?;
        match intent {
            ToolIntent::Spotlight { who } => self.set_spotlight(&who),
            ToolIntent::Focus { on } => Ok(self.tell(ToolEvent::Focus { on })),
            ToolIntent::Announce { text } => self.announce(me, text.as_ref()),
            ToolIntent::Timer { seconds } => self.set_timer(me, seconds, now),
            ToolIntent::AskReady { on } => Ok(self.ask_ready(me, on)),
            ToolIntent::Ready { yes } => self.answer_ready(me, yes),
            ToolIntent::Pick { seed } => self.pick(seed),
            ToolIntent::React { what } => Ok(Outcome {
                signals: vec![(self.around(me), Signal::Reaction { no: me, what })],
                ..Outcome::default()
            }),
            ToolIntent::InRoom { on } => {
                let event = (self.around(me), Event::Tool(ToolEvent::InRoom { no: me, on }));
                Ok(self.unless_so(event))
            }
        }
    }

    fn set_spotlight(&self, wanted: &[ParticipantNo]) -> Result<Outcome, Denied> {
        let mut who = Vec::new();
        for no in wanted {
            if who.len() > MAX_SPOTLIGHT {
                break;
            }
            if !who.contains(no) {
                self.target(*no)?;
                who.push(*no);
            }
        }
        if who.len() > MAX_SPOTLIGHT {
            return Err(Denied::Forbidden);
        }
        Ok(self.tell(ToolEvent::Spotlight { who }))
    }

    fn announce(&self, by: ParticipantNo, text: Option<&Text>) -> Result<Outcome, Denied> {
        let Some(text) = text else {
            return Ok(match self.tools.announcement {
                Some(_) => Outcome::of(Event::Tool(ToolEvent::Announced { text: None, by })),
                None => Outcome::default(),
            });
        };
        let text = text.chat_up_to(MAX_ANNOUNCEMENT_CHARS)?;
        let payload = Payload { id: self.next_payload(), of: by, text };
        let event = ToolEvent::Announced { text: Some(payload.id), by };
        Ok(Outcome { payloads: vec![payload], ..Outcome::of(Event::Tool(event)) })
    }

    fn set_timer(
        &self,
        by: ParticipantNo,
        seconds: Option<u32>,
        now: Millis,
    ) -> Result<Outcome, Denied> {
        let until = match seconds {
            Some(seconds @ 1..=MAX_TIMER_S) => {
                let start = now.max(self.latest).0;
                Some(Millis(start.saturating_add(i64::from(seconds) * 1_000)))
            }
            Some(_) => return Err(Denied::Forbidden),
            None if self.tools.timer.is_none() => return Ok(Outcome::default()),
            None => None,
        };
        Ok(Outcome::of(Event::Tool(ToolEvent::TimerSet { until, by })))
    }

    fn ask_ready(&self, by: ParticipantNo, on: bool) -> Outcome {
        if !on && self.tools.ready.is_none() {
            return Outcome::default();
        }
        Outcome::of(Event::Tool(ToolEvent::ReadyAsked { on, by }))
    }

    /// What somebody answers is for teachers: nobody is shown as the slowest.
    fn answer_ready(&self, me: ParticipantNo, yes: bool) -> Result<Outcome, Denied> {
        if self.tools.ready.is_none() {
            return Err(Denied::TooLate);
        }
        let event = Event::Tool(ToolEvent::Ready { no: me, yes });
        Ok(self.unless_so((self.staff_and([me]), event)))
    }

    fn pick(&self, seed: u64) -> Result<Outcome, Denied> {
        let here = self.held().filter(|(_, seat)| {
            seat.role == Role::Pupil && seat.held().is_some_and(|held| held.online)
        });
        let here: Vec<_> = here.map(|(no, _)| *no).collect();
        let left = here.iter().filter(|no| !self.tools.drawn.contains(no));
        let left: Vec<_> = left.copied().collect();
        let round = self.tools.picked.map_or(1, |pick| pick.round);
        let (from, round) = match left.is_empty() {
            true => (here, round.saturating_add(1)),
            false => (left, round),
        };
        let no = *from.get(Lots::new(seed).draw(from.len())).ok_or(Denied::NotFound)?;
        let (seat, _) = self.target(no)?;
        // Everyone, in whatever group; but not those from whom this person is hidden.
        let audience = self.noticed_arriving(&seat.newcomer(no));
        let event = Event::Tool(ToolEvent::Picked { no, round });
        Ok(Outcome { events: vec![(audience, event)], ..Outcome::default() })
    }

    fn tell(&self, event: ToolEvent) -> Outcome {
        self.unless_so((Audience::All, Event::Tool(event)))
    }

    /// The event, unless all is so already.
    fn unless_so(&self, event: (Audience, Event)) -> Outcome {
        let events = vec![event];
        if self.after(&events) == *self {
            return Outcome::default();
        }
        Outcome { events, ..Outcome::default() }
    }

    pub(crate) fn change_tools(&mut self, event: &ToolEvent) {
        match event {
            ToolEvent::Spotlight { who } => self.tools.spotlight.clone_from(who),
            ToolEvent::Focus { on } => self.tools.focus = *on,
            ToolEvent::Announced { text, by } => {
                text.iter().for_each(|text| self.payload(*text));
                self.tools.announcement = text.map(|text| Announcement { text, by: *by });
            }
            ToolEvent::TimerSet { until, by } => {
                self.tools.timer = until.map(|until| Timer { until, by: *by });
            }
            ToolEvent::ReadyAsked { on, by } => {
                let asked = ReadyCheck { by: *by, answers: BTreeMap::new() };
                self.tools.ready = on.then_some(asked);
            }
            ToolEvent::Ready { no, yes } => {
                if let Some(ready) = &mut self.tools.ready {
                    ready.answers.insert(*no, *yes);
                }
            }
            ToolEvent::Picked { no, round } => {
                if self.tools.picked.is_some_and(|pick| pick.round != *round) {
                    self.tools.drawn.clear();
                }
                self.tools.drawn.insert(*no);
                self.tools.picked = Some(Pick { no: *no, round: *round });
            }
            ToolEvent::InRoom { no, on } => {
                if let Some(seat) = self.seats.get_mut(no) {
                    seat.in_room = *on;
                }
            }
            ToolEvent::Unknown => {}
        }
    }

    /// Whoever gives the seat up is in no spotlight, has answered nothing and sits nowhere.
    pub(crate) fn leave_tools(&mut self, no: ParticipantNo) {
        self.tools.spotlight.retain(|other| *other != no);
        if let Some(ready) = &mut self.tools.ready {
            ready.answers.remove(&no);
        }
        if let Some(seat) = self.seats.get_mut(&no) {
            seat.in_room = false;
        }
    }
}

impl Lesson {
    /// Who is shown large to everyone, in this order. Whoever is hidden from a reader is not for
    /// them: see [`Lesson::sees`].
    #[must_use]
    pub fn spotlight(&self) -> &[ParticipantNo] {
        &self.state.tools.spotlight
    }

    /// Whether pupils see and hear teachers and content alone.
    #[must_use]
    pub fn focus(&self) -> bool {
        self.state.tools.focus
    }

    /// The line that is shown to everyone.
    #[must_use]
    pub fn announcement(&self) -> Option<Announcement> {
        self.state.tools.announcement
    }

    /// The timer.
    #[must_use]
    pub fn timer(&self) -> Option<Timer> {
        self.state.tools.timer
    }

    /// Whether everyone is asked if they are ready. The answers are for teachers, and each one's
    /// own for themselves.
    #[must_use]
    pub fn ready(&self) -> Option<&ReadyCheck> {
        self.state.tools.ready.as_ref()
    }

    /// Who was drawn by lot last. Not for those from whom that person is hidden.
    #[must_use]
    pub fn picked(&self) -> Option<Pick> {
        self.state.tools.picked
    }
}
