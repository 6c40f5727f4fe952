//! Faults of our own in one room, which no input is known to cause: a test-only order does.

use kreide_control::Event;
use kreide_sfu_testkit::Microphone;

use super::Node;
use crate::shard::Order;
use fixture::{Client, Fixture, lesson};

#[path = "../../tests/attacks/fixture/mod.rs"]
#[allow(dead_code, unused_imports, reason = "most of it is for the attacks")]
mod fixture;

impl Node {
    fn fault(&self, room: &str) {
        let lesson = lesson(room);
        self.place(&lesson).give(Order::Fault(lesson.clone())).expect("a shard that has time");
    }
}

fn talk(speaker: &mut Client, listener: &mut Client, voice: &mut Microphone) {
    let mut packet = voice.packet(10);
    let word = voice.clock().1.to_be_bytes();
    packet.extend_from_slice(&word);
    speaker.send_rtp(&packet);
    listener.receive_until("the voice", |client| client.has(&word));
}

/// A panic ends the room it happened in: its people are told, by the event and by DTLS, and may
/// come again. On the same thread, in the same moment, another room's media goes on.
#[test]
fn a_panic_in_one_room() {
    let mut fixture = Fixture::start();
    let (here, there) = (lesson("7b"), lesson("8c"));
    let (mut ada, mut ben) = (fixture.join(&here, 1), fixture.join(&here, 2));
    let (mut cem, mut dan) = (fixture.join(&there, 1), fixture.join(&there, 2));
    let (mut ada_voice, mut cem_voice) = (Microphone::new("a", 3), Microphone::new("a", 4));
    talk(&mut ada, &mut ben, &mut ada_voice);
    talk(&mut cem, &mut dan, &mut cem_voice);

    for round in 1..=3_u32 {
        fixture.node.fault("7b");
        talk(&mut cem, &mut dan, &mut cem_voice);
        let failed = fixture.wait_event(|event| {
            matches!(event, Event::RoomFailed { .. } | Event::Disconnected { .. })
        });
        assert_eq!(failed, Event::RoomFailed { lesson: here.clone() });
        assert_eq!(fixture.metric("kreide_media_room_panics_total", ""), f64::from(round));
        assert_eq!(fixture.metric("kreide_media_rooms", ""), 1.0);
        assert_eq!(fixture.metric("kreide_media_transports", ""), 2.0);
        // What its people still send leads nowhere, and they hear a goodbye.
        let strays = fixture.metric("kreide_media_strays_total", "");
        ada.send_rtp(&ada_voice.packet(10));
        fixture.wait_metric("kreide_media_strays_total", "", |count| count == strays + 1.0);
        ben.receive_until("the goodbye", |client| client.is_told_goodbye());
        talk(&mut cem, &mut dan, &mut cem_voice);

        ada = fixture.join(&here, 1);
        ben = fixture.join(&here, 2);
        ada_voice = Microphone::new("a", 3);
        talk(&mut ada, &mut ben, &mut ada_voice);
    }
    drop(fixture);
    cem.receive_until("the end", |client| client.is_told_goodbye());
}
