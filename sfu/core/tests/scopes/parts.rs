//! The same in a room of several parts.

use std::time::Duration;

use kreide_control::{Place, Reach, ScopeNo};
use kreide_sfu_core::Relayed;
use kreide_sfu_testkit::in_scope;

use crate::people::{CLASS, People};

/// Two parts with two people each; the first two are in the home part.
fn two_parts(places: [Place; 4]) -> People {
    let mut people = People::new(2);
    for (who, place) in places.into_iter().enumerate() {
        people.join(who / 2, place);
    }
    people
}

const EVERYONE: [usize; 4] = [0, 1, 2, 3];

#[test]
fn a_group_across_parts_hears_and_sees_itself_alone() {
    let mut people = two_parts([CLASS; 4]);
    for who in EVERYONE {
        people.look(
            who,
            &EVERYONE.map(|other| other).into_iter().filter(|o| *o != who).collect::<Vec<_>>(),
        );
    }
    people.play(&EVERYONE, 30);
    assert_eq!(people.got(3).1, [0, 1, 2].into());
    // One of each part goes to one group, the others to another.
    for no in [1, 2, 0, 3] {
        for who in EVERYONE {
            people.moves(who, in_scope(if no > 0 && who % 2 == 1 { no + 1 } else { no }));
        }
        people.came.clear();
        people.play(&EVERYONE, 40);
        for who in EVERYONE {
            let mate = (who + 2) % 4;
            let (heard, seen) = people.got(who);
            if no > 0 {
                assert_eq!((heard, seen), ([mate].into(), [mate].into()), "{who} in {no}");
            } else {
                assert!(heard.len() >= 2 && seen.len() == 3, "{who}: {heard:?} {seen:?}");
            }
        }
    }
}

#[test]
fn nothing_crosses_that_nobody_there_may_receive() {
    let mut people = two_parts([in_scope(1), in_scope(1), in_scope(2), in_scope(2)]);
    for who in EVERYONE {
        people.look(who, &[(who + 1) % 4, (who + 2) % 4, (who + 3) % 4]);
    }
    people.play(&EVERYONE, 30);
    let relayed =
        |people: &People| people.spread.parts.iter().map(|p| p.room.stats().relayed).sum::<u64>();
    assert_eq!(relayed(&people), 0);
    // Somebody over there listens: what it asks for crosses, from then on and for so long.
    people.moves(3, Place { listens: Some(ScopeNo(1)), ..in_scope(2) });
    people.play(&EVERYONE, 30);
    let crossed = relayed(&people);
    assert!(crossed > 30);
    let (heard, seen) = people.got(3);
    assert!(heard.len() >= 2 && seen == [0, 1, 2].into(), "{heard:?} {seen:?}");
    assert_eq!(people.got(2), ([3].into(), [3].into()));
    people.moves(3, in_scope(2));
    people.play(&EVERYONE, 30);
    assert_eq!(relayed(&people), crossed);
}

#[test]
fn a_burst_does_not_cross_before_the_news_of_a_move() {
    let mut people = two_parts([CLASS; 4]);
    people.look(2, &[0]);
    people.play(&[0], 20);
    let crossed = people.spread.parts[0].room.stats().relayed;
    people.came.clear();
    // The other part hears nothing of the move, and goes on wanting the picture.
    people.spread.loses = Box::new(|message| matches!(message, Relayed::Member(_)));
    people.moves(0, in_scope(1));
    people.play(&[0], 20);
    assert_eq!(people.spread.parts[0].room.stats().relayed, crossed);
    assert!(people.came.is_empty());
}

#[test]
fn staff_and_listeners_are_served_in_every_part() {
    let teacher = Place { staff: true, ..CLASS };
    let focus = Place { reach: Reach::Staff, ..CLASS };
    let mut people = two_parts([focus, focus, teacher, focus]);
    people.look(2, &[0, 1, 3]);
    people.look(3, &[0, 1, 2]);
    people.play(&EVERYONE, 40);
    assert_eq!(people.got(2).1, [0, 1, 3].into());
    assert_eq!(people.got(3), ([2].into(), [2].into()));
    assert!(people.got(2).0.len() >= 2);
    for who in [0, 1] {
        assert_eq!(people.got(who).0, [2].into());
    }
    people.came.clear();
    people.moves(2, Place { everywhere: true, ..teacher });
    people.moves(1, Place { hears: false, ..in_scope(1) });
    people.moves(0, in_scope(1));
    people.play(&EVERYONE, 40);
    assert_eq!([0, 1].map(|who| people.got(who).0), [[1, 2].into(), [].into()]);
}

#[test]
fn who_moves_together_across_parts_misses_nothing_once_there() {
    let mut people = two_parts([CLASS, CLASS, CLASS, CLASS]);
    people.play(&EVERYONE, 30);
    people.moves(0, in_scope(1));
    people.moves(2, in_scope(1));
    people.came.clear();
    for _ in 0..30 {
        people.speak(0, 20);
        people.speak(2, 20);
        people.wait(Duration::from_millis(20));
    }
    for who in [0, 2] {
        let heard = people.came.iter().filter(|came| came.sound && came.to == who);
        assert_eq!(heard.count(), 30, "{who}");
    }
}
