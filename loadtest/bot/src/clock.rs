//! Time as it is stamped into payloads.
//!
//! Invariant: monotonic within a process, and the same up to the wall clock's precision between
//! processes of one machine.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Microseconds since 1970 UTC at a moment.
#[must_use]
pub fn unix_micros(at: Instant) -> u64 {
    since_1970(at).as_micros() as u64
}

/// Time since 1970 UTC at a moment.
pub(crate) fn since_1970(at: Instant) -> Duration {
    static ORIGIN: OnceLock<(Instant, Duration)> = OnceLock::new();
    let (origin, unix) = *ORIGIN.get_or_init(|| {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (Instant::now(), unix)
    });
    if at >= origin { unix + (at - origin) } else { unix.saturating_sub(origin - at) }
}
