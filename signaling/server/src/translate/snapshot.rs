//! The whole state as one reader may see it.
//!
//! Invariant: bounded, since everyone who comes is sent one. People are the bulk of it where all are
//! told, some 400 bytes each; a thousand long messages would be 8 MB, so of the chat the newest
//! are told that fit into [`MAX_CHAT_BYTES`].

use kreide_control::{ParticipantNo, Role};
use kreide_lesson as lesson;
use kreide_lesson::{Lesson, Shown, Standing};
use kreide_protocol as protocol;
use kreide_protocol::{RecordingNow, Snapshot};

use super::values::{chat_to, kind, locks, rights, role, shown, wait};
use super::{Texts, classroom, text};

/// The whole state as this reader may see it.
pub(crate) fn snapshot(lesson: &Lesson, texts: &Texts, reader: ParticipantNo) -> Snapshot {
    let sees_all = is_teacher(lesson, reader);
    let recorded = |no: &ParticipantNo| (sees_all || *no == reader) && lesson.has_consented(*no);
    Snapshot {
        participants: everyone(lesson, texts, reader),
        chat: newest_chat(lesson, texts, reader),
        locks: locks(lesson.room_locks()),
        started: lesson.started().unwrap_or_default().0,
        recording: recording(lesson),
        recorded: lesson.people().map(|person| person.no).filter(recorded).map(|no| no.0).collect(),
        policy: policy(lesson, reader),
        quiet: lesson.quiet().map(|no| no.0),
        paused: lesson.paused(),
        groups: classroom::groups(lesson, reader),
        poll: classroom::poll(lesson, texts, reader),
        tools: classroom::tools(lesson, texts, reader),
        talks: classroom::talks(lesson, reader),
        waiting: if sees_all { waiters(lesson, texts) } else { Vec::new() },
    }
}

/// The newest messages that this reader may read, oldest first, as many as fit.
fn newest_chat(
    lesson: &Lesson,
    texts: &Texts,
    reader: ParticipantNo,
) -> Vec<protocol::ChatMessage> {
    let lines: Vec<_> = lesson.chat_for(reader).collect();
    let mut room = MAX_CHAT_BYTES;
    let fits = |message: &protocol::ChatMessage| match room.checked_sub(message.text.len()) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    };
    let newest = lines.into_iter().rev().map(|line| chat_line(line, texts)).take_while(fits);
    let mut newest: Vec<_> = newest.collect();
    newest.reverse();
    newest
}

pub(super) fn is_teacher(lesson: &Lesson, reader: ParticipantNo) -> bool {
    lesson.person(reader).is_some_and(|me| me.role == Role::Teacher)
}

/// Everyone who holds a seat and of whom this reader is told.
pub(super) fn everyone(
    lesson: &Lesson,
    texts: &Texts,
    reader: ParticipantNo,
) -> Vec<protocol::Participant> {
    let people = lesson.people().filter(|person| lesson.knows_of(reader, person.no));
    people.filter_map(|person| participant(lesson, texts, person.no, reader)).collect()
}

/// A person as this reader may see them: of one who is in another group, only that they are there.
pub(super) fn participant(
    lesson: &Lesson,
    texts: &Texts,
    no: ParticipantNo,
    reader: ParticipantNo,
) -> Option<protocol::Participant> {
    let person = lesson.person(no)?;
    let is_near = lesson.sees(reader, no);
    Some(protocol::Participant {
        no: person.no.0,
        seat: person.seat,
        name: text(texts, person.name),
        role: role(person.role),
        online: person.standing == Standing::Online,
        rights: rights(person.rights),
        locks: locks(person.locks),
        sending: person.sending.into_iter().filter(|_| is_near).map(kind).collect(),
        hand: person.hand.filter(|_| is_near),
        has_word: person.has_word && is_near,
        in_room: person.in_room,
        talk: person.talk,
        elsewhere: !is_near && lesson.groups().is_open(),
    })
}

pub(super) fn chat_line(line: &lesson::ChatLine, texts: &Texts) -> protocol::ChatMessage {
    protocol::ChatMessage {
        id: texts.chat_id(line.id),
        from: line.from.0,
        to: chat_to(line.to),
        text: if line.shown == Shown::Shown { text(texts, line.text) } else { String::new() },
        at: line.at.0,
        edited: line.edited.is_some(),
        shown: shown(line.shown),
    }
}

pub(super) fn policy(lesson: &Lesson, reader: ParticipantNo) -> protocol::Policy {
    const ROLES: [Role; 6] = [
        Role::Teacher,
        Role::Presenter,
        Role::Pupil,
        Role::Guest,
        Role::Interpreter,
        Role::Observer,
    ];
    let policy = lesson.policy();
    let mine = lesson.person(reader).map(|person| person.role);
    let may_write_to =
        |other: &Role| mine.is_some_and(|mine| policy.private_chat.allows(mine, *other));
    protocol::Policy {
        recording: policy.recording && !policy.talks,
        attendance: policy.attendance,
        keep_days: policy.keep_days,
        simple_view: policy.simple_view,
        talks: policy.talks,
        private_chat: ROLES.into_iter().filter(may_write_to).map(role).collect(),
    }
}

pub(super) fn recording(lesson: &Lesson) -> Option<RecordingNow> {
    let take = lesson.recording().take()?;
    Some(RecordingNow {
        id: take.id.to_string(),
        by: take.by.0,
        running: lesson.recording().running().is_some(),
        since: take.since.0,
    })
}

fn waiters(lesson: &Lesson, texts: &Texts) -> Vec<protocol::Waiter> {
    let waiter = |person: lesson::Person| {
        let Standing::Waiting(why) = person.standing else { return None };
        Some(protocol::Waiter {
            no: person.no.0,
            name: text(texts, person.name),
            role: role(person.role),
            why: wait(why),
            talk: person.talk,
        })
    };
    lesson.waiting().filter_map(waiter).collect()
}

/// What someone is told who must wait; `None` if they need not.
pub(crate) fn waiting(
    lesson: &Lesson,
    no: ParticipantNo,
    title: &str,
    resume: &str,
    now: lesson::Millis,
) -> Option<protocol::Waiting> {
    let person = lesson.person(no)?;
    let Standing::Waiting(why) = person.standing else { return None };
    let expected = person.talk.and_then(|slot| lesson.expected(slot, now));
    Some(protocol::Waiting {
        why: wait(why),
        title: title.to_owned(),
        resume: resume.to_owned(),
        talk: person.talk.and_then(|slot| classroom::talk(lesson, slot)),
        expected: expected.map(|at| at.0),
        now: now.0,
    })
}

/// Bytes of text of the chat that somebody who comes is sent: thousands of usual messages.
const MAX_CHAT_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use kreide_control::{Epoch, LessonKey, RoomId, TenantId};
    use kreide_lesson::{
        Actor, ChatTo, Identity, Intent, KeyHash, MAX_CHAT_CHARS, MAX_CHAT_KEPT, MAX_SEATS, Millis,
        STAFF_RESERVE, Subject, Text, TokenId,
    };

    use super::super::ChatIds;
    use super::*;

    const NOW: Millis = Millis(1_700_000_000_000);
    const TEACHER: ParticipantNo = ParticipantNo(1);

    fn act(lesson: &mut Lesson, texts: &mut Texts, actor: Actor, intent: Intent) {
        let outcome = lesson.handle(actor, intent, NOW).unwrap();
        for logged in lesson.stamp(Epoch(1), NOW, outcome.events) {
            lesson.apply(&logged).unwrap();
        }
        for payload in outcome.payloads {
            texts.learn(payload.id, payload.text);
        }
    }

    /// A teacher and so many pupils.
    fn lesson(pupils: usize) -> (Lesson, Texts) {
        let tenant = TenantId::parse("school").unwrap();
        let room = RoomId::parse("hall").unwrap();
        let mut lesson = Lesson::new(LessonKey { tenant, room, lesson: 1 });
        let mut texts = Texts::new(ChatIds::new(b"test"), HashMap::new());
        for n in 0..=pupils {
            let identity = Identity {
                subject: Subject(n.to_string()),
                role: if n == 0 { Role::Teacher } else { Role::Pupil },
                name: Text::from(format!("name of {n}")),
                consent: false,
                token: TokenId(n.to_string()),
                token_expires: NOW,
                waits: false,
                seat: None,
                talk: None,
                device: None,
            };
            let join = Intent::Join { identity, key: KeyHash([0; 32]) };
            act(&mut lesson, &mut texts, Actor::Door, join);
        }
        (lesson, texts)
    }

    fn write(lesson: &mut Lesson, texts: &mut Texts, text: &str) {
        let chat = Intent::Chat { to: ChatTo::All, text: Text::from(text) };
        act(lesson, texts, Actor::Participant(TEACHER), chat);
    }

    #[test]
    fn the_state_of_a_full_lesson_in_which_much_was_written_is_bounded() {
        let (mut lesson, mut texts) = lesson(MAX_SEATS - STAFF_RESERVE);
        let long = "\u{1f600}".repeat(MAX_CHAT_CHARS);
        (0..MAX_CHAT_KEPT).for_each(|_| write(&mut lesson, &mut texts, &long));
        write(&mut lesson, &mut texts, "the last");
        let snapshot = |reader| {
            let snapshot = snapshot(&lesson, &texts, reader);
            assert_eq!(snapshot.chat.last().unwrap().text, "the last");
            assert!(snapshot.chat.len() > 30);
            serde_json::to_vec(&snapshot).unwrap().len()
        };
        let (teacher, pupil) = (snapshot(TEACHER), snapshot(ParticipantNo(2)));
        println!("{teacher} bytes for a teacher, {pupil} for a pupil");
        assert!(teacher < 1_000_000 && pupil < 300_000);
    }

    #[test]
    fn a_usual_chat_is_told_whole_and_in_its_order() {
        let (mut lesson, mut texts) = lesson(1);
        (0..MAX_CHAT_KEPT).for_each(|n| write(&mut lesson, &mut texts, &format!("{n:100}")));
        let chat = snapshot(&lesson, &texts, TEACHER).chat;
        let told: Vec<usize> = chat.iter().map(|line| line.text.trim().parse().unwrap()).collect();
        assert_eq!(told, (0..MAX_CHAT_KEPT).collect::<Vec<_>>());
    }
}
