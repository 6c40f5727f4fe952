//! What a participant makes of the lesson's messages: who is there, whom to look at, what was
//! refused.
//!
//! Invariant: told the time; changes that come together become one wish.
//! Left out on purpose: the WebSocket, and media.

use std::time::{Duration, Instant};

use kreide_protocol::{
    ClientMessage, Groups, Joined, LessonEvent, Participant, RecordingNow, ServerMessage, SlotNow,
    Snapshot, SourceRef,
};

use crate::BotError;
use crate::counts::Counts;
use crate::view::{View, Watching};

/// The lesson as one participant follows it.
#[derive(Debug)]
pub struct Attention {
    me: u32,
    watching: Watching,
    view: View,
    /// Sequence of the last event.
    sequence: u64,
    hand: bool,
    group: Option<u8>,
    refused: Vec<String>,
    recording: bool,
    wished: u32,
    /// When the wishes are looked at again; changes in between are told together.
    due: Option<Instant>,
}

/// What a message asks for.
#[derive(Debug)]
pub enum Reaction {
    /// Nothing.
    Nothing,
    /// To know what the slots carry.
    Slots(Vec<SlotNow>),
    /// An answer.
    Say(ClientMessage),
}

impl Attention {
    /// Begins with what is there at the join.
    #[must_use]
    pub fn new(watching: Watching, joined: &Joined, now: Instant) -> Self {
        let mut attention = Self {
            me: joined.you,
            watching,
            view: View::new(watching, joined.you),
            sequence: joined.seq,
            hand: false,
            group: None,
            refused: Vec::new(),
            recording: false,
            wished: 0,
            due: None,
        };
        if let Some(snapshot) = &joined.snapshot {
            attention.find(snapshot, now);
        }
        attention
    }

    /// Goes on after a cut with what was missed, or with everything. All slots are new.
    ///
    /// # Errors
    /// [`BotError::Refused`] if it is somebody else's seat.
    pub fn returned(&mut self, joined: &Joined, now: Instant) -> Result<(), BotError> {
        if joined.you != self.me {
            let said = format!("{} came back as {}", self.me, joined.you);
            return Err(BotError::Refused(said));
        }
        self.view.forget_slots();
        if let Some(snapshot) = &joined.snapshot {
            self.view = View::new(self.watching, self.me);
            self.find(snapshot, now);
        }
        for stamped in &joined.missed {
            self.happened(stamped.event.clone(), now);
        }
        self.sequence = joined.seq;
        self.due = Some(now);
        Ok(())
    }

    /// Sequence of the last event that it knows.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The own hand and group, which are told at once when they change.
    pub(crate) fn standing(&self) -> (bool, Option<u8>) {
        (self.hand, self.group)
    }

    fn find(&mut self, snapshot: &Snapshot, now: Instant) {
        for Participant { no, sending, hand, .. } in &snapshot.participants {
            self.view.is(*no, sending.clone());
            if *no == self.me {
                self.hand = hand.is_some();
            }
        }
        self.recording = snapshot.recording.as_ref().is_some_and(|recording| recording.running);
        self.group = snapshot.groups.mine.filter(|_| snapshot.groups.open);
        self.due = Some(now);
    }

    /// What is to be seen in a video slot.
    #[must_use]
    pub fn wished(&self, slot: usize) -> Option<SourceRef> {
        self.view.wished(slot)
    }

    /// Adds what is known of the lesson.
    pub fn tell(&self, counts: &mut Counts) {
        counts.number = self.me;
        (counts.hand, counts.group) = (self.hand, self.group);
        counts.wished = self.wished;
        counts.refused.clone_from(&self.refused);
        counts.recording = self.recording;
    }

    /// Takes a message.
    ///
    /// # Errors
    /// [`BotError`] if the server ends the connection by it.
    pub fn handle(&mut self, message: ServerMessage, now: Instant) -> Result<Reaction, BotError> {
        match message {
            ServerMessage::Event(stamped) => {
                self.sequence = stamped.seq;
                return Ok(self.happened(stamped.event, now));
            }
            ServerMessage::Slots { slots } => return Ok(Reaction::Slots(slots)),
            ServerMessage::Error(refusal) => {
                if self.refused.len() < MOST_REFUSED {
                    self.refused.push(format!("{:?}: {}", refusal.code, refusal.message));
                }
            }
            ServerMessage::MediaLost => {
                return Err(BotError::Media("the server lost the connection".to_owned()));
            }
            ServerMessage::Closed { code } => return Err(BotError::Closed(code)),
            ServerMessage::Joined(_)
            | ServerMessage::Waiting(_)
            | ServerMessage::Media(_)
            | ServerMessage::Speaking { .. }
            | ServerMessage::Reaction { .. }
            | ServerMessage::Votes { .. }
            | ServerMessage::Count { .. }
            | ServerMessage::GroupSets { .. }
            | ServerMessage::Ok { .. }
            | ServerMessage::Pong => {}
        }
        Ok(Reaction::Nothing)
    }

    /// Looks at other people.
    pub fn turn(&mut self, now: Instant) {
        self.view.turn();
        self.due = Some(now);
    }

    /// When [`Self::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// The new wishes, if they are due and others than before.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<ClientMessage> {
        self.due.filter(|due| now >= *due)?;
        self.due = None;
        let slots = self.view.update()?;
        self.wished = slots.len() as u32;
        Some(ClientMessage::View { slots })
    }

    fn happened(&mut self, event: LessonEvent, now: Instant) -> Reaction {
        match event {
            LessonEvent::Joined { participant } => {
                self.view.is(participant.no, participant.sending);
            }
            LessonEvent::Left { who } | LessonEvent::Removed { who, .. } => self.view.gone(who),
            LessonEvent::Sending { who, kind, on, .. } => self.view.sending(who, kind, on),
            LessonEvent::Hand { who, hand } if who == self.me => {
                self.hand = hand.is_some();
                return Reaction::Nothing;
            }
            LessonEvent::Groups { groups, around, .. } => self.moved(&groups, around),
            LessonEvent::Rights { people: Some(people), .. }
            | LessonEvent::Locks { people: Some(people), .. }
            | LessonEvent::People { people: Some(people), .. } => {
                people.into_iter().for_each(|one| self.view.is(one.no, one.sending));
            }
            LessonEvent::Recording { recording, .. } => {
                self.recording = recording.as_ref().is_some_and(|recording| recording.running);
                return match recording {
                    // Everyone agrees, so that a recording has something to do.
                    Some(RecordingNow { id, running: false, .. }) => {
                        Reaction::Say(ClientMessage::RecordConsent { to: Some(id) })
                    }
                    _ => Reaction::Nothing,
                };
            }
            _ => return Reaction::Nothing,
        }
        self.due.get_or_insert(now + TOGETHER);
        Reaction::Nothing
    }

    /// The groups changed: whoever is in one sees its members and nobody else.
    fn moved(&mut self, groups: &Groups, around: Vec<Participant>) {
        self.group = groups.mine.filter(|_| groups.open);
        if let Some(group) = self.group {
            let members = groups.members.get(usize::from(group).saturating_sub(1));
            let visits = |no: u32| groups.visits.iter().any(|v| v.who == no && v.group == group);
            self.view.keep(|no| {
                members.is_some_and(|members| members.contains(&no))
                    || visits(no)
                    || groups.everywhere.contains(&no)
            });
        }
        around.into_iter().for_each(|one| self.view.is(one.no, one.sending));
    }
}

const MOST_REFUSED: usize = 8;
/// Changes within this time become one view, as in the client.
const TOGETHER: Duration = Duration::from_millis(60);
