//! Quiet, and the pause of a lesson without a teacher.
//!
//! Invariant: both lie over the rights and change none of them, so that afterwards everything is
//! exactly as it was. What was switched off meanwhile stays off: nobody but its owner switches a
//! microphone on.

use std::collections::BTreeSet;

use kreide_control::{ParticipantNo, Role};
use serde::{Deserialize, Serialize};

use crate::state::{Phase, State};
use crate::{Denied, Event, Lesson, Outcome, Rights, SCHOOL, rules};

/// A teacher wants quiet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Quiet {
    pub(crate) by: ParticipantNo,
    /// Who was let speak since.
    pub(crate) floor: BTreeSet<ParticipantNo>,
}

impl State {
    /// Rights as quiet and pause leave them.
    pub(crate) fn calm(&self, no: ParticipantNo, role: Role, rights: Rights) -> Rights {
        if !rules::is_calmed(role) {
            return rights;
        }
        let mut calmed = rights;
        if let Some(quiet) = &self.quiet {
            let speaks = quiet.floor.contains(&no) && rules::rights(role).microphone;
            calmed = Rights { microphone: speaks, ..without_noise(calmed) };
        }
        if self.paused {
            calmed = Rights { microphone: false, content: false, ..without_noise(calmed) };
        }
        calmed
    }

    pub(crate) fn set_quiet(&self, by: ParticipantNo, on: bool) -> Outcome {
        if self.quiet.is_some() == on {
            return Outcome::default();
        }
        self.silencing(Outcome::of(Event::QuietSet { by: on.then_some(by) }), by)
    }

    /// The last teacher has been gone for too long.
    pub(crate) fn unattended(&self) -> Outcome {
        if !self.needs_teacher() || self.paused {
            return Outcome::default();
        }
        let mut outcome = self.stop_recording(None);
        outcome.push(Event::PausedSet { on: true });
        self.silencing(outcome, SCHOOL)
    }

    /// A teacher is there: the lesson goes on, and who waited for it to begin comes in.
    pub(crate) fn attended(&self, outcome: &mut Outcome) {
        if self.paused {
            outcome.push(Event::PausedSet { on: false });
        }
        self.let_in_early(outcome);
    }

    /// Whether the policy wants a teacher, and none is connected.
    fn needs_teacher(&self) -> bool {
        let running = matches!(self.phase, Phase::Running { .. });
        running && self.policy().supervised && !self.has_teacher_online()
    }

    pub(crate) fn has_teacher_online(&self) -> bool {
        self.seats
            .values()
            .any(|seat| rules::is_staff(seat.role) && seat.held().is_some_and(|held| held.online))
    }

    pub(crate) fn let_speak(
        &self,
        by: ParticipantNo,
        who: ParticipantNo,
        on: bool,
    ) -> Result<Outcome, Denied> {
        let (seat, held) = self.target(who)?;
        if !rules::may_restrict(seat.role) || !rules::rights(seat.role).microphone {
            return Err(Denied::Forbidden);
        }
        let has_word = self.has_word(who);
        let mut outcome = Outcome::default();
        if on && held.hand.is_some() {
            outcome.events.push((self.around(who), Event::Hand { no: who, place: None }));
        }
        if has_word != on {
            outcome.events.push((self.around(who), Event::LetSpeak { no: who, on, by }));
        }
        Ok(self.silencing(outcome, by))
    }

    /// Whether someone was let speak: during quiet, since it began.
    pub(crate) fn has_word(&self, no: ParticipantNo) -> bool {
        let floor = self.quiet.as_ref().map_or(&self.floor, |quiet| &quiet.floor);
        floor.contains(&no)
    }

    pub(crate) fn change_floor(&mut self, no: ParticipantNo, on: bool) {
        let floor = match &mut self.quiet {
            Some(quiet) => &mut quiet.floor,
            None => &mut self.floor,
        };
        if on {
            floor.insert(no);
        } else {
            floor.remove(&no);
        }
    }

    /// Whoever gives the seat up gives the word up.
    pub(crate) fn drop_floor(&mut self, no: ParticipantNo) {
        self.floor.remove(&no);
        if let Some(quiet) = &mut self.quiet {
            quiet.floor.remove(&no);
        }
    }
}

impl Lesson {
    /// Which teacher wants quiet.
    #[must_use]
    pub fn quiet(&self) -> Option<ParticipantNo> {
        self.state.quiet.as_ref().map(|quiet| quiet.by)
    }

    /// Whether the lesson rests because no teacher is there.
    #[must_use]
    pub fn paused(&self) -> bool {
        self.state.paused
    }

    /// Whether the lesson must rest if no teacher comes soon.
    #[must_use]
    pub fn needs_teacher(&self) -> bool {
        !self.state.paused && self.state.needs_teacher()
    }
}

fn without_noise(rights: Rights) -> Rights {
    Rights { microphone: false, chat: false, private_chat: false, board: false, ..rights }
}
