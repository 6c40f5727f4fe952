//! Rooms on several shards, and faults of our own in one room, which no input is known to cause: a
//! test-only order does.

use kreide_control::{Command, Event, MediaRights};
use kreide_sfu_testkit::Microphone;

use super::Node;
use crate::shard::Order;
use fixture::{Client, Fixture, lesson};

#[path = "../../tests/attacks/fixture/mod.rs"]
#[allow(dead_code, unused_imports, reason = "much of it is for the attacks")]
mod fixture;

impl Node {
    fn fault(&self, room: &str) {
        let lesson = lesson(room);
        let home = self.placement.home(&lesson).shard;
        self.shards[home].give(Order::Fault(lesson)).expect("a shard that has time");
    }
}

fn talk(speaker: &mut Client, listener: &mut Client, voice: &mut Microphone) {
    speaker.send_rtp(&word(voice));
    let word = mark(voice);
    listener.receive_until("the voice", |client| client.has(&word));
}

/// Speaks until a listener on another shard hears it: until a voice is chosen it does not cross.
fn talk_across(speaker: &mut Client, listener: &mut Client, voice: &mut Microphone) {
    let mut words = Vec::new();
    listener.receive_until("the voice", |client| {
        speaker.send_rtp(&word(voice));
        words.push(mark(voice));
        words.iter().any(|word| client.has(word))
    });
}

/// What the last packet of a voice ends in: its SSRC and timestamp.
fn mark(voice: &Microphone) -> [u8; 8] {
    let (ssrc, timestamp) = voice.clock();
    (u64::from(ssrc) << 32 | u64::from(timestamp)).to_be_bytes()
}

/// The next packet of a voice, with its timestamp behind it.
fn word(voice: &mut Microphone) -> Vec<u8> {
    let mut packet = voice.packet(10);
    packet.extend_from_slice(&voice.clock().1.to_be_bytes());
    packet
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

/// Six people of one room, two on each of three shards, hear each other; so do those of another
/// room. Signaling's orders find everybody where they are.
#[test]
fn a_room_on_three_shards() {
    let mut fixture = Fixture::start_with(3, 2);
    let hall = lesson("hall");
    let mut people: Vec<Client> = (1..=6).map(|number| fixture.join(&hall, number)).collect();
    assert_eq!(fixture.metric("kreide_media_rooms", ""), 3.0, "it has three parts");
    for speaker in [0, 3, 5] {
        let mut voice = Microphone::new("a", 10 + speaker as u32);
        let mut speaks = people.remove(speaker);
        for listener in &mut people {
            talk_across(&mut speaks, listener, &mut voice);
        }
        // Locked by its own shard, it is heard on none; what comes later is heard again.
        let refused = fixture.metric("kreide_media_events_total", "refused");
        fixture.allow(&speaks, MediaRights::default());
        speaks.send_rtp(&word(&mut voice));
        let silenced = mark(&voice);
        fixture.wait_metric("kreide_media_events_total", "refused", |count| count > refused);
        fixture.allow(&speaks, MediaRights { microphone: true, camera: true, content: true });
        for listener in &mut people {
            talk_across(&mut speaks, listener, &mut voice);
            assert!(!listener.has(&silenced));
        }
        people.insert(speaker, speaks);
    }
    // Who comes back gets its old place, and who leaves makes room for somebody else.
    let back = fixture.join(&hall, 2);
    assert_eq!(back.server, people[1].server);
    fixture.end(&people[4]);
    let next = fixture.join(&hall, 7);
    assert_eq!(next.server, people[4].server);
    fixture.order(Command::End { lesson: hall.clone() });
    fixture.wait_metric("kreide_media_rooms", "", |count| count == 0.0);
    assert_eq!(fixture.metric("kreide_media_transports", ""), 0.0);
}

/// A fault in one part ends the room on all shards, and is told once. All may come again.
#[test]
fn a_panic_in_one_part() {
    let mut fixture = Fixture::start_with(2, 1);
    let (here, there) = (lesson("7b"), lesson("8c"));
    let (mut cem, mut dan) = (fixture.join(&there, 1), fixture.join(&there, 2));
    let mut cem_voice = Microphone::new("a", 4);
    for round in 1..=2_u32 {
        let (mut ada, mut ben) = (fixture.join(&here, 1), fixture.join(&here, 2));
        assert_ne!(ada.server, ben.server);
        let mut ada_voice = Microphone::new("a", 3);
        talk_across(&mut ada, &mut ben, &mut ada_voice);
        fixture.node.fault("7b");
        let failed = fixture.wait_event(|event| {
            matches!(event, Event::RoomFailed { .. } | Event::Disconnected { .. })
        });
        assert_eq!(failed, Event::RoomFailed { lesson: here.clone() });
        for client in [&mut ada, &mut ben] {
            client.receive_until("the goodbye", |client| client.is_told_goodbye());
        }
        assert_eq!(fixture.metric("kreide_media_room_panics_total", ""), f64::from(round));
        fixture.wait_metric("kreide_media_transports", "", |count| count == 2.0);
        talk_across(&mut cem, &mut dan, &mut cem_voice);
    }
}
