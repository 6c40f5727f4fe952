//! Breakout groups: who is where, and who is told.

mod apart;

use std::collections::BTreeSet;

use kreide_control::ScopeNo;
use kreide_lesson::{
    Actor, Audience, Deal, Denied, Event, GroupEvent, GroupIntent, Identity, Intent, Lesson,
    MAX_GROUP_MINUTES, MAX_GROUPS, Millis,
};

use crate::fixture::{Class, Role, p};

const MINUTE: i64 = 60_000;

/// A teacher, pupils 2 to 6, a second teacher.
fn class() -> Class {
    use Role::{Pupil, Teacher};
    Class::with(&[Teacher, Pupil, Pupil, Pupil, Pupil, Pupil, Teacher])
}

/// 2 and 3 in group 1, 4 and 5 in group 2, 6 in the class.
fn two_groups() -> Class {
    let mut class = class();
    group(&mut class, 1, prepare(&[&[2, 3], &[4, 5]])).unwrap();
    group(&mut class, 1, GroupIntent::Open { minutes: None }).unwrap();
    class
}

fn prepare(groups: &[&[u32]]) -> GroupIntent {
    let group = |members: &&[u32]| members.iter().copied().map(p).collect();
    GroupIntent::Prepare { groups: groups.iter().map(group).collect() }
}

fn group(class: &mut Class, no: u32, intent: GroupIntent) -> Result<Vec<GroupEvent>, Denied> {
    let events = class.by(no, Intent::Groups(intent))?.into_iter();
    Ok(events
        .map(|event| match event {
            Event::Group(event) => event,
            other => panic!("{other:?} is not of the groups"),
        })
        .collect())
}

fn members(lesson: &Lesson) -> Vec<Vec<u32>> {
    let groups = lesson.groups();
    (1..=groups.count()).map(|group| groups.members(group).map(|no| no.0).collect()).collect()
}

/// Which of 1 to 7 see the last event.
fn readers(class: &Class) -> Vec<u32> {
    let logged = class.log.last().unwrap();
    (1..=7).filter(|no| class.lesson.visible(logged, p(*no))).collect()
}

#[test]
fn prepared_by_hand() {
    let mut class = Class::with(&[
        Role::Teacher,
        Role::Pupil,
        Role::Guest,
        Role::Presenter,
        Role::Interpreter,
        Role::Observer,
        Role::Pupil,
    ]);
    class.by(7, Intent::Leave).unwrap();
    let wanted = prepare(&[&[2, 3, 2, 1], &[4, 2, 5, 6, 7], &[]]);
    assert_eq!(group(&mut class, 1, wanted.clone()).unwrap().len(), 1);
    assert_eq!(members(&class.lesson), [vec![2, 3], vec![4, 5], vec![]]);
    assert_eq!(class.log.last().unwrap().audience, Audience::Staff);
    // Again: nothing new.
    assert_eq!(group(&mut class, 1, wanted), Ok(vec![]));
    assert_eq!(group(&mut class, 1, prepare(&[&[2, 99]])), Err(Denied::NotFound));
    let many = GroupIntent::Prepare { groups: vec![vec![]; usize::from(MAX_GROUPS) + 1] };
    assert_eq!(group(&mut class, 1, many), Err(Denied::Forbidden));
    assert_eq!(group(&mut class, 2, prepare(&[&[2]])), Err(Denied::Forbidden));
    // Nothing at all is prepared any more.
    group(&mut class, 1, prepare(&[])).unwrap();
    assert_eq!(class.lesson.groups().count(), 0);
    let open = GroupIntent::Open { minutes: None };
    assert_eq!(group(&mut class, 1, open), Err(Denied::NotFound));
}

#[test]
fn dealt_out_in_seating_order_or_by_lot() {
    let mut class = Class::with(&[Role::Teacher, Role::Presenter]);
    for seat in [Some(3), None, Some(1), Some(2), None] {
        let n = class.lesson.people().count();
        let identity = class.identity(&format!("pupil {n}"), Role::Pupil);
        class.join(Identity { seat, ..identity }, 0).unwrap();
    }
    let mut deal = |deal, shuffled, seed| {
        group(&mut class, 1, GroupIntent::Deal { deal, shuffled, seed })?;
        Ok(members(&class.lesson))
    };
    assert_eq!(deal(Deal::Number(2), false, 8).unwrap(), [vec![3, 5, 6], vec![4, 7]]);
    assert_eq!(deal(Deal::Size(9), false, 8).unwrap(), [vec![3, 4, 5, 6, 7]]);
    assert_eq!(deal(Deal::Size(2), false, 8).unwrap(), [vec![3, 5, 6], vec![4, 7]]);
    let lots: BTreeSet<_> =
        (0..20).map(|seed| deal(Deal::Number(3), true, seed).unwrap()).collect();
    assert!(lots.len() > 10, "{lots:?}");
    let lot = deal(Deal::Number(3), true, 0).unwrap();
    deal(Deal::Number(1), false, 0).unwrap();
    assert_eq!(deal(Deal::Number(3), true, 0).unwrap(), lot);
    for bad in [Deal::Number(0), Deal::Number(MAX_GROUPS + 1), Deal::Size(0)] {
        assert_eq!(deal(bad, true, 1), Err(Denied::Forbidden));
    }
}

#[test]
fn opened_for_a_time() {
    let mut class = class();
    group(&mut class, 1, prepare(&[&[2, 3], &[4, 5]])).unwrap();
    assert_eq!(class.lesson.group_of(p(2)), None, "prepared and not open");
    for minutes in [0, MAX_GROUP_MINUTES + 1] {
        let open = GroupIntent::Open { minutes: Some(minutes) };
        assert_eq!(group(&mut class, 1, open), Err(Denied::Forbidden));
    }
    let extend = |minutes| GroupIntent::Extend { minutes };
    assert_eq!(group(&mut class, 1, extend(1)), Err(Denied::NotFound));
    let start = class.now.0;
    let open = GroupIntent::Open { minutes: Some(10) };
    group(&mut class, 1, open.clone()).unwrap();
    assert_eq!(readers(&class), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(group(&mut class, 1, open), Ok(vec![]));
    assert_eq!(group(&mut class, 1, prepare(&[&[2]])), Err(Denied::TooLate));
    assert_eq!(class.lesson.groups_due(), Some(Millis(start + 10 * MINUTE)));
    let scopes: Vec<_> = (1..=7).map(|no| class.lesson.place(p(no)).scope.0).collect();
    assert_eq!(scopes, [0, 1, 1, 2, 2, 0, 0]);

    class.pass(9 * MINUTE);
    assert_eq!(group(&mut class, 1, extend(0)), Err(Denied::Forbidden));
    group(&mut class, 1, extend(5)).unwrap();
    class.pass(MINUTE);
    // The server's timer was set before.
    let close = Intent::Groups(GroupIntent::Close);
    assert_eq!(class.act(Actor::Server, close.clone()).unwrap().events, []);
    class.pass(5 * MINUTE);
    assert_eq!(class.act(Actor::Server, close.clone()).unwrap().events.len(), 1);
    assert_eq!(readers(&class), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(class.act(Actor::Server, close).unwrap().events, []);
    assert_eq!((class.lesson.groups_due(), class.lesson.group_of(p(2))), (None, None));

    // The same groups once more, without an end; then with one.
    group(&mut class, 7, GroupIntent::Open { minutes: None }).unwrap();
    assert_eq!(class.lesson.group_of(p(4)), Some(2));
    assert_eq!(class.lesson.groups_due(), None);
    group(&mut class, 1, extend(MAX_GROUP_MINUTES)).unwrap();
    assert_eq!(group(&mut class, 1, extend(1)), Ok(vec![]), "a day is the most");
    assert_eq!(group(&mut class, 1, GroupIntent::Close).unwrap(), [GroupEvent::Closed]);
}

#[test]
fn a_number_keeps_its_group() {
    let mut class = two_groups();
    class.by(4, Intent::Leave).unwrap();
    assert_eq!(class.lesson.group_of(p(4)), None);
    assert_eq!(class.seat("s4", Role::Pupil), p(4));
    assert_eq!(class.lesson.group_of(p(4)), Some(2));
    assert_eq!(class.lesson.place(p(4)).scope, ScopeNo(2));
    let late = class.seat("late", Role::Pupil);
    assert_eq!(class.lesson.group_of(late), None);
    // To the lobby and back.
    class.by(1, Intent::ToLobby { who: p(4) }).unwrap();
    assert_eq!(class.lesson.group_of(p(4)), None);
    class.by(1, Intent::Admit { who: Some(p(4)) }).unwrap();
    assert_eq!(class.lesson.group_of(p(4)), Some(2));
}

#[test]
fn assigned_one_by_one() {
    let mut class = class();
    group(&mut class, 1, prepare(&[&[2, 3], &[4, 5]])).unwrap();
    let assign = |who, group| GroupIntent::Assign { who: p(who), group };
    // What is being prepared is the teachers' alone.
    group(&mut class, 1, assign(6, Some(1))).unwrap();
    assert_eq!(readers(&class), [1, 7]);
    group(&mut class, 1, assign(6, None)).unwrap();
    group(&mut class, 1, GroupIntent::Open { minutes: None }).unwrap();
    group(&mut class, 1, assign(6, Some(1))).unwrap();
    assert_eq!(readers(&class), [1, 2, 3, 6, 7]);
    group(&mut class, 1, assign(3, Some(2))).unwrap();
    assert_eq!(readers(&class), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(members(&class.lesson), [vec![2, 6], vec![3, 4, 5]]);
    group(&mut class, 1, assign(2, None)).unwrap();
    assert_eq!(readers(&class), [1, 2, 6, 7]);
    assert_eq!(group(&mut class, 1, assign(2, None)), Ok(vec![]));
    for (who, to, denied) in [
        (2, Some(0), Denied::NotFound),
        (2, Some(3), Denied::NotFound),
        (9, Some(1), Denied::NotFound),
        (7, Some(1), Denied::Forbidden),
    ] {
        assert_eq!(group(&mut class, 1, assign(who, to)), Err(denied));
    }
    let choose = GroupIntent::Choose { group: 1 };
    assert_eq!(group(&mut class, 2, choose), Err(Denied::Forbidden), "nothing was offered");
}

#[test]
fn chosen_by_everyone() {
    let mut class = class();
    let choose = |group| GroupIntent::Choose { group };
    for groups in [0, MAX_GROUPS + 1] {
        assert_eq!(group(&mut class, 1, GroupIntent::Offer { groups }), Err(Denied::Forbidden));
    }
    group(&mut class, 1, GroupIntent::Offer { groups: 3 }).unwrap();
    assert_eq!(readers(&class), [1, 2, 3, 4, 5, 6, 7]);
    group(&mut class, 2, choose(3)).unwrap();
    assert_eq!(readers(&class), [1, 2, 7]);
    group(&mut class, 3, choose(3)).unwrap();
    assert_eq!(readers(&class), [1, 2, 3, 7]);
    assert_eq!(group(&mut class, 3, choose(4)), Err(Denied::NotFound));
    assert_eq!(group(&mut class, 1, choose(1)), Err(Denied::Forbidden));
    group(&mut class, 1, GroupIntent::Open { minutes: Some(5) }).unwrap();
    group(&mut class, 3, choose(1)).unwrap();
    assert_eq!(members(&class.lesson), [vec![3], vec![], vec![2]]);
    group(&mut class, 1, GroupIntent::Close).unwrap();

    // Whoever was choosing learns that this is over, and not who is put where instead.
    let from = class.log.len();
    group(&mut class, 1, prepare(&[&[2], &[3]])).unwrap();
    let told: Vec<_> = class.log[from..].iter().map(|logged| logged.audience.clone()).collect();
    assert_eq!(told, [Audience::All, Audience::Staff]);
    let none = GroupEvent::Prepared { groups: vec![], choice: false };
    assert_eq!(class.log[from].event, Event::Group(none));
    assert!(!class.lesson.groups().choice());
}

#[test]
fn visiting_and_calling() {
    let mut class = two_groups();
    let visit = |group| GroupIntent::Visit { group };
    let call = |on| GroupIntent::CallTeacher { on };
    assert_eq!(group(&mut class, 6, call(true)), Err(Denied::NotFound), "in no group");
    assert_eq!(group(&mut class, 6, call(false)), Ok(vec![]));
    group(&mut class, 4, call(true)).unwrap();
    assert_eq!(readers(&class), [1, 4, 5, 7]);
    assert_eq!(group(&mut class, 5, call(true)), Ok(vec![]));
    assert_eq!(class.lesson.groups().calls().collect::<Vec<_>>(), [2]);

    let events = group(&mut class, 1, visit(Some(2))).unwrap();
    assert_eq!(
        events,
        [
            GroupEvent::Visited { no: p(1), group: Some(2) },
            GroupEvent::Called { group: 2, on: false },
        ]
    );
    assert_eq!(readers(&class), [1, 4, 5, 7]);
    assert_eq!(class.lesson.groups().visitors(2).collect::<Vec<_>>(), [p(1)]);
    assert_eq!(class.lesson.place(p(1)).scope, ScopeNo(2));
    assert!(class.lesson.sees(p(4), p(1)) && !class.lesson.sees(p(2), p(1)));
    assert_eq!(group(&mut class, 1, visit(Some(2))), Ok(vec![]));
    for wrong in [0, 3] {
        assert_eq!(group(&mut class, 1, visit(Some(wrong))), Err(Denied::NotFound));
    }
    group(&mut class, 1, visit(Some(1))).unwrap();
    assert_eq!(readers(&class), [1, 2, 3, 4, 5, 7], "those whom the teacher leaves, too");
    group(&mut class, 1, visit(None)).unwrap();
    assert_eq!(readers(&class), [1, 2, 3, 6, 7], "and the class to which the teacher comes");
    group(&mut class, 1, visit(Some(1))).unwrap();
    group(&mut class, 1, GroupIntent::Close).unwrap();
    assert_eq!(class.lesson.groups().visits(p(1)), None);
    assert_eq!(group(&mut class, 1, visit(Some(1))), Err(Denied::NotFound));
    assert_eq!(group(&mut class, 1, visit(None)), Ok(vec![]));
    assert_eq!(group(&mut class, 4, call(true)), Err(Denied::NotFound));
}

#[test]
fn the_class_reads_who_goes_into_a_group_and_who_comes_back() {
    let mut class = two_groups();
    let visit = |group| GroupIntent::Visit { group };
    let assign = |group| GroupIntent::Assign { who: p(3), group };
    for (intent, read) in [
        (assign(None), vec![1, 2, 3, 6, 7]),
        (assign(Some(2)), vec![1, 3, 4, 5, 6, 7]),
        (visit(Some(1)), vec![1, 2, 6, 7]),
        (visit(Some(2)), vec![1, 2, 3, 4, 5, 7]),
        (visit(None), vec![1, 3, 4, 5, 6, 7]),
    ] {
        group(&mut class, 1, intent.clone()).unwrap();
        assert_eq!(readers(&class), read, "{intent:?}");
    }
}

#[test]
fn listening_is_announced() {
    let mut class = two_groups();
    let listen = |group, begins| GroupIntent::Listen { group, begins };
    let begin = Intent::Groups(GroupIntent::BeginListening { who: p(1) });
    let begins = Millis(class.now.0 + 3_000);
    assert_eq!(class.act(Actor::Server, begin.clone()).unwrap().events, []);
    group(&mut class, 1, listen(Some(2), begins)).unwrap();
    assert_eq!(readers(&class), [1, 4, 5, 7]);
    assert_eq!(class.lesson.listening_due(), Some((begins, p(1))));
    assert_eq!(group(&mut class, 1, listen(Some(2), begins)), Ok(vec![]));

    class.pass(2_999);
    assert_eq!(class.act(Actor::Server, begin.clone()).unwrap().events, []);
    assert_eq!(class.lesson.place(p(1)).listens, None);
    class.pass(1);
    assert_eq!(class.act(Actor::Server, begin.clone()).unwrap().events.len(), 1);
    assert_eq!(readers(&class), [1, 4, 5, 7]);
    assert_eq!(class.lesson.place(p(1)).listens, Some(ScopeNo(2)));
    assert_eq!(class.lesson.place(p(1)).scope, ScopeNo::CLASS);
    assert_eq!(class.lesson.listening_due(), None);
    assert_eq!(class.act(Actor::Server, begin.clone()).unwrap().events, []);

    // Whoever comes into the group is told before that.
    let events = group(&mut class, 1, GroupIntent::Assign { who: p(6), group: Some(2) }).unwrap();
    let announced = GroupEvent::ListenAnnounced { no: p(1), group: 2, begins };
    assert_eq!(events, [announced, GroupEvent::Assigned { no: p(6), group: Some(2) }]);
    let told = &class.log[class.log.len() - 2];
    assert!(class.lesson.visible(told, p(6)) && !class.lesson.visible(told, p(2)));
    assert!(class.lesson.groups().listening_of(p(1)).unwrap().begun);

    // Another group: anew. A visit ends it, and the other way round.
    let events = group(&mut class, 1, listen(Some(1), Millis(0))).unwrap();
    assert!(matches!(
        events[..],
        [GroupEvent::ListenEnded { .. }, GroupEvent::ListenAnnounced { group: 1, begins, .. }]
            if begins == class.now
    ));
    let events = group(&mut class, 1, GroupIntent::Visit { group: Some(1) }).unwrap();
    assert!(matches!(events[..], [GroupEvent::ListenEnded { .. }, GroupEvent::Visited { .. }]));
    let events = group(&mut class, 1, listen(Some(2), Millis(0))).unwrap();
    assert!(matches!(
        events[..],
        [GroupEvent::Visited { group: None, .. }, GroupEvent::ListenAnnounced { .. }]
    ));
    group(&mut class, 1, listen(None, Millis(0))).unwrap();
    assert_eq!(readers(&class), [1, 4, 5, 6, 7]);
    assert_eq!(class.act(Actor::Server, begin).unwrap().events, []);
    assert_eq!(group(&mut class, 1, listen(Some(3), Millis(0))), Err(Denied::NotFound));
}

#[test]
fn a_teacher_who_leaves_drops_everything() {
    let mut class = two_groups();
    let speak = |on| GroupIntent::SpeakToAll { on };
    group(&mut class, 1, speak(true)).unwrap();
    assert_eq!(readers(&class), [1, 2, 3, 4, 5, 6, 7]);
    assert!(class.lesson.place(p(1)).everywhere && class.lesson.sees(p(2), p(1)));
    assert_eq!(group(&mut class, 1, speak(true)), Ok(vec![]));
    group(&mut class, 1, speak(false)).unwrap();
    assert!(!class.lesson.sees(p(2), p(1)));
    group(&mut class, 1, speak(true)).unwrap();
    group(&mut class, 1, GroupIntent::Visit { group: Some(1) }).unwrap();
    let listen = GroupIntent::Listen { group: Some(1), begins: Millis(0) };
    group(&mut class, 7, listen).unwrap();

    class.by(1, Intent::Leave).unwrap();
    class.by(7, Intent::Leave).unwrap();
    class.seat("s1", Role::Teacher);
    class.seat("s7", Role::Teacher);
    let groups = class.lesson.groups();
    assert_eq!((groups.visits(p(1)), groups.speakers().count()), (None, 0));
    assert_eq!(groups.listening().count(), 0);
    group(&mut class, 1, GroupIntent::Close).unwrap();
    assert_eq!(group(&mut class, 1, speak(true)), Err(Denied::NotFound));
    assert_eq!(group(&mut class, 1, speak(false)), Ok(vec![]));
}
