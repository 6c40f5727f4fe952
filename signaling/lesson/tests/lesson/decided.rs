//! What a school decides while a lesson runs.

use std::collections::BTreeSet;

use kreide_control::{Lobby, Policy, Role, SourceKind};
use kreide_lesson::{Actor, Audience, Denied, Event, Identity, Intent, LockKind, SCHOOL, Standing};

use crate::fixture::{Class, p, recording};

fn decide(class: &mut Class, policy: Policy) -> Vec<(Audience, Event)> {
    class.act(Actor::Server, Intent::SetPolicy { policy, talks: Vec::new() }).unwrap().events
}

fn lock(what: LockKind, locked: bool) -> Intent {
    Intent::Lock { who: None, what, locked }
}

/// A teacher and two pupils, under a policy that locks names and content.
fn class() -> (Class, Policy) {
    let mut class = Class::new();
    let policy = Policy {
        lobby: Lobby::Nobody,
        early: true,
        locked: BTreeSet::from([LockKind::Names, LockKind::Content]),
        ..Policy::default()
    };
    decide(&mut class, policy.clone());
    for (subject, role) in [("t", Role::Teacher), ("a", Role::Pupil), ("b", Role::Pupil)] {
        class.seat(subject, role);
    }
    (class, policy)
}

fn locked(class: &Class) -> Vec<LockKind> {
    class.lesson.room_locks().into_iter().map(|lock| lock.what).collect()
}

#[test]
fn a_lock_that_is_new_holds_at_once_and_one_that_is_gone_is_lifted() {
    let (mut class, policy) = class();
    class.send(2, SourceKind::Camera, true).unwrap();
    let changed =
        Policy { locked: BTreeSet::from([LockKind::Names, LockKind::Camera]), ..policy.clone() };
    let events = decide(&mut class, changed.clone());
    let kinds: Vec<_> = events.iter().map(|(_, event)| event.kind()).collect();
    let expected = ["policySet", "lockSet", "lockSet", "rightsChanged", "rightsChanged", "sending"];
    assert_eq!(kinds, expected);
    assert_eq!(locked(&class), [LockKind::Camera, LockKind::Names]);
    assert!(class.sending(2).is_empty() && !class.lesson.media_rights(p(2)).camera);
    assert_eq!(class.send(2, SourceKind::Camera, true), Err(Denied::Forbidden));
    assert_eq!(decide(&mut class, changed), [], "what changes nothing is no event");
}

#[test]
fn what_a_teacher_opened_or_locked_stays_so() {
    let (mut class, policy) = class();
    class.by(1, lock(LockKind::Names, false)).unwrap();
    class.by(1, lock(LockKind::Chat, true)).unwrap();
    // As after a restart of the server.
    assert_eq!(decide(&mut class, policy.clone()), []);
    let changed = Policy { attendance: true, ..policy };
    decide(&mut class, changed.clone());
    assert_eq!(locked(&class), [LockKind::Content, LockKind::Chat]);
    let unlocked = Policy { locked: BTreeSet::new(), ..changed };
    decide(&mut class, unlocked);
    let locks = class.lesson.room_locks();
    assert_eq!((locks.len(), locks[0].what, locks[0].by), (1, LockKind::Chat, p(1)));
    assert_ne!(locks[0].by, SCHOOL);
}

#[test]
fn a_recording_that_may_not_be_stops() {
    let (mut class, policy) = class();
    class.announce(1, 1);
    class.begin(1);
    let events = decide(&mut class, Policy { recording: false, ..policy });
    assert!(events.iter().any(|(_, event)| event.kind() == "recordingStopped"), "{events:?}");
    let again = Intent::StartRecording { id: recording(2), begins: class.now };
    assert_eq!(class.by(1, again), Err(Denied::Forbidden));
}

#[test]
fn a_class_that_needs_no_teacher_goes_on_and_lets_those_in_who_waited() {
    let mut class = Class::new();
    let policy = Policy { lobby: Lobby::Nobody, ..Policy::default() };
    decide(&mut class, policy.clone());
    class.seat("t", Role::Teacher);
    class.by(1, Intent::Leave).unwrap();
    class.act(Actor::Server, Intent::Unattended).unwrap();
    class.seat("a", Role::Pupil);
    assert!(class.lesson.paused() && class.lesson.waiting().count() == 1);
    decide(&mut class, Policy { supervised: false, early: true, ..policy });
    assert!(!class.lesson.paused() && class.lesson.waiting().count() == 0);
    assert_eq!(class.lesson.person(p(2)).unwrap().standing, Standing::Online);
}

#[test]
fn a_class_does_not_become_one_for_talks_in_its_midst() {
    let (mut class, policy) = class();
    assert_eq!(decide(&mut class, Policy { talks: true, ..policy }), []);
    assert!(!class.lesson.policy().talks && class.lesson.knows_of(p(2), p(3)));
}

#[test]
fn whoever_is_taken_off_goes_and_everyone_else_stays() {
    let (mut class, _) = class();
    let of_roster = Identity { seat: Some(4), ..class.identity("of roster", Role::Pupil) };
    let claims = Identity { seat: Some(5), waits: true, ..class.identity("claims", Role::Pupil) };
    class.join(of_roster, 4).unwrap();
    class.join(claims, 5).unwrap();
    let proven: Vec<_> = class.lesson.proven().map(|(no, subject)| (no, &*subject.0)).collect();
    assert_eq!(proven, [(p(4), "of roster")], "a name that was chosen proves nobody");
    let gone = class.act(Actor::Server, Intent::TakenOff { who: p(4) }).unwrap().events;
    assert_eq!(gone, [(Audience::All, Event::SeatLeft { no: p(4) })]);
    assert_eq!(class.resume(4, 6), Err(Denied::ResumeInvalid));
    let again = class.act(Actor::Server, Intent::TakenOff { who: p(4) }).unwrap();
    assert_eq!((again.events, class.lesson.proven().count()), (Vec::new(), 0));
}
