//! For tests of the media core: virtual time, made-up senders, and a receiver that is as strict
//! as a decoder.
//!
//! Left out on purpose: assertions. A scenario reads as what happens; the test says what must be.

mod camera;
mod decoder;
mod fixture;
mod lesson;
mod microphone;
mod spread;

use std::sync::OnceLock;
use std::time::Instant;

pub use camera::Camera;
pub use decoder::{Fault, Vp8Decoder};
pub use fixture::{in_scope, member, no_rights, open_rights, room, source, video_slot_ssrc, view};
pub use lesson::{CAPTURE_TIME, FRAME, Lesson, STEP, keyframe_requests};
pub use microphone::Microphone;
pub use spread::Spread;

/// The beginning of virtual time; the same in all of a process.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "the one place where a test's clock begins")]
pub fn t0() -> Instant {
    static T0: OnceLock<Instant> = OnceLock::new();
    *T0.get_or_init(Instant::now)
}
