//! More people than anybody watches one by one: who of them is told of whom.

use kreide_control::{Policy, PrivateChat, Role, SourceKind};
use kreide_lesson::{
    Actor, Audience, CROWD, CROWD_KEPT, ChatTo, Event, Intent, LockKind, Reaction, Text, ToolIntent,
};

use crate::fixture::{Class, p};

/// A teacher, and as many pupils as make one person short of a crowd.
fn full() -> Class {
    let mut roles = vec![Role::Pupil; CROWD];
    roles[0] = Role::Teacher;
    let mut class = Class::with(&roles);
    let private_chat = PrivateChat { pupils: true, ..PrivateChat::default() };
    let policy = Policy { private_chat, ..Policy::unwritten() };
    class.act(Actor::Server, Intent::SetPolicy { policy, talks: Vec::new() }).unwrap();
    class
}

fn crowd() -> Class {
    let mut class = full();
    class.seat("one more", Role::Pupil);
    class
}

fn told(class: &mut Class, no: u32, intent: Intent) -> Vec<(Audience, Event)> {
    class.act(Actor::Participant(p(no)), intent).unwrap().events
}

#[test]
fn a_crowd_begins_with_one_too_many_and_ends_when_some_have_gone() {
    let mut class = full();
    assert!(!class.lesson.is_crowd());
    let last = class.seat("one more", Role::Pupil);
    let kinds: Vec<_> = class.log.iter().rev().take(4).map(|logged| logged.event.kind()).collect();
    assert_eq!(kinds, ["resumeKey", "seatTaken", "tokenUsed", "crowded"]);
    let arrival = class.log.iter().rev().find(|logged| logged.event.kind() == "seatTaken").unwrap();
    assert_eq!(arrival.audience, Audience::Only(vec![p(1), last]));
    for no in 2..=11 {
        class.by(no, Intent::Leave).unwrap();
        assert!(class.lesson.is_crowd(), "of {}", class.lesson.people().count());
    }
    assert_eq!(class.lesson.people().count(), CROWD_KEPT + 1);
    let events = told(&mut class, 12, Intent::Leave);
    let left = (Audience::Only(vec![p(1), p(12)]), Event::SeatLeft { no: p(12) });
    assert_eq!(events, [left, (Audience::All, Event::Crowded { on: false })]);
    assert!(!class.lesson.is_crowd() && class.lesson.knows_of(p(13), p(14)));
}

#[test]
fn whoever_becomes_active_is_introduced_once() {
    let text = || Text::from("Hallo");
    let rows: [fn() -> Intent; 4] = [
        || Intent::Hand { up: true },
        || Intent::Send { kind: SourceKind::Camera, on: true },
        || Intent::Chat { to: ChatTo::All, text: Text::from("Hallo") },
        || Intent::Tool(ToolIntent::React { what: Reaction::Applause }),
    ];
    for (no, intent) in (2..).zip(rows) {
        let mut class = crowd();
        assert!(!class.lesson.knows_of(p(50), p(no)) && class.lesson.knows_of(p(1), p(no)));
        let events = told(&mut class, no, intent());
        assert_eq!(events[0], (Audience::All, Event::Introduced { no: p(no), to: None }));
        assert!(class.lesson.knows_of(p(50), p(no)));
        let again = told(&mut class, no, Intent::Chat { to: ChatTo::All, text: text() });
        assert_eq!(again.len(), 1);
        // They are told of this person, so they are told when that person goes.
        let left = told(&mut class, no, Intent::Leave);
        assert_eq!(left, [(Audience::All, Event::SeatLeft { no: p(no) })]);
    }
}

#[test]
fn what_is_said_to_one_person_makes_nobody_else_know_of_it() {
    let mut class = crowd();
    // To write to somebody one must be told of them.
    class.by(3, Intent::Hand { up: true }).unwrap();
    let private = Intent::Chat { to: ChatTo::Person(p(3)), text: Text::from("Hallo") };
    let events = told(&mut class, 2, private);
    let introduced = Event::Introduced { no: p(2), to: Some(p(3)) };
    assert_eq!(events[0], (Audience::Only(vec![p(3)]), introduced));
    assert!(class.lesson.knows_of(p(3), p(2)) && !class.lesson.knows_of(p(4), p(2)));
    let left = told(&mut class, 2, Intent::Leave);
    assert_eq!(left[0].0, Audience::Only(vec![p(1), p(2), p(3)]));
}

#[test]
fn a_lock_for_all_is_told_to_each_and_to_staff() {
    let mut class = crowd();
    let lock = Intent::Lock { who: None, what: LockKind::Chat, locked: true };
    let events = told(&mut class, 1, lock);
    assert_eq!(events.len(), 1 + CROWD);
    for (audience, event) in &events[1..] {
        let Event::RightsChanged { no } = event else { panic!("{event:?}") };
        assert_eq!(*audience, Audience::Only(vec![p(1), *no]));
    }
}

#[test]
fn whoever_was_active_before_is_told_of_from_the_first_moment() {
    let mut class = full();
    class.by(2, Intent::Hand { up: true }).unwrap();
    class.send(3, SourceKind::Microphone, true).unwrap();
    class.by(4, Intent::Chat { to: ChatTo::All, text: Text::from("Hallo") }).unwrap();
    class.by(5, Intent::Chat { to: ChatTo::Person(p(6)), text: Text::from("Hallo") }).unwrap();
    class.seat("one more", Role::Pupil);
    let known = |viewer: u32| (1..=101).filter(move |no| *no != viewer);
    let of = |viewer: u32| -> Vec<u32> {
        known(viewer).filter(|no| class.lesson.knows_of(p(viewer), p(*no))).collect()
    };
    assert_eq!(of(50), [1, 2, 3, 4]);
    assert_eq!((of(5), of(6)), (vec![1, 2, 3, 4, 6], vec![1, 2, 3, 4, 5]));
    assert_eq!(of(1).len(), 100);
}

#[test]
fn the_number_of_people_is_of_those_who_may_be_noticed() {
    let mut class = crowd();
    assert_eq!((class.lesson.counts()(p(2)), class.lesson.counts()(p(1))), (Some(101), None));
    let lock = Intent::Lock { who: None, what: LockKind::People, locked: true };
    class.by(1, lock).unwrap();
    assert_eq!(class.lesson.counts()(p(2)), Some(2), "the teacher and oneself");
}
