//! What intents are called: in metrics, in lines of the server's log, and in the table of rights.
//!
//! Invariant: the match has no catch-all, so an intent without a name does not compile; and
//! [`Intent::NAMES`] is made of the same list.

use crate::Intent;
use crate::groups::GroupIntent as Group;
use crate::polls::PollIntent as Poll;
use crate::talks::TalkIntent as Talk;
use crate::tools::ToolIntent as Tool;

macro_rules! names {
    ($($intent:pat => $name:literal,)*) => {
        impl Intent {
            /// Every name that an intent can have.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// What it is called. Says nothing of what it holds.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $($intent => $name,)*
                }
            }
        }
    };
}

names! {
    Self::Join { .. } => "join",
    Self::Resume { .. } => "resume",
    Self::Disconnected { .. } => "disconnected",
    Self::TakenOff { .. } => "takenOff",
    Self::Send { .. } => "send",
    Self::Hand { .. } => "hand",
    Self::LowerHand { .. } => "lowerHand",
    Self::Chat { .. } => "chat",
    Self::EditChat { .. } => "editChat",
    Self::DeleteChat { .. } => "deleteChat",
    Self::HideRecent { .. } => "hideRecent",
    Self::Caption { .. } => "caption",
    Self::Rename { .. } => "rename",
    Self::Mute { .. } => "mute",
    Self::Lock { .. } => "lock",
    Self::Grant { .. } => "grant",
    Self::LetSpeak { .. } => "letSpeak",
    Self::Quiet { .. } => "quiet",
    Self::Unattended => "unattended",
    Self::Undo { .. } => "undo",
    Self::Admit { .. } => "admit",
    Self::TurnAway { .. } => "turnAway",
    Self::ToLobby { .. } => "toLobby",
    Self::Remove { .. } => "remove",
    Self::StartRecording { .. } => "startRecording",
    Self::BeginRecording { .. } => "beginRecording",
    Self::StopRecording => "stopRecording",
    Self::RecordingEnded { .. } => "recordingEnded",
    Self::Consent { .. } => "consent",
    Self::SetPolicy { .. } => "setPolicy",
    Self::End => "end",
    Self::Leave => "leave",
    Self::Groups(Group::Prepare { .. }) => "groups.prepare",
    Self::Groups(Group::Deal { .. }) => "groups.deal",
    Self::Groups(Group::Offer { .. }) => "groups.offer",
    Self::Groups(Group::Open { .. }) => "groups.open",
    Self::Groups(Group::Extend { .. }) => "groups.extend",
    Self::Groups(Group::Close) => "groups.close",
    Self::Groups(Group::Assign { .. }) => "groups.assign",
    Self::Groups(Group::Choose { .. }) => "groups.choose",
    Self::Groups(Group::Visit { .. }) => "groups.visit",
    Self::Groups(Group::Listen { .. }) => "groups.listen",
    Self::Groups(Group::BeginListening { .. }) => "groups.beginListening",
    Self::Groups(Group::SpeakToAll { .. }) => "groups.speakToAll",
    Self::Groups(Group::CallTeacher { .. }) => "groups.callTeacher",
    Self::Poll(Poll::Open { .. }) => "poll.open",
    Self::Poll(Poll::Vote { .. }) => "poll.vote",
    Self::Poll(Poll::Tally { .. }) => "poll.tally",
    Self::Poll(Poll::Close) => "poll.close",
    Self::Talk(Talk::Begin { .. }) => "talk.begin",
    Self::Talk(Talk::Finish) => "talk.finish",
    Self::Talk(Talk::More) => "talk.more",
    Self::Talk(Talk::NoShow { .. }) => "talk.noShow",
    Self::Talk(Talk::Skip { .. }) => "talk.skip",
    Self::Tool(Tool::Spotlight { .. }) => "tool.spotlight",
    Self::Tool(Tool::Focus { .. }) => "tool.focus",
    Self::Tool(Tool::Announce { .. }) => "tool.announce",
    Self::Tool(Tool::Timer { .. }) => "tool.timer",
    Self::Tool(Tool::AskReady { .. }) => "tool.askReady",
    Self::Tool(Tool::Ready { .. }) => "tool.ready",
    Self::Tool(Tool::Pick { .. }) => "tool.pick",
    Self::Tool(Tool::React { .. }) => "tool.react",
    Self::Tool(Tool::InRoom { .. }) => "tool.inRoom",
}
