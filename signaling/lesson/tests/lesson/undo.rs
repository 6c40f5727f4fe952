//! Taking back what was done to somebody.

use kreide_control::SourceKind::{Camera, Content, Microphone};
use kreide_lesson::{
    Act, Actor, ChatTo, Denied, Event, Intent, LockKind, Rights, Shown, Standing, Text, UNDO_MS,
};

use crate::fixture::{Class, Role, p};

const PUPIL: u32 = 3;

/// Two teachers and a pupil who has raised the hand, sends and has written.
fn class() -> Class {
    let mut class = Class::with(&[Role::Teacher, Role::Teacher, Role::Pupil, Role::Presenter]);
    class.send(PUPIL, Microphone, true).unwrap();
    class.send(PUPIL, Camera, true).unwrap();
    class.by(PUPIL, Intent::Chat { to: ChatTo::All, text: Text::from("hello") }).unwrap();
    class
}

fn last_act(class: &Class) -> u64 {
    let acted = |event: &Event| match event {
        Event::Acted { id, .. } => Some(*id),
        _ => None,
    };
    class.log.iter().rev().find_map(|logged| acted(&logged.event)).expect("something was done")
}

fn undo(class: &mut Class) -> Result<Vec<Event>, Denied> {
    let id = last_act(class);
    class.by(2, Intent::Undo { id })
}

fn rights(class: &Class) -> Vec<Rights> {
    (1..=4).map(|no| class.lesson.rights(p(no))).collect()
}

fn acts() -> Vec<(&'static str, Vec<Intent>, Intent)> {
    let who = p(PUPIL);
    let lock = |what, locked| Intent::Lock { who: Some(who), what, locked };
    let lock_all = |what| Intent::Lock { who: None, what, locked: true };
    let grant = |on| Intent::Grant { who, what: LockKind::Content, on };
    let word = |on| Intent::LetSpeak { who, on };
    vec![
        ("mute", vec![], Intent::Mute { who, kind: Microphone }),
        ("lock", vec![], lock(LockKind::Microphone, true)),
        ("unlock", vec![lock(LockKind::Board, true)], lock(LockKind::Board, false)),
        ("exempt", vec![lock_all(LockKind::Chat)], lock(LockKind::Chat, false)),
        (
            "lock the exempt",
            vec![lock_all(LockKind::Chat), lock(LockKind::Chat, false)],
            lock(LockKind::Chat, true),
        ),
        ("grant", vec![], grant(true)),
        ("take back", vec![grant(true)], grant(false)),
        ("let speak", vec![lock_all(LockKind::Microphone)], word(true)),
        ("take the word", vec![lock_all(LockKind::Microphone), word(true)], word(false)),
        ("to the lobby", vec![grant(true), lock(LockKind::Camera, true)], Intent::ToLobby { who }),
        (
            "to the lobby with the word",
            vec![lock_all(LockKind::Microphone), word(true)],
            Intent::ToLobby { who },
        ),
        ("hide", vec![], Intent::HideRecent { who }),
    ]
}

#[test]
fn everything_is_as_it_was() {
    for (name, before, act) in acts() {
        let mut class = class();
        for intent in before {
            class.by(1, intent).unwrap();
        }
        // The acts that led here are over.
        class.pass(UNDO_MS + 1);
        class.by(PUPIL, Intent::Hand { up: true }).unwrap();
        let old = (rights(&class), class.lesson.locks(p(PUPIL)));
        if name == "hide" {
            class.by(PUPIL, Intent::Chat { to: ChatTo::All, text: Text::from("rude") }).unwrap();
        }
        assert_ne!(class.by(1, act.clone()).unwrap(), [], "{name}");
        class.pass(UNDO_MS);
        let events = undo(&mut class).unwrap();
        assert_eq!((rights(&class), class.lesson.locks(p(PUPIL))), old, "{name}");
        assert!(class.lesson.chat().all(|line| line.shown == Shown::Shown));
        assert_eq!(class.lesson.person(p(PUPIL)).unwrap().standing, Standing::Online, "{name}");
        let on = |event: &Event| matches!(event, Event::Sending { on: true, .. });
        assert!(!events.iter().any(on), "{name} switches nothing on");
        assert_eq!(undo(&mut class), Err(Denied::NotFound), "{name} is taken back once");
    }
}

#[test]
fn after_twenty_seconds_it_stays() {
    for (name, before, act) in acts() {
        let mut class = class();
        for intent in before {
            class.by(1, intent).unwrap();
        }
        class.by(1, act).unwrap();
        class.pass(UNDO_MS + 1);
        assert_eq!(undo(&mut class), Err(Denied::TooLate), "{name}");
        // A clock that goes back gives no more time.
        class.by(1, Intent::Hand { up: true }).unwrap();
        class.pass(-UNDO_MS);
        assert_eq!(undo(&mut class), Err(Denied::TooLate), "{name}");
    }
}

#[test]
fn of_a_mute_its_owner_is_told() {
    let mut class = class();
    class.by(1, Intent::Mute { who: p(PUPIL), kind: Microphone }).unwrap();
    let events = undo(&mut class).unwrap();
    assert_eq!(events[0], Event::Invited { no: p(PUPIL), kind: Microphone, by: p(2) });
    assert_eq!(class.sending(PUPIL), [Camera], "nobody else switches it on");
    class.send(PUPIL, Microphone, true).unwrap();
}

#[test]
fn what_is_taken_back_may_switch_off() {
    let mut class = class();
    class.by(1, Intent::Grant { who: p(PUPIL), what: LockKind::Content, on: true }).unwrap();
    class.send(PUPIL, Content, true).unwrap();
    undo(&mut class).unwrap();
    assert_eq!(class.sending(PUPIL), [Microphone, Camera]);
}

#[test]
fn what_has_no_way_back_and_what_changes_nothing() {
    let mut class = class();
    let acted = |outcome: &kreide_lesson::Outcome| {
        outcome.events.iter().any(|(_, event)| matches!(event, Event::Acted { .. }))
    };
    for (intent, can) in [
        (Intent::Mute { who: p(PUPIL), kind: Microphone }, true),
        (Intent::Mute { who: p(PUPIL), kind: Microphone }, false),
        (Intent::Lock { who: None, what: LockKind::Chat, locked: true }, false),
        (Intent::Quiet { on: true }, false),
        (Intent::Remove { who: p(PUPIL) }, false),
    ] {
        let outcome = class.act(Actor::Participant(p(1)), intent.clone()).unwrap();
        assert_eq!(acted(&outcome), can, "{intent:?}");
    }
    assert_eq!(class.by(1, Intent::Undo { id: 99 }), Err(Denied::NotFound));
    assert_eq!(class.lesson.person(p(PUPIL)).unwrap().standing, Standing::Removed(p(1)));
}

/// The word of before the quiet is not the word in it.
#[test]
fn quiet_ends_what_can_be_undone_of_the_word() {
    for (first, on) in [(false, true), (true, false)] {
        let mut class = class();
        class.by(1, Intent::Lock { who: None, what: LockKind::Microphone, locked: true }).unwrap();
        if first {
            class.by(1, Intent::Quiet { on: true }).unwrap();
        }
        class.by(1, Intent::LetSpeak { who: p(PUPIL), on: true }).unwrap();
        class.by(1, Intent::Quiet { on }).unwrap();
        assert_eq!(undo(&mut class), Err(Denied::NotFound));
    }
}

#[test]
fn acts_are_for_teachers_and_the_oldest_are_forgotten() {
    let mut class = class();
    let lock = |locked| Intent::Lock { who: Some(p(PUPIL)), what: LockKind::Names, locked };
    for n in 0..40 {
        class.by(1, lock(n % 2 == 0)).unwrap();
    }
    assert_eq!(class.by(1, Intent::Undo { id: 8 }), Err(Denied::NotFound));
    class.by(1, Intent::Undo { id: 9 }).unwrap();
    let mut acted = class.log.iter().filter(|logged| matches!(logged.event, Event::Acted { .. }));
    assert!(acted.clone().all(|logged| !class.lesson.visible(logged, p(PUPIL))));
    assert!(acted.clone().all(|logged| class.lesson.visible(logged, p(2))));
    assert!(matches!(
        &acted.next_back().unwrap().event,
        Event::Acted { act: Act::Locked { what: LockKind::Names, locked: false, .. }, .. }
    ));
}
