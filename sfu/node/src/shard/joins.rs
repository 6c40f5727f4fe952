//! How a participant gets a transport, a member and a room.

use std::collections::HashMap;
use std::time::Instant;

use kreide_control::{Answer, Connect, ConnectError, LessonKey, ParticipantNo};
use kreide_sfu_core::{Listener, MemberConfig, RoomPart, RoomStats};
use kreide_sfu_transport::{Counters, Offer, OfferError, Transport};
use rand::Rng;

use crate::peer::{Peer, Room};
use crate::placement::Seating;

use super::Shard;

impl Shard {
    pub(super) fn connect(
        &mut self,
        connect: Connect,
        seating: &Seating,
    ) -> Result<Answer, ConnectError> {
        let now = Instant::now();
        let bad = |error: OfferError| ConnectError::BadOffer(error.to_string());
        let offer = Offer::parse(&connect.offer).map_err(bad)?;
        if let Some(answer) = self.restart(&connect, &offer, now) {
            return Ok(answer);
        }
        let mut random = rand::rng();
        let (transport, lines, sdp) =
            Transport::new(&self.transport, &offer, random.random(), now).map_err(bad)?;
        let audio_slots = lines.receive.iter().filter(|line| line.audio).count() as u8;
        let video_slots = lines.receive.len() as u8 - audio_slots;
        if let Some(id) = self.find(&connect.lesson, connect.participant) {
            self.remove_peer(id, now);
        }
        let room = self.room(&connect.lesson, seating);
        let config = MemberConfig {
            participant: connect.participant,
            role: connect.role,
            listener: Listener::Person,
            rights: connect.rights,
            recordable: connect.recordable,
            place: connect.place,
            publish: lines.send,
            slots: lines.receive,
        };
        let member = self.rooms[room].part.join(config, now);
        let ufrag = transport.local_ufrag().to_owned();
        let id = self.peers.insert(Box::new(Peer {
            transport,
            room,
            member,
            participant: connect.participant,
            ufrags: vec![ufrag.clone()],
            addresses: Vec::new(),
            local: None,
            refused: Counters::default(),
            stirred: false,
            deadline: None,
        }));
        self.metrics.transports.inc();
        self.by_ufrag.insert(ufrag, id);
        self.rooms[room].peers.insert(connect.participant, id);
        self.rooms[room].set_member(member, Some(id));
        self.flush_transport(id, now);
        // The room may have become one of several parts.
        self.flush_room(room, now);
        Ok(Answer { sdp, audio_slots, video_slots })
    }

    /// Answers an offer that restarts ICE on a living transport: same certificate, same lines.
    pub(super) fn restart(
        &mut self,
        connect: &Connect,
        offer: &Offer,
        now: Instant,
    ) -> Option<Answer> {
        let id = self.find(&connect.lesson, connect.participant)?;
        let peer = self.peers.get_mut(id)?;
        let sdp = peer.transport.restart(offer, now).ok()?;
        let ufrag = peer.transport.local_ufrag().to_owned();
        // The one before stays valid until the new round is nominated; older ones are over.
        if peer.ufrags.len() == 2 {
            self.by_ufrag.remove(&peer.ufrags.remove(0));
        }
        peer.ufrags.push(ufrag.clone());
        self.by_ufrag.insert(ufrag, id);
        let (room, member) = (peer.room, peer.member);
        // What was ordered meanwhile and did not get through holds from here on.
        self.step(room, now, |part| {
            part.set_place(member, connect.place, now);
            part.set_rights(member, connect.rights, now);
            part.set_recordable(member, connect.recordable, now);
        });
        let (audio_slots, video_slots) = self.rooms.get(room)?.part.slots(member);
        Some(Answer { sdp, audio_slots, video_slots })
    }

    pub(super) fn find(&self, lesson: &LessonKey, participant: ParticipantNo) -> Option<usize> {
        let room = self.rooms.get(*self.room_of.get(lesson)?)?;
        room.peers.get(&participant).copied()
    }

    /// The room of a lesson, or the part of it that is here; opened if it is not open yet.
    pub(super) fn room(&mut self, lesson: &LessonKey, seating: &Seating) -> usize {
        let id = match self.room_of.get(lesson) {
            Some(id) => *id,
            None => self.open_room(lesson, seating),
        };
        let room = &mut self.rooms[id];
        if room.parts.len() < seating.parts.len() {
            room.parts.clone_from(&seating.parts);
            room.part.link(self.own, seating.home, &seating.parts);
        }
        id
    }

    fn open_room(&mut self, lesson: &LessonKey, seating: &Seating) -> usize {
        let part = RoomPart::new(seating.clock, rand::rng().random());
        let id = self.rooms.insert(Room {
            lesson: lesson.clone(),
            number: seating.room,
            parts: vec![self.own],
            part: part.with_coalescing(self.coalescing),
            peers: HashMap::new(),
            by_member: Vec::new(),
            tap: None,
            deadline: None,
            reported: RoomStats::default(),
            touched: false,
        });
        self.metrics.rooms.with_label_values(&[lesson.tenant.as_str()]).inc();
        self.room_of.insert(lesson.clone(), id);
        self.by_number.insert(seating.room, id);
        id
    }
}
