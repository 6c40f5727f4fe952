//! One participant on this shard: what it sends, what it sees, and what it may do.

use std::time::{Duration, Instant};

use kreide_control::{MediaRights, ParticipantNo, Place, Role, SlotMapping, SourceKind, View};
use kreide_media::ParseError;
use kreide_media::line::{Codec, CodecName, ExtensionIds};
use kreide_media::rtp::Packet;

use crate::feedback::TransportFeedback;
use crate::publication::{Layer, Publication};
use crate::relay::PartId;
use crate::rewriter::StreamId;
use crate::sender_clock::SenderClock;
use crate::slot::Slot;

/// A member's place in its room part. Valid from `join` to `leave`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberKey(pub usize);

/// Who listens behind a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// A person.
    Person,
    /// The recorder: it gets only what is recordable.
    Recorder,
}

/// A line on which the peer sends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PublishLine {
    /// Identification of the line in the SDP.
    pub mid: String,
    /// What it carries.
    pub kind: SourceKind,
    /// In which codec.
    pub codec: Codec,
    /// Simulcast stream ids from the smallest picture to the largest; empty without simulcast.
    pub rids: Vec<String>,
    /// SSRCs that the offer names, media before retransmission.
    pub ssrcs: Vec<u32>,
    /// Pairs of media and retransmission SSRC.
    pub retransmissions: Vec<(u32, u32)>,
    /// Header extensions.
    pub extensions: ExtensionIds,
}

/// A line on which the peer receives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SlotLine {
    /// Identification of the line in the SDP.
    pub mid: String,
    /// Sound instead of picture.
    pub audio: bool,
    /// Which slot among those of its kind, from 0, as the viewer counts its lines.
    pub index: u8,
    /// In which codec.
    pub codec: Codec,
    /// Our SSRC.
    pub ssrc: u32,
    /// Our SSRC for retransmissions, if agreed.
    pub rtx_ssrc: Option<u32>,
    /// Header extensions.
    pub extensions: ExtensionIds,
}

/// What a room must know of a new member.
#[derive(Clone, Debug)]
pub struct MemberConfig {
    /// Who.
    pub participant: ParticipantNo,
    /// Teacher and interpreter are favoured when voices are chosen.
    pub role: Role,
    /// Person or recorder.
    pub listener: Listener,
    /// What is forwarded.
    pub rights: MediaRights,
    /// Whether the member's media may reach the recorder.
    pub recordable: bool,
    /// Where the member is in the lesson.
    pub place: Place,
    /// Lines on which the member sends.
    pub publish: Vec<PublishLine>,
    /// Lines on which the member receives: audio slots and video slots, each in order.
    pub slots: Vec<SlotLine>,
}

/// Where a member's connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// On this shard.
    Here,
    /// In another part of the room; this is its likeness.
    Elsewhere { part: PartId, member: MemberKey },
}

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) site: Site,
    /// It has sent something, so other parts may know of it.
    pub(crate) announced: bool,
    pub(crate) participant: ParticipantNo,
    pub(crate) role: Role,
    pub(crate) listener: Listener,
    pub(crate) rights: MediaRights,
    pub(crate) recordable: bool,
    pub(crate) place: Place,
    pub(crate) connected: bool,
    pub(crate) publications: Vec<Publication>,
    pub(crate) audio_slots: Vec<Slot>,
    pub(crate) video_slots: Vec<Slot>,
    pub(crate) view: View,
    pub(crate) changed_slots: Vec<SlotMapping>,
    pub(crate) feedback: TransportFeedback,
    pub(crate) clock: SenderClock,
    pub(crate) round_trip: Duration,
    /// Packets sent, and sent again, since the last reports.
    pub(crate) sent: u32,
    pub(crate) sent_again: u32,
    pub(crate) transport_sequence: u16,
    ssrcs: Vec<(u32, SsrcUse)>,
}

/// What an incoming SSRC carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SsrcUse {
    pub(crate) publication: usize,
    pub(crate) layer: usize,
    pub(crate) retransmission: bool,
}

impl Member {
    pub(crate) fn new(
        config: MemberConfig,
        site: Site,
        now: Instant,
        mut next_stream: impl FnMut() -> StreamId,
        mut seed: impl FnMut() -> u64,
    ) -> Self {
        let publications = config.publish.into_iter().map(|line| {
            let layers = line.rids.len().max(1);
            Publication {
                layers: (0..layers).map(|_| Layer::new(next_stream(), line.is_audio())).collect(),
                line,
                subscribers: Vec::new(),
                demands: Vec::new(),
                asked: 0,
                told_layers: Vec::new(),
                flowing: false,
            }
        });
        let publications: Vec<Publication> = publications.collect();
        let mut slot = |line: SlotLine| Slot::new(line, seed());
        let (audio, video): (Vec<_>, Vec<_>) = config.slots.into_iter().partition(|s| s.audio);
        let mut member = Self {
            site,
            announced: false,
            participant: config.participant,
            role: config.role,
            listener: config.listener,
            rights: config.rights,
            recordable: config.recordable,
            place: config.place,
            connected: false,
            publications,
            audio_slots: audio.into_iter().map(&mut slot).collect(),
            video_slots: video.into_iter().map(&mut slot).collect(),
            view: View::default(),
            changed_slots: Vec::new(),
            feedback: TransportFeedback::new(now),
            clock: SenderClock::default(),
            round_trip: Duration::from_millis(100),
            sent: 0,
            sent_again: 0,
            transport_sequence: 0,
            ssrcs: Vec::new(),
        };
        member.learn_offered_ssrcs();
        member
    }

    pub(crate) fn publication(&self, kind: SourceKind) -> Option<&Publication> {
        self.publications.iter().find(|p| p.kind() == kind)
    }

    pub(crate) fn publication_mut(&mut self, kind: SourceKind) -> Option<&mut Publication> {
        self.publications.iter_mut().find(|p| p.kind() == kind)
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.audio_slots.iter().chain(&self.video_slots)
    }

    pub(crate) fn slot(&self, audio: bool, index: u8) -> Option<&Slot> {
        let slots = if audio { &self.audio_slots } else { &self.video_slots };
        slots.get(usize::from(index))
    }

    /// The next transport-wide sequence number on the way to this member.
    pub(crate) fn next_transport_sequence(&mut self) -> u16 {
        self.transport_sequence = self.transport_sequence.wrapping_add(1);
        self.transport_sequence
    }

    /// Whether one more retransmission is within the budget: a fifth of what is sent, and a little
    /// for those to whom little is sent. On a weak line, or for an attacker, more would only add
    /// to the load.
    pub(crate) fn may_send_again(&self) -> bool {
        self.sent_again < RESENT_AT_LEAST + self.sent / 5
    }

    /// Whether the voice choice favours this member.
    pub(crate) fn is_favoured(&self) -> bool {
        matches!(self.role, Role::Teacher | Role::Interpreter)
    }

    /// What an SSRC carries. A new one is learned from its mid and rid (RFC 8852), and by its
    /// payload type where a line has no other stream.
    pub(crate) fn identify(
        &mut self,
        packet: &Packet<'_>,
        now: Instant,
    ) -> Result<SsrcUse, ParseError> {
        if let Some((_, found)) = self.ssrcs.iter().find(|(ssrc, _)| *ssrc == packet.ssrc) {
            return Ok(*found);
        }
        let found = self.learn(packet, now).ok_or(ParseError::Malformed("unknown stream"))?;
        if !found.retransmission {
            self.begin_stream(found, packet.ssrc);
        }
        if self.ssrcs.len() >= MOST_SSRCS {
            return Err(ParseError::Malformed("too many streams"));
        }
        self.ssrcs.push((packet.ssrc, found));
        Ok(found)
    }

    /// Gives a layer its SSRC. If it had another, that one is over and a new stream begins.
    fn begin_stream(&mut self, used: SsrcUse, ssrc: u32) {
        let publication = &mut self.publications[used.publication];
        let audio = publication.line.is_audio();
        let layer = &mut publication.layers[used.layer];
        if layer.ssrc.is_some() {
            *layer = Layer::new(layer.stream.successor(), audio);
            self.ssrcs.retain(|(_, known)| {
                (known.publication, known.layer) != (used.publication, used.layer)
            });
        }
        self.publications[used.publication].layers[used.layer].ssrc = Some(ssrc);
    }

    fn learn(&self, packet: &Packet<'_>, now: Instant) -> Option<SsrcUse> {
        let (index, publication) = self.publications.iter().enumerate().find(|(_, p)| {
            let mid = packet.extensions.get(p.line.extensions.mid);
            mid == Some(p.line.mid.as_bytes())
        })?;
        let line = &publication.line;
        let retransmission = line.codec.rtx_payload_type == Some(packet.payload_type);
        if !retransmission && line.codec.payload_type != packet.payload_type {
            return None;
        }
        let rid = if retransmission {
            packet.extensions.get(line.extensions.repaired_rid)
        } else {
            packet.extensions.get(line.extensions.rid)
        };
        let layer = match rid {
            Some(rid) => line.rids.iter().position(|known| known.as_bytes() == rid)?,
            None if line.rids.len() <= 1 => 0,
            None => return None,
        };
        // A second stream beside a living one would mix two pictures into one.
        let taken = publication.layers[layer].is_flowing(now);
        (retransmission || !taken).then_some(SsrcUse { publication: index, layer, retransmission })
    }

    fn learn_offered_ssrcs(&mut self) {
        for (index, publication) in self.publications.iter_mut().enumerate() {
            if publication.line.rids.len() > 1 {
                // The rid names the layer; the order of SSRCs does not.
                continue;
            }
            let line = &publication.line;
            let is_retransmission =
                |ssrc: u32| line.retransmissions.iter().any(|(_, repair)| *repair == ssrc);
            let Some(media) = line.ssrcs.iter().copied().find(|s| !is_retransmission(*s)) else {
                continue;
            };
            let used = SsrcUse { publication: index, layer: 0, retransmission: false };
            self.ssrcs.push((media, used));
            if let Some((_, repair)) = line.retransmissions.iter().find(|(m, _)| *m == media) {
                self.ssrcs.push((*repair, SsrcUse { retransmission: true, ..used }));
            }
            publication.layers[0].ssrc = Some(media);
        }
    }
}

impl PublishLine {
    pub(crate) fn is_audio(&self) -> bool {
        self.codec.name == CodecName::Opus
    }

    pub(crate) fn fits(&self, slot: &SlotLine) -> bool {
        self.codec.name == slot.codec.name && slot.audio == self.is_audio()
    }
}

const MOST_SSRCS: usize = 32;
/// Retransmissions between two reports that anybody gets.
const RESENT_AT_LEAST: u32 = 100;
