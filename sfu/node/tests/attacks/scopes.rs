//! Media of a scope that somebody is not in.

use kreide_control::Event;
use kreide_media::rtcp::{write_nack, write_pli};
use kreide_sfu_testkit::{Camera, Microphone, STEP, in_scope, video_slot_ssrc};

use crate::fixture::{Client, Fixture, lesson};

/// A frame and a voice's packet; both end in this mark.
fn send_marked(sender: &mut Client, camera: &mut Camera, microphone: &mut Microphone, mark: &[u8]) {
    camera.want_keyframe();
    let sound = microphone.packet(20);
    // Sound last: whoever has it has had the frame, or will never get it.
    for packet in camera.frame(STEP).into_iter().chain([sound]) {
        sender.send_rtp(&[packet.as_slice(), mark].concat());
    }
}

/// In another group the attacker looks at the camera, asks for keyframes and for packets again.
/// A witness in the class gets everything; the attacker gets nothing, until it is moved there.
#[test]
fn hostile_viewer_in_another_group() {
    let mut fixture = Fixture::start();
    let room = lesson("7b");
    let mut sender = fixture.join(&room, 1);
    let mut attacker = fixture.join(&room, 2);
    let mut witness = fixture.join(&room, 3);
    fixture.place(&attacker, in_scope(1));
    fixture.show(&attacker, &[1]);
    fixture.show(&witness, &[1]);
    let mut camera = Camera::new("v", None, (640, 360), 5);
    let mut microphone = Microphone::new("a", 9);
    for round in 0..20_u8 {
        let mut report = vec![0x80, 201, 0, 1, 0, 0, 0, 1];
        write_nack(&mut report, 1, video_slot_ssrc(2, 0), &[1, 2, u16::from(round)]);
        write_pli(&mut report, 1, video_slot_ssrc(2, 0));
        attacker.send_rtcp(&report);
        let mark = [b"class", [round].as_slice()].concat();
        send_marked(&mut sender, &mut camera, &mut microphone, &mark);
        // Video may come a moment after the voice that followed it.
        let of_both =
            |client: &Client| client.rtp.iter().filter(|p| p.ends_with(&mark)).count() > 1;
        witness.receive_until("the class's media", of_both);
    }
    fixture.place(&attacker, in_scope(0));
    send_marked(&mut sender, &mut camera, &mut microphone, b"for all");
    attacker.receive_until("what all may have", |client| client.has(b"for all"));
    assert!(attacker.rtp.iter().all(|packet| packet.ends_with(b"for all")));
    let is_first =
        |event: &Event| matches!(event, Event::Slots { participant, .. } if participant.0 == 2);
    let told = fixture.wait_event(is_first);
    let Event::Slots { slots, .. } = told else { panic!("a mapping") };
    assert!(slots[0].source.is_some(), "the first it is told of a camera is that it may see it");
}
