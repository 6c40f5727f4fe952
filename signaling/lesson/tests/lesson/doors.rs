//! How a seat is taken, kept, taken over and lost.

use kreide_control::SourceKind::{Camera, Microphone};
use kreide_control::{Epoch, ParticipantNo, Policy};
use kreide_lesson::{
    Actor, Audience, Denied, Event, Intent, LockKind, MAX_NUMBERS, MAX_SEATS, Millis, Newcomer,
    PayloadId, STAFF_RESERVE, Standing, Subject, Text,
};

use crate::fixture::{Class, Role, hash, p};

#[test]
fn the_first_seat_starts_the_lesson() {
    let mut class = Class::new();
    assert_eq!(class.lesson.started(), None);
    let identity = class.identity("anna", Role::Pupil);
    let outcome = class.join(identity, 1).unwrap();
    let kinds: Vec<_> = outcome.events.iter().map(|(_, event)| event.kind()).collect();
    assert_eq!(kinds, ["tokenUsed", "started", "seatTaken", "resumeKey"]);
    assert_eq!(outcome.seat, Some(p(1)));
    assert_eq!(class.lesson.started(), Some(class.now));

    class.pass(5_000);
    assert_eq!(class.seat("ben", Role::Pupil), p(2));
    assert_eq!(class.lesson.started(), Some(Millis(class.now.0 - 5_000)));
}

#[test]
fn a_token_opens_once_and_not_for_ever() {
    let mut class = Class::new();
    let identity = class.identity("anna", Role::Pupil);
    class.join(identity.clone(), 1).unwrap();
    assert_eq!(class.join(identity.clone(), 2), Err(Denied::TokenInvalid));
    // Too old; and if the clock is set back, still known.
    class.pass(60_001);
    class.seat("ben", Role::Pupil);
    assert_eq!(class.join(identity.clone(), 2), Err(Denied::TokenInvalid));
    class.pass(-60_001);
    assert_eq!(class.join(identity.clone(), 2), Err(Denied::TokenInvalid));
    // A clock that was an hour ahead and is right again does not lock everyone out.
    class.pass(3_600_000);
    class.seat("cem", Role::Pupil);
    class.pass(-3_600_000);
    class.seat("dilek", Role::Pupil);
    assert_eq!(class.join(identity, 2), Err(Denied::TokenInvalid));

    let late = class.identity("emil", Role::Pupil);
    let join = Intent::Join { identity: late.clone(), key: hash(1) };
    class.pass(60_000);
    assert!(class.lesson.handle(Actor::Door, join, class.now).is_ok());
    class.pass(1);
    assert_eq!(class.join(late, 3), Err(Denied::TokenInvalid));
}

#[test]
fn a_refused_join_leaves_the_token_unused() {
    let mut class = Class::new();
    let mut identity = class.identity("anna", Role::Pupil);
    identity.name = Text::from("\u{202E}anna");
    assert_eq!(class.join(identity.clone(), 1), Err(Denied::BadText));
    identity.name = Text::from("  Anna ");
    class.join(identity, 1).unwrap();
    assert_eq!(class.payloads[0].text, Text::from("Anna"));
    assert_eq!(class.payloads[0].of, p(1));
}

#[test]
fn the_same_person_takes_the_seat_over() {
    let mut class = Class::with(&[Role::Teacher]);
    let identity = class.identity("anna", Role::Pupil);
    class.join(identity, 1).unwrap();
    class.send(2, Microphone, true).unwrap();
    class.by(2, Intent::Hand { up: true }).unwrap();
    class.by(1, lock_camera(true)).unwrap();

    let again = class.identity("anna", Role::Pupil);
    let outcome = class.join(again, 2).unwrap();
    assert_eq!(outcome.seat, Some(p(2)));
    let anna = class.lesson.person(p(2)).unwrap();
    assert_eq!(anna.hand, Some(class.now.0 as u64));
    assert_eq!(anna.standing, Standing::Online);
    assert!(!anna.rights.camera && anna.rights.microphone);
    // The new device is not sending what the old one sent.
    assert_eq!(anna.sending, []);
    assert_eq!(class.lesson.people().count(), 2);

    assert_eq!(class.resume(1, 3), Err(Denied::ResumeInvalid));
    assert_eq!(class.resume(2, 3).unwrap().seat, Some(p(2)));
}

#[test]
fn a_lost_connection_keeps_everything() {
    let mut class = Class::with(&[Role::Teacher]);
    let identity = class.identity("anna", Role::Pupil);
    class.join(identity, 1).unwrap();
    class.send(2, Microphone, true).unwrap();
    class.by(2, Intent::Hand { up: true }).unwrap();
    let raised = class.lesson.person(p(2)).unwrap().hand.unwrap();

    let gone = Intent::Disconnected { who: p(2) };
    class.act(Actor::Server, gone.clone()).unwrap();
    let anna = class.lesson.person(p(2)).unwrap();
    assert_eq!(anna.standing, Standing::Offline);
    assert_eq!((anna.hand, anna.sending), (Some(raised), vec![Microphone]));
    assert!(class.lesson.media_rights(p(2)).microphone);
    // Told twice is told once.
    assert_eq!(class.act(Actor::Server, gone).unwrap().events, []);

    class.pass(5_000);
    let outcome = class.resume(1, 2).unwrap();
    assert_eq!(outcome.events[0].1, Event::Online { no: p(2), online: true });
    let anna = class.lesson.person(p(2)).unwrap();
    assert_eq!((anna.hand, anna.sending), (Some(raised), vec![Microphone]));
}

#[test]
fn the_previous_key_opens_for_30_seconds() {
    let mut class = Class::new();
    let identity = class.identity("anna", Role::Pupil);
    class.join(identity, 1).unwrap();
    class.resume(1, 2).unwrap();
    class.pass(30_000);
    // The reply with key 2 was lost: key 1 opens, and key 2 is dead, for nobody has it.
    class.resume(1, 3).unwrap();
    assert_eq!(class.resume(2, 9), Err(Denied::ResumeInvalid));
    // The time of key 1 runs on.
    class.pass(1);
    assert_eq!(class.resume(1, 9), Err(Denied::ResumeInvalid));
    class.resume(3, 4).unwrap();
    // Only the one before, not the one before that.
    class.resume(4, 5).unwrap();
    assert_eq!(class.resume(3, 9), Err(Denied::ResumeInvalid));
}

#[test]
fn a_removed_person_has_no_way_back() {
    let mut class = Class::with(&[Role::Teacher]);
    let identity = class.identity("anna", Role::Pupil);
    class.join(identity.clone(), 1).unwrap();
    class.by(2, Intent::Hand { up: true }).unwrap();
    class.by(1, Intent::Remove { who: p(2) }).unwrap();
    assert_eq!(class.lesson.person(p(2)).unwrap().standing, Standing::Removed(p(1)));
    assert_eq!(class.lesson.hands(), []);

    assert_eq!(class.resume(1, 2), Err(Denied::Removed));
    assert_eq!(class.join(identity, 2), Err(Denied::Removed));
    for role in [Role::Pupil, Role::Teacher, Role::Guest] {
        let fresh = class.identity("anna", role);
        assert_eq!(class.join(fresh, 2), Err(Denied::Removed));
    }
    assert_eq!(class.by(1, Intent::Remove { who: p(2) }), Err(Denied::NotFound));
}

#[test]
fn one_who_left_can_be_removed() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil]);
    class.by(2, Intent::Leave).unwrap();
    class.by(1, Intent::Remove { who: p(2) }).unwrap();
    let again = class.identity("s2", Role::Pupil);
    assert_eq!(class.join(again, 2), Err(Denied::Removed));
}

#[test]
fn leaving_keeps_the_number_and_the_locks() {
    let mut class = Class::with(&[Role::Teacher]);
    let identity = class.identity("anna", Role::Pupil);
    class.join(identity, 1).unwrap();
    class.send(2, Microphone, true).unwrap();
    class.by(2, Intent::Hand { up: true }).unwrap();
    class.by(1, lock_camera(true)).unwrap();
    class.by(2, Intent::Leave).unwrap();
    assert_eq!(class.lesson.people().count(), 1);
    assert_eq!(class.lesson.media_rights(p(2)), kreide_control::MediaRights::default());
    assert_eq!(class.resume(1, 2), Err(Denied::ResumeInvalid));

    class.seat("ben", Role::Pupil);
    assert_eq!(class.seat("anna", Role::Pupil), p(2));
    let anna = class.lesson.person(p(2)).unwrap();
    assert_eq!((anna.hand, anna.sending.len()), (None, 0));
    assert_eq!(class.send(2, Camera, true), Err(Denied::Forbidden));
}

#[test]
fn another_role_is_another_number() {
    let mut class = Class::with(&[Role::Pupil]);
    assert_eq!(class.seat("s1", Role::Presenter), p(2));
    assert_eq!(class.lesson.person(p(1)).unwrap().standing, Standing::Left);
    assert_eq!(class.lesson.people().count(), 1);
    assert_eq!(class.seat("s1", Role::Pupil), p(1));
}

#[test]
fn consent_follows_the_newest_token() {
    let mut class = Class::with(&[Role::Pupil]);
    assert!(!class.lesson.person(p(1)).unwrap().consent);
    let mut identity = class.identity("s1", Role::Pupil);
    identity.consent = true;
    class.join(identity, 1).unwrap();
    assert!(class.lesson.person(p(1)).unwrap().consent);
    class.seat("s1", Role::Pupil);
    assert!(!class.lesson.person(p(1)).unwrap().consent);
}

#[test]
fn seats_and_numbers_are_bounded() {
    let mut class = Class::new();
    for n in 0..MAX_SEATS - STAFF_RESERVE {
        class.seat(&format!("s{n}"), Role::Pupil);
    }
    for role in [Role::Pupil, Role::Guest, Role::Presenter, Role::Interpreter, Role::Observer] {
        let more = class.identity("more", role);
        assert_eq!(class.join(more, 1), Err(Denied::Full), "{role:?}");
    }
    // The seats that are left are for staff.
    for n in 0..STAFF_RESERVE {
        class.seat(&format!("t{n}"), Role::Teacher);
    }
    let more = class.identity("more", Role::Teacher);
    assert_eq!(class.join(more, 1), Err(Denied::Full));
    // Who has a seat gets it again, and one of a teacher is none for a pupil.
    class.seat("s7", Role::Pupil);
    let teacher = class.identity("t7", Role::Pupil);
    assert_eq!(class.join(teacher, 1), Err(Denied::Full));
    class.by(1, Intent::Leave).unwrap();
    assert_eq!(class.seat("more", Role::Teacher), p(MAX_SEATS as u32 + 1));
}

#[test]
fn whoever_finds_no_seat_when_the_lesson_begins_waits_on() {
    let mut class = Class::new();
    let policy = Policy { early: false, ..Policy::unwritten() };
    class.act(Actor::Server, Intent::SetPolicy { policy, talks: Vec::new() }).unwrap();
    class.seat("t", Role::Teacher);
    for n in 0..MAX_SEATS - STAFF_RESERVE - 2 {
        class.seat(&format!("s{n}"), Role::Pupil);
    }
    class.by(1, Intent::Leave).unwrap();
    for n in 0..5 {
        class.seat(&format!("w{n}"), Role::Pupil);
    }
    let first = MAX_SEATS as u32 - STAFF_RESERVE as u32;
    let waiting =
        |class: &Class| -> Vec<u32> { class.lesson.waiting().map(|person| person.no.0).collect() };
    assert_eq!(waiting(&class).len(), 5);
    class.seat("t", Role::Teacher);
    assert_eq!(waiting(&class), [first + 2, first + 3, first + 4]);
    assert_eq!(class.by(1, Intent::Admit { who: None }), Err(Denied::Full));
    class.by(2, Intent::Leave).unwrap();
    class.by(3, Intent::Leave).unwrap();
    class.by(1, Intent::Admit { who: None }).unwrap();
    assert_eq!(waiting(&class), [first + 4]);
    class.by(4, Intent::Leave).unwrap();
    class.by(1, Intent::Admit { who: Some(p(first + 4)) }).unwrap();
    assert!(waiting(&class).is_empty());
}

#[test]
fn numbers_run_out_before_memory_does() {
    let mut class = Class::with(&[Role::Pupil]);
    let event = Event::SeatTaken(Newcomer {
        no: ParticipantNo(MAX_NUMBERS - STAFF_RESERVE as u32),
        subject: Subject("last".to_owned()),
        role: Role::Guest,
        name: PayloadId(2),
        consent: false,
        seat: None,
        talk: None,
        device: None,
        proven: false,
    });
    let logged = class.lesson.stamp(Epoch(1), class.now, vec![(Audience::All, event)]);
    class.lesson.apply(&logged[0]).unwrap();
    let one_more = class.identity("one more", Role::Pupil);
    assert_eq!(class.join(one_more, 1), Err(Denied::Full));
    assert_eq!(class.seat("s1", Role::Pupil), p(1));
    for n in 1..=STAFF_RESERVE as u32 {
        let no = class.seat(&format!("t{n}"), Role::Teacher);
        assert_eq!(no, p(MAX_NUMBERS - STAFF_RESERVE as u32 + n));
    }
    let one_more = class.identity("one more", Role::Teacher);
    assert_eq!(class.join(one_more, 1), Err(Denied::Full));
}

fn lock_camera(locked: bool) -> Intent {
    Intent::Lock { who: Some(p(2)), what: LockKind::Camera, locked }
}
