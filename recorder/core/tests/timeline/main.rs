//! Whole recordings on virtual time: what happens in a lesson, and what was recorded of it.

mod hostile;
mod kit;
mod picture;
mod sound;
