//! The lesson, tested from outside: by intents, events and what can be asked of the state.

#![allow(clippy::unwrap_used, reason = "the helpers of tests fail like tests")]

mod corpus;
mod doors;
mod fixture;
mod groups;
mod locks;
mod matrix;
mod people;
mod projection;
mod recording;
mod replay;
mod stored;
mod talks;
