//! Whatever people do in whatever order: the log is the lesson.

use std::collections::{BTreeMap, BTreeSet};

use kreide_control::{ParticipantNo, RecordingEnd, RecordingId, Role, SourceKind};
use kreide_lesson::{
    Actor, ChatTo, Choice, Event, Identity, Intent, Lesson, LockKind, Logged, Millis, Newcomer,
    PollIntent, PollKind, Standing, Text, ToolIntent,
};
use proptest::prelude::*;

use crate::fixture::{Class, hash, key, p, recording};

/// One step of a lesson. Small numbers, so that people meet.
#[derive(Clone, Debug)]
enum Step {
    Join { subject: u8, role: Role, consent: bool, secret: u8 },
    Resume { secret: u8, next: u8 },
    Act { actor: u32, intent: Intent },
    Server { intent: Intent },
    Pass { milliseconds: i64 },
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![
        3 => Just(Role::Teacher),
        4 => Just(Role::Pupil),
        1 => Just(Role::Presenter),
        1 => Just(Role::Guest),
        1 => Just(Role::Interpreter),
        1 => Just(Role::Observer),
    ]
}

fn intent() -> impl Strategy<Value = Intent> {
    let who = || (1..9_u32).prop_map(p);
    let kind = || prop::sample::select(SourceKind::ALL.to_vec());
    let what = || prop::sample::select(LockKind::ALL.to_vec());
    prop_oneof![
        8 => (kind(), prop::bool::weighted(0.8)).prop_map(|(kind, on)| Intent::Send { kind, on }),
        4 => any::<bool>().prop_map(|up| Intent::Hand { up }),
        2 => who().prop_map(|who| Intent::LowerHand { who }),
        2 => "[a-z\\x00]{0,3}".prop_map(|text| Intent::Chat { to: ChatTo::All, text: Text::from(text) }),
        3 => (who(), kind()).prop_map(|(who, kind)| Intent::Mute { who, kind }),
        6 => (prop::option::of(who()), what(), any::<bool>())
            .prop_map(|(who, what, locked)| Intent::Lock { who, what, locked }),
        2 => (0..3_u8).prop_map(|id| Intent::StartRecording {
            id: recording(id),
            begins: Millis(1),
        }),
        1 => Just(Intent::StopRecording),
        9 => prop::option::weighted(0.9, 0..3_u8)
            .prop_map(|id| Intent::Consent { to: id.map(recording) }),
        1 => who().prop_map(|who| Intent::Remove { who }),
        1 => Just(Intent::Leave),
        3 => (who(), what(), any::<bool>())
            .prop_map(|(who, what, on)| Intent::Grant { who, what, on }),
        3 => (who(), any::<bool>()).prop_map(|(who, on)| Intent::LetSpeak { who, on }),
        2 => any::<bool>().prop_map(|on| Intent::Quiet { on }),
        3 => (1..9_u64).prop_map(|id| Intent::Undo { id }),
        1 => who().prop_map(|who| Intent::HideRecent { who }),
        1 => (1..5_u64).prop_map(|id| Intent::DeleteChat { id }),
        1 => (1..5_u64).prop_map(|id| Intent::EditChat { id, text: Text::from("anew") }),
        2 => who().prop_map(|who| Intent::Rename { who, name: Text::from("Kim") }),
        3 => poll().prop_map(Intent::Poll),
        6 => tool().prop_map(Intent::Tool),
    ]
}

fn poll() -> impl Strategy<Value = PollIntent> {
    let open = |live| PollIntent::Open { question: None, kind: PollKind::YesNo, live };
    let vote = |id| PollIntent::Vote { id, choice: Choice::Option(0) };
    prop_oneof![any::<bool>().prop_map(open), (1..3_u64).prop_map(vote), Just(PollIntent::Close),]
}

fn tool() -> impl Strategy<Value = ToolIntent> {
    prop_oneof![
        prop::collection::vec((1..9_u32).prop_map(p), 0..5)
            .prop_map(|who| ToolIntent::Spotlight { who }),
        any::<bool>().prop_map(|on| ToolIntent::Focus { on }),
        prop::option::of(Just(Text::from("Page 7"))).prop_map(|text| ToolIntent::Announce { text }),
        prop::option::of(0..3_u32).prop_map(|seconds| ToolIntent::Timer { seconds }),
        any::<bool>().prop_map(|on| ToolIntent::AskReady { on }),
        any::<bool>().prop_map(|yes| ToolIntent::Ready { yes }),
        any::<u64>().prop_map(|seed| ToolIntent::Pick { seed }),
        any::<bool>().prop_map(|on| ToolIntent::InRoom { on }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let disconnected = |who| Step::Server { intent: Intent::Disconnected { who: p(who) } };
    prop_oneof![
        50 => (0..7_u8, role(), any::<bool>(), 0..10_u8).prop_map(
            |(subject, role, consent, secret)| Step::Join { subject, role, consent, secret }
        ),
        20 => (0..10_u8, 0..10_u8).prop_map(|(secret, next)| Step::Resume { secret, next }),
        200 => (1..9_u32, intent()).prop_map(|(actor, intent)| Step::Act { actor, intent }),
        20 => (1..9_u32).prop_map(disconnected),
        20 => (0..3_u8).prop_map(|id| Step::Server {
            intent: Intent::BeginRecording { id: recording(id) },
        }),
        2 => (0..3_u8, any::<bool>()).prop_map(|(id, kept)| Step::Server {
            intent: Intent::RecordingEnded {
                id: recording(id),
                why: RecordingEnd::Interrupted,
                kept,
            },
        }),
        20 => (-5_000..40_000_i64).prop_map(|milliseconds| Step::Pass { milliseconds }),
        1 => Just(Step::Server { intent: Intent::End }),
    ]
}

/// Carries a step out; refusals are part of a lesson.
fn walk(class: &mut Class, step: Step) {
    let denied = match step {
        Step::Join { subject, role, consent, secret } => {
            let identity = class.identity(&format!("s{subject}"), role);
            let identity = Identity { consent, ..identity };
            class.join(identity, secret).err()
        }
        Step::Resume { secret, next } => class.resume(secret, next).err(),
        Step::Act { actor, intent } => class.by(actor, intent).err(),
        Step::Server { intent } => class.act(Actor::Server, intent).err(),
        Step::Pass { milliseconds } => {
            class.pass(milliseconds);
            None
        }
    };
    assert!(denied.is_none_or(|denied| !denied.to_string().is_empty()));
}

/// What holds after every step.
fn check(lesson: &Lesson) {
    let mut places = BTreeSet::new();
    for person in lesson.people() {
        let no = person.no;
        assert!(matches!(person.standing, Standing::Online | Standing::Offline));
        for lock in &person.locks {
            let speaks = lock.what == LockKind::Microphone && person.has_word;
            let may = person.rights.allows(lock.what);
            assert!(speaks || !may, "{no} is locked and has the right");
        }
        for kind in &person.sending {
            assert!(lesson.rights(no).allows(LockKind::of(*kind)), "{no} sends without the right");
        }
        let media = lesson.media_rights(no);
        for kind in [SourceKind::Microphone, SourceKind::Camera, SourceKind::Content] {
            assert_eq!(media.allows(kind), person.sending.contains(&kind), "{no} {kind:?}");
        }
        if person.role == Role::Teacher {
            assert_eq!(person.locks, [], "a teacher is never locked");
        }
        if let Some(place) = person.hand {
            assert!(places.insert(place), "two hands in one place");
        }
    }
    let here: BTreeSet<_> = lesson.people().map(|person| person.no).collect();
    assert!(lesson.spotlight().iter().all(|no| here.contains(no)), "a spotlight on nobody");
    let answers = lesson.ready().map(|ready| ready.answers.keys().copied().collect());
    assert!(answers.is_none_or(|who: Vec<_>| who.iter().all(|no| here.contains(no))));
    let hands = lesson.hands();
    let in_order: Vec<_> =
        hands.iter().map(|no| lesson.person(*no).unwrap().hand.unwrap()).collect();
    assert_eq!(in_order, places.into_iter().collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_log_is_the_lesson(steps in prop::collection::vec(step(), 1..80)) {
        let mut class = Class::new();
        let mut removed = BTreeSet::new();
        for step in steps {
            let from = class.log.len();
            walk(&mut class, step);
            check(&class.lesson);
            for logged in &class.log[from..] {
                match &logged.event {
                    Event::Sending { no, on: true, by, .. } => prop_assert_eq!(no, by),
                    Event::Removed { no, .. } => { removed.insert(*no); }
                    Event::SeatTaken(Newcomer { no, .. }) => prop_assert!(!removed.contains(no)),
                    _ => {}
                }
            }
        }

        // Through the stored form, as another process would read it.
        let stored: Vec<_> =
            class.log.iter().map(|logged| serde_json::to_string(logged).unwrap()).collect();
        let read = stored.iter().map(|line| serde_json::from_str::<Logged>(line).unwrap());
        let again = Lesson::replay(key(), read).unwrap();
        prop_assert_eq!(again.state_hash(), class.lesson.state_hash());

        // And from a snapshot anywhere in the log.
        let middle = class.log.len() / 2;
        let half = Lesson::replay(key(), class.log[..middle].iter().cloned()).unwrap();
        let mut rest = Lesson::restore(key(), &half.snapshot()).unwrap();
        for logged in &class.log[middle..] {
            rest.apply(logged).unwrap();
        }
        prop_assert_eq!(rest.state_hash(), class.lesson.state_hash());

        // Everyone's own sequence counts exactly what they can see.
        for no in (1..9).map(p) {
            let seen = class.log.iter().filter(|logged| again.visible(logged, no)).count();
            prop_assert_eq!(again.seq_for(no), seen as u64);
            if seen > 0 {
                let missed = again.missed(no, 1, &class.log).unwrap();
                let seqs: Vec<_> = missed.iter().map(|(seq, _)| *seq).collect();
                prop_assert_eq!(seqs, (2..=seen as u64).collect::<Vec<_>>());
            }
        }
        // The log names nobody, and shows no key.
        prop_assert!(!stored.join("\n").contains("name of"));
    }

    #[test]
    fn handling_changes_nothing(steps in prop::collection::vec(step(), 1..40), intent in intent()) {
        let mut class = Class::new();
        for step in steps {
            walk(&mut class, step);
        }
        let before = class.lesson.state_hash();
        for actor in (1..9).map(|no| Actor::Participant(p(no))) {
            let first = class.lesson.handle(actor, intent.clone(), class.now);
            prop_assert_eq!(class.lesson.handle(actor, intent.clone(), class.now), first);
        }
        let resume = Intent::Resume { key: hash(1), next: hash(2) };
        prop_assert!(class.lesson.handle(Actor::Server, resume, class.now).is_err());
        prop_assert_eq!(class.lesson.state_hash(), before);
    }
}

/// Who may be recorded, told from the log alone and in another way than the lesson does it.
#[derive(Default)]
struct Consents {
    /// The teacher who records, and whether it runs.
    recording: Option<(RecordingId, ParticipantNo, bool)>,
    /// Whose newest token says that the school may record them.
    school: BTreeMap<ParticipantNo, bool>,
    /// Who said yes after the announcement, and has not gone since.
    said_yes: BTreeSet<ParticipantNo>,
}

impl Consents {
    fn read(&mut self, event: &Event) {
        match event {
            Event::RecordingAnnounced { id, by, .. } => {
                assert!(self.recording.is_none(), "two recordings at once");
                self.recording = Some((id.clone(), *by, false));
                self.said_yes.clear();
            }
            Event::RecordingBegan { id } => {
                let (announced, _, runs) = self.recording.as_mut().expect("it was announced");
                assert!(announced == id && !*runs);
                *runs = true;
            }
            Event::RecordingStopped { id, kept, .. } => {
                let (known, _, runs) = self.recording.take().expect("it was announced");
                assert!(known == *id && (runs || !kept));
            }
            Event::RecordingConsent { no, given: true } => {
                assert!(self.recording.is_some() && self.school[no], "nothing to consent to");
                self.said_yes.insert(*no);
            }
            Event::RecordingConsent { no, given: false }
            | Event::SeatLeft { no }
            | Event::Removed { no, .. }
            // A join: another device, or the same person anew.
            | Event::ResumeKey { no, previous: None, .. } => {
                self.said_yes.remove(no);
            }
            Event::SeatTaken(Newcomer { no, consent, .. }) => {
                self.school.insert(*no, *consent);
                self.said_yes.remove(no);
            }
            Event::Ended { .. } => assert!(self.recording.is_none(), "recorded after the end"),
            _ => {}
        }
    }

    fn recordable(&self, lesson: &Lesson, no: ParticipantNo) -> bool {
        let holds_seat = lesson.people().any(|person| person.no == no);
        let Some((_, by, true)) = &self.recording else { return false };
        holds_seat && (no == *by || (self.school[&no] && self.said_yes.contains(&no)))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_recorded_without_consent(steps in prop::collection::vec(step(), 1..120)) {
        let mut class = Class::new();
        class.recordable_seat("s0", Role::Teacher);
        let mut consents = Consents::default();
        let mut read = 0;
        for step in steps {
            walk(&mut class, step);
            for logged in &class.log[read..] {
                consents.read(&logged.event);
            }
            read = class.log.len();
            for no in (1..9).map(p) {
                let may = consents.recordable(&class.lesson, no);
                prop_assert_eq!(class.lesson.recordable(no), may, "{} may: {}", no, may);
            }
        }
    }
}
