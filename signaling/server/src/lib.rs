//! Everything a browser talks to but media: WebSocket, HTTP, links and tokens, the static client.
//!
//! A browser exchanges its link for a join token (`http/enter`), opens one WebSocket
//! (`connection`) and joins. Each lesson is one task (`keeper`) that owns the lesson's state: it
//! asks the lesson crate what an intent leads to, appends that to the log, and only then tells
//! the others. What lowers exposure reaches the media plane before the log.
//!
//! Invariant: no rule of a lesson lives here, and nothing that a browser sends can make a task
//! panic, wait for another browser, or hold unbounded memory.
//! Left out on purpose: storage (behind `kreide_cluster`'s traits), media and recordings (behind
//! `kreide_control::MediaPlane` and `RecorderPlane`); the binary wires them in.

mod access;
mod clock;
mod collecting;
mod config;
mod connection;
mod device;
mod door;
mod erasing;
mod event_text;
#[cfg(test)]
mod forgery;
mod http;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod keeper;
mod keys;
mod limit;
pub mod links;
mod metrics;
mod offer;
mod outbox;
mod outside;
mod rooms;
pub mod roster;
mod secret;
mod server;
mod socket;
mod table;
pub mod talks;
mod tokens;
mod translate;

pub use access::Access;
pub use config::Config;
pub use keys::{KeyError, Keys};
pub use server::{Parts, Server};
pub use table::TableError;
