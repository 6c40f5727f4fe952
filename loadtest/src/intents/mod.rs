//! Signaling alone: how fast an intent is carried out, and how fast the last reader learns of it.
//!
//! Invariant: nothing is judged but that every reader got every event, in each sender's order, and
//! that nothing was refused. Times and memory are reported. No media is offered.
//! Left out on purpose: what the intents mean. They are hands and chat, which everyone is told.

mod person;
mod table;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kreide_bot::{Door, Seat};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::links::{self, Links};
use crate::proc::Process;
use crate::report::Quantiles;
use crate::run::Server;
use crate::scenario::Scenario;

use person::Person;
use table::Table;

/// How much is said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// People who say it and read all of it.
    pub(crate) people: u32,
    /// Intents a second of all together.
    pub(crate) rate: u32,
    pub(crate) seconds: u32,
    /// People who join afterwards and never read, while the others go on.
    pub(crate) sleepers: u32,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    people: u32,
    intents_per_second: u32,
    seconds: u32,
    server_version: String,
    alone: Phase,
    /// The same beside those who never read.
    beside_sleepers: Option<Phase>,
    sleepers: u32,
    /// Growth of the server's memory by the sleepers, at its highest, in MiB.
    sleepers_mib: Option<f64>,
}

/// One stretch of time.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Phase {
    intents: u64,
    events: u64,
    /// From sending an intent to its `ok`.
    ok_ms: Option<Quantiles>,
    /// From sending an intent to the event at the last of all readers.
    last_reader_ms: Option<Quantiles>,
}

/// Plays it.
///
/// # Errors
/// If somebody does not get in, something is refused, lost or comes in a wrong order.
pub(crate) async fn play(data: &Path, door: &Door, load: Load) -> Result<Outcome> {
    ensure!(load.rate <= load.people * PER_PERSON, "a person says {PER_PERSON} things a second");
    let server = Server::find(door).await?;
    let scenario = SCENARIO.replace("COUNT", &(load.people + load.sleepers).to_string());
    let links = links::make(data, door, &Scenario::parse(&scenario)?.plan()?, None).await?;
    let mut people = Vec::new();
    for number in 0..load.people {
        let (seat, no) = enter(door, &links, "person", number).await?;
        people.push(Person::new(seat, no));
    }
    let (people, alone) = phase(people, load).await?;
    let mut outcome = Outcome {
        people: load.people,
        intents_per_second: load.rate,
        seconds: load.seconds,
        server_version: server.version.clone(),
        alone,
        beside_sleepers: None,
        sleepers: load.sleepers,
        sleepers_mib: None,
    };
    if load.sleepers == 0 {
        return Ok(outcome);
    }
    let rss = || server.process.and_then(Process::rss_kb);
    let before = rss();
    // Held and never asked: what its short queue does not hold stays at the server.
    let mut sleepers = Vec::new();
    for number in 0..load.sleepers {
        sleepers.push(enter(door, &links, "sleeper", number).await?);
    }
    let mut phase = std::pin::pin!(phase(people, load));
    let mut highest = rss();
    let (_, beside) = loop {
        tokio::select! {
            done = &mut phase => break done?,
            () = sleep(LOOK) => highest = highest.max(rss()),
        }
    };
    drop(sleepers);
    outcome.beside_sleepers = Some(beside);
    let grown = before.zip(highest);
    let grown = grown.map(|(before, highest)| highest.saturating_sub(before) as f64 / 1024.0);
    outcome.sleepers_mib = grown.map(|mib| (mib * 10.0).round() / 10.0);
    Ok(outcome)
}

/// Joins without media. Returns the own number, too.
async fn enter(door: &Door, links: &Links, name: &str, number: u32) -> Result<(Seat, u32)> {
    let name = format!("{name} {}", number + 1);
    let (seat, joined, _) = Seat::take(door, links.secret(0, 0, number), &name, None, |_| {})
        .await
        .with_context(|| format!("{name} does not get in"))?;
    Ok((seat, joined.you))
}

/// Everyone says their share and reads everything.
async fn phase(people: Vec<Person>, load: Load) -> Result<(Vec<Person>, Phase)> {
    let share = (load.rate * load.seconds).div_ceil(load.people);
    let every = Duration::from_secs(load.seconds.into()) / share;
    let table = Arc::new(Table::new(people.iter().map(|person| person.no), share));
    // Nobody says anything before all listen.
    let start = Instant::now() + Duration::from_millis(200);
    let tasks: Vec<_> = (0..load.people)
        .zip(people)
        .map(|(place, mut person)| {
            let table = Arc::clone(&table);
            let first = start + every * place / load.people;
            tokio::spawn(
                async move { person.play(&table, share, first, every).await.map(|()| person) },
            )
        })
        .collect();
    let mut back = Vec::new();
    for task in tasks {
        back.push(task.await.context("a person's task failed")??);
    }
    let (ok, last) = table.times();
    Ok((
        back,
        Phase {
            intents: u64::from(share) * u64::from(load.people),
            events: table.events(),
            ok_ms: Quantiles::of_times(ok),
            last_reader_ms: Quantiles::of_times(last),
        },
    ))
}

impl Outcome {
    /// For a terminal.
    pub(crate) fn table(&self) -> String {
        let line = |what: &str, times: Option<Quantiles>| {
            let times = times.map_or_else(
                || "-".to_owned(),
                |q| format!("p50 {:.1}  p99 {:.1}  max {:.1} ms", q.p50, q.p99, q.max),
            );
            format!("  {what:<28} {times}\n")
        };
        let phase = |phase: &Phase| {
            let Phase { intents, events, ok_ms, last_reader_ms } = phase;
            let count = format!("  {:<28} {intents}, {events}\n", "intents, events");
            count + &line("to ok", *ok_ms) + &line("to the last reader", *last_reader_ms)
        };
        let Self { people, intents_per_second, sleepers, .. } = self;
        let mut text = format!("\nintents: {intents_per_second}/s of {people} people\n");
        text += &phase(&self.alone);
        if let Some(beside) = &self.beside_sleepers {
            let mib = self.sleepers_mib.map_or_else(|| "-".to_owned(), |mib| format!("{mib} MiB"));
            text += &format!("beside {sleepers} who never read, which cost {mib}\n");
            text += &phase(beside);
        }
        text
    }
}

/// What the server lets one connection say for long.
const PER_PERSON: u32 = kreide_protocol::MESSAGES_PER_SECOND;
/// How often the server's memory is looked at.
const LOOK: Duration = Duration::from_millis(50);
const SCENARIO: &str = r#"
about = "signaling alone"
[values]
[[people]]
name = "person"
role = "pupil"
count = COUNT
watches = { slots = 1, height = 180 }
[[steps]]
do = "join"
people = ["person"]
[[steps]]
do = "measure"
"#;
