//! Single values, both ways.

use kreide_control as control;
use kreide_control::ParticipantNo;
use kreide_lesson as lesson;
use kreide_protocol as protocol;

/// Pairs of values that mean the same, in the words of the log and in those of browsers.
macro_rules! same {
    ($to_browser:ident, $from_browser:ident, $stored:path, $shown:path, [$($value:ident),+]) => {
        pub(crate) fn $to_browser(value: $stored) -> $shown {
            use $stored as Stored;
            use $shown as Shown;
            match value {
                $(Stored::$value => Shown::$value,)+
            }
        }

        pub(crate) fn $from_browser(value: $shown) -> $stored {
            use $stored as Stored;
            use $shown as Shown;
            match value {
                $(Shown::$value => Stored::$value,)+
            }
        }
    };
}

same!(
    kind,
    source_kind,
    control::SourceKind,
    protocol::Kind,
    [Microphone, Camera, Content, ContentAudio]
);
same!(
    lock_kind,
    stored_lock_kind,
    lesson::LockKind,
    protocol::LockKind,
    [Microphone, Camera, Content, Chat, PrivateChat, Board, Names, People, Record, Caption]
);
same!(
    reaction,
    stored_reaction,
    lesson::Reaction,
    protocol::Reaction,
    [Yes, No, Applause, Laugh, Slower, Lost]
);

pub(crate) fn role(role: control::Role) -> protocol::Role {
    match role {
        control::Role::Teacher => protocol::Role::Teacher,
        control::Role::Presenter => protocol::Role::Presenter,
        control::Role::Pupil => protocol::Role::Pupil,
        control::Role::Guest => protocol::Role::Guest,
        control::Role::Interpreter => protocol::Role::Interpreter,
        control::Role::Observer => protocol::Role::Observer,
    }
}

pub(super) fn recording_end(why: control::RecordingEnd) -> protocol::RecordingEnd {
    match why {
        control::RecordingEnd::Ordered => protocol::RecordingEnd::Ordered,
        control::RecordingEnd::StorageFull => protocol::RecordingEnd::StorageFull,
        control::RecordingEnd::StorageFailed => protocol::RecordingEnd::StorageFailed,
        control::RecordingEnd::Interrupted => protocol::RecordingEnd::Interrupted,
    }
}

pub(super) fn wait(why: lesson::Wait) -> protocol::WaitFor {
    match why {
        lesson::Wait::Lobby => protocol::WaitFor::Lobby,
        lesson::Wait::Begin => protocol::WaitFor::Begin,
        lesson::Wait::Talk => protocol::WaitFor::Talk,
    }
}

pub(super) fn chat_to(to: lesson::ChatTo) -> Option<protocol::ChatTo> {
    match to {
        lesson::ChatTo::All => None,
        lesson::ChatTo::Group(group) => Some(protocol::ChatTo::Group(group)),
        lesson::ChatTo::Person(no) => Some(protocol::ChatTo::Person(no.0)),
    }
}

pub(super) fn stored_chat_to(to: Option<protocol::ChatTo>) -> lesson::ChatTo {
    match to {
        None => lesson::ChatTo::All,
        Some(protocol::ChatTo::Group(group)) => lesson::ChatTo::Group(group),
        Some(protocol::ChatTo::Person(no)) => lesson::ChatTo::Person(ParticipantNo(no)),
    }
}

pub(super) fn shown(shown: lesson::Shown) -> protocol::Shown {
    match shown {
        lesson::Shown::Shown => protocol::Shown::Shown,
        lesson::Shown::Hidden => protocol::Shown::Hidden,
        lesson::Shown::Deleted => protocol::Shown::Deleted,
    }
}

pub(super) fn rights(rights: lesson::Rights) -> protocol::Rights {
    let lesson::Rights {
        microphone,
        camera,
        content,
        chat,
        private_chat,
        board,
        names,
        people,
        record,
        caption,
    } = rights;
    protocol::Rights {
        microphone,
        camera,
        content,
        chat,
        private_chat,
        board,
        names,
        people,
        record,
        caption,
    }
}

pub(super) fn locks(locks: Vec<lesson::Lock>) -> Vec<protocol::Lock> {
    let lock = |lock: lesson::Lock| protocol::Lock { what: lock_kind(lock.what), by: lock.by.0 };
    locks.into_iter().map(lock).collect()
}

/// What a teacher did, as other teachers are told; `None`: a later version did it.
pub(super) fn act(act: &lesson::Act) -> Option<(u32, protocol::ActKind)> {
    use lesson::Act;
    use protocol::ActKind;
    Some(match act {
        Act::Muted { no, kind: what } => (no.0, ActKind::Muted { source: kind(*what) }),
        Act::Locked { no, what, locked, before: _ } => {
            (no.0, ActKind::Locked { what: lock_kind(*what), locked: *locked })
        }
        Act::Granted { no, what, on } => {
            (no.0, ActKind::Granted { what: lock_kind(*what), on: *on })
        }
        Act::LetSpeak { no, on } => (no.0, ActKind::LetSpeak { on: *on }),
        Act::SentToLobby { no, .. } => (no.0, ActKind::SentToLobby),
        Act::Hid { no, ids: _ } => (no.0, ActKind::Hid),
        Act::Unknown => return None,
    })
}

/// One wish of a view.
pub(crate) fn slot_request(wish: protocol::SlotWish) -> control::SlotRequest {
    control::SlotRequest {
        slot: wish.slot,
        source: control::Source {
            participant: ParticipantNo(wish.source.participant),
            kind: source_kind(wish.source.kind),
        },
        height: wish.height,
        priority: wish.priority,
    }
}

pub(crate) fn slot_now(mapping: control::SlotMapping) -> protocol::SlotNow {
    protocol::SlotNow {
        slot: mapping.slot,
        source: mapping.source.map(|source| protocol::SourceRef {
            participant: source.participant.0,
            kind: kind(source.kind),
        }),
        from_timestamp: mapping.from_timestamp,
    }
}

pub(crate) fn media(answer: control::Answer) -> protocol::Media {
    protocol::Media {
        answer: answer.sdp,
        audio_slots: answer.audio_slots,
        video_slots: answer.video_slots,
    }
}
