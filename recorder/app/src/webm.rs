//! A recording as WebM: the head, and one cluster for each fragment (RFC 9559).
//!
//! Invariant: the head is equally long from the first moment to the last, so that sealing writes
//! over it in place and needs no space that a full disk would not have. What stands in front of
//! the clusters while the recording runs is room for its index.
//! Left out on purpose: files (`file`), and reading (`scan`).

use std::time::Duration;

use kreide_protocol::FragmentInfo;
use kreide_recorder_core::{Fragment, Frame, OPUS_PRE_SKIP, Track};
use webm_iterable::matroska_spec::{Master, MatroskaSpec};
use webm_iterable::{WebmWriter, WriteOptions};

/// The media's type, as `MediaSource` wants it.
pub(crate) const MIME: &str = "video/webm; codecs=\"vp8,opus\"";

/// Track numbers. Below 127 they are one byte in a block.
pub(crate) const PICTURE: u64 = 1;
pub(crate) const SOUND: u64 = 2;

/// What stands in a void at the end of every cluster. After a power cut a file may be as long as it
/// was to be, with nothing in its last pages: a cluster without this mark is not whole.
pub(crate) const END: &[u8] = b"Kreide";

/// How long the last picture of a cluster lasts as long as nobody knows: milliseconds.
///
/// A player by Media Source Extensions takes a picture that comes later than twice the length of
/// the one before for a gap, and drops everything until the next keyframe (Coded Frame
/// Processing). Within a cluster it can see how long a picture lasts; the last one has to say so.
/// When the next picture comes, the true length is written over this one (`file`).
pub(crate) const OPEN_END: u16 = 10_000;

/// Bytes that are kept for the index. With more keyframes than fit, the index names every second
/// one, or every third, and so on.
const INDEX: usize = 64 * 1024;

/// Length of the initialization segment, behind which the index stands: bytes.
pub(crate) fn init_length() -> u64 {
    Head::Live.init().len() as u64
}

/// Where the clusters of every file begin: bytes.
pub(crate) fn head_length() -> u64 {
    init_length() + INDEX as u64
}

/// What the head tells.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Head<'a> {
    /// The recording runs: neither length nor size are known.
    Live,
    /// It is ended.
    Sealed {
        /// How long it is: milliseconds.
        length: u64,
        /// How large the file is: bytes.
        bytes: u64,
        /// All its fragments.
        fragments: &'a [FragmentInfo],
    },
}

impl Head<'_> {
    /// The first bytes of a file. Always as many.
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut head = self.init();
        let index = match self {
            Self::Live => void(INDEX),
            Self::Sealed { fragments, .. } => index(fragments, segment_start()),
        };
        head.extend(index);
        head
    }

    /// The initialization segment: all in front of the index.
    pub(crate) fn init(self) -> Vec<u8> {
        let mut init = ebml();
        init.extend(SEGMENT);
        let segment = init.len();
        init.extend(element(&self.info()));
        init.extend(element(&tracks()));
        if let Self::Sealed { bytes, .. } = self {
            let size = (bytes.saturating_sub(segment as u64) | (1 << 56)).to_be_bytes();
            init[segment - size.len()..segment].copy_from_slice(&size);
        }
        init
    }

    fn info(self) -> MatroskaSpec {
        // Both are eleven bytes long.
        let length = match self {
            Self::Live => MatroskaSpec::Void(vec![0; 9]),
            Self::Sealed { length, .. } => MatroskaSpec::Duration(length as f64),
        };
        MatroskaSpec::Info(Master::Full(vec![
            MatroskaSpec::TimestampScale(1_000_000),
            length,
            MatroskaSpec::MuxingApp("Kreide".to_owned()),
            MatroskaSpec::WritingApp("Kreide".to_owned()),
        ]))
    }
}

/// Id and size of the segment. All ones: the size is unknown (RFC 8794 section 6.2).
const SEGMENT: [u8; 12] = [0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

/// What positions in the index are counted from: bytes from the beginning of the file.
fn segment_start() -> u64 {
    (ebml().len() + SEGMENT.len()) as u64
}

fn ebml() -> Vec<u8> {
    let ebml = MatroskaSpec::Ebml(Master::Full(vec![
        MatroskaSpec::EbmlVersion(1),
        MatroskaSpec::EbmlReadVersion(1),
        MatroskaSpec::EbmlMaxIdLength(4),
        MatroskaSpec::EbmlMaxSizeLength(8),
        MatroskaSpec::DocType("webm".to_owned()),
        MatroskaSpec::DocTypeVersion(4),
        MatroskaSpec::DocTypeReadVersion(2),
    ]));
    let mut writer = WebmWriter::new(Vec::new());
    writer.write(&ebml).expect("memory takes everything, and this tag stands first");
    writer.into_inner().expect("all tags are closed")
}

fn tracks() -> MatroskaSpec {
    let picture = MatroskaSpec::TrackEntry(Master::Full(vec![
        MatroskaSpec::TrackNumber(PICTURE),
        MatroskaSpec::TrackUID(PICTURE),
        MatroskaSpec::TrackType(1),
        MatroskaSpec::FlagLacing(0),
        MatroskaSpec::CodecID("V_VP8".to_owned()),
        MatroskaSpec::Video(Master::Full(vec![
            MatroskaSpec::PixelWidth(1280),
            MatroskaSpec::PixelHeight(720),
            // BT.601 in studio range, which browsers encode and VP8 cannot say: players would
            // take BT.709 for granted at this size, and show every colour a little wrong.
            MatroskaSpec::Colour(Master::Full(vec![
                MatroskaSpec::MatrixCoefficients(6),
                MatroskaSpec::Range(1),
                MatroskaSpec::TransferCharacteristics(6),
                MatroskaSpec::Primaries(6),
            ])),
        ])),
    ]));
    let sound = MatroskaSpec::TrackEntry(Master::Full(vec![
        MatroskaSpec::TrackNumber(SOUND),
        MatroskaSpec::TrackUID(SOUND),
        MatroskaSpec::TrackType(2),
        MatroskaSpec::FlagLacing(0),
        MatroskaSpec::CodecID("A_OPUS".to_owned()),
        MatroskaSpec::CodecPrivate(opus_head()),
        MatroskaSpec::CodecDelay(u64::from(OPUS_PRE_SKIP) * 1_000_000_000 / 48_000),
        // What a decoder hears before its output counts (RFC 7845 section 4.6).
        MatroskaSpec::SeekPreRoll(80_000_000),
        MatroskaSpec::Audio(Master::Full(vec![
            MatroskaSpec::SamplingFrequency(48_000.0),
            MatroskaSpec::Channels(2),
        ])),
    ]));
    MatroskaSpec::Tracks(Master::Full(vec![picture, sound]))
}

/// The identification header of Opus: stereo, 48 kHz, no gain (RFC 7845 section 5.1).
fn opus_head() -> Vec<u8> {
    let mut head = b"OpusHead\x01\x02".to_vec();
    head.extend(OPUS_PRE_SKIP.to_le_bytes());
    head.extend(48_000_u32.to_le_bytes());
    head.extend([0, 0, 0]);
    head
}

/// The index: where the fragments stand at which a player can begin. Always [`INDEX`] bytes.
fn index(fragments: &[FragmentInfo], segment: u64) -> Vec<u8> {
    // An index must not be empty; the beginning is a place to begin at in any case.
    let keys: Vec<_> = fragments
        .iter()
        .enumerate()
        .filter(|(place, fragment)| *place == 0 || fragment.keyframe)
        .map(|(_, fragment)| fragment)
        .collect();
    (1..=keys.len())
        .map(|nth| element(&MatroskaSpec::Cues(Master::Full(cues(&keys, nth, segment)))))
        // Whatever remains must hold the head of a void.
        .find(|cues| cues.len() + VOID_HEAD <= INDEX)
        .map_or_else(
            || void(INDEX),
            |mut cues| {
                cues.extend(void(INDEX - cues.len()));
                cues
            },
        )
}

fn cues(keys: &[&FragmentInfo], nth: usize, segment: u64) -> Vec<MatroskaSpec> {
    let cue = |key: &&FragmentInfo| {
        MatroskaSpec::CuePoint(Master::Full(vec![
            MatroskaSpec::CueTime(key.start),
            MatroskaSpec::CueTrackPositions(Master::Full(vec![
                MatroskaSpec::CueTrack(PICTURE),
                MatroskaSpec::CueClusterPosition(key.offset.saturating_sub(segment)),
            ])),
        ]))
    };
    keys.iter().step_by(nth).map(cue).collect()
}

/// Id and size of a void.
const VOID_HEAD: usize = 9;

/// Nothing, `length` bytes long. The bytes are written, not skipped: a file system must find room
/// for them now.
fn void(length: usize) -> Vec<u8> {
    let mut void = vec![0xec];
    void.extend(((length - VOID_HEAD) as u64 | (1 << 56)).to_be_bytes());
    void.resize(length, 0);
    void
}

/// A fragment as a cluster of known size.
pub(crate) fn cluster(fragment: &Fragment) -> Vec<u8> {
    let mut children = vec![MatroskaSpec::Timestamp(millis(fragment.start))];
    let last = fragment.frames.iter().rposition(|frame| frame.track == Track::Picture);
    let mut earlier = None;
    for (place, frame) in fragment.frames.iter().enumerate() {
        children.push(if Some(place) == last {
            last_picture(fragment, frame, earlier)
        } else {
            let flags = if frame.keyframe { 0x80 } else { 0 };
            MatroskaSpec::SimpleBlock(block(fragment, frame, flags))
        });
        if frame.track == Track::Picture {
            earlier = Some(frame.at);
        }
    }
    children.push(MatroskaSpec::Void(END.to_vec()));
    let cluster = MatroskaSpec::Cluster(Master::Full(children));
    // A size of eight bytes, so that the first bytes of every cluster have one shape.
    in_segment(&cluster, WriteOptions::set_size_byte_count(8))
}

/// A picture that tells how long it lasts. `earlier` is when the one before it is shown.
fn last_picture(fragment: &Fragment, frame: &Frame, earlier: Option<Duration>) -> MatroskaSpec {
    let mut group = vec![MatroskaSpec::Block(block(fragment, frame, 0))];
    if !frame.keyframe {
        // To have a reference is what makes it no keyframe. If the one before stands in another
        // cluster, any earlier time will do.
        let back = earlier.map_or(1, |earlier| millis(frame.at.saturating_sub(earlier)));
        group.push(MatroskaSpec::ReferenceBlock(-i64::try_from(back).unwrap_or(1)));
    }
    group.push(MatroskaSpec::BlockDuration(OPEN_END.into()));
    MatroskaSpec::BlockGroup(Master::Full(group))
}

/// A block without lacing (RFC 9559 section 10.1).
fn block(fragment: &Fragment, frame: &Frame, flags: u8) -> Vec<u8> {
    let track = match frame.track {
        Track::Picture => PICTURE,
        Track::Sound => SOUND,
    };
    let after = millis(frame.at.saturating_sub(fragment.start));
    // A fragment is at most two seconds long.
    let after = i16::try_from(after).unwrap_or(i16::MAX);
    let mut block = vec![0x80 | track as u8];
    block.extend(after.to_be_bytes());
    block.push(flags);
    block.extend(&frame.data);
    block
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A tag by itself, as it stands in a segment.
fn element(tag: &MatroskaSpec) -> Vec<u8> {
    in_segment(tag, WriteOptions::set_size_byte_count(4))
}

/// The writer lets a tag stand only where it belongs, so it gets a segment that is cut off again.
fn in_segment(tag: &MatroskaSpec, options: WriteOptions) -> Vec<u8> {
    let mut writer = WebmWriter::new(Vec::new());
    let segment = MatroskaSpec::Segment(Master::Start);
    writer
        .write_advanced(&segment, WriteOptions::is_unknown_sized_element())
        .and_then(|()| writer.write_advanced(tag, options))
        .expect("memory takes everything, and this tag may stand in a segment");
    let mut bytes = writer.into_inner().expect("a segment of unknown size needs no end");
    bytes.split_off(SEGMENT.len())
}
