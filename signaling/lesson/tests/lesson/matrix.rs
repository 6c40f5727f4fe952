//! Who may do what, cell by cell.

use kreide_control::{ParticipantNo, SourceKind};
use kreide_lesson::{Actor, Denied, Intent, LockKind};

use crate::fixture::{Class, Role, p, recording};
use crate::intents::{LOBBY, ROLES, SOMEONE, cell, intents, situations};

/// Every intent against everyone who could utter it, in a class whose number 7 is a pupil.
/// `+` allowed, `-` forbidden.
#[test]
fn every_intent_by_everyone() {
    let table = "\
join                   + - - - - - - - -
resume                 + - - - - - - - -
disconnected           - + - - - - - - -
unattended             - + - - - - - - -
take off               - + - - - - - - -
set policy             - + - - - - - - -
microphone on          - - + + + + + - -
microphone off         - - + + + + + + -
camera on              - - + + + + + - -
camera off             - - + + + + + + -
content on             - - + + - - - - -
content off            - - + + + + + + -
content audio on       - - + + - - - - -
content audio off      - - + + + + + + -
hand up                - - + + + + + - -
hand down              - - + + + + + - -
chat                   - - + + + + + - -
chat alone             - - + + + + + - -
edit own               - - + + + + + - -
delete own             - - + + + + + - -
caption                - - + - - - - - -
rename self            - - + + + + + - -
lower hand             - - + - - - - - -
delete other           - - + - - - - - -
hide recent            - - + - - - - - -
rename other           - - + - - - - - -
mute                   - - + - - - - - -
lock one               - - + - - - - - -
unlock one             - - + - - - - - -
lock all               - - + - - - - - -
unlock all             - - + - - - - - -
grant                  - - + - - - - - -
take back              - - + - - - - - -
let speak              - - + - - - - - -
take the word          - - + - - - - - -
quiet                  - - + - - - - - -
quiet off              - - + - - - - - -
undo                   - - + - - - - - -
admit                  - - + - - - - - -
admit all              - - + - - - - - -
turn away              - - + - - - - - -
to lobby               - - + - - - - - -
remove                 - - + - - - - - -
start recording        - - + - - - - - -
begin recording        - + - - - - - - -
stop recording         - - + - - - - - -
recording ended        - + - - - - - - -
consent                - - + + + + + + -
no consent             - - + + + + + + -
poll open              - - + - - - - - -
poll vote              - - - + + + - - -
poll tally             - + - - - - - - -
poll close             - + + - - - - - -
spotlight              - - + - - - - - -
focus                  - - + - - - - - -
focus off              - - + - - - - - -
announce               - - + - - - - - -
timer                  - - + - - - - - -
ask ready              - - + - - - - - -
ready                  - - + + + + + - -
pick                   - - + - - - - - -
react                  - - + + + + + - -
in room                - - + + + + + - -
groups prepare         - - + - - - - - -
groups deal            - - + - - - - - -
groups offer           - - + - - - - - -
groups open            - - + - - - - - -
groups extend          - - + - - - - - -
groups close           - + + - - - - - -
groups assign          - - + - - - - - -
groups choose          - - - + + + - - -
groups visit           - - + - - - - - -
groups listen          - - + - - - - - -
groups listen off      - - + - - - - - -
groups begin           - + - - - - - - -
groups speak           - - + - - - - - -
groups speak off       - - + - - - - - -
groups call            - - - + + + - - -
talk begin             - + + - - - - - -
talk finish            - - + - - - - - -
talk more              - - + - - - - - -
talk no-show           - - + - - - - - -
talk skip              - - + - - - - - -
end                    - + + - - - - - -
leave                  - - + + + + + + +
";
    let participants = (1..=6).chain([LOBBY.0]).map(|no| Actor::Participant(p(no)));
    let actors: Vec<_> = [Actor::Door, Actor::Server].into_iter().chain(participants).collect();
    let situations = situations();
    let mut seen = String::new();
    for row in 0..intents(0).len() {
        let cells = actors.iter().map(|actor| {
            let intent = &intents(own_number(*actor))[row].intent;
            cell(&situations, *actor, intent).to_string()
        });
        let cells: Vec<_> = cells.collect();
        seen.push_str(&format!("{:<22} {}\n", intents(0)[row].short, cells.join(" ")));
    }
    assert_eq!(seen, table, "columns: door, server, {ROLES:?}, lobby");
}

/// No intent is forgotten above.
#[test]
fn every_intent_has_a_row() {
    let rows = intents(1);
    let named: Vec<_> = rows.iter().map(|row| row.intent.name()).collect();
    for name in Intent::NAMES {
        assert!(named.contains(name), "{name} has no row");
    }
    let mut shorts: Vec<_> = rows.iter().map(|row| row.short).collect();
    shorts.sort_unstable();
    assert!(shorts.windows(2).all(|two| two[0] != two[1]), "two rows have the same name");
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

/// Without a seat there is no role: gone, removed and made-up numbers get nowhere, and those in
/// the lobby only out.
#[test]
fn numbers_without_a_seat() {
    let mut class = Class::with(&[Role::Teacher, Role::Teacher, Role::Pupil, Role::Pupil]);
    class.by(2, Intent::Leave).unwrap();
    class.by(1, Intent::Remove { who: p(3) }).unwrap();
    class.by(1, Intent::ToLobby { who: p(4) }).unwrap();
    assert_eq!(class.lesson.waiting().count(), 1);
    for no in [2, 3, 4, 9] {
        for row in intents(no) {
            let name = row.short;
            let actor = Actor::Participant(p(no));
            let got = class.lesson.handle(actor, row.intent.clone(), class.now);
            let reason = match (no, &row.intent) {
                (4, Intent::Leave) => {
                    assert!(got.is_ok_and(|outcome| outcome.events.len() == 1));
                    continue;
                }
                (3, _) => Denied::Removed,
                (4, _) => Denied::Forbidden,
                _ => Denied::NotFound,
            };
            assert_eq!(got, Err(reason), "{name} by {no}");
            assert!(!class.lesson.permits(actor, &row.intent), "{name} by {no}");
        }
    }
}

/// After the end nothing is left to do, for anyone.
#[test]
fn nothing_after_the_end() {
    for mut class in situations() {
        class.by(1, Intent::End).unwrap();
        assert!(class.lesson.ended());
        let actors = (1..=8).map(|no| Actor::Participant(p(no)));
        for actor in actors.chain([Actor::Door, Actor::Server]) {
            for row in intents(own_number(actor)) {
                let got = class.lesson.handle(actor, row.intent, class.now);
                assert_eq!(got, Err(Denied::LessonEnded), "{} by {actor:?}", row.short);
            }
        }
    }
}

/// Mute, lock and remove act before they are logged; so does what people do to themselves.
#[test]
fn what_lowers_exposure() {
    let rows = intents(1);
    let lowering: Vec<_> =
        rows.iter().filter(|row| row.intent.lowers_exposure()).map(|row| row.short).collect();
    assert_eq!(
        lowering,
        [
            "unattended",
            "take off",
            "microphone off",
            "camera off",
            "content off",
            "content audio off",
            "mute",
            "lock one",
            "lock all",
            "take back",
            "take the word",
            "quiet",
            "to lobby",
            "remove",
            "stop recording",
            "recording ended",
            "no consent",
            "focus",
            "groups listen off",
            "groups speak off",
            "leave"
        ]
    );
}

#[test]
fn the_class_is_as_the_table_says() {
    for class in situations() {
        for (no, role) in (1..).zip(ROLES).chain([(SOMEONE.0, Role::Pupil)]) {
            assert_eq!(class.lesson.person(p(no)).map(|person| person.role), Some(role));
        }
        let waiting: Vec<_> = class.lesson.waiting().map(|person| person.no).collect();
        assert_eq!(waiting, [LOBBY]);
    }
}

fn own_number(actor: Actor) -> u32 {
    match actor {
        Actor::Participant(no) => no.0,
        Actor::Door | Actor::Server => 0,
    }
}

fn lock(who: Option<ParticipantNo>, locked: bool) -> Intent {
    Intent::Lock { who, what: LockKind::Microphone, locked }
}
