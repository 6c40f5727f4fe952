//! Clients that mean harm, over real sockets against a real server with a real file.
//!
//! Each attack has an honest lesson around or beside it, and is over only when that lesson has gone
//! on: the same owner, answers to everyone, no task that panicked. What must not happen is asked of
//! the lesson's log and of the orders to the media plane, not of answers alone.
//! Left out on purpose: packets, which the SFU's own attacks send.

#![allow(clippy::unwrap_used, reason = "clippy exempts test functions, not their helpers")]

#[path = "../server/common/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests of the server need more of it")]
mod common;

mod floods;
mod frames;
mod full;
mod groups;
mod http;
mod intents;
mod lobby;
mod locks;
mod messages;
mod polls;
mod private;
mod removed;
mod resume;
mod scene;
mod talks;
mod tokens;
