//! What a second of a recorded lesson costs: three who talk without a pause, and 720p at 30
//! pictures a second. `cargo run --release -p kreide-recorder-core --example cost`

#![allow(clippy::disallowed_methods, reason = "it measures, and a measure reads the clock")]

use std::f64::consts::TAU;
use std::time::{Duration, Instant};

use kreide_control::{ParticipantNo, Tapped};
use kreide_media::recorder::{OPUS, Slot, VP8};
use kreide_media::rtp::Header;
use kreide_recorder_core::{Settings, Timeline, Track};
use opus::{Application, Channels, Encoder};

const SECONDS: u32 = 120;
/// 2.5 Mbit/s in packets of 1,100 bytes.
const PACKETS_PER_PICTURE: usize = 9;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let lesson = lesson(start)?;
    let packets = lesson.len();
    let mut timeline = Timeline::new(Settings { by: ParticipantNo(1), start })?;
    let (mut sound, mut picture) = (0, 0);
    let begun = Instant::now();
    for (at, tapped) in lesson {
        timeline.handle(tapped, start + at);
        while let Some(fragment) = timeline.poll_fragment() {
            for frame in fragment.frames {
                match frame.track {
                    Track::Sound => sound += frame.data.len(),
                    Track::Picture => picture += frame.data.len(),
                }
            }
        }
    }
    let spent = begun.elapsed();
    let length = timeline.length().as_secs_f64();
    println!("{packets} packets, {length} s recorded, {:?}", timeline.counts());
    println!("{:.2} ms of one core for each second", spent.as_secs_f64() * 1e3 / length);
    println!(
        "sound {:.1} kbit/s, picture {:.0} kbit/s",
        kbps(sound, length),
        kbps(picture, length)
    );
    Ok(())
}

fn kbps(bytes: usize, seconds: f64) -> f64 {
    bytes as f64 * 8.0 / 1e3 / seconds
}

fn lesson(start: Instant) -> Result<Vec<(Duration, Tapped)>, opus::Error> {
    let mut events = Vec::new();
    let mut send = |at: Duration, header: Header, payload: &[u8]| {
        let mut packet = Vec::new();
        header.write(&mut packet, false, false);
        packet.extend_from_slice(payload);
        events.push((at, Tapped::Rtp { arrival: start + at, packet }));
    };
    for slot in 0..3 {
        let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip)?;
        for i in 0..SECONDS * 50 {
            let payload = encoder.encode_vec_float(&babble(i, u32::from(slot)), 1_275)?;
            send(Duration::from_millis(20) * i, header(Slot::Audio(slot), i, 960), &payload);
        }
    }
    let mut sequence = 0u16;
    for i in 0..SECONDS * 30 {
        for part in 0..PACKETS_PER_PICTURE {
            let mut header = header(Slot::Video(0), i, 3_000);
            (header.sequence, sequence) = (sequence, sequence.wrapping_add(1));
            header.marker = part + 1 == PACKETS_PER_PICTURE;
            send(Duration::from_micros(33_333) * i, header, &part_of_picture(part, i % 300 == 0));
        }
    }
    events.sort_by_key(|(at, _)| *at);
    Ok(events)
}

fn header(slot: Slot, index: u32, step: u32) -> Header {
    let payload_type = match slot {
        Slot::Audio(_) => OPUS.payload_type,
        Slot::Video(_) => VP8.payload_type,
    };
    let timestamp = index.wrapping_mul(step);
    Header { marker: false, payload_type, sequence: index as u16, timestamp, ssrc: slot.ssrc() }
}

fn part_of_picture(part: usize, keyframe: bool) -> Vec<u8> {
    let mut payload = vec![0x10, 0x50, 0, 0, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02];
    if part > 0 {
        payload[0] = 0;
    } else if !keyframe {
        payload[1] = 0x51;
    }
    payload.resize(1_100, 0xa5);
    payload
}

/// 20 ms of something as hard to encode as a voice: a few gliding tones and noise.
fn babble(packet: u32, voice: u32) -> Vec<f32> {
    let mut noise = packet.wrapping_mul(2_654_435_761).wrapping_add(voice);
    let sample = |i: u32| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let time = f64::from(packet * 960 + i) / 48_000.0;
        let pitch = 120.0 + 60.0 * f64::from(voice) + 20.0 * (time * 3.0).sin();
        let tones: f64 = (1..6).map(|n| (time * pitch * f64::from(n) * TAU).sin() * 0.06).sum();
        (tones * (1.0 + (time * 9.0).sin()) + f64::from(noise as i32) / 2e11) as f32
    };
    (0..960).map(sample).collect()
}
