//! People move between class and groups, on the same slots.

use std::collections::HashMap;
use std::time::Duration;

use kreide_control::{ParticipantNo, Place, ScopeNo};
use kreide_sfu_core::{PacketKind, RoomEvent};
use kreide_sfu_testkit::{Lesson, Microphone, STEP, in_scope, room, source};

use crate::people::{CLASS, Came, People};

const EVERYONE: [usize; 4] = [0, 1, 2, 3];

/// Asserts that each audio slot was one stream: numbers without a hole, time that goes on.
fn is_continuous(came: &[Came]) {
    let mut last: HashMap<u32, Came> = HashMap::new();
    for came in came.iter().filter(|came| came.sound) {
        if let Some(before) = last.insert(came.ssrc, *came) {
            assert_eq!(came.sequence, before.sequence.wrapping_add(1), "{before:?} {came:?}");
            let ticks = came.timestamp.wrapping_sub(before.timestamp);
            assert!((1..48_000 * 10).contains(&ticks), "{before:?} {came:?}");
        }
    }
}

#[test]
fn two_groups_and_back_on_the_same_slots() {
    let mut people = People::at(&[CLASS; 4]);
    people.play(&EVERYONE, 50);
    let mut all = std::mem::take(&mut people.came);
    // 0 and 1 go to one group, 2 and 3 to another; then all come back.
    for places in [[1, 1, 2, 2], [0, 0, 0, 0]] {
        for (who, no) in places.into_iter().enumerate() {
            people.moves(who, in_scope(no));
        }
        people.play(&EVERYONE, 50);
        if places[0] != 0 {
            for who in EVERYONE {
                let mate = who ^ 1;
                assert_eq!(people.got(who).0, [mate].into(), "{who}");
                let heard = people.came.iter().filter(|came| came.sound && came.to == who);
                assert_eq!(heard.count(), 50, "each packet of the one who came along");
            }
        }
        all.append(&mut people.came);
    }
    let slots: std::collections::HashSet<u32> =
        all.iter().filter(|came| came.sound).map(|came| came.ssrc).collect();
    assert!(slots.iter().all(|ssrc| (500..503).contains(&(ssrc % 1_000))), "{slots:?}");
    is_continuous(&all);
    people.play(&EVERYONE, 10);
    let heard: usize = EVERYONE.map(|who| people.got(who).0.len()).iter().sum();
    assert_eq!(heard, 3 * 3 - 3 + 3, "three voices, of which nobody hears the own one");
}

#[test]
fn a_picture_out_of_reach_is_unmapped_at_once_and_mapped_again_unasked() {
    let mut people = People::at(&[CLASS, CLASS]);
    people.look(0, &[1]);
    people.play(&[1], 10);
    assert_eq!(people.got(0), ([1].into(), [1].into()));
    people.told();
    people.came.clear();

    people.moves(1, in_scope(1));
    let slots = |people: &mut People| {
        let told = people.told().into_iter().filter_map(|event| match event {
            RoomEvent::Slots { participant: ParticipantNo(1), slots } => Some(slots[0].source),
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(slots(&mut people), [None]);
    people.play(&[1], 20);
    assert!(people.came.is_empty(), "{:?}", people.came);

    people.moves(1, CLASS);
    people.play(&[1], 20);
    assert_eq!(slots(&mut people), [Some(source(2))]);
    assert!(people.came.iter().filter(|came| !came.sound).count() > 15);

    people.came.clear();
    people.moves(0, in_scope(1));
    assert_eq!(slots(&mut people), [None]);
    people.play(&[1], 20);
    assert!(people.came.is_empty(), "the viewer went, not the publisher");
    people.moves(1, in_scope(1));
    people.play(&[1], 20);
    assert_eq!(slots(&mut people), [Some(source(2))]);
}

#[test]
fn what_waits_when_its_publisher_moves_is_forgotten() {
    let mut lesson = Lesson::new();
    lesson.room = room(7).with_coalescing(Duration::from_millis(1));
    let (mut lesson, viewer, sender, camera) = lesson.watch();
    let (mut camera, mut microphone) = (camera.with_packets(2), Microphone::new("a", 77));
    lesson.room.set_place(viewer, in_scope(1), lesson.now);
    let came = |lesson: &Lesson| {
        let came =
            lesson.sent.iter().filter(|(to, kind, _)| *to == viewer && *kind == PacketKind::Rtp);
        came.count()
    };
    // A keyframe that has not ended, and sound that was not taken out: both were for the class.
    lesson.rtp(sender, &camera.frame(STEP)[0]);
    lesson.room.handle_rtp(sender, &microphone.packet(20), lesson.now);
    lesson.room.set_place(sender, in_scope(1), lesson.now);
    lesson.wait(Duration::from_millis(5));
    lesson.drain();
    assert_eq!(came(&lesson), 0);
    camera.want_keyframe();
    lesson.frame(sender, &mut camera);
    lesson.rtp(sender, &microphone.packet(20));
    assert_eq!(came(&lesson), 3);
}

#[test]
fn three_voices_are_heard_in_each_scope() {
    let places: Vec<Place> = (0..10).map(|who| if who < 5 { CLASS } else { in_scope(1) }).collect();
    let mut people = People::at(&places);
    let all: Vec<usize> = (0..10).collect();
    people.play(&all, 100);
    people.came.clear();
    people.play(&all, 20);
    for who in all {
        let heard = people.got(who).0;
        assert!(heard.iter().all(|from| (*from < 5) == (who < 5)), "{who} hears {heard:?}");
        assert!((2..=3).contains(&heard.len()), "{who} hears {heard:?}");
    }
}

#[test]
fn who_speaks_in_a_group_is_told_to_the_group_alone() {
    let mut people =
        People::at(&[CLASS, in_scope(1), in_scope(1), Place { staff: true, ..in_scope(1) }]);
    for _ in 0..30 {
        people.speak(1, 20);
        people.wait(Duration::from_millis(20));
    }
    let told = people.told();
    let speaking: Vec<_> = told
        .iter()
        .filter_map(|event| match event {
            RoomEvent::Speaking { audience, participants } => {
                Some(((audience.scope, audience.staff), participants.clone()))
            }
            _ => None,
        })
        .collect();
    let two = vec![ParticipantNo(2)];
    let one = ScopeNo(1);
    assert_eq!(speaking, [((one, false), two.clone()), ((one, true), two)]);
    // The last of the staff goes: what that audience was told holds no longer.
    people.moves(3, CLASS);
    people.speak(1, 20);
    people.wait(Duration::from_millis(250));
    let silent = people.told().into_iter().any(|event| {
        matches!(event, RoomEvent::Speaking { audience, participants }
            if (audience.scope, audience.staff) == (one, true) && participants.is_empty())
    });
    assert!(silent);
}
