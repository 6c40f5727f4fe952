//! A made-up lesson for a timeline: people who send tones, a camera that sends pictures, a network
//! that is late, and ears that hear what was recorded. All on virtual time.

use std::f32::consts::TAU;
use std::time::{Duration, Instant};

use kreide_control::{ParticipantNo, SlotMapping, Source, SourceKind, Tapped};
use kreide_media::clock::NtpTime;
use kreide_media::extension::Writer;
use kreide_media::recorder::{EXTENSIONS, OPUS, Slot, VP8};
use kreide_media::rtp::Header;
use kreide_media::vp8::{Descriptor, PictureId};
use kreide_recorder_core::{
    Counts, Fragment, Frame, OPUS_PRE_SKIP, Order, Settings, Timeline, Track,
};
use kreide_sfu_testkit::t0;
use opus::{Application, Channels, Decoder, Encoder};

pub(crate) const TEACHER: ParticipantNo = ParticipantNo(1);
pub(crate) const PUPIL: ParticipantNo = ParticipantNo(2);

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(crate) fn start() -> Instant {
    t0() + Duration::from_secs(100)
}

pub(crate) fn camera(participant: ParticipantNo) -> Source {
    Source { participant, kind: SourceKind::Camera }
}

/// What the room's clock shows this long after the beginning.
pub(crate) fn ntp(at: Duration) -> u64 {
    NtpTime(3_900_000_000 << 32).plus(at).0
}

/// Something that comes out of the tap at a time after the beginning.
pub(crate) type Event = (Duration, Tapped);

pub(crate) fn clock() -> Event {
    (ms(0), Tapped::Clock { at: start(), ntp: ntp(ms(0)) })
}

pub(crate) fn slots(at: Duration, source: Option<Source>) -> Event {
    (at, Tapped::Slots(vec![SlotMapping { slot: 0, source, from_timestamp: 0 }]))
}

/// A packet that arrives at `arrival`.
pub(crate) fn rtp(
    arrival: Duration,
    header: Header,
    capture: Option<Duration>,
    payload: &[u8],
) -> Event {
    let mut packet = Vec::new();
    header.write(&mut packet, capture.is_some(), false);
    if let Some(capture) = capture {
        let mut extensions = Writer::begin(&mut packet);
        extensions.add(EXTENSIONS.abs_capture_time, &ntp(capture).to_be_bytes());
        extensions.finish();
    }
    packet.extend_from_slice(payload);
    (arrival, Tapped::Rtp { arrival: start() + arrival, packet })
}

/// A microphone: Opus packets of 20 ms with a tone.
pub(crate) struct Talker {
    encoder: Encoder,
    header: Header,
    frequency: f32,
    amplitude: f32,
    samples: u64,
}

impl Talker {
    pub(crate) fn new(slot: u8, frequency: f32) -> Self {
        let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip).expect("valid");
        encoder.set_inband_fec(true).expect("valid");
        encoder.set_packet_loss_perc(20).expect("valid");
        encoder.set_bitrate(opus::Bitrate::Bits(32_000)).expect("valid");
        let header = Header {
            marker: true,
            payload_type: OPUS.payload_type,
            sequence: 65_500,
            timestamp: u32::MAX - 48_000,
            ssrc: Slot::Audio(slot).ssrc(),
        };
        Self { encoder, header, frequency, amplitude: 0.3, samples: 0 }
    }

    pub(crate) fn loud(mut self, amplitude: f32) -> Self {
        self.amplitude = amplitude;
        self
    }

    /// The next packet; its header and payload.
    pub(crate) fn packet(&mut self) -> (Header, Vec<u8>) {
        let wave = |i: u64| {
            let phase = self.frequency * ((self.samples + i) % 48_000) as f32 / 48_000.0;
            self.amplitude * (phase * TAU).sin()
        };
        let sound: Vec<f32> = (0..960).map(wave).collect();
        self.samples += 960;
        let payload = self.encoder.encode_vec_float(&sound, 1_275).expect("20 ms");
        let header = self.header;
        self.header.marker = false;
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(960);
        (header, payload)
    }

    /// From the next packet on it is another tone.
    pub(crate) fn sings(&mut self, frequency: f32) -> &mut Self {
        self.frequency = frequency;
        self
    }

    /// The next packet has this sequence number.
    pub(crate) fn number(mut self, sequence: u16) -> Self {
        self.header.sequence = sequence;
        self
    }

    /// Another person in the slot of one who talked until `pause` ago.
    pub(crate) fn in_place_of(mut self, before: &Self, pause: Duration) -> Self {
        self.header = before.header;
        self.pause(pause);
        self
    }

    /// Nothing is sent for a time; the next packet begins a talk spurt.
    pub(crate) fn pause(&mut self, pause: Duration) {
        let samples = (pause.as_millis() * 48) as u32;
        self.header.timestamp = self.header.timestamp.wrapping_add(samples);
        self.header.marker = true;
    }

    /// Talks from one time to another; each packet arrives `delay(index)` after its capture.
    pub(crate) fn talk(
        &mut self,
        from: Duration,
        to: Duration,
        mut delay: impl FnMut(usize) -> Duration,
    ) -> Vec<Event> {
        let count = ((to - from).as_millis() / 20) as usize;
        (0..count)
            .map(|i| {
                let (header, payload) = self.packet();
                let capture = from + ms(20) * i as u32;
                // A packet is sent when its 20 ms are over, and browsers take that for its time.
                let sent = capture + ms(20);
                rtp(sent + delay(i), header, Some(sent), &payload)
            })
            .collect()
    }
}

/// A camera: made-up VP8 frames of a few packets each.
pub(crate) struct Pictures {
    header: Header,
    picture: u16,
}

impl Pictures {
    pub(crate) fn new() -> Self {
        let header = Header {
            marker: false,
            payload_type: VP8.payload_type,
            sequence: 65_530,
            timestamp: u32::MAX - 1_000,
            ssrc: Slot::Video(0).ssrc(),
        };
        Self { header, picture: 0x7ffe }
    }

    /// The next frame: `packets` of them, all arriving at `arrival`.
    pub(crate) fn frame(
        &mut self,
        capture: Duration,
        arrival: Duration,
        keyframe: bool,
        packets: usize,
    ) -> Vec<Event> {
        self.header.timestamp = (capture.as_millis() as u32 * 90).wrapping_sub(1_000);
        self.picture = (self.picture + 1) & 0x7fff;
        (0..packets)
            .map(|i| {
                self.header.marker = i + 1 == packets;
                let payload = self.payload(i, keyframe);
                let event = rtp(arrival, self.header, Some(capture), &payload);
                self.header.sequence = self.header.sequence.wrapping_add(1);
                event
            })
            .collect()
    }

    fn payload(&self, index: usize, keyframe: bool) -> Vec<u8> {
        let mut out = Vec::new();
        Descriptor {
            non_reference: false,
            frame_start: index == 0,
            partition: 0,
            partition_start: index == 0,
            picture_id: Some(PictureId { value: self.picture, long: true }),
            tl0_picture: None,
            temporal: None,
            key_index: None,
            length: 0,
        }
        .write(&mut out);
        if index == 0 {
            out.extend_from_slice(&picture_head(keyframe));
        }
        out.extend_from_slice(&self.picture.to_be_bytes());
        out.push(index as u8);
        out
    }

    /// Frames at 25 a second, keyframe first; each packet arrives `delay` after the capture.
    pub(crate) fn film(&mut self, from: Duration, to: Duration, delay: Duration) -> Vec<Event> {
        let count = ((to - from).as_millis() / 40) as u32;
        (0..count)
            .flat_map(|i| {
                let capture = from + ms(40) * i;
                self.frame(capture, capture + delay, i == 0, if i == 0 { 4 } else { 2 })
            })
            .collect()
    }
}

fn picture_head(keyframe: bool) -> Vec<u8> {
    if keyframe {
        vec![0x50, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01]
    } else {
        vec![0x51, 0, 0]
    }
}

/// What a lesson became.
pub(crate) struct Recording {
    pub(crate) fragments: Vec<Fragment>,
    pub(crate) orders: Vec<(Duration, Order)>,
    pub(crate) counts: Counts,
    pub(crate) length: Duration,
    /// The left channel as a player would play it, from the beginning.
    pub(crate) sound: Vec<f32>,
}

impl Recording {
    pub(crate) fn frames(&self, track: Track) -> impl Iterator<Item = &Frame> {
        self.fragments.iter().flat_map(|f| &f.frames).filter(move |frame| frame.track == track)
    }

    /// The pictures that are not the slate: when, and whether keyframes.
    pub(crate) fn pictures(&self) -> Vec<(u64, bool)> {
        let shown = self.frames(Track::Picture).filter(|frame| !is_slate(frame));
        shown.map(|frame| (frame.at.as_millis() as u64, frame.keyframe)).collect()
    }

    /// When the slate is shown.
    pub(crate) fn slates(&self) -> Vec<u64> {
        let slates = self.frames(Track::Picture).filter(|frame| is_slate(frame));
        slates.map(|frame| frame.at.as_millis() as u64).collect()
    }

    /// How strong a tone is between two times, as the amplitude of its sine.
    pub(crate) fn tone(&self, frequency: f32, from: u64, to: u64) -> f32 {
        goertzel(&self.sound[from as usize * 48..to as usize * 48], frequency)
    }

    /// The largest step between two samples: a click is a large one.
    pub(crate) fn largest_step(&self, from: u64, to: u64) -> f32 {
        let sound = &self.sound[from as usize * 48..to as usize * 48];
        sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    }

    /// When it is first louder than an amplitude, in milliseconds.
    pub(crate) fn onset(&self, amplitude: f32) -> f32 {
        let sample = self.sound.iter().position(|sample| sample.abs() > amplitude);
        sample.expect("nothing is heard") as f32 / 48.0
    }
}

pub(crate) fn is_slate(frame: &Frame) -> bool {
    frame.data.len() > 1_000 && frame.keyframe
}

pub(crate) fn goertzel(sound: &[f32], frequency: f32) -> f32 {
    let (mut sine, mut cosine) = (0.0f64, 0.0f64);
    for (i, sample) in sound.iter().enumerate() {
        let phase = f64::from(frequency) * i as f64 / 48_000.0 * std::f64::consts::TAU;
        sine += f64::from(*sample) * phase.sin();
        cosine += f64::from(*sample) * phase.cos();
    }
    (2.0 * sine.hypot(cosine) / sound.len() as f64) as f32
}

/// Plays what happens in the order of time, and ends the recording at `end`.
pub(crate) fn record(mut events: Vec<Event>, end: Duration) -> Recording {
    events.sort_by_key(|(at, _)| *at);
    let mut timeline = Timeline::new(Settings { by: TEACHER, start: start() }).expect("an engine");
    let (mut fragments, mut orders) = (Vec::new(), Vec::new());
    let mut drain = |timeline: &mut Timeline, now: Instant| {
        fragments.extend(std::iter::from_fn(|| timeline.poll_fragment()));
        orders.extend(std::iter::from_fn(|| timeline.poll_order()).map(|o| (now - start(), o)));
    };
    for (at, tapped) in events.into_iter().filter(|(at, _)| *at < end) {
        while timeline.poll_timeout() <= start() + at {
            let now = timeline.poll_timeout();
            timeline.handle_timeout(now);
            drain(&mut timeline, now);
        }
        timeline.handle(tapped, start() + at);
        drain(&mut timeline, start() + at);
    }
    while timeline.poll_timeout() <= start() + end {
        let now = timeline.poll_timeout();
        timeline.handle_timeout(now);
        drain(&mut timeline, now);
    }
    timeline.finish(start() + end);
    drain(&mut timeline, start() + end);
    let (counts, length) = (timeline.counts(), timeline.length());
    check_tiling(&fragments, length);
    let sound = hear(&fragments);
    Recording { fragments, orders, counts, length, sound }
}

/// What every recording must be, whatever happened.
fn check_tiling(fragments: &[Fragment], length: Duration) {
    let (mut end, mut sound_at, mut picture_at) = (Duration::ZERO, Duration::ZERO, None);
    for fragment in fragments {
        assert_eq!(fragment.start, end, "fragments have no gap");
        assert!(fragment.duration > Duration::ZERO && fragment.duration <= ms(2_000));
        end += fragment.duration;
        assert!(fragment.frames.is_sorted_by_key(|frame| frame.at));
        assert!(fragment.frames.iter().any(|frame| frame.track == Track::Sound));
        let first = fragment.frames.iter().find(|frame| frame.track == Track::Picture);
        assert_eq!(fragment.keyframe, first.is_some_and(|frame| frame.keyframe));
        for frame in &fragment.frames {
            assert!((fragment.start..end).contains(&frame.at), "{:?} of {end:?}", frame.at);
            match frame.track {
                Track::Sound => {
                    assert_eq!(frame.at, sound_at);
                    sound_at += ms(20);
                }
                Track::Picture => {
                    assert_eq!(frame.at.subsec_nanos() % 1_000_000, 0);
                    assert!(picture_at < Some(frame.at), "pictures have rising times");
                    picture_at = Some(frame.at);
                }
            }
        }
    }
    assert_eq!(end, length);
    assert_eq!(sound_at, length, "the sound has no gap");
}

fn hear(fragments: &[Fragment]) -> Vec<f32> {
    let mut decoder = Decoder::new(48_000, Channels::Stereo).expect("valid");
    let mut sound = Vec::new();
    let mut pair = [0.0; 1_920];
    for frame in fragments.iter().flat_map(|f| &f.frames).filter(|f| f.track == Track::Sound) {
        assert_eq!(decoder.decode_float(&frame.data, &mut pair, false).expect("Opus"), 960);
        sound.extend(pair.chunks(2).map(|pair| pair[0]));
    }
    sound.drain(..usize::from(OPUS_PRE_SKIP).min(sound.len()));
    sound
}
