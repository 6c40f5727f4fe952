//! One participant's transport on a shard, and the room it belongs to.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use kreide_control::{LessonKey, ParticipantNo};
use kreide_sfu_core::{MemberKey, PartId, RoomPart, RoomStats};
use kreide_sfu_transport::{Counters, Transport};

use crate::placement::RoomNo;
use crate::socket::Datagram;
use crate::tap::TapLink;

pub(crate) struct Peer {
    pub(crate) transport: Transport,
    pub(crate) room: usize,
    pub(crate) member: MemberKey,
    pub(crate) participant: ParticipantNo,
    /// Local name fragments that lead here: the current one and that of an earlier ICE round.
    pub(crate) ufrags: Vec<String>,
    /// Addresses that lead here; each has answered for itself by a valid STUN check.
    pub(crate) addresses: Vec<SocketAddr>,
    /// Which of our addresses the peer speaks to, to be answered from the same one.
    pub(crate) local: Option<IpAddr>,
    /// What its transport had dropped when that was reported last.
    pub(crate) refused: Counters,
    pub(crate) deadline: Option<Instant>,
    /// Its transport dropped, sent or was told something since the last report.
    pub(crate) stirred: bool,
}

pub(crate) struct Room {
    pub(crate) lesson: LessonKey,
    pub(crate) number: RoomNo,
    /// The shards on which the room has parts, as far as this one knows.
    pub(crate) parts: Vec<PartId>,
    pub(crate) part: RoomPart,
    /// Peers by participant.
    pub(crate) peers: HashMap<ParticipantNo, usize>,
    /// Peers by member key.
    pub(crate) by_member: Vec<Option<usize>>,
    /// The recorder, while it listens.
    pub(crate) tap: Option<TapLink>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) reported: RoomStats,
    /// Something came in that was not sent on yet.
    pub(crate) touched: bool,
}

impl Peer {
    /// Has the next report look at this peer, whose index is `id`.
    pub(crate) fn stir(&mut self, id: usize, stirred: &mut Vec<usize>) {
        if !std::mem::replace(&mut self.stirred, true) {
            stirred.push(id);
        }
    }

    /// Remembers which of our addresses a peer speaks to, from a datagram of its chosen path.
    pub(crate) fn answer_from(&mut self, datagram: &Datagram) {
        if self.transport.remote() == Some(datagram.from) {
            self.local = datagram.to;
        }
    }
}

impl Room {
    pub(crate) fn set_member(&mut self, member: MemberKey, peer: Option<usize>) {
        if self.by_member.len() <= member.0 {
            self.by_member.resize(member.0 + 1, None);
        }
        self.by_member[member.0] = peer;
    }
}
