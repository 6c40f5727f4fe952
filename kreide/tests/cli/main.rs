//! The real binary, as operators and scripts meet it.

mod link;
mod running;
mod school;
mod serve;
