//! Recordings on disk: jobs, the muxer, playback over HTTP, retention.
//!
//! A recording is one thread (`job`): it owns the tap, the timeline and the file, and nothing
//! else waits for it. The file is WebM at every second (`webm`, `file`); `scan` reads it back for
//! players and after a crash.
//!
//! Invariant: nothing of a recording exists before [`Recorder`] was ordered to record. A file ends
//! with a whole cluster, and a recording is either running, ended, or ended by the next start.
//! Left out on purpose: who may be recorded. What must not be never arrives here.

mod access;
mod chores;
mod clock;
mod config;
mod file;
mod folder;
mod http;
mod indexes;
mod job;
mod jobs;
mod metrics;
mod recorder;
mod recovery;
mod scan;
mod webm;

pub use access::{Access, Doorkeeper};
pub use config::RecorderConfig;
pub use recorder::{Parts, Recorder};
