//! Reports over time: what viewers and senders learn of each other's clocks and losses.

use std::time::Duration;

use kreide_media::clock::{ClockPoint, NtpTime};
use kreide_media::rtcp::{Rtcp, walk, write_sender_report};
use kreide_media::rtp::Packet;
use kreide_sfu_core::{MemberKey, PacketKind};
use kreide_sfu_testkit::{Camera, FRAME, Lesson, Microphone, t0, video_slot_ssrc, view};

/// The sender's wall clock is off by years; only differences count.
fn sender_ntp(since_start: Duration) -> NtpTime {
    NtpTime::from_unix(Duration::from_secs(900_000_000)).plus(since_start)
}

fn report(clock: (u32, u32), at: Duration) -> Vec<u8> {
    let mut out = Vec::new();
    write_sender_report(&mut out, clock.0, sender_ntp(at), clock.1, 1, 1);
    out
}

/// The last clock point that a viewer was told for one of its slots.
fn told_clock(lesson: &Lesson, viewer: MemberKey, ssrc: u32) -> Option<ClockPoint> {
    let packets =
        lesson.sent.iter().filter(|(to, kind, _)| *to == viewer && *kind == PacketKind::Rtcp);
    let clock = |packet: Rtcp<'_>| match packet {
        Rtcp::SenderReport { ssrc: of, ntp, rtp, .. } if of == ssrc => {
            Some(ClockPoint { ntp, rtp })
        }
        _ => None,
    };
    packets.filter_map(|(_, _, packet)| walk(packet).filter_map(clock).last()).next_back()
}

/// The last packet that a viewer got on a slot.
fn last_timestamp(lesson: &Lesson, viewer: MemberKey, ssrc: u32) -> Option<u32> {
    let rtp = |(to, kind, packet): &(MemberKey, PacketKind, Vec<u8>)| {
        let packet = Packet::parse(packet).ok()?;
        (*to == viewer && *kind == PacketKind::Rtp && packet.ssrc == ssrc)
            .then_some(packet.timestamp)
    };
    lesson.sent.iter().filter_map(rtp).next_back()
}

#[test]
fn lips_and_voice_of_one_sender_fall_on_the_same_moment() {
    let mut lesson = Lesson::new();
    let viewer = lesson.join(1, &[], 1);
    let sender = lesson.join(2, &[], 1);
    let (video_slot, audio_slot) = (video_slot_ssrc(1, 0), 1_500);
    lesson.room.set_view(viewer, view(&[(0, 2, 360)]), lesson.now);
    let mut camera = Camera::new("v", None, (640, 360), 2);
    let mut microphone = Microphone::new("a", 77);
    // A picture every 33 ms; three packets of sound take 60 ms: the clocks drift apart on purpose,
    // and the sender's reports say by how much.
    for frame in 0..100u32 {
        lesson.wait(FRAME);
        let at = lesson.now - t0();
        lesson.frame(sender, &mut camera);
        lesson.rtp(sender, &microphone.packet(20));
        if frame % 20 == 10 {
            // The picture's report is 40 ms late on the way, the sound's is not.
            let sound = report(microphone.clock(), at);
            lesson.room.handle_rtcp(sender, &sound, lesson.now);
            let picture = report(camera.clock(), at);
            lesson.room.handle_rtcp(sender, &picture, lesson.now + Duration::from_millis(40));
            lesson.drain();
        }
    }
    // Both were captured at the same moment: the last report said so. Let the viewer be told.
    let at = lesson.now - t0();
    for packet in [report(camera.clock(), at), report(microphone.clock(), at)] {
        lesson.room.handle_rtcp(sender, &packet, lesson.now);
    }
    let picture_time = last_timestamp(&lesson, viewer, video_slot).expect("a picture came");
    let sound_time = last_timestamp(&lesson, viewer, audio_slot).expect("sound came");
    lesson.sent.clear();
    lesson.wait(Duration::from_millis(1_100));
    let picture = told_clock(&lesson, viewer, video_slot).expect("a report of the picture");
    let sound = told_clock(&lesson, viewer, audio_slot).expect("a report of the sound");
    let seconds = |point: ClockPoint, timestamp: u32, rate: f64| {
        let behind = f64::from(timestamp.wrapping_sub(point.rtp) as i32) / rate;
        (point.ntp.0 as f64) / f64::from(1u32 << 16) / 65_536.0 + behind
    };
    let apart = seconds(picture, picture_time, 90_000.0) - seconds(sound, sound_time, 48_000.0);
    assert!(apart.abs() < 0.001, "picture and sound are {apart} s apart");
}

#[test]
fn a_sender_learns_what_was_lost() {
    let mut lesson = Lesson::new();
    let sender = lesson.join(2, &[], 1);
    let mut microphone = Microphone::new("a", 77);
    for packet in 0..100 {
        lesson.wait(Duration::from_millis(20));
        let bytes = microphone.packet(20);
        if packet % 10 != 5 {
            lesson.rtp(sender, &bytes);
        }
    }
    lesson.wait(Duration::from_secs(1));
    let lost: i32 = lesson
        .sent
        .iter()
        .filter(|(to, kind, _)| *to == sender && *kind == PacketKind::Rtcp)
        .flat_map(|(_, _, packet)| walk(packet))
        .filter_map(|packet| match packet {
            Rtcp::ReceiverReport { blocks, .. } => blocks.iter().find(|b| b.ssrc == 77),
            _ => None,
        })
        .map(|block| block.cumulative_lost)
        .max()
        .expect("a receiver report came");
    assert!((9..=10).contains(&lost), "{lost} packets reported lost");
}
