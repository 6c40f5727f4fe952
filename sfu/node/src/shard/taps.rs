//! How a recorder comes to a room and goes from it.

use std::sync::mpsc::SyncSender;
use std::time::Instant;

use kreide_control::{LessonKey, Tapped};
use kreide_sfu_core::{MemberKey, RoomPart};

use crate::placement::Seating;
use crate::tap::{self, TapLink};

use super::Shard;

impl Shard {
    /// Lets a recorder listen, in place of an earlier one.
    pub(super) fn tap(&mut self, lesson: &LessonKey, seating: &Seating, feed: SyncSender<Tapped>) {
        let now = Instant::now();
        let room = self.room(lesson, seating);
        let clock = self.rooms[room].part.clock();
        // The queue is new and has room for the clock.
        let hung_up = feed.try_send(Tapped::Clock { at: clock.at, ntp: clock.ntp.0 }).is_err();
        let before = self.rooms[room].tap.take();
        let mut joined = None;
        self.step(room, now, |part| {
            if let Some(before) = before {
                part.leave(before.member, now);
            }
            joined = (!hung_up).then(|| part.join(tap::member(), now));
        });
        let (Some(member), Some(entry)) = (joined, self.rooms.get_mut(room)) else {
            return self.close_if_empty(room);
        };
        entry.tap = Some(TapLink::new(member, feed));
        self.step(room, now, |part| part.connected(member, now));
    }

    /// Takes a room's recorder away. The last member closes the room.
    pub(super) fn untap(&mut self, room: usize, now: Instant) {
        let Some(tap) = self.rooms.get_mut(room).and_then(|room| room.tap.take()) else { return };
        self.step(room, now, |part| part.leave(tap.member, now));
        self.close_if_empty(room);
    }

    pub(super) fn find_tap(&self, lesson: &LessonKey) -> Option<(usize, MemberKey)> {
        let room = *self.room_of.get(lesson)?;
        Some((room, self.rooms.get(room)?.tap.as_ref()?.member))
    }

    /// Closes a room that nobody is in. One of several parts waits for the lesson's end.
    pub(super) fn close_if_empty(&mut self, room: usize) {
        let over = |part: &RoomPart| part.is_empty() && !part.is_linked();
        if self.rooms.get(room).is_some_and(|room| over(&room.part)) {
            self.close_room(room);
        }
    }
}
