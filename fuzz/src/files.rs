//! Files that a school exports.

use std::collections::BTreeSet;

use kreide_control::RoomId;
use kreide_server::internals::{roster_file, talks_file};

/// A roster: in each room everyone has a subject and a seat of their own.
pub(crate) fn roster(data: &[u8]) -> bool {
    let room = RoomId::parse("7b").expect("an id");
    let Some(rooms) = roster_file(data, &room) else { return false };
    assert!(!rooms.is_empty());
    for people in &rooms {
        let subjects: BTreeSet<_> = people.iter().map(|(subject, _)| subject).collect();
        let seats: BTreeSet<_> = people.iter().map(|(_, seat)| seat).collect();
        assert_eq!((subjects.len(), seats.len()), (people.len(), people.len()));
        assert!(people.iter().all(|(subject, seat)| !subject.is_empty() && *seat > 0));
    }
    true
}

/// Talks: one after the other.
pub(crate) fn talks(data: &[u8]) -> bool {
    let Some(times) = talks_file(data) else { return false };
    assert!(!times.is_empty());
    let ends = |(begins, minutes): &(i64, u32)| begins + i64::from(*minutes) * 60_000;
    assert!(times.windows(2).all(|pair| ends(&pair[0]) <= pair[1].0));
    true
}
