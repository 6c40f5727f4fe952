//! The lesson, tested from outside: by intents, events and what can be asked of the state.

#![allow(clippy::unwrap_used, reason = "the helpers of tests fail like tests")]

mod ballots;
mod calm;
mod chat;
mod corpus;
mod crowd;
mod decided;
mod doors;
mod fixture;
mod forms;
mod groups;
mod intents;
mod lobby;
mod locks;
mod matrix;
mod people;
mod polls;
mod projection;
mod recording;
mod replay;
mod rights;
mod stored;
mod talks;
mod tools;
mod undo;
mod whole;
