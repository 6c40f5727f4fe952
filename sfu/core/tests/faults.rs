//! What must hold when peers attack, packets get lost or a room rests.

use std::time::Duration;

use kreide_media::rtcp::write_nack;
use kreide_media::rtp::Packet;
use kreide_sfu_core::{MemberKey, PacketKind};
use kreide_sfu_testkit::{
    Camera, FRAME, Lesson, Microphone, no_rights, open_rights, video_slot_ssrc, view,
};

fn rtp_to(lesson: &Lesson, to: MemberKey) -> usize {
    let media =
        |(key, kind, _): &&(MemberKey, PacketKind, Vec<u8>)| *key == to && *kind == PacketKind::Rtp;
    lesson.sent.iter().filter(media).count()
}

#[test]
fn keyframes_are_asked_for_again_while_the_room_rests() {
    let mut lesson = Lesson::new();
    let sender = lesson.join(1, &[], 1);
    let mut camera = Camera::new("v", None, (640, 360), 4);
    lesson.frame(sender, &mut camera);
    lesson.wait(Duration::from_secs(3));
    for number in 2..4 {
        let viewer = lesson.join(number, &[], 1);
        lesson.room.set_view(viewer, view(&[(0, 1, 360)]), lesson.now);
        lesson.drain();
        lesson.wait(Duration::from_millis(100));
    }
    assert_eq!(lesson.keyframes_asked_of(sender).len(), 1);
    lesson.wait(Duration::from_secs(5));
    let asked = lesson.keyframes_asked_of(sender).len();
    assert!((5..=11).contains(&asked), "asked {asked} times in five seconds");
}

#[test]
fn a_storm_of_nacks_causes_a_bounded_answer() {
    let (mut lesson, viewer, sender, mut camera) = Lesson::watched();
    for _ in 0..300 {
        lesson.wait(FRAME);
        lesson.frame(sender, &mut camera);
    }
    let slot = lesson.take_rtp(viewer, video_slot_ssrc(1, 0));
    let last = Packet::parse(&slot[slot.len() - 1]).expect("a packet").sequence;
    let missing: Vec<u16> = (0..300).map(|back| last.wrapping_sub(299 - back)).collect();
    let mut nack = Vec::new();
    while nack.len() < 1_100 {
        write_nack(&mut nack, 9, video_slot_ssrc(1, 0), &missing);
    }
    for _ in 0..50 {
        lesson.room.handle_rtcp(viewer, &nack, lesson.now);
        lesson.drain();
    }
    let again = rtp_to(&lesson, viewer);
    // A fifth of a second's packets and a hundred.
    assert!((100..=130).contains(&again), "{again} packets for 50 datagrams");
}

#[test]
fn a_layer_goes_on_under_a_new_ssrc() {
    let mut lesson = Lesson::new();
    let viewer = lesson.join(1, &[], 1);
    let sender = lesson.join(2, &["l", "h"], 1);
    lesson.room.set_view(viewer, view(&[(0, 2, 360)]), lesson.now);
    let mut first = Camera::new("v", Some("l"), (640, 360), 5);
    lesson.frame(sender, &mut first);
    let mut second = Camera::new("v", Some("l"), (640, 360), 77);
    lesson.sent.clear();
    lesson.frame(sender, &mut second);
    assert_eq!(rtp_to(&lesson, viewer), 0, "two streams at once would mix two pictures");
    lesson.wait(Duration::from_secs(3));
    second.want_keyframe();
    lesson.frame(sender, &mut second);
    assert!(rtp_to(&lesson, viewer) > 0);
}

#[test]
fn padding_on_a_microphone_leaves_no_ghost() {
    let mut lesson = Lesson::new();
    let viewer = lesson.join(1, &[], 1);
    let ghost = lesson.join(2, &[], 1);
    let mut padding = Microphone::new("a", 3).packet(30);
    padding.truncate(padding.len() - 4);
    lesson.rtp(ghost, &padding);
    lesson.room.leave(ghost, lesson.now);
    let next = lesson.join(3, &[], 1);
    assert_eq!(next, ghost, "the key is used again");
    let mut microphone = Microphone::new("a", 4);
    lesson.sent.clear();
    lesson.rtp(next, &microphone.packet(20));
    assert_eq!(rtp_to(&lesson, viewer), 1);
}

#[test]
fn a_long_lock_leaves_no_trace_in_the_picture_after_it() {
    let (mut lesson, viewer, sender, mut camera) = Lesson::watched();
    lesson.frame(sender, &mut camera);
    lesson.room.set_rights(sender, no_rights(), lesson.now);
    // More packets than half of the sequence numbers.
    let mut locked = 0;
    while locked < 40_000 {
        let frame = camera.frame(kreide_sfu_testkit::STEP);
        locked += frame.len();
        for packet in frame {
            lesson.rtp(sender, &packet);
        }
    }
    lesson.room.set_rights(sender, open_rights(), lesson.now);
    camera.want_keyframe();
    for _ in 0..30 {
        lesson.sent.clear();
        lesson.wait(FRAME);
        lesson.frame(sender, &mut camera);
        assert!(rtp_to(&lesson, viewer) > 0);
    }
}
