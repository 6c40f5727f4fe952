//! Events as their readers are told of them.

use kreide_control::ParticipantNo;
use kreide_lesson::{
    Event, GroupEvent, Lesson, LockKind, Logged, PollEvent, Signal, TalkEvent, ToolEvent,
};
use kreide_protocol as protocol;
use kreide_protocol::{LessonEvent, RecordingStopped, ServerMessage, Stamped};

use super::snapshot::{chat_line, everyone, participant, policy, recording};
use super::values::{act, kind, locks, reaction, recording_end, rights, wait};
use super::{Texts, classroom, text};

/// Whether readers are told different things about this event, or it tells of their own view.
pub(crate) fn differs_by_reader(lesson: &Lesson, logged: &Logged) -> bool {
    match &logged.event {
        Event::Group(_)
        | Event::Poll(_)
        | Event::Talk(_)
        | Event::Tool(_)
        | Event::PolicySet { .. }
        | Event::Crowded { .. } => true,
        // Those who are told of it see the person alike, unless somebody is elsewhere.
        Event::SeatTaken(_) | Event::Introduced { .. } => {
            lesson.groups().is_open() || lesson.policy().talks
        }
        Event::LockSet { what, .. } | Event::Granted { what, .. } => *what == LockKind::People,
        _ => false,
    }
}

/// An event as this reader gets it, with the reader's own sequence. `None`: a kind without a
/// message.
pub(crate) fn stamped(
    lesson: &Lesson,
    texts: &Texts,
    seq: u64,
    logged: &Logged,
    reader: ParticipantNo,
) -> Option<Stamped> {
    Some(Stamped { seq, at: logged.at.0, event: event(lesson, texts, logged, reader)? })
}

fn event(
    lesson: &Lesson,
    texts: &Texts,
    logged: &Logged,
    reader: ParticipantNo,
) -> Option<LessonEvent> {
    Some(match &logged.event {
        Event::SeatTaken(newcomer) => {
            LessonEvent::Joined { participant: participant(lesson, texts, newcomer.no, reader)? }
        }
        Event::Introduced { no, .. } => {
            LessonEvent::Joined { participant: participant(lesson, texts, *no, reader)? }
        }
        Event::Crowded { .. } => people(lesson, texts, reader),
        Event::SeatLeft { no } => LessonEvent::Left { who: no.0 },
        Event::Online { no, online } => LessonEvent::Online { who: no.0, online: *online },
        Event::Sending { no, kind: what, on, by } => {
            LessonEvent::Sending { who: no.0, kind: kind(*what), on: *on, by: by.0 }
        }
        Event::LockSet { who: Some(no), .. }
        | Event::LockRestored { no, .. }
        | Event::RightsChanged { no } => rights_of(lesson, *no, None),
        Event::Granted { no, what, .. } => {
            let sees_others = *what == LockKind::People && *no == reader;
            rights_of(lesson, *no, sees_others.then(|| everyone(lesson, texts, reader)))
        }
        Event::LockSet { who: None, what, .. } => LessonEvent::Locks {
            locks: locks(lesson.room_locks()),
            people: (*what == LockKind::People).then(|| everyone(lesson, texts, reader)),
        },
        Event::Hand { no, place } => LessonEvent::Hand { who: no.0, hand: *place },
        Event::Chat { id, .. } => LessonEvent::Chat { message: line(lesson, texts, *id)? },
        Event::ChatEdited { id, .. } | Event::ChatDeleted { id, .. } => {
            LessonEvent::ChatChanged { message: line(lesson, texts, *id)? }
        }
        Event::ChatHidden { ids, .. } => {
            LessonEvent::ChatChanged { message: line(lesson, texts, *ids.first()?)? }
        }
        Event::Caption { from, text: payload } => {
            LessonEvent::Caption { from: from.0, text: text(texts, *payload) }
        }
        Event::Renamed { no, name, by } => {
            LessonEvent::Renamed { who: no.0, name: text(texts, *name), by: by.0 }
        }
        Event::LetSpeak { no, on, by } => LessonEvent::LetSpeak { who: no.0, on: *on, by: by.0 },
        Event::QuietSet { by } => LessonEvent::Quiet { by: by.map(|no| no.0) },
        Event::PausedSet { on } => LessonEvent::Paused { on: *on },
        Event::PolicySet { .. } => LessonEvent::Policy { policy: policy(lesson, reader) },
        Event::Acted { id, by, until, act: done } => {
            let (who, what) = act(done)?;
            let acted = protocol::Acted { id: *id, by: by.0, until: until.0, who, what };
            LessonEvent::Acted { acted }
        }
        Event::Undone { id, by } => LessonEvent::Undone { id: *id, by: by.0 },
        Event::Invited { no, kind: what, by } => {
            LessonEvent::Invited { who: no.0, source: kind(*what), by: by.0 }
        }
        Event::Waiting { newcomer, why } => LessonEvent::Waiting {
            waiter: protocol::Waiter {
                no: newcomer.no.0,
                name: text(texts, newcomer.name),
                role: super::role(newcomer.role),
                why: wait(*why),
                talk: newcomer.talk,
            },
        },
        Event::WaitEnded { no, by } => LessonEvent::WaitEnded { who: no.0, by: by.map(|no| no.0) },
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
        Event::Group(GroupEvent::Unknown)
        | Event::Poll(PollEvent::Unknown | PollEvent::Tally { .. })
        | Event::Talk(TalkEvent::Unknown)
        | Event::Tool(ToolEvent::Unknown) => return None,
        Event::Group(_) => LessonEvent::Groups {
            groups: classroom::groups(lesson, reader),
            around: classroom::around(lesson, texts, reader),
            whole: lesson.is_told_in_part(reader),
        },
        Event::Poll(_) => LessonEvent::Poll { poll: classroom::poll(lesson, texts, reader)? },
        Event::Talk(_) => LessonEvent::Talks { talks: classroom::talks(lesson, reader) },
        Event::Tool(ToolEvent::InRoom { no, on }) => LessonEvent::InRoom { who: no.0, on: *on },
        Event::Tool(_) => LessonEvent::Tools { tools: classroom::tools(lesson, texts, reader) },
        Event::Erased => LessonEvent::Erased,
        Event::Ended { by } => LessonEvent::Ended { by: by.map(|no| no.0) },
        Event::Started | Event::ResumeKey { .. } | Event::TokenUsed { .. } | Event::Unknown(_) => {
            return None;
        }
    })
}

/// Of whom a reader is told since a crowd began or ended: staff had everyone and still have.
fn people(lesson: &Lesson, texts: &Texts, reader: ParticipantNo) -> LessonEvent {
    let people = (!lesson.stands_out(reader)).then(|| everyone(lesson, texts, reader));
    LessonEvent::People { people, count: counts(lesson)(reader) }
}

/// How many people there are for a reader who is not told of each.
pub(crate) fn counts(lesson: &Lesson) -> impl Fn(ParticipantNo) -> Option<u32> + '_ {
    let counts = lesson.counts();
    move |reader| counts(reader).map(|count| u32::try_from(count).unwrap_or(u32::MAX))
}

fn rights_of(
    lesson: &Lesson,
    no: ParticipantNo,
    people: Option<Vec<protocol::Participant>>,
) -> LessonEvent {
    let rights_now = lesson.person(no).map(|person| person.rights).unwrap_or_default();
    LessonEvent::Rights {
        who: no.0,
        rights: rights(rights_now),
        locks: locks(lesson.locks(no)),
        people,
    }
}

fn line(lesson: &Lesson, texts: &Texts, id: u64) -> Option<protocol::ChatMessage> {
    let line = lesson.chat().find(|line| line.id == id)?;
    Some(chat_line(line, texts))
}

/// What is told and not logged.
pub(crate) fn signal(signal: &Signal) -> ServerMessage {
    match signal {
        Signal::Reaction { no, what } => {
            ServerMessage::Reaction { who: no.0, what: reaction(*what) }
        }
    }
}
