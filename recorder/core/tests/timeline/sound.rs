//! What is heard, and when.

use std::time::Duration;

use crate::kit::{self, Event, Talker, clock, ms, record};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

const LOW: f32 = 400.0;
const HIGH: f32 = 1_700.0;

fn with_clock(talk: impl IntoIterator<Item = Vec<Event>>) -> Vec<Event> {
    std::iter::once(clock()).chain(talk.into_iter().flatten()).collect()
}

#[test]
fn two_talkers_are_heard_at_their_times_whatever_the_jitter() {
    for seed in 0..6 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut late = move |_| ms(random.random_range(5..400));
        let low = Talker::new(0, LOW).talk(ms(500), ms(2_000), &mut late);
        let high = Talker::new(1, HIGH).talk(ms(1_500), ms(3_000), &mut late);
        let heard = record(with_clock([low, high]), ms(4_000));
        for (frequency, from, to) in [(LOW, 500, 2_000), (HIGH, 1_500, 3_000)] {
            assert!(heard.tone(frequency, from - 300, from - 20) < 0.01, "{seed}");
            assert!((0.2..0.4).contains(&heard.tone(frequency, from + 40, to - 40)), "{seed}");
            assert!(heard.tone(frequency, to + 40, to + 400) < 0.01, "{seed}");
        }
        assert_eq!((heard.counts.lost, heard.counts.late), (0, 0));
    }
}

#[test]
fn order_within_the_hold_does_not_matter_at_all() {
    let plain = Talker::new(0, LOW).talk(ms(200), ms(1_800), |_| ms(300));
    let mut shuffled = plain.clone();
    let mut random = StdRng::seed_from_u64(7);
    for window in shuffled.chunks_mut(12) {
        let mut arrivals: Vec<Duration> = window.iter().map(|(at, _)| *at).collect();
        arrivals.shuffle(&mut random);
        for ((at, _), arrival) in window.iter_mut().zip(arrivals) {
            *at = arrival;
        }
    }
    let [plain, shuffled] = [plain, shuffled].map(|talk| record(with_clock([talk]), ms(2_500)));
    assert!(plain.sound == shuffled.sound, "every sample is the same");
}

#[test]
fn a_beep_is_heard_within_three_milliseconds_of_its_capture() {
    for at in [700, 713, 719, 731] {
        let beep = Talker::new(2, 1_000.0).talk(ms(at), ms(at + 200), |_| ms(80));
        let onset = record(with_clock([beep]), ms(1_500)).onset(0.05);
        assert!((onset - at as f32).abs() < 3.0, "{at}: {onset}");
    }
}

#[test]
fn a_capture_clock_that_appears_late_moves_the_voice_without_a_click() {
    let mut talk = Talker::new(0, LOW).talk(ms(300), ms(3_000), |_| ms(120));
    // For the first second nothing is known but the arrival.
    let mut plain = Talker::new(0, LOW);
    for (i, (arrival, tapped)) in talk.iter_mut().enumerate().take(50) {
        assert_eq!(*arrival, ms(300 + 20 * i as u64 + 140));
        let (header, payload) = plain.packet();
        *tapped = kit::rtp(*arrival, header, None, &payload).1;
    }
    let heard = record(with_clock([talk]), ms(4_000));
    assert!((heard.onset(0.05) - 420.0).abs() < 5.0);
    assert!(heard.tone(LOW, 1_500, 2_950) > 0.25);
    assert!(heard.tone(LOW, 3_020, 3_300) < 0.01, "ends when it was captured");
    // A tone of this amplitude steps by at most 0.016; the cross-fade may double it.
    assert!(heard.largest_step(600, 2_900) < 0.035, "{}", heard.largest_step(600, 2_900));
}

#[test]
fn a_drifting_clock_is_followed() {
    // The capture clock runs 2 % faster than the microphone: 20 ms in a second.
    let mut talker = Talker::new(0, LOW);
    let talk = (0..400)
        .map(|i| {
            let (header, payload) = talker.packet();
            let capture = Duration::from_micros(100_000 + 20_400 * i);
            kit::rtp(capture + ms(60), header, Some(capture), &payload)
        })
        .collect();
    let heard = record(with_clock([talk]), ms(9_000));
    let end = 100 + 20 * 400 * 102 / 100;
    assert!(heard.tone(LOW, end - 400, end - 60) > 0.15);
    assert!(heard.tone(LOW, end + 30, end + 300) < 0.02);
    assert!(heard.largest_step(300, 7_900) < 0.035);
}

#[test]
fn lost_packets_are_concealed_and_a_pause_is_silence() {
    let mut talker = Talker::new(0, LOW);
    let mut first = talker.talk(ms(200), ms(1_200), |_| ms(50));
    talker.pause(ms(800));
    let second = talker.talk(ms(2_000), ms(3_000), |_| ms(50));
    // One is lost alone, two together; the pause is no loss.
    for lost in [30, 20, 19] {
        first.remove(lost);
    }
    let heard = record(with_clock([first, second]), ms(3_600));
    assert_eq!(heard.counts.lost, 3);
    assert_eq!(heard.counts.concealed, ms(60));
    assert!(heard.tone(LOW, 580, 620) > 0.1, "{}", heard.tone(LOW, 580, 620));
    assert!(heard.tone(LOW, 800, 820) > 0.15, "{}", heard.tone(LOW, 800, 820));
    assert!(heard.tone(LOW, 1_240, 1_960) < 0.005);
    assert!(heard.tone(LOW, 2_040, 2_960) > 0.25);
}

#[test]
fn what_the_next_packet_tells_of_a_lost_one_is_heard() {
    let mut talker = Talker::new(0, LOW);
    let mut talk = talker.talk(ms(200), ms(1_000), |_| ms(50));
    talk.extend(talker.sings(700.0).talk(ms(1_000), ms(1_400), |_| ms(50)));
    // The first with the new tone: no guess could know it.
    talk.remove(40);
    let heard = record(with_clock([talk]), ms(2_000));
    assert_eq!((heard.counts.lost, heard.counts.concealed), (1, ms(20)));
    let (new, old) = (heard.tone(700.0, 1_005, 1_020), heard.tone(LOW, 1_005, 1_020));
    assert!(new > 0.1 && new > 2.0 * old, "{new} {old}");
}

#[test]
fn a_long_loss_ends_in_silence() {
    let mut talk = Talker::new(0, LOW).talk(ms(200), ms(1_400), |_| ms(50));
    talk.drain(20..40);
    let heard = record(with_clock([talk]), ms(2_000));
    assert_eq!((heard.counts.lost, heard.counts.concealed), (20, ms(60)));
    assert!(heard.tone(LOW, 700, 980) < 0.005);
    assert!(heard.tone(LOW, 1_040, 1_380) > 0.2);
}

#[test]
fn what_comes_after_the_hold_is_counted_and_not_heard() {
    let late = |i| if (25..35).contains(&i) { ms(900) } else { ms(50) };
    let talk = Talker::new(0, LOW).talk(ms(200), ms(1_400), late);
    let heard = record(with_clock([talk]), ms(2_500));
    assert_eq!((heard.counts.lost, heard.counts.late), (10, 10));
    assert!(heard.tone(LOW, 780, 900) < 0.01);
}

#[test]
fn a_line_that_is_always_too_slow_is_heard_late_instead_of_never() {
    let talk = Talker::new(0, LOW).talk(ms(200), ms(1_400), |_| ms(1_500));
    let heard = record(with_clock([talk]), ms(4_000));
    assert!(heard.tone(LOW, 1_320, 2_400) > 0.25);
    assert_eq!((heard.counts.lost, heard.counts.late), (0, 0));
}

#[test]
fn a_new_talker_in_a_slot_is_placed_by_its_own_clock() {
    let mut talker = Talker::new(0, LOW);
    let first = talker.talk(ms(200), ms(800), |_| ms(50));
    // The slot's timestamps run on by arrival, 130 ms off the second talker's capture.
    let mut other = Talker::new(0, LOW).in_place_of(&talker, ms(330));
    let second = other.talk(ms(1_000), ms(1_600), |_| ms(180));
    let heard = record(with_clock([first, second]), ms(2_400));
    let quiet = &heard.sound[830 * 48..990 * 48];
    assert!(quiet.iter().all(|sample| sample.abs() < 0.01));
    let onset = heard.sound[900 * 48..].iter().position(|s| s.abs() > 0.05).unwrap();
    assert!(((900 * 48 + onset) as f32 / 48.0 - 1_000.0).abs() < 3.0);
}

#[test]
fn three_who_shout_do_not_clip() {
    let talk = [(0, 300.0), (1, 450.0), (2, 700.0)]
        .map(|(slot, tone)| Talker::new(slot, tone).loud(0.9).talk(ms(0), ms(1_500), |_| ms(50)));
    let heard = record(with_clock(talk), ms(2_200));
    let loudest = heard.sound.iter().fold(0.0f32, |loudest, sample| loudest.max(sample.abs()));
    assert!(loudest < 1.0, "{loudest}");
    // What a clipped sum would bring is not there.
    assert!(heard.tone(450.0, 300, 1_400) > 0.15);
    assert!(heard.tone(1_600.0, 300, 1_400) < 0.02);
}

#[test]
fn nothing_of_before_the_beginning_is_heard() {
    let mut talker = Talker::new(0, LOW);
    let mut talk = Vec::new();
    for i in 0..50u64 {
        let (header, payload) = talker.packet();
        let (_, tapped) = kit::rtp(ms(0), header, None, &payload);
        let kreide_control::Tapped::Rtp { packet, .. } = tapped else { unreachable!() };
        // Captured up to a second before, all arriving in the first moments.
        let arrival = kit::start() - ms(1_000) + ms(20) * i as u32;
        talk.push((ms(0), kreide_control::Tapped::Rtp { arrival, packet }));
    }
    let heard = record(with_clock([talk]), ms(1_500));
    assert!(heard.tone(LOW, 0, 1_000) < 0.001);
    assert_eq!(heard.counts.late, 0);
}
