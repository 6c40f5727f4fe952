//! The server on real sockets and a real file, with a media plane that only notes its orders.

#![allow(clippy::unwrap_used, reason = "clippy exempts test functions, not their helpers")]

mod classroom;
mod common;
mod crowd;
mod door;
mod erased;
mod lesson;
mod private;
mod recording;
mod roster;
