//! Which cores are the server's and which the bots'.
//!
//! Invariant: a program gets its cores before its first instruction, so that no thread of it ever
//! runs elsewhere.

use anyhow::{Context, Result, ensure};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::Serialize;

/// A division of the cores that this process may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Cores {
    pub(crate) server: Vec<usize>,
    pub(crate) bots: Vec<usize>,
}

impl Cores {
    /// The first `server` of them, half if nothing is wished, for the server. On a machine with
    /// one core both share it.
    ///
    /// # Errors
    /// If so many are not there, or the system does not tell.
    pub(crate) fn divide(server: Option<usize>) -> Result<Self> {
        let allowed = sched_getaffinity(None).context("the system does not tell its cores")?;
        let all: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect();
        Self::of(&all, server)
    }

    fn of(all: &[usize], server: Option<usize>) -> Result<Self> {
        if all.len() < 2 {
            return Ok(Self { server: all.to_vec(), bots: all.to_vec() });
        }
        let wanted = server.unwrap_or(all.len() / 2);
        ensure!(wanted < all.len(), "{wanted} of {} cores leave none to the bots", all.len());
        let (server, bots) = all.split_at(wanted);
        Ok(Self { server: server.to_vec(), bots: bots.to_vec() })
    }

    /// Whether server and bots are kept apart.
    pub(crate) fn are_apart(&self) -> bool {
        self.server != self.bots
    }
}

/// Runs something, typically the start of a program, on these cores.
///
/// # Errors
/// If the system refuses, or `run` fails.
pub(crate) fn on<T>(cores: &[usize], run: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = sched_getaffinity(None).context("the system does not tell its cores")?;
    let mut chosen = CpuSet::new();
    cores.iter().for_each(|core| chosen.set(*core));
    // A program inherits the cores of the thread that starts it.
    sched_setaffinity(None, &chosen).context("the system does not give the cores")?;
    let result = run();
    sched_setaffinity(None, &before).context("the system does not give the cores back")?;
    result
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn cores_are_divided() {
        let of = |all: &[usize], server| Cores::of(all, server).ok().map(|c| (c.server, c.bots));
        assert_eq!(of(&[0, 1], None), Some((vec![0], vec![1])));
        assert_eq!(of(&[0, 1, 4, 5], None), Some((vec![0, 1], vec![4, 5])));
        assert_eq!(of(&[0, 1, 4, 5], Some(3)), Some((vec![0, 1, 4], vec![5])));
        assert_eq!(of(&[0, 1], Some(2)), None);
        assert_eq!(of(&[3], None), Some((vec![3], vec![3])));
        assert!(!Cores::of(&[3], None).unwrap().are_apart());
    }

    #[test]
    fn a_program_runs_on_the_cores_it_was_given() {
        let before = sched_getaffinity(None).unwrap();
        let core = (0..CpuSet::MAX_CPU).find(|core| before.is_set(*core)).unwrap();
        let told = on(&[core], || {
            Ok(Command::new("grep").args(["Cpus_allowed_list", "/proc/self/status"]).output()?)
        });
        let told = String::from_utf8(told.unwrap().stdout).unwrap();
        assert_eq!(told.split_whitespace().last(), Some(&*core.to_string()), "{told}");
        assert_eq!(sched_getaffinity(None).unwrap(), before, "only the program is bound");
    }
}
