//! M8: crooked packets of somebody who has the keys (pion interceptor CVE-2025-49140 and others).

use kreide_sfu_testkit::{Camera, Microphone, STEP};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::fixture::{Client, Fixture, lesson};

/// Every crooked packet we can think of, and two thousand that chance thinks of: nothing panics, the
/// room goes on, and so does the session of whoever sent them.
#[test]
fn malformed_rtp_and_rtcp() {
    let mut fixture = Fixture::start();
    let room = lesson("7b");
    let mut speaker = fixture.join(&room, 1);
    let mut fuzzer = fixture.join(&room, 2);
    let mut listener = fixture.join(&room, 3);
    fixture.show(&listener, &[2]);
    fixture.show(&fuzzer, &[1]);
    let mut voice = Microphone::new("a", 9);
    let mut talk = |speaker: &mut Client, listener: &mut Client| {
        let mut packet = voice.packet(10);
        let word = voice.clock().1.to_be_bytes();
        packet.extend_from_slice(&word);
        speaker.send_rtp(&packet);
        listener.receive_until("the voice", |client| client.has(&word));
        listener.rtp.clear();
    };
    let crooked = crooked_rtp().into_iter().map(|packet| (packet, false));
    let reports = crooked_rtcp(fuzzer.video_slots[0]).into_iter().map(|packet| (packet, true));
    for (count, (packet, rtcp)) in crooked.chain(reports).enumerate() {
        assert!(fuzzer.send_crooked(&packet, rtcp), "{packet:02x?}");
        if count % 20 == 0 {
            talk(&mut speaker, &mut listener);
        }
    }

    let mut random = StdRng::seed_from_u64(8);
    let mut camera = Camera::new("v", None, (640, 360), 5);
    let mut own_voice = Microphone::new("a", 10);
    for round in 0..500 {
        let reports = crooked_rtcp(fuzzer.video_slots[random.random_range(0..3)]);
        let report = &reports[random.random_range(0..reports.len())];
        let [first, ..] = &camera.frame(STEP)[..] else { panic!("a frame has packets") };
        for (packet, rtcp) in
            [(first, false), (&own_voice.packet(20), false), (report, true), (report, true)]
        {
            fuzzer.send_crooked(&mutated(packet, &mut random), rtcp);
        }
        if round % 20 == 0 {
            talk(&mut speaker, &mut listener);
        }
    }
    talk(&mut speaker, &mut listener);
    // A crooked stream stands in the way of its true one until it has been silent for a while, and
    // has spoilt its own numbers for good.
    let mut own_voice = Microphone::new("a", 11);
    listener.receive_until("the fuzzer's own voice", |client| {
        let mut packet = own_voice.packet(5);
        packet.extend_from_slice(b"still here");
        fuzzer.send_rtp(&packet);
        client.has(b"still here")
    });
    assert_eq!(fixture.metric("kreide_media_room_panics_total", ""), 0.0);
    assert_eq!(fixture.metric("kreide_media_transports_ended_total", ""), 0.0);
    fixture.order(kreide_control::Command::End { lesson: room });
    fixture.wait_metric("kreide_media_rooms", "", |rooms| rooms == 0.0);
    let counted = fixture.metric("kreide_media_events_total", "malformed");
    assert!(counted > 100.0, "{counted}");
}

/// A packet with something changed. The SSRC stays: a transport takes few of them, and everything
/// behind would be dropped unread.
fn mutated(packet: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut packet = packet.to_vec();
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..packet.len());
        match random.random_range(0..4) {
            0 if at > 12 => packet.truncate(at),
            1 if at > 12 => packet[at] = [0, 1, 0x7f, 0x80, 0xff][random.random_range(0..5)],
            2 if at > 12 => packet.insert(at, random.random()),
            _ if (4..12).contains(&at) => {}
            _ => packet[at] ^= 1 << random.random_range(0..8),
        }
    }
    packet[0] = packet[0] & 0x3f | 0x80;
    packet
}

/// Header of a camera packet with this first byte, payload type and what follows the SSRC.
fn rtp(first: u8, payload_type: u8, sequence: u16, rest: &[u8]) -> Vec<u8> {
    let mut packet = vec![first, payload_type];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&[0, 0, 0, 9, 0, 0, 0x77, 0x77]);
    packet.extend_from_slice(rest);
    packet
}

fn crooked_rtp() -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let mut sequence = 0;
    let mut push = |first: u8, payload_type: u8, rest: &[u8]| {
        sequence += 1;
        packets.push(rtp(first, payload_type, sequence, rest));
    };
    // The line's name, so that the packets belong to the camera, or the microphone.
    let (video, audio) =
        ([0xbe, 0xde, 0, 1, 0x40, b'v', 0, 0], [0xbe, 0xde, 0, 1, 0x40, b'a', 0, 0]);
    let with = |block: &[u8], rest: &[u8]| [block, rest].concat();
    // Padding: of no length, of more than there is, of all there is, of nothing at all.
    for padding in [&[][..], &[0], &[1], &[2], &[255], &[1, 2, 3, 0], &[1, 2, 3, 4], &[1, 2, 3, 5]]
    {
        push(0xb0, 96, &with(&video, padding));
        push(0xb0, 111, &with(&audio, padding));
        push(0xb0, 97, &with(&video, padding));
        push(0xa0, 96, padding);
    }
    // VP8 descriptors that break off, or promise more than there is.
    let descriptor = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    for end in 0..=descriptor.len() {
        push(0x90, 96, &with(&video, &descriptor[..end]));
        push(0x90, 97, &with(&video, &descriptor[..end]));
    }
    for second in 0..=255 {
        push(0x90, 96, &with(&video, &[0x90, second]));
    }
    // Keyframes whose size breaks off, or is none.
    let keyframe = [0x10, 0x00, 0x00, 0x00, 0x9d, 0x01, 0x2a, 0, 0, 0, 0];
    for end in 1..=keyframe.len() {
        push(0x90, 96, &with(&video, &keyframe[..end]));
    }
    // Extensions: values longer than the block, ends, padding with a length, both forms, foreign ones.
    for block in [
        [0xbe, 0xde, 0, 1, 0x4f, b'v', 0, 0],
        [0xbe, 0xde, 0, 1, 0x4f, b'v', b'v', b'v'],
        [0xbe, 0xde, 0, 1, 0xf0, 0x40, b'v', 0],
        [0xbe, 0xde, 0, 1, 0x0f, 0x40, b'v', 0],
        [0xbe, 0xde, 0, 1, 0x30, 1, 0x40, b'v'],
        [0xbe, 0xde, 0, 1, 0x40, 0xff, 0xfe, 0xfd],
        [0x10, 0x00, 0, 1, 4, 0, 4, 1],
        [0x10, 0x00, 0, 1, 4, 255, b'v', 0],
        [0x10, 0x0f, 0, 1, 4, 1, b'v', 3],
        [0x42, 0x42, 0, 1, 4, 1, b'v', 3],
        [0, 0, 0, 1, 0, 0, 0, 0],
    ] {
        push(0x90, 96, &with(&block, &[0x10, 0, 1]));
        push(0x90, 111, &with(&block, &[1]));
    }
    push(0x90, 96, &[0xbe, 0xde, 0, 0]);
    push(0x9f, 96, &with(&[7; 60], &video));
    // Types that nobody agreed to.
    for payload_type in [0, 95, 98, 127, 96 | 0x80, 111 | 0x80] {
        push(0x90, payload_type, &with(&video, &[0x10, 0, 1]));
    }
    packets
}

/// `slot` is a stream that the sender of the report receives.
fn crooked_rtcp(slot: u32) -> Vec<Vec<u8>> {
    let ssrc = slot.to_be_bytes();
    let packet = |first: u8, kind: u8, words: u16, body: &[&[u8]]| {
        let mut packet = vec![first, kind];
        packet.extend_from_slice(&words.to_be_bytes());
        packet.extend(body.concat());
        while packet.len() < 8 {
            packet.push(0);
        }
        packet
    };
    let mut packets = Vec::new();
    for kind in 192..=223 {
        // No body, no room for what the count promises, a length beyond the end, padding of anything.
        packets.push(packet(0x80, kind, 0, &[]));
        packets.push(packet(0x9f, kind, 1, &[&ssrc]));
        packets.push(packet(0x81, kind, 0xffff, &[&ssrc, &ssrc]));
        packets.push(packet(0xa1, kind, 2, &[&ssrc, &[0xff; 4]]));
        packets.push(packet(0x81, kind, 6, &[&[0xff; 24]]));
    }
    // SDES: an item longer than its chunk, one without an end, a chunk without items.
    packets.push(packet(0x81, 202, 2, &[&ssrc, &[1, 255, b'x', b'x']]));
    packets.push(packet(0x9f, 202, 3, &[&ssrc, &[1, 1, b'x', 2, 9, 9, 9, 9]]));
    packets.push(packet(0x82, 202, 2, &[&ssrc, &ssrc]));
    // XR: blocks of no and of endless length.
    packets.push(packet(0x80, 207, 2, &[&ssrc, &[4, 0, 0, 0]]));
    packets.push(packet(0x80, 207, 2, &[&ssrc, &[255, 255, 255, 255]]));
    // NACK of everything; FIR and PLI of the slot; transport feedback that covers 65,535 packets.
    let everything = [0xff; 1_200];
    packets.push(packet(0x81, 205, 302, &[&ssrc, &ssrc, &everything]));
    packets.push(packet(0x84, 206, 4, &[&ssrc, &ssrc, &ssrc, &[255; 4]]));
    packets.push(packet(0x84, 206, 2, &[&ssrc, &ssrc]));
    packets.push(packet(0x8f, 205, 4, &[&ssrc, &ssrc, &[255; 8]]));
    packets.push(packet(0x8f, 206, 5, &[&ssrc, &[0; 4], b"REMB", &[255; 8]]));
    // Reports of the far future and of a past before all packets.
    packets.push(packet(0x81, 201, 7, &[&ssrc, &ssrc, &[255; 20]]));
    packets.push(packet(0x81, 200, 12, &[&ssrc, &[255; 20], &ssrc, &[128; 20]]));
    packets.push(packet(0x81, 200, 12, &[&ssrc, &[0; 20], &ssrc, &[0; 20]]));
    // As many packets as a datagram holds.
    packets.push([0x80, 203, 0, 0].repeat(300));
    packets
}
