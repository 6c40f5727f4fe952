//! The media connection of one bot, without a socket: datagrams and time go in, datagrams come out.
//!
//! Invariant: told the time, so that everything of one wake-up has the same; `poll_transmit` is
//! drained after every call, so what waits there is at most one frame of each source.

mod publication;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kreide_media::rtcp::{self, Rtcp};
use kreide_media::rtp::Packet;

use crate::BotError;
use crate::latency::Latencies;
use crate::plain::{Missing, Plain};
use crate::receive::TransportFeedback;
use crate::sdp::{Answer, Credentials};
use crate::transport::{Dtls, Ice, Identity, Srtp};

pub(crate) use publication::Publication;

pub(crate) struct Media {
    identity: Arc<Identity>,
    pub(crate) plain: Plain,
    expected_fingerprint: String,
    ice: Ice,
    state: State,
    /// Id of the extension with transport-wide numbers.
    transport_cc: Option<u8>,
    feedback: TransportFeedback,
    next_feedback: Instant,
    next_report: Instant,
    transmits: VecDeque<(SocketAddr, Vec<u8>)>,
}

enum State {
    Checking,
    Handshaking(Dtls),
    Connected(Dtls, Box<Srtp>),
}

impl Media {
    pub(crate) fn new(
        identity: Arc<Identity>,
        latencies: Arc<Latencies>,
        credentials: &Credentials,
        answer: &Answer,
        publications: Vec<Publication>,
        now: Instant,
    ) -> Self {
        Self {
            ice: Ice::new(Arc::clone(&identity.provider), credentials, answer, now),
            identity,
            plain: Plain::of(latencies, publications, answer),
            expected_fingerprint: answer.fingerprint.clone(),
            state: State::Checking,
            transport_cc: answer
                .lines
                .iter()
                .filter(|line| line.receiving)
                .find_map(|line| line.extensions.transport_cc),
            feedback: TransportFeedback::default(),
            next_feedback: now,
            next_report: now,
            transmits: VecDeque::new(),
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.state, State::Connected(..))
    }

    /// Says goodbye to the server.
    pub(crate) fn leave(&mut self, now: Instant) {
        if let State::Connected(dtls, _) = &mut self.state {
            dtls.close(now);
        }
        self.drain_dtls();
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.transmits.pop_front()
    }

    /// The kernel did not take a datagram.
    pub(crate) fn unsent(&mut self) {
        self.plain.counts.unsent += 1;
    }

    /// When [`Self::handle_timeout`] is due.
    pub(crate) fn poll_timeout(&self) -> Instant {
        let mut due = self.ice.poll_timeout();
        let mut at = |time: Option<Instant>| due = time.map_or(due, |time| due.min(time));
        match &self.state {
            State::Checking => {}
            State::Handshaking(dtls) => at(dtls.poll_timeout()),
            State::Connected(..) => {
                at(Some(self.next_feedback.min(self.next_report)));
                at(self.plain.poll_timeout());
            }
        }
        due
    }

    /// Does what is due.
    ///
    /// # Errors
    /// [`BotError::Media`] if the handshake failed or the server fell silent.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Result<(), BotError> {
        if self.ice.is_lost(now) {
            return Err(BotError::Media("the server answers no checks".to_owned()));
        }
        self.transmits.extend(self.ice.handle_timeout(now));
        match &mut self.state {
            State::Checking => {}
            State::Handshaking(dtls) => {
                if dtls.poll_timeout().is_some_and(|due| due <= now) {
                    dtls.handle_timeout(now)?;
                }
                self.drain_dtls();
            }
            State::Connected(..) => {
                let due = self.plain.due(now);
                due.iter().for_each(|packet| self.transmit_rtp(packet));
                self.repair(now);
                if now >= self.next_feedback {
                    self.next_feedback = now + FEEDBACK;
                    let mut out = Vec::new();
                    self.feedback.write(self.own_ssrc(), &mut out);
                    self.transmit_rtcp(&out);
                }
                if now >= self.next_report {
                    self.next_report = now + REPORT;
                    self.report(now);
                }
            }
        }
        Ok(())
    }

    /// Takes a datagram. What makes no sense is counted.
    ///
    /// # Errors
    /// [`BotError::Media`] if the connection failed or was closed.
    pub(crate) fn handle_datagram(
        &mut self,
        from: SocketAddr,
        datagram: &[u8],
        now: Instant,
    ) -> Result<(), BotError> {
        // RFC 7983 section 7, RFC 5761 section 4.
        match datagram {
            [0..=3, ..] => {
                if self.ice.handle(from, datagram, now) {
                    let expected = &self.expected_fingerprint;
                    let dtls = Dtls::connect(&self.identity, expected, now)?;
                    self.state = State::Handshaking(dtls);
                    self.drain_dtls();
                }
                self.transmits.extend(self.ice.handle_timeout(now));
            }
            [20..=63, ..] => self.handle_dtls(datagram, now)?,
            [128..=191, 192..=223, ..] => self.handle_rtcp(datagram, now),
            [128..=191, ..] => self.handle_rtp(datagram, now),
            _ => self.plain.counts.invalid += 1,
        }
        Ok(())
    }

    fn handle_dtls(&mut self, datagram: &[u8], now: Instant) -> Result<(), BotError> {
        match std::mem::replace(&mut self.state, State::Checking) {
            State::Checking => {}
            State::Handshaking(mut dtls) => {
                self.state = match dtls.handle(datagram, now)? {
                    Some(material) => {
                        let srtp = Srtp::new(&*self.identity.provider, &material)?;
                        (self.next_feedback, self.next_report) = (now + FEEDBACK, now + REPORT);
                        State::Connected(dtls, Box::new(srtp))
                    }
                    None => State::Handshaking(dtls),
                };
            }
            State::Connected(mut dtls, srtp) => {
                dtls.handle(datagram, now)?;
                self.state = State::Connected(dtls, srtp);
            }
        }
        self.drain_dtls();
        Ok(())
    }

    fn handle_rtp(&mut self, datagram: &[u8], now: Instant) {
        let State::Connected(_, srtp) = &mut self.state else { return };
        let Some(plain) = srtp.open_rtp(datagram) else {
            self.plain.counts.invalid += 1;
            return;
        };
        let Ok(packet) = Packet::parse(&plain) else {
            self.plain.counts.invalid += 1;
            return;
        };
        if let Some(&[high, low]) = packet.extensions.get(self.transport_cc) {
            self.feedback.arrived(u16::from_be_bytes([high, low]), packet.ssrc, now);
        }
        self.plain.take(packet, now);
    }

    fn handle_rtcp(&mut self, datagram: &[u8], now: Instant) {
        let State::Connected(_, srtp) = &mut self.state else { return };
        let Some(plain) = srtp.open_rtcp(datagram) else {
            self.plain.counts.invalid += 1;
            return;
        };
        for packet in rtcp::walk(&plain) {
            match packet {
                Rtcp::SenderReport { ssrc, ntp, .. } => {
                    if let Some(slot) = self.plain.slot_of(ssrc) {
                        slot.sender_report(ntp, now);
                    }
                }
                Rtcp::Nack { media, missing } => {
                    for number in missing.iter() {
                        if let Some(packet) = self.plain.again(media, number, now) {
                            self.transmit_rtp(&packet);
                        }
                    }
                }
                Rtcp::Pli { media } | Rtcp::Fir { media } => self.plain.want_keyframe(media),
                Rtcp::ReceiverReport { .. }
                | Rtcp::TransportFeedback(_)
                | Rtcp::Bye { .. }
                | Rtcp::Other => {}
            }
        }
    }

    /// Asks for what is missing.
    fn repair(&mut self, now: Instant) {
        let sender = self.own_ssrc();
        let mut out = Vec::new();
        for Missing { ssrc, numbers, keyframe } in self.plain.missing(now) {
            if !numbers.is_empty() {
                rtcp::write_nack(&mut out, sender, ssrc, &numbers);
            }
            if keyframe {
                rtcp::write_pli(&mut out, sender, ssrc);
            }
        }
        self.transmit_rtcp(&out);
    }

    /// Sender and receiver reports, as many blocks as fit into each packet.
    fn report(&mut self, now: Instant) {
        let sender = self.own_ssrc();
        let mut out = Vec::new();
        self.plain.publications.iter().for_each(|publication| publication.report(now, &mut out));
        let slots = self.plain.slots.iter_mut();
        let blocks: Vec<_> = slots.filter_map(|slot| slot.report(now)).collect();
        for blocks in blocks.chunks(31) {
            rtcp::write_receiver_report(&mut out, sender, blocks);
        }
        self.transmit_rtcp(&out);
    }

    fn own_ssrc(&self) -> u32 {
        self.plain.publications.first().map_or(1, Publication::ssrc)
    }

    fn transmit_rtp(&mut self, packet: &[u8]) {
        let State::Connected(_, srtp) = &mut self.state else { return };
        if let (Some(to), Some(sealed)) = (self.ice.remote(), srtp.seal_rtp(packet)) {
            self.transmits.push_back((to, sealed.to_vec()));
        }
    }

    fn transmit_rtcp(&mut self, packet: &[u8]) {
        let State::Connected(_, srtp) = &mut self.state else { return };
        if packet.is_empty() {
            return;
        }
        if let (Some(to), Some(sealed)) = (self.ice.remote(), srtp.seal_rtcp(packet)) {
            self.transmits.push_back((to, sealed.to_vec()));
        }
    }

    fn drain_dtls(&mut self) {
        let (State::Handshaking(dtls) | State::Connected(dtls, _)) = &mut self.state else {
            return;
        };
        if let Some(to) = self.ice.remote() {
            while let Some(datagram) = dtls.poll_transmit() {
                self.transmits.push_back((to, datagram));
            }
        }
    }
}

/// Browsers report every 50 to 250 ms.
const FEEDBACK: Duration = Duration::from_millis(100);
const REPORT: Duration = Duration::from_secs(1);
