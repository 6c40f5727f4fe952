//! What an operator sets.

use std::path::PathBuf;
use std::time::Duration;

/// The recorder's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecorderConfig {
    /// Where files are kept. Made when the first recording begins.
    pub folder: PathBuf,
    /// How long a recording is kept, from its beginning.
    pub kept: Duration,
    /// Recordings that may run at once. Beyond, orders are refused.
    pub max_recordings: usize,
}
