//! Reads a recording back: where its clusters stand, and which of them are whole.
//!
//! Invariant: whatever stands in a file, reading ends, never panics, and holds one cluster in
//! memory at most.
//! Left out on purpose: every tag that this program does not write, and of the head all but the
//! index: the head is always equally long, and nothing in it is needed to find the clusters.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use ebml_iterable::tools::{arr_to_u64, read_vint};
use kreide_protocol::FragmentInfo;

use crate::webm::{self, END, PICTURE, SOUND};

/// Ids of tags (RFC 9559 section 27.1).
const VOID: u64 = 0xec;
const CUES: u64 = 0x1c53_bb6b;
const CUE_POINT: u64 = 0xbb;
const CUE_TIME: u64 = 0xb3;
const CLUSTER: u64 = 0x1f43_b675;
const TIMESTAMP: u64 = 0xe7;
const SIMPLE_BLOCK: u64 = 0xa3;
const BLOCK_GROUP: u64 = 0xa0;
const BLOCK: u64 = 0xa1;
const REFERENCE_BLOCK: u64 = 0xfb;
const BLOCK_DURATION: u64 = 0x9b;

/// More than any cluster of two seconds. A longer one is damage.
const MAX_CLUSTER: u64 = 64 * 1024 * 1024;
/// Bytes that hold any tag's id and size, and a cluster's timestamp.
const PEEK: usize = 32;
/// Bytes that are searched at a time.
const PIECE: usize = 64 * 1024;
/// An Opus packet of a recording lasts so many milliseconds.
const SOUND_LENGTH: u64 = 20;

/// What stands in a cluster. Times are milliseconds from the beginning of the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// When it begins.
    pub(crate) start: u64,
    /// When its last sound ends, or its last picture begins.
    pub(crate) end: u64,
    /// When its first picture is shown, and whether that is a keyframe.
    pub(crate) first: Option<(u64, bool)>,
    /// Its last picture.
    pub(crate) last: Option<OpenPicture>,
}

/// A picture that tells how long it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenPicture {
    /// When it is shown.
    pub(crate) at: u64,
    /// Where its length stands, in two bytes: from the beginning of the cluster, or of the file,
    /// as the owner says.
    pub(crate) length_at: u64,
}

impl Cluster {
    /// Whether a player can begin here.
    pub(crate) fn keyframe(&self) -> bool {
        self.first.is_some_and(|(_, keyframe)| keyframe)
    }
}

/// A tag at the beginning of some bytes.
#[derive(Clone, Copy)]
struct Tag {
    id: u64,
    /// Bytes of id and size.
    head: usize,
    /// Bytes of what it holds; `None`: unknown.
    size: Option<u64>,
}

impl Tag {
    fn read(bytes: &[u8]) -> Option<Self> {
        // An id keeps the marker of its length (RFC 8794 section 5).
        let (id, id_length) = read_vint(bytes).ok().flatten()?;
        let id = id | 1 << (7 * id_length);
        let (size, size_length) = read_vint(bytes.get(id_length..)?).ok().flatten()?;
        let unknown = size == (1 << (7 * size_length)) - 1;
        Some(Self { id, head: id_length + size_length, size: (!unknown).then_some(size) })
    }

    /// Bytes of the whole tag, if its size is known.
    fn length(self) -> Option<u64> {
        self.size?.checked_add(self.head as u64)
    }
}

/// The tags in some bytes: where each body begins, its id and its body. `None` stands for damage,
/// and is the last.
fn tags(bytes: &[u8]) -> impl Iterator<Item = Option<(usize, u64, &[u8])>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let found = Tag::read(rest).and_then(|tag| {
            let end = usize::try_from(tag.length()?).ok()?;
            Some((at + tag.head, tag.id, rest.get(tag.head..end)?, end))
        });
        at = found.map_or(bytes.len(), |(.., end)| at + end);
        Some(found.map(|(body, id, bytes, _)| (body, id, bytes)))
    })
}

/// Times in the index: milliseconds. Empty if the file is not sealed, or its index is torn.
pub(crate) fn cues(file: &File) -> io::Result<Vec<u64>> {
    let at = webm::init_length();
    let tag = Tag::read(&peek(file, at, PEEK)?).filter(|tag| tag.id == CUES);
    let Some((tag, length)) = tag.and_then(|tag| Some((tag, tag.length()?))) else {
        return Ok(Vec::new());
    };
    let is_in_head = at.checked_add(length).is_some_and(|end| end <= webm::head_length());
    let cues = if is_in_head { read(file, at, length)? } else { None };
    Ok(cues.and_then(|cues| cue_times(&cues[tag.head..])).unwrap_or_default())
}

fn cue_times(cues: &[u8]) -> Option<Vec<u64>> {
    let time = |point: &[u8]| {
        let (.., time) = tags(point).flatten().find(|(_, id, _)| *id == CUE_TIME)?;
        arr_to_u64(time).ok()
    };
    let point = |tag: Option<(usize, u64, &[u8])>| match tag? {
        (_, CUE_POINT, point) => time(point),
        _ => None,
    };
    tags(cues).map(point).collect()
}

/// The fragments of a file whose end is whole, `bytes` long: by the first bytes of each cluster
/// and, for where a player can begin, by the index.
pub(crate) fn fragments(file: &File, cues: &[u64], bytes: u64) -> io::Result<Vec<FragmentInfo>> {
    let mut found = Vec::new();
    let mut offset = webm::head_length();
    while offset < bytes {
        let head = peek(file, offset, PEEK)?;
        let Some((tag, length)) = cluster_tag(&head).filter(|(_, l)| offset + l <= bytes) else {
            break;
        };
        let Some(start) = timestamp(&head[tag.head..]) else { break };
        let keyframe = cues.binary_search(&start).is_ok();
        found.push(FragmentInfo { start, offset, length, keyframe });
        offset += length;
    }
    Ok(found)
}

/// A cluster's timestamp, which is its first tag.
fn timestamp(body: &[u8]) -> Option<u64> {
    let tag = Tag::read(body).filter(|tag| tag.id == TIMESTAMP)?;
    let end = tag.head + usize::try_from(tag.size?).ok()?;
    arr_to_u64(body.get(tag.head..end)?).ok()
}

fn cluster_tag(head: &[u8]) -> Option<(Tag, u64)> {
    let tag = Tag::read(head).filter(|tag| tag.id == CLUSTER)?;
    Some((tag, tag.length().filter(|length| *length <= MAX_CLUSTER)?))
}

/// What of a file is whole, read cluster by cluster to the first that is torn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Whole {
    /// Its fragments.
    pub(crate) fragments: Vec<FragmentInfo>,
    /// Milliseconds from the beginning to the end of the last fragment.
    pub(crate) length: u64,
    /// Where the last cluster ends: bytes from the beginning.
    pub(crate) end: u64,
    /// The last picture; where its length stands is counted from the beginning of the file.
    pub(crate) picture: Option<OpenPicture>,
}

/// Reads every cluster of a file whose end may be torn, and its head too: a power cut while the
/// head is written leaves some of it new and some old, in front of clusters that are whole.
pub(crate) fn whole(file: &File) -> io::Result<Whole> {
    let mut whole = Whole { end: webm::head_length(), ..Whole::default() };
    while let Some((length, cluster)) = next_cluster(file, whole.end)? {
        if cluster.start < whole.fragments.last().map_or(0, |fragment| fragment.start) {
            // Time runs backwards only in damage.
            break;
        }
        let (start, offset) = (cluster.start, whole.end);
        whole.fragments.push(FragmentInfo { start, offset, length, keyframe: cluster.keyframe() });
        if let Some(last) = cluster.last {
            whole.picture = Some(OpenPicture { length_at: offset + last.length_at, ..last });
        }
        whole.length = cluster.end;
        whole.end += length;
    }
    Ok(whole)
}

/// Whether a cluster ends anywhere in a file, be what stands before its end damaged or not.
pub(crate) fn has_end(file: &File) -> io::Result<bool> {
    let mut at = webm::head_length();
    loop {
        let piece = peek(file, at, PIECE)?;
        if piece.windows(END.len()).any(|bytes| bytes == END) {
            return Ok(true);
        }
        if piece.len() < PIECE {
            return Ok(false);
        }
        // The next one overlaps, so that no mark is cut in two.
        at += (PIECE - END.len()) as u64;
    }
}

/// A cluster's length in bytes and what stands in it. `None`: nothing whole stands there.
fn next_cluster(file: &File, at: u64) -> io::Result<Option<(u64, Cluster)>> {
    let head = peek(file, at, PEEK)?;
    let Some((_, length)) = cluster_tag(&head) else { return Ok(None) };
    let Some(bytes) = read(file, at, length)? else { return Ok(None) };
    Ok(cluster(&bytes).map(|cluster| (length, cluster)))
}

/// Reads one whole cluster, every tag of it, to the mark at its end. `None`: damage.
pub(crate) fn cluster(bytes: &[u8]) -> Option<Cluster> {
    let (tag, length) = cluster_tag(bytes)?;
    let body = bytes.get(tag.head..usize::try_from(length).ok()?)?;
    let mut children = tags(body);
    let (_, TIMESTAMP, timestamp) = children.next()?? else { return None };
    let start = arr_to_u64(timestamp).ok()?;
    let mut cluster = Cluster { start, end: start, first: None, last: None };
    for child in children {
        match child? {
            (_, SIMPLE_BLOCK, block) => {
                let block = Block::read(start, block)?;
                cluster.take(block, block.flags & 0x80 != 0);
            }
            (at, BLOCK_GROUP, group) => cluster.take_group(start, group, tag.head + at)?,
            (_, VOID, END) => return (cluster.end > start).then_some(cluster),
            _ => return None,
        }
    }
    None
}

impl Cluster {
    fn take(&mut self, block: Block, keyframe: bool) {
        if block.track == SOUND {
            self.end = self.end.max(block.at + SOUND_LENGTH);
        } else {
            self.end = self.end.max(block.at);
            self.first.get_or_insert((block.at, keyframe));
        }
    }

    /// Takes a group that stands at `at`, counted from the beginning of the cluster.
    fn take_group(&mut self, start: u64, group: &[u8], at: usize) -> Option<()> {
        let (mut block, mut keyframe, mut length_at) = (None, true, None);
        for child in tags(group) {
            match child? {
                (_, BLOCK, bytes) => block = Some(Block::read(start, bytes)?),
                (_, REFERENCE_BLOCK, _) => keyframe = false,
                (place, BLOCK_DURATION, &[_, _]) => length_at = Some((at + place) as u64),
                _ => return None,
            }
        }
        let (block, length_at) = block.zip(length_at)?;
        self.take(block, keyframe);
        self.last = Some(OpenPicture { at: block.at, length_at });
        Some(())
    }
}

/// The head of a block.
#[derive(Clone, Copy)]
struct Block {
    track: u64,
    at: u64,
    flags: u8,
}

impl Block {
    fn read(start: u64, block: &[u8]) -> Option<Self> {
        let (track, length) = read_vint(block).ok().flatten()?;
        let &[high, low, flags] = block.get(length..length + 3)? else { return None };
        let at = start.checked_add_signed(i16::from_be_bytes([high, low]).into())?;
        let is_ours = track == PICTURE || track == SOUND;
        is_ours.then_some(Self { track, at, flags })
    }
}

/// So many bytes at a place, or fewer where the file ends.
fn peek(file: &File, at: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match file.read_at(&mut bytes[filled..], at + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// `length` bytes at a place. `None`: the file ends before. The size is checked first, so that a
/// damaged length takes no memory.
fn read(file: &File, at: u64, length: u64) -> io::Result<Option<Vec<u8>>> {
    let size = file.metadata()?.len();
    let fits = at.checked_add(length).is_some_and(|end| end <= size);
    let Some(length) = usize::try_from(length).ok().filter(|_| fits) else { return Ok(None) };
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, at)?;
    Ok(Some(bytes))
}
