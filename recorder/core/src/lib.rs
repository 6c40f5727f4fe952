//! The recorder's timeline: packets and news of a lesson go in, fragments come out.

mod fragment;

pub use fragment::{Fragment, Frame, Track};
