//! What browsers ask for, in the words of the lesson; and how it is refused.

use kreide_control::{ParticipantNo, RecordingId};
use kreide_lesson::{
    Choice, Deal, Denied, GroupIntent, Intent, Millis, PollIntent, PollKind, TalkIntent, Text,
    ToolIntent,
};
use kreide_protocol::{ClientMessage, ErrorCode, GroupAct, PollAct, PollOptions, TalkAct, ToolAct};

use super::values::{source_kind, stored_chat_to, stored_lock_kind, stored_reaction};

/// What the server adds to what a browser asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Additions {
    /// Who asks.
    pub(crate) me: ParticipantNo,
    /// Decides lots.
    pub(crate) seed: u64,
    /// When an announced listening begins.
    pub(crate) listening_begins: Millis,
}

/// What a message asks of the lesson. `None`: it is not for the lesson, or its task must do more.
pub(crate) fn intent(message: &ClientMessage, add: Additions) -> Option<Intent> {
    Some(match message {
        ClientMessage::Send { kind, on } => Intent::Send { kind: source_kind(*kind), on: *on },
        ClientMessage::Hand { up } => Intent::Hand { up: *up },
        ClientMessage::LowerHand { who } => Intent::LowerHand { who: ParticipantNo(*who) },
        ClientMessage::Chat { to, text: said } => {
            Intent::Chat { to: stored_chat_to(*to), text: text(said) }
        }
        ClientMessage::EditChat { id, text: said } => {
            Intent::EditChat { id: *id, text: text(said) }
        }
        ClientMessage::DeleteChat { id } => Intent::DeleteChat { id: *id },
        ClientMessage::HideRecent { who } => Intent::HideRecent { who: ParticipantNo(*who) },
        ClientMessage::Caption { text: said } => Intent::Caption { text: text(said) },
        ClientMessage::Rename { who, name } => {
            Intent::Rename { who: who.map_or(add.me, ParticipantNo), name: text(name) }
        }
        ClientMessage::Mute { who, kind } => {
            Intent::Mute { who: ParticipantNo(*who), kind: source_kind(*kind) }
        }
        ClientMessage::Lock { who, what, locked } => Intent::Lock {
            who: who.map(ParticipantNo),
            what: stored_lock_kind(*what),
            locked: *locked,
        },
        ClientMessage::Grant { who, what, on } => {
            Intent::Grant { who: ParticipantNo(*who), what: stored_lock_kind(*what), on: *on }
        }
        ClientMessage::LetSpeak { who, on } => {
            Intent::LetSpeak { who: ParticipantNo(*who), on: *on }
        }
        ClientMessage::Quiet { on } => Intent::Quiet { on: *on },
        ClientMessage::Undo { id } => Intent::Undo { id: *id },
        ClientMessage::Admit { who } => Intent::Admit { who: who.map(ParticipantNo) },
        ClientMessage::TurnAway { who } => Intent::TurnAway { who: ParticipantNo(*who) },
        ClientMessage::ToLobby { who } => Intent::ToLobby { who: ParticipantNo(*who) },
        ClientMessage::Groups(act) => Intent::Groups(groups(act, add)?),
        ClientMessage::Poll(act) => Intent::Poll(poll(act)?),
        ClientMessage::Talk(act) => Intent::Talk(talk(act)),
        ClientMessage::Tool(act) => Intent::Tool(tool(act, add)),
        ClientMessage::Remove { who } => Intent::Remove { who: ParticipantNo(*who) },
        ClientMessage::Record { on: false } => Intent::StopRecording,
        ClientMessage::RecordConsent { to } => Intent::Consent {
            to: match to {
                Some(id) => Some(RecordingId::parse(id)?),
                None => None,
            },
        },
        ClientMessage::End => Intent::End,
        ClientMessage::Leave => Intent::Leave,
        ClientMessage::Join(_)
        | ClientMessage::Record { on: true }
        | ClientMessage::Offer { .. }
        | ClientMessage::View { .. }
        | ClientMessage::Ping => return None,
    })
}

fn groups(act: &GroupAct, add: Additions) -> Option<GroupIntent> {
    let numbers = |who: &Vec<u32>| who.iter().copied().map(ParticipantNo).collect();
    Some(match act {
        GroupAct::Prepare { groups } => {
            GroupIntent::Prepare { groups: groups.iter().map(numbers).collect() }
        }
        GroupAct::Deal { number, size, shuffled } => GroupIntent::Deal {
            deal: match (number, size) {
                (Some(number), None) => Deal::Number(*number),
                (None, Some(size)) => Deal::Size(*size),
                (Some(_), Some(_)) | (None, None) => return None,
            },
            shuffled: *shuffled,
            seed: add.seed,
        },
        GroupAct::Offer { groups } => GroupIntent::Offer { groups: *groups },
        GroupAct::Open { minutes } => GroupIntent::Open { minutes: *minutes },
        GroupAct::Extend { minutes } => GroupIntent::Extend { minutes: *minutes },
        GroupAct::Close => GroupIntent::Close,
        GroupAct::Assign { who, group } => {
            GroupIntent::Assign { who: ParticipantNo(*who), group: *group }
        }
        GroupAct::Choose { group } => GroupIntent::Choose { group: *group },
        GroupAct::Visit { group } => GroupIntent::Visit { group: *group },
        GroupAct::Listen { group } => {
            GroupIntent::Listen { group: *group, begins: add.listening_begins }
        }
        GroupAct::SpeakToAll { on } => GroupIntent::SpeakToAll { on: *on },
        GroupAct::CallTeacher { on } => GroupIntent::CallTeacher { on: *on },
        GroupAct::Kept | GroupAct::Keep { .. } | GroupAct::Use { .. } | GroupAct::Forget { .. } => {
            return None;
        }
    })
}

fn poll(act: &PollAct) -> Option<PollIntent> {
    Some(match act {
        PollAct::Open { question, options, live } => PollIntent::Open {
            question: question.as_deref().map(text),
            kind: match options {
                PollOptions::YesNo => PollKind::YesNo,
                PollOptions::Letters { count } => PollKind::Letters(*count),
                PollOptions::Texts { texts } => {
                    PollKind::Options(texts.iter().map(|option| text(option)).collect())
                }
                PollOptions::Free => PollKind::Free,
            },
            live: *live,
        },
        PollAct::Vote { poll, option, words } => PollIntent::Vote {
            id: *poll,
            choice: match (option, words) {
                (Some(option), None) => Choice::Option(*option),
                (None, Some(words)) => Choice::Words(text(words)),
                (Some(_), Some(_)) | (None, None) => return None,
            },
        },
        PollAct::Close => PollIntent::Close,
    })
}

fn talk(act: &TalkAct) -> TalkIntent {
    match *act {
        TalkAct::Begin { slot } => TalkIntent::Begin { slot },
        TalkAct::Finish => TalkIntent::Finish,
        TalkAct::More => TalkIntent::More,
        TalkAct::NoShow { slot } => TalkIntent::NoShow { slot },
        TalkAct::Skip { slot } => TalkIntent::Skip { slot },
    }
}

fn tool(act: &ToolAct, add: Additions) -> ToolIntent {
    match act {
        ToolAct::Spotlight { who } => {
            ToolIntent::Spotlight { who: who.iter().copied().map(ParticipantNo).collect() }
        }
        ToolAct::Focus { on } => ToolIntent::Focus { on: *on },
        ToolAct::Announce { text: line } => {
            ToolIntent::Announce { text: line.as_deref().map(text) }
        }
        ToolAct::Timer { seconds } => ToolIntent::Timer { seconds: *seconds },
        ToolAct::AskReady { on } => ToolIntent::AskReady { on: *on },
        ToolAct::Ready { yes } => ToolIntent::Ready { yes: *yes },
        ToolAct::Pick => ToolIntent::Pick { seed: add.seed },
        ToolAct::React { what } => ToolIntent::React { what: stored_reaction(*what) },
        ToolAct::InRoom { on } => ToolIntent::InRoom { on: *on },
    }
}

fn text(text: &str) -> Text {
    Text::from(text)
}

/// A message's type as metrics call it.
pub(crate) fn name(message: &ClientMessage) -> &'static str {
    match message {
        ClientMessage::Join(_) => "join",
        ClientMessage::Offer { .. } => "offer",
        ClientMessage::View { .. } => "view",
        ClientMessage::Send { .. } => "send",
        ClientMessage::Hand { .. } => "hand",
        ClientMessage::LowerHand { .. } => "lowerHand",
        ClientMessage::Chat { .. } => "chat",
        ClientMessage::EditChat { .. } => "editChat",
        ClientMessage::DeleteChat { .. } => "deleteChat",
        ClientMessage::HideRecent { .. } => "hideRecent",
        ClientMessage::Caption { .. } => "caption",
        ClientMessage::Rename { .. } => "rename",
        ClientMessage::Mute { .. } => "mute",
        ClientMessage::Lock { .. } => "lock",
        ClientMessage::Grant { .. } => "grant",
        ClientMessage::LetSpeak { .. } => "letSpeak",
        ClientMessage::Quiet { .. } => "quiet",
        ClientMessage::Undo { .. } => "undo",
        ClientMessage::Admit { .. } => "admit",
        ClientMessage::TurnAway { .. } => "turnAway",
        ClientMessage::ToLobby { .. } => "toLobby",
        ClientMessage::Groups(_) => "groups",
        ClientMessage::Poll(_) => "poll",
        ClientMessage::Talk(_) => "talk",
        ClientMessage::Tool(_) => "tool",
        ClientMessage::Remove { .. } => "remove",
        ClientMessage::Record { .. } => "record",
        ClientMessage::RecordConsent { .. } => "recordConsent",
        ClientMessage::End => "end",
        ClientMessage::Leave => "leave",
        ClientMessage::Ping => "ping",
    }
}

pub(crate) fn denied(denied: Denied) -> ErrorCode {
    match denied {
        Denied::Forbidden => ErrorCode::Denied,
        Denied::NotFound => ErrorCode::NotFound,
        Denied::BadText => ErrorCode::BadText,
        Denied::Removed => ErrorCode::Removed,
        Denied::ResumeInvalid => ErrorCode::ResumeInvalid,
        Denied::TokenInvalid => ErrorCode::TokenInvalid,
        Denied::LessonEnded => ErrorCode::LessonEnded,
        Denied::Full => ErrorCode::Full,
        Denied::TooLate => ErrorCode::TooLate,
    }
}
