//! What the lesson log costs: appends of many lessons at once, and coming back to a long lesson.
//!
//! The lesson to come back to has 60 people and 20,000 events, two hours of a lively one, in a
//! real file. A restart loads and replays it; with a snapshot it loads the events since.
//! At its end a quarter of them is erased. Left out on purpose: reading the snapshot's state, which
//! is the lesson's own.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kreide_cluster::{Append, LessonLog, Payload, Record, Seated, Snapshot, SqliteStore, Stored};
use kreide_control::{Epoch, LessonKey, ParticipantNo, Role, RoomId, SourceKind, TenantId};
use kreide_lesson::{
    Actor, ChatTo, Event, Identity, Intent, KeyHash, Lesson, LockKind, Logged, Millis, Newcomer,
    Subject, Text, TokenId,
};
use tokio::runtime::Runtime;

const PEOPLE: u32 = 60;
const EVENTS: u64 = 20_000;
/// Events since the snapshot: three minutes.
const SINCE: u64 = 500;
/// Bytes of a snapshot's state: a kilobyte for each person.
const STATE: usize = 60 << 10;
/// Lessons that append at once.
const LESSONS: u32 = 64;

/// A lesson that is written as its owner writes it.
struct Owner {
    lesson: Lesson,
    epoch: Epoch,
    now: i64,
    stored: Vec<Append>,
}

impl Owner {
    fn new(key: LessonKey, epoch: Epoch) -> Self {
        Self { lesson: Lesson::new(key), epoch, now: 0, stored: Vec::new() }
    }

    /// Does what is allowed, and notes what is to be appended.
    fn does(&mut self, actor: Actor, intent: Intent) {
        self.now += 360;
        let at = Millis(self.now);
        let Ok(outcome) = self.lesson.handle(actor, intent, at) else { return };
        let expected_last = self.lesson.last_seq();
        let events = self.lesson.stamp(self.epoch, at, outcome.events);
        for logged in &events {
            self.lesson.apply(logged).expect("it was stamped as the next one");
        }
        let record = |logged: &Logged| Record {
            seq: logged.seq,
            body: serde_json::to_vec(logged).expect("events are plain data"),
        };
        let seated = |logged: &Logged| match &logged.event {
            Event::SeatTaken(Newcomer { no, subject, .. }) => {
                Some(Seated { owner: *no, subject: subject.0.clone() })
            }
            _ => None,
        };
        self.stored.push(Append {
            lesson: self.lesson.key().clone(),
            epoch: self.epoch,
            expected_last,
            records: events.iter().map(record).collect(),
            seats: events.iter().filter_map(seated).collect(),
            payloads: outcome
                .payloads
                .into_iter()
                .map(|payload| Payload {
                    id: payload.id.0,
                    owner: payload.of,
                    text: payload.text.into_string(),
                })
                .collect(),
        });
    }

    fn joins(&mut self, number: u32) {
        let identity = Identity {
            subject: Subject(format!("subject-{number}")),
            role: if number == 1 { Role::Teacher } else { Role::Pupil },
            name: Text::from(format!("Person {number}")),
            consent: false,
            token: TokenId(format!("token-{number}")),
            token_expires: Millis(i64::MAX),
            waits: false,
            seat: None,
            talk: None,
            device: None,
        };
        self.does(Actor::Door, Intent::Join { identity, key: KeyHash([number as u8; 32]) });
    }
}

fn key(number: u32) -> LessonKey {
    LessonKey {
        tenant: TenantId::parse("school").expect("an id"),
        room: RoomId::parse("7b").expect("an id"),
        lesson: number,
    }
}

/// Everybody joins; then switches, hands, chat and locks take turns.
fn long_lesson(key: LessonKey, epoch: Epoch) -> Vec<Append> {
    let mut owner = Owner::new(key, epoch);
    (1..=PEOPLE).for_each(|number| owner.joins(number));
    let mut turn = 0_u64;
    while owner.lesson.last_seq() < EVENTS {
        turn += 1;
        let who = ParticipantNo((turn * 7 % u64::from(PEOPLE)) as u32 + 1);
        let round = turn / u64::from(PEOPLE);
        let on = round.is_multiple_of(2);
        let (actor, teacher) = (Actor::Participant(who), Actor::Participant(ParticipantNo(1)));
        match turn % 10 {
            0..=3 => owner.does(actor, Intent::Send { kind: SourceKind::Microphone, on }),
            4..=5 => owner.does(actor, Intent::Send { kind: SourceKind::Camera, on }),
            6..=7 => owner.does(actor, Intent::Hand { up: on }),
            8 => {
                let text = Text::from(format!("Message {turn}: a line of a usual length."));
                owner.does(actor, Intent::Chat { to: ChatTo::All, text });
            }
            _ => {
                let (who, what) = (Some(who), LockKind::Chat);
                owner.does(teacher, Intent::Lock { who, what, locked: on });
            }
        }
    }
    owner.stored
}

fn replay(key: &LessonKey, stored: &Stored) -> Lesson {
    let events = stored.records.iter();
    let events = events.map(|record| serde_json::from_slice::<Logged>(&record.body));
    let events = events.map(|logged| logged.expect("it is an event"));
    Lesson::replay(key.clone(), events).expect("it is the whole log")
}

fn decode(stored: &Stored) -> usize {
    let events = stored.records.iter();
    events.filter_map(|record| serde_json::from_slice::<Logged>(&record.body).ok()).count()
}

fn coming_back(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let (store, keys) = runtime.block_on(async {
        let store = SqliteStore::open(folder.path()).await.expect("a store");
        let keys = [key(1), key(2)];
        for key in &keys {
            let epoch = store.take_over(key.clone()).await.expect("the only owner");
            // As one append, which is loaded like many.
            let mut appends = long_lesson(key.clone(), epoch).into_iter();
            let mut whole = appends.next().expect("somebody joins");
            for append in appends {
                whole.records.extend(append.records);
                whole.payloads.extend(append.payloads);
                whole.seats.extend(append.seats);
            }
            let seq = whole.records.len() as u64 - SINCE;
            store.append(whole).await.expect("there is room");
            if key.lesson == 2 {
                let snapshot = Snapshot { seq, state: vec![b' '; STATE], hash: String::new() };
                store.put_snapshot(key.clone(), epoch, snapshot).await.expect("it is the owner");
            }
        }
        (store, keys)
    });
    let load = |key: &LessonKey| runtime.block_on(store.load(key.clone())).expect("it is there");

    let mut group = criterion.benchmark_group("a lesson of 20,000 events");
    group.sample_size(20);
    let [whole, shortened] = &keys;
    group.bench_function("load", |bench| bench.iter(|| load(whole).records.len()));
    let stored = load(whole);
    group.bench_function("decode and replay", |bench| {
        bench.iter(|| black_box(replay(whole, &stored)).last_seq());
    });
    group.bench_function("load, decode and replay", |bench| {
        bench.iter(|| black_box(replay(whole, &load(whole))).last_seq());
    });
    group.bench_function("load and decode with a snapshot", |bench| {
        bench.iter(|| decode(&load(shortened)));
    });
    // Each a record of the same length, as often as the bench wants it.
    let rewritten = |store: &SqliteStore| {
        let change = Box::new(|seq: u64, body: &[u8]| seq.is_multiple_of(4).then(|| body.to_vec()));
        runtime.block_on(store.rewrite(whole.clone(), Epoch(1), change)).expect("it is the owner")
    };
    group.bench_function("rewrite a quarter", |bench| bench.iter(|| rewritten(&store)));
    group.finish();
}

fn appending(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let store = runtime.block_on(SqliteStore::open(folder.path())).expect("a store");
    let mut lessons = Vec::new();
    for number in 1..=LESSONS {
        let epoch = runtime.block_on(store.take_over(key(number))).expect("the only owner");
        lessons.push((key(number), epoch));
    }
    let mut last = 0;
    // `None`: nobody writes. Of one person: the key is there. Of a new one each time: it is made.
    let mut round = |owner: Option<fn(u64) -> u64>| {
        let appends = lessons.iter().map(|(lesson, epoch)| {
            store.append(Append {
                lesson: lesson.clone(),
                epoch: *epoch,
                expected_last: last,
                records: vec![Record { seq: last + 1, body: vec![b'r'; 120] }],
                payloads: owner
                    .map(|owner| Payload {
                        id: last + 1,
                        owner: ParticipantNo(owner(last) as u32),
                        text: "A line of a usual length.".to_owned(),
                    })
                    .into_iter()
                    .collect(),
                seats: Vec::new(),
            })
        });
        for done in runtime.block_on(futures::future::join_all(appends)) {
            done.expect("it is the owner");
        }
        last += 1;
    };
    let mut group = criterion.benchmark_group("appends of 64 lessons at once");
    group.throughput(Throughput::Elements(u64::from(LESSONS)));
    group.sample_size(50);
    group.bench_function("an event each", |bench| bench.iter(|| round(None)));
    group.bench_function("an event and a text each", |bench| bench.iter(|| round(Some(|_| 1))));
    group.bench_function("an event and a new person each", |bench| {
        bench.iter(|| round(Some(|last| last + 2)));
    });
    group.finish();
}

criterion_group!(benches, coming_back, appending);
criterion_main!(benches);
