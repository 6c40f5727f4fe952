//! The one place where stored events and lesson values become messages of browsers, and back.
//!
//! Invariant: a name or text stands in a message only if the log's events refer to it; one that
//! was erased is an empty text.
//! Left out on purpose: who may see what. Callers translate what the lesson calls visible.

use std::collections::HashMap;

use kreide_control as control;
use kreide_control::{ParticipantNo, RecordingId};
use kreide_lesson as lesson;
use kreide_lesson::{Denied, Event, Intent, Lesson, Logged, PayloadId, Text};
use kreide_protocol as protocol;
use kreide_protocol::{
    ClientMessage, ErrorCode, LessonEvent, RecordingNow, RecordingStopped, Snapshot, Stamped,
};

/// Names and texts of a lesson.
pub(crate) type Texts = HashMap<PayloadId, Text>;

/// An event as the reader with this own sequence gets it. `None`: a kind without a message.
pub(crate) fn stamped(
    lesson: &Lesson,
    texts: &Texts,
    seq: u64,
    logged: &Logged,
) -> Option<Stamped> {
    Some(Stamped { seq, at: logged.at.0, event: event(lesson, texts, logged)? })
}

fn event(lesson: &Lesson, texts: &Texts, logged: &Logged) -> Option<LessonEvent> {
    Some(match &logged.event {
        Event::SeatTaken { no, .. } => {
            LessonEvent::Joined { participant: participant(lesson.person(*no)?, texts) }
        }
        Event::SeatLeft { no } => LessonEvent::Left { who: no.0 },
        Event::Online { no, online } => LessonEvent::Online { who: no.0, online: *online },
        Event::Sending { no, kind: what, on, by } => {
            LessonEvent::Sending { who: no.0, kind: kind(*what), on: *on, by: by.0 }
        }
        Event::LockSet { who: Some(no), .. } | Event::RightsChanged { no } => LessonEvent::Rights {
            who: no.0,
            rights: rights(lesson.rights(*no)),
            locks: locks(lesson.locks(*no)),
        },
        Event::LockSet { who: None, .. } => {
            LessonEvent::Locks { locks: locks(lesson.room_locks()) }
        }
        Event::Hand { no, place } => LessonEvent::Hand { who: no.0, hand: *place },
        Event::Chat { id, from, text: payload } => LessonEvent::Chat {
            message: protocol::ChatMessage {
                id: *id,
                from: from.0,
                text: text(texts, *payload),
                at: logged.at.0,
            },
        },
        Event::Removed { no, by } => LessonEvent::Removed { who: no.0, by: by.0 },
        Event::RecordingAnnounced { .. } | Event::RecordingBegan { .. } => {
            LessonEvent::Recording { recording: recording(lesson), stopped: None }
        }
        Event::RecordingStopped { id, by: _, why, kept } => LessonEvent::Recording {
            recording: recording(lesson),
            stopped: Some(RecordingStopped {
                id: id.to_string(),
                why: recording_end(*why),
                kept: *kept,
            }),
        },
        Event::RecordingConsent { no, given } => LessonEvent::Recorded { who: no.0, on: *given },
        Event::Ended { by } => LessonEvent::Ended { by: by.map(|no| no.0) },
        Event::Started | Event::ResumeKey { .. } | Event::TokenUsed { .. } | Event::Unknown(_) => {
            return None;
        }
    })
}

/// The whole state as this reader may see it.
pub(crate) fn snapshot(lesson: &Lesson, texts: &Texts, reader: ParticipantNo) -> Snapshot {
    let sees_all = lesson.person(reader).is_some_and(|me| me.role == control::Role::Teacher);
    let recorded = |no: &ParticipantNo| (sees_all || *no == reader) && lesson.has_consented(*no);
    Snapshot {
        participants: lesson.people().map(|person| participant(person, texts)).collect(),
        chat: lesson
            .chat()
            .map(|line| protocol::ChatMessage {
                id: line.id,
                from: line.from.0,
                text: text(texts, line.text),
                at: line.at.0,
            })
            .collect(),
        locks: locks(lesson.room_locks()),
        started: lesson.started().unwrap_or_default().0,
        recording: recording(lesson),
        recorded: lesson.people().map(|person| person.no).filter(recorded).map(|no| no.0).collect(),
    }
}

fn participant(person: lesson::Person, texts: &Texts) -> protocol::Participant {
    protocol::Participant {
        no: person.no.0,
        name: text(texts, person.name),
        role: role(person.role),
        online: person.standing == lesson::Standing::Online,
        rights: rights(person.rights),
        locks: locks(person.locks),
        sending: person.sending.into_iter().map(kind).collect(),
        hand: person.hand,
    }
}

fn recording(lesson: &Lesson) -> Option<RecordingNow> {
    let take = lesson.recording().take()?;
    Some(RecordingNow {
        id: take.id.to_string(),
        by: take.by.0,
        running: lesson.recording().running().is_some(),
        since: take.since.0,
    })
}

fn recording_end(why: control::RecordingEnd) -> protocol::RecordingEnd {
    match why {
        control::RecordingEnd::Ordered => protocol::RecordingEnd::Ordered,
        control::RecordingEnd::StorageFull => protocol::RecordingEnd::StorageFull,
        control::RecordingEnd::StorageFailed => protocol::RecordingEnd::StorageFailed,
        control::RecordingEnd::Interrupted => protocol::RecordingEnd::Interrupted,
    }
}

fn text(texts: &Texts, id: PayloadId) -> String {
    texts.get(&id).map(|text| text.as_str().to_owned()).unwrap_or_default()
}

fn rights(rights: lesson::Rights) -> protocol::Rights {
    let lesson::Rights { microphone, camera, content, chat } = rights;
    protocol::Rights { microphone, camera, content, chat }
}

fn locks(locks: Vec<lesson::Lock>) -> Vec<protocol::Lock> {
    let lock = |lock: lesson::Lock| protocol::Lock { what: lock_kind(lock.what), by: lock.by.0 };
    locks.into_iter().map(lock).collect()
}

/// What a message asks of the lesson. `None`: it is not for the lesson, or its task must add
/// something.
pub(crate) fn intent(message: &ClientMessage) -> Option<Intent> {
    Some(match message {
        ClientMessage::Send { kind, on } => Intent::Send { kind: source_kind(*kind), on: *on },
        ClientMessage::Hand { up } => Intent::Hand { up: *up },
        ClientMessage::LowerHand { who } => Intent::LowerHand { who: ParticipantNo(*who) },
        ClientMessage::Chat { text } => Intent::Chat { text: Text::from(text.as_str()) },
        ClientMessage::Mute { who, kind } => {
            Intent::Mute { who: ParticipantNo(*who), kind: source_kind(*kind) }
        }
        ClientMessage::Lock { who, what, locked } => Intent::Lock {
            who: who.map(ParticipantNo),
            what: stored_lock_kind(*what),
            locked: *locked,
        },
        ClientMessage::Remove { who } => Intent::Remove { who: ParticipantNo(*who) },
        ClientMessage::Record { on: false } => Intent::StopRecording,
        ClientMessage::RecordConsent { to } => Intent::Consent {
            to: match to {
                Some(id) => Some(RecordingId::parse(id)?),
                None => None,
            },
        },
        ClientMessage::End => Intent::End,
        ClientMessage::Leave => Intent::Leave,
        ClientMessage::Join(_)
        | ClientMessage::Record { on: true }
        | ClientMessage::Offer { .. }
        | ClientMessage::View { .. }
        | ClientMessage::Ping => return None,
    })
}

/// A message's type as metrics call it.
pub(crate) fn name(message: &ClientMessage) -> &'static str {
    match message {
        ClientMessage::Join(_) => "join",
        ClientMessage::Offer { .. } => "offer",
        ClientMessage::View { .. } => "view",
        ClientMessage::Send { .. } => "send",
        ClientMessage::Hand { .. } => "hand",
        ClientMessage::LowerHand { .. } => "lowerHand",
        ClientMessage::Chat { .. } => "chat",
        ClientMessage::Mute { .. } => "mute",
        ClientMessage::Lock { .. } => "lock",
        ClientMessage::Remove { .. } => "remove",
        ClientMessage::Record { .. } => "record",
        ClientMessage::RecordConsent { .. } => "recordConsent",
        ClientMessage::End => "end",
        ClientMessage::Leave => "leave",
        ClientMessage::Ping => "ping",
    }
}

pub(crate) fn denied(denied: Denied) -> ErrorCode {
    match denied {
        Denied::Forbidden => ErrorCode::Denied,
        Denied::NotFound => ErrorCode::NotFound,
        Denied::BadText => ErrorCode::BadText,
        Denied::Removed => ErrorCode::Removed,
        Denied::ResumeInvalid => ErrorCode::ResumeInvalid,
        Denied::TokenInvalid => ErrorCode::TokenInvalid,
        Denied::LessonEnded => ErrorCode::LessonEnded,
        Denied::Full => ErrorCode::Full,
    }
}

pub(crate) fn role(role: control::Role) -> protocol::Role {
    match role {
        control::Role::Teacher => protocol::Role::Teacher,
        control::Role::Presenter => protocol::Role::Presenter,
        control::Role::Pupil => protocol::Role::Pupil,
        control::Role::Guest => protocol::Role::Guest,
        control::Role::Interpreter => protocol::Role::Interpreter,
        control::Role::Observer => protocol::Role::Observer,
    }
}

fn kind(kind: control::SourceKind) -> protocol::Kind {
    match kind {
        control::SourceKind::Microphone => protocol::Kind::Microphone,
        control::SourceKind::Camera => protocol::Kind::Camera,
        control::SourceKind::Content => protocol::Kind::Content,
        control::SourceKind::ContentAudio => protocol::Kind::ContentAudio,
    }
}

fn source_kind(kind: protocol::Kind) -> control::SourceKind {
    match kind {
        protocol::Kind::Microphone => control::SourceKind::Microphone,
        protocol::Kind::Camera => control::SourceKind::Camera,
        protocol::Kind::Content => control::SourceKind::Content,
        protocol::Kind::ContentAudio => control::SourceKind::ContentAudio,
    }
}

fn lock_kind(kind: lesson::LockKind) -> protocol::LockKind {
    match kind {
        lesson::LockKind::Microphone => protocol::LockKind::Microphone,
        lesson::LockKind::Camera => protocol::LockKind::Camera,
        lesson::LockKind::Content => protocol::LockKind::Content,
        lesson::LockKind::Chat => protocol::LockKind::Chat,
    }
}

fn stored_lock_kind(kind: protocol::LockKind) -> lesson::LockKind {
    match kind {
        protocol::LockKind::Microphone => lesson::LockKind::Microphone,
        protocol::LockKind::Camera => lesson::LockKind::Camera,
        protocol::LockKind::Content => lesson::LockKind::Content,
        protocol::LockKind::Chat => lesson::LockKind::Chat,
    }
}

/// One wish of a view.
pub(crate) fn slot_request(wish: protocol::SlotWish) -> control::SlotRequest {
    control::SlotRequest {
        slot: wish.slot,
        source: control::Source {
            participant: ParticipantNo(wish.source.participant),
            kind: source_kind(wish.source.kind),
        },
        height: wish.height,
        priority: wish.priority,
    }
}

pub(crate) fn slot_now(mapping: control::SlotMapping) -> protocol::SlotNow {
    protocol::SlotNow {
        slot: mapping.slot,
        source: mapping.source.map(|source| protocol::SourceRef {
            participant: source.participant.0,
            kind: kind(source.kind),
        }),
        from_timestamp: mapping.from_timestamp,
    }
}

pub(crate) fn media(answer: control::Answer) -> protocol::Media {
    protocol::Media {
        answer: answer.sdp,
        audio_slots: answer.audio_slots,
        video_slots: answer.video_slots,
    }
}
