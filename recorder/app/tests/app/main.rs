//! Whole recordings: real packets through the real timeline into real files, played over HTTP.

#![allow(clippy::unwrap_used, reason = "clippy exempts test functions, not their helpers")]

mod faults;
mod kit;
mod recording;
mod rights;
