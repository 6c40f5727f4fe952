//! Virtual time and offers for the tests of this crate.

use std::sync::OnceLock;
use std::time::Instant;

/// The beginning of all tests' time.
pub(crate) fn t0() -> Instant {
    static T0: OnceLock<Instant> = OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "an Instant cannot be made otherwise")]
    *T0.get_or_init(Instant::now)
}
