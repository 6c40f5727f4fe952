//! What is recorded, of whom, and who is told.

use kreide_control::{Epoch, RecordingEnd, SourceKind};
use kreide_lesson::{
    Actor, Audience, Denied, Event, Identity, Intent, Newcomer, PayloadId, Recording, Subject,
};

use crate::fixture::{Class, Role, p, recording};

/// A teacher, another teacher, a pupil and a guest whom the school may record, and a pupil whom it
/// may not.
fn class() -> Class {
    let mut class = Class::with(&[Role::Teacher]);
    class.recordable_seat("other", Role::Teacher);
    class.recordable_seat("anna", Role::Pupil);
    class.recordable_seat("opa", Role::Guest);
    class.seat("ben", Role::Pupil);
    class
}

fn recordable(class: &Class) -> Vec<u32> {
    (1..=9).filter(|no| class.lesson.recordable(p(*no))).collect()
}

fn consent(class: &mut Class, no: u32, given: bool) -> Result<Vec<Event>, Denied> {
    let take = class.lesson.recording().take();
    let to = given.then(|| take.map_or(recording(1), |take| take.id.clone()));
    class.by(no, Intent::Consent { to })
}

#[test]
fn nobody_is_recorded_before_it_begins() {
    let mut class = class();
    let begins = kreide_lesson::Millis(class.now.0 + 5_000);
    let start = Intent::StartRecording { id: recording(1), begins };
    let events = class.by(1, start.clone()).unwrap();
    assert_eq!(events, [Event::RecordingAnnounced { id: recording(1), by: p(1), begins }]);
    let take = class.lesson.recording().take().unwrap();
    assert_eq!((take.by, take.since), (p(1), begins));
    // Pressed twice, by whomever, is pressed once.
    let again = Intent::StartRecording { id: recording(2), begins };
    assert_eq!(class.by(1, again.clone()).unwrap(), []);
    assert_eq!(class.by(2, again).unwrap(), []);

    consent(&mut class, 3, true).unwrap();
    assert!(class.lesson.has_consented(p(3)));
    assert!(recordable(&class).is_empty());
    class.pass(5_001);
    class.begin(1);
    assert_eq!(recordable(&class), [1, 3]);
    let running = class.lesson.recording().running().unwrap();
    assert_eq!(running.since, class.now, "it began when it began, not when it was to");
}

#[test]
fn only_the_recording_teacher_is_recorded_without_being_asked() {
    let mut class = class();
    class.announce(1, 1);
    class.begin(1);
    assert_eq!(recordable(&class), [1]);
    assert_eq!(consent(&mut class, 5, true), Err(Denied::Forbidden), "the school says no");
    assert_eq!(consent(&mut class, 1, false), Err(Denied::Forbidden), "the way out is to stop");
    assert_eq!(consent(&mut class, 1, true).unwrap(), []);
    for no in [2, 3, 4] {
        assert_eq!(
            consent(&mut class, no, true).unwrap(),
            [Event::RecordingConsent { no: p(no), given: true }]
        );
        assert_eq!(consent(&mut class, no, true).unwrap(), [], "said twice is said once");
    }
    assert_eq!(recordable(&class), [1, 2, 3, 4]);
    consent(&mut class, 3, false).unwrap();
    assert_eq!(recordable(&class), [1, 2, 4]);

    // Who records may go and come back; meanwhile nothing of them is recorded.
    class.by(1, Intent::Leave).unwrap();
    assert_eq!(recordable(&class), [2, 4]);
    class.seat("s1", Role::Teacher);
    assert_eq!(recordable(&class), [1, 2, 4]);
}

/// A consent that was given before people were told is none, and one recording's is not the next
/// one's.
#[test]
fn a_consent_is_for_the_recording_that_was_announced() {
    let mut class = class();
    assert_eq!(consent(&mut class, 3, true), Err(Denied::NotFound));
    class.announce(1, 1);
    class.begin(1);
    assert_eq!(recordable(&class), [1]);
    consent(&mut class, 3, true).unwrap();
    class.by(2, Intent::StopRecording).unwrap();
    assert!(recordable(&class).is_empty());
    class.announce(2, 2);
    class.begin(2);
    assert_eq!(recordable(&class), [2]);
}

#[test]
fn who_comes_anew_is_asked_anew() {
    let mut class = class();
    class.announce(1, 1);
    class.begin(1);

    // Another device of the same person.
    consent(&mut class, 3, true).unwrap();
    let identity = Identity { consent: true, ..class.identity("anna", Role::Pupil) };
    let outcome = class.join(identity, 7).unwrap();
    let asked = Event::RecordingConsent { no: p(3), given: false };
    assert!(outcome.events.iter().any(|(_, event)| *event == asked), "and those who knew know");
    assert_eq!(recordable(&class), [1]);

    // The same device after a cut.
    consent(&mut class, 3, true).unwrap();
    class.act(Actor::Server, Intent::Disconnected { who: p(3) }).unwrap();
    assert_eq!(recordable(&class), [1, 3], "media outlives a lost connection");
    class.resume(7, 8).unwrap();
    assert_eq!(recordable(&class), [1, 3]);

    // The school has changed its mind, and changes it again.
    class.seat("anna", Role::Pupil);
    assert_eq!(recordable(&class), [1]);
    class.recordable_seat("anna", Role::Pupil);
    assert_eq!(recordable(&class), [1]);

    // Gone, and back.
    consent(&mut class, 3, true).unwrap();
    class.by(3, Intent::Leave).unwrap();
    assert_eq!(recordable(&class), [1]);
    class.recordable_seat("anna", Role::Pupil);
    assert_eq!(recordable(&class), [1]);

    // In another role, and back.
    consent(&mut class, 3, true).unwrap();
    let guest = class.recordable_seat("anna", Role::Guest);
    assert_eq!(recordable(&class), [1]);
    class.recordable_seat("anna", Role::Pupil);
    assert!(!class.lesson.recordable(guest));
    assert_eq!(recordable(&class), [1]);

    consent(&mut class, 4, true).unwrap();
    class.by(1, Intent::Remove { who: p(4) }).unwrap();
    assert_eq!(recordable(&class), [1]);
}

#[test]
fn every_way_to_stop() {
    let full =
        Intent::RecordingEnded { id: recording(1), why: RecordingEnd::StorageFull, kept: true };
    let stopped = |by, why, kept| Event::RecordingStopped { id: recording(1), by, why, kept };
    let rows = [
        (Actor::Participant(p(1)), Intent::StopRecording, Some(p(1)), RecordingEnd::Ordered),
        (Actor::Participant(p(2)), Intent::StopRecording, Some(p(2)), RecordingEnd::Ordered),
        (Actor::Server, full, None, RecordingEnd::StorageFull),
        (Actor::Participant(p(2)), Intent::End, Some(p(2)), RecordingEnd::Ordered),
        (Actor::Server, Intent::End, None, RecordingEnd::Ordered),
    ];
    for (actor, intent, by, why) in rows {
        for runs in [false, true] {
            let mut class = class();
            class.announce(1, 1);
            consent(&mut class, 3, true).unwrap();
            if runs {
                class.begin(1);
            }
            let outcome = class.act(actor, intent.clone()).unwrap();
            // Of what never began nothing is kept.
            assert_eq!(outcome.events[0], (Audience::All, stopped(by, why, runs)), "{intent:?}");
            assert_eq!(class.lesson.recording(), &Recording::Off);
            assert!(recordable(&class).is_empty());
        }
    }
}

/// Whatever stands in a log, the state asks for both consents and for one stay in the seat.
#[test]
fn a_log_alone_makes_nobody_recordable() {
    let mut class = class();
    class.announce(1, 1);
    class.begin(1);
    let mut apply = |event| {
        let logged = class.lesson.stamp(Epoch(1), class.now, vec![(Audience::All, event)]);
        class.lesson.apply(&logged[0]).unwrap();
        recordable(&class)
    };
    let said = |no| Event::RecordingConsent { no: p(no), given: true };
    assert_eq!(apply(said(5)), [1], "without the school");
    assert_eq!(apply(said(9)), [1], "nobody");
    assert_eq!(apply(said(3)), [1, 3]);
    let taken = Event::SeatTaken(Newcomer {
        no: p(3),
        subject: Subject("anna".into()),
        role: Role::Pupil,
        name: PayloadId(1),
        consent: true,
        seat: None,
        talk: None,
        device: None,
        proven: false,
    });
    assert_eq!(apply(taken), [1]);
}

/// News that comes late changes nothing.
#[test]
fn what_is_not_about_this_recording_is_passed_over() {
    let mut class = class();
    let ended = |id, kept| Intent::RecordingEnded {
        id: recording(id),
        why: RecordingEnd::Interrupted,
        kept,
    };
    let begin = |id| Intent::BeginRecording { id: recording(id) };
    let nothing = |class: &mut Class, intent| {
        assert_eq!(class.act(Actor::Server, intent).unwrap().events, []);
    };
    nothing(&mut class, begin(1));
    nothing(&mut class, ended(1, true));
    assert_eq!(class.by(1, Intent::StopRecording).unwrap(), []);
    class.announce(1, 2);
    nothing(&mut class, begin(1));
    nothing(&mut class, ended(1, true));
    class.begin(2);
    nothing(&mut class, begin(2));
    nothing(&mut class, ended(1, true));
    assert!(class.lesson.recording().running().is_some());
    // The recorder had no room: it began for the log alone.
    let outcome = class.act(Actor::Server, ended(2, false)).unwrap();
    assert!(matches!(outcome.events[0].1, Event::RecordingStopped { kept: false, .. }));
}

/// Who consents, and who does not, is between that person and the teachers.
#[test]
fn a_consent_is_told_to_its_giver_and_to_teachers() {
    let mut class = class();
    class.announce(1, 1);
    // A teacher who left: it is among what they missed.
    class.by(2, Intent::Leave).unwrap();
    let before = [1, 2, 3, 4, 5].map(|no| class.lesson.seq_for(p(no)));
    consent(&mut class, 3, true).unwrap();
    let after = [1, 2, 3, 4, 5].map(|no| class.lesson.seq_for(p(no)));
    let told: Vec<_> = before.iter().zip(after).map(|(before, after)| after - before).collect();
    assert_eq!(told, [1, 1, 1, 0, 0]);
}

/// Muting, locks and what is switched off are one thing, consent is another.
#[test]
fn recordable_is_not_sending() {
    let mut class = class();
    class.announce(1, 1);
    class.begin(1);
    class.send(3, SourceKind::Camera, true).unwrap();
    assert!(class.lesson.media_rights(p(3)).camera && !class.lesson.recordable(p(3)));
    consent(&mut class, 3, true).unwrap();
    class.send(3, SourceKind::Camera, false).unwrap();
    assert!(!class.lesson.media_rights(p(3)).camera && class.lesson.recordable(p(3)));
}

#[test]
fn with_the_last_teacher_it_stops() {
    let mut class = class();
    class.announce(1, 1);
    class.begin(1);
    consent(&mut class, 3, true).unwrap();
    assert_eq!(class.by(3, Intent::Leave).unwrap(), [Event::SeatLeft { no: p(3) }]);
    assert_eq!(class.by(1, Intent::Leave).unwrap(), [Event::SeatLeft { no: p(1) }]);
    assert!(class.lesson.recording().running().is_some(), "a colleague is there");
    let events = class.by(2, Intent::Leave).unwrap();
    let why = RecordingEnd::Ordered;
    let stopped = Event::RecordingStopped { id: recording(1), by: Some(p(2)), why, kept: true };
    assert_eq!(events, [stopped, Event::SeatLeft { no: p(2) }]);
    assert!(class.lesson.recording().running().is_none());
}
