//! ICE-lite (RFC 8445): we answer checks, the browser decides.
//!
//! Invariants: nothing is answered without a valid username, MESSAGE-INTEGRITY and FINGERPRINT;
//! an address counts as validated only after such a request came from it; at most
//! [`MAX_VALIDATED`] addresses are remembered, the selected one among them.
//! There is no limit on failed checks from one address: a whole school stands behind one, and who
//! could use up its allowance would lock the school out. None is needed: to refuse a check of the
//! right fragment and another key costs 0.6 us (`make bench`, "refuse a check of another key"; 3 %
//! of a core at 50,000 a second), any other one the look into a hash table; and nothing is sent.
//!
//! Left out on purpose: checks of our own (a lite agent sends none; what it may ask is whether a
//! peer that was selected is still there), TCP, and trickled candidates of the peer (we never send
//! to what we have not heard from).

mod crc;
mod credentials;
mod stun;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
pub(crate) use credentials::{Credentials, LocalSecret};
#[cfg(feature = "internals")]
pub(crate) use stun::finish;
use stun::{BindingRequest, Transaction};

/// The ICE state of one transport.
pub(crate) struct Ice {
    /// A kilobyte of keys, kept away from what every packet looks at.
    credentials: Box<Credentials>,
    /// Still valid after a restart, until an address is nominated with the new ones.
    previous: Option<Box<Credentials>>,
    validated: Vec<Validated>,
    selected: Option<Selected>,
    /// What was asked whom, and is not answered yet.
    asked: Option<(SocketAddr, Transaction)>,
}

/// An address that proved itself.
struct Validated {
    address: SocketAddr,
    last_check: Instant,
}

/// Where media goes.
#[derive(Clone, Copy)]
struct Selected {
    address: SocketAddr,
    last_consent: Instant,
}

/// What became of a STUN datagram.
pub(crate) enum Checked {
    /// Wrong username, integrity or fingerprint: dropped unanswered.
    Rejected,
    /// Well formed but nothing for us, such as an indication.
    Ignored,
    /// Breaks off or contradicts itself: dropped unanswered.
    Malformed,
    /// A valid check: send the reply.
    Valid {
        /// To be sent back to where the check came from.
        reply: Vec<u8>,
    },
    /// The answer to [`Ice::ask`].
    Answer,
}

impl Ice {
    pub(crate) fn new(credentials: Credentials) -> Self {
        let credentials = Box::new(credentials);
        Self { credentials, previous: None, validated: Vec::new(), selected: None, asked: None }
    }

    /// Our credentials of now.
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Where media goes.
    pub(crate) fn selected(&self) -> Option<SocketAddr> {
        self.selected.map(|selected| selected.address)
    }

    /// Whether a valid check came from `address`.
    pub(crate) fn is_validated(&self, address: SocketAddr) -> bool {
        self.validated.iter().any(|validated| validated.address == address)
    }

    /// When consent to send runs out (RFC 7675 section 5.1), counted from the last valid check on
    /// the selected address. A lite agent sends no checks of its own: the browser's are its
    /// consent.
    pub(crate) fn consent_expiry(&self) -> Option<Instant> {
        self.selected.map(|selected| selected.last_consent + CONSENT_LIFETIME)
    }

    /// Takes one STUN datagram.
    pub(crate) fn handle_stun(
        &mut self,
        from: SocketAddr,
        datagram: &[u8],
        now: Instant,
    ) -> Checked {
        let request = match BindingRequest::read(datagram) {
            Ok(request) => request,
            Err(stun::Unusable::NotARequest) if self.is_answer(from, datagram) => {
                self.asked = None;
                return Checked::Answer;
            }
            Err(stun::Unusable::NotARequest) => return Checked::Ignored,
            Err(stun::Unusable::Malformed) => return Checked::Malformed,
            Err(stun::Unusable::Unproven) => return Checked::Rejected,
        };
        let by_previous = !self.credentials.accept(&request);
        let credentials = match &self.previous {
            _ if !by_previous => &self.credentials,
            Some(previous) if previous.accept(&request) => previous,
            _ => return Checked::Rejected,
        };
        // A lite agent is always controlled: a peer that thinks it is so too has to switch (RFC
        // 8445 section 7.3.1.1).
        if request.from_controlled {
            return Checked::Valid { reply: stun::role_conflict(&request, credentials.key()) };
        }
        let reply = stun::success(&request, from, credentials.key());
        self.validate(from, now);
        let abandoned = self.selected.is_some_and(|selected| {
            now.saturating_duration_since(selected.last_consent) >= ABANDONED
        });
        // The latest nomination wins: the controlling side may move whenever it likes. One that
        // nominates every pair it tries, as Firefox does, may settle on another than the last: it
        // then checks that one alone.
        if (request.use_candidate || abandoned) && !(by_previous && self.selected() != Some(from)) {
            self.selected = Some(Selected { address: from, last_consent: now });
            if !by_previous {
                self.previous = None;
            }
        } else if let Some(selected) = &mut self.selected
            && selected.address == from
        {
            selected.last_consent = now;
        }
        Checked::Valid { reply }
    }

    /// Asks whether the peer is still where media goes: again what is not answered yet, so that
    /// the answer to any repetition will do. `None` if nothing is selected or there is no
    /// randomness.
    pub(crate) fn ask(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        let to = self.selected()?;
        let transaction = match self.asked {
            Some((asked, transaction)) if asked == to => transaction,
            _ => {
                let mut transaction = Transaction::default();
                SystemRandom::new().fill(&mut transaction).ok()?;
                transaction
            }
        };
        self.asked = Some((to, transaction));
        let credentials = self.settled();
        let username = credentials.remote_username();
        Some((to, stun::question(&transaction, &username, &credentials.remote_key())))
    }

    fn is_answer(&self, from: SocketAddr, datagram: &[u8]) -> bool {
        self.asked.is_some_and(|(asked, transaction)| {
            asked == from && stun::is_answer(datagram, &transaction, &self.settled().remote_key())
        })
    }

    /// The credentials with which the selected address was nominated.
    fn settled(&self) -> &Credentials {
        self.previous.as_ref().unwrap_or(&self.credentials)
    }

    /// Selects `address` if nothing is nominated yet: the peer already speaks DTLS there.
    pub(crate) fn select_if_none(&mut self, address: SocketAddr, now: Instant) {
        self.selected.get_or_insert(Selected { address, last_consent: now });
    }

    /// Begins a restart. Addresses stay validated, so that media flows on.
    pub(crate) fn restart(&mut self, credentials: Credentials) {
        self.previous = Some(std::mem::replace(&mut self.credentials, Box::new(credentials)));
    }

    fn validate(&mut self, address: SocketAddr, now: Instant) {
        if let Some(known) = self.validated.iter_mut().find(|known| known.address == address) {
            known.last_check = now;
            return;
        }
        if self.validated.len() >= MAX_VALIDATED {
            let selected = self.selected();
            let oldest = (0..self.validated.len())
                .filter(|at| Some(self.validated[*at].address) != selected)
                .min_by_key(|at| self.validated[*at].last_check);
            if let Some(oldest) = oldest {
                self.validated.swap_remove(oldest);
            }
        }
        self.validated.push(Validated { address, last_check: now });
    }
}

/// How many addresses of one peer are remembered.
const MAX_VALIDATED: usize = 8;

/// RFC 7675 section 5.1. Chromium checks the selected pair every 2.5 s, Firefox every 4 to 6 s: a
/// shorter life would end lessons over two lost datagrams. That we stop *sending* much earlier is
/// the transport's `Liveness`.
const CONSENT_LIFETIME: Duration = Duration::from_secs(30);

/// When checks go to another address only for so long, the peer has moved there. Half the consent
/// lifetime: two checks of Firefox may be lost before.
const ABANDONED: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests;
