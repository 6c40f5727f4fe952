//! Nobody learns of another group, and nobody is in two.

use kreide_control::{ParticipantNo, ScopeNo, SourceKind};
use kreide_lesson::{
    Actor, ChatTo, Deal, Denied, Event, GroupEvent, GroupIntent, Intent, Lesson, LockKind, Logged,
    Millis, Text,
};
use proptest::prelude::*;

use super::two_groups;
use crate::fixture::{Class, Role, key, p};

/// Everything that happens in group 2, and what the pupils of group 1 learn of it: nothing.
#[test]
fn a_pupil_learns_nothing_of_another_group() {
    let mut class = two_groups();
    let text = |text: &str| Text::from(text);
    let chat = |to| Intent::Chat { to, text: text("hush") };
    let lock = |locked| Intent::Lock { who: Some(p(4)), what: LockKind::Microphone, locked };
    let send = |kind, on| Intent::Send { kind, on };
    let listen = |group| GroupIntent::Listen { group, begins: Millis(0) };
    let assign = |who, group| GroupIntent::Assign { who: p(who), group };
    let begin = GroupIntent::BeginListening { who: p(7) };
    let content = LockKind::Content;
    let grant = |on| Intent::Grant { who: p(4), what: content, on };
    let (microphone, camera) = (SourceKind::Microphone, SourceKind::Camera);
    let teacher = Some(1);
    let steps = [
        (Some(4), chat(ChatTo::Group(2))),
        (teacher, chat(ChatTo::Group(2))),
        (Some(4), Intent::EditChat { id: 1, text: text("still") }),
        (Some(4), Intent::Hand { up: true }),
        (teacher, Intent::LowerHand { who: p(4) }),
        (Some(4), Intent::Hand { up: true }),
        (Some(4), send(microphone, true)),
        (Some(4), send(camera, true)),
        (teacher, Intent::Mute { who: p(4), kind: camera }),
        (teacher, lock(true)),
        (teacher, lock(false)),
        (teacher, grant(true)),
        (Some(4), send(SourceKind::Content, true)),
        (teacher, grant(false)),
        (teacher, Intent::LetSpeak { who: p(4), on: true }),
        (teacher, Intent::LetSpeak { who: p(4), on: false }),
        (teacher, Intent::HideRecent { who: p(4) }),
        (teacher, Intent::DeleteChat { id: 1 }),
        (Some(5), Intent::Groups(GroupIntent::CallTeacher { on: true })),
        (teacher, Intent::Groups(GroupIntent::Visit { group: Some(2) })),
        (teacher, send(microphone, true)),
        (teacher, Intent::Groups(GroupIntent::Visit { group: None })),
        (Some(7), Intent::Groups(listen(Some(2)))),
        (None, Intent::Groups(begin)),
        (Some(7), Intent::Groups(listen(None))),
        (teacher, Intent::Groups(assign(6, Some(2)))),
        (teacher, Intent::Groups(assign(6, None))),
        (Some(4), send(microphone, true)),
    ];
    let mut member = class.lesson.seq_for(p(5));
    for (actor, intent) in steps {
        let from = class.log.len();
        let before = [2, 3].map(|no| class.lesson.seq_for(p(no)));
        let what = format!("{intent:?} by {actor:?}");
        let actor = actor.map_or(Actor::Server, |no| Actor::Participant(p(no)));
        class.act(actor, intent).expect(&what);
        assert!(class.log.len() > from, "{what} did something");
        for logged in &class.log[from..] {
            for no in [2, 3].map(p) {
                assert!(!class.lesson.visible(logged, no), "{no} sees {logged:?}: {what}");
            }
        }
        assert_eq!([2, 3].map(|no| class.lesson.seq_for(p(no))), before, "{what}");
        // The others of the group do.
        let is_away = what.starts_with("Send { kind: Microphone, on: true } by Some(1)")
            && class.lesson.groups().visits(p(1)).is_none();
        assert!(class.lesson.seq_for(p(5)) > member || is_away, "{what} is seen in the group");
        member = class.lesson.seq_for(p(5));
    }
    let private = Intent::Chat { to: ChatTo::Person(p(4)), text: text("psst") };
    assert_eq!(class.by(2, private), Err(Denied::Forbidden));
    assert_eq!(class.by(2, chat(ChatTo::Group(2))), Err(Denied::Forbidden));
    assert!(class.lesson.chat().all(|line| !line.readers.includes(p(2), Role::Pupil)));

    // Another device: what the one before sent is off, and only the group notices.
    let before = class.lesson.seq_for(p(2));
    assert_eq!(class.sending(4), [microphone]);
    class.seat("s4", Role::Pupil);
    assert_eq!((class.sending(4), class.lesson.seq_for(p(2))), (vec![], before));

    // Who is there at all, and what is said to all, everyone knows.
    for (no, intent, seen) in [
        (4, Intent::Rename { who: p(4), name: text("Vier") }, 1),
        (5, Intent::Leave, 1),
        (4, chat(ChatTo::All), 1),
        (1, Intent::Lock { who: None, what: LockKind::Chat, locked: true }, 3),
    ] {
        let before = class.lesson.seq_for(p(2));
        class.by(no, intent.clone()).unwrap();
        // Of a lock for all: the lock, and what it does to those around.
        assert_eq!(class.lesson.seq_for(p(2)) - before, seen, "{intent:?}");
    }
    for intent in [Intent::Disconnected { who: p(4) }, Intent::Groups(GroupIntent::Close)] {
        let before = class.lesson.seq_for(p(2));
        let intent = match intent {
            Intent::Groups(_) => class.by(1, intent).map(drop),
            intent => class.act(Actor::Server, intent).map(drop),
        };
        intent.unwrap();
        assert_eq!(class.lesson.seq_for(p(2)) - before, 1);
    }

    // Back in the class everything is seen again.
    for (no, intent) in [
        (4, Intent::Hand { up: true }),
        (4, send(camera, true)),
        (1, send(microphone, false)),
        (1, lock(true)),
    ] {
        let before = class.lesson.seq_for(p(2));
        class.by(no, intent.clone()).unwrap();
        assert!(class.lesson.seq_for(p(2)) > before, "{intent:?}");
    }
    assert!(class.lesson.sees(p(2), p(4)));
}

#[derive(Clone, Debug)]
enum Step {
    Act(u32, GroupIntent),
    Server(GroupIntent),
    Join(u32),
    Leave(u32),
    Pass(i64),
}

/// Teachers are 1 and 2.
fn role_of(no: u32) -> Role {
    if no <= 2 { Role::Teacher } else { Role::Pupil }
}

fn step() -> impl Strategy<Value = Step> {
    let to = || prop::option::weighted(0.8, 0..4_u8);
    let who = || (1..10_u32).prop_map(p);
    let groups = prop::collection::vec(prop::collection::vec(who(), 0..4), 0..4);
    let deal = prop_oneof![(0..5_u8).prop_map(Deal::Number), (0..5_u8).prop_map(Deal::Size)];
    let taught = prop_oneof![
        2 => groups.prop_map(|groups| GroupIntent::Prepare { groups }),
        2 => (deal, any::<bool>(), any::<u64>())
            .prop_map(|(deal, shuffled, seed)| GroupIntent::Deal { deal, shuffled, seed }),
        1 => (0..4_u8).prop_map(|groups| GroupIntent::Offer { groups }),
        8 => prop::option::of(0..3_u16).prop_map(|minutes| GroupIntent::Open { minutes }),
        1 => (0..3_u16).prop_map(|minutes| GroupIntent::Extend { minutes }),
        1 => Just(GroupIntent::Close),
        6 => (who(), to()).prop_map(|(who, group)| GroupIntent::Assign { who, group }),
        6 => to().prop_map(|group| GroupIntent::Visit { group }),
        6 => to().prop_map(|group| GroupIntent::Listen { group, begins: Millis(0) }),
        2 => any::<bool>().prop_map(|on| GroupIntent::SpeakToAll { on }),
    ];
    let of_pupils = prop_oneof![
        (0..4_u8).prop_map(|group| GroupIntent::Choose { group }),
        any::<bool>().prop_map(|on| GroupIntent::CallTeacher { on }),
    ];
    prop_oneof![
        12 => (1..3_u32, taught).prop_map(|(no, intent)| Step::Act(no, intent)),
        5 => (3..9_u32, of_pupils).prop_map(|(no, intent)| Step::Act(no, intent)),
        3 => (1..3_u32).prop_map(|no| Step::Server(GroupIntent::BeginListening { who: p(no) })),
        1 => Just(Step::Server(GroupIntent::Close)),
        2 => (1..9_u32).prop_map(Step::Join),
        2 => (1..9_u32).prop_map(Step::Leave),
        2 => (0..90_000_i64).prop_map(Step::Pass),
    ]
}

/// The groups that an event tells of, before and after it, among them the class, which is the
/// inner `None`; the outer one where it is meant for all.
fn tells_of(event: &GroupEvent, before: &Lesson) -> Option<Vec<Option<u8>>> {
    let groups = before.groups();
    let listening = |no: &ParticipantNo| groups.listening_of(*no).map(|of| of.group);
    match event {
        GroupEvent::Assigned { no, group } => Some(vec![groups.group_for(*no), *group]),
        GroupEvent::Visited { no, group } => Some(vec![groups.visits(*no), *group]),
        GroupEvent::ListenAnnounced { group, .. } | GroupEvent::Called { group, .. } => {
            Some(vec![Some(*group)])
        }
        GroupEvent::ListenBegan { no } | GroupEvent::ListenEnded { no } => {
            Some(vec![Some(listening(no)?)])
        }
        _ => None,
    }
}

fn check(lesson: &Lesson) {
    let groups = lesson.groups();
    let people: Vec<_> = lesson.people().collect();
    for person in &people {
        let no = person.no;
        let of = (1..=groups.count())
            .filter(|group| groups.members(*group).any(|member| member == no))
            .count();
        assert!(of <= 1, "{no} is in {of} groups");
        assert!(groups.visits(no).is_none() || groups.listening_of(no).is_none());
        let place = lesson.place(no);
        let scope = groups.visits(no).or(lesson.group_of(no)).map_or(ScopeNo::CLASS, ScopeNo);
        assert_eq!(place.scope, scope);
        assert!(groups.is_open() || (scope == ScopeNo::CLASS && place.listens.is_none()));
        if person.role == Role::Pupil {
            assert!(!place.everywhere && place.listens.is_none() && groups.visits(no).is_none());
        } else {
            assert_eq!(groups.group_for(no), None);
        }
    }
    let pupils = || people.iter().filter(|person| person.role == Role::Pupil).map(|one| one.no);
    for (a, b) in pupils().flat_map(|a| pupils().map(move |b| (a, b))) {
        let receives = lesson.place(a).receives(&lesson.place(b));
        assert_eq!(receives, lesson.place(b).receives(&lesson.place(a)));
        assert_eq!(receives, lesson.group_of(a) == lesson.group_of(b));
        assert_eq!(receives, lesson.sees(a, b));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_in_two_groups_or_told_of_another(steps in prop::collection::vec(step(), 1..80)) {
        let mut class = Class::new();
        for no in 1..9 {
            class.seat(&format!("s{no}"), role_of(no));
        }
        for step in steps {
            let (from, before) = (class.log.len(), class.lesson.clone());
            // Refusals are part of a lesson.
            let _ = match step {
                Step::Act(no, intent) => class.by(no, Intent::Groups(intent)).map(drop),
                Step::Server(intent) => class.act(Actor::Server, Intent::Groups(intent)).map(drop),
                Step::Join(no) => {
                    class.seat(&format!("s{no}"), role_of(no));
                    Ok(())
                }
                Step::Leave(no) => class.by(no, Intent::Leave).map(drop),
                Step::Pass(milliseconds) => {
                    class.pass(milliseconds);
                    Ok(())
                }
            };
            check(&class.lesson);
            let mut before = before;
            for logged in &class.log[from..] {
                if let Event::Group(event) = &logged.event
                    && let Some(groups) = tells_of(event, &before)
                {
                    let mut after = before.clone();
                    after.apply(logged).unwrap();
                    for no in (3..9).map(p).filter(|no| before.visible(logged, *no)) {
                        // The one who is put there is told what goes on there first.
                        let own = [&before, &after, &class.lesson]
                            .map(|lesson| lesson.groups().group_for(no));
                        let is_told = |group: &Option<u8>| {
                            own.contains(group) && (group.is_some() || before.groups().is_open())
                        };
                        prop_assert!(
                            groups.iter().any(is_told),
                            "{} is told {:?}", no, event
                        );
                    }
                }
                before.apply(logged).unwrap();
            }
        }
        let stored: Vec<_> =
            class.log.iter().map(|logged| serde_json::to_string(logged).unwrap()).collect();
        let read = stored.iter().map(|line| serde_json::from_str::<Logged>(line).unwrap());
        let again = Lesson::replay(key(), read).unwrap();
        prop_assert_eq!(again.state_hash(), class.lesson.state_hash());
        for no in (1..9).map(p) {
            let seen = class.log.iter().filter(|logged| again.visible(logged, no)).count();
            prop_assert_eq!(again.seq_for(no), seen as u64);
        }
    }
}
