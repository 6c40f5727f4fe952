//! When which peer or room wants to be woken. One entry for each, so a change costs a logarithm.

use std::collections::BTreeSet;
use std::time::Instant;

/// Who wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sleeper {
    Peer(usize),
    Room(usize),
}

#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    all: BTreeSet<(Instant, Sleeper)>,
}

impl Deadlines {
    pub(crate) fn next(&self) -> Option<Instant> {
        self.all.first().map(|(at, _)| *at)
    }

    /// Replaces the deadline in `current`, which the sleeper keeps, by `wanted`.
    pub(crate) fn set(
        &mut self,
        sleeper: Sleeper,
        current: &mut Option<Instant>,
        wanted: Option<Instant>,
    ) {
        if *current == wanted {
            return;
        }
        if let Some(at) = current.take() {
            self.all.remove(&(at, sleeper));
        }
        if let Some(at) = wanted {
            self.all.insert((at, sleeper));
        }
        *current = wanted;
    }

    /// The next sleeper whose time has come. Its entry stays until its deadline changes.
    pub(crate) fn due(&self, now: Instant) -> Option<Sleeper> {
        self.all.first().filter(|(at, _)| *at <= now).map(|(_, sleeper)| *sleeper)
    }
}
