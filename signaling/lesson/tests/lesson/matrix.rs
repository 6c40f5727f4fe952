//! Who may do what, cell by cell.

use kreide_control::{ParticipantNo, RecordingEnd, SourceKind};
use kreide_lesson::{Actor, ChatTo, Denied, Intent, LockKind, Text};

use crate::fixture::{Class, Role, hash, p, recording};

const ROLES: [Role; 6] =
    [Role::Teacher, Role::Presenter, Role::Pupil, Role::Guest, Role::Interpreter, Role::Observer];
const SOMEONE: ParticipantNo = ParticipantNo(7);

/// Every intent against everyone who could utter it, on a fresh class whose number 7 is a pupil.
/// `+` allowed, `-` forbidden.
#[test]
fn every_intent_by_everyone() {
    let table = "\
join                 + - - - - - - -
resume               + - - - - - - -
disconnected         - + - - - - - -
microphone on        - - + + + + + -
microphone off       - - + + + + + +
camera on            - - + + + + + -
camera off           - - + + + + + +
content on           - - + + - - - -
content off          - - + + + + + +
content audio on     - - + + - - - -
content audio off    - - + + + + + +
hand up              - - + + + + + -
hand down            - - + + + + + -
lower hand           - - + - - - - -
chat                 - - + + + + + -
mute                 - - + - - - - -
lock one             - - + - - - - -
unlock one           - - + - - - - -
lock all             - - + - - - - -
unlock all           - - + - - - - -
remove               - - + - - - - -
start recording      - - + - - - - -
begin recording      - + - - - - - -
stop recording       - - + - - - - -
recording ended      - + - - - - - -
consent              - - - - - - - -
no consent           - - + + + + + +
end                  - + + - - - - -
leave                - - + + + + + +
";
    let actors =
        [Actor::Door, Actor::Server].into_iter().chain((1..=6).map(|no| Actor::Participant(p(no))));
    let actors: Vec<_> = actors.collect();

    let mut class = Class::with(&ROLES);
    class.seat("someone", Role::Pupil);
    let mut seen = String::new();
    for (name, intent) in intents(&mut class) {
        let cells = actors.iter().map(|actor| {
            match class.lesson.handle(*actor, intent.clone(), class.now) {
                Ok(_) => "+",
                Err(Denied::Forbidden) => "-",
                Err(_) => "?",
            }
        });
        let cells: Vec<_> = cells.collect();
        seen.push_str(&format!("{name:<20} {}\n", cells.join(" ")));
    }
    assert_eq!(seen, table, "columns: door, server, {ROLES:?}");
}

/// Who may say yes to a recording: everyone whom the school may record, while there is one. The
/// teacher who records, number 7, is in it and cannot say no.
#[test]
fn every_consent() {
    let table = "\
nothing recorded     yes: ? ? ? ? ? ? ?  no: + + + + + + +
announced            yes: + + + + + + +  no: + + + + + + -
running              yes: + + + + + + +  no: + + + + + + -
without the school   yes: - - - - - - +  no: + + + + + + -
stopped              yes: ? ? ? ? ? ? ?  no: + + + + + + +
";
    let mut class = Class::new();
    for role in ROLES {
        class.recordable_seat(&format!("{role:?}"), role);
    }
    class.recordable_seat("recording", Role::Teacher);
    let mut seen = String::new();
    for stage in ["nothing recorded", "announced", "running", "without the school", "stopped"] {
        match stage {
            "announced" => class.announce(7, 1),
            "running" => class.begin(1),
            "without the school" => {
                for role in ROLES {
                    class.seat(&format!("{role:?}"), role);
                }
                class.seat("recording", Role::Teacher);
            }
            "stopped" => {
                for role in ROLES {
                    class.recordable_seat(&format!("{role:?}"), role);
                }
                class.recordable_seat("recording", Role::Teacher);
                class.by(7, Intent::StopRecording).unwrap();
            }
            _ => {}
        }
        let cells = |given: bool| {
            let cell = |no| {
                let take = class.lesson.recording().take();
                let to = given.then(|| take.map_or(recording(1), |take| take.id.clone()));
                let consent = Intent::Consent { to };
                match class.lesson.handle(Actor::Participant(p(no)), consent, class.now) {
                    Ok(_) => "+",
                    Err(Denied::Forbidden) => "-",
                    Err(Denied::NotFound) => "?",
                    Err(_) => "!",
                }
            };
            (1..=7).map(cell).collect::<Vec<_>>().join(" ")
        };
        seen.push_str(&format!("{stage:<20} yes: {}  no: {}\n", cells(true), cells(false)));
    }
    assert_eq!(seen, table, "columns: {ROLES:?}, the teacher who records");
}

/// Whom a teacher (number 7, beside those numbered 1 to 6) may reach.
#[test]
fn every_target_of_a_teacher() {
    let table = "\
lower hand           + + + + + +
mute                 + + + + + +
lock one             - + + + + +
unlock one           - + + + + +
remove               - + + + + +
";
    let mut class = Class::with(&ROLES);
    class.seat("someone", Role::Teacher);
    let mut seen = String::new();
    for name in ["lower hand", "mute", "lock one", "unlock one", "remove"] {
        let mut cells = Vec::new();
        for no in 1..=6 {
            let intent = match name {
                "lower hand" => Intent::LowerHand { who: p(no) },
                "mute" => Intent::Mute { who: p(no), kind: SourceKind::Microphone },
                "remove" => Intent::Remove { who: p(no) },
                _ => lock(Some(p(no)), name == "lock one"),
            };
            cells.push(match class.lesson.handle(Actor::Participant(SOMEONE), intent, class.now) {
                Ok(_) => "+",
                Err(Denied::Forbidden) => "-",
                Err(_) => "?",
            });
        }
        seen.push_str(&format!("{name:<20} {}\n", cells.join(" ")));
    }
    assert_eq!(seen, table, "columns: {ROLES:?}");
}

/// Without a seat there is no role: gone, removed and made-up numbers get nowhere.
#[test]
fn numbers_without_a_seat() {
    let mut class = Class::with(&[Role::Teacher, Role::Teacher, Role::Pupil]);
    class.by(2, Intent::Leave).unwrap();
    class.by(1, Intent::Remove { who: p(3) }).unwrap();
    for (name, intent) in intents(&mut class) {
        for (no, reason) in [(2, Denied::NotFound), (3, Denied::Removed), (9, Denied::NotFound)] {
            let got = class.lesson.handle(Actor::Participant(p(no)), intent.clone(), class.now);
            assert_eq!(got, Err(reason), "{name} by {no}");
        }
    }
}

/// After the end nothing is left to do, for anyone.
#[test]
fn nothing_after_the_end() {
    let mut class = Class::with(&ROLES);
    class.seat("someone", Role::Pupil);
    class.by(1, Intent::End).unwrap();
    assert!(class.lesson.ended());
    for (name, intent) in intents(&mut class) {
        let actors = (1..=7).map(|no| Actor::Participant(p(no)));
        for actor in actors.chain([Actor::Door, Actor::Server]) {
            let got = class.lesson.handle(actor, intent.clone(), class.now);
            assert_eq!(got, Err(Denied::LessonEnded), "{name} by {actor:?}");
        }
    }
}

/// Mute, lock and remove act before they are logged; so does what people do to themselves.
#[test]
fn what_lowers_exposure() {
    let mut class = Class::with(&ROLES);
    class.seat("someone", Role::Pupil);
    let lowering: Vec<_> = intents(&mut class)
        .into_iter()
        .filter(|(_, intent)| intent.lowers_exposure())
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        lowering,
        [
            "microphone off",
            "camera off",
            "content off",
            "content audio off",
            "mute",
            "lock one",
            "lock all",
            "remove",
            "stop recording",
            "recording ended",
            "no consent",
            "leave"
        ]
    );
}

fn intents(class: &mut Class) -> Vec<(String, Intent)> {
    // The secret of everyone seated by `Class::with` is 0.
    let mut intents = vec![
        (
            "join".to_owned(),
            Intent::Join { identity: class.identity("new", Role::Pupil), key: hash(9) },
        ),
        ("resume".to_owned(), Intent::Resume { key: hash(0), next: hash(1) }),
        ("disconnected".to_owned(), Intent::Disconnected { who: SOMEONE }),
    ];
    for (name, kind) in [
        ("microphone", SourceKind::Microphone),
        ("camera", SourceKind::Camera),
        ("content", SourceKind::Content),
        ("content audio", SourceKind::ContentAudio),
    ] {
        intents.push((format!("{name} on"), Intent::Send { kind, on: true }));
        intents.push((format!("{name} off"), Intent::Send { kind, on: false }));
    }
    let rest = [
        ("hand up", Intent::Hand { up: true }),
        ("hand down", Intent::Hand { up: false }),
        ("lower hand", Intent::LowerHand { who: SOMEONE }),
        ("chat", Intent::Chat { to: ChatTo::All, text: Text::from("hello") }),
        ("mute", Intent::Mute { who: SOMEONE, kind: SourceKind::Camera }),
        ("lock one", lock(Some(SOMEONE), true)),
        ("unlock one", lock(Some(SOMEONE), false)),
        ("lock all", lock(None, true)),
        ("unlock all", lock(None, false)),
        ("remove", Intent::Remove { who: SOMEONE }),
        ("start recording", Intent::StartRecording { id: recording(1), begins: class.now }),
        ("begin recording", Intent::BeginRecording { id: recording(1) }),
        ("stop recording", Intent::StopRecording),
        (
            "recording ended",
            Intent::RecordingEnded { id: recording(1), why: RecordingEnd::StorageFull, kept: true },
        ),
        ("consent", Intent::Consent { to: Some(recording(1)) }),
        ("no consent", Intent::Consent { to: None }),
        ("end", Intent::End),
        ("leave", Intent::Leave),
    ];
    intents.extend(rest.map(|(name, intent)| (name.to_owned(), intent)));
    intents
}

fn lock(who: Option<ParticipantNo>, locked: bool) -> Intent {
    Intent::Lock { who, what: LockKind::Microphone, locked }
}
