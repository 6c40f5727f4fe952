//! Messages between shards: the parts of one room speak to each other through bounded queues.
//!
//! Invariant: no shard waits for another. Where a queue is full, packets are dropped, and the
//! other part asks for a keyframe; news waits here in its order, and if too much of it waits the
//! room is given up, so that its people begin anew.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use kreide_sfu_core::{PartId, Relayed};

use crate::placement::RoomNo;
use crate::waiting::Waker;

/// One message on its way from shard to shard.
pub(crate) struct Letter {
    pub(crate) room: RoomNo,
    pub(crate) from: PartId,
    pub(crate) content: Content,
}

/// What a letter says.
pub(crate) enum Content {
    /// One part speaks to another.
    Said(Relayed),
    /// A fault ended the room's media in one part: all parts end.
    Failed,
}

/// The way to one shard.
#[derive(Clone)]
pub(crate) struct Address {
    letters: SyncSender<Letter>,
    waker: Waker,
}

/// A shard's letter box: what others send to, and what the shard reads.
pub(crate) fn letter_box(waker: &Waker) -> (Address, Receiver<Letter>) {
    // Full when a shard does not keep up for a good part of a second: see the invariant.
    let (letters, inbox) = sync_channel(QUEUE);
    (Address { letters, waker: waker.clone() }, inbox)
}

/// Too much news waits for another shard.
pub(crate) struct Stuck;

/// The ways to all shards.
pub(crate) struct Post {
    ways: Vec<Way>,
    /// Packets that found a queue full.
    pub(crate) dropped: u64,
}

struct Way {
    address: Address,
    waiting: VecDeque<Letter>,
    /// Something was sent that its reader was not woken for.
    sent: bool,
}

impl Post {
    pub(crate) fn new(addresses: &[Address]) -> Self {
        let way = |address: &Address| Way {
            address: address.clone(),
            waiting: VecDeque::new(),
            sent: false,
        };
        Self { ways: addresses.iter().map(way).collect(), dropped: 0 }
    }

    /// Sends a letter, or keeps it until there is room.
    pub(crate) fn send(&mut self, to: PartId, letter: Letter) -> Result<(), Stuck> {
        let Some(way) = self.ways.get_mut(to.0) else { return Ok(()) };
        way.send_waiting();
        let packets = match &letter.content {
            Content::Said(Relayed::Burst(burst)) => burst.packets.len(),
            Content::Said(_) | Content::Failed => 0,
        };
        if way.waiting.len() >= MOST_WAITING {
            return Err(Stuck);
        }
        if way.waiting.is_empty() {
            match way.address.letters.try_send(letter) {
                Ok(()) => way.sent = true,
                Err(TrySendError::Full(letter)) if packets == 0 => way.waiting.push_back(letter),
                Err(TrySendError::Full(_)) => self.dropped += packets as u64,
                // The process ends.
                Err(TrySendError::Disconnected(_)) => {}
            }
        } else if packets > 0 {
            self.dropped += packets as u64;
        } else {
            way.waiting.push_back(letter);
        }
        Ok(())
    }

    /// Wakes whoever was sent something. Returns whether letters still wait here.
    pub(crate) fn deliver(&mut self) -> bool {
        let mut waiting = false;
        for way in &mut self.ways {
            way.send_waiting();
            waiting |= !way.waiting.is_empty();
            if std::mem::take(&mut way.sent) {
                way.address.waker.wake();
            }
        }
        waiting
    }
}

impl Way {
    fn send_waiting(&mut self) {
        while let Some(letter) = self.waiting.pop_front() {
            if let Err(TrySendError::Full(letter)) = self.address.letters.try_send(letter) {
                self.waiting.push_front(letter);
                return;
            }
            self.sent = true;
        }
    }
}

/// A burst is one letter: some hundred publications at 30 frames a second.
const QUEUE: usize = 2_048;
const MOST_WAITING: usize = 65_536;

#[cfg(test)]
mod tests {
    use kreide_sfu_core::{MemberKey, RelayedBurst, RelayedKey, RelayedPacket};

    use super::*;
    use crate::placement::tests_room;

    fn burst() -> Content {
        let packet = RelayedPacket {
            sequence: 1,
            timestamp: 1,
            marker: true,
            entry_point: true,
            vp8: None,
            audio_level: None,
            length: 0,
        };
        Content::Said(Relayed::Burst(RelayedBurst {
            publication: RelayedKey { member: MemberKey(0), publication: 0 },
            layer: 0,
            stream: 0,
            number: 0,
            packets: vec![packet],
            payloads: Vec::new(),
        }))
    }

    fn letter(content: Content) -> Letter {
        Letter { room: tests_room(), from: PartId(0), content }
    }

    #[test]
    fn a_full_queue_costs_packets_and_no_news() {
        let (address, inbox) = letter_box(&Waker::new().unwrap());
        let mut post = Post::new(&[address]);
        for _ in 0..QUEUE + 3 {
            assert!(post.send(PartId(0), letter(burst())).is_ok());
        }
        assert_eq!(post.dropped, 3);
        for number in 0..5 {
            let left = Content::Said(Relayed::Left(MemberKey(number)));
            assert!(post.send(PartId(0), letter(left)).is_ok());
        }
        assert!(post.send(PartId(0), letter(burst())).is_ok());
        assert_eq!(post.dropped, 4, "packets do not overtake news");
        assert!(post.deliver(), "letters wait");
        let packets = (0..QUEUE).filter(|_| inbox.try_recv().is_ok()).count();
        assert_eq!(packets, QUEUE);
        assert!(!post.deliver());
        let news: Vec<usize> = inbox
            .try_iter()
            .filter_map(|letter| match letter.content {
                Content::Said(Relayed::Left(member)) => Some(member.0),
                _ => None,
            })
            .collect();
        assert_eq!(news, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn who_never_reads_is_given_up() {
        let (address, _inbox) = letter_box(&Waker::new().unwrap());
        let mut post = Post::new(&[address]);
        let sent = (0..=QUEUE + MOST_WAITING)
            .take_while(|_| post.send(PartId(0), letter(Content::Failed)).is_ok())
            .count();
        assert_eq!(sent, QUEUE + MOST_WAITING);
    }
}
