//! The media of one bot, without a socket: datagrams and time go in, datagrams come out.
//!
//! Invariant: told the time, so that everything of one wake-up has the same; `poll_transmit` is
//! drained after every call, so what waits there is at most one frame of each source.

mod publication;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kreide_media::rtcp::{self, Rtcp};
use kreide_media::rtp::Packet;
use kreide_protocol::{Kind, SlotNow, SourceRef};

use crate::BotError;
use crate::counts::Counts;
use crate::latency::Latencies;
use crate::receive::{Slot, Source, TransportFeedback};
use crate::sdp::{Answer, Credentials};
use crate::send::Extras;
use crate::transport::{Dtls, Ice, Identity, Srtp};

pub(crate) use publication::Publication;

pub(crate) struct Media {
    identity: Arc<Identity>,
    latencies: Arc<Latencies>,
    expected_fingerprint: String,
    ice: Ice,
    state: State,
    publications: Vec<Publication>,
    /// Voices first, as the answer has them.
    slots: Vec<Slot>,
    /// Slot and whether it is its stream of repetitions, by SSRC.
    by_ssrc: HashMap<u32, (usize, bool)>,
    /// Id of the extension with transport-wide numbers.
    transport_cc: Option<u8>,
    feedback: TransportFeedback,
    transport_sequence: u16,
    next_feedback: Instant,
    next_report: Instant,
    transmits: VecDeque<(SocketAddr, Vec<u8>)>,
    counts: Counts,
    first_audio: Option<Instant>,
    first_video: Option<Instant>,
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
        let (audio, video): (Vec<Slot>, Vec<Slot>) =
            answer.lines.iter().filter_map(Slot::new).partition(|slot| slot.audio);
        let slots: Vec<Slot> = audio.into_iter().chain(video).collect();
        let by_ssrc = slots
            .iter()
            .enumerate()
            .flat_map(|(index, slot)| {
                let repetitions = slot.rtx_ssrc.map(|ssrc| (ssrc, (index, true)));
                std::iter::once((slot.ssrc, (index, false))).chain(repetitions)
            })
            .collect();
        Self {
            ice: Ice::new(Arc::clone(&identity.provider), credentials, answer, now),
            identity,
            latencies,
            expected_fingerprint: answer.fingerprint.clone(),
            state: State::Checking,
            publications,
            slots,
            by_ssrc,
            transport_cc: answer
                .lines
                .iter()
                .filter(|line| line.receiving)
                .find_map(|line| line.extensions.transport_cc),
            feedback: TransportFeedback::default(),
            transport_sequence: 0,
            next_feedback: now,
            next_report: now,
            transmits: VecDeque::new(),
            counts: Counts::default(),
            first_audio: None,
            first_video: None,
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.state, State::Connected(..))
    }

    pub(crate) fn firsts(&self) -> (Option<Instant>, Option<Instant>) {
        (self.first_audio, self.first_video)
    }

    /// Switches a source on or off.
    pub(crate) fn send(&mut self, kind: Kind, on: bool, now: Instant) {
        for publication in &mut self.publications {
            if publication.kind() == kind {
                publication.switch(on, now);
            }
        }
    }

    /// What this bot wants to see in each video slot.
    pub(crate) fn wish(&mut self, wished: impl Fn(usize) -> Option<SourceRef>) {
        for (index, slot) in self.slots.iter_mut().filter(|slot| !slot.audio).enumerate() {
            slot.wished = wished(index);
        }
    }

    /// What the server says about a video slot.
    pub(crate) fn told(&mut self, now: SlotNow) {
        let mut video = self.slots.iter_mut().filter(|slot| !slot.audio);
        if let Some(slot) = video.nth(usize::from(now.slot)) {
            slot.told(now);
        }
    }

    /// Counts anew from here on.
    pub(crate) fn mark(&mut self) {
        self.slots.iter_mut().for_each(Slot::mark);
        self.counts = Counts::default();
    }

    /// Sending ends now: judges the pictures that stand.
    pub(crate) fn close(&mut self, now: Instant) {
        self.slots.iter_mut().for_each(|slot| slot.close(now));
    }

    /// Says goodbye to the server.
    pub(crate) fn leave(&mut self, now: Instant) {
        if let State::Connected(dtls, _) = &mut self.state {
            dtls.close(now);
        }
        self.drain_dtls();
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts { slots: self.slots.iter().map(Slot::counts).collect(), ..self.counts.clone() }
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.transmits.pop_front()
    }

    /// The kernel did not take a datagram.
    pub(crate) fn unsent(&mut self) {
        self.counts.unsent += 1;
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
                self.publications.iter().for_each(|publication| at(publication.poll_timeout()));
                self.slots.iter().for_each(|slot| at(slot.poll_timeout()));
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
                self.publish(now);
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
            _ => self.counts.invalid += 1,
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
            self.counts.invalid += 1;
            return;
        };
        let packet = Packet::parse(&plain).ok();
        let known = packet.and_then(|packet| Some((packet, *self.by_ssrc.get(&packet.ssrc)?)));
        let Some((packet, (index, repeated))) = known else {
            self.counts.invalid += 1;
            return;
        };
        if let Some(&[high, low]) = packet.extensions.get(self.transport_cc) {
            self.feedback.arrived(u16::from_be_bytes([high, low]), packet.ssrc, now);
        }
        let packet = if repeated {
            // RFC 4588 section 4. A probe of padding alone has no number.
            let Some((number, payload)) = packet.payload.split_first_chunk() else { return };
            Packet { sequence: u16::from_be_bytes(*number), payload, ..packet }
        } else {
            packet
        };
        let slot = &mut self.slots[index];
        let source = slot.take(&packet, repeated, now, &self.latencies);
        self.counts.wrong_source += u64::from(source == Source::Wrong);
        if slot.audio {
            self.first_audio.get_or_insert(now);
        } else if self.first_video.is_none() && slot.has_shown() {
            self.first_video = Some(now);
        }
    }

    fn handle_rtcp(&mut self, datagram: &[u8], now: Instant) {
        let State::Connected(_, srtp) = &mut self.state else { return };
        let Some(plain) = srtp.open_rtcp(datagram) else {
            self.counts.invalid += 1;
            return;
        };
        for packet in rtcp::walk(&plain) {
            match packet {
                Rtcp::SenderReport { ssrc, ntp, .. } => {
                    if let Some((index, false)) = self.by_ssrc.get(&ssrc) {
                        self.slots[*index].sender_report(ntp, now);
                    }
                }
                Rtcp::Nack { media, missing } => {
                    missing.iter().for_each(|number| self.send_again(media, number, now));
                }
                Rtcp::Pli { media } | Rtcp::Fir { media } => {
                    let asked = |publication: &mut Publication| publication.want_keyframe(media);
                    self.counts.keyframes_asked +=
                        u64::from(self.publications.iter_mut().any(asked));
                }
                Rtcp::ReceiverReport { .. }
                | Rtcp::TransportFeedback(_)
                | Rtcp::Bye { .. }
                | Rtcp::Other => {}
            }
        }
    }

    fn send_again(&mut self, media: u32, number: u16, now: Instant) {
        let extras =
            Extras { transport_sequence: self.transport_sequence.wrapping_add(1), level: None };
        let again = |publication: &mut Publication| publication.again(media, number, extras, now);
        if let Some(packet) = self.publications.iter_mut().find_map(again) {
            self.transport_sequence = extras.transport_sequence;
            self.counts.sent_again += 1;
            self.transmit_rtp(&packet);
        }
    }

    fn publish(&mut self, now: Instant) {
        let mut publications = std::mem::take(&mut self.publications);
        for publication in &mut publications {
            let Some(due) = publication.poll_timeout().filter(|due| *due <= now) else { continue };
            self.latencies.lag(now - due);
            let mut next = || {
                self.transport_sequence = self.transport_sequence.wrapping_add(1);
                self.transport_sequence
            };
            let packets = publication.packets(now, &mut next);
            self.counts.sent += packets.len() as u64;
            packets.iter().for_each(|packet| self.transmit_rtp(packet));
        }
        self.publications = publications;
    }

    /// Asks for what is missing.
    fn repair(&mut self, now: Instant) {
        let sender = self.own_ssrc();
        let mut out = Vec::new();
        for slot in &mut self.slots {
            let (missing, keyframe) = slot.round(now, &self.latencies);
            if !missing.is_empty() {
                rtcp::write_nack(&mut out, sender, slot.ssrc, &missing);
            }
            if keyframe {
                rtcp::write_pli(&mut out, sender, slot.ssrc);
            }
        }
        self.transmit_rtcp(&out);
    }

    /// Sender and receiver reports, as many blocks as fit into each packet.
    fn report(&mut self, now: Instant) {
        let sender = self.own_ssrc();
        let mut out = Vec::new();
        self.publications.iter().for_each(|publication| publication.report(now, &mut out));
        let blocks: Vec<_> = self.slots.iter_mut().filter_map(|slot| slot.report(now)).collect();
        for blocks in blocks.chunks(31) {
            rtcp::write_receiver_report(&mut out, sender, blocks);
        }
        self.transmit_rtcp(&out);
    }

    fn own_ssrc(&self) -> u32 {
        self.publications.first().map_or(1, Publication::ssrc)
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
