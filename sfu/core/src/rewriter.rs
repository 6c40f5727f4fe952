//! One slot as one continuous stream: sequence numbers, timestamps and the codec's counters run
//! on over sources, layers and dropped frames.
//!
//! Offsets are kept per *segment*, a run of source packets that share them, not per packet:
//! forwarding adds the newest segment's offsets, and a NACK finds the source packet of an
//! outgoing number by searching the segments from the back. A segment ends when the slot changes
//! its stream or when a frame is dropped on purpose (a higher temporal layer).
//!
//! What is dropped on purpose leaves no hole, in the sequence or in PictureID. What was lost on
//! the way in leaves a hole, and a late packet fills exactly that hole. A late packet that turns
//! out to belong to a dropped frame becomes an empty packet of padding, since its number was
//! already promised. (A hole never filled is why VP8 receivers freeze: they wait for PictureIDs
//! that were never sent.)

use std::collections::VecDeque;
use std::time::Instant;

use kreide_media::seq::extend_near;
use kreide_media::vp8::{self, PictureId, Temporal};

use crate::history::Stored;

/// Names one incoming SSRC for as long as it lives; never reused within a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamId(pub(crate) u64);

impl StreamId {
    /// The name of the stream that takes this one's place. Rooms count in the lower half.
    pub(crate) fn successor(self) -> Self {
        Self(self.0.wrapping_add(1 << 32))
    }
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Send it with these numbers.
    Send(Numbers),
    /// Send padding under this number instead.
    Fill(Numbers),
    /// Send nothing.
    Drop,
}

/// The numbers that a packet gets in the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) vp8: Option<vp8::Descriptor>,
}

#[derive(Debug)]
pub(crate) struct Rewriter {
    clock_rate: u32,
    segments: VecDeque<Segment>,
    /// The last numbers given out, from which the next stream goes on.
    last: Last,
    /// The newest packet of the current stream.
    newest: Option<Newest>,
    /// Highest temporal layer wanted, and the one that is forwarded at this moment.
    wanted_layer: u8,
    forwarded_layer: u8,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    stream: StreamId,
    first_source: u64,
    sequence: i64,
    timestamp: u32,
    picture: u16,
    tl0: u8,
    key: u8,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    sequence: u64,
    timestamp: u32,
    at: Option<Instant>,
    picture: u16,
    tl0: u8,
    key: u8,
}

#[derive(Clone, Copy, Debug)]
struct Newest {
    stream: StreamId,
    sequence: u64,
    dropped_picture: Option<u16>,
}

impl Rewriter {
    /// A stream that begins with numbers made from `seed`.
    pub(crate) fn new(clock_rate: u32, seed: u64) -> Self {
        Self {
            clock_rate,
            segments: VecDeque::new(),
            last: Last {
                // Starts below half of the range: RFC 3711 3.3.1 wants no wrap close to the start.
                sequence: (1 << 16) + (seed & 0x7fff),
                timestamp: (seed >> 16) as u32,
                at: None,
                picture: (seed >> 48) as u16 & PICTURE_MASK,
                tl0: (seed >> 40) as u8,
                key: (seed >> 36) as u8 & KEY_MASK,
            },
            newest: None,
            wanted_layer: u8::MAX,
            forwarded_layer: u8::MAX,
        }
    }

    /// The stream that the slot carries, if it has begun.
    pub(crate) fn stream(&self) -> Option<StreamId> {
        self.newest.map(|newest| newest.stream)
    }

    /// What must be added to the current stream's timestamps.
    pub(crate) fn timestamp_offset(&self) -> Option<u32> {
        self.newest.and(self.segments.back()).map(|segment| segment.timestamp)
    }

    /// Forwards temporal layers up to this one. Takes effect at frames where a decoder allows it.
    #[cfg_attr(not(test), expect(dead_code, reason = "the allocator will ask for it"))]
    pub(crate) fn limit_temporal_layer(&mut self, highest: u8) {
        self.wanted_layer = highest;
    }

    /// Ends the current stream: nothing is forwarded until the next `start`.
    pub(crate) fn stop(&mut self) {
        self.newest = None;
    }

    /// Begins a stream with this packet: a keyframe's first, or any packet of audio.
    pub(crate) fn start(&mut self, stream: StreamId, packet: &Stored<'_>, now: Instant) -> Numbers {
        let segment = self.anchor(stream, packet, now);
        self.push(segment);
        self.forwarded_layer = self.wanted_layer;
        self.newest = Some(Newest { stream, sequence: packet.sequence, dropped_picture: None });
        let numbers = segment.apply(packet);
        self.remember(&numbers, now);
        numbers
    }

    /// Offsets that put this packet right behind the last one given out.
    fn anchor(&self, stream: StreamId, packet: &Stored<'_>, now: Instant) -> Segment {
        let last = self.last;
        let timestamp = match last.at {
            None => last.timestamp.wrapping_add(1),
            Some(at) => {
                let elapsed = now.saturating_duration_since(at).as_secs_f64();
                let ticks = (elapsed * f64::from(self.clock_rate)) as u32;
                last.timestamp.wrapping_add(ticks.max(self.clock_rate / SHORTEST_STEP_HZ))
            }
        };
        let source = packet.vp8;
        Segment {
            stream,
            first_source: packet.sequence,
            sequence: (last.sequence + 1).wrapping_sub(packet.sequence) as i64,
            timestamp: timestamp.wrapping_sub(packet.timestamp),
            picture: source
                .and_then(|d| d.picture_id)
                .map_or(0, |id| last.picture.wrapping_add(1).wrapping_sub(id.value) & PICTURE_MASK),
            tl0: source
                .and_then(|d| d.tl0_picture)
                .map_or(0, |tl0| last.tl0.wrapping_add(1).wrapping_sub(tl0)),
            key: source
                .and_then(|d| d.key_index)
                .map_or(0, |key| last.key.wrapping_add(1).wrapping_sub(key) & KEY_MASK),
        }
    }

    /// Decides on a packet of the current stream.
    pub(crate) fn forward(&mut self, packet: &Stored<'_>, now: Instant) -> Verdict {
        let Some(newest) = self.newest else { return Verdict::Drop };
        if packet.sequence <= newest.sequence {
            return self.forward_late(newest.stream, packet);
        }
        self.newest = Some(Newest { sequence: packet.sequence, ..newest });
        if self.is_unwanted(packet) {
            self.skip(packet, newest);
            return Verdict::Drop;
        }
        self.bridge_jump(packet, now);
        let Some(segment) = self.segments.back() else { return Verdict::Drop };
        let numbers = segment.apply(packet);
        self.remember(&numbers, now);
        Verdict::Send(numbers)
    }

    /// Which packet of which stream went out under a number, if the slot still knows.
    pub(crate) fn source_of(&self, sequence: u16) -> Option<(StreamId, u64)> {
        let sequence = extend_near(self.last.sequence, sequence);
        if sequence > self.last.sequence {
            return None;
        }
        let segment = self.segments.iter().rfind(|s| s.first_out() <= sequence)?;
        Some((segment.stream, sequence.wrapping_sub(segment.sequence as u64)))
    }

    /// The numbers of a packet that is sent again; `sequence` is the slot's.
    pub(crate) fn again(&self, sequence: u16, packet: &Stored<'_>) -> Verdict {
        let Some((stream, source)) = self.source_of(sequence) else { return Verdict::Drop };
        debug_assert_eq!(source, packet.sequence);
        self.forward_late(stream, packet)
    }

    fn forward_late(&self, stream: StreamId, packet: &Stored<'_>) -> Verdict {
        // Nothing covers what is older than the switch to this stream: the viewer does not know
        // such numbers.
        let Some(segment) = self.covering(stream, packet.sequence) else { return Verdict::Drop };
        let numbers = segment.apply(packet);
        if self.is_above_forwarded_layer(packet) || packet.payload.is_empty() {
            Verdict::Fill(numbers)
        } else {
            Verdict::Send(numbers)
        }
    }

    /// The segment that a packet's number was given out in, if it was.
    fn covering(&self, stream: StreamId, source: u64) -> Option<&Segment> {
        let mut following: Option<&Segment> = None;
        for segment in self.segments.iter().rev() {
            if segment.stream == stream && segment.first_source <= source {
                // What was dropped in order has no number of its own: its number went to the
                // next packet.
                let out = source.wrapping_add_signed(segment.sequence);
                return following.is_none_or(|f| out < f.first_out()).then_some(segment);
            }
            following = Some(segment);
        }
        None
    }

    /// An encoder that starts anew may throw its counters about: from such a keyframe on they are
    /// anchored behind the last ones given out. The sequence numbers run on as they are.
    fn bridge_jump(&mut self, packet: &Stored<'_>, now: Instant) {
        let Some(&segment) = self.segments.back() else { return };
        let Some(descriptor) = packet.vp8 else { return };
        if !vp8::is_keyframe_start(&descriptor, packet.payload) {
            return;
        }
        let numbers = segment.apply(packet);
        let ticks = numbers.timestamp.wrapping_sub(self.last.timestamp);
        let picture = numbers.vp8.and_then(|d| d.picture_id).map_or(self.last.picture, |p| p.value);
        let pictures = picture.wrapping_sub(self.last.picture) & PICTURE_MASK;
        if ticks <= LONGEST_PAUSE_TICKS && (1..=MOST_LOST_PICTURES).contains(&pictures) {
            return;
        }
        let fresh = self.anchor(segment.stream, packet, now);
        // A pause is the sender's own; only time that runs backwards is mended.
        let timestamp =
            if ticks <= LONGEST_PAUSE_TICKS { segment.timestamp } else { fresh.timestamp };
        self.push(Segment { sequence: segment.sequence, timestamp, ..fresh });
    }

    /// Whether a new packet is dropped on purpose; steps between temporal layers where allowed.
    fn is_unwanted(&mut self, packet: &Stored<'_>) -> bool {
        if packet.payload.is_empty() {
            return true;
        }
        if let Some(vp8::Descriptor { frame_start: true, temporal: Some(temporal), .. }) =
            packet.vp8
        {
            self.step_temporal_layer(temporal);
        }
        self.is_above_forwarded_layer(packet)
    }

    /// Down at any frame; up where a frame of the higher layer depends on layer 0 alone.
    fn step_temporal_layer(&mut self, frame: Temporal) {
        if self.wanted_layer < self.forwarded_layer {
            self.forwarded_layer = self.wanted_layer;
        } else if frame.sync && frame.layer > self.forwarded_layer {
            self.forwarded_layer = frame.layer.min(self.wanted_layer);
        }
    }

    fn is_above_forwarded_layer(&self, packet: &Stored<'_>) -> bool {
        let layer = packet.vp8.and_then(|d| d.temporal).map_or(0, |t| t.layer);
        layer > self.forwarded_layer
    }

    /// Closes the gap that a packet dropped in order would leave.
    fn skip(&mut self, packet: &Stored<'_>, newest: Newest) {
        let Some(&segment) = self.segments.back() else { return };
        let picture = packet.vp8.and_then(|d| d.picture_id).map(|id| id.value);
        let new_picture = picture.is_some() && picture != newest.dropped_picture;
        self.push(Segment {
            first_source: packet.sequence + 1,
            sequence: segment.sequence - 1,
            picture: segment.picture.wrapping_sub(u16::from(new_picture)) & PICTURE_MASK,
            ..segment
        });
        if let (true, Some(newest)) = (new_picture, self.newest.as_mut()) {
            newest.dropped_picture = picture;
        }
    }

    fn push(&mut self, segment: Segment) {
        // A run of dropped packets leaves segments that no packet was sent in.
        if self.segments.back().is_some_and(|s| s.first_out() == segment.first_out()) {
            self.segments.pop_back();
        }
        if self.segments.len() == MOST_SEGMENTS {
            self.segments.pop_front();
        }
        self.segments.push_back(segment);
    }

    fn remember(&mut self, numbers: &Numbers, now: Instant) {
        let last = &mut self.last;
        last.sequence = last.sequence.max(numbers.sequence);
        if last.timestamp != numbers.timestamp {
            (last.timestamp, last.at) = (numbers.timestamp, Some(now));
        }
        let Some(descriptor) = numbers.vp8 else { return };
        if let Some(id) = descriptor.picture_id {
            last.picture = id.value;
        }
        last.tl0 = descriptor.tl0_picture.unwrap_or(last.tl0);
        last.key = descriptor.key_index.unwrap_or(last.key);
    }
}

impl Segment {
    fn first_out(&self) -> u64 {
        self.first_source.wrapping_add_signed(self.sequence)
    }

    fn apply(&self, packet: &Stored<'_>) -> Numbers {
        Numbers {
            sequence: packet.sequence.wrapping_add_signed(self.sequence),
            timestamp: packet.timestamp.wrapping_add(self.timestamp),
            marker: packet.marker,
            vp8: packet.vp8.map(|descriptor| vp8::Descriptor {
                picture_id: descriptor
                    .picture_id
                    .map(|id| PictureId { value: picture_after(id, self.picture), long: true }),
                tl0_picture: descriptor.tl0_picture.map(|tl0| tl0.wrapping_add(self.tl0)),
                key_index: descriptor.key_index.map(|key| key.wrapping_add(self.key) & KEY_MASK),
                ..descriptor
            }),
        }
    }
}

fn picture_after(id: PictureId, offset: u16) -> u16 {
    id.value.wrapping_add(offset) & PICTURE_MASK
}

const PICTURE_MASK: u16 = 0x7fff;
const KEY_MASK: u8 = 0x1f;
/// A new source's first frame lies at least this far behind the last frame shown.
const SHORTEST_STEP_HZ: u32 = 60;
/// Ten minutes at 90 kHz: more is time running backwards.
const LONGEST_PAUSE_TICKS: u32 = 600 * 90_000;
/// More than a minute of lost frames is an encoder that started anew.
const MOST_LOST_PICTURES: u16 = 2_000;
/// At 15 dropped frames a second this covers several seconds of retransmissions.
const MOST_SEGMENTS: usize = 128;

#[cfg(test)]
mod tests {
    use kreide_sfu_testkit::{Camera, t0};
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    /// A packet of a made-up camera as the room would store it.
    struct Source {
        unwrapper: kreide_media::seq::Unwrapper,
    }

    impl Source {
        fn stored<'a>(&mut self, bytes: &'a [u8]) -> Stored<'a> {
            let packet = kreide_media::rtp::Packet::parse(bytes).unwrap();
            let vp8 = vp8::Descriptor::parse(packet.payload).unwrap();
            Stored::new(&packet, self.unwrapper.extend(packet.sequence), Some(vp8))
        }
    }

    const STREAM: StreamId = StreamId(1);

    /// Numbers sent, by sequence; fails if one is given out twice.
    #[derive(Default)]
    struct Sent(std::collections::BTreeMap<u64, Option<Numbers>>);

    impl Sent {
        fn note(&mut self, verdict: Verdict) {
            let (numbers, content) = match verdict {
                Verdict::Drop => return,
                Verdict::Send(numbers) => (numbers, Some(numbers)),
                Verdict::Fill(numbers) => (numbers, None),
            };
            let twice = self.0.insert(numbers.sequence, content).is_some();
            assert!(!twice, "sequence {} was given out twice", numbers.sequence);
        }
    }

    #[test]
    fn dropped_layers_leave_no_hole_even_with_loss_and_reordering() {
        for seed in 0..40 {
            let mut random = StdRng::seed_from_u64(seed);
            let mut camera = Camera::new("v", None, (64, 64), seed);
            let mut rewriter = Rewriter::new(90_000, seed);
            let mut source = Source { unwrapper: Default::default() };
            let mut sent = Sent::default();
            let mut late: Vec<Vec<u8>> = Vec::new();
            let mut started = false;
            for frame in 0..300 {
                if frame % 50 == 25 {
                    rewriter.limit_temporal_layer(random.random_range(0..3));
                }
                for bytes in camera.frame(3_000) {
                    if started && random.random_bool(0.05) {
                        late.push(bytes);
                        continue;
                    }
                    let packet = source.stored(&bytes);
                    if started {
                        sent.note(rewriter.forward(&packet, t0()));
                    } else {
                        sent.note(Verdict::Send(rewriter.start(STREAM, &packet, t0())));
                        started = true;
                    }
                }
                if random.random_bool(0.3) {
                    for bytes in late.drain(..) {
                        let packet = source.stored(&bytes);
                        sent.note(rewriter.forward(&packet, t0()));
                    }
                }
            }
            for bytes in late.drain(..) {
                let packet = source.stored(&bytes);
                sent.note(rewriter.forward(&packet, t0()));
            }
            let (first, last) = (*sent.0.keys().next().unwrap(), *sent.0.keys().last().unwrap());
            assert_eq!(sent.0.len() as u64, last - first + 1, "holes with seed {seed}");
            check_references(sent.0.values().flatten(), seed);
        }
    }

    /// In order of sequence, TL0PICIDX steps by one at every frame of layer 0 and nowhere else.
    fn check_references<'a>(numbers: impl Iterator<Item = &'a Numbers>, seed: u64) {
        let mut last: Option<u8> = None;
        for descriptor in numbers.filter_map(|n| n.vp8).filter(|d| d.frame_start) {
            let step = u8::from(descriptor.temporal.unwrap().layer == 0);
            let tl0 = descriptor.tl0_picture.unwrap();
            if let Some(last) = last {
                assert_eq!(tl0, last.wrapping_add(step), "seed {seed}");
            }
            last = Some(tl0);
        }
    }

    /// Sends frames without loss; returns the numbers given out, each with its source packet's.
    fn play(rewriter: &mut Rewriter, seed: u64, frames: usize) -> Vec<(Numbers, u64)> {
        let mut camera = Camera::new("v", None, (64, 64), seed);
        let mut source = Source { unwrapper: Default::default() };
        let mut given = Vec::new();
        for bytes in (0..frames).flat_map(|_| camera.frame(3_000)) {
            let packet = source.stored(&bytes);
            let verdict = if rewriter.stream().is_none() {
                Verdict::Send(rewriter.start(STREAM, &packet, t0()))
            } else {
                rewriter.forward(&packet, t0())
            };
            if let Verdict::Send(numbers) = verdict {
                given.push((numbers, packet.sequence));
            }
        }
        given
    }

    #[test]
    fn without_loss_the_picture_ids_of_kept_layers_are_consecutive() {
        let mut rewriter = Rewriter::new(90_000, 1);
        rewriter.limit_temporal_layer(0);
        let given = play(&mut rewriter, 2, 40);
        let starts = given.iter().filter_map(|(n, _)| n.vp8).filter(|d| d.frame_start);
        let pictures: Vec<u16> = starts.map(|d| d.picture_id.unwrap().value).collect();
        assert_eq!(pictures.len(), 10);
        assert!(pictures.windows(2).all(|p| p[1] == (p[0] + 1) & PICTURE_MASK), "{pictures:?}");
    }

    #[test]
    fn finds_the_source_of_every_number_given_out() {
        let mut rewriter = Rewriter::new(90_000, 1);
        rewriter.limit_temporal_layer(1);
        let given = play(&mut rewriter, 4, 60);
        assert!(given.len() > 30);
        for (numbers, from) in given {
            assert_eq!(rewriter.source_of(numbers.sequence as u16), Some((STREAM, from)));
        }
        assert_eq!(rewriter.source_of(0), None);
    }

    #[test]
    fn packets_from_before_the_switch_are_dropped() {
        let mut camera = Camera::new("v", None, (64, 64), 6);
        let mut rewriter = Rewriter::new(90_000, 1);
        let mut source = Source { unwrapper: Default::default() };
        let early = camera.frame(3_000);
        camera.want_keyframe();
        let late = camera.frame(3_000);
        let old = source.stored(&early[3]);
        let new = source.stored(&late[0]);
        rewriter.start(STREAM, &new, t0());
        assert_eq!(rewriter.forward(&old, t0()), Verdict::Drop);
        rewriter.stop();
        assert_eq!(rewriter.forward(&new, t0()), Verdict::Drop);
    }
}
