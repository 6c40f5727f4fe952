//! Which shard a room and each of its people are on.
//!
//! A new room goes to the shard with the least to do. Its people follow, until its part there is
//! full or the shard is busy; then newcomers go to another shard, which becomes one more part of
//! the room. Nobody is ever moved: a participant stays where it is until it leaves.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use dashmap::DashMap;
use kreide_control::{LessonKey, ParticipantNo};
use kreide_media::clock::NtpTime;
use kreide_sfu_core::{Clock, PartId};

/// Names a room on this node for as long as it lives, so that a message between shards need not
/// carry its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RoomNo(u64);

/// What a shard must know of a room that it gets, or gets a part of.
#[derive(Clone, Debug)]
pub(crate) struct Seating {
    pub(crate) room: RoomNo,
    /// The part that chooses the voices.
    pub(crate) home: PartId,
    /// All parts, home included.
    pub(crate) parts: Vec<PartId>,
    /// The room's clock, the same in all parts.
    pub(crate) clock: Clock,
}

/// How much a shard has to do. Written by the shard, but for what is promised to it.
#[derive(Debug, Default)]
pub(crate) struct Load {
    busy_us: AtomicU32,
    people: AtomicU32,
    /// People who were sent there since its last word.
    promised: AtomicU32,
}

impl Load {
    /// The shard worked for so long in the last second, and has so many people.
    pub(crate) fn report(&self, busy_us: u32, people: u32) {
        self.busy_us.store(busy_us, Ordering::Relaxed);
        self.people.store(people, Ordering::Relaxed);
        self.promised.store(0, Ordering::Relaxed);
    }

    fn promise(&self) {
        self.promised.fetch_add(1, Ordering::Relaxed);
    }

    /// Microseconds of work in a second, now or soon: who has just come does not show yet.
    fn expected_us(&self) -> u32 {
        let read = |count: &AtomicU32| count.load(Ordering::Relaxed);
        let promised = read(&self.promised);
        let by_heads = (read(&self.people) + promised) * PERSON_US;
        (read(&self.busy_us) + promised * PERSON_US).max(by_heads)
    }
}

/// Where the rooms of a node are.
pub(crate) struct Placement {
    rooms: DashMap<LessonKey, Room>,
    loads: Vec<Arc<Load>>,
    /// People of one room on one shard, before others go elsewhere.
    full: usize,
    next: AtomicU32,
}

struct Room {
    seating: Seating,
    people: HashMap<ParticipantNo, usize>,
    /// How many of them are on each shard.
    counts: Vec<usize>,
}

/// Where somebody goes.
pub(crate) struct Placed {
    pub(crate) shard: usize,
    pub(crate) seating: Seating,
    /// The other parts, which must know of this one. Told at every join, since what was told
    /// before may have been refused by a busy shard, or lost with a room that failed.
    pub(crate) tell: Vec<PartId>,
}

impl Placement {
    pub(crate) fn new(loads: Vec<Arc<Load>>, full: usize) -> Self {
        Self { rooms: DashMap::new(), loads, full: full.max(1), next: AtomicU32::new(0) }
    }

    /// Places a participant, and its room if it has no place yet.
    pub(crate) fn seat(&self, lesson: &LessonKey, participant: ParticipantNo) -> Placed {
        let mut room = self.rooms.entry(lesson.clone()).or_insert_with(|| self.new_room());
        let shard = match room.people.get(&participant) {
            Some(shard) => *shard,
            None => {
                let shard = self.shard_for_newcomer(&room);
                room.people.insert(participant, shard);
                room.counts[shard] += 1;
                self.loads[shard].promise();
                shard
            }
        };
        let part = PartId(shard);
        if !room.seating.parts.contains(&part) {
            room.seating.parts.push(part);
        }
        let seating = room.seating.clone();
        let tell = seating.parts.iter().filter(|other| **other != part).copied().collect();
        Placed { shard, seating, tell }
    }

    /// The home of a room, which gets a place if it has none.
    pub(crate) fn home(&self, lesson: &LessonKey) -> Placed {
        let room = self.rooms.entry(lesson.clone()).or_insert_with(|| self.new_room());
        let seating = room.seating.clone();
        Placed { shard: seating.home.0, seating, tell: Vec::new() }
    }

    /// The shard of a participant; the home for the recorder and for whoever has no place.
    pub(crate) fn find(&self, lesson: &LessonKey, participant: ParticipantNo) -> Option<usize> {
        let room = self.rooms.get(lesson)?;
        Some(room.people.get(&participant).copied().unwrap_or(room.seating.home.0))
    }

    /// All shards that a room is on.
    pub(crate) fn parts(&self, lesson: &LessonKey) -> Vec<usize> {
        let room = self.rooms.get(lesson);
        room.map_or_else(Vec::new, |room| room.seating.parts.iter().map(|part| part.0).collect())
    }

    /// Forgets who left.
    pub(crate) fn leave(&self, lesson: &LessonKey, participant: ParticipantNo) {
        let Some(mut room) = self.rooms.get_mut(lesson) else { return };
        if let Some(shard) = room.people.remove(&participant) {
            room.counts[shard] -= 1;
        }
    }

    /// Forgets a room.
    pub(crate) fn end(&self, lesson: &LessonKey) {
        self.rooms.remove(lesson);
    }

    fn new_room(&self) -> Room {
        let shard = self.least_busy();
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let clock = Clock { at: Instant::now(), ntp: NtpTime::from_unix(since_1970) };
        let room = RoomNo(self.next.fetch_add(1, Ordering::Relaxed).into());
        let home = PartId(shard);
        Room {
            seating: Seating { room, home, parts: vec![home], clock },
            people: HashMap::new(),
            counts: vec![0; self.loads.len()],
        }
    }

    fn shard_for_newcomer(&self, room: &Room) -> usize {
        let has_room = |shard: &usize| {
            room.counts[*shard] < self.full && self.loads[*shard].expected_us() < BUSY_US
        };
        let parts = room.seating.parts.iter().map(|part| part.0);
        parts.into_iter().find(has_room).unwrap_or_else(|| self.least_busy())
    }

    fn least_busy(&self) -> usize {
        let shards = 0..self.loads.len();
        shards.min_by_key(|shard| self.loads[*shard].expected_us()).unwrap_or(0)
    }
}

/// What a person in a class of thirty costs, in microseconds of work a second.
const PERSON_US: u32 = 1_000;
/// Beyond, a shard's packets begin to wait for each other.
const BUSY_US: u32 = 700_000;

/// Any room, for tests of what passes between rooms.
#[cfg(test)]
pub(crate) fn tests_room() -> RoomNo {
    RoomNo(7)
}

#[cfg(test)]
mod tests {
    use kreide_control::{RoomId, TenantId};

    use super::*;

    fn lesson(name: &str) -> LessonKey {
        let tenant = TenantId::parse("school").unwrap();
        LessonKey { tenant, room: RoomId::parse(name).unwrap(), lesson: 1 }
    }

    fn placement(shards: usize, full: usize) -> Placement {
        Placement::new((0..shards).map(|_| Arc::default()).collect(), full)
    }

    #[test]
    fn rooms_that_open_together_go_to_different_shards() {
        let placement = placement(4, 100);
        let mut counts = [0; 4];
        for room in 0..40 {
            for person in 1..=3 {
                let placed = placement.seat(&lesson(&format!("r{room}")), ParticipantNo(person));
                counts[placed.shard] += 1;
                assert_eq!(placed.seating.parts.len(), 1, "a class stays together");
            }
        }
        assert_eq!(counts, [30; 4]);
    }

    #[test]
    fn a_full_part_lets_newcomers_go_elsewhere_and_nobody_is_moved() {
        let placement = placement(3, 10);
        let hall = lesson("hall");
        let shards: Vec<usize> =
            (1..=30).map(|person| placement.seat(&hall, ParticipantNo(person)).shard).collect();
        assert_eq!(shards[..10], [0; 10]);
        assert_eq!([1, 2].map(|shard| shards.iter().filter(|s| **s == shard).count()), [10, 10]);
        assert_eq!(placement.parts(&hall).len(), 3);
        for (person, shard) in (1..=30).zip(&shards) {
            assert_eq!(placement.seat(&hall, ParticipantNo(person)).shard, *shard);
            assert_eq!(placement.find(&hall, ParticipantNo(person)), Some(*shard));
        }
        let mut tell = placement.seat(&hall, ParticipantNo(1)).tell;
        tell.sort();
        assert_eq!(tell, [PartId(1), PartId(2)]);
        // A place that was given up is taken again.
        placement.leave(&hall, ParticipantNo(3));
        let placed = placement.seat(&hall, ParticipantNo(31));
        assert_eq!((placed.shard, placed.seating.home), (0, PartId(0)));
        assert_eq!(placement.find(&hall, ParticipantNo::RECORDER), Some(0));
        placement.end(&hall);
        assert_eq!(placement.find(&hall, ParticipantNo(1)), None);
    }

    #[test]
    fn a_busy_shard_gets_no_newcomers() {
        let placement = placement(2, 100);
        let class = lesson("7b");
        placement.seat(&class, ParticipantNo(1));
        placement.loads[0].report(BUSY_US, 1);
        assert_eq!(placement.seat(&class, ParticipantNo(2)).shard, 1);
        assert_eq!(placement.home(&lesson("7c")).shard, 1);
        placement.loads[0].report(1_000, 1);
        assert_eq!(placement.seat(&class, ParticipantNo(3)).shard, 0);
    }
}
