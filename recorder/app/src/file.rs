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
/// `None`: no cluster of it was ever whole.
///
/// # Errors
/// What the disk says; [`io::ErrorKind::InvalidData`] if clusters stand there, but behind a
/// damaged one.
pub(crate) fn recover(path: &Path) -> io::Result<Option<RecordingSize>> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let Whole { fragments, length, end, picture } = scan::whole(&file)?;
    if fragments.is_empty() {
        let damaged = io::Error::new(io::ErrorKind::InvalidData, "the first cluster is damaged");
        return if scan::has_end(&file)? { Err(damaged) } else { Ok(None) };
    }
    RecordingFile { file, end, length, picture }.seal(&fragments).map(Some)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use kreide_recorder_core::{Frame, Track};
    use webm_iterable::WebmIterator;
    use webm_iterable::matroska_spec::{Master, MatroskaSpec};

    use super::*;

    /// In memory where the system has such a folder: a test that writes thousands of files waits
    /// for no disk.
    fn memory() -> tempfile::TempDir {
        tempfile::tempdir_in("/dev/shm").or_else(|_none| tempfile::tempdir()).unwrap()
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn sound(at: u64) -> Frame {
        Frame { track: Track::Sound, at: ms(at), keyframe: true, data: vec![0xfc; 9] }
    }

    fn picture(at: u64, keyframe: bool) -> Frame {
        Frame { track: Track::Picture, at: ms(at), keyframe, data: vec![7; 300] }
    }

    /// A fragment of 100 ms with the pictures that are given.
    fn fragment(start: u64, pictures: &[(u64, bool)]) -> Fragment {
        let mut frames: Vec<_> = (0..5).map(|n| sound(start + 20 * n)).collect();
        frames.extend(pictures.iter().map(|(after, key)| picture(start + after, *key)));
        frames.sort_by_key(|frame| frame.at);
        let keyframe = pictures.first().is_some_and(|(_, keyframe)| *keyframe);
        Fragment { start: ms(start), duration: ms(100), run: 0, keyframe, frames }
    }

    const PICTURES: [&[(u64, bool)]; 4] =
        [&[(0, true), (33, false), (66, false)], &[(1, false)], &[], &[(5, true), (40, false)]];

    /// A file with four fragments, not sealed.
    fn written(path: &Path) -> (RecordingFile, Vec<FragmentInfo>) {
        let mut file = RecordingFile::create(path).unwrap();
        let fragments = (0..)
            .zip(PICTURES)
            .map(|(n, pictures)| file.append(&fragment(100 * n, pictures)).unwrap())
            .collect();
        (file, fragments)
    }

    /// The block groups of a file: when each picture is shown and how long it lasts.
    fn lengths(path: &Path) -> Vec<(u64, u64)> {
        let mut found = Vec::new();
        let mut start = 0;
        let groups = [MatroskaSpec::BlockGroup(Master::Start)];
        for tag in WebmIterator::new(File::open(path).unwrap(), &groups) {
            match tag.unwrap() {
                MatroskaSpec::Timestamp(at) => start = at,
                MatroskaSpec::BlockGroup(Master::Full(group)) => {
                    let (mut at, mut length) = (None, None);
                    for tag in group {
                        match tag {
                            MatroskaSpec::Block(block) => {
                                at = Some(start + u64::from(block[1]) * 256 + u64::from(block[2]));
                            }
                            MatroskaSpec::BlockDuration(duration) => length = Some(duration),
                            _ => {}
                        }
                    }
                    found.push((at.unwrap(), length.unwrap()));
                }
                _ => {}
            }
        }
        found
    }

    #[test]
    fn the_last_picture_of_a_cluster_lasts_until_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/r.webm");
        let (file, fragments) = written(&path);
        let open = u64::from(webm::OPEN_END);
        assert_eq!(lengths(&path), [(66, 35), (101, 204), (340, open)]);
        file.seal(&fragments).unwrap();
        assert_eq!(lengths(&path), [(66, 35), (101, 204), (340, 60)]);
    }

    #[test]
    fn a_sealed_file_tells_its_length_and_where_to_begin() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.webm");
        let (file, fragments) = written(&path);
        let live = fs::read(&path).unwrap();
        assert_eq!(file.seal(&fragments).unwrap().length, 400);
        let sealed = fs::read(&path).unwrap();
        assert_eq!(live.len(), sealed.len(), "sealing needs no space");

        let tags: Vec<_> = WebmIterator::new(&sealed[..], &[]).map(Result::unwrap).collect();
        assert!(tags.contains(&MatroskaSpec::Duration(400.0)));
        let times: Vec<_> = tags
            .iter()
            .filter_map(|tag| match tag {
                MatroskaSpec::CueTime(time) => Some(*time),
                _ => None,
            })
            .collect();
        assert_eq!(times, [0, 300]);
        let blocks = tags.iter().filter(|tag| matches!(tag, MatroskaSpec::SimpleBlock(_)));
        assert_eq!(blocks.count(), 20 + 3);

        let file = File::open(&path).unwrap();
        let cues = scan::cues(&file).unwrap();
        assert_eq!(cues, [0, 300]);
        assert_eq!(webm::init_length(), Head::Live.init().len() as u64);
        assert_eq!(webm::head_length(), Head::Live.encode().len() as u64);
        let read = scan::fragments(&file, &cues, sealed.len() as u64).unwrap();
        assert_eq!(read, fragments);
        // The positions of the index lead to clusters.
        let segment = sealed.windows(4).position(|bytes| bytes == [0x18, 0x53, 0x80, 0x67]);
        let size = &sealed[segment.unwrap() + 4..][..8];
        let start = segment.unwrap() + 12;
        assert_eq!(size[0], 1);
        let size = u64::from_be_bytes(size.try_into().unwrap()) & ((1 << 56) - 1);
        assert_eq!(start as u64 + size, sealed.len() as u64);
        for tag in &tags {
            if let MatroskaSpec::CueClusterPosition(position) = tag {
                let at = start + usize::try_from(*position).unwrap();
                assert_eq!(sealed[at..at + 4], [0x1f, 0x43, 0xb6, 0x75]);
            }
        }
    }

    #[test]
    fn whatever_is_torn_off_the_rest_can_be_played() {
        let folder = memory();
        let path = folder.path().join("r.webm");
        let (_, fragments) = written(&path);
        let live = fs::read(&path).unwrap();
        let last = fragments[3];
        let torn = folder.path().join("torn.webm");
        for end in last.offset..=last.offset + last.length {
            let end = usize::try_from(end).unwrap();
            // Either the end is missing, or it was never filled (a power cut does that).
            let mut unfilled = live[..end].to_vec();
            unfilled.resize(live.len(), 0);
            for bytes in [&live[..end], &unfilled[..]] {
                fs::write(&torn, bytes).unwrap();
                let size = recover(&torn).unwrap().unwrap();
                let whole = end == live.len();
                assert_eq!(size.length, if whole { 400 } else { 300 }, "{end}");
                let length = fs::metadata(&torn).unwrap().len();
                assert_eq!(length, if whole { live.len() as u64 } else { last.offset }, "{end}");
                let open = lengths(&torn).pop().unwrap();
                assert_eq!(open.0 + open.1, size.length.unsigned_abs(), "{end}");
                assert_eq!(recover(&torn).unwrap(), Some(size), "a second time, {end}");
            }
        }
    }

    #[test]
    fn what_is_no_recording_is_told_and_never_panics() {
        let folder = memory();
        let path = folder.path().join("r.webm");
        let (file, fragments) = written(&path);
        file.seal(&fragments).unwrap();
        let sealed = fs::read(&path).unwrap();
        let clusters = usize::try_from(fragments[0].offset).unwrap();
        let first = usize::try_from(fragments[0].length).unwrap();
        for end in (0..clusters).step_by(97).chain(clusters..clusters + first) {
            fs::write(&path, &sealed[..end]).unwrap();
            assert_eq!(recover(&path).unwrap(), None, "{end}");
        }
        for at in clusters..sealed.len() {
            for bytes in changed(&sealed, at) {
                fs::write(&path, &bytes).unwrap();
                let _whatever = crate::indexes::read(&path);
                let recovered = recover(&path);
                assert!(!matches!(recovered, Ok(None)), "{at}: clusters stand there");
            }
        }
    }

    /// A file with another byte at a place.
    fn changed(bytes: &[u8], at: usize) -> [Vec<u8>; 3] {
        [0x00, bytes[at] ^ 0x80, bytes[at].wrapping_add(1)].map(|change| {
            let mut bytes = bytes.to_vec();
            bytes[at] = change;
            bytes
        })
    }

    #[test]
    fn whatever_stands_in_the_head_all_clusters_stay() {
        let folder = memory();
        let path = folder.path().join("r.webm");
        let (file, fragments) = written(&path);
        let live = fs::read(&path).unwrap();
        let size = file.seal(&fragments).unwrap();
        let sealed = fs::read(&path).unwrap();
        let check = |bytes: &[u8], what: &str| {
            fs::write(&path, bytes).unwrap();
            let index = crate::indexes::read(&path).unwrap();
            assert_eq!(index.fragments.len(), fragments.len(), "{what}");
            assert_eq!(recover(&path).unwrap(), Some(size), "{what}");
            assert!(fs::read(&path).unwrap() == sealed, "{what}");
        };
        let clusters = usize::try_from(fragments[0].offset).unwrap();
        // A power cut while it was sealed: some pages are new, others old or never written.
        for place in (0..clusters).step_by(4096).chain([clusters]) {
            check(&[&sealed[..place], &live[place..]].concat(), "new, then old");
            check(&[&live[..place], &sealed[place..]].concat(), "old, then new");
            let empty = vec![0; clusters - place];
            check(&[&sealed[..place], &empty, &live[clusters..]].concat(), "new, then empty");
        }
        let init = Head::Live.init().len();
        for at in (0..init + 100).chain((init + 100..clusters).step_by(997)) {
            for bytes in changed(&sealed, at) {
                check(&bytes, &format!("byte {at}"));
            }
        }
    }

    #[test]
    fn a_long_recording_has_a_thinner_index() {
        let fragments: Vec<_> = (0..40_000)
            .map(|n| FragmentInfo {
                start: 1000 * n,
                offset: 70_000 + 400_000 * n,
                length: 400_000,
                keyframe: true,
            })
            .collect();
        let length = Head::Live.encode().len();
        for count in [0, 1, 2, 3_000, 3_300, 10_000, 40_000] {
            let sealed =
                Head::Sealed { length: 1, bytes: length as u64, fragments: &fragments[..count] };
            let bytes = sealed.encode();
            assert_eq!(bytes.len(), length, "{count}");
            let tags: Vec<_> = WebmIterator::new(&bytes[..], &[]).map(Result::unwrap).collect();
            let cues = tags.iter().filter(|tag| matches!(tag, MatroskaSpec::CueTime(_))).count();
            assert!(cues >= count.min(1_500), "{count}: {cues}");
        }
    }

    #[test]
    fn only_the_owner_may_read() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("school/7b/r.webm");
        RecordingFile::create(&path).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(mode(path.parent().unwrap().parent().unwrap()), 0o700);
        let taken = RecordingFile::create(&path).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
    }
}
