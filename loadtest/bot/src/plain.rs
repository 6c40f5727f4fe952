//! The media of one participant as plain RTP: what it sends and what it counts, whoever carries it.
//!
//! Invariant: told the time; knows nothing of ICE, DTLS, SRTP or RTCP.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use kreide_media::rtp::Packet;
use kreide_protocol::{Kind, SlotNow, SourceRef};

use crate::BotError;
use crate::clock;
use crate::counts::Counts;
use crate::journal::{Heard, Journal};
use crate::latency::Latencies;
use crate::media::Publication;
use crate::receive::{Slot, Source, Taken};
use crate::sdp::{Answer, SENDING};
use crate::send::{Camera, Extras};

/// What a participant sends and receives.
pub struct Plain {
    latencies: Arc<Latencies>,
    journal: Journal,
    /// Which of the connections that the journal knows this is.
    connection: u16,
    pub(crate) publications: Vec<Publication>,
    /// Voices first, as the answer has them.
    pub(crate) slots: Vec<Slot>,
    /// Slot and whether it is its stream of repetitions, by SSRC.
    by_ssrc: HashMap<u32, (usize, bool)>,
    transport_sequence: u16,
    pub(crate) counts: Counts,
    first_audio: Option<Instant>,
    first_video: Option<Instant>,
}

/// What a slot misses.
#[derive(Debug)]
pub struct Missing {
    /// SSRC of the slot.
    pub ssrc: u32,
    /// Packets to ask for.
    pub numbers: Vec<u16>,
    /// Only a keyframe helps, and it is time to ask for one.
    pub keyframe: bool,
}

impl Plain {
    /// Reads the server's answer. `ssrcs` are those that the offer names for the sending lines, in
    /// their order; then the camera has one layer.
    ///
    /// # Errors
    /// [`BotError::Answer`] names what the answer lacks.
    pub fn new(
        latencies: Arc<Latencies>,
        me: u32,
        camera: &Camera,
        answer: &str,
        ssrcs: [u32; 4],
    ) -> Result<Self, BotError> {
        let answer = Answer::parse(answer)?;
        let ssrcs = ssrcs.map(|ssrc| Some((ssrc, ssrc.wrapping_add(1))));
        let publications = Publication::all(me, camera, &Camera::screen(), &answer.lines, ssrcs)?;
        Ok(Self::of(latencies, publications, &answer))
    }

    pub(crate) fn of(
        latencies: Arc<Latencies>,
        publications: Vec<Publication>,
        answer: &Answer,
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
            latencies,
            journal: Journal::default(),
            connection: 0,
            publications,
            slots,
            by_ssrc,
            transport_sequence: 0,
            counts: Counts::default(),
            first_audio: None,
            first_video: None,
        }
    }

    /// Writes down from here on what arrives.
    pub(crate) fn write_into(&mut self, journal: Journal) {
        let before = journal.read(|pages| pages.connections.len()).unwrap_or_default();
        self.connection = u16::try_from(before).unwrap_or(u16::MAX);
        self.journal = journal;
    }

    /// When the first voice and the first whole picture came.
    #[must_use]
    pub fn firsts(&self) -> (Option<Instant>, Option<Instant>) {
        (self.first_audio, self.first_video)
    }

    /// What was counted.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts { slots: self.slots.iter().map(Slot::counts).collect(), ..self.counts.clone() }
    }

    /// Switches a source on or off.
    pub fn send(&mut self, kind: Kind, on: bool, now: Instant) {
        for publication in &mut self.publications {
            if publication.kind() == kind {
                publication.switch(on, now);
            }
        }
    }

    /// What is to be seen in each video slot.
    pub fn wish(&mut self, wished: impl Fn(usize) -> Option<SourceRef>) {
        for (index, slot) in self.slots.iter_mut().filter(|slot| !slot.audio).enumerate() {
            slot.wished = wished(index);
        }
    }

    /// What the server says about a video slot.
    pub fn told(&mut self, now: SlotNow) {
        let mut video = self.slots.iter_mut().filter(|slot| !slot.audio);
        if let Some(slot) = video.nth(usize::from(now.slot)) {
            slot.told(now);
        }
    }

    /// Counts anew from here on.
    pub fn mark(&mut self) {
        self.slots.iter_mut().for_each(Slot::mark);
        self.counts = Counts::default();
    }

    /// Stops sending everything, and judges the pictures that stand.
    pub fn hush(&mut self, now: Instant) {
        self.slots.iter_mut().for_each(|slot| slot.close(now));
        SENDING.into_iter().for_each(|kind| self.send(kind, false, now));
    }

    /// When [`Self::due`] or [`Self::missing`] has something.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let sends = self.publications.iter().filter_map(Publication::poll_timeout);
        sends.chain(self.slots.iter().filter_map(Slot::poll_timeout)).min()
    }

    /// The packets whose time has come.
    pub fn due(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        for publication in &mut self.publications {
            let Some(due) = publication.poll_timeout().filter(|due| *due <= now) else { continue };
            self.latencies.lag(now - due);
            let mut next = || {
                self.transport_sequence = self.transport_sequence.wrapping_add(1);
                self.transport_sequence
            };
            packets.append(&mut publication.packets(now, &mut next));
        }
        self.counts.sent += packets.len() as u64;
        packets
    }

    /// A packet once more, if it is still known.
    pub(crate) fn again(&mut self, media: u32, number: u16, now: Instant) -> Option<Vec<u8>> {
        let transport_sequence = self.transport_sequence.wrapping_add(1);
        let extras = Extras { transport_sequence, level: None };
        let again = |publication: &mut Publication| publication.again(media, number, extras, now);
        let packet = self.publications.iter_mut().find_map(again)?;
        self.transport_sequence = transport_sequence;
        self.counts.sent_again += 1;
        Some(packet)
    }

    /// The server asks for a keyframe of one of the streams.
    pub fn want_keyframe(&mut self, media: u32) {
        let asked = |publication: &mut Publication| publication.want_keyframe(media);
        self.counts.keyframes_asked += u64::from(self.publications.iter_mut().any(asked));
    }

    /// Takes a packet. What makes no sense is counted.
    pub fn arrived(&mut self, packet: &[u8], now: Instant) {
        let Ok(packet) = Packet::parse(packet) else {
            self.counts.invalid += 1;
            return;
        };
        self.take(packet, now);
    }

    pub(crate) fn take(&mut self, packet: Packet<'_>, now: Instant) {
        let Some((index, repeated)) = self.by_ssrc.get(&packet.ssrc).copied() else {
            self.counts.invalid += 1;
            return;
        };
        let packet = if repeated {
            // RFC 4588 section 4. A probe of padding alone has no number.
            let Some((number, payload)) = packet.payload.split_first_chunk() else { return };
            Packet { sequence: u16::from_be_bytes(*number), payload, ..packet }
        } else {
            packet
        };
        let slot = &mut self.slots[index];
        let Taken { source, new } = slot.take(&packet, repeated, now, &self.latencies);
        if let Some((number, stamp)) = new {
            self.journal.hear(Heard {
                from: SourceRef { participant: stamp.publisher, kind: stamp.kind },
                connection: self.connection,
                slot: index as u16,
                number,
                captured: stamp.captured,
                arrived: clock::unix_micros(now),
            });
        }
        self.counts.wrong_source += u64::from(source == Source::Wrong);
        if slot.audio {
            self.first_audio.get_or_insert(now);
        } else if self.first_video.is_none() && slot.has_shown() {
            self.first_video = Some(now);
        }
    }

    /// What is missing and due to be asked for.
    pub fn missing(&mut self, now: Instant) -> Vec<Missing> {
        let round = |slot: &mut Slot| {
            let (numbers, keyframe) = slot.round(now, &self.latencies);
            let some = keyframe || !numbers.is_empty();
            some.then_some(Missing { ssrc: slot.ssrc, numbers, keyframe })
        };
        self.slots.iter_mut().filter_map(round).collect()
    }

    /// The slot of a stream that is no stream of repetitions.
    pub(crate) fn slot_of(&mut self, ssrc: u32) -> Option<&mut Slot> {
        match self.by_ssrc.get(&ssrc) {
            Some((index, false)) => self.slots.get_mut(*index),
            _ => None,
        }
    }
}
