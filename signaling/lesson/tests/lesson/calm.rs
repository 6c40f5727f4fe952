//! Quiet, the word, and the pause of a lesson without a teacher.

use kreide_control::{Policy, SourceKind};
use kreide_lesson::{Actor, ChatTo, Denied, Event, Intent, LockKind, Rights, Text};
use proptest::prelude::*;

use crate::fixture::{Class, Role, p, recording};

const ROLES: [Role; 6] =
    [Role::Teacher, Role::Presenter, Role::Pupil, Role::Guest, Role::Interpreter, Role::Observer];

fn rights(class: &Class) -> Vec<Rights> {
    (1..=6).map(|no| class.lesson.rights(p(no))).collect()
}

fn supervised() -> Intent {
    let policy = Policy { supervised: true, ..Policy::unwritten() };
    Intent::SetPolicy { policy, talks: Vec::new() }
}

fn gone(no: u32) -> Intent {
    Intent::Disconnected { who: p(no) }
}

fn chat() -> Intent {
    Intent::Chat { to: ChatTo::All, text: Text::from("hello") }
}

#[test]
fn quiet_silences_those_who_are_taught() {
    let mut class = Class::with(&ROLES);
    for no in 1..=5 {
        class.send(no, SourceKind::Microphone, true).unwrap();
        class.send(no, SourceKind::Camera, true).unwrap();
    }
    let before = rights(&class);
    let events = class.by(1, Intent::Quiet { on: true }).unwrap();
    assert_eq!(events[0], Event::QuietSet { by: Some(p(1)) });
    let off: Vec<_> = events[1..]
        .iter()
        .map(|event| match event {
            Event::Sending { no, kind: SourceKind::Microphone, on: false, .. } => no.0,
            _ => panic!("only microphones go off: {event:?}"),
        })
        .collect();
    assert_eq!(off, [2, 3, 4]);
    assert_eq!(class.lesson.quiet(), Some(p(1)));
    for no in 2..=4 {
        let rights = class.lesson.rights(p(no));
        assert!(!rights.microphone && !rights.chat && !rights.private_chat && !rights.board);
        assert!(rights.camera);
        assert_eq!(class.by(no, chat()), Err(Denied::Forbidden));
        assert_eq!(class.send(no, SourceKind::Microphone, true), Err(Denied::Forbidden));
    }
    class.by(1, chat()).unwrap();
    assert_eq!(class.by(1, Intent::Quiet { on: true }).unwrap(), []);

    assert_eq!(class.by(1, Intent::Quiet { on: false }).unwrap(), [Event::QuietSet { by: None }]);
    assert_eq!(rights(&class), before);
    assert_eq!(class.sending(3), [SourceKind::Camera], "nobody's microphone comes on");
    assert_eq!(class.by(1, Intent::Quiet { on: false }).unwrap(), []);
}

#[test]
fn one_may_speak_in_the_quiet_and_not_after_it() {
    let mut class = Class::with(&ROLES);
    let lock = |on| Intent::Lock { who: None, what: LockKind::Microphone, locked: on };
    class.by(1, lock(true)).unwrap();
    class.by(1, Intent::LetSpeak { who: p(4), on: true }).unwrap();
    let before = rights(&class);
    class.by(1, Intent::Quiet { on: true }).unwrap();
    assert!(!class.lesson.rights(p(4)).microphone, "the word of before is not the word of quiet");
    class.by(3, Intent::Hand { up: true }).unwrap();
    let events = class.by(1, Intent::LetSpeak { who: p(3), on: true }).unwrap();
    assert_eq!(events[0], Event::Hand { no: p(3), place: None });
    class.send(3, SourceKind::Microphone, true).unwrap();
    class.by(1, Intent::Quiet { on: false }).unwrap();
    assert_eq!(rights(&class), before);
    // The word is over with the quiet; whoever still speaks then is silenced by the lock.
    assert_eq!(class.sending(3), [], "no microphone stays on without the right");
}

#[test]
fn the_word_goes_to_those_who_may_be_silenced() {
    let mut class = Class::with(&ROLES);
    class.seat("other teacher", Role::Teacher);
    for (no, ok) in [(2, true), (3, true), (4, true), (5, true), (6, false), (7, false)] {
        let got = class.by(1, Intent::LetSpeak { who: p(no), on: true });
        assert_eq!(got.is_ok(), ok, "{no}");
    }
    class
        .by(1, Intent::Lock { who: Some(p(3)), what: LockKind::Microphone, locked: true })
        .unwrap();
    class.send(3, SourceKind::Microphone, true).unwrap();
    let events = class.by(1, Intent::LetSpeak { who: p(3), on: false }).unwrap();
    assert_eq!(events.len(), 2, "the word, and the microphone");
    assert_eq!(class.sending(3), []);
    class.by(1, Intent::LetSpeak { who: p(3), on: true }).unwrap();
    class.by(3, Intent::Leave).unwrap();
    class.seat("s3", Role::Pupil);
    assert!(!class.lesson.rights(p(3)).microphone, "leaving gives the word up");
}

#[test]
fn a_supervised_lesson_rests_without_a_teacher() {
    let mut class = Class::with(&ROLES);
    class.act(Actor::Server, supervised()).unwrap();
    let other = class.seat("other teacher", Role::Teacher).0;
    class.announce(1, 1);
    class.begin(1);
    class.send(3, SourceKind::Microphone, true).unwrap();
    class.send(3, SourceKind::Camera, true).unwrap();
    class.send(2, SourceKind::Content, true).unwrap();
    let before = rights(&class);

    class.act(Actor::Server, gone(1)).unwrap();
    assert!(!class.lesson.needs_teacher(), "one is still there");
    assert_eq!(class.act(Actor::Server, Intent::Unattended).unwrap().events, []);
    class.act(Actor::Server, gone(other)).unwrap();
    assert!(class.lesson.needs_teacher() && !class.lesson.paused());
    let events = class.act(Actor::Server, Intent::Unattended).unwrap().events;
    let kinds: Vec<_> = events.iter().map(|(_, event)| event.kind()).collect();
    assert_eq!(kinds, ["recordingStopped", "pausedSet", "sending", "sending"]);
    assert!(class.lesson.paused() && !class.lesson.needs_teacher());
    assert_eq!(class.act(Actor::Server, Intent::Unattended).unwrap().events, []);
    assert_eq!((class.sending(2), class.sending(3)), (vec![], vec![SourceKind::Camera]));
    let paused = class.lesson.rights(p(3));
    assert!(!paused.microphone && !paused.chat && !paused.content && paused.camera);
    assert!(class.lesson.rights(p(5)).microphone, "what interpreters say is somebody else's");

    let back = class.join_again("other teacher", Role::Teacher);
    assert!(back.contains(&"pausedSet".to_owned()));
    assert!(!class.lesson.paused());
    assert_eq!(rights(&class), before);
    assert_eq!(class.sending(3), [SourceKind::Camera]);
    assert_eq!(class.lesson.recording().take(), None, "nobody is recorded again by itself");
}

#[test]
fn a_lesson_that_nobody_supervises_goes_on() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil]);
    class.act(Actor::Server, gone(1)).unwrap();
    assert!(!class.lesson.needs_teacher());
    assert_eq!(class.act(Actor::Server, Intent::Unattended).unwrap().events, []);
    // Nor does one rest that has not begun.
    let mut class = Class::new();
    class.act(Actor::Server, supervised()).unwrap();
    assert!(!class.lesson.needs_teacher());
}

#[test]
fn a_teacher_who_leaves_leaves_the_lesson_alone() {
    let mut class = Class::with(&[Role::Teacher, Role::Presenter]);
    class.act(Actor::Server, supervised()).unwrap();
    class.by(1, Intent::Grant { who: p(2), what: LockKind::Record, on: true }).unwrap();
    class.by(2, Intent::StartRecording { id: recording(1), begins: class.now }).unwrap();
    class.begin(1);
    class.by(1, Intent::Leave).unwrap();
    assert_eq!(class.lesson.recording().take(), None);
    assert!(class.lesson.needs_teacher());
    class.act(Actor::Server, Intent::Unattended).unwrap();
    assert_eq!(class.by(2, chat()), Err(Denied::Forbidden));
    class.seat("s1", Role::Teacher);
    class.by(2, chat()).unwrap();
}

/// What teachers change about rights.
fn change() -> impl Strategy<Value = Intent> {
    let who = || (2..7_u32).prop_map(p);
    let what = || prop::sample::select(LockKind::ALL.to_vec());
    prop_oneof![
        3 => (prop::option::of(who()), what(), any::<bool>())
            .prop_map(|(who, what, locked)| Intent::Lock { who, what, locked }),
        2 => (who(), what(), any::<bool>())
            .prop_map(|(who, what, on)| Intent::Grant { who, what, on }),
        2 => (who(), any::<bool>()).prop_map(|(who, on)| Intent::LetSpeak { who, on }),
        1 => (2..6_u32).prop_map(|_| Intent::Hand { up: true }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever was locked, granted and allowed before: after quiet and pause it is again, whoever
    /// spoke meanwhile, and nothing has come on.
    #[test]
    fn calm_leaves_everything_as_it_was(
        changes in prop::collection::vec(change(), 0..20),
        spoke in prop::collection::vec((2..7_u32, any::<bool>()), 0..6),
        paused in any::<bool>(),
    ) {
        let mut class = Class::with(&ROLES);
        class.act(Actor::Server, supervised()).unwrap();
        for change in changes {
            let _refused = class.by(1, change);
        }
        for no in 1..=5 {
            let _refused = class.send(no, SourceKind::Microphone, true);
        }
        let before = rights(&class);
        let people: Vec<_> = class.lesson.people().map(|person| (person.locks, person.has_word)).collect();
        class.by(1, Intent::Quiet { on: true }).unwrap();
        for (who, on) in spoke {
            let _refused = class.by(1, Intent::LetSpeak { who: p(who), on });
        }
        if paused {
            class.act(Actor::Server, gone(1)).unwrap();
            class.act(Actor::Server, Intent::Unattended).unwrap();
            class.join_again("s1", Role::Teacher);
        }
        let on = |class: &Class| (1..=6).map(|no| class.sending(no)).collect::<Vec<_>>();
        let sending = on(&class);
        class.by(1, Intent::Quiet { on: false }).unwrap();
        prop_assert_eq!(rights(&class), before);
        let after: Vec<_> = class.lesson.people().map(|person| (person.locks, person.has_word)).collect();
        prop_assert_eq!(after, people);
        prop_assert_eq!(on(&class), sending);
    }
}
