//! A lesson with its log, and short words for what happens in it.

use kreide_control::{Epoch, LessonKey, ParticipantNo, RecordingId, RoomId, SourceKind, TenantId};
use kreide_lesson::{
    Actor, Denied, Event, Identity, Intent, KeyHash, Lesson, Logged, Millis, Outcome, Payload,
    Subject, Text, TokenId,
};

pub(crate) use kreide_control::Role;

/// A lesson, everything that was logged and stored, and a clock that the test moves.
pub(crate) struct Class {
    pub(crate) lesson: Lesson,
    pub(crate) log: Vec<Logged>,
    pub(crate) payloads: Vec<Payload>,
    pub(crate) now: Millis,
    tokens: u32,
}

pub(crate) const START: Millis = Millis(1_700_000_000_000);

impl Class {
    pub(crate) fn new() -> Self {
        Self {
            lesson: Lesson::new(key()),
            log: Vec::new(),
            payloads: Vec::new(),
            now: START,
            tokens: 0,
        }
    }

    /// A class in which these roles sit, numbered from 1.
    pub(crate) fn with(roles: &[Role]) -> Self {
        let mut class = Self::new();
        for (n, role) in roles.iter().enumerate() {
            class.seat(&format!("s{}", n + 1), *role);
        }
        class
    }

    pub(crate) fn seat(&mut self, subject: &str, role: Role) -> ParticipantNo {
        let identity = self.identity(subject, role);
        self.join(identity, 0).unwrap().seat.unwrap()
    }

    /// The same person joins again; the kinds of the events.
    pub(crate) fn join_again(&mut self, subject: &str, role: Role) -> Vec<String> {
        let identity = self.identity(subject, role);
        let events = self.join(identity, 0).unwrap().events;
        events.iter().map(|(_, event)| event.kind().to_owned()).collect()
    }

    /// A seat of someone whom the school may record.
    pub(crate) fn recordable_seat(&mut self, subject: &str, role: Role) -> ParticipantNo {
        let identity = Identity { consent: true, ..self.identity(subject, role) };
        self.join(identity, 0).unwrap().seat.unwrap()
    }

    pub(crate) fn announce(&mut self, teacher: u32, id: u8) {
        let start = Intent::StartRecording { id: recording(id), begins: self.now };
        assert_eq!(self.by(teacher, start).unwrap().len(), 1);
    }

    pub(crate) fn begin(&mut self, id: u8) {
        let begin = Intent::BeginRecording { id: recording(id) };
        assert_eq!(self.act(Actor::Server, begin).unwrap().events.len(), 1);
    }

    /// An identity with a token of its own, valid for a minute.
    pub(crate) fn identity(&mut self, subject: &str, role: Role) -> Identity {
        self.tokens += 1;
        Identity {
            subject: Subject(subject.to_owned()),
            role,
            name: Text::from(format!("name of {subject}")),
            consent: false,
            token: TokenId(format!("t{}", self.tokens)),
            token_expires: Millis(self.now.0 + 60_000),
            waits: false,
            seat: None,
            talk: None,
            device: None,
        }
    }

    pub(crate) fn join(&mut self, identity: Identity, secret: u8) -> Result<Outcome, Denied> {
        self.act(Actor::Door, Intent::Join { identity, key: hash(secret) })
    }

    pub(crate) fn resume(&mut self, secret: u8, next: u8) -> Result<Outcome, Denied> {
        self.act(Actor::Door, Intent::Resume { key: hash(secret), next: hash(next) })
    }

    /// Handles, logs and applies.
    pub(crate) fn act(&mut self, actor: Actor, intent: Intent) -> Result<Outcome, Denied> {
        let outcome = self.lesson.handle(actor, intent, self.now)?;
        for logged in self.lesson.stamp(Epoch(1), self.now, outcome.events.clone()) {
            self.lesson.apply(&logged).unwrap();
            self.log.push(logged);
        }
        self.payloads.extend(outcome.payloads.iter().cloned());
        Ok(outcome)
    }

    /// What a participant's intent leads to, without whom it may be seen by, and without the note
    /// that it can be taken back.
    pub(crate) fn by(&mut self, no: u32, intent: Intent) -> Result<Vec<Event>, Denied> {
        let outcome = self.act(Actor::Participant(ParticipantNo(no)), intent)?;
        let events = outcome.events.into_iter().map(|(_, event)| event);
        Ok(events.filter(|event| !matches!(event, Event::Acted { .. })).collect())
    }

    pub(crate) fn send(
        &mut self,
        no: u32,
        kind: SourceKind,
        on: bool,
    ) -> Result<Vec<Event>, Denied> {
        self.by(no, Intent::Send { kind, on })
    }

    pub(crate) fn sending(&self, no: u32) -> Vec<SourceKind> {
        self.lesson.person(p(no)).unwrap().sending
    }

    pub(crate) fn pass(&mut self, milliseconds: i64) {
        self.now.0 += milliseconds;
    }
}

pub(crate) fn key() -> LessonKey {
    LessonKey {
        tenant: TenantId::parse("school").unwrap(),
        room: RoomId::parse("7b").unwrap(),
        lesson: 1,
    }
}

pub(crate) fn p(no: u32) -> ParticipantNo {
    ParticipantNo(no)
}

pub(crate) fn recording(n: u8) -> RecordingId {
    RecordingId::parse(&format!("recording-{n}")).unwrap()
}

pub(crate) fn hash(secret: u8) -> KeyHash {
    KeyHash([secret; 32])
}
