//! When which peer or room wants to be woken. One entry for each, so a change costs a logarithm.
//!
//! Most deadlines only ever move back: consent is given anew by each check, silence ends with each
//! packet. An entry that became too early stays until its time: its sleeper is woken once for
//! nothing, and then says when it really wants to be.

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
    /// Until when sleepers were woken: what stands there before must change.
    woken: Option<Instant>,
}

impl Deadlines {
    pub(crate) fn next(&self) -> Option<Instant> {
        self.all.first().map(|(at, _)| *at)
    }

    /// Replaces the deadline in `current`, which the sleeper keeps, by `wanted`; a later one takes
    /// its place when the sleeper has been woken.
    pub(crate) fn set(
        &mut self,
        sleeper: Sleeper,
        current: &mut Option<Instant>,
        wanted: Option<Instant>,
    ) {
        let early = current.is_some() && *current > self.woken && *current < wanted;
        if early || *current == wanted {
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
    pub(crate) fn due(&mut self, now: Instant) -> Option<Sleeper> {
        self.woken = Some(now);
        self.all.first().filter(|(at, _)| *at <= now).map(|(_, sleeper)| *sleeper)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_entry_moves_forward_at_once_and_back_when_it_was_woken() {
        let began = Instant::now();
        let at = |second| began + Duration::from_secs(second);
        let (mut deadlines, mut current) = (Deadlines::default(), None);
        let peer = Sleeper::Peer(7);
        // When it is set, to which time; when it is looked, and when the next entry is then.
        let rows = [
            (Some(30), 0, Some(30)),
            (Some(35), 1, Some(30)),
            (Some(20), 2, Some(20)),
            (Some(50), 19, Some(20)),
            (Some(50), 20, Some(50)),
            (None, 21, None),
            (Some(22), 21, Some(22)),
        ];
        for (wanted, now, next) in rows {
            let due = deadlines.due(at(now));
            assert_eq!(due, (current <= Some(at(now)) && current.is_some()).then_some(peer));
            deadlines.set(peer, &mut current, wanted.map(at));
            assert_eq!((deadlines.next(), current), (next.map(at), next.map(at)), "at {now}");
        }
    }
}
