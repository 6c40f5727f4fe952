//! What a participant makes of the lesson's messages: who is there, whom to look at, what was
//! refused.
//!
//! Invariant: told the time; changes that come together become one wish.
//! Left out on purpose: the WebSocket, and media.

use std::time::{Duration, Instant};

use kreide_protocol::{
    ClientMessage, Joined, LessonEvent, Participant, RecordingNow, ServerMessage, SlotNow,
    SourceRef,
};

use crate::BotError;
use crate::counts::Counts;
use crate::view::{View, Watching};

/// The lesson as one participant follows it.
#[derive(Debug)]
pub struct Attention {
    me: u32,
    view: View,
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
        let mut view = View::new(watching, joined.you);
        let (mut recording, mut due) = (false, None);
        if let Some(snapshot) = &joined.snapshot {
            for Participant { no, sending, .. } in &snapshot.participants {
                view.is(*no, sending.clone());
            }
            recording = snapshot.recording.as_ref().is_some_and(|recording| recording.running);
            due = Some(now);
        }
        Self { me: joined.you, view, refused: Vec::new(), recording, wished: 0, due }
    }

    /// What is to be seen in a video slot.
    #[must_use]
    pub fn wished(&self, slot: usize) -> Option<SourceRef> {
        self.view.wished(slot)
    }

    /// Adds what is known of the lesson.
    pub fn tell(&self, counts: &mut Counts) {
        counts.number = self.me;
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
            ServerMessage::Event(stamped) => return Ok(self.happened(stamped.event, now)),
            ServerMessage::Slots { slots } => return Ok(Reaction::Slots(slots)),
            ServerMessage::Error(refusal) => {
                if self.refused.len() < MOST_REFUSED {
                    self.refused.push(format!("{:?}: {}", refusal.code, refusal.message));
                }
            }
            ServerMessage::MediaLost => {
                return Err(BotError::Media("the server lost the connection".to_owned()));
            }
            ServerMessage::Closed { code } => {
                return Err(BotError::Refused(format!("closed: {code:?}")));
            }
            ServerMessage::Joined(_)
            | ServerMessage::Media(_)
            | ServerMessage::Speaking { .. }
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
}

const MOST_REFUSED: usize = 8;
/// Changes within this time become one view, as in the client.
const TOGETHER: Duration = Duration::from_millis(60);
