//! The file of a recording while it is written: whole clusters, one after the other.
//!
//! Invariant: after every call the file ends with a whole cluster that is on disk, whatever the
//! disk says meanwhile. Sealing only writes over what is there.
//! Left out on purpose: threads and time. Every call may take as long as the disk takes.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use kreide_cluster::RecordingSize;
use kreide_protocol::FragmentInfo;
use kreide_recorder_core::Fragment;

use crate::folder;
use crate::scan::{self, OpenPicture, Whole};
use crate::webm::{self, Head};

/// A file that grows by fragments.
#[derive(Debug)]
pub(crate) struct RecordingFile {
    file: File,
    /// Where the next cluster goes.
    end: u64,
    /// Milliseconds that stand in it.
    length: u64,
    /// The last picture; where its length stands is counted from the beginning of the file.
    picture: Option<OpenPicture>,
}

impl RecordingFile {
    /// Makes the file, its folders, and the file's head. Nothing is left behind by a failure but
    /// empty folders.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        folder::make_for(path)?;
        let file =
            OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        let head = Head::Live.encode();
        let written = file
            .write_all_at(&head, 0)
            .and_then(|()| file.sync_all())
            .and_then(|()| folder::sync_of(path));
        if let Err(error) = written {
            // The failure that counts is the first one.
            let _best_effort = std::fs::remove_file(path);
            return Err(error);
        }
        Ok(Self { file, end: head.len() as u64, length: 0, picture: None })
    }

    /// Bytes of whole clusters and what stands before them.
    pub(crate) fn bytes(&self) -> u64 {
        self.end
    }

    /// Milliseconds that stand in the file.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Writes a fragment; it is on disk when this returns.
    ///
    /// # Errors
    /// What the disk says. The fragment does not stand in the file then.
    pub(crate) fn append(&mut self, fragment: &Fragment) -> io::Result<FragmentInfo> {
        let bytes = webm::cluster(fragment);
        let cluster = scan::cluster(&bytes)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "an unreadable cluster"))?;
        if let Err(error) = self.write(&bytes, cluster.first.map(|(at, _)| at)) {
            // What could not be cut now is cut by the next start of the server.
            let _best_effort = self.file.set_len(self.end);
            return Err(error);
        }
        let start = cluster.start;
        let info = FragmentInfo {
            start,
            offset: self.end,
            length: bytes.len() as u64,
            keyframe: cluster.keyframe(),
        };
        if let Some(last) = cluster.last {
            self.picture = Some(OpenPicture { length_at: self.end + last.length_at, ..last });
        }
        self.end += info.length;
        self.length =
            u64::try_from((fragment.start + fragment.duration).as_millis()).unwrap_or(u64::MAX);
        Ok(info)
    }

    fn write(&mut self, cluster: &[u8], next_picture: Option<u64>) -> io::Result<()> {
        if let Some(next) = next_picture {
            self.end_picture(next)?;
        }
        self.file.write_all_at(cluster, self.end)?;
        self.file.sync_data()
    }

    /// Writes how long the last picture lasts.
    fn end_picture(&self, end: u64) -> io::Result<()> {
        let Some(picture) = self.picture else { return Ok(()) };
        // A picture that stands longer than two bytes can say is followed by a keyframe: players
        // that see a gap begin there.
        let length = u16::try_from(end.saturating_sub(picture.at)).unwrap_or(u16::MAX);
        self.file.write_all_at(&length.to_be_bytes(), picture.length_at)
    }

    /// Ends the file: writes the index, the length and the size.
    ///
    /// # Errors
    /// What the disk says. The file can be played all the same, and be sealed another time.
    pub(crate) fn seal(&self, fragments: &[FragmentInfo]) -> io::Result<RecordingSize> {
        self.file.set_len(self.end)?;
        self.end_picture(self.length)?;
        let head = Head::Sealed { length: self.length, bytes: self.end, fragments };
        self.file.write_all_at(&head.encode(), 0)?;
        self.file.sync_all()?;
        let signed = |number| i64::try_from(number).unwrap_or(i64::MAX);
        Ok(RecordingSize { length: signed(self.length), bytes: signed(self.end) })
    }
}

/// Ends a file that a crash or a fault cut: all whole clusters stay, what follows them goes.
/// `None`: nothing of it can be played.
///
/// # Errors
/// What the disk says.
pub(crate) fn recover(path: &Path) -> io::Result<Option<RecordingSize>> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let Some(layout) = scan::layout(&file)? else { return Ok(None) };
    let Whole { fragments, length, end, picture } = scan::whole(&file, &layout)?;
    if fragments.is_empty() {
        return Ok(None);
    }
    RecordingFile { file, end, length, picture }.seal(&fragments).map(Some)
}
