//! Events on their way to signaling.

use std::collections::VecDeque;

use kreide_control::{Event, LessonKey};
use kreide_sfu_core::RoomEvent;
use tokio::sync::mpsc;

use crate::metrics::Metrics;

/// Keeps events while signaling's queue is full; beyond [`EVENTS_WAITING`] the oldest is lost
/// and counted.
pub(crate) struct Outgoing {
    events: mpsc::Sender<Event>,
    waiting: VecDeque<Event>,
}

impl Outgoing {
    pub(crate) fn new(events: mpsc::Sender<Event>) -> Self {
        Self { events, waiting: VecDeque::new() }
    }

    pub(crate) fn push(&mut self, event: Event, metrics: &Metrics) {
        if self.waiting.len() == EVENTS_WAITING {
            self.waiting.pop_front();
            metrics.lost_events.inc();
        }
        self.waiting.push_back(event);
    }

    pub(crate) fn flush(&mut self) {
        while let Some(event) = self.waiting.pop_front() {
            if let Err(mpsc::error::TrySendError::Full(event)) = self.events.try_send(event) {
                self.waiting.push_front(event);
                return;
            }
        }
    }
}

/// A room's event with its lesson, if it is for signaling.
pub(crate) fn room_event(lesson: LessonKey, event: RoomEvent) -> Option<Event> {
    match event {
        RoomEvent::Slots { participant, slots } => {
            Some(Event::Slots { lesson, participant, slots })
        }
        RoomEvent::Speaking { audience, participants } => {
            Some(Event::Speaking { lesson, audience, participants })
        }
        RoomEvent::Pictures(_) => None,
    }
}

const EVENTS_WAITING: usize = 16_384;
