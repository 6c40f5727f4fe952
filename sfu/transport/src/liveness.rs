//! When to stop sending to a peer that has fallen silent, long before its consent runs out.
//!
//! A viewer answers media with reports and feedback, so some seconds of sending without any
//! authentic datagram in return mean that nobody listens there, and that we might be spraying
//! whoever got the address since. Silence alone says nothing: to whom nothing is sent may rest
//! for as long as its checks are apart. So the time runs only while we send.

use std::time::{Duration, Instant};

/// Whether the peer answers.
pub(crate) struct Liveness {
    heard: Instant,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing is being sent.
    Resting,
    /// Something was sent; the next look, due at once, starts the watch.
    Begun,
    /// Sending since `since`, with a look at `next`.
    Watching { since: Instant, next: Instant, sent: bool },
    /// Nobody answers.
    Paused,
}

impl Liveness {
    pub(crate) fn new(now: Instant) -> Self {
        Self { heard: now, state: State::Resting }
    }

    /// An authentic datagram came.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.heard = now;
        if self.state == State::Paused {
            self.state = State::Resting;
        }
    }

    /// Whether to send; notes that something is sent if so. Needs no time, so that protecting a
    /// packet needs none either.
    pub(crate) fn send(&mut self) -> bool {
        match &mut self.state {
            State::Resting => self.state = State::Begun,
            State::Watching { sent, .. } => *sent = true,
            State::Begun => {}
            State::Paused => return false,
        }
        true
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Resting | State::Paused => None,
            State::Begun => Some(self.heard),
            State::Watching { next, .. } => Some(next),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.state = match self.state {
            State::Begun => State::Watching { since: now, next: now + LOOK, sent: false },
            State::Watching { since, next, sent } if now >= next => {
                if !sent {
                    State::Resting
                } else if now.saturating_duration_since(since.max(self.heard)) >= PATIENCE {
                    State::Paused
                } else {
                    State::Watching { since, next: now + LOOK, sent: false }
                }
            }
            state => state,
        };
    }
}

/// How long we send without an answer. Chromium answers every 250 ms at most; a Firefox that
/// receives only audio reports every 2.5 to 7.5 s and checks every 4 to 6 s, and must not lose the
/// first words after a silence.
const PATIENCE: Duration = Duration::from_secs(8);

/// How often we look while sending.
const LOOK: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::t0;

    /// Sends every 100 ms of `sending` and hears at the times of `heard`, both in ms; returns
    /// when sending was first refused.
    fn refused_at(sending: std::ops::Range<u64>, heard: &[u64]) -> Option<u64> {
        let mut liveness = Liveness::new(t0());
        for ms in (0..60_000).step_by(100) {
            let now = t0() + Duration::from_millis(ms);
            if heard.contains(&ms) {
                liveness.hear(now);
            }
            if liveness.poll_timeout().is_some_and(|due| due <= now) {
                liveness.handle_timeout(now);
            }
            if sending.contains(&ms) && !liveness.send() {
                return Some(ms);
            }
        }
        None
    }

    #[test]
    fn pauses_only_while_sending_unanswered() {
        let refused = refused_at(0..60_000, &[]).unwrap();
        assert!((8_000..10_000).contains(&refused), "{refused}");
        let every_six: Vec<u64> = (0..60_000).step_by(6_000).collect();
        assert_eq!(refused_at(0..60_000, &every_six), None);
        // Half a minute of rest is no reason to refuse the first words after it.
        let refused = refused_at(30_000..60_000, &[0]).unwrap();
        assert!((38_000..40_000).contains(&refused), "{refused}");
        assert_eq!(refused_at(30_000..60_000, &[0, 36_000, 43_000, 50_000, 57_000]), None);
        assert_eq!(refused_at(0..5_000, &[]), None);
    }

    #[test]
    fn resumes_when_heard() {
        let mut liveness = Liveness::new(t0());
        liveness.state = State::Paused;
        assert!(!liveness.send());
        liveness.hear(t0());
        assert!(liveness.send());
    }
}
