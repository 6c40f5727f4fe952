//! The controlling ICE agent of one bot, as small as facing an ICE-lite server allows.
//!
//! Every candidate is checked until one answers; that one is nominated, and its consent kept fresh
//! (RFC 8445, RFC 7675). Left out on purpose: candidates of our own, which the server does not
//! need.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::Rng;
use rtc_crypto::RTCCryptoProvider;
use rtc_stun::attributes::{
    ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME,
};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter, TransactionId};

use crate::sdp::{Answer, Credentials};

pub(crate) struct Ice {
    provider: Arc<dyn RTCCryptoProvider>,
    username: String,
    password: String,
    candidates: Vec<SocketAddr>,
    tie_breaker: u64,
    state: State,
    /// The last few checks, newest last.
    asked: Vec<(TransactionId, SocketAddr)>,
    /// When the last answer came.
    heard: Instant,
    next: Instant,
}

enum State {
    /// Nobody answered yet.
    Checking,
    /// This address answered, and is told that it is taken.
    Nominating(SocketAddr),
    /// Both agree.
    Connected(SocketAddr),
}

impl Ice {
    pub(crate) fn new(
        provider: Arc<dyn RTCCryptoProvider>,
        local: &Credentials,
        answer: &Answer,
        now: Instant,
    ) -> Self {
        Self {
            provider,
            username: format!("{}:{}", answer.ufrag, local.ufrag),
            password: answer.password.clone(),
            candidates: answer.candidates.iter().copied().filter(SocketAddr::is_ipv4).collect(),
            tie_breaker: rand::rng().random(),
            state: State::Checking,
            asked: Vec::new(),
            heard: now,
            next: now,
        }
    }

    /// The agreed address.
    pub(crate) fn remote(&self) -> Option<SocketAddr> {
        match self.state {
            State::Connected(address) => Some(address),
            State::Checking | State::Nominating(_) => None,
        }
    }

    pub(crate) fn poll_timeout(&self) -> Instant {
        self.next
    }

    /// Whether the server gave no sign for so long that consent is gone (RFC 7675 section 5.1).
    pub(crate) fn is_lost(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.heard) > CONSENT
    }

    /// The checks that are due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Vec<(SocketAddr, Vec<u8>)> {
        if now < self.next {
            return Vec::new();
        }
        let (targets, nominate, pause) = match self.state {
            State::Checking => (self.candidates.clone(), false, CHECK),
            State::Nominating(address) => (vec![address], true, CHECK),
            State::Connected(address) => {
                let spread = rand::rng().random_range(0.8..1.2);
                (vec![address], true, REFRESH.mul_f64(spread))
            }
        };
        self.next = now + pause;
        targets
            .into_iter()
            .filter_map(|target| Some((target, self.check(target, nominate)?)))
            .collect()
    }

    /// Takes a STUN message. Returns whether the connection came about by it.
    pub(crate) fn handle(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) -> bool {
        let mut message = Message::new();
        if message.unmarshal_binary(datagram).is_err() || message.typ != BINDING_SUCCESS {
            return false;
        }
        let asked =
            |(id, to): &(TransactionId, SocketAddr)| *id == message.transaction_id && *to == from;
        let Some(place) = self.asked.iter().position(asked) else { return false };
        let key = self.password.as_bytes();
        if MessageIntegrity::check(&mut message, key, self.provider.crypto()).is_err() {
            return false;
        }
        self.asked.remove(place);
        self.heard = now;
        match self.state {
            State::Checking => {
                self.state = State::Nominating(from);
                self.next = now;
                false
            }
            State::Nominating(address) if address == from => {
                self.state = State::Connected(address);
                self.next = now + REFRESH;
                true
            }
            State::Nominating(_) | State::Connected(_) => false,
        }
    }

    fn check(&mut self, to: SocketAddr, nominate: bool) -> Option<Vec<u8>> {
        let id = TransactionId(rand::rng().random());
        let mut message = Message::new();
        message.set_type(BINDING_REQUEST);
        id.add_to(&mut message).ok()?;
        message.write_header();
        message.add(ATTR_USERNAME, self.username.as_bytes());
        message.add(ATTR_PRIORITY, &PRIORITY.to_be_bytes());
        message.add(ATTR_ICE_CONTROLLING, &self.tie_breaker.to_be_bytes());
        if nominate {
            message.add(ATTR_USE_CANDIDATE, &[]);
        }
        let integrity = MessageIntegrity::new_short_term_integrity_with_provider(
            self.password.clone(),
            self.provider.crypto(),
        );
        integrity.add_to(&mut message).ok()?;
        FINGERPRINT.add_to(&mut message).ok()?;
        if self.asked.len() >= MOST_ASKED {
            self.asked.remove(0);
        }
        self.asked.push((id, to));
        Some(message.raw)
    }
}

/// How soon an unanswered check is repeated (RFC 8445 section 14.2 has 50 ms as its pace).
const CHECK: Duration = Duration::from_millis(50);
/// RFC 7675 section 5.1: every 4 to 6 s.
const REFRESH: Duration = Duration::from_secs(5);
/// RFC 7675 section 5.1.
const CONSENT: Duration = Duration::from_secs(30);
/// A host candidate, peer-reflexive to the server (RFC 8445 section 7.1.1).
const PRIORITY: u32 = 110 << 24 | 0xffff << 8 | 255;
/// Unanswered checks that are remembered; older ones are forgotten, and their answers ignored.
const MOST_ASKED: usize = 32;
