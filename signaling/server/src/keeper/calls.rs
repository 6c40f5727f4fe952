//! What comes over HTTP: every intent of someone with a seat, and lists for teachers.
//!
//! Invariant: a call does what a message of the same person would do, and is refused alike. Who
//! has no seat in the lesson that runs can call for nothing.

use kreide_control::{ParticipantNo, Role};
use kreide_lesson::{Millis, Standing, Subject};
use kreide_protocol::{Attendance, ClientMessage, ErrorCode};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Asker, Keeper, Then};
use crate::{clock, translate};

/// Somebody calls.
pub(crate) struct Call {
    /// Who, for the school.
    pub(crate) subject: Subject,
    /// In which role.
    pub(crate) role: Role,
    pub(crate) wanted: Wanted,
}

/// What is called for.
pub(crate) enum Wanted {
    /// To do what this message asks for.
    Act { message: ClientMessage, answer: oneshot::Sender<Result<(), ErrorCode>> },
    /// Who was present for how long.
    Attendance { answer: oneshot::Sender<Result<Vec<Attendance>, ErrorCode>> },
}

impl Keeper {
    /// Somebody calls.
    pub(super) fn call(&mut self, call: Call) {
        let no = match self.seat_of(&call.subject, call.role) {
            Some(no) if self.seats.keeps_pace(no, Instant::now()) => Ok(no),
            Some(_) => Err(ErrorCode::TooMany),
            None => Err(ErrorCode::NotFound),
        };
        match call.wanted {
            Wanted::Act { message, answer } => {
                let then = Then::Answer(Asker::Call(answer));
                match no {
                    Ok(no) => self.act(no, message, then),
                    Err(code) => self.refuse(then, code),
                }
            }
            Wanted::Attendance { answer } => {
                let list = match no {
                    Ok(_) if call.role == Role::Teacher => Ok(self.attendance()),
                    Ok(_) => Err(ErrorCode::Denied),
                    Err(code) => Err(code),
                };
                // The caller may have hung up.
                drop(answer.send(list));
            }
        }
    }

    fn seat_of(&self, subject: &Subject, role: Role) -> Option<ParticipantNo> {
        let lesson = self.ledger.draft();
        let holds = |no: &ParticipantNo| lesson.subject(*no) == Some(subject);
        lesson
            .people()
            .filter(|person| person.role == role)
            .filter(|person| matches!(person.standing, Standing::Online | Standing::Offline))
            .map(|person| person.no)
            .find(holds)
    }

    fn attendance(&self) -> Vec<Attendance> {
        let (lesson, texts) = (self.ledger.committed(), self.ledger.texts());
        let row = |(no, present): (ParticipantNo, i64)| {
            let person = lesson.person(no)?;
            Some(Attendance {
                name: translate::text(texts, person.name),
                role: translate::role(person.role),
                minutes: u32::try_from(present / 60_000).unwrap_or_default(),
            })
        };
        lesson.attendance(Millis(clock::now())).filter_map(row).collect()
    }
}
