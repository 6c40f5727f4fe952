//! Locks, mutes, and what they leave of rights and media.

use kreide_control::SourceKind::{Camera, Content, ContentAudio, Microphone};
use kreide_control::{Epoch, MediaRights};
use kreide_lesson::{Actor, ChatTo, Denied, Event, Intent, Lock, LockKind, Text};

use crate::fixture::{Class, Role, p};

#[test]
fn a_lock_switches_off_and_unlocking_switches_nothing_on() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil]);
    class.send(2, Microphone, true).unwrap();
    class.send(2, Camera, true).unwrap();
    let events = class.by(1, lock(Some(2), LockKind::Microphone, true)).unwrap();
    assert_eq!(
        events,
        [
            Event::LockSet { who: Some(p(2)), what: LockKind::Microphone, locked: true, by: p(1) },
            Event::Sending { no: p(2), kind: Microphone, on: false, by: p(1) },
        ]
    );
    let flows = class.lesson.media_rights(p(2));
    assert_eq!(flows, MediaRights { camera: true, ..MediaRights::default() });
    assert_eq!(class.send(2, Microphone, true), Err(Denied::Forbidden));

    let events = class.by(1, lock(Some(2), LockKind::Microphone, false)).unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(class.sending(2), [Camera]);
    class.send(2, Microphone, true).unwrap();
}

/// Between the lock and what it switches off, and in a log that ends between them.
#[test]
fn nothing_flows_from_the_lock_event_on() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil]);
    class.send(2, Microphone, true).unwrap();
    let set = lock(Some(2), LockKind::Microphone, true);
    let outcome = class.lesson.handle(Actor::Participant(p(1)), set, class.now).unwrap();
    let logged = class.lesson.stamp(Epoch(1), class.now, outcome.events);
    class.lesson.apply(&logged[0]).unwrap();
    assert_eq!(class.sending(2), [Microphone]);
    assert_eq!(class.lesson.media_rights(p(2)), MediaRights::default());
}

#[test]
fn a_mute_can_be_undone_by_its_owner() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil]);
    class.send(2, Microphone, true).unwrap();
    let mute = Intent::Mute { who: p(2), kind: Microphone };
    let off = Event::Sending { no: p(2), kind: Microphone, on: false, by: p(1) };
    assert_eq!(class.by(1, mute.clone()).unwrap(), [off]);
    assert_eq!(class.by(1, mute).unwrap(), []);
    class.send(2, Microphone, true).unwrap();
    assert_eq!(class.sending(2), [Microphone]);
}

#[test]
fn content_takes_its_sound_along() {
    let mut class = Class::with(&[Role::Teacher, Role::Presenter]);
    for undo in [
        (2, Intent::Send { kind: Content, on: false }),
        (1, Intent::Mute { who: p(2), kind: Content }),
        (1, Intent::Mute { who: p(2), kind: ContentAudio }),
        (1, lock(Some(2), LockKind::Content, true)),
    ] {
        class.send(2, Content, true).unwrap();
        class.send(2, ContentAudio, true).unwrap();
        assert!(class.lesson.media_rights(p(2)).content);
        class.by(undo.0, undo.1).unwrap();
        assert_eq!(class.sending(2), []);
        assert!(!class.lesson.media_rights(p(2)).content);
    }
    // The owner may switch the sound alone off. Sound alone is not content.
    class.by(1, lock(Some(2), LockKind::Content, false)).unwrap();
    class.send(2, Content, true).unwrap();
    class.send(2, ContentAudio, true).unwrap();
    class.send(2, ContentAudio, false).unwrap();
    assert_eq!(class.sending(2), [Content]);
}

#[test]
fn a_lock_for_all_holds_for_pupils_and_guests_now_and_later() {
    let mut class =
        Class::with(&[Role::Teacher, Role::Presenter, Role::Pupil, Role::Guest, Role::Interpreter]);
    for no in 1..=5 {
        class.send(no, Microphone, true).unwrap();
    }
    let events = class.by(1, lock(None, LockKind::Microphone, true)).unwrap();
    let off = |no| Event::Sending { no: p(no), kind: Microphone, on: false, by: p(1) };
    assert_eq!(
        events,
        [
            Event::LockSet { who: None, what: LockKind::Microphone, locked: true, by: p(1) },
            Event::RightsChanged { no: p(3) },
            Event::RightsChanged { no: p(4) },
            off(3),
            off(4),
        ]
    );
    let by_teacher = Lock { what: LockKind::Microphone, by: p(1) };
    assert_eq!(class.lesson.room_locks(), [by_teacher]);
    let late = class.seat("late", Role::Pupil);
    assert_eq!(class.lesson.locks(late), [by_teacher]);
    assert_eq!(class.send(late.0, Microphone, true), Err(Denied::Forbidden));

    let events = class.by(1, lock(None, LockKind::Microphone, false)).unwrap();
    assert_eq!(events.len(), 4, "the lock, and the rights of 3, 4 and 6: {events:?}");
    assert!(class.lesson.rights(late).microphone);
    assert_eq!(class.sending(3), []);
}

#[test]
fn one_can_be_let_off_the_lock_for_all() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil, Role::Pupil]);
    class.by(1, lock(None, LockKind::Microphone, true)).unwrap();
    class.by(1, lock(Some(2), LockKind::Microphone, false)).unwrap();
    assert_eq!(class.by(1, lock(Some(2), LockKind::Microphone, false)).unwrap(), []);
    class.send(2, Microphone, true).unwrap();
    assert_eq!(class.send(3, Microphone, true), Err(Denied::Forbidden));
    // "Quiet" once more means everyone.
    let events = class.by(1, lock(None, LockKind::Microphone, true)).unwrap();
    assert!(events.contains(&Event::RightsChanged { no: p(2) }));
    assert!(!events.contains(&Event::RightsChanged { no: p(3) }));
    assert_eq!(class.sending(2), []);
    assert_eq!(class.by(1, lock(None, LockKind::Microphone, true)).unwrap(), []);
}

#[test]
fn an_own_lock_outlives_the_lock_for_all() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil, Role::Teacher]);
    class.by(1, lock(Some(2), LockKind::Chat, true)).unwrap();
    class.by(3, lock(None, LockKind::Chat, true)).unwrap();
    assert_eq!(class.lesson.locks(p(2)), [Lock { what: LockKind::Chat, by: p(1) }]);
    class.by(3, lock(None, LockKind::Chat, false)).unwrap();
    assert!(!class.lesson.rights(p(2)).chat);
    let text = Text::from("hello");
    assert_eq!(class.by(2, Intent::Chat { to: ChatTo::All, text }), Err(Denied::Forbidden));
    // Who locked first is who is named.
    assert_eq!(class.by(3, lock(Some(2), LockKind::Chat, true)).unwrap(), []);
}

fn lock(who: Option<u32>, what: LockKind, locked: bool) -> Intent {
    Intent::Lock { who: who.map(p), what, locked }
}
