//! What each participant sees and counts.

use kreide_control::{Epoch, SourceKind};
use kreide_lesson::{Audience, BadLog, Event, Intent, Logged, Millis};

use crate::fixture::{Class, Role, p};

#[test]
fn everyone_counts_from_their_own_seat() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil]);
    class.seat("late", Role::Pupil);
    class.by(1, Intent::Hand { up: true }).unwrap();
    // Three seats and a hand; started, tokens and keys are nobody's.
    assert_eq!([1, 2, 3].map(|no| class.lesson.seq_for(p(no))), [4, 3, 2]);
    assert_eq!(class.lesson.seq_for(p(9)), 0);
    let seen: Vec<_> =
        class.log.iter().filter(|logged| class.lesson.visible(logged, p(2))).collect();
    assert_eq!(
        seen.iter().map(|logged| logged.event.kind()).collect::<Vec<_>>(),
        ["seatTaken", "seatTaken", "hand"]
    );
}

#[test]
fn audiences() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil, Role::Pupil]);
    let before = [1, 2, 3].map(|no| class.lesson.seq_for(p(no)));
    let events = [
        (Audience::All, [true, true, true]),
        (Audience::Staff, [true, false, false]),
        (Audience::Only(vec![p(3)]), [false, false, true]),
        (Audience::Nobody, [false, false, false]),
    ];
    for (audience, sees) in &events {
        let event = Event::Hand { no: p(2), place: None };
        let logged = class.lesson.stamp(Epoch(1), class.now, vec![(audience.clone(), event)]);
        class.lesson.apply(&logged[0]).unwrap();
        assert_eq!([1, 2, 3].map(|no| class.lesson.visible(&logged[0], p(no))), *sees);
        class.log.extend(logged);
    }
    let after = [1, 2, 3].map(|no| class.lesson.seq_for(p(no)));
    assert_eq!([0, 1, 2].map(|n| after[n] - before[n]), [2, 1, 2]);
    // Without gaps, whatever was hidden in between.
    for (no, since) in [(1, before[0]), (2, before[1]), (3, before[2])] {
        let missed = class.lesson.missed(p(no), since, &class.log).unwrap();
        let seqs: Vec<_> = missed.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(seqs, (since + 1..=class.lesson.seq_for(p(no))).collect::<Vec<_>>());
    }
}

#[test]
fn missed_events_or_a_snapshot() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil]);
    let since = class.lesson.seq_for(p(2));
    let mut live = Vec::new();
    for (no, on) in [(1, true), (2, true), (1, false)] {
        class.send(no, SourceKind::Microphone, on).unwrap();
        live.push((class.lesson.seq_for(p(2)), class.log.last().unwrap().clone()));
    }
    let missed = |since, log: &[Logged]| {
        let missed = class.lesson.missed(p(2), since, log)?;
        Some(missed.into_iter().map(|(seq, logged)| (seq, logged.clone())).collect::<Vec<_>>())
    };
    assert_eq!(missed(since, &class.log), Some(live.clone()));
    assert_eq!(missed(since + 2, &class.log), Some(live[2..].to_vec()));
    assert_eq!(missed(since + 3, &class.log), Some(vec![]));
    assert_eq!(missed(since + 3, &[]), Some(vec![]));
    // A tail that is long enough, one that is not, one that is not the end.
    let n = class.log.len();
    assert_eq!(missed(since, &class.log[n - 3..]), Some(live.clone()));
    assert_eq!(missed(since, &class.log[n - 2..]), None);
    assert_eq!(missed(since, &class.log[..n - 1]), None);
    // From the future, from nothing, and of nobody.
    assert_eq!(missed(since + 4, &class.log), None);
    assert_eq!(missed(0, &class.log), None);
    assert_eq!(class.lesson.missed(p(9), 1, &class.log), None);
}

#[test]
fn only_the_next_event_of_a_living_owner_is_taken() {
    let mut class = Class::with(&[Role::Pupil]);
    let hash = class.lesson.state_hash();
    let next = class.lesson.last_seq() + 1;
    let logged = |seq, epoch| Logged {
        seq,
        epoch: Epoch(epoch),
        at: class.now,
        audience: Audience::All,
        event: Event::Hand { no: p(1), place: Some(1) },
    };
    let twice = BadLog::OutOfOrder { expected: next, got: next - 1 };
    let gap = BadLog::OutOfOrder { expected: next, got: next + 1 };
    let fenced = BadLog::Fenced { newest: Epoch(1), got: Epoch(0) };
    let lesson = &mut class.lesson;
    assert_eq!(lesson.apply(&logged(next - 1, 1)), Err(twice));
    assert_eq!(lesson.apply(&logged(next + 1, 1)), Err(gap));
    assert_eq!(lesson.apply(&logged(next, 0)), Err(fenced));
    assert_eq!(lesson.state_hash(), hash);
    lesson.apply(&logged(next, 2)).unwrap();
    assert_eq!(lesson.epoch(), Epoch(2));
}

#[test]
fn the_time_of_the_log_does_not_go_back() {
    let mut class = Class::with(&[Role::Pupil]);
    let hand = || vec![(Audience::All, Event::Hand { no: p(1), place: None })];
    let earlier = Millis(class.now.0 - 5_000);
    assert_eq!(class.lesson.stamp(Epoch(1), earlier, hand())[0].at, class.now);
    // Nor by what another owner wrote.
    let mut logged = class.lesson.stamp(Epoch(1), earlier, hand());
    logged[0].at = earlier;
    class.lesson.apply(&logged[0]).unwrap();
    assert_eq!(class.lesson.stamp(Epoch(1), earlier, hand())[0].at, class.now);
}
