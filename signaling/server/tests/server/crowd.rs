//! Three hundred come to one lesson: a teacher is told of each, a pupil of those who do something.

use std::collections::BTreeSet;

use kreide_control::Role;
use serde_json::{Value, json};

use crate::common::{Client, Fixture};

/// What a browser was told until something has happened.
#[derive(Default)]
struct Told {
    bytes: usize,
    /// Who is on the list.
    people: BTreeSet<u64>,
    /// How many there are.
    count: Option<u64>,
}

impl Told {
    fn of(joined: &Value) -> Self {
        let mut told = Self { count: joined["count"].as_u64(), ..Self::default() };
        told.lists(&joined["snapshot"]["participants"]);
        told
    }

    fn lists(&mut self, people: &Value) {
        if let Some(people) = people.as_array() {
            self.people = people.iter().map(|one| one["no"].as_u64().unwrap()).collect();
        }
    }

    /// Reads until this is so.
    async fn until(&mut self, client: &mut Client, mut so: impl FnMut(&Self, &Value) -> bool) {
        loop {
            let message = client.next().await;
            self.bytes += message.to_string().len();
            let event = &message["event"];
            match (message["type"].as_str().unwrap(), event["kind"].as_str()) {
                ("count", _) => self.count = message["people"].as_u64(),
                (_, Some("people")) => {
                    self.lists(&event["people"]);
                    self.count = event["count"].as_u64();
                }
                (_, Some("joined")) => {
                    self.people.insert(event["participant"]["no"].as_u64().unwrap());
                }
                (_, Some("left")) => {
                    let who = event["who"].as_u64().unwrap();
                    assert!(self.people.remove(&who), "{who} left and was not on the list");
                }
                (_, Some(_)) => {
                    let who = event["who"].as_u64().unwrap();
                    assert!(self.people.contains(&who), "not on the list: {message}");
                }
                _ => {}
            }
            if so(self, event) {
                return;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pupil_is_told_of_few_of_three_hundred_and_how_many_there_are() {
    let school = Fixture::start().await;
    let mut teacher = school.person(Role::Teacher, "Frau Kern").await;
    let mut pupil = school.person(Role::Pupil, "Ada").await;
    let (mut of_teacher, mut of_pupil) = (Told::of(&teacher.joined), Told::of(&pupil.joined));
    let link = school.link_for("7b", Role::Pupil, None, None).await;
    let mut others = Vec::new();
    for n in 0..300 {
        let answer = school.enter(&json!({ "link": link, "name": format!("Kind {n}") })).await;
        others.push(school.join(answer.json()["token"].as_str().unwrap()).await);
    }
    of_teacher.until(&mut teacher, |told, _| told.people.len() == 302).await;
    of_pupil.until(&mut pupil, |told, _| told.count == Some(302)).await;
    assert_eq!(of_pupil.people, BTreeSet::from([1, 2]));
    println!("300 joins: {} bytes to a teacher, {} to a pupil", of_teacher.bytes, of_pupil.bytes);
    assert!(of_pupil.bytes * 2 < of_teacher.bytes);

    // Whoever does something is introduced first.
    let last = others.last_mut().unwrap();
    assert_eq!((last.joined["count"].as_u64(), last.me()), (Some(302), 302));
    last.does(json!({ "type": "hand", "up": true })).await;
    of_pupil.until(&mut pupil, |_, event| event["kind"] == "hand").await;
    assert_eq!(of_pupil.people, BTreeSet::from([1, 2, 302]));
    others.pop().unwrap().does(json!({ "type": "leave" })).await;
    of_pupil.until(&mut pupil, |told, _| told.count == Some(301)).await;
    assert_eq!(of_pupil.people, BTreeSet::from([1, 2]));

    // Those who come back to the line hear how many there are now, whatever they missed.
    let resume = pupil.resume();
    pupil.cut();
    let mut pupil = Client::connect(school.address).await;
    pupil.join_as(json!({ "with": resume, "since": 0 })).await;
    assert_eq!(pupil.joined["count"], 301);

    // When most have gone, everyone is told of everyone again.
    for mut other in others.drain(..220) {
        other.does(json!({ "type": "leave" })).await;
    }
    let mut of_pupil = Told::of(&pupil.joined);
    of_pupil.until(&mut pupil, |told, _| told.count.is_none()).await;
    of_pupil.until(&mut pupil, |told, _| told.people.len() == 81).await;
    of_teacher.until(&mut teacher, |told, _| told.people.len() == 81).await;
    assert_eq!(of_pupil.people, of_teacher.people);
}
