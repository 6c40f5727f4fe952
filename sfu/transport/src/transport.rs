//! One participant's connection: ICE, DTLS and SRTP wired together.
//!
//! Invariant: the state owns what only that state has, so there are keys exactly while connected.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

use crate::demux::{Class, classify};
use crate::dtls::{Dtls, DtlsEvent};
use crate::ice::{Checked, Credentials, Ice, LocalSecret};
use crate::liveness::{Liveness, Look};
use crate::sdp::{AnswerParts, Fingerprint, answer, negotiate};
use crate::srtp::{Session, UnprotectError};
use crate::{
    Counters, Failure, Negotiated, Offer, OfferError, ProtectError, Received, SrtpProfile,
    TransportConfig, TransportEvent,
};

/// One participant's connection.
pub struct Transport {
    config: Arc<TransportConfig>,
    /// Where our SSRCs begin; a restart must come to the same ones.
    seed: u64,
    session_id: u64,
    /// How many answers were given.
    answers: u32,
    /// ICE fragment of the last restart's offer, and its answer.
    last_restart: Option<(String, String)>,
    /// What was agreed, to be compared with what a restart would agree.
    agreed: u64,
    fingerprints: Vec<Fingerprint>,
    ice: Ice,
    dtls: Dtls,
    state: State,
    transmits: VecDeque<(SocketAddr, Vec<u8>)>,
    events: VecDeque<TransportEvent>,
    counters: Counters,
}

enum State {
    /// No keys yet. `heard_at` is where the peer's last DTLS datagram came from.
    Connecting { deadline: Instant, heard_at: Option<SocketAddr> },
    /// Media flows.
    Connected { srtp: Box<Session>, liveness: Liveness },
    /// Failed or closed.
    Ended,
}

impl Transport {
    /// Answers an offer. `seed` picks our SSRCs; credentials come from the system's randomness.
    ///
    /// # Errors
    /// [`OfferError`] if the offer cannot be used at all; single lines are only rejected.
    pub fn new(
        config: &Arc<TransportConfig>,
        offer: &Offer,
        seed: u64,
        now: Instant,
    ) -> Result<(Self, Negotiated, String), OfferError> {
        let local = LocalSecret::generate().ok_or(OfferError::NoRandomness)?;
        let lines = negotiate(offer, seed);
        let mut session_id = [0; 8];
        SystemRandom::new().fill(&mut session_id).map_err(|_| OfferError::NoRandomness)?;
        let session_id = u64::from_be_bytes(session_id);
        let answer = answer(&answer_parts(config, session_id, 1, &local), &lines);
        let negotiated = Negotiated::collect(lines);
        let transport = Self {
            config: Arc::clone(config),
            seed,
            session_id,
            answers: 1,
            last_restart: None,
            agreed: digest(&negotiated),
            fingerprints: offer.fingerprints.clone(),
            ice: Ice::new(Credentials::new(&local, &offer.ufrag, &offer.password)),
            dtls: Dtls::new(config, &offer.fingerprints),
            state: State::Connecting { deadline: now + CONNECT_LIMIT, heard_at: None },
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            counters: Counters::default(),
        };
        Ok((transport, negotiated, answer))
    }

    /// Our ICE username fragment: what [`crate::stun_local_ufrag`] finds in requests to us. A
    /// restart changes it; the one before stays valid until an address is nominated anew.
    #[must_use]
    pub fn local_ufrag(&self) -> &str {
        self.ice.credentials().ufrag()
    }

    /// Whether media can flow.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        matches!(self.state, State::Connected { .. })
    }

    /// Where to send media, once nominated.
    #[must_use]
    pub fn remote(&self) -> Option<SocketAddr> {
        self.ice.selected()
    }

    /// What was dropped so far.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Takes one datagram, decrypting in place.
    pub fn handle_datagram<'a>(
        &mut self,
        from: SocketAddr,
        datagram: &'a mut [u8],
        now: Instant,
    ) -> Received<'a> {
        if matches!(self.state, State::Ended) {
            return Received::Nothing;
        }
        let class = classify(datagram);
        // Everything but STUN is dropped unanswered until the address has proven itself. Any
        // proven address will do, since a browser may send on a new path before it nominates it.
        if class != Class::Stun && !self.ice.is_validated(from) {
            self.counters.unvalidated += 1;
            return Received::Nothing;
        }
        match class {
            Class::Stun => self.handle_stun(from, datagram, now),
            Class::Dtls => self.handle_dtls(from, datagram, now),
            Class::Rtp => {
                return self.handle_media(datagram, now, Session::unprotect_rtp, Received::Rtp);
            }
            Class::Rtcp => {
                return self.handle_media(datagram, now, Session::unprotect_rtcp, Received::Rtcp);
            }
            Class::Unknown => self.counters.malformed += 1,
        }
        Received::Nothing
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        match &mut self.state {
            State::Connecting { deadline, .. } if now >= *deadline => {
                self.fail(Failure::ConnectTimeout);
            }
            State::Connected { .. }
                if self.ice.consent_expiry().is_some_and(|expiry| now >= expiry) =>
            {
                self.fail(Failure::ConsentExpired);
            }
            State::Connected { liveness, .. } => {
                if liveness.handle_timeout(now) == Look::Ask {
                    self.transmits.extend(self.ice.ask());
                }
            }
            State::Connecting { .. } => {
                let event = self.dtls.handle_timeout(now);
                self.after_dtls(event, now);
            }
            State::Ended => {}
        }
    }

    /// ICE restart (RFC 8445 section 9): same lines and fingerprint, new credentials on both
    /// sides. Media stays on the old address until a new one is nominated.
    ///
    /// # Errors
    /// [`OfferError`] if lines or fingerprint differ; nothing changed then.
    pub fn restart(&mut self, offer: &Offer, _now: Instant) -> Result<String, OfferError> {
        if offer.fingerprints != self.fingerprints {
            return Err(OfferError::Changed("fingerprints"));
        }
        if let Some((ufrag, answer)) = &self.last_restart
            && *ufrag == offer.ufrag
        {
            return Ok(answer.clone()); // The answer was lost, and the offer comes again.
        }
        if self.ice.credentials().is_with(&offer.ufrag) {
            return Err(OfferError::Changed("credentials are the same; the rest"));
        }
        let local = LocalSecret::generate().ok_or(OfferError::NoRandomness)?;
        let lines = negotiate(offer, self.seed);
        let version = self.answers.wrapping_add(1);
        let answer = answer(&answer_parts(&self.config, self.session_id, version, &local), &lines);
        if digest(&Negotiated::collect(lines)) != self.agreed {
            return Err(OfferError::Changed("lines"));
        }
        self.answers = version;
        self.ice.restart(Credentials::new(&local, &offer.ufrag, &offer.password));
        self.last_restart = Some((offer.ufrag.clone(), answer.clone()));
        Ok(answer)
    }

    /// Protects the RTP packet in `buffer[..len]` in place and returns its new length. `buffer`
    /// must have [`crate::TAG_ROOM`] bytes beyond `len`.
    ///
    /// # Errors
    /// [`ProtectError`]; the packet must not be sent then.
    pub fn protect_rtp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, ProtectError> {
        self.sending()?.protect_rtp(buffer, len)
    }

    /// Protects the RTCP packet in `buffer[..len]` in place and returns its new length. `buffer`
    /// must have [`crate::TAG_ROOM`] bytes beyond `len`.
    ///
    /// # Errors
    /// [`ProtectError`]; the packet must not be sent then.
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, ProtectError> {
        self.sending()?.protect_rtcp(buffer, len)
    }

    /// Says goodbye (DTLS close_notify) and takes nothing more. Drain [`Self::poll_transmit`] once
    /// more afterwards. No event follows.
    pub fn close(&mut self, now: Instant) {
        if !matches!(self.state, State::Ended) {
            self.dtls.close(now);
            self.end();
        }
    }

    /// The next datagram to send: STUN or DTLS.
    pub fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.transmits.pop_front()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<TransportEvent> {
        self.events.pop_front()
    }

    /// When [`Self::handle_timeout`] must be called next. Also worth asking after a `protect_*`:
    /// the first packet after a rest starts a watch.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Connecting { deadline, .. } => {
                Some(self.dtls.poll_timeout().map_or(*deadline, |due| due.min(*deadline)))
            }
            State::Connected { liveness, .. } => {
                [self.ice.consent_expiry(), liveness.poll_timeout()].into_iter().flatten().min()
            }
            State::Ended => None,
        }
    }

    fn handle_stun(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) {
        let old = self.ice.selected();
        match self.ice.handle_stun(from, datagram, now) {
            Checked::Valid { reply } => {
                self.transmits.push_back((from, reply));
                if let State::Connected { liveness, .. } = &mut self.state {
                    liveness.hear(now);
                    if let (Some(old), Some(new)) = (old, self.ice.selected())
                        && old != new
                    {
                        self.events.push_back(TransportEvent::AddressChanged { old, new });
                    }
                }
            }
            Checked::Rejected => self.counters.bad_integrity += 1,
            Checked::Malformed => self.counters.malformed += 1,
            Checked::Answer => {
                if let State::Connected { liveness, .. } = &mut self.state {
                    liveness.hear_answer(now);
                }
            }
            Checked::Ignored => {}
        }
    }

    fn handle_dtls(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) {
        if let State::Connecting { heard_at, .. } = &mut self.state {
            *heard_at = Some(from);
        }
        let (useful, event) = self.dtls.handle_datagram(datagram, now);
        if !useful {
            self.counters.unexpected += 1;
        }
        self.after_dtls(event, now);
    }

    fn handle_media<'a>(
        &mut self,
        datagram: &'a mut [u8],
        now: Instant,
        unprotect: fn(&mut Session, &mut [u8]) -> Result<usize, UnprotectError>,
        wrap: fn(&'a [u8]) -> Received<'a>,
    ) -> Received<'a> {
        let State::Connected { srtp, liveness } = &mut self.state else {
            self.counters.unexpected += 1;
            return Received::Nothing;
        };
        match unprotect(srtp, datagram) {
            Ok(len) => {
                liveness.hear(now);
                return wrap(&datagram[..len]);
            }
            Err(UnprotectError::Malformed) => self.counters.malformed += 1,
            Err(UnprotectError::Replayed) => self.counters.replayed += 1,
            Err(UnprotectError::Forged) => self.counters.auth_failed += 1,
            Err(UnprotectError::TooManyStreams) => self.counters.unexpected += 1,
        }
        Received::Nothing
    }

    fn after_dtls(&mut self, event: Option<DtlsEvent>, now: Instant) {
        match event {
            Some(DtlsEvent::Keys { profile, material }) => {
                self.connect(profile, material.as_ref(), now);
            }
            Some(DtlsEvent::Failed(failure)) => self.fail(failure),
            Some(DtlsEvent::Closed) => {
                self.end();
                self.events.push_back(TransportEvent::Closed);
            }
            None => self.drain_dtls(),
        }
    }

    fn connect(&mut self, profile: SrtpProfile, material: &[u8], now: Instant) {
        let State::Connecting { heard_at: Some(from), .. } = self.state else { return };
        let Ok(srtp) = Session::new(profile, material) else {
            return self.fail(Failure::HandshakeFailed);
        };
        // The peer may finish DTLS before it nominates.
        self.ice.select_if_none(from, now);
        self.drain_dtls();
        self.state = State::Connected { srtp: Box::new(srtp), liveness: Liveness::new(now) };
        self.events.push_back(TransportEvent::Connected {
            profile,
            dtls_version: DTLS_VERSION,
            address: self.ice.selected().unwrap_or(from),
        });
    }

    fn sending(&mut self) -> Result<&mut Session, ProtectError> {
        match &mut self.state {
            State::Connected { srtp, liveness } => {
                if liveness.send() {
                    Ok(srtp)
                } else {
                    Err(ProtectError::Paused)
                }
            }
            State::Connecting { .. } | State::Ended => Err(ProtectError::NotConnected),
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.end();
        self.events.push_back(TransportEvent::Failed(failure));
    }

    fn end(&mut self) {
        self.drain_dtls();
        self.state = State::Ended;
    }

    /// DTLS goes where media goes, or before any nomination where the peer speaks it.
    fn drain_dtls(&mut self) {
        let heard_at = match self.state {
            State::Connecting { heard_at, .. } => heard_at,
            State::Connected { .. } | State::Ended => None,
        };
        while let Some(datagram) = self.dtls.poll_transmit() {
            if let Some(to) = self.ice.selected().or(heard_at) {
                self.transmits.push_back((to, datagram));
            }
        }
    }
}

fn answer_parts<'a>(
    config: &'a TransportConfig,
    session_id: u64,
    version: u32,
    local: &'a LocalSecret,
) -> AnswerParts<'a> {
    AnswerParts {
        session_id,
        version,
        local,
        fingerprint: &config.fingerprint,
        candidates: &config.candidates,
    }
}

/// What must not change in a restart. The SSRCs that an offer happens to name may.
fn digest(negotiated: &Negotiated) -> u64 {
    let mut hasher = DefaultHasher::new();
    for line in &negotiated.send {
        (&line.mid, line.kind, line.codec, &line.rids, line.extensions).hash(&mut hasher);
    }
    negotiated.receive.hash(&mut hasher);
    hasher.finish()
}

/// From the offer to the keys. Covers ICE, which may take seconds through a bad network, and the
/// handshake.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);

/// What the library speaks.
const DTLS_VERSION: &str = "1.2";

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod tests;
