//! DTLS datagrams that wait for their turn: a handshake costs as much as hundreds of packets of
//! media, so a few at a time stand between two rounds of it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use super::Shard;

/// Datagrams of validated addresses, oldest first.
#[derive(Debug, Default)]
pub(super) struct Handshakes {
    waiting: VecDeque<(SocketAddr, Vec<u8>)>,
}

impl Handshakes {
    /// Keeps a datagram; false if too many wait already.
    pub(super) fn put(&mut self, from: SocketAddr, datagram: &[u8]) -> bool {
        // Full when more than some hundred people join at once, or somebody floods: the peer's
        // own timer repeats what is dropped.
        let room = self.waiting.len() < MOST_WAITING;
        if room {
            self.waiting.push_back((from, datagram.to_vec()));
        }
        room
    }
}

impl Shard {
    /// Handles a few of the datagrams that wait; returns whether some are left.
    pub(super) fn shake_hands(&mut self) -> bool {
        for _ in 0..IN_TURN {
            let Some((from, mut datagram)) = self.handshakes.waiting.pop_front() else { break };
            // Its peer may have gone meanwhile.
            let Some(&id) = self.by_address.get(&from) else { continue };
            let Some(peer) = self.peers.get_mut(id) else { continue };
            let now = Instant::now();
            peer.transport.handle_datagram(from, &mut datagram, now);
            self.flush_transport(id, now);
        }
        !self.handshakes.waiting.is_empty()
    }
}

const MOST_WAITING: usize = 2_048;
const IN_TURN: usize = 2;
