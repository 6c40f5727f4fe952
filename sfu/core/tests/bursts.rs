//! Packets that come together leave together: one batch for each viewer and frame.

use std::time::Duration;

use kreide_media::rtp::Packet;
use kreide_sfu_core::{MemberKey, PacketKind};
use kreide_sfu_testkit::{
    Camera, FRAME, Lesson, Microphone, STEP, Vp8Decoder, no_rights, room, video_slot_ssrc,
};

const WINDOW: Duration = Duration::from_millis(1);

/// As [`Lesson::watched`], with time for a frame to come together.
fn watched() -> (Lesson, MemberKey, MemberKey, Camera) {
    let mut lesson = Lesson::new();
    lesson.room = room(7).with_coalescing(WINDOW);
    lesson.watch()
}

/// Batches of RTP to a member: how many packets each has, and whether all are equally long.
fn batches(lesson: &mut Lesson, to: MemberKey) -> Vec<(usize, bool)> {
    let mut found = Vec::new();
    while let Some(batch) = lesson.room.poll_batch(lesson.now) {
        if batch.to == to && batch.kind == PacketKind::Rtp {
            let mut lengths = batch.iter().map(<[u8]>::len);
            let first = lengths.next();
            found.push((batch.packets.len(), lengths.all(|length| Some(length) == first)));
        }
    }
    found
}

#[test]
fn a_frame_that_comes_in_pieces_leaves_as_one_batch() {
    let (mut lesson, viewer, sender, camera) = watched();
    let mut camera = camera.with_packets(4);
    lesson.frame(sender, &mut camera);
    lesson.wait(FRAME);
    let packets = camera.frame(STEP);
    let (last, first) = packets.split_last().expect("a frame has packets");
    for packet in first {
        lesson.room.handle_rtp(sender, packet, lesson.now);
        assert_eq!(batches(&mut lesson, viewer), []);
        lesson.now += Duration::from_micros(100);
    }
    lesson.room.handle_rtp(sender, last, lesson.now);
    assert_eq!(batches(&mut lesson, viewer), [(4, true)], "at its end, before the time is over");
}

#[test]
fn what_never_ends_leaves_in_time() {
    let (mut lesson, viewer, sender, camera) = watched();
    let mut camera = camera.with_packets(4);
    lesson.frame(sender, &mut camera);
    lesson.wait(FRAME);
    let begin = lesson.now;
    for packet in &camera.frame(STEP)[..2] {
        lesson.room.handle_rtp(sender, packet, lesson.now);
    }
    lesson.sent.clear();
    lesson.wait(WINDOW - Duration::from_micros(1));
    assert!(lesson.take_rtp(viewer, video_slot_ssrc(1, 0)).is_empty());
    lesson.wait(Duration::from_micros(1));
    assert_eq!(lesson.take_rtp(viewer, video_slot_ssrc(1, 0)).len(), 2);
    assert_eq!(lesson.now, begin + WINDOW);
}

#[test]
fn a_voice_never_waits() {
    let (mut lesson, viewer, sender, _) = watched();
    lesson.room.handle_rtp(sender, &Microphone::new("a", 77).packet(20), lesson.now);
    assert_eq!(batches(&mut lesson, viewer), [(1, true)]);
}

#[test]
fn what_waits_is_dropped_when_it_is_locked() {
    let (mut lesson, viewer, sender, camera) = watched();
    let mut camera = camera.with_packets(4);
    lesson.frame(sender, &mut camera);
    lesson.wait(FRAME);
    lesson.sent.clear();
    lesson.room.handle_rtp(sender, &camera.frame(STEP)[0], lesson.now);
    lesson.room.set_rights(sender, no_rights(), lesson.now);
    lesson.wait(Duration::from_millis(5));
    assert!(lesson.take_rtp(viewer, video_slot_ssrc(1, 0)).is_empty());
}

#[test]
fn a_decoder_notices_neither_batches_nor_padding() {
    let (mut lesson, viewer, sender, camera) = watched();
    let mut camera = camera.with_packets(5);
    let mut decoder = Vp8Decoder::default();
    let mut padded = 0;
    for _ in 0..100 {
        // Two pieces of a frame, as a sender's pacer cuts it.
        let packets = camera.frame(STEP);
        for piece in packets.chunks(3) {
            for packet in piece {
                lesson.room.handle_rtp(sender, packet, lesson.now);
            }
            lesson.wait(Duration::from_millis(2));
        }
        for packet in lesson.take_rtp(viewer, video_slot_ssrc(1, 0)) {
            padded += usize::from(packet[0] & 0x20 != 0);
            assert!(!Packet::parse(&packet).expect("a packet").payload.is_empty());
            decoder.take(&packet);
        }
        lesson.wait(FRAME);
    }
    assert_eq!((decoder.faults(), decoder.frames()), (&[][..], 100));
    assert!(padded > 50, "{padded} packets were a little shorter than their neighbours");
}
