//! Keyframe requests for one stream, coalesced: whoever asks, the sender is asked at most once in
//! [`INTERVAL`], so that thirty viewers who join at the bell do not cost thirty keyframes.

use std::time::{Duration, Instant};

/// Shortest time between two requests to one source.
pub(crate) const INTERVAL: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
pub(crate) struct KeyframeRequests {
    sent: Option<Instant>,
    wanted: bool,
}

impl KeyframeRequests {
    /// Somebody needs a keyframe. Returns whether to ask the sender now.
    pub(crate) fn want(&mut self, now: Instant) -> bool {
        self.wanted = true;
        self.due(now)
    }

    /// Whether an earlier wish may be sent now.
    fn due(&mut self, now: Instant) -> bool {
        let quiet = self.sent.is_none_or(|sent| now >= sent + INTERVAL);
        let ask = self.wanted && quiet;
        if ask {
            self.sent = Some(now);
            self.wanted = false;
        }
        ask
    }

    /// Whether somebody still needs one and the sender was not asked since.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// A keyframe began to arrive.
    pub(crate) fn arrived(&mut self) {
        self.wanted = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_at_most_once_in_an_interval_and_never_forgets() {
        let t0 = kreide_sfu_testkit::t0();
        let mut requests = KeyframeRequests::default();
        assert!(requests.want(t0));
        assert!(!requests.want(t0 + INTERVAL / 2));
        assert!(requests.is_wanted() && requests.due(t0 + INTERVAL));
        assert!(!requests.due(t0 + 2 * INTERVAL));
        assert!(requests.want(t0 + 3 * INTERVAL));
        requests.want(t0 + 3 * INTERVAL);
        requests.arrived();
        assert!(!requests.due(t0 + 5 * INTERVAL));
    }
}
