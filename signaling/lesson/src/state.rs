//! The state of a lesson and how events change it.
//!
//! Invariant: a function of the log. Changing it never fails: an event about a number that has no
//! seat changes nothing. Everything in it is bounded by the caps of the crate, but for the used
//! tokens, which are forgotten an hour after they expire.

use std::collections::{BTreeMap, VecDeque};

use kreide_control::{Epoch, ParticipantNo};
use serde::Serialize;

use crate::recording::Recording;
use crate::seat::{Held, Keys, OwnLock, Place, Seat};
use crate::{ChatLine, Event, LockKind, Logged, MAX_CHAT_KEPT, Millis, PayloadId, TokenId};

/// All that is known of a lesson. Names and texts are not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct State {
    pub(crate) last_seq: u64,
    pub(crate) epoch: Epoch,
    /// The latest time in the log. Time does not go back when the owner's clock does.
    pub(crate) latest: Millis,
    pub(crate) phase: Phase,
    pub(crate) seats: BTreeMap<ParticipantNo, Seat>,
    pub(crate) room_locks: BTreeMap<LockKind, ParticipantNo>,
    /// The highest place that a hand was given.
    pub(crate) last_hand: u64,
    pub(crate) last_chat: u64,
    pub(crate) last_payload: u64,
    pub(crate) chat: VecDeque<ChatLine>,
    pub(crate) tokens: BTreeMap<TokenId, Millis>,
    /// Out of the hash while nothing is recorded, as in logs that know no recording.
    #[serde(skip_serializing_if = "Recording::is_off")]
    pub(crate) recording: Recording,
}

/// Where the lesson is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) enum Phase {
    #[default]
    Waiting,
    Running {
        since: Millis,
    },
    Over {
        since: Millis,
    },
}

impl State {
    /// Takes the next event of the log in and counts it for those who may see it.
    pub(crate) fn apply(&mut self, logged: &Logged) {
        self.last_seq = logged.seq;
        self.epoch = logged.epoch;
        self.latest = self.latest.max(logged.at);
        self.change(&logged.event);
        for (no, seat) in &mut self.seats {
            if logged.audience.includes(*no, seat.role) {
                seat.seen += 1;
            }
        }
    }

    /// Changes what the event says, at the place and time of the last applied event.
    pub(crate) fn change(&mut self, event: &Event) {
        match event {
            Event::Started => {
                if self.phase == Phase::Waiting {
                    self.phase = Phase::Running { since: self.latest };
                }
            }
            Event::SeatTaken { no, subject, role, name, consent } => {
                self.payload(*name);
                self.recording.consent(*no, false);
                let seat = self.seats.entry(*no).or_insert_with(|| Seat {
                    subject: subject.clone(),
                    role: *role,
                    name: *name,
                    consent: *consent,
                    place: Place::Left,
                    own_locks: BTreeMap::new(),
                    keys: None,
                    first_seq: self.last_seq,
                    seen: 0,
                });
                seat.name = *name;
                seat.consent = *consent;
                match &mut seat.place {
                    Place::Held(held) => held.online = true,
                    place => *place = Place::Held(Held { online: true, ..Held::default() }),
                }
            }
            Event::SeatLeft { no } => {
                self.recording.consent(*no, false);
                self.seat(*no, |seat| seat.place = Place::Left);
            }
            Event::Online { no, online } => self.held(*no, |held| held.online = *online),
            Event::Sending { no, kind, on, by: _ } => self.held(*no, |held| {
                if *on {
                    held.sending.insert(*kind);
                } else {
                    held.sending.remove(kind);
                }
            }),
            Event::LockSet { who: Some(no), what, locked, by } => {
                self.lock_one(*no, *what, *locked, *by);
            }
            Event::LockSet { who: None, what, locked, by } => self.lock_all(*what, *locked, *by),
            Event::Hand { no, place } => {
                self.last_hand = self.last_hand.max(place.unwrap_or(0));
                self.held(*no, |held| held.hand = *place);
            }
            Event::Chat { id, from, text } => {
                self.payload(*text);
                self.last_chat = self.last_chat.max(*id);
                if self.chat.len() == MAX_CHAT_KEPT {
                    self.chat.pop_front();
                }
                let at = self.latest;
                self.chat.push_back(ChatLine { id: *id, from: *from, text: *text, at });
            }
            Event::Removed { no, by } => {
                self.recording.consent(*no, false);
                self.seat(*no, |seat| seat.place = Place::Removed { by: *by });
            }
            Event::ResumeKey { no, key, previous } => self.seat(*no, |seat| {
                seat.keys = Some(Keys { current: *key, previous: *previous });
            }),
            Event::TokenUsed { id, until } => {
                // An expired token is refused for its age; its id is kept for longer, so that
                // a clock that is set back does not make it young again.
                let forget = self.latest.0.saturating_sub(TOKEN_MEMORY_MS);
                self.tokens.retain(|_, until| until.0 >= forget);
                self.tokens.insert(id.clone(), *until);
            }
            Event::Ended { by: _ } => {
                self.recording = Recording::Off;
                self.phase = Phase::Over { since: self.started() };
            }
            Event::RecordingAnnounced { id, by, begins } => {
                self.recording = Recording::announced(id.clone(), *by, *begins);
            }
            Event::RecordingBegan { id } => self.recording.begin(id, self.latest),
            Event::RecordingStopped { id, .. } => self.recording.stop(id),
            Event::RecordingConsent { no, given } => self.recording.consent(*no, *given),
            Event::RightsChanged { .. } | Event::Unknown(_) => {}
        }
    }

    /// When the lesson began; the time of the last event if it never did.
    pub(crate) fn started(&self) -> Millis {
        match self.phase {
            Phase::Waiting => self.latest,
            Phase::Running { since } | Phase::Over { since } => since,
        }
    }

    /// How many seats are held.
    pub(crate) fn held_seats(&self) -> usize {
        self.seats.values().filter(|seat| seat.held().is_some()).count()
    }

    fn lock_one(&mut self, no: ParticipantNo, what: LockKind, locked: bool, by: ParticipantNo) {
        let room_locked = self.room_locks.contains_key(&what);
        self.seat(no, |seat| {
            let own = seat.own_locks.get(&what);
            if locked {
                if !matches!(own, Some(OwnLock::Locked { .. })) {
                    seat.own_locks.insert(what, OwnLock::Locked { by });
                }
            } else if room_locked && crate::rules::under_room_locks(seat.role) {
                seat.own_locks.insert(what, OwnLock::Exempt);
            } else {
                seat.own_locks.remove(&what);
            }
        });
    }

    fn lock_all(&mut self, what: LockKind, locked: bool, by: ParticipantNo) {
        if locked {
            self.room_locks.entry(what).or_insert(by);
        } else {
            self.room_locks.remove(&what);
        }
        for seat in self.seats.values_mut() {
            if seat.own_locks.get(&what) == Some(&OwnLock::Exempt) {
                seat.own_locks.remove(&what);
            }
        }
    }

    fn seat(&mut self, no: ParticipantNo, change: impl FnOnce(&mut Seat)) {
        if let Some(seat) = self.seats.get_mut(&no) {
            change(seat);
        }
    }

    fn held(&mut self, no: ParticipantNo, change: impl FnOnce(&mut Held)) {
        if let Some(held) = self.seats.get_mut(&no).and_then(Seat::held_mut) {
            change(held);
        }
    }

    fn payload(&mut self, id: PayloadId) {
        self.last_payload = self.last_payload.max(id.0);
    }
}

/// How long the id of an expired token is kept.
const TOKEN_MEMORY_MS: i64 = 3_600_000;
