//! Taking back what a teacher did to somebody a moment ago.
//!
//! Invariant: an undo leads to exactly the rights before, but never switches a microphone or a
//! camera on: of a mute, its owner is invited to do so.

use kreide_control::{ParticipantNo, SourceKind};
use serde::{Deserialize, Serialize};

use crate::seat::OwnLock;
use crate::state::State;
use crate::{Audience, Denied, Event, LockKind, Millis, Outcome, UNDO_MS};

/// What a teacher did to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Act {
    /// Switched something off.
    Muted {
        /// Whose.
        no: ParticipantNo,
        /// What.
        kind: SourceKind,
    },
    /// Locked or unlocked something.
    Locked {
        /// Whose.
        no: ParticipantNo,
        /// What.
        what: LockKind,
        /// Locked or unlocked.
        locked: bool,
        /// The own lock before.
        before: Option<OwnLock>,
    },
    /// Granted something or took it back.
    Granted {
        /// To whom.
        no: ParticipantNo,
        /// What.
        what: LockKind,
        /// Granted or taken back.
        on: bool,
    },
    /// Let someone speak, or not any more.
    LetSpeak {
        /// Whom.
        no: ParticipantNo,
        /// Given or taken.
        on: bool,
    },
    /// Sent someone back to the lobby.
    SentToLobby {
        /// Whom.
        no: ParticipantNo,
        /// This person had the word.
        #[serde(default, skip_serializing_if = "crate::is_default")]
        word: bool,
    },
    /// Hid someone's messages.
    Hid {
        /// Whose.
        no: ParticipantNo,
        /// Which.
        ids: Vec<u64>,
    },
    /// An act that a later version wrote: it cannot be taken back here.
    #[serde(other)]
    Unknown,
}

/// An act that can still be taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Undoable {
    id: u64,
    until: Millis,
    act: Act,
}

/// Acts that are remembered.
const MAX_UNDOABLE: usize = 32;

impl State {
    /// Adds to an outcome that it can be taken back, if it changes anything.
    pub(crate) fn undoable(
        &self,
        mut outcome: Outcome,
        by: ParticipantNo,
        now: Millis,
        act: Act,
    ) -> Outcome {
        if !outcome.events.is_empty() {
            let id = self.last_act.saturating_add(1);
            let until = Millis(now.max(self.latest).0.saturating_add(UNDO_MS));
            outcome.events.push((Audience::Staff, Event::Acted { id, by, until, act }));
        }
        outcome
    }

    pub(crate) fn undo(&self, by: ParticipantNo, id: u64, now: Millis) -> Result<Outcome, Denied> {
        let undoable = self.undoable.iter().find(|undoable| undoable.id == id);
        let Undoable { until, act, .. } = undoable.ok_or(Denied::NotFound)?;
        if now.max(self.latest) > *until {
            return Err(Denied::TooLate);
        }
        let mut outcome = self.reverse(act, by)?;
        outcome.events.push((Audience::Staff, Event::Undone { id, by }));
        Ok(outcome)
    }

    fn reverse(&self, act: &Act, by: ParticipantNo) -> Result<Outcome, Denied> {
        let mut outcome = Outcome::default();
        match act {
            Act::Muted { no, kind } => {
                let event = Event::Invited { no: *no, kind: *kind, by };
                outcome.events.push((self.staff_and([*no]), event));
            }
            Act::Locked { no, what, before, .. } => {
                let event = Event::LockRestored { no: *no, what: *what, own: *before, by };
                outcome.events.push((self.around(*no), event));
                outcome = self.silencing(outcome, by);
            }
            Act::Granted { no, what, on } => return self.grant(by, *no, *what, !on),
            Act::LetSpeak { no, on } => return self.let_speak(by, *no, !on),
            Act::SentToLobby { no, word } => {
                outcome = self.admit(Some(*no))?;
                if *word {
                    let event = Event::LetSpeak { no: *no, on: true, by };
                    outcome.events.push((self.around(*no), event));
                }
            }
            Act::Hid { ids, .. } => return Ok(self.hide(by, ids.clone(), false)),
            Act::Unknown => return Err(Denied::NotFound),
        }
        Ok(outcome)
    }

    pub(crate) fn remember_act(&mut self, id: u64, until: Millis, act: &Act) {
        self.last_act = self.last_act.max(id);
        if self.undoable.len() == MAX_UNDOABLE {
            self.undoable.pop_front();
        }
        self.undoable.push_back(Undoable { id, until, act: act.clone() });
    }

    /// When quiet begins or ends, others have the word than before: who was given it or lost it
    /// until then cannot be given back what they had.
    pub(crate) fn forget_words(&mut self) {
        self.undoable.retain(|undoable| !matches!(undoable.act, Act::LetSpeak { .. }));
        for undoable in &mut self.undoable {
            if let Act::SentToLobby { word, .. } = &mut undoable.act {
                *word = false;
            }
        }
    }

    pub(crate) fn forget_act(&mut self, id: u64) {
        self.undoable.retain(|undoable| undoable.id != id);
    }
}
