//! The honest lesson that an attack must not disturb.

use std::panic::{self, Location};
use std::sync::{Mutex, Once};
use std::time::{Duration, Instant};

use kreide_cluster::LessonLog;
use kreide_control::{Command, Place, Policy, Role};
use serde_json::{Value, json};

use crate::common::{Answer, Client, Fixture, lesson, open, pack};

/// An honest join may take so much longer than before the attack. Far from tight: other builds
/// share the machine, and what this finds is a lesson that stands still.
const GROWTH: Duration = Duration::from_secs(10);

/// Where the server panicked. Assertions of tests are not among these.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Room 7b with a teacher and a pupil who mean no harm.
pub(crate) struct Honest {
    pub(crate) server: Fixture,
    pub(crate) teacher: Client,
    pub(crate) pupil: Client,
    /// By which a colleague joins, to see how long it takes.
    colleague: String,
    join_took: Duration,
    words: u32,
}

/// What a lesson has come to: bodies in its log and orders to the media plane.
#[derive(PartialEq)]
pub(crate) struct Traces {
    records: Vec<Vec<u8>>,
    orders: usize,
}

impl Traces {
    pub(crate) fn adds_no_orders_to(&self, before: &Self) -> bool {
        self.orders == before.orders
    }
}

impl Honest {
    /// In a room in which nobody waits and nothing is locked.
    pub(crate) async fn lesson() -> Self {
        Self::under(open()).await
    }

    pub(crate) async fn under(policy: Policy) -> Self {
        let server = Fixture::start().await;
        server.decide(policy).await;
        Self::on(server).await
    }

    pub(crate) async fn on(server: Fixture) -> Self {
        note_panics();
        let teacher = server.person(Role::Teacher, "Frau Ada").await;
        let pupil = server.person(Role::Pupil, "Ben").await;
        let colleague = server.link("7b", Role::Teacher, "Herr Ina").await;
        let join_took = Duration::ZERO;
        let mut honest = Self { server, teacher, pupil, colleague, join_took, words: 0 };
        honest.join_took = honest.colleague_looks_in().await;
        honest
    }

    /// A person with media, whose rights and place the plane is told.
    pub(crate) async fn with_media(&self, role: Role, name: &str) -> Client {
        let link = self.server.link("7b", role, name).await;
        let with = json!({ "token": self.server.token(&link).await });
        let mut client = Client::connect(self.server.address).await;
        client.join_as(json!({ "with": with, "offer": pack("v=0") })).await;
        client
    }

    /// So many pupils, by one link.
    pub(crate) async fn crowd(&self, count: usize) -> Vec<Client> {
        let link = self.server.link_for("7b", Role::Pupil, None, None).await;
        let mut crowd = Vec::new();
        for number in 0..count {
            let name = format!("Pupil {number}");
            let reply = self.server.enter(&json!({ "link": link, "name": name })).await.json();
            crowd.push(self.server.join(reply["token"].as_str().unwrap()).await);
        }
        crowd
    }

    /// Says a message over HTTP.
    pub(crate) async fn act(&self, access: &Value, message: &Value) -> Answer {
        let access = access.as_str().unwrap();
        let head = format!("authorization: Bearer {access}\r\ncontent-type: application/json\r\n");
        self.server.http("POST", "/api/act", &head, &message.to_string()).await
    }

    pub(crate) async fn traces(&self) -> Traces {
        let stored = self.server.log.load(lesson(1)).await.unwrap();
        let records = stored.records.into_iter().map(|record| record.body).collect();
        Traces { records, orders: self.server.plane.orders().len() }
    }

    /// Nothing was logged and nothing ordered since then.
    pub(crate) async fn unmoved(&self, before: &Traces, what: &str) {
        let now = self.traces().await;
        let new = now.records.iter().skip(before.records.len());
        let new: Vec<_> = new.map(|body| String::from_utf8_lossy(body)).collect();
        assert!(now.records == before.records, "{what}: {new:?}");
        assert_eq!(now.orders, before.orders, "{what}: orders to the media plane");
    }

    /// These messages are refused to this client with one of these codes, and move nothing.
    pub(crate) async fn refuses(&self, to: &mut Client, messages: &[Value], codes: &[&str]) {
        let before = self.traces().await;
        for message in messages {
            let code = to.may_not(message.clone()).await;
            assert!(codes.contains(&code.as_str()), "{message}: {code}");
            self.unmoved(&before, &message.to_string()).await;
        }
    }

    /// Lets both hear everything that has happened; the sequences of teacher and pupil then.
    pub(crate) async fn fence(&mut self) -> [u64; 2] {
        self.words += 1;
        let word = format!("fence {}", self.words);
        self.teacher.say(json!({ "type": "chat", "text": word })).await;
        let mut last = [0; 2];
        for (client, last) in [&mut self.teacher, &mut self.pupil].into_iter().zip(&mut last) {
            *last = loop {
                let event = client.wait_event("chat").await;
                if event["event"]["message"]["text"] == word {
                    break event["seq"].as_u64().unwrap();
                }
            };
        }
        last
    }

    /// Returns once all that was lined up for the log is in it, and told.
    pub(crate) async fn settled(&self) {
        // What changes nothing is answered behind what changes something.
        let nothing = json!({ "type": "send", "kind": "camera", "on": false });
        assert_eq!(self.act(&self.teacher.joined["access"], &nothing).await.status, 204);
    }

    /// The last place that the plane was told of somebody.
    pub(crate) fn place(&self, of: &Client) -> Place {
        let is_of = |no: kreide_control::ParticipantNo| u64::from(no.0) == of.me();
        let orders = self.server.plane.orders();
        let place = orders.iter().rev().find_map(|order| match order {
            Command::Connect(connect) if is_of(connect.participant) => Some(connect.place),
            Command::SetPlace { participant, place, .. } if is_of(*participant) => Some(*place),
            _ => None,
        });
        place.unwrap()
    }

    /// Proves that the lesson was not disturbed: words and hands go both ways, the owner is the
    /// same as before, people still come in, and nothing panicked.
    pub(crate) async fn goes_on(&mut self) {
        self.words += 1;
        let word = format!("undisturbed {}", self.words);
        says(&mut self.teacher, &mut self.pupil, &word).await;
        says(&mut self.pupil, &mut self.teacher, &word).await;
        for up in [true, false] {
            self.pupil.does(json!({ "type": "hand", "up": up })).await;
            loop {
                let event = self.teacher.wait_event("hand").await["event"].clone();
                if event["who"] == self.pupil.me() && event["hand"].is_u64() == up {
                    break;
                }
            }
        }
        let took = self.colleague_looks_in().await;
        let most = self.join_took + GROWTH;
        assert!(took < most, "a join took {took:?}, before the attack {:?}", self.join_took);
        assert_eq!(*PANICS.lock().unwrap(), Vec::<String>::new());
    }

    /// Joins, sees the same owner as the others, and leaves.
    async fn colleague_looks_in(&self) -> Duration {
        let began = Instant::now();
        let mut colleague = self.server.join(&self.server.token(&self.colleague).await).await;
        let took = began.elapsed();
        assert_eq!(colleague.joined["epoch"], self.teacher.joined["epoch"], "the task lives");
        colleague.does(json!({ "type": "leave" })).await;
        colleague.expect_end().await;
        took
    }
}

/// What one says the other hears.
async fn says(one: &mut Client, other: &mut Client, word: &str) {
    one.does(json!({ "type": "chat", "text": word })).await;
    loop {
        let message = other.wait_event("chat").await["event"]["message"].clone();
        if message["text"] == word && message["from"] == one.me() {
            return;
        }
    }
}

/// Joins and has to wait; the reply stands in `joined`.
pub(crate) async fn waits(server: &Fixture, token: &str) -> Client {
    let mut client = Client::connect(server.address).await;
    let with = json!({ "token": token });
    client.say(json!({ "type": "join", "version": 1, "with": with })).await;
    let waiting = client.next().await;
    assert_eq!(waiting["type"], "waiting", "{waiting}");
    client.joined = waiting;
    client
}

/// Everything that has reached this client by now. Whoever caused it must have been answered.
pub(crate) async fn heard(client: &mut Client) -> Vec<Value> {
    client.say(json!({ "type": "ping" })).await;
    let mut heard = Vec::new();
    loop {
        let message = client.next().await;
        if message["type"] == "pong" {
            return heard;
        }
        heard.push(message);
    }
}

/// The events among these frames, whose sequence must go on without a gap after `last`.
pub(crate) fn gapless(frames: &[Value], last: u64) -> Vec<Value> {
    let events = frames.iter().filter(|frame| frame["type"] == "event");
    for (event, seq) in events.clone().zip(last + 1..) {
        assert_eq!(event["seq"], seq, "a gap tells that something happened: {event}");
    }
    events.map(|event| event["event"].clone()).collect()
}

/// Notes panics of the server from now on.
fn note_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info.location().map(Location::to_string).unwrap_or_default();
            if !place.contains("tests/") {
                PANICS.lock().unwrap().push(place);
            }
            before(info);
        }));
    });
}
