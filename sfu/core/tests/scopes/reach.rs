//! Listening, speaking to all, reaching staff alone, and what attackers get.

use std::time::Duration;

use kreide_control::{Place, Reach, ScopeNo, Source};
use kreide_media::rtcp::write_nack;
use kreide_sfu_core::RoomEvent;
use kreide_sfu_testkit::{
    Camera, Lesson, Microphone, STEP, in_scope, source, video_slot_ssrc, view,
};

use crate::people::{CLASS, People};

fn teacher() -> Place {
    Place { staff: true, ..CLASS }
}

#[test]
fn a_listener_hears_the_group_after_the_move_alone_and_is_not_heard_there() {
    let mut people = People::at(&[teacher(), in_scope(1), CLASS]);
    people.look(0, &[1]);
    people.look(1, &[0]);
    people.play(&[0, 1, 2], 30);
    assert_eq!(people.got(0).0, [2].into());
    assert_eq!(people.got(1).0, [].into());
    people.came.clear();
    people.moves(0, Place { listens: Some(ScopeNo(1)), ..teacher() });
    people.play(&[0, 1, 2], 30);
    assert_eq!(people.got(0), ([1, 2].into(), [1].into()), "the group, and the own scope");
    assert_eq!(people.got(1), ([].into(), [].into()), "the group hears and sees nothing of it");
    people.came.clear();
    people.moves(0, teacher());
    people.play(&[0, 1, 2], 30);
    assert_eq!(people.got(0), ([2].into(), [].into()));
}

#[test]
fn who_speaks_to_all_is_heard_and_seen_in_every_group() {
    let mut people = People::at(&[teacher(), in_scope(1), in_scope(2), CLASS]);
    for who in 1..4 {
        people.look(who, &[0]);
    }
    people.moves(0, Place { everywhere: true, ..teacher() });
    people.play(&[1, 2, 3, 0], 30);
    for who in 1..4 {
        assert_eq!(people.got(who), ([0].into(), [0].into()), "{who}");
    }
    assert_eq!(people.got(0).0, [3].into(), "and hears no group for that");
    people.came.clear();
    people.moves(0, teacher());
    people.play(&[1, 2, 3, 0], 30);
    assert_eq!([1, 2, 3].map(|who| people.got(who).0.len()), [0, 0, 1]);
}

#[test]
fn in_focus_pupils_reach_staff_alone() {
    let focus = Place { reach: Reach::Staff, ..CLASS };
    let mut people = People::at(&[teacher(), CLASS, CLASS, CLASS, CLASS]);
    for who in 0..5 {
        people.look(who, &[(who + 1) % 5, (who + 2) % 5, (who + 3) % 5]);
    }
    people.play(&[1, 2, 3, 4, 0], 30);
    assert_eq!(people.got(1).1.len(), 3);
    for who in 1..5 {
        people.moves(who, focus);
    }
    people.came.clear();
    people.play(&[1, 2, 3, 4, 0], 60);
    for who in 1..5 {
        let (heard, seen) = people.got(who);
        assert_eq!(heard, [0].into(), "{who}: pupils leave the teacher a place");
        assert!(seen.is_subset(&[0].into()), "{who} sees {seen:?}");
    }
    let (heard, seen) = people.got(0);
    assert!(heard.len() >= 2 && seen.len() == 3, "{heard:?} {seen:?}");
}

#[test]
fn who_does_not_hear_sees_all_the_same() {
    let mut people = People::at(&[Place { hears: false, ..CLASS }, CLASS]);
    people.look(0, &[1]);
    people.play(&[1], 20);
    assert_eq!(people.got(0), ([].into(), [1].into()));
    people.moves(0, CLASS);
    people.play(&[1], 20);
    assert_eq!(people.got(0), ([1].into(), [1].into()));
    people.came.clear();
    people.moves(0, Place { hears: false, ..CLASS });
    people.play(&[1], 20);
    assert_eq!(people.got(0), ([].into(), [1].into()));
}

#[test]
fn hostile_viewer_asks_for_a_camera_of_another_group() {
    let mut people = People::at(&[in_scope(1), in_scope(2), in_scope(2)]);
    people.look(2, &[1]);
    people.play(&[1, 2], 10);
    let asked = people.spread.parts[0].room.stats().keyframe_requests;
    people.came.clear();
    for _ in 0..20 {
        people.look(0, &[1, 2]);
        people.act(0, |part, key| {
            for slot in 0..3 {
                part.room.keyframe_wanted(key, slot, part.now);
            }
            let mut nack = Vec::new();
            write_nack(&mut nack, 1, video_slot_ssrc(1, 0), &[1, 2, 3, 40_000]);
            part.room.handle_rtcp(key, &nack, part.now);
        });
        people.play(&[1, 2], 10);
    }
    assert_eq!(people.got(0), ([].into(), [].into()));
    let stats = people.spread.parts[0].room.stats();
    assert_eq!(stats.keyframe_requests, asked, "nor does it trouble the others' encoders");
    let told = people
        .told()
        .into_iter()
        .any(|event| matches!(event, RoomEvent::Slots { participant, .. } if participant.0 == 1));
    assert!(!told, "not even that there is such a camera");
}

#[test]
fn hostile_viewer_asks_again_for_packets_of_the_scope_it_left() {
    let mut people = People::at(&[CLASS, CLASS, in_scope(1)]);
    people.look(0, &[1]);
    people.play(&[1, 2], 10);
    let had: Vec<u16> =
        people.came.iter().filter(|came| !came.sound).map(|came| came.sequence).collect();
    people.moves(0, in_scope(1));
    people.came.clear();
    let ask = |people: &mut People| {
        for sequence in &had {
            people.act(0, |part, key| {
                let mut nack = Vec::new();
                write_nack(&mut nack, 1, video_slot_ssrc(1, 0), &[*sequence]);
                part.room.handle_rtcp(key, &nack, part.now);
            });
        }
    };
    ask(&mut people);
    assert!(people.came.is_empty(), "{:?}", people.came);
    people.look(0, &[2]);
    people.play(&[2], 10);
    ask(&mut people);
    assert!(people.came.iter().all(|came| came.from == 2));
}

#[test]
fn a_group_is_never_recorded() {
    let mut lesson = Lesson::new();
    let recorder = lesson.record();
    let sender = lesson.join(2, &[], 1);
    lesson.room.set_recordable(sender, true, lesson.now);
    lesson.room.set_view(recorder, view(&[(0, 2, 360)]), lesson.now);
    let (mut camera, mut microphone) =
        (Camera::new("v", None, (640, 360), 5), Microphone::new("a", 71));
    let mut recorded = |lesson: &mut Lesson| {
        lesson.drain();
        lesson.sent.clear();
        for _ in 0..10 {
            camera.want_keyframe();
            for packet in camera.frame(STEP) {
                lesson.rtp(sender, &packet);
            }
            lesson.rtp(sender, &microphone.packet(20));
            lesson.wait(Duration::from_millis(20));
        }
        lesson.sent.iter().filter(|(to, ..)| *to == recorder).count()
    };
    let pictures = |lesson: &mut Lesson| {
        let told = std::mem::take(&mut lesson.events).into_iter();
        let mut pictures = told.filter_map(|event| match event {
            RoomEvent::Pictures(pictures) => Some(pictures),
            _ => None,
        });
        pictures.next_back()
    };
    assert!(recorded(&mut lesson) > 10);
    assert_eq!(pictures(&mut lesson), Some(vec![source(2)]));
    for place in [in_scope(1), Place { reach: Reach::Staff, ..CLASS }] {
        lesson.room.set_place(sender, place, lesson.now);
        assert_eq!(recorded(&mut lesson), 0, "{place:?}");
        assert_eq!(pictures(&mut lesson), Some(Vec::<Source>::new()));
        lesson.room.set_place(sender, CLASS, lesson.now);
        assert!(recorded(&mut lesson) > 10);
        assert_eq!(pictures(&mut lesson), Some(vec![source(2)]));
    }
    lesson.room.set_place(recorder, in_scope(1), lesson.now);
    lesson.room.set_place(sender, in_scope(1), lesson.now);
    assert_eq!(recorded(&mut lesson), 0, "the recorder cannot be sent into a group");
    lesson.room.set_place(sender, Place { everywhere: true, ..in_scope(1) }, lesson.now);
    assert!(recorded(&mut lesson) > 10, "what is said to all is said to the class");
}
