//! Tickets for downloads: a browser that saves a file sends no header of ours.
//!
//! Invariant: a ticket is 128 random bits, opens one recording, for one minute. They live in
//! memory, in bounded number.
//! Left out on purpose: "one-time". A browser may ask again for what it lost, within the minute.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kreide_control::RecordingId;

use super::Refusal;
use crate::Access;

/// How long a ticket is good. A download that has begun goes on.
const GOOD: Duration = Duration::from_secs(60);
/// Tickets that may be good at once. Beyond, new ones are refused.
const MOST: usize = 4096;

/// What a ticket opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    /// Who got it. Whether that reader may still see the recording is asked at every use.
    pub(super) access: Access,
    pub(super) id: RecordingId,
    /// What the file is called when it is saved.
    pub(super) name: String,
}

/// The tickets that are good.
#[derive(Default)]
pub(super) struct Tickets {
    issued: Mutex<HashMap<String, (Instant, Ticket)>>,
}

impl Tickets {
    /// Issues a ticket.
    ///
    /// # Errors
    /// [`Refusal::Full`] if too many are good.
    pub(super) fn issue(&self, ticket: Ticket) -> Result<String, Refusal> {
        self.issue_at(ticket, Instant::now())
    }

    /// What a ticket opens, if it is good.
    pub(super) fn look(&self, secret: &str) -> Option<Ticket> {
        self.look_at(secret, Instant::now())
    }

    fn issue_at(&self, ticket: Ticket, now: Instant) -> Result<String, Refusal> {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.retain(|_, (until, _)| now < *until);
        if issued.len() >= MOST {
            return Err(Refusal::Full);
        }
        let secret = format!("{:032x}", rand::random::<u128>());
        issued.insert(secret.clone(), (now + GOOD, ticket));
        Ok(secret)
    }

    fn look_at(&self, secret: &str, now: Instant) -> Option<Ticket> {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, ticket) = issued.get(secret)?;
        (now < *until).then(|| ticket.clone())
    }
}

#[cfg(test)]
mod tests {
    use kreide_control::{RoomId, TenantId};

    use super::*;

    fn ticket() -> Ticket {
        let (tenant, room) = (TenantId::parse("school").unwrap(), RoomId::parse("7b").unwrap());
        Ticket {
            access: Access { tenant, room, teacher: false, admitted: true },
            id: RecordingId::parse("r").unwrap(),
            name: "7b.webm".to_owned(),
        }
    }

    #[test]
    fn a_ticket_is_good_for_a_minute() {
        let (tickets, now) = (Tickets::default(), Instant::now());
        let secret = tickets.issue_at(ticket(), now).unwrap();
        assert_eq!(secret.len(), 32);
        assert_eq!(tickets.look_at(&secret, now + GOOD / 2), Some(ticket()));
        assert_eq!(tickets.look_at(&secret, now + GOOD), None);
        assert_eq!(tickets.look_at("", now), None);
        assert_ne!(tickets.issue_at(ticket(), now).unwrap(), secret);
    }

    #[test]
    fn there_are_only_so_many() {
        let (tickets, now) = (Tickets::default(), Instant::now());
        for _ in 0..MOST {
            tickets.issue_at(ticket(), now).unwrap();
        }
        assert_eq!(tickets.issue_at(ticket(), now), Err(Refusal::Full));
        assert!(tickets.issue_at(ticket(), now + GOOD).is_ok());
    }
}
