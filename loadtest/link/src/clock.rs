//! The one clock of this crate.
//!
//! Invariant: nothing else in it reads the time.
//! Left out on purpose: wall-clock time.

use std::time::Instant;

/// The time.
#[expect(clippy::disallowed_methods, reason = "the binary tells the library the time, from here")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
