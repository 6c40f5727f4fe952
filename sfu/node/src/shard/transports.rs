//! What transports send and say, and how they end.

use std::net::SocketAddr;
use std::time::Instant;

use kreide_control::{DisconnectReason, Event};
use kreide_sfu_transport::TransportEvent;
use tracing::{error, info};

use crate::deadlines::Sleeper;

use super::Shard;

impl Shard {
    /// Sends a transport's datagrams and acts on its events.
    pub(super) fn flush_transport(&mut self, id: usize, now: Instant) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        let mut new_addresses = Vec::new();
        while let Some((to, datagram)) = peer.transport.poll_transmit() {
            if !peer.addresses.contains(&to) {
                new_addresses.push(to);
            }
            if self.socket.send(&datagram, datagram.len(), to, peer.local).is_err() {
                self.metrics.unsent.inc();
            }
        }
        for address in new_addresses {
            self.learn_address(id, address);
        }
        let Some(peer) = self.peers.get_mut(id) else { return };
        let (room, member, participant) = (peer.room, peer.member, peer.participant);
        let mut ended = None;
        let mut connected = false;
        while let Some(event) = peer.transport.poll_event() {
            match event {
                TransportEvent::Connected { profile, dtls_version, .. } => {
                    let labels = [profile.name(), dtls_version];
                    self.metrics.sessions.with_label_values(&labels).inc();
                    connected = true;
                }
                TransportEvent::AddressChanged { .. } => info!(%participant, "address changed"),
                TransportEvent::Failed(failure) => ended = Some(failure.into()),
                TransportEvent::Closed => ended = Some(DisconnectReason::ClosedByPeer),
            }
        }
        peer.stir(id, &mut self.stirred);
        let wanted = peer.transport.poll_timeout();
        self.deadlines.set(Sleeper::Peer(id), &mut peer.deadline, wanted);
        if connected && let Some(lesson) = self.rooms.get(room).map(|r| r.lesson.clone()) {
            self.outgoing.push(Event::Connected { lesson, participant }, &self.metrics);
            self.step(room, now, |part| part.connected(member, now));
        }
        if let Some(reason) = ended {
            self.end_peer(id, reason, now);
        }
    }

    /// Lets an address lead to a peer. It answered for itself: replies go to proven addresses only.
    fn learn_address(&mut self, id: usize, address: SocketAddr) {
        let holder = self.by_address.get(&address).and_then(|holder| self.peers.get(*holder));
        // A participant who writes a neighbour's address on its checks does not get its route.
        if holder.is_some_and(|holder| holder.transport.remote() == Some(address)) {
            return;
        }
        let Some(peer) = self.peers.get_mut(id) else { return };
        if peer.addresses.len() == ADDRESSES_OF_PEER {
            let selected = peer.transport.remote();
            let oldest = peer.addresses.iter().position(|known| Some(*known) != selected);
            let forgotten = peer.addresses.remove(oldest.unwrap_or(0));
            if self.by_address.get(&forgotten) == Some(&id) {
                self.by_address.remove(&forgotten);
            }
        }
        peer.addresses.push(address);
        self.by_address.insert(address, id);
    }

    pub(super) fn end_peer(&mut self, id: usize, reason: DisconnectReason, now: Instant) {
        let Some(peer) = self.peers.get(id) else { return };
        let participant = peer.participant;
        info!(%participant, ?reason, "transport ended");
        let label = format!("{reason:?}");
        self.metrics.ended.with_label_values(&[label.as_str()]).inc();
        if let Some(lesson) = self.rooms.get(peer.room).map(|room| room.lesson.clone()) {
            let event = Event::Disconnected { lesson, participant, reason };
            self.outgoing.push(event, &self.metrics);
        }
        self.remove_peer(id, now);
    }

    /// Forgets a peer and takes its member out of the room; the last one closes the room.
    pub(super) fn remove_peer(&mut self, id: usize, now: Instant) {
        let Some(mut peer) = self.peers.try_remove(id) else { return };
        self.metrics.transports.dec();
        self.metrics.add_refusals(&mut peer);
        peer.transport.close(now);
        while let Some((to, datagram)) = peer.transport.poll_transmit() {
            // A goodbye that gets lost is made up for by the peer's own timeout.
            let _ = self.socket.send(&datagram, datagram.len(), to, peer.local);
        }
        self.deadlines.set(Sleeper::Peer(id), &mut peer.deadline, None);
        for address in &peer.addresses {
            if self.by_address.get(address) == Some(&id) {
                self.by_address.remove(address);
            }
        }
        for ufrag in &peer.ufrags {
            self.by_ufrag.remove(ufrag);
        }
        let Some(room) = self.rooms.get_mut(peer.room) else { return };
        room.set_member(peer.member, None);
        if room.peers.get(&peer.participant) == Some(&id) {
            room.peers.remove(&peer.participant);
        }
        self.step(peer.room, now, |part| part.leave(peer.member, now));
        self.close_if_empty(peer.room);
    }

    pub(super) fn close_room(&mut self, id: usize) {
        let Some(mut room) = self.rooms.try_remove(id) else { return };
        self.deadlines.set(Sleeper::Room(id), &mut room.deadline, None);
        let tenant = room.lesson.tenant.as_str();
        self.metrics.add(tenant, &room.reported, &room.part.stats());
        self.metrics.rooms.with_label_values(&[tenant]).dec();
        self.room_of.remove(&room.lesson);
        self.by_number.remove(&room.number);
    }

    /// Ends a room whose code panicked, with all its parts: who is in it begins anew.
    pub(super) fn fail_room(&mut self, id: usize, now: Instant) {
        let Some(room) = self.rooms.get(id) else { return };
        let lesson = room.lesson.clone();
        error!(%lesson, "a fault ended this room's media");
        self.metrics.room_panics.inc();
        self.post_failure(id);
        self.drop_room(id, now);
        self.outgoing.push(Event::RoomFailed { lesson }, &self.metrics);
    }

    /// Ends a room without asking it anything, since its state is not to be trusted.
    pub(super) fn drop_room(&mut self, id: usize, now: Instant) {
        let Some(room) = self.rooms.get(id) else { return };
        let peers: Vec<usize> = room.peers.values().copied().collect();
        self.close_room(id);
        for peer in peers {
            self.remove_peer(peer, now);
        }
    }
}

const ADDRESSES_OF_PEER: usize = 8;
