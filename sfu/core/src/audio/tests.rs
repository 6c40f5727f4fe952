//! Who is heard over time.

use std::time::Duration;

use kreide_control::{Reach, ScopeNo};
use kreide_sfu_testkit::t0;

use super::*;

const SPEECH: u8 = 27;
const QUIET: u8 = 70;

/// Plays 20 ms packets of everybody at the given levels; returns the choice's changes.
fn play(
    choice: &mut AudioChoice,
    now: &mut Instant,
    levels: &[(usize, u8)],
    seconds: f32,
) -> usize {
    let mut changes = 0;
    for _ in 0..(seconds * 50.0) as usize {
        *now += Duration::from_millis(20);
        for &(who, level) in levels {
            changes += usize::from(choice.heard(mic(who), &CLASS, who == TEACHER, level, *now));
        }
    }
    changes
}

const TEACHER: usize = 9;
const CLASS: Place = Place {
    scope: ScopeNo::CLASS,
    listens: None,
    everywhere: false,
    reach: Reach::Everyone,
    staff: false,
    hears: true,
};

fn one_class() -> AudioChoice {
    let mut choice = AudioChoice::default();
    choice.set_audiences(&[Audience::default()], t0());
    choice
}

fn group(no: u8) -> Place {
    Place { scope: ScopeNo(no), ..CLASS }
}

fn mic(who: usize) -> Voice {
    (MemberKey(who), SourceKind::Microphone)
}

fn heard(choice: &AudioChoice, who: usize) -> bool {
    choice.chosen(Audience::default()).contains(&mic(who))
}

#[test]
fn free_places_are_taken_at_once() {
    let (mut choice, mut now) = (one_class(), t0());
    assert_eq!(play(&mut choice, &mut now, &[(1, QUIET), (2, QUIET), (3, QUIET)], 0.02), 3);
    assert!(choice.speaking(Audience::default(), now).is_empty());
}

#[test]
fn a_speaker_takes_the_place_of_a_silent_one_within_200_ms() {
    let (mut choice, mut now) = (one_class(), t0());
    play(&mut choice, &mut now, &[(1, QUIET), (2, SPEECH), (3, SPEECH)], 1.0);
    play(&mut choice, &mut now, &[(1, QUIET), (2, SPEECH), (3, SPEECH), (4, SPEECH)], 0.2);
    assert!(heard(&choice, 4) && !heard(&choice, 1));
}

#[test]
fn a_place_held_by_nobody_is_free_for_a_whisper() {
    let (mut choice, mut now) = (one_class(), t0());
    play(&mut choice, &mut now, &[(1, QUIET), (2, QUIET), (3, QUIET)], 0.5);
    play(&mut choice, &mut now, &[(4, QUIET)], 1.0);
    assert!(!heard(&choice, 4), "the others may be back in a moment");
    play(&mut choice, &mut now, &[(4, QUIET)], 1.5);
    assert!(heard(&choice, 4));
}

#[test]
fn equals_do_not_chase_each_other() {
    let (mut choice, mut now) = (one_class(), t0());
    let all: Vec<_> = (1..=6).map(|who| (who, SPEECH)).collect();
    assert_eq!(play(&mut choice, &mut now, &all, 9.0), PLACES);
}

#[test]
fn whoever_drones_yields_but_the_teacher_does_not() {
    let (mut choice, mut now) = (one_class(), t0());
    let early = [(1, SPEECH), (2, SPEECH), (TEACHER, SPEECH)];
    play(&mut choice, &mut now, &early, 10.5);
    let with_late = [(1, SPEECH), (2, SPEECH), (TEACHER, SPEECH), (3, SPEECH)];
    play(&mut choice, &mut now, &with_late, 0.3);
    assert!(heard(&choice, 3) && heard(&choice, TEACHER));
}

#[test]
fn an_ended_source_frees_its_place() {
    let (mut choice, mut now) = (one_class(), t0());
    play(&mut choice, &mut now, &[(1, SPEECH), (2, SPEECH)], 0.5);
    assert_eq!(choice.speaking(Audience::default(), now).len(), 2);
    assert!(choice.remove(mic(1)) && !choice.remove(mic(1)));
    assert_eq!(choice.speaking(Audience::default(), now), [MemberKey(2)]);
}

#[test]
fn each_audience_hears_the_loudest_whom_it_may_receive() {
    let (mut choice, mut now) = (AudioChoice::default(), t0());
    let listener = Place { listens: Some(ScopeNo(1)), ..CLASS };
    let staff = Place { staff: true, ..CLASS };
    let viewers = [CLASS, group(1), group(2), listener, staff];
    choice.set_audiences(&viewers.map(|place| place.audience()), t0());
    let people = [
        (1, CLASS, 30),
        (2, group(1), 20),
        (3, group(1), 25),
        (4, group(1), 90),
        (5, group(2), 90),
        (6, Place { everywhere: true, ..CLASS }, 20),
        (7, Place { reach: Reach::Staff, ..CLASS }, 20),
        (8, CLASS, 90),
    ];
    for _ in 0..50 {
        now += Duration::from_millis(20);
        for (who, place, level) in &people {
            choice.heard(mic(*who), place, false, *level, now);
        }
    }
    let expected: [(Place, &[usize]); 5] = [
        (CLASS, &[1, 6, 8]),
        (group(1), &[2, 3, 6]),
        (group(2), &[5, 6]),
        (listener, &[2, 3, 6]),
        (staff, &[1, 6, 7]),
    ];
    for (viewer, who) in expected {
        let mut chosen: Vec<_> =
            choice.chosen(viewer.audience()).iter().map(|voice| voice.0.0).collect();
        chosen.sort_unstable();
        assert_eq!(chosen, who, "{viewer:?}");
    }
    assert_eq!(choice.speaking(group(2).audience(), now), [MemberKey(6)]);
    assert_eq!(choice.speaking(group(3).audience(), now), [], "there is no such audience");
}

#[test]
fn who_moves_is_heard_there_and_no_longer_here() {
    let (mut choice, mut now) = (one_class(), t0());
    choice.set_audiences(&[CLASS.audience(), group(1).audience()], now);
    play(&mut choice, &mut now, &[(1, SPEECH), (2, SPEECH), (3, SPEECH), (4, SPEECH)], 1.0);
    assert!(!heard(&choice, 4));
    choice.take_changed();
    choice.moved(MemberKey(1), group(1), now);
    assert!(!heard(&choice, 1) && heard(&choice, 4), "the next one has the place at once");
    assert_eq!(choice.chosen(group(1).audience()), [mic(1)]);
    assert_eq!(choice.take_changed().len(), 2);
    assert!(choice.take_changed().is_empty());
}

#[test]
fn a_new_audience_hears_what_its_kin_hears() {
    let (mut choice, mut now) = (one_class(), t0());
    play(&mut choice, &mut now, &[(1, SPEECH), (2, SPEECH), (3, SPEECH)], 1.0);
    // Louder, but not for long enough to take a place.
    play(&mut choice, &mut now, &[(4, 10)], 0.02);
    let staff = Place { staff: true, ..CLASS }.audience();
    choice.set_audiences(&[CLASS.audience(), staff], now);
    assert_eq!(choice.chosen(staff), [mic(1), mic(2), mic(3)]);
    choice.set_audiences(&[staff], now);
    assert!(!heard(&choice, 1), "nobody is chosen for an audience that there is not");
}
