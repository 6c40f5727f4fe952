//! From one breakout group into another: by words, by views, by listening at the wall.

use kreide_control::{Audience, Event, ParticipantNo, Role, ScopeNo};
use serde_json::{Value, json};

use crate::common::{Client, lesson};
use crate::scene::{Honest, gapless, heard};

/// The lesson with its groups open: Eve in the first, Cem and Dan in the second.
struct Groups {
    honest: Honest,
    eve: Client,
    cem: Client,
    dan: Client,
}

impl Groups {
    async fn open() -> Self {
        let mut honest = Honest::lesson().await;
        let eve = honest.with_media(Role::Pupil, "Eve").await;
        let cem = honest.with_media(Role::Pupil, "Cem").await;
        let dan = honest.with_media(Role::Pupil, "Dan").await;
        let groups = json!([[eve.me()], [cem.me(), dan.me()]]);
        honest.teacher.does(json!({ "type": "groups", "act": "prepare", "groups": groups })).await;
        honest.teacher.does(json!({ "type": "groups", "act": "open" })).await;
        Self { honest, eve, cem, dan }
    }

    /// Cem writes to the second group; the number of the message.
    async fn secret(&mut self) -> u64 {
        let message = json!({ "type": "chat", "to": { "group": 2 }, "text": "secret" });
        self.cem.does(message).await;
        loop {
            let message = self.dan.wait_event("chat").await["event"]["message"].clone();
            if message["text"] == "secret" {
                return message["id"].as_u64().unwrap();
            }
        }
    }
}

/// Nothing that is said or done in the second group.
fn tells_nothing(frames: &[Value], of: &[u64]) {
    let text = json!(frames).to_string();
    assert!(!text.contains("secret"), "{text}");
    for event in frames.iter().map(|frame| &frame["event"]).filter(|event| event.is_object()) {
        let is_presence =
            ["joined", "left", "online", "renamed"].iter().any(|k| event["kind"] == *k);
        let about = ["who", "from"].iter().filter_map(|field| event[*field].as_u64());
        assert!(is_presence || about.into_iter().all(|who| !of.contains(&who)), "{event}");
    }
}

#[tokio::test]
async fn hostile_words_into_another_group() {
    let mut groups = Groups::open().await;
    let to = |to: Value| json!({ "type": "chat", "to": to, "text": "x" });
    let numbers = [2, 3, 0, 255].map(|group| to(json!({ "group": group })));
    groups.honest.refuses(&mut groups.eve, &numbers, &["DENIED", "NOT_FOUND"]).await;
    let shapes = [
        json!({ "group": 256 }),
        json!({ "group": -1 }),
        json!({ "group": "2" }),
        json!({ "group": [2] }),
        json!({ "group": 2, "person": 1 }),
        json!("all"),
        json!({}),
    ];
    let shapes = shapes.map(to);
    groups.honest.refuses(&mut groups.eve, &shapes, &["BAD_MESSAGE"]).await;
    let person = [to(json!({ "person": groups.cem.me() }))];
    groups.honest.refuses(&mut groups.eve, &person, &["DENIED"]).await;
    groups.honest.goes_on().await;
}

#[tokio::test]
async fn hostile_changes_to_words_of_another_group() {
    let mut groups = Groups::open().await;
    let id = groups.secret().await;
    let tries = |id: u64| {
        [
            json!({ "type": "editChat", "id": id, "text": "x" }),
            json!({ "type": "deleteChat", "id": id }),
        ]
    };
    groups.honest.refuses(&mut groups.eve, &tries(id), &["NOT_FOUND"]).await;
    // The same words as for what does not exist.
    let mut answers = Vec::new();
    for id in [id, 9_999] {
        for message in tries(id) {
            let (mut reply, _) = groups.eve.ask(message).await;
            reply["ref"] = Value::Null;
            answers.push(reply);
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    groups.honest.goes_on().await;
}

#[tokio::test]
async fn hostile_view_into_another_group() {
    let mut groups = Groups::open().await;
    groups.cem.does(json!({ "type": "send", "kind": "camera", "on": true })).await;
    let slots = json!([{
        "slot": 0, "source": { "participant": groups.cem.me(), "kind": "camera" }, "height": 90,
    }]);
    groups.eve.does(json!({ "type": "view", "slots": slots })).await;
    let (eve, cem) = (groups.honest.place(&groups.eve), groups.honest.place(&groups.cem));
    assert_eq!((eve.scope, cem.scope), (ScopeNo(1), ScopeNo(2)), "the plane keeps them apart");
    assert!(!eve.audience().receives(&cem) && !cem.audience().receives(&eve));
    assert_eq!((eve.listens, eve.everywhere), (None, false));
    groups.honest.goes_on().await;
}

#[tokio::test]
async fn hostile_choice_that_nobody_offered() {
    let mut groups = Groups::open().await;
    let (me, other) = (groups.eve.me(), groups.cem.me());
    let messages = [
        json!({ "type": "groups", "act": "choose", "group": 2 }),
        json!({ "type": "groups", "act": "choose", "group": 0 }),
        json!({ "type": "groups", "act": "assign", "who": me, "group": 2 }),
        json!({ "type": "groups", "act": "assign", "who": other, "group": 1 }),
        json!({ "type": "groups", "act": "visit", "group": 2 }),
        json!({ "type": "groups", "act": "listen", "group": 2 }),
        json!({ "type": "groups", "act": "speakToAll", "on": true }),
        json!({ "type": "groups", "act": "close" }),
    ];
    groups.honest.refuses(&mut groups.eve, &messages, &["DENIED"]).await;
    assert_eq!(groups.honest.place(&groups.eve).scope, ScopeNo(1));
    groups.honest.goes_on().await;
}

/// Everything that happens in the second group, and what Eve hears of it.
#[tokio::test]
async fn hostile_listener_at_the_wall_of_another_group() {
    let mut groups = Groups::open().await;
    let of = [groups.cem.me(), groups.dan.me()];
    groups.honest.fence().await;
    let before = heard(&mut groups.eve).await;
    let last = before.iter().rev().find_map(|frame| frame["seq"].as_u64()).unwrap();

    let id = groups.secret().await;
    let doings = [
        json!({ "type": "editChat", "id": id, "text": "secret again" }),
        json!({ "type": "send", "kind": "microphone", "on": true }),
        json!({ "type": "send", "kind": "camera", "on": true }),
        json!({ "type": "hand", "up": true }),
        json!({ "type": "tool", "act": "react", "what": "lost" }),
        json!({ "type": "groups", "act": "callTeacher", "on": true }),
        json!({ "type": "send", "kind": "camera", "on": false }),
        json!({ "type": "deleteChat", "id": id }),
    ];
    for doing in doings {
        groups.cem.does(doing).await;
    }
    let (cem, dan) = (groups.cem.me(), groups.dan.me());
    let led = [
        json!({ "type": "groups", "act": "visit", "group": 2 }),
        json!({ "type": "chat", "to": { "group": 2 }, "text": "secret of a teacher" }),
        json!({ "type": "lock", "who": cem, "what": "camera", "locked": true }),
        json!({ "type": "letSpeak", "who": cem, "on": true }),
        json!({ "type": "mute", "who": cem, "kind": "microphone" }),
        json!({ "type": "hideRecent", "who": dan }),
        json!({ "type": "grant", "who": dan, "what": "content", "on": true }),
        json!({ "type": "groups", "act": "visit" }),
        json!({ "type": "groups", "act": "listen", "group": 2 }),
        json!({ "type": "groups", "act": "listen" }),
    ];
    for doing in led {
        groups.honest.teacher.does(doing).await;
    }
    let frames = heard(&mut groups.eve).await;
    tells_nothing(&frames, &of);
    assert_eq!(gapless(&frames, last), Vec::<Value>::new(), "nor that anything happened");
    let signals = frames.iter().filter(|frame| frame["type"] == "reaction");
    assert_eq!(signals.count(), 0);
    groups.honest.goes_on().await;
    let frames = heard(&mut groups.eve).await;
    gapless(&frames, last);
    tells_nothing(&frames, &of);
}

/// Whoever comes back, with or without a state, is told no more than those who stayed.
#[tokio::test]
async fn hostile_return_to_hear_what_another_group_said() {
    let mut groups = Groups::open().await;
    groups.secret().await;
    groups.cem.does(json!({ "type": "hand", "up": true })).await;
    for since in [Some(0), Some(1), None] {
        let mut next = Client::connect(groups.honest.server.address).await;
        let mut fields = json!({ "with": groups.eve.resume() });
        if let Some(since) = since {
            fields["since"] = json!(since);
        }
        next.join_as(fields).await;
        let joined = next.joined.clone();
        assert!(!joined.to_string().contains("secret"), "{joined}");
        for person in joined["snapshot"]["participants"].as_array().into_iter().flatten() {
            if person["no"] == groups.cem.me() {
                assert_eq!((&person["hand"], &person["sending"]), (&Value::Null, &json!([])));
            }
        }
        let members = &joined["snapshot"]["groups"]["members"];
        assert!(members.is_null() || members[1] == json!([]), "{members}");
        groups.eve = next;
    }
    groups.honest.goes_on().await;
}

/// Also somebody whose media the server does not know is told of the own group's speakers alone.
#[tokio::test]
async fn hostile_ear_for_speakers_of_other_scopes() {
    let mut groups = Groups::open().await;
    let mut mute = groups.honest.server.person(Role::Pupil, "Fay").await;
    let assign = json!({ "type": "groups", "act": "assign", "who": mute.me(), "group": 1 });
    groups.honest.teacher.does(assign).await;
    heard(&mut mute).await;
    heard(&mut groups.eve).await;
    let speaker = ParticipantNo(u32::try_from(groups.cem.me()).unwrap());
    let audiences = [
        Audience { scope: ScopeNo(2), ..Audience::default() },
        Audience::default(),
        Audience { scope: ScopeNo(1), staff: true, ..Audience::default() },
        Audience { scope: ScopeNo(1), listens: Some(ScopeNo(2)), ..Audience::default() },
    ];
    for audience in audiences {
        let participants = vec![speaker];
        let event = Event::Speaking { lesson: lesson(1), audience, participants };
        groups.honest.server.events.send(event).await.unwrap();
    }
    // The one that they may hear, to know that the others have passed.
    let audience = Audience { scope: ScopeNo(1), ..Audience::default() };
    let own = groups.eve.me();
    let participants = vec![ParticipantNo(u32::try_from(own).unwrap())];
    let event = Event::Speaking { lesson: lesson(1), audience, participants };
    groups.honest.server.events.send(event).await.unwrap();
    for client in [&mut groups.eve, &mut mute] {
        let told = client.wait_for("speaking").await;
        assert_eq!(told["who"], json!([own]), "not who speaks elsewhere");
    }
    groups.honest.goes_on().await;
}

#[tokio::test]
async fn hostile_numbers_in_prepared_groups() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Teacher, "Eve").await;
    let one = honest.pupil.me();
    let prepare = |groups: Value| json!({ "type": "groups", "act": "prepare", "groups": groups });
    let messages = [
        prepare(json!(vec![vec![7_777_u32; 10_000]])),
        prepare(json!(vec![vec![one]; 51])),
        prepare(json!([[one, 4_294_967_295_u32]])),
        json!({ "type": "groups", "act": "offer", "groups": 0 }),
        json!({ "type": "groups", "act": "offer", "groups": 255 }),
        json!({ "type": "groups", "act": "deal", "number": 0, "shuffled": true }),
        json!({ "type": "groups", "act": "open" }),
        json!({ "type": "groups", "act": "open", "minutes": 65535 }),
    ];
    honest.refuses(&mut hostile, &messages, &["DENIED", "NOT_FOUND"]).await;
    // The same person ten thousand times is one person.
    hostile.does(prepare(json!([vec![one; 10_000], vec![one; 10_000]]))).await;
    let groups = hostile.joined["snapshot"]["groups"].clone();
    assert_eq!(groups["count"], 0, "before");
    let seen = honest.teacher.wait_event("groups").await;
    assert_eq!(seen["event"]["groups"]["members"], json!([[one], []]));
    honest.goes_on().await;
}
