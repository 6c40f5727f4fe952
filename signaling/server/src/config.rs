//! What can be set.
//!
//! Invariant: plain values, checked by whoever reads them from a file.
//! Left out on purpose: caps of the protocol, which are constants that clients rely on.

use std::net::IpAddr;
use std::time::Duration;

use kreide_lesson::Millis;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Settings of a [`crate::Server`].
#[derive(Clone, Debug)]
pub struct Config {
    /// WebSockets that may be open at once. Beyond, joins are answered with status 503.
    pub max_connections: usize,
    /// HTTP connections that may be open at once, WebSockets not among them. Beyond, new ones wait.
    pub max_sockets: usize,
    /// Proxies in front of this server. The address that they forward counts as the browser's.
    pub trusted_proxies: Vec<IpAddr>,
    /// How long a seat whose connection died still counts as online: a reload takes less.
    pub offline_grace: Duration,
    /// A lesson that nobody is connected to for so long ends.
    pub empty_lesson: Duration,
    /// How long people have been told of a recording before it begins.
    pub recording_lead: Duration,
    /// How long after its end a lesson's names, chat and attendance are kept, unless the room's
    /// policy keeps them for days.
    pub texts_kept: Duration,
}

impl Config {
    /// From when on a lesson is erased that ended at `end` and is kept for so many days by its
    /// policy, or for none: milliseconds since 1970 UTC.
    pub(crate) fn erase_at(&self, end: Millis, keep_days: u16) -> i64 {
        let kept = match keep_days {
            0 => i64::try_from(self.texts_kept.as_millis()).unwrap_or(i64::MAX),
            days => i64::from(days) * DAY_MS,
        };
        end.0.saturating_add(kept)
    }

    /// Values for one machine.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            max_connections: 10_000,
            max_sockets: 20_000,
            trusted_proxies: Vec::new(),
            offline_grace: Duration::from_secs(1),
            empty_lesson: Duration::from_secs(30 * 60),
            recording_lead: Duration::from_secs(5),
            texts_kept: Duration::from_secs(60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesson_is_kept_as_its_policy_says() {
        let config = Config { texts_kept: Duration::from_secs(60), ..Config::standard() };
        for (days, kept) in [(0, 60_000), (1, DAY_MS), (u16::MAX, 65_535 * DAY_MS)] {
            assert_eq!(config.erase_at(Millis(7), days), 7 + kept, "{days}");
        }
        assert_eq!(config.erase_at(Millis(i64::MAX), 1), i64::MAX);
    }
}
