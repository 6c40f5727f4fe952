//! A lesson over real sockets and a real file: seats, order, resume, restart, degradation.

use std::sync::atomic::Ordering;

use crate::common::{Client, Fixture, lesson, pack, until};
use kreide_cluster::LessonLog;
use kreide_control::{ParticipantNo, Role};
use serde_json::json;

#[tokio::test]
async fn two_people_see_each_other() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Frau Ada").await;
    assert_eq!(teacher.joined["title"], "7b");
    assert_eq!(teacher.joined["lesson"], 1);
    assert_eq!(teacher.joined["snapshot"]["participants"][0]["name"], "Frau Ada");

    let mut pupil = server.person(Role::Pupil, "Ben").await;
    let event = teacher.wait_event("joined").await;
    assert_eq!(event["event"]["participant"]["name"], "Ben");
    let people = pupil.joined["snapshot"]["participants"].as_array().unwrap();
    assert_eq!(people.iter().map(|p| &p["name"]).collect::<Vec<_>>(), ["Frau Ada", "Ben"]);

    pupil.does(json!({ "type": "hand", "up": true })).await;
    assert_eq!(teacher.wait_event("hand").await["event"]["who"], pupil.me());
    let before = pupil.does(json!({ "type": "chat", "text": "  Guten Morgen " })).await;
    assert_eq!(before[0]["event"]["message"]["text"], "Guten Morgen", "the event, then the ok");
    assert_eq!(teacher.wait_event("chat").await["event"]["message"]["from"], pupil.me());
    assert_eq!(pupil.may_not(json!({ "type": "end" })).await, "DENIED");
    assert_eq!(pupil.may_not(json!({ "type": "chat", "text": " " })).await, "BAD_TEXT");
    assert_eq!(teacher.may_not(json!({ "type": "remove", "who": 77 })).await, "NOT_FOUND");
}

#[tokio::test]
async fn own_sequences_have_no_gaps() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Ada").await;
    let mut pupil = server.person(Role::Pupil, "Ben").await;
    for count in 0..20 {
        pupil.say(json!({ "type": "chat", "text": format!("{count}") })).await;
        teacher.say(json!({ "type": "hand", "up": count % 2 == 0 })).await;
    }
    for client in [&mut teacher, &mut pupil] {
        let mut last = client.joined["seq"].as_u64().unwrap();
        let mut chats = 0;
        while chats < 20 {
            let event = client.wait_for("event").await;
            assert_eq!(event["seq"].as_u64().unwrap(), last + 1);
            last += 1;
            chats += usize::from(event["event"]["kind"] == "chat");
        }
    }
}

#[tokio::test]
async fn the_newest_connection_has_the_seat() {
    let server = Fixture::start().await;
    let link = server.link("7b", Role::Pupil, "Ben").await;
    let mut first = server.join(&server.token(&link).await).await;
    first.does(json!({ "type": "hand", "up": true })).await;
    let mut second = server.join(&server.token(&link).await).await;
    assert_eq!(first.expect_end().await.as_deref(), Some("OPENED_ELSEWHERE"));
    assert_eq!(second.me(), first.me());
    let me = &second.joined["snapshot"]["participants"][0];
    assert!(me["hand"].is_u64() && me["online"] == true, "{me}");
    second.does(json!({ "type": "chat", "text": "still here" })).await;

    // The key of the older window is dead; the newer window's opens the seat.
    let client = Client::connect(server.address).await;
    assert_eq!(client.refused(first.resume()).await, "RESUME_INVALID");
    let mut third = Client::connect(server.address).await;
    third.join(second.resume()).await;
    assert_eq!(third.me(), first.me());
}

#[tokio::test]
async fn a_cut_connection_resumes_where_it_was() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Ada").await;
    let mut pupil = server.person(Role::Pupil, "Ben").await;
    pupil.does(json!({ "type": "hand", "up": true })).await;
    let events = pupil.does(json!({ "type": "chat", "text": "one" })).await;
    let since = events.last().unwrap()["seq"].as_u64().unwrap();
    let (key, me) = (pupil.resume(), pupil.me());
    pupil.cut();
    teacher.does(json!({ "type": "chat", "text": "two" })).await;
    let offline = teacher.wait_event("online").await;
    assert_eq!(
        (&offline["event"]["who"], &offline["event"]["online"]),
        (&json!(me), &json!(false))
    );

    let mut pupil = Client::connect(server.address).await;
    pupil.join_as(json!({ "with": key, "since": since })).await;
    assert_eq!(pupil.me(), me);
    assert!(pupil.joined["snapshot"].is_null());
    let missed = pupil.joined["missed"].as_array().unwrap();
    let kinds: Vec<_> = missed.iter().map(|m| m["event"]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["chat", "online", "online"]);
    for (place, missed) in (1..).zip(missed) {
        assert_eq!(missed["seq"].as_u64().unwrap(), since + place);
    }
    assert_eq!(pupil.joined["seq"].as_u64().unwrap(), since + 3);

    // A `since` that cannot be is answered with the whole state.
    let key = pupil.resume();
    let mut again = Client::connect(server.address).await;
    again.join_as(json!({ "with": key, "since": 10_000 })).await;
    assert!(again.joined["snapshot"]["participants"][1]["hand"].is_u64());
}

#[tokio::test]
async fn a_restart_keeps_seat_chat_and_hand() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Ada").await;
    let mut pupil = server.person(Role::Pupil, "Ben").await;
    pupil.does(json!({ "type": "hand", "up": true })).await;
    pupil.does(json!({ "type": "chat", "text": "before" })).await;
    teacher.does(json!({ "type": "lock", "what": "camera", "locked": true })).await;
    let (key, me, epoch) = (pupil.resume(), pupil.me(), pupil.joined["epoch"].as_u64().unwrap());

    let stopping = tokio::spawn(server.restart());
    assert_eq!(pupil.expect_end().await.as_deref(), Some("GOING_AWAY"));
    assert_eq!(teacher.expect_end().await.as_deref(), Some("GOING_AWAY"));
    let server = stopping.await.unwrap();

    let mut pupil = Client::connect(server.address).await;
    pupil.join(key).await;
    assert_eq!(pupil.me(), me);
    assert_eq!(pupil.joined["lesson"], 1);
    assert!(pupil.joined["epoch"].as_u64().unwrap() > epoch, "a new owner, a new epoch");
    let snapshot = &pupil.joined["snapshot"];
    assert!(snapshot["participants"][1]["hand"].is_u64());
    assert_eq!(snapshot["participants"][1]["rights"]["camera"], false);
    assert_eq!(snapshot["participants"][0]["name"], "Ada");
    assert_eq!(snapshot["chat"][0]["text"], "before");
}

#[tokio::test]
async fn a_removed_person_finds_no_way_back() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Ada").await;
    let link = server.link("7b", Role::Pupil, "Ben").await;
    let spare = server.token(&link).await;
    let mut pupil = server.join(&server.token(&link).await).await;
    teacher.does(json!({ "type": "remove", "who": pupil.me() })).await;
    assert_eq!(pupil.expect_end().await.as_deref(), Some("REMOVED"));

    let fresh = server.token(&link).await;
    for with in [json!({ "token": fresh }), json!({ "token": spare }), pupil.resume()] {
        let client = Client::connect(server.address).await;
        assert_eq!(client.refused(with).await, "REMOVED");
    }
    let server = server.restart().await;
    let client = Client::connect(server.address).await;
    assert_eq!(client.refused(json!({ "token": server.token(&link).await })).await, "REMOVED");
}

#[tokio::test]
async fn an_ended_lesson_is_followed_by_the_next() {
    let server = Fixture::start().await;
    let teacher_link = server.link("7b", Role::Teacher, "Ada").await;
    let mut teacher = server.join(&server.token(&teacher_link).await).await;
    let mut pupil = server.person(Role::Pupil, "Ben").await;
    teacher.say(json!({ "type": "end" })).await;
    assert_eq!(pupil.wait_event("ended").await["event"]["by"], teacher.me());
    assert_eq!(pupil.expect_end().await.as_deref(), Some("LESSON_ENDED"));
    assert_eq!(teacher.expect_end().await.as_deref(), Some("LESSON_ENDED"));
    let client = Client::connect(server.address).await;
    assert_eq!(client.refused(pupil.resume()).await, "LESSON_ENDED");

    let teacher = server.join(&server.token(&teacher_link).await).await;
    assert_eq!(teacher.joined["lesson"], 2);
    assert_eq!(teacher.joined["snapshot"]["participants"].as_array().unwrap().len(), 1);
    let client = Client::connect(server.address).await;
    assert_eq!(client.refused(pupil.resume()).await, "LESSON_ENDED", "the old key, the old lesson");
}

#[tokio::test]
async fn who_leaves_is_gone_and_comes_back_as_the_same() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Ada").await;
    let link = server.link("7b", Role::Pupil, "Ben").await;
    let mut pupil = server.join(&server.token(&link).await).await;
    pupil.does(json!({ "type": "leave" })).await;
    assert_eq!(pupil.expect_end().await, None, "nobody closes who leaves");
    assert_eq!(teacher.wait_event("left").await["event"]["who"], pupil.me());
    let again = server.join(&server.token(&link).await).await;
    assert_eq!(again.me(), pupil.me());
}

#[tokio::test]
async fn rooms_do_not_hear_each_other() {
    let server = Fixture::start().await;
    let mut here = server.person(Role::Teacher, "Ada").await;
    let link = server.link("8c", Role::Teacher, "Eve").await;
    let mut there = server.join(&server.token(&link).await).await;
    assert_eq!(there.joined["snapshot"]["participants"].as_array().unwrap().len(), 1);
    there.does(json!({ "type": "chat", "text": "over there" })).await;
    let before = here.does(json!({ "type": "chat", "text": "over here" })).await;
    assert_eq!(before.len(), 1, "{before:?}");
}

#[tokio::test]
async fn without_its_log_a_lesson_still_mutes() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Ada").await;
    let link = server.link("7b", Role::Pupil, "Ben").await;
    let mut pupil = Client::connect(server.address).await;
    let offer = pack("v=0");
    let token = server.token(&link).await;
    pupil.join_as(json!({ "with": { "token": token }, "offer": offer })).await;
    let me = pupil.me();
    pupil.does(json!({ "type": "send", "kind": "microphone", "on": true })).await;
    pupil.does(json!({ "type": "send", "kind": "camera", "on": true })).await;
    assert!(server.plane.rights(me).unwrap().microphone);

    server.log.down();
    assert_eq!(pupil.may_not(json!({ "type": "chat", "text": "lost" })).await, "DEGRADED");
    teacher.does(json!({ "type": "mute", "who": me, "kind": "microphone" })).await;
    assert!(!server.plane.rights(me).unwrap().microphone, "the mute acts without the log");
    assert!(server.plane.rights(me).unwrap().camera);
    teacher.does(json!({ "type": "lock", "who": me, "what": "camera", "locked": true })).await;
    assert!(!server.plane.rights(me).unwrap().camera);
    let again = json!({ "type": "send", "kind": "microphone", "on": true });
    assert_eq!(pupil.may_not(again.clone()).await, "DEGRADED", "raising needs the log");
    assert_eq!(teacher.may_not(json!({ "type": "hand", "up": true })).await, "DEGRADED");

    server.log.good();
    let event = pupil.wait_event("sending").await;
    assert_eq!(
        (&event["event"]["source"], &event["event"]["on"]),
        (&json!("microphone"), &json!(false))
    );
    pupil.wait_event("rights").await;
    pupil.does(again).await;
    assert!(server.plane.rights(me).unwrap().microphone);
    let stored = server.log.load(lesson(1)).await.unwrap();
    let text: String =
        stored.records.iter().map(|r| String::from_utf8_lossy(&r.body).into_owned()).collect();
    assert!(text.contains("lockSet"), "owed to the log and paid");
    assert!(!stored.payloads.iter().any(|payload| payload.text == "lost"));
}

#[tokio::test]
async fn a_lock_does_not_wait_for_the_disk_and_a_hand_does() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Ada").await;
    let link = server.link("7b", Role::Pupil, "Ben").await;
    let token = server.token(&link).await;
    let mut pupil = Client::connect(server.address).await;
    pupil.join_as(json!({ "with": { "token": token }, "offer": pack("v=0") })).await;
    let me = pupil.me();
    pupil.does(json!({ "type": "send", "kind": "microphone", "on": true })).await;

    server.log.slow();
    pupil.say(json!({ "type": "hand", "up": true })).await;
    pupil.say(json!({ "type": "send", "kind": "camera", "on": true })).await;
    // A view needs no log: its answer says that what was said before has been judged.
    pupil.does(json!({ "type": "view", "slots": [] })).await;
    teacher.say(json!({ "type": "lock", "what": "microphone", "locked": true })).await;
    until("the microphone is shut", || !server.plane.rights(me).unwrap().microphone).await;
    assert!(!server.plane.rights(me).unwrap().camera, "what is raised waits for the disk");
    pupil.say(json!({ "type": "ping" })).await;
    assert_eq!(pupil.next().await["type"], "pong", "no event was sent before it was on disk");

    server.log.good();
    pupil.wait_event("hand").await;
    pupil.wait_event("rights").await;
    until("the camera is open", || server.plane.rights(me).unwrap().camera).await;
}

#[tokio::test]
async fn media_follows_the_lesson() {
    use kreide_control::{
        Audience, Command, DisconnectReason, Event, SlotMapping, Source, SourceKind,
    };

    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Ada").await;
    let link = server.link("7b", Role::Pupil, "Ben").await;
    let token = server.token(&link).await;
    let mut pupil = Client::connect(server.address).await;
    pupil.join_as(json!({ "with": { "token": token }, "offer": pack("v=0") })).await;
    assert_eq!(pupil.joined["media"]["answer"], "v=0 answer");
    assert_eq!(pupil.joined["media"]["videoSlots"], 9);
    let wish = |who: u64, kind: &str| {
        json!({ "type": "view", "slots": [
            { "slot": 0, "source": { "participant": who, "kind": kind }, "height": 180 }] })
    };
    pupil.does(wish(teacher.me(), "camera")).await;
    let asked = |order: &Command| matches!(order, Command::SetView { .. });
    assert!(server.plane.orders().iter().any(asked));
    assert_eq!(pupil.may_not(wish(77, "camera")).await, "NOT_FOUND");
    assert_eq!(pupil.may_not(wish(teacher.me(), "microphone")).await, "BAD_MESSAGE");

    let no = ParticipantNo(u32::try_from(pupil.me()).unwrap());
    let source = Source { participant: ParticipantNo(1), kind: SourceKind::Camera };
    let slots = vec![SlotMapping { slot: 0, source: Some(source), from_timestamp: 7 }];
    let event = Event::Slots { lesson: lesson(1), participant: no, slots };
    server.events.send(event).await.unwrap();
    let slots = pupil.wait_for("slots").await;
    assert_eq!(slots["slots"][0]["fromTimestamp"], 7);
    let mut audience = Audience::default();
    for (staff, who) in [(true, ParticipantNo(1)), (false, no)] {
        audience.staff = staff;
        let event = Event::Speaking { lesson: lesson(1), audience, participants: vec![who] };
        server.events.send(event).await.unwrap();
    }
    // The teacher has no transport: what counts is where the lesson has them.
    for (client, who) in [(&mut teacher, 1), (&mut pupil, no.0)] {
        let told = client.wait_for("speaking").await;
        assert_eq!(told["who"], json!([who]), "not what another audience hears");
    }

    // The WebSocket dies: the transport lives on, and a resume without an offer keeps it.
    let (key, me) = (pupil.resume(), pupil.me());
    pupil.cut();
    teacher.wait_event("online").await;
    let mut pupil = Client::connect(server.address).await;
    pupil.join(key).await;
    assert!(server.plane.rights(me).is_some());
    assert_eq!(pupil.next().await["slots"][0]["fromTimestamp"], 7, "what the slots still carry");
    assert_eq!(pupil.next().await["who"], json!([me]), "who still speaks");

    // The transport dies: the browser is asked for a new offer.
    let reason = DisconnectReason::ConsentExpired;
    let event = Event::Disconnected { lesson: lesson(1), participant: no, reason };
    server.events.send(event).await.unwrap();
    pupil.wait_for("mediaLost").await;
    let (reply, before) = pupil.ask(json!({ "type": "offer", "offer": pack("v=0 again") })).await;
    assert_eq!(reply["type"], "ok");
    assert_eq!(before.last().unwrap()["type"], "media");
    let refused = json!({ "type": "offer", "offer": pack("refuse me") });
    assert_eq!(pupil.may_not(refused).await, "OFFER_INVALID");

    // A full plane is told again until it listens.
    pupil.does(json!({ "type": "offer", "offer": pack("v=0") })).await;
    server.plane.overloaded.store(true, Ordering::Relaxed);
    teacher.does(json!({ "type": "remove", "who": me })).await;
    assert!(server.plane.rights(me).is_some());
    server.plane.overloaded.store(false, Ordering::Relaxed);
    until("the transport is closed", || server.plane.rights(me).is_none()).await;
}

#[tokio::test]
async fn who_is_cut_while_joining_goes_offline() {
    let server = Fixture::start().await;
    let mut teacher = server.person(Role::Teacher, "Ada").await;
    let link = server.link("7b", Role::Pupil, "Ben").await;
    let with = json!({ "token": server.token(&link).await });
    server.log.slow();
    let mut pupil = Client::connect(server.address).await;
    pupil.say(json!({ "type": "join", "version": 1, "with": with })).await;
    let open = async || server.metric("kreide_connections ").await;
    while open().await < 1.5 || server.metric("kreide_messages_total{type=\"join\"}").await < 1.5 {}
    pupil.cut();
    while open().await > 1.5 {}
    server.log.good();
    let who = teacher.wait_event("joined").await["event"]["participant"]["no"].clone();
    let offline = teacher.wait_event("online").await;
    assert_eq!((&offline["event"]["who"], &offline["event"]["online"]), (&who, &json!(false)));
}

#[tokio::test]
async fn a_fault_in_one_lesson_costs_a_reconnect() {
    let server = Fixture::start().await;
    let link = server.link("8c", Role::Pupil, "Cem").await;
    let mut elsewhere = server.join(&server.token(&link).await).await;
    let mut teacher = server.person(Role::Teacher, "Ada").await;
    let link = server.link("7b", Role::Pupil, "Ben").await;
    let with = json!({ "token": server.token(&link).await });
    let mut pupil = Client::connect(server.address).await;
    pupil.join_as(json!({ "with": with, "offer": pack("v=0") })).await;
    server.plane.faulty.store(true, Ordering::Relaxed);
    pupil.say(json!({ "type": "send", "kind": "camera", "on": true })).await;
    assert_eq!(pupil.expect_end().await.as_deref(), Some("GOING_AWAY"));
    assert_eq!(teacher.expect_end().await.as_deref(), Some("GOING_AWAY"), "also who is silent");

    let key = pupil.resume();
    let me = pupil.me();
    let mut pupil = Client::connect(server.address).await;
    pupil.join(key).await;
    assert_eq!((pupil.me(), &pupil.joined["epoch"]), (me, &json!(2)));
    assert!(server.plane.rights(me).is_none(), "the new owner begins without unknown media");
    assert!((server.metric("kreide_participants{tenant=\"school\"}").await - 2.0).abs() < 0.5);
    elsewhere.does(json!({ "type": "hand", "up": true })).await;
}
