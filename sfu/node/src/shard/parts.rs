//! Rooms that have parts on several shards: letters that come, and letters that go.

use std::time::Instant;

use crate::relay::{Content, Letter, Stuck};

use super::Shard;

impl Shard {
    /// Reads letters of other shards, and sends on what they bring. Returns whether there may be
    /// more.
    pub(super) fn read_letters(&mut self) -> bool {
        let now = Instant::now();
        let mut more = true;
        for _ in 0..LETTERS_IN_TURN {
            let Ok(Letter { room, from, content }) = self.letters.try_recv() else {
                more = false;
                break;
            };
            // A room may have ended here, or not begun yet: then it will ask for everything.
            let Some(&id) = self.by_number.get(&room) else { continue };
            match content {
                Content::Said(said) => {
                    self.act(id, now, |part| part.handle_relayed(from, said, now))
                }
                Content::Failed => self.drop_room(id, now),
            }
        }
        self.flush_touched(now);
        more
    }

    /// Posts what a room's part says to the others.
    pub(super) fn post_letters(&mut self, room: usize) -> Result<(), Stuck> {
        let Some(entry) = self.rooms.get_mut(room) else { return Ok(()) };
        while let Some((to, said)) = entry.part.poll_relayed() {
            let content = Content::Said(said);
            self.post.send(to, Letter { room: entry.number, from: self.own, content })?;
        }
        Ok(())
    }

    /// Tells the other parts of a room that this one has failed.
    pub(super) fn post_failure(&mut self, room: usize) {
        let Some(entry) = self.rooms.get(room) else { return };
        for part in entry.parts.iter().filter(|part| **part != self.own) {
            let letter = Letter { room: entry.number, from: self.own, content: Content::Failed };
            // Who is stuck too finds the room gone by its silence.
            let _ = self.post.send(*part, letter);
        }
    }

    /// Wakes the shards that were sent letters.
    pub(super) fn deliver_letters(&mut self) {
        self.post.deliver();
    }
}

const LETTERS_IN_TURN: usize = 256;
