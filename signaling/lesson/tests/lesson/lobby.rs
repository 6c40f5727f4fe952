//! Who waits and why, who lets them in, and what they learn meanwhile; names; and attendance.

use kreide_control::{Lobby, Policy};
use kreide_lesson::{
    Actor, ChatTo, Denied, Event, Identity, Intent, LockKind, Standing, Text, Wait,
};

use crate::fixture::{Class, Role, hash, p};

const ROLES: [Role; 6] =
    [Role::Teacher, Role::Presenter, Role::Pupil, Role::Guest, Role::Interpreter, Role::Observer];

fn set(class: &mut Class, policy: Policy) {
    class.act(Actor::Server, Intent::SetPolicy { policy, talks: Vec::new() }).unwrap();
}

fn lobby(lobby: Lobby) -> Policy {
    Policy { lobby, ..Policy::unwritten() }
}

fn waits(class: &Class, no: u32) -> Option<Wait> {
    match class.lesson.person(p(no))?.standing {
        Standing::Waiting(why) => Some(why),
        _ => None,
    }
}

/// Teacher 1, pupil 2, guest 3 who waits in the lobby.
fn class_with_a_guest_at_the_door() -> Class {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil]);
    set(&mut class, lobby(Lobby::Guests));
    assert_eq!(class.seat("guest", Role::Guest), p(3));
    assert_eq!(waits(&class, 3), Some(Wait::Lobby));
    class
}

/// `L` for a teacher to let them in, `B` for a teacher to come; a column per role.
#[test]
fn who_waits() {
    let table = [
        (Lobby::Nobody, true, false, "......", "......"),
        (Lobby::Guests, true, false, "...L..", "...L.."),
        (Lobby::Everyone, true, false, ".LLLLL", ".LLLLL"),
        (Lobby::Nobody, false, false, "......", ".BBBBB"),
        (Lobby::Guests, false, false, "...L..", ".BBLBB"),
        (Lobby::Nobody, true, true, ".LLLLL", ".LLLLL"),
    ];
    for (lobby, early, by_link, with_teacher, alone) in table {
        for (teacher, expected) in [(true, with_teacher), (false, alone)] {
            let cell = |role| {
                let mut class = Class::new();
                set(&mut class, Policy { lobby, early, ..Policy::unwritten() });
                if teacher {
                    class.seat("teacher", Role::Teacher);
                }
                let identity = Identity { waits: by_link, ..class.identity("new", role) };
                let no = class.join(identity, 0).unwrap().seat.unwrap();
                match waits(&class, no.0) {
                    Some(Wait::Lobby) => 'L',
                    Some(Wait::Begin) => 'B',
                    Some(Wait::Talk) => 'T',
                    None => '.',
                }
            };
            let row: String = ROLES.into_iter().map(cell).collect();
            assert_eq!(row, expected, "{lobby:?} {early} {by_link} {teacher}");
        }
    }
}

#[test]
fn a_teacher_lets_in_one_or_all_or_sends_away() {
    let mut class = class_with_a_guest_at_the_door();
    for n in 4..=6 {
        class.seat(&format!("guest{n}"), Role::Guest);
    }
    assert_eq!(class.lesson.waiting().count(), 4);
    assert_eq!(class.lesson.people().count(), 2);
    let admit = |who: Option<u32>| Intent::Admit { who: who.map(p) };
    class.by(1, admit(Some(4))).unwrap();
    assert_eq!(class.by(1, admit(Some(4))), Err(Denied::NotFound));
    assert_eq!(class.by(1, admit(Some(2))), Err(Denied::NotFound));
    class.by(1, Intent::TurnAway { who: p(5) }).unwrap();
    assert_eq!(class.by(1, Intent::TurnAway { who: p(2) }), Err(Denied::NotFound));
    assert_eq!(class.lesson.person(p(5)).unwrap().standing, Standing::Left);
    class.by(1, admit(None)).unwrap();
    assert_eq!(class.by(1, admit(None)).unwrap(), []);
    let here: Vec<_> = class.lesson.people().map(|person| person.no.0).collect();
    assert_eq!(here, [1, 2, 3, 4, 6]);
    // Let in once, in for the lesson; sent away, back to the lobby.
    class.by(4, Intent::Leave).unwrap();
    class.seat("guest4", Role::Guest);
    assert_eq!(waits(&class, 4), None);
    class.seat("guest5", Role::Guest);
    assert_eq!(waits(&class, 5), Some(Wait::Lobby));
}

#[test]
fn whoever_waits_sees_and_counts_nothing() {
    let mut class = class_with_a_guest_at_the_door();
    let start = class.log.len();
    class.by(2, Intent::Chat { to: ChatTo::All, text: Text::from("hello") }).unwrap();
    class.by(2, Intent::Hand { up: true }).unwrap();
    assert_eq!(class.lesson.seq_for(p(3)), 0);
    assert!(class.log.iter().all(|logged| !class.lesson.visible(logged, p(3))));
    assert_eq!(class.lesson.missed(p(3), 1, &class.log), None);
    assert_eq!(class.lesson.rights(p(3)), kreide_lesson::Rights::default());
    for intent in [Intent::Hand { up: true }, Intent::Quiet { on: true }] {
        assert_eq!(class.by(3, intent), Err(Denied::Forbidden));
    }
    // Nor do pupils learn who waits.
    assert!(!class.log[..start].iter().any(|logged| {
        matches!(logged.event, Event::Waiting { .. }) && class.lesson.visible(logged, p(2))
    }));
    class.by(1, Intent::Admit { who: Some(p(3)) }).unwrap();
    assert_eq!(class.lesson.seq_for(p(3)), 1);
    let seen: Vec<_> =
        class.log.iter().filter(|logged| class.lesson.visible(logged, p(3))).collect();
    assert_eq!(seen.iter().map(|logged| logged.event.kind()).collect::<Vec<_>>(), ["seatTaken"]);
}

#[test]
fn to_the_lobby_and_back() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil, Role::Teacher]);
    class.by(1, Intent::Lock { who: Some(p(2)), what: LockKind::Camera, locked: true }).unwrap();
    assert_eq!(class.by(1, Intent::ToLobby { who: p(3) }), Err(Denied::Forbidden));
    let seq = class.lesson.seq_for(p(2));
    class.by(1, Intent::ToLobby { who: p(2) }).unwrap();
    assert_eq!(waits(&class, 2), Some(Wait::Lobby));
    class.by(1, Intent::Hand { up: true }).unwrap();
    assert!(!class.lesson.visible(class.log.last().unwrap(), p(2)));
    // No way in but the teacher: not with a new link, not by leaving first.
    class.seat("s2", Role::Pupil);
    assert_eq!(waits(&class, 2), Some(Wait::Lobby));
    class.by(2, Intent::Leave).unwrap();
    class.seat("s2", Role::Pupil);
    assert_eq!(waits(&class, 2), Some(Wait::Lobby));
    class.act(Actor::Server, Intent::Disconnected { who: p(2) }).unwrap();
    assert_eq!(class.lesson.waiting().count(), 0);
    class.seat("s2", Role::Pupil);
    class.by(1, Intent::Admit { who: Some(p(2)) }).unwrap();
    assert!(!class.lesson.rights(p(2)).camera, "the lock has waited too");
    assert!(class.lesson.seq_for(p(2)) > seq, "a number is not given twice");
    // What passed while they waited is not to be had by asking.
    assert_eq!(class.lesson.missed(p(2), seq, &class.log), None);
}

#[test]
fn those_who_are_early_come_in_with_the_teacher() {
    let mut class = Class::new();
    set(&mut class, Policy { early: false, ..lobby(Lobby::Guests) });
    for (subject, role) in [("a", Role::Pupil), ("b", Role::Guest), ("c", Role::Presenter)] {
        class.seat(subject, role);
    }
    assert_eq!(class.lesson.started(), None, "nothing has begun");
    class.pass(1_000);
    class.seat("teacher", Role::Teacher);
    assert_eq!(class.lesson.started(), Some(class.now));
    assert_eq!([1, 2, 3].map(|no| waits(&class, no)), [None, Some(Wait::Lobby), None]);
    // The first events that they see are their own seats.
    for no in [1, 3] {
        let seen = class.log.iter().find(|logged| class.lesson.visible(logged, p(no))).unwrap();
        assert!(matches!(&seen.event, Event::SeatTaken(newcomer) if newcomer.no == p(no)));
    }
}

#[test]
fn one_who_was_removed_is_known_by_the_device() {
    let mut class = Class::with(&[Role::Teacher]);
    let with_device = |class: &mut Class, subject: &str, role, device: u8| {
        let identity = class.identity(subject, role);
        class.join(Identity { device: Some(hash(device)), ..identity }, 0).map(|_| ())
    };
    with_device(&mut class, "anna", Role::Guest, 7).unwrap();
    with_device(&mut class, "ben", Role::Guest, 8).unwrap();
    class.by(1, Intent::Remove { who: p(2) }).unwrap();
    assert_eq!(with_device(&mut class, "otto", Role::Guest, 7), Err(Denied::Removed));
    assert_eq!(with_device(&mut class, "otto", Role::Pupil, 7), Err(Denied::Removed));
    with_device(&mut class, "otto", Role::Guest, 9).unwrap();
    // A teacher helps out at that computer.
    with_device(&mut class, "herr k", Role::Teacher, 7).unwrap();
    class.seat("unknown device", Role::Guest);
}

#[test]
fn who_changes_which_name() {
    let mut class = Class::with(&ROLES);
    class.seat("other", Role::Teacher);
    let rename = |who: u32| Intent::Rename { who: p(who), name: Text::from(" Anna K. ") };
    for (by, who, ok) in [
        (1, 1, true),
        (1, 3, true),
        (1, 6, true),
        (1, 7, false),
        (3, 3, true),
        (3, 4, false),
        (2, 3, false),
        (6, 6, false),
    ] {
        let got = class.by(by, rename(who)).map(|_| ());
        assert_eq!(got, if ok { Ok(()) } else { Err(Denied::Forbidden) }, "{by} names {who}");
    }
    let payload = class.payloads.last().unwrap();
    assert_eq!(class.lesson.person(p(3)).unwrap().name, payload.id);
    assert_eq!((payload.of, payload.text.as_str()), (p(3), "Anna K."));
    assert_eq!(class.by(1, rename(99)), Err(Denied::NotFound));
    let bad = Intent::Rename { who: p(3), name: Text::from("\u{202E}x") };
    assert_eq!(class.by(3, bad), Err(Denied::BadText));
    class.by(1, Intent::Lock { who: None, what: LockKind::Names, locked: true }).unwrap();
    assert_eq!(class.by(3, rename(3)), Err(Denied::Forbidden));
    class.by(1, rename(3)).unwrap();
    // One who waits can be given a proper name before coming in.
    let mut class = class_with_a_guest_at_the_door();
    class.by(1, rename(3)).unwrap();
    assert!(!class.lesson.visible(class.log.last().unwrap(), p(2)));
}

/// With the lock on people, pupils and guests learn nothing of each other: whatever one of them
/// does, the counter of the other stands still.
#[test]
fn pupils_who_do_not_see_each_other_learn_nothing() {
    use kreide_control::SourceKind::Microphone;
    let mut class = Class::with(&[Role::Teacher, Role::Pupil, Role::Pupil, Role::Interpreter]);
    class.by(1, Intent::Lock { who: None, what: LockKind::People, locked: true }).unwrap();
    let before = [1, 3, 4].map(|no| class.lesson.seq_for(p(no)));
    assert!(!class.lesson.sees(p(3), p(2)) && class.lesson.sees(p(3), p(1)));
    assert!(class.lesson.sees(p(1), p(2)) && class.lesson.sees(p(4), p(2)));
    class.send(2, Microphone, true).unwrap();
    class.by(2, Intent::Hand { up: true }).unwrap();
    class.by(2, Intent::Rename { who: p(2), name: Text::from("Anna") }).unwrap();
    class.by(1, Intent::Mute { who: p(2), kind: Microphone }).unwrap();
    let lock = |locked| Intent::Lock { who: Some(p(2)), what: LockKind::Chat, locked };
    class.by(1, lock(true)).unwrap();
    class.by(1, Intent::LetSpeak { who: p(2), on: true }).unwrap();
    class.by(1, Intent::Grant { who: p(2), what: LockKind::Content, on: true }).unwrap();
    class.act(Actor::Server, Intent::Disconnected { who: p(2) }).unwrap();
    class.seat("s2", Role::Pupil);
    class.by(2, Intent::Leave).unwrap();
    class.seat("s2", Role::Pupil);
    class.by(1, Intent::ToLobby { who: p(2) }).unwrap();
    class.by(1, Intent::Admit { who: Some(p(2)) }).unwrap();
    class.by(1, Intent::Remove { who: p(2) }).unwrap();
    class.seat("new", Role::Guest);
    let after = [1, 3, 4].map(|no| class.lesson.seq_for(p(no)));
    assert_eq!(after[1], before[1], "the other pupil");
    assert!(after[0] > before[0] && after[2] > before[2], "teacher and interpreter");
    // To one of them it can be granted.
    class.by(1, Intent::Grant { who: p(3), what: LockKind::People, on: true }).unwrap();
    assert!(class.lesson.sees(p(3), p(5)));
    let seq = class.lesson.seq_for(p(3));
    class.by(5, Intent::Hand { up: true }).unwrap();
    assert_eq!(class.lesson.seq_for(p(3)), seq + 1);
}

#[test]
fn minutes_of_presence() {
    const MINUTE: i64 = 60_000;
    let mut class = Class::new();
    let policy = |attendance| Policy { attendance, ..lobby(Lobby::Guests) };
    let minutes = |class: &Class| {
        let minutes = class.lesson.attendance(class.now).map(|(no, ms)| (no.0, ms / MINUTE));
        minutes.collect::<Vec<_>>()
    };
    set(&mut class, policy(true));
    class.seat("teacher", Role::Teacher);
    class.seat("anna", Role::Pupil);
    class.seat("guest", Role::Guest);
    class.pass(10 * MINUTE);
    assert_eq!(minutes(&class), [(1, 10), (2, 10)], "whoever waits is not there");
    class.by(1, Intent::Admit { who: None }).unwrap();
    class.act(Actor::Server, Intent::Disconnected { who: p(2) }).unwrap();
    class.pass(5 * MINUTE);
    class.seat("anna", Role::Pupil);
    class.pass(5 * MINUTE);
    assert_eq!(minutes(&class), [(1, 20), (2, 15), (3, 10)]);
    class.by(3, Intent::Leave).unwrap();
    class.by(1, Intent::ToLobby { who: p(2) }).unwrap();
    class.pass(5 * MINUTE);
    class.by(1, Intent::End).unwrap();
    class.pass(60 * MINUTE);
    assert_eq!(minutes(&class), [(1, 25), (2, 15), (3, 10)]);
}

/// A school that decides during the lesson: those who are there count from then on, and nothing
/// is told any more once it does not want to know.
#[test]
fn attendance_begins_and_ends_with_the_policy() {
    let mut class = Class::with(&[Role::Teacher]);
    let policy = |attendance| Policy { attendance, ..Policy::unwritten() };
    class.pass(5_000);
    assert_eq!(class.lesson.attendance(class.now).count(), 0);
    set(&mut class, policy(true));
    class.pass(5_000);
    let present = |class: &Class| class.lesson.attendance(class.now).collect::<Vec<_>>();
    assert_eq!(present(&class), [(p(1), 5_000)]);
    set(&mut class, policy(false));
    assert_eq!(present(&class), []);
    class.pass(5_000);
    set(&mut class, policy(true));
    assert_eq!(present(&class), [(p(1), 5_000)], "not while nobody wanted to know");
}
