//! Hands, chat, texts, and the end.

use kreide_control::ParticipantNo;
use kreide_lesson::{Actor, ChatTo, Denied, Event, Intent, MAX_CHAT_KEPT, PayloadId, Text};

use crate::fixture::{Class, Role, p};

#[test]
fn hands_stand_in_the_order_of_raising() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil, Role::Guest, Role::Interpreter]);
    for no in [3, 2, 4] {
        class.by(no, Intent::Hand { up: true }).unwrap();
    }
    assert_eq!(class.by(3, Intent::Hand { up: true }).unwrap(), []);
    assert_eq!(class.lesson.hands(), [p(3), p(2), p(4)]);
    class.by(1, Intent::LowerHand { who: p(3) }).unwrap();
    class.by(3, Intent::Hand { up: true }).unwrap();
    class.by(4, Intent::Hand { up: false }).unwrap();
    assert_eq!(class.lesson.hands(), [p(2), p(3)]);
    assert_eq!(class.by(1, Intent::LowerHand { who: p(4) }).unwrap(), []);
    assert_eq!(class.by(1, Intent::LowerHand { who: p(9) }), Err(Denied::NotFound));
    class.by(2, Intent::Leave).unwrap();
    assert_eq!(class.lesson.hands(), [p(3)]);
}

#[test]
fn chat_is_numbered_and_its_text_stays_outside_the_log() {
    let mut class = Class::with(&[Role::Pupil, Role::Pupil]);
    let say = |class: &mut Class, no, text: &str| {
        class.by(no, Intent::Chat { to: ChatTo::All, text: Text::from(text) })
    };
    say(&mut class, 1, " secret words\n").unwrap();
    class.pass(1_000);
    let events = say(&mut class, 2, "more").unwrap();
    assert_eq!(events, [Event::Chat { id: 2, from: p(2), text: PayloadId(4), to: ChatTo::All }]);
    let lines: Vec<_> = class.lesson.chat().map(|line| (line.id, line.from, line.text)).collect();
    assert_eq!(lines, [(1, p(1), PayloadId(3)), (2, p(2), PayloadId(4))]);
    assert_eq!(class.lesson.chat().last().unwrap().at, class.now);
    assert_eq!(class.payloads[2].text, Text::from("secret words"));
    assert_eq!(class.payloads[2].of, p(1));

    let log = format!("{:?} {:?} {:?}", class.log, class.lesson, class.payloads);
    assert!(!log.contains("secret") && !log.contains("name of"), "{log}");
}

#[test]
fn the_latest_chat_is_kept() {
    let mut class = Class::with(&[Role::Pupil]);
    for _ in 0..=MAX_CHAT_KEPT {
        class.by(1, Intent::Chat { to: ChatTo::All, text: Text::from("again") }).unwrap();
    }
    assert_eq!(class.lesson.chat().count(), MAX_CHAT_KEPT);
    assert_eq!(class.lesson.chat().next().unwrap().id, 2);
}

#[test]
fn texts() {
    let mut class = Class::with(&[Role::Pupil]);
    let long = "ü".repeat(2_000);
    for (text, ok) in [
        ("a", true),
        ("two\nlines", true),
        ("  kept \n", true),
        (&*long, true),
        ("", false),
        (" \n ", false),
        ("bell\u{7}", false),
        ("nul\0", false),
        ("back\rslash", false),
        (&*format!("{long}x"), false),
    ] {
        let got = class.by(1, Intent::Chat { to: ChatTo::All, text: Text::from(text) });
        assert_eq!(got.map_err(|denied| denied == Denied::BadText).is_ok(), ok, "{text:?}");
    }
}

#[test]
fn names() {
    let mut class = Class::new();
    let long = "ü".repeat(64);
    for (name, ok) in [
        ("Anna", true),
        ("Zoë Müller-Øst", true),
        ("محمد", true),
        ("می\u{200C}خواهم", true),
        ("👩\u{200D}🏫", true),
        (&*long, true),
        ("", false),
        ("  ", false),
        ("An\nna", false),
        ("\u{202E}anna", false),
        ("anna\u{2066}", false),
        ("an\u{200B}na", false),
        ("\u{3164}", false),
        (&*format!("{long}x"), false),
    ] {
        let mut identity = class.identity("anna", Role::Pupil);
        identity.name = Text::from(name);
        let got = class.join(identity, 1).map(|_| ());
        assert_eq!(got, if ok { Ok(()) } else { Err(Denied::BadText) }, "{name:?}");
    }
}

#[test]
fn who_ended_it() {
    let end = |actor| {
        let mut class = Class::with(&[Role::Teacher]);
        let outcome = class.act(actor, Intent::End).unwrap();
        assert!(class.lesson.ended());
        outcome.events[0].1.clone()
    };
    assert_eq!(end(Actor::Participant(ParticipantNo(1))), Event::Ended { by: Some(p(1)) });
    assert_eq!(end(Actor::Server), Event::Ended { by: None });
}
