//! Nanoseconds of this thread's processor time for each packet.

use std::time::Duration;

use anyhow::{Result, ensure};
use nix::time::{ClockId, clock_gettime};

/// What a packet costs, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// In the middle of all rounds.
    pub(crate) median_ns: f64,
    /// In the best round.
    pub(crate) least_ns: f64,
}

/// Processor time that this thread has used so far, user and system.
fn used() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}

/// Repeats rounds for `time`, at least [`FEWEST_ROUNDS`]. `prepare` stands outside the clock,
/// `round` says how many packets it took.
pub(crate) fn measure<S>(
    time: Duration,
    state: &mut S,
    prepare: impl Fn(&mut S) -> Result<()>,
    round: impl Fn(&mut S) -> Result<usize>,
) -> Result<Cost> {
    let mut rounds = Vec::new();
    let mut total = Duration::ZERO;
    while total < time || rounds.len() < FEWEST_ROUNDS {
        prepare(state)?;
        let before = used()?;
        let packets = round(state)?;
        let spent = used()?.saturating_sub(before);
        ensure!(packets > 0, "a round without a packet");
        total += spent;
        rounds.push(spent.as_nanos() as f64 / packets as f64);
    }
    // The first warms caches and pages.
    rounds.remove(0);
    rounds.sort_by(f64::total_cmp);
    Ok(Cost { median_ns: rounds[rounds.len() / 2], least_ns: rounds[0] })
}

/// Fewer tell nothing of how much rounds differ.
const FEWEST_ROUNDS: usize = 12;
