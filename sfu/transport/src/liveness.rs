//! When to stop sending to a peer that has fallen silent, long before its consent runs out.
//!
//! A viewer answers media with reports and feedback, so some seconds of sending without any
//! authentic datagram in return mean that nobody listens there, and that we might be spraying
//! whoever got the address since. Silence alone says nothing: to whom nothing is sent may rest
//! for as long as its checks are apart. So the time runs only while we send.
//!
//! An honest peer can be quiet for longer than we care to spray: a Firefox that receives only audio
//! reports every 2.5 to 7.5 s and checks every 4 to 6 s. So we ask: every ICE agent answers a
//! binding request at once. Whoever was seen to answer is silent when it no longer does; only with
//! the others we wait for what they say by themselves.

use std::time::{Duration, Instant};

/// Whether the peer answers.
pub(crate) struct Liveness {
    heard: Instant,
    state: State,
    /// How long we send without an answer.
    patience: Duration,
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

/// What a look leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing to be done.
    Fine,
    /// Ask the peer whether it is there.
    Ask,
}

impl Liveness {
    pub(crate) fn new(now: Instant) -> Self {
        Self { heard: now, state: State::Resting, patience: PATIENCE }
    }

    /// An authentic datagram came.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.heard = now;
        if self.state == State::Paused {
            self.state = State::Resting;
        }
    }

    /// The peer answered what we asked.
    pub(crate) fn hear_answer(&mut self, now: Instant) {
        self.patience = PATIENCE_WHEN_ASKED;
        self.hear(now);
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

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Look {
        match self.state {
            State::Begun => {
                self.watch(now, now);
                // To know how to treat its silence, should it ever fall silent.
                if self.patience == PATIENCE { Look::Ask } else { Look::Fine }
            }
            State::Watching { next, .. } if now < next => Look::Fine,
            State::Watching { sent: false, .. } => {
                self.state = State::Resting;
                Look::Fine
            }
            State::Watching { since, .. } => {
                let silence = now.saturating_duration_since(since.max(self.heard));
                if silence >= self.patience {
                    self.state = State::Paused;
                    return Look::Fine;
                }
                self.watch(since, now);
                if silence >= QUIET { Look::Ask } else { Look::Fine }
            }
            State::Resting | State::Paused => Look::Fine,
        }
    }

    fn watch(&mut self, since: Instant, now: Instant) {
        let quiet = since.max(self.heard) + QUIET;
        let next = if now < quiet { quiet.min(now + LOOK) } else { now + LOOK_WHEN_QUIET };
        self.state = State::Watching { since, next, sent: false };
    }
}

/// How long we send without an answer to a peer that was never seen to answer when asked. Its own
/// reports and checks may be that far apart, and it must not lose the first words after a silence.
const PATIENCE: Duration = Duration::from_secs(8);

/// The same for one that was. With the last look it makes less than 5 s; ten questions lie in it.
const PATIENCE_WHEN_ASKED: Duration = Duration::from_millis(4_500);

/// How often we look while sending.
const LOOK: Duration = Duration::from_secs(1);

/// From when on we ask. Chromium, which reports every 250 ms at most, is never asked again.
const QUIET: Duration = Duration::from_secs(2);

/// How often we look then, and ask.
const LOOK_WHEN_QUIET: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Random, t0};

    /// Somebody to whom something is sent every 50 ms of `sending`.
    struct Listener {
        sending: std::ops::Range<u64>,
        /// Says something by itself at these times, in order.
        heard: Vec<u64>,
        /// Answers until then.
        answers_until: u64,
        /// Of 100 datagrams each way, so many are lost.
        loss: usize,
    }

    impl Listener {
        /// When sending was refused, in ms.
        fn refused(&self, minutes: u64) -> Vec<u64> {
            let mut liveness = Liveness::new(t0());
            let mut random = Random(99);
            let mut refused = Vec::new();
            for ms in (0..minutes * 60_000).step_by(50) {
                let now = t0() + Duration::from_millis(ms);
                if self.heard.binary_search(&ms).is_ok() && random.below(100) >= self.loss {
                    liveness.hear(now);
                }
                if liveness.poll_timeout().is_some_and(|due| due <= now)
                    && liveness.handle_timeout(now) == Look::Ask
                    && ms < self.answers_until
                    && random.below(100) >= self.loss
                    && random.below(100) >= self.loss
                {
                    liveness.hear_answer(now);
                }
                if self.sending.contains(&ms) && !liveness.send() {
                    refused.push(ms);
                }
            }
            refused
        }

        fn refused_at(&self) -> Option<u64> {
            self.refused(1).first().copied()
        }
    }

    fn mute(sending: std::ops::Range<u64>, heard: &[u64]) -> Listener {
        Listener { sending, heard: heard.to_vec(), answers_until: 0, loss: 0 }
    }

    #[test]
    fn pauses_only_while_sending_unanswered() {
        let refused = mute(0..60_000, &[]).refused_at().unwrap();
        assert!((8_000..9_000).contains(&refused), "{refused}");
        let every_six: Vec<u64> = (0..60_000).step_by(6_000).collect();
        assert_eq!(mute(0..60_000, &every_six).refused_at(), None);
        // Half a minute of rest is no reason to refuse the first words after it.
        let refused = mute(30_000..60_000, &[0]).refused_at().unwrap();
        assert!((38_000..39_000).contains(&refused), "{refused}");
        let heard = [0, 36_000, 43_000, 50_000, 57_000];
        assert_eq!(mute(30_000..60_000, &heard).refused_at(), None);
        assert_eq!(mute(0..5_000, &[]).refused_at(), None);
    }

    #[test]
    fn who_answered_once_is_left_within_five_seconds() {
        for gone in (1_000..20_000).step_by(50) {
            let chatty: Vec<u64> = (0..gone).step_by(250).collect();
            for heard in [chatty, Vec::new()] {
                let sending = 0..60_000;
                let listener = Listener { sending, heard, answers_until: gone, loss: 0 };
                let refused = listener.refused_at().unwrap();
                assert!((gone..gone + 5_000).contains(&refused), "{refused} after {gone}");
            }
        }
    }

    /// Only audio goes there, it reports every 7.5 s and checks every 6 s, but it answers.
    #[test]
    fn an_honest_quiet_peer_is_never_left() {
        let heard: Vec<u64> =
            (0..3_600_000).filter(|ms| ms % 7_500 == 0 || ms % 6_000 == 0).collect();
        let listener = Listener { sending: 0..3_600_000, heard, answers_until: u64::MAX, loss: 0 };
        assert_eq!(listener.refused(60), Vec::<u64>::new());
    }

    /// At a third of all datagrams lost each way, not more is withheld than when we did not ask.
    #[test]
    fn loss_does_not_make_asking_worse_than_waiting() {
        let heard: Vec<u64> =
            (0..3_600_000).filter(|ms| ms % 7_500 == 0 || ms % 6_000 == 0).collect();
        let withheld = |answers_until| {
            let (sending, heard) = (0..3_600_000, heard.clone());
            Listener { sending, heard, answers_until, loss: 33 }.refused(60).len()
        };
        let (asking, waiting) = (withheld(u64::MAX), withheld(0));
        assert!(asking <= waiting, "{asking} instead of {waiting} of 72,000");
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
