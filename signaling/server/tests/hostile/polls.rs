//! Votes: twice, late, forged; and who would like to know how others voted.

use kreide_control::Role;
use serde_json::{Value, json};

use crate::common::Client;
use crate::scene::{Honest, heard};

fn open_poll(options: Value, live: bool) -> Value {
    json!({ "type": "poll", "act": "open", "options": options, "live": live })
}

fn yes_no() -> Value {
    json!({ "kind": "yesNo" })
}

fn vote(option: u64) -> Value {
    json!({ "type": "poll", "act": "vote", "poll": 1, "option": option })
}

#[tokio::test]
async fn hostile_second_vote() {
    let mut honest = Honest::lesson().await;
    honest.teacher.does(open_poll(yes_no(), false)).await;
    let link = honest.server.link("7b", Role::Pupil, "Eve").await;
    let mut hostile = honest.server.join(&honest.server.token(&link).await).await;
    let access = hostile.joined["access"].clone();
    hostile.does(vote(0)).await;
    for option in [0, 1] {
        assert_eq!(hostile.may_not(vote(option)).await, "TOO_LATE");
        assert_eq!(honest.act(&access, &vote(option)).await.status, 409, "over HTTP");
    }
    let mut resumed = Client::connect(honest.server.address).await;
    resumed.join(hostile.resume()).await;
    assert_eq!(resumed.may_not(vote(1)).await, "TOO_LATE", "after a reload");
    resumed.does(json!({ "type": "leave" })).await;
    resumed.expect_end().await;
    let mut again = honest.server.join(&honest.server.token(&link).await).await;
    assert_eq!(again.may_not(vote(1)).await, "TOO_LATE", "after leaving");
    assert_eq!(close(&mut honest).await["voters"], 1);
    honest.goes_on().await;
}

/// Closes the poll; the result as everyone is told.
async fn close(honest: &mut Honest) -> Value {
    honest.teacher.does(json!({ "type": "poll", "act": "close" })).await;
    loop {
        let poll = honest.pupil.wait_event("poll").await["event"]["poll"].clone();
        if poll["open"] == false {
            return poll["result"].clone();
        }
    }
}

#[tokio::test]
async fn hostile_votes_that_the_poll_does_not_take() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    let early = [vote(0)];
    honest.refuses(&mut hostile, &early, &["NOT_FOUND"]).await;
    honest.teacher.does(open_poll(yes_no(), true)).await;
    let of = |fields: Value| {
        let mut message = json!({ "type": "poll", "act": "vote", "poll": 1 });
        message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        message
    };
    let wrong = [
        of(json!({ "option": 2 })),
        of(json!({ "option": 255 })),
        of(json!({ "words": "yes" })),
        of(json!({ "poll": 0, "option": 0 })),
        of(json!({ "poll": 2, "option": 0 })),
        of(json!({ "poll": u64::MAX, "option": 0 })),
    ];
    honest.refuses(&mut hostile, &wrong, &["NOT_FOUND"]).await;
    let nonsense = [
        of(json!({})),
        of(json!({ "option": 0, "words": "x" })),
        of(json!({ "option": 256 })),
        of(json!({ "option": -1 })),
        of(json!({ "option": 0.5 })),
        of(json!({ "option": [0, 0, 0] })),
        of(json!({ "poll": "1", "option": 0 })),
    ];
    honest.refuses(&mut hostile, &nonsense, &["BAD_MESSAGE"]).await;
    assert_eq!(close(&mut honest).await["voters"], 0);
    honest.refuses(&mut hostile, &[vote(0)], &["TOO_LATE"]).await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_votes_of_those_who_have_none() {
    let mut honest = Honest::lesson().await;
    honest.teacher.does(open_poll(yes_no(), false)).await;
    for role in [Role::Teacher, Role::Observer, Role::Interpreter] {
        let mut hostile = honest.server.person(role, "Eve").await;
        honest.refuses(&mut hostile, &[vote(0)], &["DENIED"]).await;
        assert_eq!(honest.act(&hostile.joined["access"], &vote(0)).await.status, 403);
    }
    assert_eq!(close(&mut honest).await["voters"], 0);
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_options_for_a_poll_in_own_words() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    honest.teacher.does(open_poll(json!({ "kind": "free" }), false)).await;
    honest.refuses(&mut hostile, &[vote(0)], &["NOT_FOUND"]).await;
    let words = |words: &str| json!({ "type": "poll", "act": "vote", "poll": 1, "words": words });
    let bad = ["", "\u{0}", &"x".repeat(301)].map(words);
    honest.refuses(&mut hostile, &bad, &["BAD_TEXT"]).await;
    hostile.does(words("all right")).await;
    assert_eq!(close(&mut honest).await["answers"], json!(["all right"]));
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_polls_of_ten_thousand_options() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Teacher, "Eve").await;
    let texts = |count: usize| json!({ "kind": "texts", "texts": vec!["x"; count] });
    let polls = [
        texts(10_000),
        texts(11),
        texts(1),
        json!({ "kind": "letters", "count": 255 }),
        json!({ "kind": "letters", "count": 0 }),
    ];
    let polls = polls.map(|options| open_poll(options, true));
    honest.refuses(&mut hostile, &polls, &["DENIED"]).await;
    let texts = [json!({ "kind": "texts", "texts": ["x", "y".repeat(101)] })];
    honest.refuses(&mut hostile, &texts.map(|o| open_poll(o, true)), &["BAD_TEXT"]).await;
    honest.goes_on().await;
}

/// Everything that goes over the wire while twelve people vote, one after the other.
#[tokio::test]
async fn hostile_link_between_votes_and_voters() {
    let mut honest = Honest::lesson().await;
    let mut crowd = honest.crowd(12).await;
    honest.teacher.does(open_poll(yes_no(), true)).await;
    honest.fence().await;
    let mut results = Vec::new();
    let mut counted = 0;
    for (place, voter) in crowd.iter_mut().enumerate() {
        voter.does(vote(u64::from(place % 3 == 0))).await;
        honest.settled().await;
        for frame in heard(&mut honest.pupil).await {
            assert_eq!(frame["event"]["kind"], "poll", "nothing else tells of a vote: {frame}");
            let voters = frame["event"]["poll"]["result"]["voters"].as_u64().unwrap();
            assert!(voters >= counted + 5, "{voters} after {counted}");
            assert!((place as u64 + 1) - voters >= 5, "the last five wait: {voters} of {place}");
            counted = voters;
            results.push(frame["event"]["poll"]["result"].clone());
        }
        let told = heard(&mut honest.teacher).await;
        assert!(told.iter().any(|frame| frame["type"] == "votes"), "teachers see how many");
        for frame in told {
            let text = frame.to_string();
            let names = frame["event"]["who"].is_number() || text.contains("Pupil");
            assert!(!names, "nobody sees who: {text}");
        }
    }
    assert!(!results.is_empty(), "or nothing was tried");
    let end = close(&mut honest).await;
    assert_eq!((&end["voters"], &end["counts"]), (&json!(12), &json!([8, 4])));
    // Nor does the log hold a voter beside a choice: numbers and counts of whole batches.
    let stored = kreide_cluster::LessonLog::load(&*honest.server.log, crate::common::lesson(1));
    for record in stored.await.unwrap().records {
        let body = String::from_utf8(record.body).unwrap();
        if body.contains("\"tally\"") {
            let tally: Value = serde_json::from_str(&body).unwrap();
            assert!(body.matches(',').count() >= 5, "{tally}");
        }
        assert!(!body.contains("\"vote\""), "{body}");
    }
    honest.goes_on().await;
}

/// Who may not close a poll does not empty the ballot box by trying either.
async fn try_to_close(honest: &mut Honest, hostile: &mut Client, refused: [&str; 2]) {
    let mut crowd = honest.crowd(9).await;
    let (early, late) = crowd.split_at_mut(7);
    for voter in early {
        voter.does(vote(0)).await;
    }
    for message in [json!({ "type": "poll", "act": "close" }), json!({ "type": "end" })] {
        let messages = [message];
        honest.refuses(hostile, &messages, &refused).await;
    }
    for voter in late {
        voter.does(vote(1)).await;
    }
    let end = close(honest).await;
    assert_eq!((&end["voters"], &end["counts"]), (&json!(9), &json!([7, 2])), "no vote is lost");
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_pupil_closes_a_poll() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.server.person(Role::Pupil, "Eve").await;
    honest.teacher.does(open_poll(yes_no(), false)).await;
    try_to_close(&mut honest, &mut hostile, ["DENIED", "DENIED"]).await;
}

#[tokio::test]
async fn hostile_guest_in_the_lobby_closes_a_poll() {
    let policy =
        kreide_control::Policy { lobby: kreide_control::Lobby::Guests, ..crate::common::open() };
    let mut honest = Honest::under(policy).await;
    honest.teacher.does(open_poll(yes_no(), true)).await;
    let link = honest.server.link("7b", Role::Guest, "Eve").await;
    let token = honest.server.token(&link).await;
    let mut hostile = crate::scene::waits(&honest.server, &token).await;
    try_to_close(&mut honest, &mut hostile, ["DENIED", "DENIED"]).await;
}
