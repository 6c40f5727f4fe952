//! What went wrong in a recording, for metrics.

use std::time::Duration;

/// Everything counts up from the beginning of the recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets that are on no line of the recorder, or that cannot be read.
    pub strange: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came after their time had been sealed.
    pub late: u64,
    /// Packets dropped because a buffer was full.
    pub dropped: u64,
    /// Pictures that could not be shown since a part of them, or of one before, was lost.
    pub broken: u64,
    /// Sound that was made up in place of lost packets.
    pub concealed: Duration,
    /// Keyframes asked for.
    pub keyframes: u64,
}
