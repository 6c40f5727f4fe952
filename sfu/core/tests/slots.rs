//! Slots over time: sources come, go and change, and the viewer's decoder never notices.

use std::collections::HashMap;
use std::time::Duration;

use kreide_control::Source;
use kreide_media::clock::NtpTime;
use kreide_media::rtcp::{Rtcp, walk, write_nack, write_sender_report};
use kreide_media::rtp::Packet;
use kreide_sfu_core::{Listener, MemberKey, PacketKind, RoomEvent};
use kreide_sfu_testkit::{
    CAPTURE_TIME, Camera, FRAME, Lesson, Microphone, STEP, Vp8Decoder, keyframe_requests, member,
    no_rights, source, video_slot_ssrc, view,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// What a client knows of its one slot: it shows a frame only where its own wish, the server's
/// word and the frame's time agree.
#[derive(Default)]
struct Screen {
    asked: usize,
    told: Option<(usize, u32)>,
}

impl Screen {
    fn told(&mut self, events: &[RoomEvent]) {
        for event in events {
            if let RoomEvent::Slots { slots, .. } = event {
                let whose = |source: Source| source.participant.0 as usize;
                self.told = slots[0].source.map(|s| (whose(s), slots[0].from_timestamp));
            }
        }
    }

    fn shows(&self, packet: &[u8]) -> bool {
        let Ok(Packet { timestamp, .. }) = Packet::parse(packet) else { return false };
        let belongs = |from: u32| timestamp.wrapping_sub(from) < 1 << 31;
        self.told.is_some_and(|(whose, from)| whose == self.asked && belongs(from))
    }
}

#[test]
fn two_hundred_switches_between_two_sources_leave_no_gap() {
    for words_first in [true, false] {
        switch_two_hundred_times(words_first);
    }
}

/// `words_first`: the client hears of a change before its first packet arrives, or after it.
fn switch_two_hundred_times(words_first: bool) {
    let mut lesson = Lesson::new();
    let mut random = StdRng::seed_from_u64(1);
    let viewer = lesson.join(1, &[], 1);
    let keys = [lesson.join(2, &[], 1), lesson.join(3, &[], 1)];
    let mut cameras =
        [Camera::new("v", None, (640, 360), 2), Camera::new("v", None, (640, 360), 3)];
    let mut decoder = Vp8Decoder::default();
    let mut screen = Screen::default();
    let (mut shown, mut wrong, mut silent) = (0, 0, 0);
    let mut last_shown = 0;
    let mut switches = 0;
    while switches < 200 {
        screen.asked = 5 - screen.asked.max(2);
        lesson.room.set_view(viewer, view(&[(0, screen.asked as u32, 360)]), lesson.now);
        lesson.drain();
        for _ in 0..random.random_range(20..40) {
            lesson.wait(FRAME);
            let mut came = 0;
            for (key, camera) in keys.iter().zip(&mut cameras) {
                if random.random_bool(0.01) {
                    camera.jump_back();
                }
                lesson.frame(*key, camera);
            }
            let events = std::mem::take(&mut lesson.events);
            if words_first {
                screen.told(&events);
            }
            for (to, kind, packet) in std::mem::take(&mut lesson.sent) {
                match kind {
                    PacketKind::Rtp if to == viewer => {
                        came += 1;
                        let whose = decoder.take(&packet);
                        if screen.shows(&packet) {
                            shown += 1;
                            wrong += usize::from(whose != Some(cameras[screen.asked - 2].ssrc()));
                            switches += usize::from(last_shown != screen.asked);
                            last_shown = screen.asked;
                        }
                    }
                    PacketKind::Rtp => {}
                    PacketKind::Rtcp => {
                        for camera in &mut cameras {
                            if keyframe_requests(&packet).contains(&camera.ssrc()) {
                                camera.want_keyframe();
                            }
                        }
                    }
                }
            }
            screen.told(&events);
            silent += usize::from(came == 0);
        }
    }
    assert_eq!(decoder.faults(), []);
    assert_eq!(wrong, 0, "packets shown under a wrong name");
    assert_eq!(silent, 0, "moments without a frame: the old source flows until the new one can");
    assert!(shown > 5_000, "{shown} packets were shown");
}

#[test]
fn a_slot_asked_again_for_what_it_shows_is_answered() {
    let mut lesson = Lesson::new();
    let viewer = lesson.join(1, &[], 1);
    let keys = [lesson.join(2, &[], 1), lesson.join(3, &[], 1)];
    let mut cameras =
        [Camera::new("v", None, (640, 360), 2), Camera::new("v", None, (640, 360), 3)];
    lesson.room.set_view(viewer, view(&[(0, 2, 360)]), lesson.now);
    for (key, camera) in keys.iter().zip(&mut cameras) {
        lesson.frame(*key, camera);
    }
    let first = std::mem::take(&mut lesson.events);
    lesson.room.set_view(viewer, view(&[(0, 3, 360)]), lesson.now);
    lesson.drain();
    assert_eq!(lesson.events, [], "the new source has no keyframe yet");
    lesson.room.set_view(viewer, view(&[(0, 2, 360)]), lesson.now);
    lesson.drain();
    assert_eq!(lesson.events, first);
    lesson.room.set_view(viewer, view(&[(0, 2, 720)]), lesson.now);
    lesson.drain();
    assert_eq!(lesson.events, first, "another size alone changes nothing");
}

#[test]
fn a_mapping_is_announced_before_its_first_packet() {
    let (mut lesson, viewer, sender, mut camera) = Lesson::watched();
    lesson.drain();
    assert_eq!(lesson.events, [], "nothing flows yet, so nothing is shown");
    lesson.frame(sender, &mut camera);
    let RoomEvent::Slots { slots, .. } = lesson.events[0].clone() else { panic!() };
    assert_eq!(slots[0].source, Some(source(2)));
    let packets = lesson.take_rtp(viewer, video_slot_ssrc(1, 0));
    let first = Packet::parse(&packets[0]).unwrap();
    assert!((first.timestamp.wrapping_sub(slots[0].from_timestamp) as i32) >= 0);

    lesson.events.clear();
    lesson.room.set_rights(sender, no_rights(), lesson.now);
    lesson.drain();
    let RoomEvent::Slots { slots, .. } = &lesson.events[0] else { panic!() };
    assert_eq!((slots[0].slot, slots[0].source), (0, None));
}

#[test]
fn a_locked_sender_reaches_nobody() {
    let mut lesson = Lesson::new();
    let viewer = lesson.join(1, &[], 1);
    let sender = lesson.join(2, &[], 1);
    let mut camera = Camera::new("v", None, (640, 360), 5);
    let mut microphone = Microphone::new("a", 77);
    lesson.room.set_view(viewer, view(&[(0, 2, 360)]), lesson.now);
    lesson.frame(sender, &mut camera);
    lesson.rtp(sender, &microphone.packet(20));
    assert!(!lesson.sent.is_empty());
    lesson.room.set_rights(sender, no_rights(), lesson.now);
    lesson.sent.clear();
    for _ in 0..100 {
        lesson.wait(FRAME);
        lesson.frame(sender, &mut camera);
        lesson.rtp(sender, &microphone.packet(0));
    }
    let to_viewer =
        lesson.sent.iter().filter(|(to, kind, _)| *to == viewer && *kind == PacketKind::Rtp);
    assert_eq!(to_viewer.count(), 0);
    assert!(lesson.room.stats().refused >= 200);
}

#[test]
fn a_larger_place_gets_a_larger_layer_at_its_keyframe() {
    let mut lesson = Lesson::new();
    let viewer = lesson.join(1, &[], 1);
    let rids = ["l", "m", "h"];
    let sender = lesson.join(2, &rids, 1);
    let sizes = [(160, 90), (320, 180), (640, 360)];
    let mut layers: Vec<Camera> =
        (0..3).map(|i| Camera::new("v", Some(rids[i]), sizes[i], 10 + i as u64)).collect();
    let mut decoder = Vp8Decoder::default();
    let mut shown = Vec::new();
    for (asked, frames) in [(80, 30), (360, 60), (170, 60)] {
        lesson.room.set_view(viewer, view(&[(0, 2, asked)]), lesson.now);
        lesson.drain();
        for _ in 0..frames {
            lesson.wait(FRAME);
            for camera in &mut layers {
                for packet in camera.frame(STEP) {
                    lesson.rtp(sender, &packet);
                }
            }
            let requests = lesson.keyframes_asked_of(sender);
            for camera in layers.iter_mut().filter(|c| requests.contains(&c.ssrc())) {
                camera.want_keyframe();
            }
            for packet in lesson.take_rtp(viewer, video_slot_ssrc(1, 0)) {
                let whose = decoder.take(&packet).unwrap();
                shown.push(layers.iter().position(|c| c.ssrc() == whose).unwrap());
            }
        }
    }
    shown.dedup();
    assert_eq!(shown, [0, 2, 1]);
    assert_eq!(decoder.faults(), []);
}

#[test]
fn thirty_viewers_cost_one_keyframe_in_half_a_second() {
    let mut lesson = Lesson::new();
    let sender = lesson.join(1, &[], 1);
    let mut camera = Camera::new("v", None, (640, 360), 4);
    lesson.frame(sender, &mut camera);
    lesson.sent.clear();
    for number in 2..32 {
        let viewer = lesson.join(number, &[], 1);
        lesson.room.set_view(viewer, view(&[(0, 1, 360)]), lesson.now);
        lesson.wait(Duration::from_millis(10));
    }
    assert_eq!(lesson.keyframes_asked_of(sender), [camera.ssrc()]);
}

#[test]
fn lost_packets_come_again_as_retransmissions() {
    let (mut lesson, viewer, sender, mut camera) = Lesson::watched();
    for _ in 0..5 {
        lesson.wait(FRAME);
        lesson.frame(sender, &mut camera);
    }
    let packets = lesson.take_rtp(viewer, video_slot_ssrc(1, 0));
    let lost = Packet::parse(&packets[3]).unwrap();
    let mut nack = Vec::new();
    write_nack(&mut nack, 9, lost.ssrc, &[lost.sequence, 1]);
    lesson.room.handle_rtcp(viewer, &nack, lesson.now);
    lesson.drain();
    let again = lesson.take_rtp(viewer, 1_000 + 900);
    assert_eq!(again.len(), 1);
    let again = Packet::parse(&again[0]).unwrap();
    assert_eq!(again.payload[..2], lost.sequence.to_be_bytes());
    assert_eq!(&again.payload[2..], lost.payload);
    assert_eq!(again.timestamp, lost.timestamp);
}

#[test]
fn what_was_lost_on_the_way_in_is_asked_for() {
    let mut lesson = Lesson::new();
    let sender = lesson.join(2, &[], 1);
    let mut camera = Camera::new("v", None, (640, 360), 5);
    let packets: Vec<_> = (0..4).flat_map(|_| camera.frame(STEP)).collect();
    let lost = Packet::parse(&packets[2]).unwrap().sequence;
    for (index, packet) in packets.iter().enumerate() {
        if index != 2 {
            lesson.rtp(sender, packet);
        }
    }
    lesson.wait(Duration::from_millis(30));
    let asked: Vec<u16> = lesson
        .sent
        .iter()
        .filter(|(to, kind, _)| *to == sender && *kind == PacketKind::Rtcp)
        .flat_map(|(_, _, packet)| walk(packet))
        .filter_map(|packet| match packet {
            Rtcp::Nack { missing, .. } => Some(missing.iter().collect()),
            _ => None,
        })
        .flat_map(|missing: Vec<u16>| missing)
        .collect();
    assert_eq!(asked, [lost]);
}

#[test]
fn the_three_loudest_are_heard_by_all_but_themselves() {
    let mut lesson = Lesson::new();
    let keys: Vec<_> = (1..=5).map(|number| lesson.join(number, &[], 1)).collect();
    let mut microphones: Vec<_> = (1..=5).map(|n| Microphone::new("a", n)).collect();
    let levels = [20, 25, 30, 90, 90];
    for _ in 0..100 {
        lesson.wait(Duration::from_millis(20));
        for ((key, microphone), level) in keys.iter().zip(&mut microphones).zip(levels) {
            lesson.rtp(*key, &microphone.packet(level));
        }
    }
    lesson.sent.clear();
    for ((key, microphone), level) in keys.iter().zip(&mut microphones).zip(levels) {
        lesson.rtp(*key, &microphone.packet(level));
    }
    let mut heard: HashMap<MemberKey, Vec<u32>> = HashMap::new();
    for (to, kind, packet) in &lesson.sent {
        if *kind == PacketKind::Rtp {
            let payload = Packet::parse(packet).unwrap().payload;
            let whose = u32::from_be_bytes(*payload.last_chunk().unwrap());
            heard.entry(*to).or_default().push(whose);
        }
    }
    assert_eq!(heard[&keys[0]], [2, 3]);
    assert_eq!(heard[&keys[1]], [1, 3]);
    assert_eq!(heard[&keys[4]], [1, 2, 3]);
    let speaking = lesson.events.iter().rev().find_map(|event| match event {
        RoomEvent::Speaking { participants, .. } => {
            Some(participants.iter().map(|n| n.0).collect::<Vec<_>>())
        }
        RoomEvent::Slots { .. } | RoomEvent::Pictures(_) => None,
    });
    assert_eq!(speaking, Some(vec![1, 2, 3]));
}

#[test]
fn the_recorder_gets_only_what_is_recordable() {
    let mut lesson = Lesson::new();
    let mut config = member(9, &[], 2);
    config.listener = Listener::Recorder;
    let recorder = lesson.room.join(config, lesson.now);
    lesson.room.connected(recorder, lesson.now);
    let teacher = lesson.join(1, &[], 1);
    let pupil = lesson.join(2, &[], 1);
    lesson.room.set_recordable(teacher, true, lesson.now);
    lesson.room.set_view(recorder, view(&[(0, 1, 360), (1, 2, 360)]), lesson.now);
    let mut cameras =
        [Camera::new("v", None, (640, 360), 5), Camera::new("v", None, (640, 360), 7)];
    let mut microphones = [Microphone::new("a", 71), Microphone::new("a", 72)];
    for _ in 0..10 {
        for (index, key) in [teacher, pupil].into_iter().enumerate() {
            lesson.frame(key, &mut cameras[index]);
            lesson.rtp(key, &microphones[index].packet(20));
        }
    }
    let mut contents: Vec<u32> = lesson
        .sent
        .iter()
        .filter(|(to, kind, _)| *to == recorder && *kind == PacketKind::Rtp)
        .map(|(_, _, p)| *Packet::parse(p).unwrap().payload.last_chunk().unwrap())
        .map(u32::from_be_bytes)
        .collect();
    contents.sort_unstable();
    contents.dedup();
    let mut expected = [71, cameras[0].ssrc()];
    expected.sort_unstable();
    assert_eq!(contents, expected);
    let pictures = |lesson: &mut Lesson| {
        let told = std::mem::take(&mut lesson.events).into_iter();
        told.filter_map(|event| match event {
            RoomEvent::Pictures(pictures) => Some(pictures),
            _ => None,
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(pictures(&mut lesson), [[source(1)]], "the pupil's is not even named");

    lesson.room.set_recordable(teacher, false, lesson.now);
    lesson.drain();
    lesson.sent.clear();
    assert_eq!(pictures(&mut lesson), [[]; 1]);
    lesson.frame(teacher, &mut cameras[0]);
    lesson.rtp(teacher, &microphones[0].packet(20));
    assert!(lesson.sent.iter().all(|(to, ..)| *to != recorder));
}

#[test]
fn a_recorder_that_comes_later_is_told_what_there_is_once_it_listens() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join(1, &[], 1);
    lesson.room.set_recordable(teacher, true, lesson.now);
    lesson.frame(teacher, &mut Camera::new("v", None, (640, 360), 5));
    let mut config = member(9, &[], 1);
    config.listener = Listener::Recorder;
    let recorder = lesson.room.join(config, lesson.now);
    lesson.drain();
    assert_eq!(lesson.events, [], "nobody listens yet");
    lesson.room.connected(recorder, lesson.now);
    lesson.drain();
    assert_eq!(lesson.events, [RoomEvent::Pictures(vec![source(1)])]);
}

#[test]
fn who_withdraws_while_the_recorder_waits_for_another_is_gone_at_once() {
    let mut lesson = Lesson::new();
    let recorder = lesson.record();
    let keys = [1, 2].map(|number| lesson.join(number, &[], 1));
    for key in keys {
        lesson.room.set_recordable(key, true, lesson.now);
    }
    let mut cameras =
        [Camera::new("v", None, (640, 360), 5), Camera::new("v", None, (640, 360), 7)];
    lesson.room.set_view(recorder, view(&[(0, 1, 360)]), lesson.now);
    for (key, camera) in keys.into_iter().zip(&mut cameras) {
        lesson.frame(key, camera);
    }
    // The second one's keyframe is awaited when the first one takes the consent back.
    lesson.room.set_view(recorder, view(&[(0, 2, 360)]), lesson.now);
    lesson.frame(keys[0], &mut cameras[0]);
    lesson.room.set_recordable(keys[0], false, lesson.now);
    lesson.drain();
    lesson.sent.clear();
    lesson.frame(keys[0], &mut cameras[0]);
    assert!(lesson.sent.iter().all(|(to, ..)| *to != recorder), "not one packet more");
    let told = lesson.events.iter().rev().find_map(|event| match event {
        RoomEvent::Slots { slots, .. } => Some(slots[0].source),
        _ => None,
    });
    assert_eq!(told, Some(None), "and the picture is taken away");
    cameras[1].want_keyframe();
    lesson.frame(keys[1], &mut cameras[1]);
    assert!(lesson.sent.iter().any(|(to, ..)| *to == recorder));
}

#[test]
fn the_recorder_is_told_when_packets_were_captured() {
    let mut lesson = Lesson::new();
    let recorder = lesson.record();
    let teacher = lesson.join(1, &[], 1);
    lesson.room.set_recordable(teacher, true, lesson.now);
    let mut microphone = Microphone::new("a", 71);
    lesson.rtp(teacher, &microphone.packet(20));
    let (ssrc, timestamp) = microphone.clock();
    let mut report = Vec::new();
    // The sender's clock is wrong by years; what counts is when its report arrived.
    let sent = NtpTime::from_unix(Duration::from_secs(1_000));
    write_sender_report(&mut report, ssrc, sent, timestamp, 1, 1);
    lesson.room.handle_rtcp(teacher, &report, lesson.now);
    lesson.rtp(teacher, &microphone.packet(20));
    let captured: Vec<Option<u64>> = lesson
        .sent
        .iter()
        .filter(|(to, kind, _)| *to == recorder && *kind == PacketKind::Rtp)
        .map(|(_, _, packet)| Packet::parse(packet).unwrap().extensions.get(Some(CAPTURE_TIME)))
        .map(|value| Some(u64::from_be_bytes(value?.try_into().unwrap())))
        .collect();
    let room_clock = NtpTime::from_unix(Duration::from_secs(1_800_000_000));
    let expected = room_clock.plus(Duration::from_millis(20));
    assert_eq!(captured, [None, Some(expected.0)], "unknown before the first report");
}

#[test]
fn whoever_leaves_disappears_from_all_slots() {
    let (mut lesson, viewer, sender, mut camera) = Lesson::watched();
    lesson.frame(sender, &mut camera);
    lesson.events.clear();
    lesson.room.leave(sender, lesson.now);
    lesson.drain();
    let RoomEvent::Slots { slots, .. } = &lesson.events[0] else { panic!() };
    assert_eq!(slots[0].source, None::<Source>);
    lesson.room.leave(viewer, lesson.now);
    assert!(lesson.room.is_empty());
    let again = lesson.join(2, &[], 1);
    lesson.rtp(again, &Microphone::new("a", 3).packet(9));
    assert_eq!(lesson.room.stats().malformed, 0);
}

#[test]
fn mutated_packets_never_panic_and_the_lesson_goes_on() {
    let mut lesson = Lesson::new();
    let mut random = StdRng::seed_from_u64(3);
    let viewer = lesson.join(1, &[], 1);
    let sender = lesson.join(2, &[], 1);
    let mut camera = Camera::new("v", None, (640, 360), 5);
    lesson.room.set_view(viewer, view(&[(0, 2, 360)]), lesson.now);
    lesson.frame(sender, &mut camera);
    let mut report = Vec::new();
    write_nack(&mut report, 1, video_slot_ssrc(1, 0), &[1, 2, 60_000]);
    for round in 0..1_000 {
        let mut packet =
            if round % 2 == 0 { camera.frame(STEP).swap_remove(0) } else { report.clone() };
        for _ in 0..random.random_range(1..8) {
            let at = random.random_range(0..packet.len());
            packet[at] = random.random();
        }
        packet.truncate(random.random_range(0..=packet.len()));
        lesson.room.handle_rtp(sender, &packet, lesson.now);
        lesson.room.handle_rtcp(viewer, &packet, lesson.now);
        lesson.wait(Duration::from_millis(5));
    }
    lesson.sent.clear();
    camera.want_keyframe();
    lesson.frame(sender, &mut camera);
    assert!(!lesson.take_rtp(viewer, video_slot_ssrc(1, 0)).is_empty());
}
