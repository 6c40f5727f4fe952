//! Parents' talks: an evening on virtual time, and what one family learns of another: nothing.

use std::collections::BTreeMap;

use kreide_control::{ParticipantNo, Policy, RecordingId, SourceKind};
use kreide_lesson::{
    Actor, Audience, ChatTo, Denied, Event, Fate, Identity, Intent, Lesson, Logged, Millis, Slot,
    Standing, TalkEvent, TalkIntent, Text, Wait,
};

use crate::fixture::{Class, Role, START, key, p};

const MINUTE: i64 = 60_000;

/// A teacher, number 1, and talks of ten minutes each, the first at once.
fn evening(talks: u32) -> Class {
    let mut class = Class::new();
    plan(&mut class, (1..=talks).map(slot).collect());
    class.seat("teacher", Role::Teacher);
    class
}

fn slot(no: u32) -> Slot {
    Slot { no, begins: minute(10 * i64::from(no - 1)), minutes: 10 }
}

fn minute(minute: i64) -> Millis {
    Millis(START.0 + minute * MINUTE)
}

fn plan(class: &mut Class, talks: Vec<Slot>) {
    let policy = Policy { talks: true, ..Policy::unwritten() };
    class.act(Actor::Server, Intent::SetPolicy { policy, talks }).unwrap();
}

/// A device of a family comes to the door.
fn device(class: &mut Class, slot: u32, device: u8) -> Result<ParticipantNo, Denied> {
    let identity = class.identity(&format!("family {slot}, device {device}"), Role::Guest);
    let identity = Identity { talk: Some(slot), ..identity };
    class.join(identity, 0).map(|outcome| outcome.seat.unwrap())
}

fn talk(class: &mut Class, intent: TalkIntent) -> Result<Vec<Event>, Denied> {
    class.by(1, Intent::Talk(intent))
}

fn server_begins(class: &mut Class, slot: u32) -> Vec<(Audience, Event)> {
    let begin = Intent::Talk(TalkIntent::Begin { slot });
    class.act(Actor::Server, begin).unwrap().events
}

fn standing(class: &Class, no: ParticipantNo) -> Standing {
    class.lesson.person(no).unwrap().standing
}

fn fate(class: &Class, slot: u32) -> Fate {
    class.lesson.talks().get(slot).unwrap().fate
}

/// Twelve families: 3 is late, 5 does not come, 7 gets two minutes more, twice. The teacher ends
/// each talk when its time is over; the server does the rest.
#[test]
fn an_evening() {
    let mut class = evening(12);
    let comes = |no: u32| match no {
        3 => 32,
        no => 10 * i64::from(no - 1) - 2,
    };
    let mut began = Vec::new();
    for now in -5..180 {
        class.now = minute(now);
        for no in (1..=12).filter(|no| *no != 5 && comes(*no) == now) {
            device(&mut class, no, 1).unwrap();
        }
        match now {
            45 => drop(talk(&mut class, TalkIntent::NoShow { slot: 5 }).unwrap()),
            66 | 68 => drop(talk(&mut class, TalkIntent::More).unwrap()),
            _ => {}
        }
        match now {
            // Family 4 is in; 3, who came late, is next.
            33 => {
                assert_eq!(class.lesson.expected(3, class.now), Some(minute(40)));
                assert_eq!(class.lesson.expected(6, class.now), Some(minute(50)));
            }
            78 => {
                assert_eq!(class.lesson.expected(9, class.now), Some(minute(84)));
                assert_eq!(class.lesson.expected(12, class.now), Some(minute(110)));
                assert_eq!(class.lesson.expected(8, class.now), None, "it is on");
                assert_eq!(class.lesson.expected(5, class.now), None, "it does not come by itself");
            }
            _ => {}
        }
        if class.lesson.talk_ends().is_some_and(|ends| ends <= class.now) {
            talk(&mut class, TalkIntent::Finish).unwrap();
        }
        if let Some((slot, at)) = class.lesson.next_talk(class.now)
            && at <= class.now
        {
            assert_ne!(server_begins(&mut class, slot), []);
            began.push((slot, now));
        }
        let inside = class.lesson.people().filter(|person| person.role == Role::Guest);
        assert!(inside.count() <= 1, "one family at most");
    }
    let expected = [
        (1, 0),
        (2, 10),
        (4, 30),
        (3, 40),
        (6, 50),
        (7, 60),
        (8, 74),
        (9, 84),
        (10, 94),
        (11, 104),
        (12, 114),
    ];
    assert_eq!(began, expected);
    assert_eq!(fate(&class, 5), Fate::Missed);
    assert!((1..=12).filter(|no| *no != 5).all(|no| fate(&class, no) == Fate::Over));
    assert_eq!((class.lesson.next_talk(class.now), class.lesson.talk_ends()), (None, None));

    let stored: Vec<_> =
        class.log.iter().map(|logged| serde_json::to_string(logged).unwrap()).collect();
    let read = stored.iter().map(|line| serde_json::from_str::<Logged>(line).unwrap());
    assert_eq!(Lesson::replay(key(), read).unwrap().state_hash(), class.lesson.state_hash());
}

#[test]
fn the_server_begins_what_is_due() {
    let mut class = Class::new();
    plan(&mut class, vec![slot(2), slot(1), slot(2)]);
    assert_eq!(class.lesson.talks().all().iter().map(|t| t.slot.no).collect::<Vec<_>>(), [1, 2]);
    let two = device(&mut class, 2, 1).unwrap();
    assert_eq!(standing(&class, two), Standing::Waiting(Wait::Talk));
    assert_eq!(class.lesson.next_talk(class.now), None, "no teacher is there");
    class.seat("teacher", Role::Teacher);
    assert_eq!(class.lesson.next_talk(class.now), Some((2, minute(10))));
    assert_eq!(server_begins(&mut class, 2), [], "it is not time yet");
    assert_eq!(server_begins(&mut class, 1), [], "nobody waits");
    assert_eq!(server_begins(&mut class, 9), [], "there is no such talk");

    class.now = minute(11);
    assert_eq!(class.lesson.next_talk(class.now), Some((2, minute(11))));
    let events = server_begins(&mut class, 2);
    let told = Audience::Only(vec![two, p(2)]);
    assert!(events.iter().all(|(to, _)| *to == told));
    assert!(matches!(
        events[..],
        [(_, Event::SeatTaken(_)), (_, Event::Talk(TalkEvent::Began { slot: 2 }))]
    ));
    assert_eq!(fate(&class, 2), Fate::On { since: minute(11), until: minute(21) });
    device(&mut class, 1, 1).unwrap();
    assert_eq!(server_begins(&mut class, 1), [], "another is on");
    assert_eq!(server_begins(&mut class, 2), [], "it is on already");
    assert_eq!(talk(&mut class, TalkIntent::Begin { slot: 1 }), Err(Denied::Forbidden));
    // Nobody but a teacher ends a talk, and a family least of all begins one.
    let finish = Intent::Talk(TalkIntent::Finish);
    assert_eq!(class.act(Actor::Server, finish.clone()), Err(Denied::Forbidden));
    assert_eq!(class.act(Actor::Participant(two), finish), Err(Denied::Forbidden));
}

#[test]
fn a_teacher_takes_families_as_they_come() {
    let mut class = evening(3);
    class.now = minute(5);
    let begin = |slot| TalkIntent::Begin { slot };
    assert_eq!(talk(&mut class, begin(1)), Err(Denied::NotFound), "nobody waits");
    assert_eq!(talk(&mut class, begin(9)), Err(Denied::NotFound));
    assert_eq!(talk(&mut class, TalkIntent::Finish), Err(Denied::NotFound));
    assert_eq!(talk(&mut class, TalkIntent::More), Err(Denied::NotFound));
    // Early.
    device(&mut class, 2, 1).unwrap();
    assert_eq!(talk(&mut class, begin(2)).unwrap().len(), 2);
    assert_eq!(talk(&mut class, begin(2)), Ok(vec![]));
    assert_eq!(class.lesson.talk_ends(), Some(minute(15)));
    let more = talk(&mut class, TalkIntent::More).unwrap();
    let until = minute(17);
    assert_eq!(more, [Event::Talk(TalkEvent::Extended { slot: 2, until })]);
    assert_eq!(class.log.last().unwrap().audience, Audience::Only(vec![p(1), p(2)]));
    for intent in [TalkIntent::NoShow { slot: 2 }, TalkIntent::Skip { slot: 2 }] {
        assert_eq!(talk(&mut class, intent), Err(Denied::Forbidden));
    }
    let finished = talk(&mut class, TalkIntent::Finish).unwrap();
    let over = Event::Talk(TalkEvent::Finished { slot: 2 });
    assert_eq!(finished, [Event::SeatLeft { no: p(2) }, over]);

    // Missed and skipped families who come after all: not by themselves.
    talk(&mut class, TalkIntent::NoShow { slot: 1 }).unwrap();
    assert_eq!(class.log.last().unwrap().audience, Audience::Staff);
    assert_eq!(talk(&mut class, TalkIntent::NoShow { slot: 1 }), Ok(vec![]));
    device(&mut class, 3, 1).unwrap();
    let no_show = TalkIntent::NoShow { slot: 3 };
    assert_eq!(talk(&mut class, no_show), Err(Denied::Forbidden), "they sit at the door");
    talk(&mut class, TalkIntent::Skip { slot: 3 }).unwrap();
    assert_eq!(talk(&mut class, TalkIntent::Skip { slot: 3 }), Ok(vec![]));
    device(&mut class, 1, 1).unwrap();
    class.now = minute(60);
    assert_eq!(class.lesson.next_talk(class.now), None);
    assert_eq!((server_begins(&mut class, 1), server_begins(&mut class, 3)), (vec![], vec![]));
    for slot in [3, 1] {
        talk(&mut class, begin(slot)).unwrap();
        talk(&mut class, TalkIntent::Finish).unwrap();
        assert_eq!(fate(&class, slot), Fate::Over);
    }
    for intent in [TalkIntent::NoShow { slot: 1 }, TalkIntent::Skip { slot: 1 }] {
        assert_eq!(talk(&mut class, intent), Err(Denied::Forbidden));
    }
    assert_eq!(talk(&mut class, TalkIntent::Skip { slot: 9 }), Err(Denied::NotFound));
}

#[test]
fn two_devices_of_a_family() {
    let mut class = evening(2);
    let devices = [1, 2].map(|n| device(&mut class, 1, n).unwrap());
    assert_eq!(device(&mut class, 1, 3), Err(Denied::Full));
    server_begins(&mut class, 1);
    assert!(devices.iter().all(|no| standing(&class, *no) == Standing::Online));
    // Each has seen the first thing that concerns it: the own seat or what came after.
    assert_eq!(devices.map(|no| class.lesson.seq_for(no)), [3, 2]);

    // One goes: the talk goes on, and it can come back at once. A third cannot.
    class.act(Actor::Participant(devices[0]), Intent::Leave).unwrap();
    assert_eq!(class.lesson.talks().on(), Some(1));
    assert_eq!(device(&mut class, 1, 1), Ok(devices[0]));
    assert_eq!(standing(&class, devices[0]), Standing::Online);
    assert_eq!(device(&mut class, 1, 3), Err(Denied::Full));
    let id = RecordingId::parse("talk").unwrap();
    let record = Intent::StartRecording { id, begins: class.now };
    assert_eq!(class.by(1, record), Err(Denied::Forbidden));

    // Both go: it is over, and the next may begin.
    class.act(Actor::Participant(devices[1]), Intent::Leave).unwrap();
    let last = class.act(Actor::Participant(devices[0]), Intent::Leave).unwrap();
    let events: Vec<_> = last.events.into_iter().map(|(_, event)| event).collect();
    let over = Event::Talk(TalkEvent::Finished { slot: 1 });
    assert_eq!(events, [Event::SeatLeft { no: devices[0] }, over]);
    // A device that comes back waits until the teacher takes the family in again.
    assert_eq!(device(&mut class, 1, 1), Ok(devices[0]));
    assert_eq!(standing(&class, devices[0]), Standing::Waiting(Wait::Talk));
    assert_eq!(class.lesson.next_talk(class.now), None);
    talk(&mut class, TalkIntent::Begin { slot: 1 }).unwrap();
    // Whoever is removed is out as well.
    let removed = class.by(1, Intent::Remove { who: devices[0] }).unwrap();
    assert_eq!(removed.last(), Some(&Event::Talk(TalkEvent::Finished { slot: 1 })));
    assert_eq!(device(&mut class, 9, 1), Err(Denied::NotFound));
}

#[test]
fn a_new_plan_keeps_what_has_happened() {
    let mut class = evening(3);
    device(&mut class, 1, 1).unwrap();
    server_begins(&mut class, 1);
    talk(&mut class, TalkIntent::NoShow { slot: 2 }).unwrap();
    let moved = Slot { begins: minute(90), ..slot(2) };
    plan(&mut class, vec![slot(4), moved.clone()]);
    let fates: BTreeMap<_, _> =
        class.lesson.talks().all().iter().map(|t| (t.slot.no, t.fate)).collect();
    let on = Fate::On { since: minute(0), until: minute(10) };
    assert_eq!(fates, BTreeMap::from([(1, on), (2, Fate::Missed), (4, Fate::Planned)]));
    assert_eq!(class.lesson.talks().get(2).unwrap().slot, moved);
    let hash = class.lesson.state_hash();
    let from = class.log.len();
    plan(&mut class, vec![slot(4), moved]);
    assert_eq!((class.lesson.state_hash(), class.log.len()), (hash, from));
}

/// Who is told of each event, in a room where family A is in, or out, and B does everything.
#[test]
fn a_family_never_learns_of_another() {
    let mut class = evening(3);
    let a = device(&mut class, 1, 1).unwrap();
    server_begins(&mut class, 1);
    let say = |text: &str| Intent::Chat { to: ChatTo::All, text: Text::from(text) };
    class.act(Actor::Participant(a), say("we are A")).unwrap();
    class.by(1, say("welcome, A")).unwrap();

    // A is in: B comes, waits, goes and comes again; C is passed over.
    let unseen = |class: &mut Class, to: ParticipantNo, act: &mut dyn FnMut(&mut Class)| {
        let (from, before) = (class.log.len(), class.lesson.seq_for(to));
        act(class);
        assert!(class.log.len() > from, "something happened");
        for logged in &class.log[from..] {
            assert!(!class.lesson.visible(logged, to), "{to} sees {logged:?}");
        }
        assert_eq!(class.lesson.seq_for(to), before);
    };
    unseen(&mut class, a, &mut |class| {
        let b = device(class, 2, 1).unwrap();
        class.act(Actor::Server, Intent::Disconnected { who: b }).unwrap();
        device(class, 2, 1).unwrap();
        class.by(1, Intent::Rename { who: b, name: Text::from("Familie B") }).unwrap();
        talk(class, TalkIntent::Skip { slot: 3 }).unwrap();
        assert_eq!(class.act(Actor::Participant(b), say("hello")), Err(Denied::Forbidden));
    });
    let b = p(3);
    assert_eq!(class.lesson.seq_for(b), 0, "whoever waits counts nothing");
    class.now = minute(12);
    talk(&mut class, TalkIntent::Finish).unwrap();
    assert_eq!(class.log.last().unwrap().audience, Audience::Only(vec![p(1), a]));

    // A is out: B's whole talk, and what the teacher does in it.
    unseen(&mut class, a, &mut |class| {
        assert_ne!(server_begins(class, 2), []);
        let send = |on| Intent::Send { kind: SourceKind::Microphone, on };
        for no in [b, p(1)] {
            for intent in [say("we are B"), Intent::Hand { up: true }, send(true)] {
                class.act(Actor::Participant(no), intent).unwrap();
            }
        }
        class.act(Actor::Participant(b), Intent::Rename { who: b, name: Text::from("B") }).unwrap();
        class.by(1, Intent::Mute { who: b, kind: SourceKind::Microphone }).unwrap();
        class.by(1, send(false)).unwrap();
        class.by(1, Intent::HideRecent { who: b }).unwrap();
        talk(class, TalkIntent::More).unwrap();
        // A's other link is shown at the door meanwhile: they wait, and B learns nothing.
        let (before, from) = (class.lesson.seq_for(b), class.log.len());
        device(class, 1, 2).unwrap();
        assert_eq!(class.lesson.seq_for(b), before);
        assert!(class.log[from..].iter().all(|logged| !class.lesson.visible(logged, b)));
        class.act(Actor::Participant(b), Intent::Leave).unwrap();
    });
    assert_eq!(class.lesson.talks().on(), None);
    assert!(!class.lesson.sees(a, b) && !class.lesson.sees(b, a));

    // A once more: what B wrote and was told is not theirs to read, nor the other way round.
    assert_eq!(device(&mut class, 1, 1), Ok(a));
    talk(&mut class, TalkIntent::Begin { slot: 1 }).unwrap();
    let readable = |no: ParticipantNo| {
        let lines = class.lesson.chat().filter(|line| line.readers.includes(no, Role::Guest));
        lines.map(|line| line.id).collect::<Vec<_>>()
    };
    assert_eq!((readable(a), readable(b)), (vec![1, 2], vec![3, 4]));
    assert!(class.lesson.sees(a, p(1)) && !class.lesson.sees(b, p(1)));
}
