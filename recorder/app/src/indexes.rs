//! Where the fragments of ended recordings stand: read from the files, kept for a while.
//!
//! Invariant: holds few of them, whoever asks for how many.
//! Left out on purpose: recordings that run. Their jobs know.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use kreide_control::RecordingId;
use kreide_protocol::FragmentInfo;

use crate::{scan, webm};

/// What a player needs of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Index {
    /// Length of the initialization segment: bytes.
    pub(crate) init: u64,
    /// The fragments.
    pub(crate) fragments: Vec<FragmentInfo>,
    /// Milliseconds to the beginning of the last fragment at least.
    pub(crate) length: u64,
    /// Bytes of what is whole.
    pub(crate) bytes: u64,
}

/// So many are kept; then the one that was asked for longest ago goes.
const KEPT: usize = 16;

/// The indexes that were asked for lately, the latest at the end.
#[derive(Debug, Default)]
pub(crate) struct Indexes {
    kept: Mutex<VecDeque<(RecordingId, Arc<Index>)>>,
}

impl Indexes {
    pub(crate) fn get(&self, id: &RecordingId) -> Option<Arc<Index>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(other, _)| other == id)?;
        let found = kept.remove(place)?;
        kept.push_back(found.clone());
        Some(found.1)
    }

    pub(crate) fn put(&self, id: RecordingId, index: Arc<Index>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(other, _)| *other != id);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((id, index));
    }

    pub(crate) fn forget(&self, id: &RecordingId) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(other, _)| other != id);
    }
}

/// Reads the index of a file that nobody writes. A file that is not sealed is read whole.
pub(crate) fn read(path: &Path) -> io::Result<Index> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    if size < webm::head_length() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no recording"));
    }
    let init = webm::init_length();
    let cues = scan::cues(&file)?;
    if cues.is_empty() {
        let whole = scan::whole(&file)?;
        let (length, bytes) = (whole.length, whole.end);
        return Ok(Index { init, fragments: whole.fragments, length, bytes });
    }
    let fragments = scan::fragments(&file, &cues, size)?;
    let last = fragments.last();
    Ok(Index {
        init,
        length: last.map_or(0, |last| last.start),
        bytes: last.map_or(webm::head_length(), |last| last.offset + last.length),
        fragments,
    })
}
