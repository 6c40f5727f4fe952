//! Who people are for the school, beside the log instead of in it: as one more payload of theirs.
//!
//! Invariant: no record and no snapshot on disk holds a subject; whoever is erased is erased as a
//! subject too, in every copy of the store. The lesson in memory has all subjects that can still
//! be opened, and the empty one of those who were erased, by which nobody comes in.
//! Left out on purpose: logs of earlier versions, which hold subjects until their lesson is erased.

use std::collections::HashMap;

use kreide_cluster::Payload;
use kreide_control::ParticipantNo;
use kreide_lesson::{Event, Logged, Newcomer};
use serde_json::Value;

/// Payloads that are subjects have this bit and the sequence of their event as their number; texts
/// are counted from 1.
const SUBJECT: u64 = 1 << 62;

/// Subjects by number.
pub(super) type Subjects = HashMap<ParticipantNo, String>;

/// An event as it is stored, and the subject that is stored beside it.
pub(super) fn part(logged: &Logged) -> (Logged, Option<Payload>) {
    let mut stored = logged.clone();
    let payload = newcomer(&mut stored.event).map(|newcomer| Payload {
        id: SUBJECT | logged.seq,
        owner: newcomer.no,
        text: std::mem::take(&mut newcomer.subject.0),
    });
    (stored, payload)
}

/// Splits what is stored into texts and subjects.
pub(super) fn sort(payloads: Vec<Payload>) -> (Vec<Payload>, Subjects) {
    let (subjects, texts): (Vec<_>, _) =
        payloads.into_iter().partition(|payload| payload.id & SUBJECT != 0);
    (texts, subjects.into_iter().map(|payload| (payload.owner, payload.text)).collect())
}

/// Puts the subject back into an event. An event of an earlier version has its own.
pub(super) fn join(logged: &mut Logged, subjects: &Subjects) {
    if let Some(newcomer) = newcomer(&mut logged.event)
        && newcomer.subject.0.is_empty()
        && let Some(subject) = subjects.get(&newcomer.no)
    {
        newcomer.subject.0.clone_from(subject);
    }
}

/// A snapshot without subjects.
pub(super) fn part_snapshot(state: &[u8]) -> Vec<u8> {
    change_seats(state, |_, subject| subject.clear())
}

/// A snapshot with the subjects that are known.
pub(super) fn join_snapshot(state: &[u8], subjects: &Subjects) -> Vec<u8> {
    change_seats(state, |no, subject| {
        if let Some(known) = subjects.get(&no).filter(|_| subject.is_empty()) {
            subject.clone_from(known);
        }
    })
}

fn change_seats(state: &[u8], change: impl Fn(ParticipantNo, &mut String)) -> Vec<u8> {
    let Ok(mut state) = serde_json::from_slice::<Value>(state) else { return state.to_vec() };
    let seats = state.get_mut("seats").and_then(Value::as_object_mut);
    for (no, seat) in seats.into_iter().flatten() {
        if let (Ok(no), Some(Value::String(subject))) = (no.parse(), seat.get_mut("subject")) {
            change(ParticipantNo(no), subject);
        }
    }
    serde_json::to_vec(&state).expect("a value that was JSON")
}

fn newcomer(event: &mut Event) -> Option<&mut Newcomer> {
    match event {
        Event::SeatTaken(newcomer) | Event::Waiting { newcomer, .. } => Some(newcomer),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use kreide_control::{Epoch, LessonKey, Role, RoomId, TenantId};
    use kreide_lesson::{Audience, Lesson, Millis, PayloadId, Subject};

    use super::*;

    fn seated(seq: u64, no: u32, subject: &str) -> Logged {
        let newcomer = Newcomer {
            no: ParticipantNo(no),
            subject: Subject(subject.to_owned()),
            role: Role::Pupil,
            name: PayloadId(seq),
            consent: false,
            seat: None,
            talk: None,
            device: None,
            proven: false,
        };
        let event = Event::SeatTaken(newcomer);
        Logged { seq, epoch: Epoch(1), at: Millis(5), audience: Audience::All, event }
    }

    #[test]
    fn subjects_are_beside_log_and_snapshot_and_come_back() {
        let tenant = TenantId::parse("school").unwrap();
        let key = LessonKey { tenant, room: RoomId::parse("7b").unwrap(), lesson: 1 };
        let events = [seated(1, 1, "canary-a"), seated(2, 2, "canary-b"), seated(3, 1, "canary-a")];
        let whole = Lesson::replay(key.clone(), events.clone()).unwrap();
        let (stored, payloads): (Vec<_>, Vec<_>) = events.iter().map(part).unzip();
        let text = serde_json::to_string(&stored).unwrap();
        let state = part_snapshot(&whole.snapshot());
        assert!(!text.contains("canary") && !String::from_utf8_lossy(&state).contains("canary"));

        let (texts, subjects) = sort(payloads.into_iter().flatten().collect());
        assert_eq!((texts.len(), subjects.len()), (0, 2));
        let mut back = stored;
        back.iter_mut().for_each(|logged| join(logged, &subjects));
        assert_eq!(back, events);
        let restored = Lesson::restore(key.clone(), &join_snapshot(&state, &subjects)).unwrap();
        assert_eq!(restored.state_hash(), whole.state_hash());
        let erased = Lesson::restore(key, &join_snapshot(&state, &Subjects::new())).unwrap();
        assert_eq!(erased.subject(ParticipantNo(1)), Some(&Subject(String::new())));
    }
}
