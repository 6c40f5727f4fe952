//! Every message of the protocol, and who may say it.
//!
//! Invariant: the match has no catch-all and each arm has a sample that falls into it, so a message
//! that is new to the protocol does not compile here before it has both.

use kreide_protocol::{
    ChatTo, ClientMessage as M, GroupAct as G, Join, JoinWith, Kind, LockKind, PollAct as P,
    PollOptions, Reaction, SlotWish, SourceRef, TalkAct as T, ToolAct as L,
};
use serde_json::Value;

use crate::common::pack;

/// Who may say a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Somebody at the door.
    Door,
    /// A connection of somebody with a seat.
    Connection,
    /// Everyone with a seat who takes part, about themselves.
    Own,
    /// Those who are taught.
    Taught,
    /// A teacher, or somebody whom one granted it.
    Teacher,
    /// Everyone, in the lobby too.
    Everyone,
}

/// Whom messages are about.
#[derive(Clone, Copy)]
pub(crate) struct About {
    pub(crate) me: u32,
    pub(crate) other: u32,
}

macro_rules! messages {
    (|$about:ident| $($pattern:pat => $rule:ident: $($sample:expr),+;)+) => {
        pub(crate) fn rule(message: &M) -> Rule {
            match message {
                $($pattern => Rule::$rule,)+
            }
        }

        /// At least one of each message.
        pub(crate) fn samples($about: About) -> Vec<M> {
            let mut all = Vec::new();
            $(
                for sample in [$($sample),+] {
                    assert!(matches!(sample, $pattern), "{sample:?} stands in another row");
                    all.push(sample);
                }
            )+
            all
        }
    };
}

messages! { |about|
    M::Join(_) => Door: M::Join(Join {
        version: 1,
        features: Vec::new(),
        with: JoinWith::Resume("school.7b.1.x.y".to_owned()),
        offer: None,
        since: None,
    });
    M::Offer { .. } => Connection: M::Offer { offer: pack("v=0") };
    M::View { .. } => Connection: M::View { slots: Vec::new() }, M::View { slots: vec![SlotWish {
        slot: 0,
        source: SourceRef { participant: about.other, kind: Kind::Camera },
        height: 90,
        priority: 0,
    }] };
    M::Send { .. } => Own:
        M::Send { kind: Kind::Microphone, on: true }, M::Send { kind: Kind::Camera, on: true };
    M::Hand { .. } => Own: M::Hand { up: true };
    M::LowerHand { .. } => Teacher: M::LowerHand { who: about.other };
    M::Chat { .. } => Own:
        M::Chat { to: None, text: "x".to_owned() },
        M::Chat { to: Some(ChatTo::Person(about.other)), text: "x".to_owned() },
        M::Chat { to: Some(ChatTo::Group(1)), text: "x".to_owned() };
    M::EditChat { .. } => Own: M::EditChat { id: 1, text: "x".to_owned() };
    M::DeleteChat { .. } => Own: M::DeleteChat { id: 1 };
    M::HideRecent { .. } => Teacher: M::HideRecent { who: about.other };
    M::Caption { .. } => Teacher: M::Caption { text: "x".to_owned() };
    M::Rename { who: None, .. } => Own: M::Rename { who: None, name: "Eve".to_owned() };
    M::Rename { who: Some(_), .. } => Teacher:
        M::Rename { who: Some(about.other), name: "Eve".to_owned() };
    M::Mute { .. } => Teacher:
        M::Mute { who: about.other, kind: Kind::Microphone },
        M::Mute { who: about.me, kind: Kind::Camera };
    M::Lock { .. } => Teacher:
        M::Lock { who: None, what: LockKind::Chat, locked: true },
        M::Lock { who: None, what: LockKind::People, locked: false },
        M::Lock { who: Some(about.other), what: LockKind::Microphone, locked: true },
        M::Lock { who: Some(about.me), what: LockKind::Microphone, locked: false };
    M::Grant { .. } => Teacher:
        M::Grant { who: about.me, what: LockKind::Content, on: true },
        M::Grant { who: about.me, what: LockKind::Record, on: true };
    M::LetSpeak { .. } => Teacher:
        M::LetSpeak { who: about.me, on: true }, M::LetSpeak { who: about.other, on: false };
    M::Quiet { .. } => Teacher: M::Quiet { on: true }, M::Quiet { on: false };
    M::Undo { .. } => Teacher: M::Undo { id: 1 };
    M::Admit { .. } => Teacher: M::Admit { who: None }, M::Admit { who: Some(about.me) };
    M::TurnAway { .. } => Teacher: M::TurnAway { who: about.other };
    M::ToLobby { .. } => Teacher: M::ToLobby { who: about.other };
    M::Groups(G::Prepare { .. }) => Teacher:
        M::Groups(G::Prepare { groups: vec![vec![about.me], vec![about.other]] });
    M::Groups(G::Deal { .. }) => Teacher:
        M::Groups(G::Deal { number: Some(2), size: None, shuffled: true });
    M::Groups(G::Offer { .. }) => Teacher: M::Groups(G::Offer { groups: 2 });
    M::Groups(G::Open { .. }) => Teacher: M::Groups(G::Open { minutes: None });
    M::Groups(G::Extend { .. }) => Teacher: M::Groups(G::Extend { minutes: 5 });
    M::Groups(G::Close) => Teacher: M::Groups(G::Close);
    M::Groups(G::Assign { .. }) => Teacher:
        M::Groups(G::Assign { who: about.me, group: Some(2) }),
        M::Groups(G::Assign { who: about.other, group: None });
    M::Groups(G::Choose { .. }) => Taught: M::Groups(G::Choose { group: 1 });
    M::Groups(G::Visit { .. }) => Teacher: M::Groups(G::Visit { group: Some(1) });
    M::Groups(G::Listen { .. }) => Teacher: M::Groups(G::Listen { group: Some(2) });
    M::Groups(G::SpeakToAll { .. }) => Teacher: M::Groups(G::SpeakToAll { on: true });
    M::Groups(G::CallTeacher { .. }) => Taught: M::Groups(G::CallTeacher { on: true });
    M::Groups(G::Kept) => Teacher: M::Groups(G::Kept);
    M::Groups(G::Keep { .. }) => Teacher: M::Groups(G::Keep { name: "x".to_owned() });
    M::Groups(G::Use { .. }) => Teacher: M::Groups(G::Use { name: "x".to_owned() });
    M::Groups(G::Forget { .. }) => Teacher: M::Groups(G::Forget { name: "x".to_owned() });
    M::Poll(P::Open { .. }) => Teacher:
        M::Poll(P::Open { question: None, options: PollOptions::YesNo, live: true });
    M::Poll(P::Vote { .. }) => Taught:
        M::Poll(P::Vote { poll: 1, option: Some(0), words: None });
    M::Poll(P::Close) => Teacher: M::Poll(P::Close);
    M::Talk(T::Begin { .. }) => Teacher: M::Talk(T::Begin { slot: 1 });
    M::Talk(T::Finish) => Teacher: M::Talk(T::Finish);
    M::Talk(T::More) => Teacher: M::Talk(T::More);
    M::Talk(T::NoShow { .. }) => Teacher: M::Talk(T::NoShow { slot: 1 });
    M::Talk(T::Skip { .. }) => Teacher: M::Talk(T::Skip { slot: 1 });
    M::Tool(L::Spotlight { .. }) => Teacher: M::Tool(L::Spotlight { who: vec![about.me] });
    M::Tool(L::Focus { .. }) => Teacher: M::Tool(L::Focus { on: true });
    M::Tool(L::Announce { .. }) => Teacher:
        M::Tool(L::Announce { text: Some("x".to_owned()) }), M::Tool(L::Announce { text: None });
    M::Tool(L::Timer { .. }) => Teacher: M::Tool(L::Timer { seconds: Some(60) });
    M::Tool(L::AskReady { .. }) => Teacher: M::Tool(L::AskReady { on: true });
    M::Tool(L::Ready { .. }) => Own: M::Tool(L::Ready { yes: true });
    M::Tool(L::Pick) => Teacher: M::Tool(L::Pick);
    M::Tool(L::React { .. }) => Own: M::Tool(L::React { what: Reaction::Applause });
    M::Tool(L::InRoom { .. }) => Own: M::Tool(L::InRoom { on: true });
    M::Remove { .. } => Teacher: M::Remove { who: about.other };
    M::Record { .. } => Teacher: M::Record { on: true }, M::Record { on: false };
    M::RecordConsent { .. } => Own:
        M::RecordConsent { to: Some("x".to_owned()) }, M::RecordConsent { to: None };
    M::End => Teacher: M::End;
    M::Leave => Everyone: M::Leave;
    M::Ping => Everyone: M::Ping;
}

/// Samples of those rules, as they travel.
pub(crate) fn of(rules: &[Rule], about: About) -> Vec<Value> {
    let wanted = samples(about).into_iter().filter(|message| rules.contains(&rule(message)));
    wanted.map(|message| serde_json::to_value(message).unwrap()).collect()
}
