//! What the parts of one room tell each other, so that a room larger than a shard is one room.
//!
//! Each part owns its members and is the only one to speak of them: the others hold a likeness of
//! those that send something, subscribe to what their own viewers need, and fan out there. Rights
//! and consent are applied where the publisher is, before anything crosses. One part is home: it
//! chooses the voices for all.
//!
//! Invariant: news of one part arrives at another in the order in which it was told; bursts may be
//! lost on the way, and then a keyframe is asked for. A part takes from another only what that one
//! owns and what was asked of it.
//! Left out on purpose: how messages travel.

use std::collections::{HashMap, VecDeque};

use kreide_control::{Audience, ParticipantNo, Place, Role, SourceKind};
use kreide_media::clock::ClockPoint;
use kreide_media::extension::AudioLevel;
use kreide_media::vp8;

use crate::MemberKey;
use crate::member::PublishLine;

/// One part of a room, by its shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartId(pub usize);

/// A publication of the part that is spoken of, or spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayedKey {
    /// Whose.
    pub member: MemberKey,
    /// Which of its lines, from 0.
    pub publication: usize,
}

/// One message from part to part.
#[derive(Clone, Debug)]
pub enum Relayed {
    /// The sending part knows of the receiving one from now on, and wants to be told everything.
    Hello,
    /// A member of the sending part as it is now.
    Member(RelayedMember),
    /// A member of the sending part has left.
    Left(MemberKey),
    /// Which layers of a publication of the receiving part the sending one needs from now on, as
    /// bits.
    Wanted {
        /// Of which publication.
        publication: RelayedKey,
        /// Bit n stands for layer n.
        layers: u8,
    },
    /// A keyframe of a layer of the receiving part is needed.
    Keyframe {
        /// Of which publication.
        publication: RelayedKey,
        /// Which layer, from 0.
        layer: u8,
    },
    /// Packets of a layer of the sending part. The only message that may be lost.
    Burst(RelayedBurst),
    /// What the clock of a layer of the sending part shows.
    Clock {
        /// Of which publication.
        publication: RelayedKey,
        /// Which layer, from 0.
        layer: u8,
        /// The sender's wall clock and its RTP clock at one moment.
        point: ClockPoint,
        /// What must be added to the sender's wall clock, in 32.32 fixed point seconds.
        offset: i64,
    },
    /// To the home part: how loud a voice of the sending part is.
    Heard {
        /// Whose voice.
        publication: RelayedKey,
        /// In dB below full scale.
        below: u8,
    },
    /// The audiences of the sending part's members: what they may not receive does not cross.
    Audiences(Vec<Audience>),
    /// From the home part: the voices that an audience of the receiving part hears.
    Chosen {
        /// Who hears them.
        audience: Audience,
        /// The voices.
        voices: Vec<RelayedVoice>,
    },
}

/// A member of another part.
#[derive(Clone, Debug)]
pub struct RelayedMember {
    /// In its own part.
    pub key: MemberKey,
    /// Who.
    pub participant: ParticipantNo,
    /// Teacher and interpreter are favoured when voices are chosen.
    pub role: Role,
    /// Whether its media may reach the recorder.
    pub recordable: bool,
    /// Where it is in the lesson.
    pub place: Place,
    /// All of its lines, in its own order.
    pub publications: Vec<RelayedPublication>,
}

/// What a member of another part sends on one line.
#[derive(Clone, Debug)]
pub struct RelayedPublication {
    /// The line.
    pub line: PublishLine,
    /// Packets come, and they are allowed to.
    pub flowing: bool,
    /// Whether packets of each layer come, and how high its pictures are, in pixels.
    pub layers: Vec<(bool, Option<u16>)>,
}

/// Packets of one layer that leave together.
#[derive(Clone, Debug)]
pub struct RelayedBurst {
    /// Of which publication.
    pub publication: RelayedKey,
    /// Which layer, from 0.
    pub layer: u8,
    /// Names the layer's stream; another one begins anew.
    pub stream: u64,
    /// Counts what was sent of this layer to this part.
    pub number: u32,
    /// The packets, in order.
    pub packets: Vec<RelayedPacket>,
    /// Their payloads, end to end.
    pub payloads: Vec<u8>,
}

/// One packet of a [`RelayedBurst`].
#[derive(Clone, Copy, Debug)]
pub struct RelayedPacket {
    /// Extended sequence number.
    pub sequence: u64,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Marker bit.
    pub marker: bool,
    /// A decoder can begin here.
    pub entry_point: bool,
    /// The payload descriptor.
    pub vp8: Option<vp8::Descriptor>,
    /// For sound.
    pub audio_level: Option<AudioLevel>,
    /// Bytes of its payload.
    pub length: usize,
}

/// One of the voices that are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayedVoice {
    /// The part that the member belongs to.
    pub part: PartId,
    /// The member there.
    pub member: MemberKey,
    /// Microphone or the sound of content.
    pub kind: SourceKind,
}

/// Who chooses the voices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chooser {
    /// This part: it is home, or the only one.
    Here,
    /// That part, and what it chose last for each of our audiences.
    Elsewhere { home: PartId, chosen: HashMap<Audience, Vec<RelayedVoice>> },
}

/// A part's side of all its links.
#[derive(Debug)]
pub(crate) struct Links {
    pub(crate) own: PartId,
    pub(crate) chooser: Chooser,
    pub(crate) others: Vec<PartId>,
    /// The audiences that other parts have members in.
    pub(crate) audiences: HashMap<PartId, Vec<Audience>>,
    /// Our likenesses of members of other parts.
    pub(crate) likenesses: HashMap<(PartId, MemberKey), MemberKey>,
    /// Members of ours of which there is news.
    pub(crate) changed: Vec<MemberKey>,
    /// Likenesses' publications whose subscribers changed.
    pub(crate) rewanted: Vec<RelayedKey>,
    pub(crate) out: VecDeque<(PartId, Relayed)>,
}

impl Default for Links {
    fn default() -> Self {
        Self {
            own: PartId(0),
            chooser: Chooser::Here,
            others: Vec::new(),
            audiences: HashMap::new(),
            likenesses: HashMap::new(),
            changed: Vec::new(),
            rewanted: Vec::new(),
            out: VecDeque::new(),
        }
    }
}

impl Links {
    /// Whether this part is the only one.
    pub(crate) fn is_alone(&self) -> bool {
        self.others.is_empty()
    }

    /// Tells one other part.
    pub(crate) fn tell(&mut self, part: PartId, message: Relayed) {
        self.out.push_back((part, message));
    }

    /// Tells all other parts.
    pub(crate) fn tell_all(&mut self, message: &Relayed) {
        self.out.extend(self.others.iter().map(|part| (*part, message.clone())));
    }

    /// Whether somebody in that part may receive media of a publisher who is there.
    pub(crate) fn receives(&self, part: PartId, publisher: &Place) -> bool {
        let audiences = self.audiences.get(&part);
        audiences.is_some_and(|them| them.iter().any(|audience| audience.receives(publisher)))
    }

    /// Notes once that there is news of a member of ours.
    pub(crate) fn note(&mut self, member: MemberKey) {
        if !self.is_alone() && !self.changed.contains(&member) {
            self.changed.push(member);
        }
    }
}
