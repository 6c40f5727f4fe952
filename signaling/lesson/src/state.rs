//! The state of a lesson and how events change it.
//!
//! Invariant: a function of the log. Changing it never fails: an event about a number that has no
//! seat changes nothing. Everything in it is bounded by the caps of the crate, but for the used
//! tokens, which are forgotten an hour after they expire.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::LazyLock;

use kreide_control::{Epoch, ParticipantNo, Policy};
use serde::{Deserialize, Serialize};

use crate::calm::Quiet;
use crate::chat::{ChatLine, Shown};
use crate::crowd::Crowd;
use crate::door::Wait;
use crate::event::Newcomer;
use crate::groups::Groups;
use crate::polls::Polls;
use crate::recording::Recording;
use crate::seat::{Held, Keys, OwnLock, Place, Seat};
use crate::talks::Talks;
use crate::tools::Tools;
use crate::undo::Undoable;
use crate::{Audience, Event, LockKind, Logged, Millis, PayloadId, SCHOOL, TokenId};

/// All that is known of a lesson. Names and texts are not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    // What follows is out of the hash while it is empty, as in logs that know nothing of it.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) recording: Recording,
    /// Absent in lessons from before rooms had one.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    policy: Option<Policy>,
    /// Who was let speak.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) floor: BTreeSet<ParticipantNo>,
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) quiet: Option<Quiet>,
    /// Rests because no teacher is there.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) paused: bool,
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) last_act: u64,
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) undoable: VecDeque<Undoable>,
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) groups: Groups,
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) polls: Polls,
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) talks: Talks,
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) tools: Tools,
    /// What most are told of each other while there are too many to tell all.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(crate) crowd: Option<Crowd>,
}

/// Where the lesson is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
        self.change(logged);
        for (no, seat) in &mut self.seats {
            // Whoever waits, or went without having been let in, must not even count.
            if seat.outside.is_none() && logged.audience.includes(*no, seat.role) {
                seat.seen += 1;
            }
        }
    }

    /// Changes what the event says, at the place and time of the last applied event.
    fn change(&mut self, logged: &Logged) {
        match &logged.event {
            Event::Started => {
                if self.phase == Phase::Waiting {
                    self.phase = Phase::Running { since: self.latest };
                }
            }
            Event::SeatTaken(newcomer) => self.take_seat(newcomer),
            Event::Waiting { newcomer, why } => self.wait(newcomer, *why),
            Event::SeatLeft { no } | Event::WaitEnded { no, .. } => self.vacate(*no, Place::Left),
            Event::Removed { no, by } => self.vacate(*no, Place::Removed { by: *by }),
            Event::Online { no, online } => {
                self.held_mut(*no, |held| held.online = *online);
                self.count_presence(*no);
            }
            Event::Sending { no, kind, on, by: _ } => self.held_mut(*no, |held| {
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
            Event::LockRestored { no, what, own, by: _ } => self.seat_mut(*no, |seat| {
                match own {
                    Some(own) => seat.own_locks.insert(*what, *own),
                    None => seat.own_locks.remove(what),
                };
            }),
            Event::Granted { no, what, on, by: _ } => self.seat_mut(*no, |seat| {
                if *on {
                    seat.grants.insert(*what);
                } else {
                    seat.grants.remove(what);
                }
            }),
            Event::Hand { no, place } => {
                self.last_hand = self.last_hand.max(place.unwrap_or(0));
                self.held_mut(*no, |held| held.hand = *place);
            }
            Event::Chat { id, from, text, to } => {
                self.payload(*text);
                self.keep_line(ChatLine {
                    id: *id,
                    from: *from,
                    text: *text,
                    at: self.latest,
                    to: *to,
                    readers: logged.audience.clone(),
                    edited: None,
                    shown: Shown::Shown,
                });
            }
            Event::ChatEdited { id, text } => {
                self.payload(*text);
                let now = self.latest;
                self.change_line(*id, |line| {
                    line.text = *text;
                    line.edited = Some(now);
                });
            }
            Event::ChatDeleted { id, by: _ } => {
                self.change_line(*id, |line| line.shown = Shown::Deleted);
            }
            Event::ChatHidden { ids, hidden, by: _ } => {
                let shown = if *hidden { Shown::Hidden } else { Shown::Shown };
                ids.iter().for_each(|id| self.change_line(*id, |line| line.shown = shown));
            }
            Event::Caption { text, .. } => self.payload(*text),
            Event::Renamed { no, name, by: _ } => {
                self.payload(*name);
                self.seat_mut(*no, |seat| seat.name = *name);
            }
            Event::ResumeKey { no, key, previous } => self.seat_mut(*no, |seat| {
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
                self.end_presence();
            }
            Event::RecordingAnnounced { id, by, begins } => {
                self.recording = Recording::announced(id.clone(), *by, *begins);
            }
            Event::RecordingBegan { id } => self.recording.begin(id, self.latest),
            Event::RecordingStopped { id, .. } => self.recording.stop(id),
            Event::RecordingConsent { no, given } => self.recording.consent(*no, *given),
            Event::PolicySet { policy, talks } => {
                self.lock_by_policy(&policy.locked);
                self.policy = Some(policy.clone());
                self.talks.plan(talks);
                self.count_everyone();
            }
            Event::LetSpeak { no, on, by: _ } => self.change_floor(*no, *on),
            Event::QuietSet { by } => {
                self.quiet = by.map(|by| Quiet { by, floor: BTreeSet::new() });
                self.forget_words();
            }
            Event::PausedSet { on } => self.paused = *on,
            Event::Acted { id, until, act, by: _ } => self.remember_act(*id, *until, act),
            Event::Undone { id, by: _ } => self.forget_act(*id),
            Event::Group(event) => self.change_groups(event),
            Event::Poll(event) => self.change_polls(event),
            Event::Talk(event) => self.change_talks(event),
            Event::Tool(event) => self.change_tools(event),
            Event::Crowded { on } => self.crowd = on.then(Crowd::default),
            Event::RightsChanged { .. }
            | Event::Invited { .. }
            | Event::Introduced { .. }
            | Event::Erased
            | Event::Unknown(_) => {}
        }
        self.change_crowd(&logged.event);
    }

    /// The lesson as it would be after these events.
    pub(crate) fn after(&self, events: &[(Audience, Event)]) -> Self {
        let mut after = self.clone();
        for (audience, event) in events {
            let (audience, event) = (audience.clone(), event.clone());
            let (seq, epoch, at) = (after.last_seq, after.epoch, after.latest);
            after.change(&Logged { seq, epoch, at, audience, event });
        }
        after
    }

    pub(crate) fn policy(&self) -> &Policy {
        static UNWRITTEN: LazyLock<Policy> = LazyLock::new(Policy::unwritten);
        self.policy.as_ref().unwrap_or(&UNWRITTEN)
    }

    /// Whether the school has decided the same in both.
    pub(crate) fn has_policy_of(&self, other: &Self) -> bool {
        self.policy == other.policy && self.talks == other.talks
    }

    /// Those who hold a seat.
    pub(crate) fn held(&self) -> impl Iterator<Item = (&ParticipantNo, &Seat)> {
        self.seats.iter().filter(|(_, seat)| seat.held().is_some())
    }

    /// Those who wait to be let in.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (&ParticipantNo, &Seat)> {
        self.seats.iter().filter(|(_, seat)| seat.waits().is_some())
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
        self.held().count()
    }

    fn take_seat(&mut self, newcomer: &Newcomer) {
        let no = newcomer.no;
        self.payload(newcomer.name);
        self.recording.consent(no, false);
        let seq = self.last_seq;
        let seat = self.seats.entry(no).or_insert_with(|| Seat::of(newcomer, seq));
        seat.name = newcomer.name;
        seat.consent = newcomer.consent;
        if seat.outside.take().is_some() {
            seat.first_seq = seq;
        }
        match &mut seat.place {
            Place::Held(held) => held.online = true,
            place => *place = Place::Held(Held { online: true, ..Held::default() }),
        }
        self.count_presence(no);
    }

    fn wait(&mut self, newcomer: &Newcomer, why: Wait) {
        self.payload(newcomer.name);
        let seq = self.last_seq;
        let seat = self.seats.entry(newcomer.no).or_insert_with(|| Seat::of(newcomer, seq));
        seat.name = newcomer.name;
        seat.consent = newcomer.consent;
        seat.outside = Some(why);
        seat.place = Place::Waiting(why);
    }

    /// Someone gives the seat up, or loses it.
    fn vacate(&mut self, no: ParticipantNo, place: Place) {
        self.recording.consent(no, false);
        self.drop_floor(no);
        self.leave_groups(no);
        self.leave_tools(no);
        self.seat_mut(no, |seat| seat.place = place);
        self.count_presence(no);
    }

    fn lock_one(&mut self, no: ParticipantNo, what: LockKind, locked: bool, by: ParticipantNo) {
        let room_locked = self.room_locks.contains_key(&what);
        self.seat_mut(no, |seat| {
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

    /// The school's own locks are these, beside those that teachers set.
    fn lock_by_policy(&mut self, locked: &BTreeSet<LockKind>) {
        let goes = |what: &LockKind, by: &ParticipantNo| *by == SCHOOL && !locked.contains(what);
        let gone: Vec<_> = self
            .room_locks
            .iter()
            .filter(|(what, by)| goes(what, by))
            .map(|(what, _)| *what)
            .collect();
        gone.into_iter().for_each(|what| self.lock_all(what, false, SCHOOL));
        for what in locked {
            if !self.room_locks.contains_key(what) {
                self.lock_all(*what, true, SCHOOL);
            }
        }
    }

    fn seat_mut(&mut self, no: ParticipantNo, change: impl FnOnce(&mut Seat)) {
        if let Some(seat) = self.seats.get_mut(&no) {
            change(seat);
        }
    }

    fn held_mut(&mut self, no: ParticipantNo, change: impl FnOnce(&mut Held)) {
        if let Some(held) = self.seats.get_mut(&no).and_then(Seat::held_mut) {
            change(held);
        }
    }

    pub(crate) fn payload(&mut self, id: PayloadId) {
        self.last_payload = self.last_payload.max(id.0);
    }
}

/// How long the id of an expired token is kept.
const TOKEN_MEMORY_MS: i64 = 3_600_000;
