//! How the number of classrooms grows, and what makes it stop.
//!
//! Invariant: the knee is the largest number that was played and went well, never one between.

use anyhow::Result;
use serde::Serialize;

use crate::cores::Cores;
use crate::play::Reading;

/// One number of classrooms, played.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Step {
    pub(crate) rooms: u32,
    pub(crate) people: u32,
    /// `None` if there was nothing to read.
    pub(crate) reading: Option<Reading>,
    /// `None` if all went well.
    pub(crate) limit: Option<Limit>,
}

/// What gave way first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what", content = "why")]
pub(crate) enum Limit {
    /// Something else on this machine: nothing can be said of a run beside it.
    Busy(String),
    /// The bots: losses and latencies of such a run are theirs.
    Bots(String),
    /// Somebody did not get in, or was thrown out.
    Failed(String),
    /// Packets were lost.
    Lost(String),
    /// The server's cores are full.
    ServerFull(String),
    /// Packets wait too long.
    Slow(String),
}

impl Limit {
    /// What gave way in a run. The bots are asked first: what they miss is no fault of the server.
    pub(crate) fn of(reading: &Reading, cores: &Cores) -> Option<Self> {
        let full = |used: Option<f64>, cores: &[usize]| {
            let (used, there) = (used.unwrap_or_default(), cores.len() as f64);
            (used > FULL * there).then(|| format!("{used:.2} of {there} cores"))
        };
        let waited = |of: &str, waited: Option<f64>, ran: Option<f64>| {
            let (waited, ran) = (waited.unwrap_or_default(), ran.unwrap_or_default());
            let busy = waited > NOTICED && waited > ran;
            busy.then(|| format!("{of} ran on {ran:.2} cores and waited for {waited:.2}"))
        };
        let busy = waited("the server", reading.server_waiting_cores, reading.server_cpu_cores)
            .or_else(|| waited("the bots", reading.bots_waiting_cores, reading.bots_cpu_cores));
        let lag = reading.bots_lag_ms.unwrap_or_default().p99;
        let dropped = reading.bots_dropped.unwrap_or_default();
        let bots = full(reading.bots_cpu_cores, &cores.bots)
            .or_else(|| (lag > LATEST_MS).then(|| format!("their timers are {lag:.0} ms late")))
            .or_else(|| (dropped > 0).then(|| format!("they did not take {dropped} datagrams")));
        let failed = || {
            let first = reading.failures.first().cloned().unwrap_or_default();
            (reading.failed > 0).then(|| format!("{} people, the first: {first}", reading.failed))
        };
        let lost = || {
            let lost = reading.packets_expected.saturating_sub(reading.packets_received);
            (lost > 0).then(|| format!("{lost} packets"))
        };
        let latency = reading.latency_ms.unwrap_or_default().p99;
        let slow = || (latency > LATEST_MS).then(|| format!("p99 of latency is {latency:.0} ms"));
        busy.map(Self::Busy)
            .or_else(|| bots.map(Self::Bots))
            .or_else(|| failed().map(Self::Failed))
            .or_else(|| lost().map(Self::Lost))
            .or_else(|| full(reading.server_cpu_cores, &cores.server).map(Self::ServerFull))
            .or_else(|| slow().map(Self::Slow))
    }

    /// In words.
    pub(crate) fn say(&self) -> String {
        match self {
            Self::Busy(why) => format!("this machine is busy with something else: {why}"),
            Self::Bots(why) => format!("the bots are the limit: {why}"),
            Self::Failed(why) => format!("somebody fails: {why}"),
            Self::Lost(why) => format!("packets are lost: {why}"),
            Self::ServerFull(why) => format!("the server is full: {why}"),
            Self::Slow(why) => format!("packets wait: {why}"),
        }
    }
}

/// Plays 1, 2, 4, ... classrooms until something gives way or `most` is reached. If `fine`, halves
/// the last stretch until the numbers on both sides of the knee are neighbours, or nearly.
///
/// # Errors
/// Those of `play`.
pub(crate) fn sweep(
    most: u32,
    fine: bool,
    mut play: impl FnMut(u32) -> Result<Step>,
) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    let (mut good, mut rooms) = (0, 1);
    loop {
        let step = play(rooms)?;
        let gave_way = step.limit.is_some();
        steps.push(step);
        if gave_way {
            break;
        }
        good = rooms;
        if rooms == most {
            return Ok(steps);
        }
        rooms = (rooms * 2).min(most);
    }
    let mut bad = rooms;
    while fine && bad - good > (bad / FINENESS).max(1) {
        let between = good + (bad - good) / 2;
        let step = play(between)?;
        let side = if step.limit.is_some() { &mut bad } else { &mut good };
        *side = between;
        steps.push(step);
    }
    Ok(steps)
}

/// The largest number of classrooms that went well.
pub(crate) fn knee(steps: &[Step]) -> Option<&Step> {
    steps.iter().filter(|step| step.limit.is_none()).max_by_key(|step| step.rooms)
}

/// The smallest that did not.
pub(crate) fn beyond(steps: &[Step]) -> Option<&Step> {
    steps.iter().filter(|step| step.limit.is_some()).min_by_key(|step| step.rooms)
}

/// Share of its cores from which on a program counts as full.
const FULL: f64 = 0.9;
/// Cores from which on it matters that a program waits for them.
const NOTICED: f64 = 0.05;
/// In ms: beyond it a conversation on a good line is heard to lag, and timers measure nothing.
const LATEST_MS: f64 = 50.0;
/// The knee is looked for to an eighth.
const FINENESS: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::play::Quantiles;

    fn cores() -> Cores {
        Cores { server: vec![0], bots: vec![1] }
    }

    fn good() -> Reading {
        let ms = |p99| Some(Quantiles { p50: 1.0, p95: 2.0, p99 });
        Reading {
            packets_expected: 9,
            packets_received: 9,
            server_cpu_cores: Some(0.5),
            bots_cpu_cores: Some(0.5),
            latency_ms: ms(10.0),
            bots_lag_ms: ms(10.0),
            bots_dropped: Some(0),
            ..Reading::default()
        }
    }

    #[test]
    fn what_gives_way_is_named_and_the_bots_come_first() {
        assert_eq!(Limit::of(&good(), &cores()), None);
        for (spoil, said) in [
            ((|r| r.packets_received = 8) as fn(&mut Reading), "packets are lost: 1 packets"),
            (|r| r.server_cpu_cores = Some(0.95), "the server is full: 0.95 of 1 cores"),
            (|r| r.failed = 2, "somebody fails: 2 people"),
            (|r| r.latency_ms = Some(Quantiles { p99: 60.0, ..Quantiles::default() }), "wait"),
            (|r| r.bots_cpu_cores = Some(0.95), "the bots are the limit"),
            (
                |r| r.bots_waiting_cores = Some(0.6),
                "busy with something else: the bots ran on 0.50",
            ),
            (|r| r.server_waiting_cores = Some(0.6), "busy with something else: the server"),
            (
                |r| r.bots_lag_ms = Some(Quantiles { p99: 60.0, ..Quantiles::default() }),
                "60 ms late",
            ),
            (|r| (r.bots_dropped, r.packets_received) = (Some(4), 8), "did not take 4"),
        ] {
            let mut reading = good();
            spoil(&mut reading);
            let limit = Limit::of(&reading, &cores()).map(|limit| limit.say()).unwrap_or_default();
            assert!(limit.contains(said), "{said}: {limit}");
        }
    }

    /// Plays on a machine that carries so many; returns what was played, and the knee.
    fn played(carries: u32, most: u32, fine: bool) -> (Vec<u32>, Option<u32>, Option<u32>) {
        let play = |rooms| {
            let limit = (rooms > carries).then(|| Limit::Lost(String::new()));
            Ok(Step { rooms, people: rooms * 30, reading: None, limit })
        };
        let steps = sweep(most, fine, play).unwrap();
        let rooms = |step: Option<&Step>| step.map(|step| step.rooms);
        (steps.iter().map(|s| s.rooms).collect(), rooms(knee(&steps)), rooms(beyond(&steps)))
    }

    #[test]
    fn the_knee_is_found() {
        assert_eq!(played(5, 99, false), (vec![1, 2, 4, 8], Some(4), Some(8)));
        assert_eq!(played(5, 99, true), (vec![1, 2, 4, 8, 6, 5], Some(5), Some(6)));
        assert_eq!(played(0, 99, true), (vec![1], None, Some(1)));
        assert_eq!(played(99, 3, true), (vec![1, 2, 3], Some(3), None));
        let (steps, knee, beyond) = played(100, 500, true);
        assert!(steps.len() <= 11 && knee <= Some(100) && beyond > Some(100), "{steps:?}");
    }
}
