//! The stored form: what is written can be read, and what is not known is kept.

use kreide_control::{Epoch, RecordingEnd, Role, SourceKind};
use kreide_lesson::{
    Audience, ChatTo, Event, GroupEvent, Intent, Lesson, LockKind, Logged, Newcomer, PollEvent,
    PreviousKey, TalkEvent, ToolEvent,
};
use kreide_lesson::{Millis, PayloadId, Subject, TokenId};

use crate::fixture::{Class, hash, key, p, recording};

/// One of each kind, as it stands in a log.
#[test]
fn the_stored_form_of_every_kind() {
    let previous = Some(PreviousKey { key: hash(0), until: Millis(5) });
    let role = Role::Pupil;
    let events = [
        Event::Started,
        Event::SeatTaken(Newcomer {
            no: p(1),
            subject: Subject("a".into()),
            role,
            name: PayloadId(1),
            consent: true,
            seat: None,
            talk: None,
            device: None,
            proven: false,
        }),
        Event::SeatLeft { no: p(1) },
        Event::Online { no: p(1), online: true },
        Event::Sending { no: p(1), kind: SourceKind::ContentAudio, on: true, by: p(1) },
        Event::LockSet { who: None, what: LockKind::Chat, locked: true, by: p(1) },
        Event::RightsChanged { no: p(1) },
        Event::Hand { no: p(1), place: Some(3) },
        Event::Chat { id: 1, from: p(1), text: PayloadId(2), to: ChatTo::All },
        Event::Removed { no: p(1), by: p(2) },
        Event::ResumeKey { no: p(1), key: hash(255), previous },
        Event::TokenUsed { id: TokenId("t".into()), until: Millis(7) },
        Event::Ended { by: None },
        Event::RecordingAnnounced { id: recording(1), by: p(1), begins: Millis(9) },
        Event::RecordingBegan { id: recording(1) },
        Event::RecordingStopped {
            id: recording(1),
            by: None,
            why: RecordingEnd::StorageFull,
            kept: true,
        },
        Event::RecordingConsent { no: p(1), given: true },
        Event::Crowded { on: true },
        Event::Introduced { no: p(1), to: None },
        Event::Introduced { no: p(1), to: Some(p(2)) },
    ];
    let (zeros, effs) = ("00".repeat(32), "ff".repeat(32));
    let stored = format!(
        r#"{{"type":"started"}}
{{"type":"seatTaken","no":1,"subject":"a","role":"pupil","name":1,"consent":true}}
{{"type":"seatLeft","no":1}}
{{"type":"online","no":1,"online":true}}
{{"type":"sending","no":1,"kind":"contentAudio","on":true,"by":1}}
{{"type":"lockSet","who":null,"what":"chat","locked":true,"by":1}}
{{"type":"rightsChanged","no":1}}
{{"type":"hand","no":1,"place":3}}
{{"type":"chat","id":1,"from":1,"text":2}}
{{"type":"removed","no":1,"by":2}}
{{"type":"resumeKey","no":1,"key":"{effs}","previous":{{"key":"{zeros}","until":5}}}}
{{"type":"tokenUsed","id":"t","until":7}}
{{"type":"ended","by":null}}
{{"type":"recordingAnnounced","id":"recording-1","by":1,"begins":9}}
{{"type":"recordingBegan","id":"recording-1"}}
{{"type":"recordingStopped","id":"recording-1","by":null,"why":"storageFull","kept":true}}
{{"type":"recordingConsent","no":1,"given":true}}
{{"type":"crowded","on":true}}
{{"type":"introduced","no":1}}
{{"type":"introduced","no":1,"to":2}}"#
    );
    let lines: Vec<_> = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    assert_eq!(lines.join("\n"), stored);
    for (event, line) in events.iter().zip(&lines) {
        assert_eq!(serde_json::from_str::<Event>(line).unwrap(), *event);
        assert!(line.contains(&format!(r#""type":"{}""#, event.kind())));
        // A known kind that cannot be read is an error, never an unknown kind.
        if event.kind() != "started" {
            let broken =
                format!(r#"{{"type":"{}","no":"x","id":[],"who":"x","by":[]}}"#, event.kind());
            assert!(serde_json::from_str::<Event>(&broken).is_err(), "{broken}");
        }
    }
}

#[test]
fn audiences_of_every_kind() {
    for (audience, stored) in [
        (Audience::All, r#"{"to":"all"}"#),
        (Audience::Staff, r#"{"to":"staff"}"#),
        (Audience::Only(vec![p(3), p(4)]), r#"{"to":"only","who":[3,4]}"#),
        (Audience::Nobody, r#"{"to":"nobody"}"#),
    ] {
        assert_eq!(serde_json::to_string(&audience).unwrap(), stored);
        assert_eq!(serde_json::from_str::<Audience>(stored).unwrap(), audience);
    }
    for stored in [r#"{"to":"group","who":{"id":3}}"#, r#"{"to":"only","who":"all"}"#] {
        let audience: Audience = serde_json::from_str(stored).unwrap();
        assert!(matches!(audience, Audience::Unknown(_)));
        assert!(!audience.includes(p(3), Role::Teacher));
        assert_eq!(serde_json::to_string(&audience).unwrap(), stored);
    }
}

#[test]
fn an_unknown_kind_is_kept_and_changes_nothing() {
    let line = r#"{"seq":1,"epoch":1,"at":5,"audience":{"to":"all"},"event":{"type":"pollOpened","question":3,"of":{"deep":[1,2]}}}"#;
    let logged: Logged = serde_json::from_str(line).unwrap();
    assert_eq!(logged.event.kind(), "pollOpened");
    let kept: serde_json::Value = serde_json::to_value(&logged).unwrap();
    assert_eq!(kept, serde_json::from_str::<serde_json::Value>(line).unwrap());

    let mut class = Class::with(&[Role::Teacher, Role::Pupil]);
    let people: Vec<_> = class.lesson.people().collect();
    let seq = class.lesson.seq_for(p(2));
    let events = vec![(Audience::All, logged.event)];
    let logged = class.lesson.stamp(Epoch(1), class.now, events);
    class.lesson.apply(&logged[0]).unwrap();
    assert_eq!(class.lesson.people().collect::<Vec<_>>(), people);
    // It has its place: a version that knows it counts alike.
    assert_eq!(class.lesson.seq_for(p(2)), seq + 1);
    class.by(1, Intent::End).unwrap();
}

#[test]
fn what_is_no_event_is_refused() {
    for text in ["{}", r#"{"type":3}"#, r#"{"type":""}"#, "[]", "null", r#""started""#] {
        assert!(serde_json::from_str::<Event>(text).is_err(), "{text}");
    }
}

/// A new field of a known kind, written by a later version, is passed over.
#[test]
fn additional_fields_are_passed_over() {
    let line = r#"{"type":"seatLeft","no":1,"why":"tired"}"#;
    assert_eq!(serde_json::from_str::<Event>(line).unwrap(), Event::SeatLeft { no: p(1) });
    let line = r#"{"type":"seatTaken","no":1,"subject":"a","role":"pupil","name":1}"#;
    let Event::SeatTaken(Newcomer { consent, .. }) = serde_json::from_str(line).unwrap() else {
        panic!("a seat was taken");
    };
    assert!(!consent, "no consent unless it is said");
}

/// Whatever stands in a log, reading it does not fail on people it never seated.
#[test]
fn events_about_nobody_change_nobody() {
    let mut lesson = Lesson::new(key());
    let events = [
        Event::SeatLeft { no: p(4) },
        Event::Online { no: p(4), online: true },
        Event::Sending { no: p(4), kind: SourceKind::Camera, on: true, by: p(4) },
        Event::LockSet { who: Some(p(4)), what: LockKind::Camera, locked: true, by: p(5) },
        Event::Hand { no: p(4), place: Some(u64::MAX) },
        Event::Removed { no: p(4), by: p(5) },
        Event::ResumeKey { no: p(4), key: hash(1), previous: None },
        Event::RecordingBegan { id: recording(4) },
        Event::RecordingConsent { no: p(4), given: true },
        Event::RecordingAnnounced { id: recording(4), by: p(5), begins: Millis(2) },
        Event::RecordingConsent { no: p(4), given: true },
        Event::RecordingBegan { id: recording(4) },
        Event::Renamed { no: p(4), name: PayloadId(1), by: p(5) },
        Event::Granted { no: p(4), what: LockKind::Content, on: true, by: p(5) },
        Event::LockRestored { no: p(4), what: LockKind::Chat, own: None, by: p(5) },
        Event::LetSpeak { no: p(4), on: true, by: p(5) },
        Event::WaitEnded { no: p(4), by: None },
        Event::ChatEdited { id: 4, text: PayloadId(u64::MAX) },
        Event::ChatDeleted { id: 4, by: p(4) },
        Event::ChatHidden { ids: vec![4], hidden: true, by: p(5) },
        Event::Undone { id: 4, by: p(5) },
        Event::Poll(PollEvent::Tally {
            id: 4,
            voters: vec![p(4)],
            counts: vec![u32::MAX; 3],
            answers: vec![PayloadId(u64::MAX)],
        }),
        Event::Poll(PollEvent::Closed { id: 4, by: None }),
        Event::Tool(ToolEvent::Ready { no: p(4), yes: true }),
        Event::Tool(ToolEvent::InRoom { no: p(4), on: true }),
        Event::Tool(ToolEvent::Picked { no: p(4), round: u32::MAX }),
        Event::Group(GroupEvent::Assigned { no: p(4), group: Some(200) }),
        Event::Group(GroupEvent::Visited { no: p(4), group: Some(200) }),
        Event::Group(GroupEvent::ListenBegan { no: p(4) }),
        Event::Talk(TalkEvent::Finished { slot: 4 }),
    ];
    for event in events {
        let logged = lesson.stamp(Epoch(1), Millis(1), vec![(Audience::All, event)]);
        lesson.apply(&logged[0]).unwrap();
    }
    assert_eq!(lesson.people().count(), 0);
    assert_eq!(lesson.person(p(4)), None);
    assert!(!lesson.recordable(p(4)) && !lesson.recordable(p(5)));
}
