//! A lesson in which everything happens once: what it logs is read alike for ever.

use std::collections::BTreeSet;

use kreide_control::{Lobby, Policy, Role, SourceKind};
use kreide_lesson::{
    Actor, BallotBox, ChatTo, Deal, GroupIntent, Identity, Intent, Lesson, LockKind, PollIntent,
    PollKind, Reaction, Text, ToolIntent,
};

use crate::fixture::{Class, hash, key, p};

fn text(text: &str) -> Text {
    Text::from(text)
}

/// Plays it.
pub(crate) fn lesson() -> Class {
    let mut class = Class::new();
    let policy = Policy {
        lobby: Lobby::Guests,
        early: false,
        attendance: true,
        locked: BTreeSet::from([LockKind::Content, LockKind::Names]),
        ..Policy::default()
    };
    class.act(Actor::Server, Intent::SetPolicy { policy, talks: Vec::new() }).unwrap();
    class.seat("pupil-1", Role::Pupil);
    class.seat("guest", Role::Guest);
    class.seat("teacher", Role::Teacher);
    for n in 2..=7 {
        let identity = Identity {
            seat: Some(n),
            device: Some(hash(u8::try_from(n).unwrap())),
            ..class.identity(&format!("pupil-{n}"), Role::Pupil)
        };
        class.join(identity, u8::try_from(n).unwrap()).unwrap();
    }
    class.seat("interpreter", Role::Interpreter);
    let teacher = 3;
    let lead = |class: &mut Class, intent: Intent| {
        class.pass(1_000);
        class.by(teacher, intent).unwrap()
    };
    lead(&mut class, Intent::Admit { who: Some(p(2)) });
    class.send(4, SourceKind::Microphone, true).unwrap();
    class.send(5, SourceKind::Camera, true).unwrap();
    class.by(6, Intent::Hand { up: true }).unwrap();
    lead(&mut class, Intent::LetSpeak { who: p(6), on: true });
    lead(&mut class, Intent::Mute { who: p(4), kind: SourceKind::Microphone });
    lead(&mut class, Intent::Undo { id: 2 });
    lead(&mut class, Intent::Lock { who: Some(p(5)), what: LockKind::Camera, locked: true });
    lead(&mut class, Intent::Undo { id: 3 });
    lead(&mut class, Intent::Grant { who: p(5), what: LockKind::Content, on: true });
    lead(&mut class, Intent::Quiet { on: true });
    lead(&mut class, Intent::LetSpeak { who: p(4), on: true });
    lead(&mut class, Intent::Quiet { on: false });
    class.by(4, Intent::Chat { to: ChatTo::All, text: text("Guten Morgen") }).unwrap();
    class.by(4, Intent::Chat { to: ChatTo::Person(p(3)), text: text("eine Frage") }).unwrap();
    class.by(4, Intent::EditChat { id: 1, text: text("Guten Tag") }).unwrap();
    lead(&mut class, Intent::HideRecent { who: p(4) });
    lead(&mut class, Intent::DeleteChat { id: 2 });
    lead(&mut class, Intent::Caption { text: text("Wir fangen an.") });
    lead(&mut class, Intent::Rename { who: p(5), name: text("Emil B.") });
    for intent in [
        ToolIntent::Spotlight { who: vec![p(10)] },
        ToolIntent::Focus { on: true },
        ToolIntent::Announce { text: Some(text("Noch fünf Minuten")) },
        ToolIntent::Timer { seconds: Some(300) },
        ToolIntent::AskReady { on: true },
        ToolIntent::Pick { seed: 7 },
        ToolIntent::Focus { on: false },
    ] {
        lead(&mut class, Intent::Tool(intent));
    }
    class.by(4, Intent::Tool(ToolIntent::Ready { yes: true })).unwrap();
    class.by(4, Intent::Tool(ToolIntent::React { what: Reaction::Applause })).unwrap();
    class.by(7, Intent::Tool(ToolIntent::InRoom { on: true })).unwrap();
    groups(&mut class, teacher);
    poll(&mut class, teacher);
    class.act(Actor::Server, Intent::Disconnected { who: p(teacher) }).unwrap();
    class.pass(10_000);
    class.act(Actor::Server, Intent::Unattended).unwrap();
    class.seat("teacher", Role::Teacher);
    let lead = |class: &mut Class, intent: Intent| class.by(teacher, intent).unwrap();
    lead(&mut class, Intent::ToLobby { who: p(9) });
    lead(&mut class, Intent::TurnAway { who: p(9) });
    lead(&mut class, Intent::Lock { who: None, what: LockKind::People, locked: true });
    lead(&mut class, Intent::Remove { who: p(8) });
    lead(&mut class, Intent::End);
    class
}

fn groups(class: &mut Class, teacher: u32) {
    let begins = class.now;
    for intent in [
        GroupIntent::Deal { deal: Deal::Number(2), shuffled: true, seed: 5 },
        GroupIntent::Open { minutes: Some(10) },
        GroupIntent::Extend { minutes: 5 },
        GroupIntent::Assign { who: p(4), group: Some(2) },
        GroupIntent::Visit { group: Some(1) },
        GroupIntent::Listen { group: Some(2), begins },
    ] {
        class.by(teacher, Intent::Groups(intent)).unwrap();
    }
    let begin = GroupIntent::BeginListening { who: p(teacher) };
    class.act(Actor::Server, Intent::Groups(begin)).unwrap();
    class.by(4, Intent::Chat { to: ChatTo::Group(2), text: text("unter uns") }).unwrap();
    class.by(4, Intent::Groups(GroupIntent::CallTeacher { on: true })).unwrap();
    class.by(teacher, Intent::Groups(GroupIntent::SpeakToAll { on: true })).unwrap();
    class.by(teacher, Intent::Groups(GroupIntent::Close)).unwrap();
}

fn poll(class: &mut Class, teacher: u32) {
    let kind = PollKind::Options(vec![text("Rot"), text("Blau")]);
    let ask = PollIntent::Open { question: Some(text("Welche Farbe?")), kind, live: true };
    class.by(teacher, Intent::Poll(ask)).unwrap();
    let mut ballots = BallotBox::new(class.lesson.poll().unwrap(), 3);
    for no in [1, 4, 5, 6, 7, 8] {
        let vote = PollIntent::Vote { id: 1, choice: kreide_lesson::Choice::Option(no as u8 % 2) };
        let outcome = class.act(Actor::Participant(p(no)), Intent::Poll(vote)).unwrap();
        ballots.cast(outcome.ballot.unwrap()).unwrap();
    }
    let tally = PollIntent::Tally { id: 1, batch: ballots.drain().unwrap() };
    class.act(Actor::Server, Intent::Poll(tally)).unwrap();
    class.by(teacher, Intent::Poll(PollIntent::Close)).unwrap();
}

/// The whole lesson, through the stored form and from a snapshot at every place.
#[test]
fn a_whole_lesson_is_read_as_it_was_written() {
    let class = lesson();
    let hash = class.lesson.state_hash();
    let mut lesson = Lesson::new(key());
    for logged in &class.log {
        lesson.apply(logged).unwrap();
        lesson = Lesson::restore(key(), &lesson.snapshot()).unwrap();
    }
    assert_eq!(lesson.state_hash(), hash);
    let kinds: BTreeSet<_> = class.log.iter().map(|logged| logged.event.kind()).collect();
    assert!(kinds.len() > 30, "{kinds:?}");
}
