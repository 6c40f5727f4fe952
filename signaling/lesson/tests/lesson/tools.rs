//! Spotlight, focus, announcement, timer, ready check, lot, reactions, and who sits in the room.

use std::collections::{BTreeMap, BTreeSet};

use kreide_control::Reach;
use kreide_lesson::{
    Actor, Announcement, Audience, Denied, Event, Intent, LockKind, Millis, Reaction, Signal, Text,
    Timer, ToolEvent, ToolIntent,
};

use crate::fixture::{Class, Role, p};

fn tool(class: &mut Class, no: u32, intent: ToolIntent) -> Result<Vec<Event>, Denied> {
    class.by(no, Intent::Tool(intent))
}

fn spotlight(who: &[u32]) -> ToolIntent {
    ToolIntent::Spotlight { who: who.iter().map(|no| p(*no)).collect() }
}

#[test]
fn at_most_four_stand_in_the_spotlight_while_they_are_there() {
    let mut class = Class::with(&[Role::Teacher, Role::Interpreter]);
    for n in 3..=7 {
        class.seat(&format!("s{n}"), Role::Pupil);
    }
    tool(&mut class, 1, spotlight(&[5, 2, 5, 3, 4, 2])).unwrap();
    assert_eq!(class.lesson.spotlight(), [5, 2, 3, 4].map(p));
    assert_eq!(tool(&mut class, 1, spotlight(&[5, 2, 3, 4])).unwrap(), []);
    assert_eq!(tool(&mut class, 1, spotlight(&[2, 3, 4, 5, 6])), Err(Denied::Forbidden));
    assert_eq!(tool(&mut class, 1, spotlight(&[2, 99])), Err(Denied::NotFound));
    class.by(5, Intent::Leave).unwrap();
    class.by(1, Intent::Remove { who: p(3) }).unwrap();
    class.by(1, Intent::ToLobby { who: p(4) }).unwrap();
    assert_eq!(class.lesson.spotlight(), [p(2)]);
    assert_eq!(tool(&mut class, 1, spotlight(&[5])), Err(Denied::NotFound));
    tool(&mut class, 1, spotlight(&[])).unwrap();
    assert_eq!(class.lesson.spotlight(), []);
}

#[test]
fn focus_hides_the_media_of_pupils_from_pupils() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil, Role::Pupil]);
    let focus = |on| ToolIntent::Focus { on };
    assert_eq!(tool(&mut class, 1, focus(false)).unwrap(), []);
    tool(&mut class, 1, focus(true)).unwrap();
    assert_eq!(tool(&mut class, 1, focus(true)).unwrap(), []);
    assert!(class.lesson.focus());
    assert_eq!(class.lesson.place(p(2)).reach, Reach::Staff);
    assert_eq!(class.lesson.place(p(1)).reach, Reach::Everyone);
    assert!(class.lesson.sees(p(3), p(2)), "people are still there");
    tool(&mut class, 1, focus(false)).unwrap();
    assert_eq!(class.lesson.place(p(2)).reach, Reach::Everyone);
}

#[test]
fn an_announcement_is_a_text_of_the_teacher() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil]);
    let say = |text: &str| ToolIntent::Announce { text: Some(Text::from(text)) };
    let away = ToolIntent::Announce { text: None };
    assert_eq!(tool(&mut class, 1, away.clone()).unwrap(), []);
    tool(&mut class, 1, say(" Page 7 ")).unwrap();
    let payload = class.payloads.last().unwrap();
    assert_eq!((payload.of, payload.text.as_str()), (p(1), "Page 7"));
    let shown = Announcement { text: payload.id, by: p(1) };
    assert_eq!(class.lesson.announcement(), Some(shown));
    assert_eq!(tool(&mut class, 1, say(&"x".repeat(301))), Err(Denied::BadText));
    tool(&mut class, 1, say(&"x".repeat(300))).unwrap();
    assert_ne!(class.lesson.announcement(), Some(shown));
    tool(&mut class, 1, away).unwrap();
    assert_eq!(class.lesson.announcement(), None);
}

#[test]
fn a_timer_runs_from_a_second_to_a_day() {
    let mut class = Class::with(&[Role::Teacher]);
    let set = |seconds| ToolIntent::Timer { seconds };
    assert_eq!(tool(&mut class, 1, set(None)).unwrap(), []);
    for bad in [0, 86_401, u32::MAX] {
        assert_eq!(tool(&mut class, 1, set(Some(bad))), Err(Denied::Forbidden));
    }
    for seconds in [1, 90, 86_400] {
        tool(&mut class, 1, set(Some(seconds))).unwrap();
        let until = Millis(class.now.0 + i64::from(seconds) * 1_000);
        assert_eq!(class.lesson.timer(), Some(Timer { until, by: p(1) }));
    }
    // From the log's time, when the clock is behind it.
    let latest = class.now;
    class.pass(-5_000);
    tool(&mut class, 1, set(Some(1))).unwrap();
    assert_eq!(class.lesson.timer().unwrap().until, Millis(latest.0 + 1_000));
    tool(&mut class, 1, set(None)).unwrap();
    assert_eq!(class.lesson.timer(), None);
}

#[test]
fn who_is_ready_is_for_teachers() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil, Role::Pupil]);
    let (ask, ready) = (|on| ToolIntent::AskReady { on }, |yes| ToolIntent::Ready { yes });
    assert_eq!(tool(&mut class, 2, ready(true)), Err(Denied::TooLate));
    assert_eq!(tool(&mut class, 1, ask(false)).unwrap(), []);
    tool(&mut class, 1, ask(true)).unwrap();
    let outcome = class.act(Actor::Participant(p(2)), Intent::Tool(ready(true))).unwrap();
    assert_eq!(outcome.events[0].0, Audience::Only(vec![p(1), p(2)]));
    assert_eq!(tool(&mut class, 2, ready(true)).unwrap(), []);
    tool(&mut class, 3, ready(true)).unwrap();
    tool(&mut class, 3, ready(false)).unwrap();
    let answers = |class: &Class| class.lesson.ready().unwrap().answers.clone();
    assert_eq!(answers(&class), BTreeMap::from([(p(2), true), (p(3), false)]));
    class.by(3, Intent::Leave).unwrap();
    assert_eq!(answers(&class), BTreeMap::from([(p(2), true)]));
    tool(&mut class, 1, ask(true)).unwrap();
    assert_eq!(answers(&class), BTreeMap::new(), "asked anew");
    tool(&mut class, 1, ask(false)).unwrap();
    assert_eq!(class.lesson.ready(), None);
}

#[test]
fn nobody_is_drawn_twice_before_all_were() {
    let mut class = Class::with(&[Role::Teacher, Role::Guest]);
    let pick = |class: &mut Class, seed| {
        tool(class, 1, ToolIntent::Pick { seed }).map(|events| match events[..] {
            [Event::Tool(ToolEvent::Picked { no, round })] => (no, round),
            _ => panic!("one is drawn"),
        })
    };
    assert_eq!(pick(&mut class, 1), Err(Denied::NotFound), "a guest is no pupil");
    for n in 3..=8 {
        class.seat(&format!("s{n}"), Role::Pupil);
    }
    class.act(Actor::Server, Intent::Disconnected { who: p(8) }).unwrap();
    for round in 1..=3 {
        let drawn: BTreeSet<_> =
            (0..5).map(|n| pick(&mut class, round * 10 + n).unwrap()).collect();
        assert_eq!(drawn, (3..=7).map(|no| (p(no), round as u32)).collect());
    }
    // Leaving and coming back is no way round it, and a newcomer takes part.
    let (first, _) = pick(&mut class, 99).unwrap();
    class.by(first.0, Intent::Leave).unwrap();
    let subject = format!("s{first}");
    assert_eq!(class.seat(&subject, Role::Pupil), first);
    let new = class.seat("new", Role::Pupil);
    let rest: BTreeSet<_> = (0..5).map(|n| pick(&mut class, n).unwrap().0).collect();
    assert!(!rest.contains(&first) && rest.contains(&new));
    assert_eq!(class.lesson.picked().unwrap().round, 4);
    // Everyone comes first with some seed.
    let mut fresh = Class::with(&[Role::Teacher, Role::Pupil, Role::Pupil, Role::Pupil]);
    let firsts: BTreeSet<_> = (0..30)
        .map(|seed| {
            let pick = Intent::Tool(ToolIntent::Pick { seed });
            let outcome = fresh.lesson.handle(Actor::Participant(p(1)), pick, fresh.now).unwrap();
            format!("{:?}", outcome.events)
        })
        .collect();
    assert_eq!(firsts.len(), 3);
    fresh.by(1, Intent::Lock { who: None, what: LockKind::People, locked: true }).unwrap();
    let outcome = fresh.act(Actor::Participant(p(1)), Intent::Tool(ToolIntent::Pick { seed: 1 }));
    let Audience::Only(readers) = &outcome.unwrap().events[0].0 else { panic!("not for all") };
    assert_eq!(readers.len(), 2, "the teacher, and who was drawn");
}

#[test]
fn a_reaction_is_told_and_not_kept() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil, Role::Pupil]);
    let react = Intent::Tool(ToolIntent::React { what: Reaction::Applause });
    let before = class.lesson.state_hash();
    let outcome = class.act(Actor::Participant(p(2)), react.clone()).unwrap();
    let signal = Signal::Reaction { no: p(2), what: Reaction::Applause };
    assert_eq!(outcome.signals, [(Audience::All, signal.clone())]);
    assert_eq!((outcome.events.len(), class.lesson.state_hash()), (0, before));
    class.by(1, Intent::Lock { who: None, what: LockKind::People, locked: true }).unwrap();
    let outcome = class.act(Actor::Participant(p(2)), react).unwrap();
    assert_eq!(outcome.signals, [(Audience::Only(vec![p(1), p(2)]), signal)]);
}

#[test]
fn who_sits_in_the_room_hears_its_loudspeaker() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil]);
    let sit = |on| ToolIntent::InRoom { on };
    assert_eq!(tool(&mut class, 2, sit(false)).unwrap(), []);
    tool(&mut class, 2, sit(true)).unwrap();
    assert_eq!(tool(&mut class, 2, sit(true)).unwrap(), []);
    assert!(class.lesson.person(p(2)).unwrap().in_room && !class.lesson.place(p(2)).hears);
    // At home later, all is heard.
    class.by(2, Intent::Leave).unwrap();
    class.seat("s2", Role::Pupil);
    assert!(!class.lesson.person(p(2)).unwrap().in_room && class.lesson.place(p(2)).hears);
}
