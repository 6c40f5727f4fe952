//! The server's clock: milliseconds since 1970 UTC, read here and nowhere else.
//!
//! Invariant: never negative. Left out on purpose: durations, which use tokio's own clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970 UTC.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
