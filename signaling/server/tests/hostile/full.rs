//! A class link goes round, and whoever has it fills the lesson.

use futures::future::join_all;
use kreide_control::Role;
use kreide_lesson::{MAX_SEATS, STAFF_RESERVE};
use serde_json::json;

use crate::common::Client;
use crate::scene::Honest;

/// Who comes at the same time.
const AT_ONCE: usize = 25;

#[tokio::test(flavor = "multi_thread")]
async fn hostile_crowd_takes_every_seat_but_those_of_staff() {
    let mut honest = Honest::lesson().await;
    let (server, link) = (&honest.server, honest.server.link_for("7b", Role::Pupil, None, None));
    let link = &link.await;
    let comes = async |number: usize| {
        let name = format!("Pupil {number}");
        let reply = server.enter(&json!({ "link": link, "name": name })).await.json();
        json!({ "token": reply["token"] })
    };
    // The seats outlive their connections. One pupil means no harm.
    let seats: Vec<usize> = (1..MAX_SEATS - STAFF_RESERVE).collect();
    for some in seats.chunks(AT_ONCE) {
        join_all(some.iter().map(async |number| {
            let mut client = Client::connect(server.address).await;
            client.join(comes(*number).await).await;
        }))
        .await;
    }
    let one_more = Client::connect(server.address).await;
    assert_eq!(one_more.refused(comes(0).await).await, "FULL");
    let guest = server.token(&server.link("7b", Role::Guest, "Eve").await).await;
    let guest = Client::connect(server.address).await.refused(json!({ "token": guest })).await;
    assert_eq!(guest, "FULL");
    // A teacher who comes only now is let in, and the lesson goes on.
    let late = honest.server.person(Role::Teacher, "Frau Uhl").await;
    let people = late.joined["snapshot"]["participants"].as_array().unwrap().len();
    assert_eq!(people, MAX_SEATS - STAFF_RESERVE + 2);
    honest.goes_on().await;
}
