//! JSON: what browsers say, and what stands in a lesson's log.

use kreide_control::{Epoch, LessonKey, RoomId, TenantId};
use kreide_lesson::{Event, Lesson, Logged};
use kreide_protocol::{ClientFrame, EnterRequest};
use serde_json::{from_slice, from_str, to_string};

/// A message of a browser: said again, it is the same.
pub(crate) fn client_frame(data: &[u8]) -> bool {
    let Ok(frame) = from_slice::<ClientFrame>(data) else { return false };
    let again = to_string(&frame).expect("plain values");
    assert_eq!(from_str::<ClientFrame>(&again).expect(&again), frame);
    true
}

/// The body that exchanges a link.
pub(crate) fn enter_request(data: &[u8]) -> bool {
    let Ok(request) = from_slice::<EnterRequest>(data) else { return false };
    let again = to_string(&request).expect("plain values");
    assert_eq!(from_str::<EnterRequest>(&again).expect(&again), request);
    true
}

/// A log, one event a line. What is no event is left out, the others get their places: whatever
/// they say, in whatever order, the lesson stands, and its log leads to the same state again.
pub(crate) fn stored_event(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let mut lesson = Lesson::new(key());
    let mut log = Vec::new();
    for line in text.lines().take(MOST_EVENTS) {
        let Ok(read) = from_str::<Logged>(line) else { continue };
        let written = to_string(&read).expect("plain values");
        assert_eq!(from_str::<Logged>(&written).expect(&written), read);
        let placed = lesson.stamp(Epoch(1), read.at, vec![(read.audience, read.event)]);
        for logged in placed {
            lesson.apply(&logged).expect("its own place");
            look_at(&lesson, &logged);
            log.push(logged);
        }
    }
    let replayed = Lesson::replay(key(), log.iter().cloned()).expect("the same log");
    assert_eq!(replayed.state_hash(), lesson.state_hash());
    for person in lesson.people() {
        let seen = lesson.seq_for(person.no);
        assert!(lesson.missed(person.no, seen, &log).is_none_or(|missed| missed.is_empty()));
    }
    !log.is_empty()
}

/// Asks the lesson everything that the server asks it.
fn look_at(lesson: &Lesson, logged: &Logged) {
    for person in lesson.people() {
        assert!(lesson.subject(person.no).is_some());
        let (rights, media) = (lesson.rights(person.no), lesson.media_rights(person.no));
        assert!(rights.microphone || !media.microphone, "what is not allowed does not flow");
        assert!(rights.camera || !media.camera, "what is not allowed does not flow");
        assert!(rights.content || !media.content, "what is not allowed does not flow");
        assert!(
            !lesson.visible(logged, person.no) || logged.audience.includes(person.no, person.role)
        );
    }
    assert!(lesson.hands().len() <= lesson.people().count());
    assert!(lesson.chat().count() <= kreide_lesson::MAX_CHAT_KEPT);
    assert!(!matches!(logged.event, Event::Ended { .. }) || lesson.ended());
}

fn key() -> LessonKey {
    let tenant = TenantId::parse("school").expect("an id");
    let room = RoomId::parse("7b").expect("an id");
    LessonKey { tenant, room, lesson: 1 }
}

/// A log of so many events shows what a longer one would.
const MOST_EVENTS: usize = 64;
