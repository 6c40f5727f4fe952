//! M4: equal SSRCs, and SSRCs of others (livekit#1173).

use kreide_media::rtp::Packet;
use kreide_sfu_testkit::{Camera, Microphone, STEP};

use crate::fixture::{Client, Fixture, Offer, lesson};

/// Whose packet it is, in the payload: the SSRC cannot tell.
fn marked(mut packet: Vec<u8>, mark: u8) -> Vec<u8> {
    packet.extend_from_slice(&[mark; 8]);
    packet
}

/// The marks of what came on one SSRC, each once.
fn marks(client: &mut Client, ssrc: u32) -> Vec<u8> {
    let mut marks: Vec<u8> = client
        .take(ssrc)
        .iter()
        .filter(|packet| Packet::parse(packet).is_ok_and(|packet| packet.payload.len() >= 8))
        .filter_map(|packet| Packet::parse(packet).ok()?.payload.last().copied())
        .collect();
    marks.dedup();
    marks
}

/// Two people whose cameras and voices have the very same SSRCs, numbers and clocks: a third sees
/// each in a slot of its own and hears each in one.
#[test]
fn equal_ssrcs_of_two_clients() {
    let mut fixture = Fixture::start();
    let room = lesson("7b");
    let (mut one, mut two) = (fixture.join(&room, 1), fixture.join(&room, 2));
    let mut viewer = fixture.join(&room, 3);
    fixture.show(&viewer, &[1, 2]);
    for client in [&one, &two] {
        fixture.show(client, &[3 - client.number]);
    }
    let camera = || Camera::new("v", None, (640, 360), 5);
    let (mut camera_one, mut camera_two) = (camera(), camera());
    assert_eq!(camera_one.ssrc(), camera_two.ssrc());
    let (mut voice_one, mut voice_two) = (Microphone::new("a", 9), Microphone::new("a", 9));
    let mut at_two = camera_two.frame(STEP);
    for _ in 0..30 {
        let mut at_one = camera_one.frame(STEP);
        for place in 0..at_one.len().max(at_two.len()) {
            if let Some(packet) = at_one.get_mut(place) {
                one.send_rtp(&marked(std::mem::take(packet), 1));
            }
            if let Some(packet) = at_two.get_mut(place) {
                two.send_rtp(&marked(std::mem::take(packet), 2));
            }
        }
        at_two = camera_two.frame(STEP);
        one.send_rtp(&marked(voice_one.packet(20), 1));
        two.send_rtp(&marked(voice_two.packet(20), 2));
        // Another frame only when this one is through: no socket overflows.
        let heard = viewer.rtp.len();
        viewer.receive_until("both voices", |client| client.rtp.len() > heard + 1);
    }
    viewer.receive_until("the rest", |client| {
        let of = |ssrc| {
            let is = |packet: &&Vec<u8>| Packet::parse(packet).is_ok_and(|p| p.ssrc == ssrc);
            client.rtp.iter().filter(is).count()
        };
        client.video_slots[..2].iter().all(|ssrc| of(*ssrc) > 25)
    });
    let (pictures, voices) = (viewer.video_slots.clone(), viewer.audio_slots.clone());
    assert_eq!(marks(&mut viewer, pictures[0]), [1]);
    assert_eq!(marks(&mut viewer, pictures[1]), [2]);
    let mut heard: Vec<Vec<u8>> = voices.iter().map(|ssrc| marks(&mut viewer, *ssrc)).collect();
    heard.sort();
    assert_eq!(heard, [vec![], vec![1], vec![2]]);
    for client in [&mut one, &mut two] {
        let other = (3 - client.number) as u8;
        let slot = client.video_slots[0];
        client.receive_until("the other's picture", |client| client.rtp.len() > 30);
        assert_eq!(marks(client, slot), [other]);
    }
}

/// The offer of one names the other's SSRCs as its own, on lines of another kind, sends on them,
/// reports for them, asks for their packets and says goodbye in their name: nothing of that touches
/// the other's media, nor leaves the thief's own line.
#[test]
fn announcing_and_using_anothers_ssrc() {
    let mut fixture = Fixture::start();
    let room = lesson("7b");
    let mut camera = Camera::new("v", None, (640, 360), 5);
    let voice_ssrc = 9;
    let mut victim = fixture.join(&room, 1);
    let stolen = Offer { announced: [Some(camera.ssrc()), Some(voice_ssrc), Some(camera.ssrc())] };
    let mut thief = fixture.seat_with(&room, 2, stolen);
    fixture.enter(&mut thief);
    let mut viewer = fixture.join(&room, 3);
    fixture.show(&viewer, &[1, 2]);
    let mut voice = Microphone::new("a", voice_ssrc);
    let mut stolen_voice = Microphone::new("a", voice_ssrc);
    let mut stolen_camera = Camera::new("v", None, (640, 360), 5);
    for _ in 0..30 {
        for packet in stolen_camera.frame(STEP) {
            thief.send_rtp(&marked(packet, 2));
        }
        thief.send_rtp(&marked(stolen_voice.packet(20), 2));
        thief.send_rtcp(&in_the_name_of(camera.ssrc(), viewer.video_slots[0]));
        for packet in camera.frame(STEP) {
            victim.send_rtp(&marked(packet, 1));
        }
        victim.send_rtp(&marked(voice.packet(20), 1));
        let heard = viewer.rtp.len();
        viewer.receive_until("both voices", |client| client.rtp.len() > heard + 1);
    }
    let mut last = voice.packet(20);
    last.extend_from_slice(b"the last");
    victim.send_rtp(&marked(last, 1));
    let end = marked(b"the last".to_vec(), 1);
    viewer.receive_until("the victim's last word", |client| client.has(&end));
    let (pictures, voices) = (viewer.video_slots.clone(), viewer.audio_slots.clone());
    assert_eq!(marks(&mut viewer, pictures[0]), [1], "the victim's picture is the victim's");
    assert!(!marks(&mut viewer, pictures[1]).contains(&1), "and is nowhere else");
    for ssrc in voices {
        let heard = marks(&mut viewer, ssrc);
        assert!(heard.len() <= 1, "{heard:?} in one slot");
    }
    assert_eq!(fixture.metric("kreide_media_events_total", "retransmitted"), 0.0);
    assert_eq!(fixture.metric("kreide_media_room_panics_total", ""), 0.0);
}

/// A sender report, a NACK, a PLI and a BYE that name a stream and a slot of somebody else.
fn in_the_name_of(ssrc: u32, slot: u32) -> Vec<u8> {
    let mut compound = vec![0x80, 200, 0, 6];
    compound.extend_from_slice(&ssrc.to_be_bytes());
    compound.extend_from_slice(&[0x7f; 20]);
    kreide_media::rtcp::write_nack(&mut compound, ssrc, slot, &[1, 2, 3]);
    kreide_media::rtcp::write_pli(&mut compound, ssrc, slot);
    compound.extend_from_slice(&[0x81, 203, 0, 1]);
    compound.extend_from_slice(&ssrc.to_be_bytes());
    compound
}
