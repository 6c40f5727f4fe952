//! The stored form of the kinds that came after the first version, nested ones too.

use kreide_control::{Epoch, Policy, Role, SourceKind};
use kreide_lesson::{
    Act, Audience, ChatTo, Event, GroupEvent, Intent, LockKind, Millis, Newcomer, OwnLock,
    PayloadId, PollEvent, Slot, StoredKind, Subject, TalkEvent, ToolEvent, Wait,
};

use crate::fixture::{Class, p};

/// As they stand in a log.
#[test]
fn the_stored_form_of_later_kinds() {
    let newcomer = Newcomer {
        no: p(1),
        subject: Subject("a".into()),
        role: Role::Guest,
        name: PayloadId(1),
        consent: false,
        seat: Some(4),
        talk: Some(2),
        device: None,
        proven: false,
    };
    let acted = |act| Event::Acted { id: 1, by: p(2), until: Millis(9), act };
    let no = p(1);
    let rows = [
        (
            Event::Waiting { newcomer, why: Wait::Lobby },
            r#"{"type":"waiting","no":1,"subject":"a","role":"guest","name":1,"consent":false,"seat":4,"talk":2,"why":"lobby"}"#,
        ),
        (Event::WaitEnded { no, by: Some(p(2)) }, r#"{"type":"waitEnded","no":1,"by":2}"#),
        (
            Event::Renamed { no, name: PayloadId(3), by: p(2) },
            r#"{"type":"renamed","no":1,"name":3,"by":2}"#,
        ),
        (
            Event::Granted { no, what: LockKind::Content, on: true, by: p(2) },
            r#"{"type":"granted","no":1,"what":"content","on":true,"by":2}"#,
        ),
        (
            Event::LockRestored { no, what: LockKind::Chat, own: Some(OwnLock::Exempt), by: p(2) },
            r#"{"type":"lockRestored","no":1,"what":"chat","own":"Exempt","by":2}"#,
        ),
        (
            Event::LetSpeak { no, on: true, by: p(2) },
            r#"{"type":"letSpeak","no":1,"on":true,"by":2}"#,
        ),
        (Event::QuietSet { by: None }, r#"{"type":"quietSet","by":null}"#),
        (Event::PausedSet { on: true }, r#"{"type":"pausedSet","on":true}"#),
        (
            acted(Act::Muted { no, kind: SourceKind::Camera }),
            r#"{"type":"acted","id":1,"by":2,"until":9,"act":{"did":"muted","no":1,"kind":"camera"}}"#,
        ),
        (
            acted(Act::Locked {
                no,
                what: LockKind::Chat,
                locked: false,
                before: Some(OwnLock::Locked { by: p(2) }),
            }),
            r#"{"type":"acted","id":1,"by":2,"until":9,"act":{"did":"locked","no":1,"what":"chat","locked":false,"before":{"Locked":{"by":2}}}}"#,
        ),
        (
            acted(Act::Granted { no, what: LockKind::Chat, on: true }),
            r#"{"type":"acted","id":1,"by":2,"until":9,"act":{"did":"granted","no":1,"what":"chat","on":true}}"#,
        ),
        (
            acted(Act::LetSpeak { no, on: false }),
            r#"{"type":"acted","id":1,"by":2,"until":9,"act":{"did":"letSpeak","no":1,"on":false}}"#,
        ),
        (
            acted(Act::SentToLobby { no, word: false }),
            r#"{"type":"acted","id":1,"by":2,"until":9,"act":{"did":"sentToLobby","no":1}}"#,
        ),
        (
            acted(Act::Hid { no, ids: vec![3] }),
            r#"{"type":"acted","id":1,"by":2,"until":9,"act":{"did":"hid","no":1,"ids":[3]}}"#,
        ),
        (Event::Undone { id: 1, by: p(2) }, r#"{"type":"undone","id":1,"by":2}"#),
        (
            Event::Invited { no, kind: SourceKind::Microphone, by: p(2) },
            r#"{"type":"invited","no":1,"kind":"microphone","by":2}"#,
        ),
        (
            Event::Chat { id: 1, from: no, text: PayloadId(2), to: ChatTo::Person(p(2)) },
            r#"{"type":"chat","id":1,"from":1,"text":2,"to":{"person":2}}"#,
        ),
        (
            Event::Chat { id: 1, from: no, text: PayloadId(2), to: ChatTo::Group(3) },
            r#"{"type":"chat","id":1,"from":1,"text":2,"to":{"group":3}}"#,
        ),
        (
            Event::ChatEdited { id: 1, text: PayloadId(4) },
            r#"{"type":"chatEdited","id":1,"text":4}"#,
        ),
        (Event::ChatDeleted { id: 1, by: p(2) }, r#"{"type":"chatDeleted","id":1,"by":2}"#),
        (
            Event::ChatHidden { ids: vec![1], hidden: true, by: p(2) },
            r#"{"type":"chatHidden","ids":[1],"hidden":true,"by":2}"#,
        ),
        (
            Event::Caption { from: no, text: PayloadId(4) },
            r#"{"type":"caption","from":1,"text":4}"#,
        ),
        (Event::Erased, r#"{"type":"erased"}"#),
    ];
    rows.iter().for_each(|(event, stored)| check(event, stored));
}

#[test]
fn the_stored_form_of_a_policy() {
    let talks = vec![Slot { no: 1, begins: Millis(5), minutes: 10 }];
    let policy = Policy { locked: [LockKind::Names].into(), ..Policy::default() };
    let event = Event::PolicySet { policy, talks };
    let stored = r#"{"type":"policySet","policy":{"lobby":"guests","early":false,"supervised":true,"privateChat":{"teachers":true,"pupilTeacher":true,"pupils":false,"guestTeacher":true,"guests":false},"locked":["names"],"recording":true,"attendance":false,"keepDays":0,"simpleView":false,"talks":false},"talks":[{"no":1,"begins":5,"minutes":10}]}"#;
    check(&event, stored);
}

#[test]
fn the_stored_form_of_polls_and_tools() {
    let no = p(1);
    let opened = |kind| PollEvent::Opened { id: 1, question: None, kind, live: true, by: no };
    let by = no;
    let polls = [
        (
            opened(StoredKind::YesNo),
            r#"{"type":"poll","change":"opened","id":1,"question":null,"kind":"yesNo","live":true,"by":1}"#,
        ),
        (
            opened(StoredKind::Letters(3)),
            r#"{"type":"poll","change":"opened","id":1,"question":null,"kind":{"letters":3},"live":true,"by":1}"#,
        ),
        (
            opened(StoredKind::Options(vec![PayloadId(2), PayloadId(3)])),
            r#"{"type":"poll","change":"opened","id":1,"question":null,"kind":{"options":[2,3]},"live":true,"by":1}"#,
        ),
        (
            opened(StoredKind::Free),
            r#"{"type":"poll","change":"opened","id":1,"question":null,"kind":"free","live":true,"by":1}"#,
        ),
        (
            PollEvent::Tally {
                id: 1,
                voters: vec![p(2), p(3)],
                counts: vec![1, 1],
                answers: vec![PayloadId(7)],
            },
            r#"{"type":"poll","change":"tally","id":1,"voters":[2,3],"counts":[1,1],"answers":[7]}"#,
        ),
        (PollEvent::Counted { id: 1 }, r#"{"type":"poll","change":"counted","id":1}"#),
        (
            PollEvent::Closed { id: 1, by: None },
            r#"{"type":"poll","change":"closed","id":1,"by":null}"#,
        ),
    ];
    polls.into_iter().for_each(|(event, stored)| check(&Event::Poll(event), stored));
    let tools = [
        (
            ToolEvent::Spotlight { who: vec![p(2)] },
            r#"{"type":"tool","change":"spotlight","who":[2]}"#,
        ),
        (ToolEvent::Focus { on: true }, r#"{"type":"tool","change":"focus","on":true}"#),
        (
            ToolEvent::Announced { text: Some(PayloadId(2)), by },
            r#"{"type":"tool","change":"announced","text":2,"by":1}"#,
        ),
        (
            ToolEvent::TimerSet { until: Some(Millis(5)), by },
            r#"{"type":"tool","change":"timerSet","until":5,"by":1}"#,
        ),
        (
            ToolEvent::ReadyAsked { on: true, by },
            r#"{"type":"tool","change":"readyAsked","on":true,"by":1}"#,
        ),
        (
            ToolEvent::Ready { no, yes: false },
            r#"{"type":"tool","change":"ready","no":1,"yes":false}"#,
        ),
        (
            ToolEvent::Picked { no, round: 2 },
            r#"{"type":"tool","change":"picked","no":1,"round":2}"#,
        ),
        (
            ToolEvent::InRoom { no, on: true },
            r#"{"type":"tool","change":"inRoom","no":1,"on":true}"#,
        ),
    ];
    tools.into_iter().for_each(|(event, stored)| check(&Event::Tool(event), stored));
}

#[test]
fn the_stored_form_of_groups_and_talks() {
    let no = p(1);
    let groups = [
        (
            GroupEvent::Prepared { groups: vec![vec![p(2)], vec![]], choice: true },
            r#"{"type":"group","change":"prepared","groups":[[2],[]],"choice":true}"#,
        ),
        (
            GroupEvent::Opened { until: Some(Millis(5)) },
            r#"{"type":"group","change":"opened","until":5}"#,
        ),
        (
            GroupEvent::Extended { until: Millis(5) },
            r#"{"type":"group","change":"extended","until":5}"#,
        ),
        (GroupEvent::Closed, r#"{"type":"group","change":"closed"}"#),
        (
            GroupEvent::Assigned { no, group: None },
            r#"{"type":"group","change":"assigned","no":1,"group":null}"#,
        ),
        (
            GroupEvent::Visited { no, group: Some(2) },
            r#"{"type":"group","change":"visited","no":1,"group":2}"#,
        ),
        (
            GroupEvent::ListenAnnounced { no, group: 2, begins: Millis(5) },
            r#"{"type":"group","change":"listenAnnounced","no":1,"group":2,"begins":5}"#,
        ),
        (GroupEvent::ListenBegan { no }, r#"{"type":"group","change":"listenBegan","no":1}"#),
        (GroupEvent::ListenEnded { no }, r#"{"type":"group","change":"listenEnded","no":1}"#),
        (
            GroupEvent::Everywhere { no, on: true },
            r#"{"type":"group","change":"everywhere","no":1,"on":true}"#,
        ),
        (
            GroupEvent::Called { group: 2, on: true },
            r#"{"type":"group","change":"called","group":2,"on":true}"#,
        ),
    ];
    groups.into_iter().for_each(|(event, stored)| check(&Event::Group(event), stored));
    let talks = [
        (TalkEvent::Began { slot: 1 }, r#"{"type":"talk","change":"began","slot":1}"#),
        (TalkEvent::Finished { slot: 1 }, r#"{"type":"talk","change":"finished","slot":1}"#),
        (
            TalkEvent::Extended { slot: 1, until: Millis(5) },
            r#"{"type":"talk","change":"extended","slot":1,"until":5}"#,
        ),
        (TalkEvent::Missed { slot: 1 }, r#"{"type":"talk","change":"missed","slot":1}"#),
        (TalkEvent::Skipped { slot: 1 }, r#"{"type":"talk","change":"skipped","slot":1}"#),
    ];
    talks.into_iter().for_each(|(event, stored)| check(&Event::Talk(event), stored));
}

/// A known kind whose change a later version wrote has its place in the log and changes nothing;
/// a known change that cannot be read is an error.
#[test]
fn unknown_changes_of_known_kinds() {
    for (kind, known) in
        [("group", "opened"), ("poll", "opened"), ("talk", "began"), ("tool", "focus")]
    {
        let line = format!(r#"{{"type":"{kind}","change":"dreamt","of":{{"deep":[1]}}}}"#);
        let event: Event = serde_json::from_str(&line).expect(&line);
        assert_eq!(event.kind(), kind);
        let mut class = Class::with(&[Role::Teacher, Role::Pupil]);
        let people: Vec<_> = class.lesson.people().collect();
        let seq = class.lesson.seq_for(p(2));
        let logged = class.lesson.stamp(Epoch(1), class.now, vec![(Audience::All, event)]);
        class.lesson.apply(&logged[0]).unwrap();
        assert_eq!(class.lesson.people().collect::<Vec<_>>(), people);
        assert_eq!(class.lesson.seq_for(p(2)), seq + 1);
        for broken in [
            format!(
                r#"{{"type":"{kind}","change":"{known}","until":[],"id":[],"on":3,"slot":"x"}}"#
            ),
            format!(r#"{{"type":"{kind}"}}"#),
        ] {
            assert!(serde_json::from_str::<Event>(&broken).is_err(), "{broken}");
        }
    }
    let line = r#"{"type":"acted","id":1,"by":1,"until":9,"act":{"did":"dreamt","of":[1]}}"#;
    let event: Event = serde_json::from_str(line).unwrap();
    assert!(matches!(event, Event::Acted { act: Act::Unknown, .. }));
    let mut class = Class::with(&[Role::Teacher]);
    let logged = class.lesson.stamp(Epoch(1), class.now, vec![(Audience::Staff, event)]);
    class.lesson.apply(&logged[0]).unwrap();
    assert!(class.by(1, Intent::Undo { id: 1 }).is_err(), "it cannot be taken back here");
}

/// Written so, and read back the same.
fn check(event: &Event, stored: &str) {
    assert_eq!(serde_json::to_string(event).unwrap(), stored);
    assert_eq!(serde_json::from_str::<Event>(stored).unwrap(), *event);
}
