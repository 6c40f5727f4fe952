//! The recording of a lesson, and who has consented to be in it.
//!
//! Invariant: a consent is for one recording and one stay in the seat. It is given after the
//! recording was announced, and is void when the recording stops, when the seat is left, taken
//! anew or lost, and when another device takes the seat. So nobody is in a recording who was not
//! asked about this one, here.
//! Left out on purpose: media and files. The recorder is told when the log has it.

use std::collections::BTreeSet;

use kreide_control::{ParticipantNo, RecordingEnd, RecordingId, Role};
use serde::{Deserialize, Serialize};

use crate::seat::Seat;
use crate::state::State;
use crate::{Audience, Denied, Event, Lesson, Millis, Outcome};

/// Whether the lesson is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recording {
    /// Nothing is recorded.
    #[default]
    Off,
    /// People are told of it, and nothing is recorded yet.
    Announced(Take),
    /// It runs.
    Running(Take),
}

/// One recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// Its id.
    pub id: RecordingId,
    /// The teacher who records, and is recorded without being asked.
    pub by: ParticipantNo,
    /// When it begins or has begun.
    pub since: Millis,
    consents: BTreeSet<ParticipantNo>,
}

impl Recording {
    /// The recording that is announced or runs.
    #[must_use]
    pub fn take(&self) -> Option<&Take> {
        match self {
            Self::Off => None,
            Self::Announced(take) | Self::Running(take) => Some(take),
        }
    }

    /// The recording that runs.
    #[must_use]
    pub fn running(&self) -> Option<&Take> {
        match self {
            Self::Off | Self::Announced(_) => None,
            Self::Running(take) => Some(take),
        }
    }

    pub(crate) fn announced(id: RecordingId, by: ParticipantNo, since: Millis) -> Self {
        Self::Announced(Take { id, by, since, consents: BTreeSet::new() })
    }

    /// Begins what was announced under this id.
    pub(crate) fn begin(&mut self, id: &RecordingId, now: Millis) {
        *self = match std::mem::take(self) {
            Self::Announced(take) if take.id == *id => Self::Running(Take { since: now, ..take }),
            other => other,
        };
    }

    /// Ends the recording of this id.
    pub(crate) fn stop(&mut self, id: &RecordingId) {
        if self.take().is_some_and(|take| take.id == *id) {
            *self = Self::Off;
        }
    }

    /// Notes what a person says; `false` also when they are not asked any more.
    pub(crate) fn consent(&mut self, no: ParticipantNo, given: bool) {
        let (Self::Announced(take) | Self::Running(take)) = self else { return };
        if given {
            take.consents.insert(no);
        } else {
            take.consents.remove(&no);
        }
    }
}

impl State {
    pub(crate) fn start_recording(
        &self,
        by: ParticipantNo,
        id: RecordingId,
        begins: Millis,
    ) -> Result<Outcome, Denied> {
        let (seat, _) = self.target(by)?;
        // In a room for talks nothing can be recorded, whatever its policy says beside.
        let may = self.rights(by, seat).record && self.policy().recording && !self.policy().talks;
        if !may {
            return Err(Denied::Forbidden);
        }
        Ok(match self.recording {
            Recording::Off => Outcome::of(Event::RecordingAnnounced { id, by, begins }),
            Recording::Announced(_) | Recording::Running(_) => Outcome::default(),
        })
    }

    pub(crate) fn begin_recording(&self, id: RecordingId) -> Outcome {
        match &self.recording {
            Recording::Announced(take) if take.id == id => {
                Outcome::of(Event::RecordingBegan { id })
            }
            _ => Outcome::default(),
        }
    }

    /// Someone who may record stops it.
    pub(crate) fn order_stop(&self, by: ParticipantNo) -> Result<Outcome, Denied> {
        let (seat, _) = self.target(by)?;
        if !self.settled_rights(by, seat).record {
            return Err(Denied::Forbidden);
        }
        Ok(self.stop_recording(Some(by)))
    }

    pub(crate) fn stop_recording(&self, by: Option<ParticipantNo>) -> Outcome {
        self.stopped(by, RecordingEnd::Ordered, true)
    }

    /// What follows for the recording when somebody leaves: with the last teacher it stops, since
    /// pupils alone can neither stop it nor be looked after.
    pub(crate) fn stop_recording_without_teacher(&self, leaving: ParticipantNo) -> Outcome {
        let teaches = |seat: &Seat| seat.role == Role::Teacher && seat.held().is_some();
        let remains = |(no, seat): (&ParticipantNo, &Seat)| *no != leaving && teaches(seat);
        let is_teacher = self.seats.get(&leaving).is_some_and(teaches);
        if is_teacher && !self.seats.iter().any(remains) {
            self.stop_recording(Some(leaving))
        } else {
            Outcome::default()
        }
    }

    pub(crate) fn recording_ended(
        &self,
        id: &RecordingId,
        why: RecordingEnd,
        kept: bool,
    ) -> Outcome {
        match self.recording.take() {
            Some(take) if take.id == *id => self.stopped(None, why, kept),
            Some(_) | None => Outcome::default(),
        }
    }

    /// Ends whatever is recorded. Of what was only announced nothing is kept.
    fn stopped(&self, by: Option<ParticipantNo>, why: RecordingEnd, kept: bool) -> Outcome {
        let Some(take) = self.recording.take() else { return Outcome::default() };
        let kept = kept && self.recording.running().is_some();
        Outcome::of(Event::RecordingStopped { id: take.id.clone(), by, why, kept })
    }

    pub(crate) fn consent(
        &self,
        me: ParticipantNo,
        to: Option<&RecordingId>,
    ) -> Result<Outcome, Denied> {
        let (seat, _) = self.target(me)?;
        let given = to.is_some();
        // A yes that was long on its way is no yes to another recording.
        let take = self.recording.take().filter(|take| to.is_none_or(|id| *id == take.id));
        if take.is_some_and(|take| take.by == me) {
            // The way out for the teacher who records is to stop.
            return if given { Ok(Outcome::default()) } else { Err(Denied::Forbidden) };
        }
        let before = take.is_some_and(|take| take.consents.contains(&me));
        match (given, take) {
            (true, _) if !seat.consent => Err(Denied::Forbidden),
            (true, None) => Err(Denied::NotFound),
            _ if before == given => Ok(Outcome::default()),
            _ => {
                let mut outcome = Outcome::default();
                self.push_consent(me, given, &mut outcome);
                Ok(outcome)
            }
        }
    }

    /// Another device has come into this seat: it is asked again.
    pub(crate) fn ask_again(&self, no: ParticipantNo, outcome: &mut Outcome) {
        if self.recording.take().is_some_and(|take| take.consents.contains(&no)) {
            self.push_consent(no, false, outcome);
        }
    }

    fn push_consent(&self, no: ParticipantNo, given: bool, outcome: &mut Outcome) {
        // Teachers who have left as well: a gap in what they missed would hide it from them.
        let staff = self.seats.iter().filter(|(_, seat)| seat.role == Role::Teacher);
        let readers = staff.map(|(no, _)| *no).chain([no]).collect::<BTreeSet<_>>();
        let audience = Audience::Only(readers.into_iter().collect());
        outcome.events.push((audience, Event::RecordingConsent { no, given }));
    }
}

impl Lesson {
    /// Whether the lesson is recorded.
    #[must_use]
    pub fn recording(&self) -> &Recording {
        &self.state.recording
    }

    /// Whether this person, asked about the recording that is announced or runs, is in it or will
    /// be. Says nothing of the teacher who records.
    #[must_use]
    pub fn has_consented(&self, no: ParticipantNo) -> bool {
        self.recording().take().is_some_and(|take| self.consents_to(take, no))
    }

    /// Whether a participant's media may reach the recorder: while it runs, of those who hold a
    /// seat, the teacher who records, and who may be recorded and has consented.
    #[must_use]
    pub fn recordable(&self, no: ParticipantNo) -> bool {
        self.recording().running().is_some_and(|take| {
            let is_recording = take.by == no && self.seat(no).and_then(Seat::held).is_some();
            is_recording || self.consents_to(take, no)
        })
    }

    fn consents_to(&self, take: &Take, no: ParticipantNo) -> bool {
        let asked = |seat: &Seat| seat.held().is_some() && seat.consent;
        self.seat(no).is_some_and(asked) && take.consents.contains(&no)
    }
}
