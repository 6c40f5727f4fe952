//! For tests of the media core: virtual time, a seeded network, made-up senders.
//!
//! Left out on purpose: assertions. A scenario reads as what happens; the test says what must be.

use std::sync::OnceLock;
use std::time::Instant;

/// The beginning of virtual time; the same in all of a process.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "the one place where a test's clock begins")]
pub fn t0() -> Instant {
    static T0: OnceLock<Instant> = OnceLock::new();
    *T0.get_or_init(Instant::now)
}
