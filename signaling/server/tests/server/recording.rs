//! Recordings over real sockets: who is told, who is recorded, and what ends it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use kreide_cluster::LessonLog;
use kreide_control::{Command, RecorderEvent, RecordingEnd, RecordingId, Role};
use kreide_server::Config;
use serde_json::{Value, json};

use crate::common::{Client, Fixture, Order, lesson, pack, until};

/// Long enough that nothing begins while a test runs.
const NEVER: Duration = Duration::from_secs(3_600);
const SOON: Duration = Duration::from_millis(50);

async fn start(recording_lead: Duration) -> Fixture {
    let config = Config { recording_lead, ..Config::standard() };
    Fixture::start_in(tempfile::tempdir().unwrap(), config).await
}

/// Someone with media.
async fn seated(server: &Fixture, link: &str) -> Client {
    let token = server.token(link).await;
    let mut client = Client::connect(server.address).await;
    client.join_as(json!({ "with": { "token": token }, "offer": pack("v=0") })).await;
    client
}

/// A teacher, a pupil whom the school may record, and one whom it may not: numbers 1, 2, 3.
async fn class(server: &Fixture) -> [Client; 3] {
    let teacher = server.link("7b", Role::Teacher, "Ada").await;
    let may = server.recordable_link(Role::Pupil, "Ben").await;
    let may_not = server.link("7b", Role::Pupil, "Cem").await;
    let mut class = Vec::new();
    for link in [teacher, may, may_not] {
        class.push(seated(server, &link).await);
    }
    class.try_into().unwrap_or_else(|_| unreachable!("three links, three people"))
}

fn record(on: bool) -> Value {
    json!({ "type": "record", "on": on })
}

fn yes(to: &str) -> Value {
    json!({ "type": "recordConsent", "to": to })
}

fn no() -> Value {
    json!({ "type": "recordConsent" })
}

/// Announces a recording; returns its id.
async fn announced(teacher: &mut Client) -> String {
    let before = teacher.does(record(true)).await;
    let told = |said: &Value| Some(said["event"]["recording"]["id"].as_str()?.to_owned());
    before.iter().find_map(told).expect("it is told before it is answered")
}

/// The next news of the recording.
async fn news(client: &mut Client) -> Value {
    client.wait_event("recording").await["event"].take()
}

/// Records with the consent of number 2, until it runs.
async fn running(server: &Fixture, [teacher, pupil, other]: &mut [Client; 3]) -> RecordingId {
    let id = announced(teacher).await;
    // Not `does`, which would pass over the news.
    pupil.say(yes(&id)).await;
    for client in [teacher, pupil, other] {
        while news(client).await["recording"]["running"] != true {}
    }
    until("1 and 2 are recordable", || server.plane.recordable() == [1, 2]).await;
    server.recorder.recording().unwrap().recording
}

#[tokio::test]
async fn all_are_told_and_then_it_begins() {
    let server = start(Duration::from_secs(1)).await;
    let mut class = class(&server).await;
    let [teacher, pupil, other] = &mut class;
    assert_eq!(teacher.joined["mayBeRecorded"], false);
    assert_eq!(pupil.joined["mayBeRecorded"], true);

    teacher.does(record(true)).await;
    let announced = news(pupil).await["recording"].take();
    pupil.does(yes(announced["id"].as_str().unwrap())).await;
    assert_eq!(server.recorder.orders(), []);
    assert_eq!(server.plane.recordable(), [] as [u64; 0]);
    assert_eq!(teacher.wait_event("recorded").await["event"]["who"], 2);
    assert_eq!((&announced["by"], &announced["running"]), (&json!(1), &json!(false)));
    assert_eq!(news(other).await["recording"], announced);
    let began = news(other).await["recording"].clone();
    assert_eq!((&began["id"], &began["running"]), (&announced["id"], &json!(true)));
    assert!(began["since"].as_i64() >= announced["since"].as_i64(), "no sooner than promised");
    assert_eq!(news(pupil).await["recording"], began);

    until("the recorder was told", || !server.recorder.orders().is_empty()).await;
    let orders = server.recorder.orders();
    let [Order::Record(order, recordable)] = &orders[..] else { panic!("{orders:?}") };
    assert_eq!(order.recording.as_str(), began["id"].as_str().unwrap());
    assert_eq!((&order.lesson, order.by.0), (&lesson(1), 1));
    assert_eq!(Some(order.started), began["since"].as_i64());
    assert_eq!(recordable, &[1, 2], "the plane knew whom, before the recorder could hear any");

    teacher.does(record(false)).await;
    assert_eq!(server.plane.recordable(), [] as [u64; 0]);
    assert_eq!(server.recorder.orders()[1..], [Order::Stop(lesson(1))]);
    for client in &mut class[1..] {
        let stopped = news(client).await;
        assert!(stopped["recording"].is_null());
        let what = json!({ "id": began["id"], "why": "ordered", "kept": true });
        assert_eq!(stopped["stopped"], what);
    }
}

#[tokio::test]
async fn what_is_stopped_in_time_was_never_recorded() {
    let server = start(NEVER).await;
    let [mut teacher, mut pupil, _other] = class(&server).await;
    let id = announced(&mut teacher).await;
    assert_eq!(news(&mut pupil).await["recording"]["running"], false);
    teacher.does(record(true)).await;
    pupil.does(yes(&id)).await;
    teacher.does(record(false)).await;
    let stopped = news(&mut pupil).await;
    assert_eq!((&stopped["recording"], &stopped["stopped"]["kept"]), (&json!(null), &json!(false)));
    assert_eq!(server.recorder.orders(), []);
    // A yes to the one is no yes to the next.
    teacher.does(record(true)).await;
    let again = server.recordable_link(Role::Teacher, "Eve").await;
    let colleague = seated(&server, &again).await;
    assert_eq!(colleague.joined["snapshot"]["recorded"], json!([]));
    assert_eq!(pupil.may_not(yes(&id)).await, "NOT_FOUND", "not even one that was long on its way");
}

#[tokio::test]
async fn who_comes_late_is_told() {
    let server = start(SOON).await;
    let mut class = class(&server).await;
    let id = running(&server, &mut class).await;
    let late = server.recordable_link(Role::Pupil, "Dan").await;
    let mut late = seated(&server, &late).await;
    let recording = &late.joined["snapshot"]["recording"];
    assert_eq!(recording["id"], id.as_str());
    assert_eq!((&recording["by"], &recording["running"]), (&json!(1), &json!(true)));
    assert_eq!(late.joined["snapshot"]["recorded"], json!([]), "who else is in it is not theirs");
    assert_eq!(server.plane.recordable(), [1, 2]);
    late.does(yes(id.as_str())).await;
    until("4 is recordable", || server.plane.recordable() == [1, 2, 4]).await;

    let colleague = server.link("7b", Role::Teacher, "Eve").await;
    let colleague = seated(&server, &colleague).await;
    assert_eq!(colleague.joined["snapshot"]["recorded"], json!([2, 4]));
    assert_eq!(server.plane.recordable(), [1, 2, 4], "a colleague is recorded only if asked");
    // Back after a cut, with and without the state.
    for (since, recorded) in [(1, Value::Null), (10_000, json!([4]))] {
        let key = late.resume();
        late = Client::connect(server.address).await;
        late.join_as(json!({ "with": key, "since": since })).await;
        assert_eq!(late.joined["snapshot"]["recorded"], recorded);
        assert_eq!(server.plane.recordable(), [1, 2, 4]);
    }
}

/// Consents and refusals are between a person and the teachers.
#[tokio::test]
async fn a_pupil_does_not_learn_who_said_yes() {
    let server = start(NEVER).await;
    let [mut teacher, mut pupil, mut other] = class(&server).await;
    let id = announced(&mut teacher).await;
    pupil.does(yes(&id)).await;
    pupil.does(no()).await;
    for on in [true, false] {
        let recorded = teacher.wait_event("recorded").await["event"].take();
        assert_eq!((&recorded["who"], &recorded["on"]), (&json!(2), &json!(on)));
    }
    let before = other.does(json!({ "type": "hand", "up": true })).await;
    assert!(!before.iter().any(|message| message["event"]["kind"] == "recorded"), "{before:?}");
}

#[tokio::test]
async fn only_teachers_record_and_only_who_may_be_recorded_consents() {
    let server = start(NEVER).await;
    let [mut teacher, mut pupil, mut other] = class(&server).await;
    assert_eq!(pupil.may_not(record(true)).await, "DENIED");
    assert_eq!(pupil.may_not(record(false)).await, "DENIED");
    assert_eq!(pupil.may_not(yes("r")).await, "NOT_FOUND", "to what?");
    assert_eq!(pupil.may_not(yes("r/../s")).await, "BAD_MESSAGE");
    let id = announced(&mut teacher).await;
    assert_eq!(pupil.may_not(record(false)).await, "DENIED");
    assert_eq!(other.may_not(yes(&id)).await, "DENIED", "the school says no");
    assert_eq!(teacher.may_not(no()).await, "DENIED", "who records is in it");
    other.does(no()).await;
    assert_eq!(server.recorder.orders(), []);
}

#[tokio::test]
async fn a_no_acts_without_the_log_and_a_yes_does_not() {
    let server = start(SOON).await;
    let mut class = class(&server).await;
    let id = running(&server, &mut class).await;
    let [teacher, pupil, _other] = &mut class;
    server.log.slow();
    pupil.say(no()).await;
    until("the no acts without the disk", || server.plane.recordable() == [1]).await;
    server.log.good();
    while pupil.wait_event("recorded").await["event"]["on"] != false {}
    server.log.slow();
    pupil.say(yes(id.as_str())).await;
    // Whatever is told to the plane meanwhile.
    pupil.say(json!({ "type": "send", "kind": "camera", "on": false })).await;
    pupil.does(json!({ "type": "view", "slots": [] })).await;
    assert_eq!(server.plane.recordable(), [1], "the yes waits for it");
    server.log.good();
    until("the yes is on disk", || server.plane.recordable() == [1, 2]).await;

    server.log.down();
    pupil.does(no()).await;
    assert_eq!(server.plane.recordable(), [1], "the no acts without the log");
    assert_eq!(pupil.may_not(yes(id.as_str())).await, "DEGRADED");
    assert_eq!(server.plane.recordable(), [1]);
    teacher.does(record(false)).await;
    assert_eq!(server.plane.recordable(), [] as [u64; 0]);
    assert_eq!(server.recorder.orders().last(), Some(&Order::Stop(lesson(1))));
    assert_eq!(teacher.may_not(record(true)).await, "DEGRADED");

    server.log.good();
    assert_eq!(news(pupil).await["stopped"]["kept"], true);
    let stored = server.log.load(lesson(1)).await.unwrap();
    let text: String =
        stored.records.iter().map(|r| String::from_utf8_lossy(&r.body).into_owned()).collect();
    assert!(text.contains(r#""no":2,"given":false"#), "owed to the log and paid");
    assert!(text.contains("recordingStopped"));
}

#[tokio::test]
async fn nothing_is_recorded_that_is_not_in_the_log() {
    let server = start(Duration::from_secs(2)).await;
    let [mut teacher, mut pupil, _other] = class(&server).await;
    teacher.does(record(true)).await;
    server.log.down();
    let append = async || server.metric("kreide_log_append_seconds_count").await;
    let before = append().await;
    while append().await < before + 0.5 {}
    assert_eq!(server.recorder.orders(), [], "it could not begin");
    server.log.good();
    assert_eq!(news(&mut pupil).await["recording"]["running"], false);
    assert_eq!(news(&mut pupil).await["recording"]["running"], true, "and was tried again");
    until("it is recorded", || server.recorder.recording().is_some()).await;
}

#[tokio::test]
async fn the_recorder_waits_until_the_plane_has_listened() {
    let server = start(SOON).await;
    let [mut teacher, _pupil, _other] = class(&server).await;
    server.plane.overloaded.store(true, Ordering::Relaxed);
    teacher.does(record(true)).await;
    while news(&mut teacher).await["recording"]["running"] != true {}
    teacher.does(json!({ "type": "hand", "up": true })).await;
    assert_eq!(server.recorder.orders(), []);
    server.plane.overloaded.store(false, Ordering::Relaxed);
    until("it is recorded", || server.recorder.recording().is_some()).await;
    let orders = server.recorder.orders();
    assert!(matches!(&orders[..], [Order::Record(_, recordable)] if recordable == &[1]));
}

#[tokio::test]
async fn a_new_connection_brings_its_consent_and_a_new_device_does_not() {
    let server = start(SOON).await;
    let teacher = server.link("7b", Role::Teacher, "Ada").await;
    let link = server.recordable_link(Role::Pupil, "Ben").await;
    let other = server.link("7b", Role::Pupil, "Cem").await;
    let mut class = [
        seated(&server, &teacher).await,
        seated(&server, &link).await,
        seated(&server, &other).await,
    ];
    let id = running(&server, &mut class).await;
    let connects = || {
        let orders = server.plane.orders().into_iter();
        let connect = |order| match order {
            Command::Connect(connect) => Some((connect.participant.0, connect.recordable)),
            _ => None,
        };
        orders.filter_map(connect).skip(3).collect::<Vec<_>>()
    };
    let [mut teacher, mut pupil, _other] = class;
    pupil.does(json!({ "type": "offer", "offer": pack("v=0 again") })).await;
    let key = pupil.resume();
    let mut pupil = Client::connect(server.address).await;
    pupil.join_as(json!({ "with": key, "offer": pack("v=0 resumed") })).await;
    assert_eq!(connects(), [(2, true), (2, true)]);

    // Whichever transport lives after a refused offer, it is told once more.
    pupil.does(no()).await;
    let told = || {
        let no = |order: &Command| matches!(order, Command::SetRecordable { recordable: false, participant, .. } if participant.0 == 2);
        server.plane.orders().into_iter().filter(no).count()
    };
    let before = told();
    let refused = json!({ "type": "offer", "offer": pack("refuse me") });
    assert_eq!(pupil.may_not(refused).await, "OFFER_INVALID");
    assert_eq!(told(), before + 1);
    pupil.does(yes(id.as_str())).await;

    let mut pupil = seated(&server, &link).await;
    assert_eq!(connects()[2..], [(2, false), (2, false)]);
    assert_eq!(pupil.joined["snapshot"]["recorded"], json!([]));
    while teacher.wait_event("recorded").await["event"]["on"] != false {}
    pupil.does(yes(id.as_str())).await;
    until("2 is recordable again", || server.plane.recordable() == [1, 2]).await;
    pupil.does(json!({ "type": "leave" })).await;
    until("who left is not recordable", || server.plane.recordable() == [1]).await;
}

#[tokio::test]
async fn a_recording_that_breaks_is_told_to_all() {
    let server = start(SOON).await;
    let mut class = class(&server).await;
    for (why, said) in [
        (RecordingEnd::StorageFull, "storageFull"),
        (RecordingEnd::StorageFailed, "storageFailed"),
        // Not by us.
        (RecordingEnd::Ordered, "interrupted"),
    ] {
        let recording = running(&server, &mut class).await;
        let event = RecorderEvent::Stopped { lesson: lesson(1), recording, why };
        server.recorder_events.send(event.clone()).await.unwrap();
        for client in &mut class {
            let stopped = news(client).await;
            assert_eq!(
                (&stopped["stopped"]["why"], &stopped["stopped"]["kept"]),
                (&json!(said), &json!(true))
            );
        }
        until("nobody is recordable", || server.plane.recordable().is_empty()).await;
        // Told twice, and of another lesson.
        server.recorder_events.send(event.clone()).await.unwrap();
        let RecorderEvent::Stopped { recording, why, .. } = event;
        let elsewhere = RecorderEvent::Stopped { lesson: lesson(7), recording, why };
        server.recorder_events.send(elsewhere).await.unwrap();
    }
    let stops = server.recorder.orders();
    assert!(
        !stops.iter().any(|order| matches!(order, Order::Stop(_))),
        "it had stopped: {stops:?}"
    );

    // The next one fits no more.
    server.recorder.full.store(true, Ordering::Relaxed);
    let [teacher, pupil, _other] = &mut class;
    teacher.does(record(true)).await;
    let stopped = loop {
        let news = news(pupil).await;
        if news["recording"].is_null() {
            break news["stopped"].clone();
        }
    };
    assert_eq!((&stopped["why"], &stopped["kept"]), (&json!("interrupted"), &json!(false)));
    until("nobody is recordable", || server.plane.recordable().is_empty()).await;
}

#[tokio::test]
async fn the_end_of_the_lesson_ends_the_recording() {
    let server = start(SOON).await;
    let mut class = class(&server).await;
    running(&server, &mut class).await;
    let [teacher, pupil, _other] = &mut class;
    teacher.say(json!({ "type": "end" })).await;
    assert_eq!(news(pupil).await["stopped"]["why"], "ordered");
    pupil.wait_event("ended").await;
    assert_eq!(pupil.expect_end().await.as_deref(), Some("LESSON_ENDED"));
    until("the recorder stopped", || server.recorder.recording().is_none()).await;
    assert_eq!(server.recorder.orders().len(), 2, "once");
}

#[tokio::test]
async fn a_restart_interrupts_a_recording_and_says_so() {
    let server = start(SOON).await;
    let mut class = class(&server).await;
    let id = running(&server, &mut class).await;
    let [mut teacher, mut pupil, _other] = class;
    let since = pupil.does(json!({ "type": "hand", "up": true })).await;
    let since = since.last().unwrap()["seq"].clone();
    let recorder = server.recorder.clone();

    let stopping = tokio::spawn(server.restart());
    assert_eq!(pupil.expect_end().await.as_deref(), Some("GOING_AWAY"));
    teacher.expect_end().await;
    let server = stopping.await.unwrap();
    assert_eq!(recorder.orders().last(), Some(&Order::Stop(lesson(1))), "with its lesson's task");

    let key = pupil.resume();
    let mut pupil = Client::connect(server.address).await;
    pupil.join_as(json!({ "with": key, "since": since, "offer": pack("v=0") })).await;
    let missed = pupil.joined["missed"].as_array().unwrap();
    let told = missed.iter().find(|missed| missed["event"]["kind"] == "recording").unwrap();
    assert!(told["event"]["recording"].is_null());
    let what = json!({ "id": id.as_str(), "why": "interrupted", "kept": true });
    assert_eq!(told["event"]["stopped"], what);
    let key = teacher.resume();
    let mut teacher = Client::connect(server.address).await;
    teacher.join(key).await;
    assert!(teacher.joined["snapshot"]["recording"].is_null());
    assert!(server.plane.recordable().is_empty() && server.recorder.orders().is_empty());
    teacher.does(record(true)).await;
    assert_eq!(news(&mut pupil).await["recording"]["running"], false, "it can be pressed again");
}

/// Somebody else has the log: whatever this task ordered is taken back.
#[tokio::test]
async fn a_lesson_taken_over_by_another_owner_is_recorded_by_this_one_no_more() {
    let server = start(SOON).await;
    let mut class = class(&server).await;
    running(&server, &mut class).await;
    server.log.take_over(lesson(1)).await.unwrap();
    let [teacher, pupil, _other] = &mut class;
    pupil.say(json!({ "type": "hand", "up": true })).await;
    assert_eq!(teacher.expect_end().await.as_deref(), Some("GOING_AWAY"));
    until("the recorder stopped", || server.recorder.recording().is_none()).await;
    assert_eq!(server.plane.recordable(), [] as [u64; 0]);
}

#[tokio::test]
async fn a_fault_in_the_lesson_stops_its_recorder() {
    let server = start(SOON).await;
    let mut class = class(&server).await;
    running(&server, &mut class).await;
    let [teacher, pupil, _other] = &mut class;
    server.plane.faulty.store(true, Ordering::Relaxed);
    pupil.say(json!({ "type": "send", "kind": "camera", "on": true })).await;
    assert_eq!(teacher.expect_end().await.as_deref(), Some("GOING_AWAY"));
    until("the recorder stopped", || server.recorder.recording().is_none()).await;
    let key = teacher.resume();
    let mut teacher = Client::connect(server.address).await;
    teacher.join(key).await;
    assert!(teacher.joined["snapshot"]["recording"].is_null());
}
