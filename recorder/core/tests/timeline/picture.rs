//! What is seen, and when.

use crate::kit::{Event, PUPIL, Pictures, TEACHER, Talker, camera, clock, ms, record, slots};
use kreide_control::{Source, SourceKind, Tapped};
use kreide_recorder_core::{Order, Track};

fn events(parts: impl IntoIterator<Item = Vec<Event>>) -> Vec<Event> {
    std::iter::once(clock()).chain(parts.into_iter().flatten()).collect()
}

fn keyframes_asked(orders: &[(std::time::Duration, Order)]) -> Vec<u64> {
    let asked = orders.iter().filter(|(_, order)| *order == Order::Keyframe);
    asked.map(|(at, _)| at.as_millis() as u64).collect()
}

#[test]
fn a_lesson_without_a_picture_shows_the_slate() {
    let seen = record(events([]), ms(12_000));
    assert_eq!(seen.slates(), [0, 5_000, 10_000]);
    assert!(seen.pictures().is_empty() && seen.orders.is_empty());
    assert!(seen.fragments[0].keyframe);
}

#[test]
fn pictures_come_whole_in_order_and_at_their_capture_time() {
    let mut film = Pictures::new().film(ms(500), ms(1_500), ms(70));
    // What is captured together arrives in reversed order.
    film.reverse();
    let seen = record(events([vec![slots(ms(560), Some(camera(PUPIL)))], film]), ms(2_300));
    let expected: Vec<_> = (0..25).map(|i| (500 + 40 * i, i == 0)).collect();
    assert_eq!(seen.pictures(), expected);
    assert_eq!(seen.slates(), [0]);
    let key = seen.frames(Track::Picture).nth(1).unwrap();
    assert_eq!(key.data.len(), 10 + 4 * 3, "descriptors are stripped");
    assert_eq!((seen.counts.lost, seen.counts.broken), (0, 0));
}

#[test]
fn sound_and_picture_of_a_moment_fall_together() {
    for (sound_late, picture_late) in [(20, 320), (320, 20)] {
        let beep = Talker::new(0, 1_000.0).talk(ms(1_003), ms(1_200), |_| ms(sound_late));
        let mut pictures = Pictures::new();
        let flash = pictures.frame(ms(1_003), ms(1_003 + picture_late), true, 3);
        let seen = record(events([beep, flash]), ms(2_000));
        let [(flash, true)] = seen.pictures()[..] else { panic!("one keyframe") };
        assert!((seen.onset(0.05) - flash as f32).abs() < 5.0, "{} {flash}", seen.onset(0.05));
    }
}

#[test]
fn a_loss_breaks_all_until_a_keyframe_is_asked_for_and_comes() {
    // The frame of 400 ms: its beginning, its end, or all of it.
    for lost in [22..23, 23..24, 22..24] {
        check_loss(lost);
    }
}

fn check_loss(lost: std::ops::Range<usize>) {
    let count = lost.len() as u64;
    let mut pictures = Pictures::new();
    let mut film = pictures.film(ms(0), ms(1_000), ms(50));
    film.drain(lost);
    let key = pictures.frame(ms(1_600), ms(1_650), true, 4);
    let rest = pictures.frame(ms(1_640), ms(1_690), false, 1);
    let carried = vec![slots(ms(50), Some(camera(TEACHER)))];
    let seen = record(events([carried, film, key, rest]), ms(2_400));
    let mut expected: Vec<_> = (0..10).map(|i| (40 * i, i == 0)).collect();
    // The slate took the first millisecond.
    expected[0] = (1, true);
    expected.extend([(1_600, true), (1_640, false)]);
    assert_eq!(seen.pictures(), expected);
    assert_eq!((seen.counts.lost, seen.counts.broken), (count, 1));
    let asked = keyframes_asked(&seen.orders);
    assert!((1_000..1_100).contains(&asked[0]), "{asked:?}");
    assert!(asked.windows(2).all(|pair| pair[1] - pair[0] >= 500), "{asked:?}");
    assert!(asked.iter().all(|at| *at < 1_700), "{asked:?}");
}

#[test]
fn a_packet_that_is_repaired_within_the_hold_breaks_nothing() {
    let mut film = Pictures::new().film(ms(0), ms(1_000), ms(50));
    film[4 + 9 * 2 + 1].0 += ms(450);
    let seen = record(events([vec![slots(ms(0), Some(camera(TEACHER)))], film]), ms(2_000));
    assert_eq!(seen.pictures().len(), 25);
    assert_eq!(seen.pictures()[20], (800, false));
    assert!(keyframes_asked(&seen.orders).is_empty());
}

#[test]
fn the_slate_replaces_a_picture_that_goes_away_at_once() {
    let mut pictures = Pictures::new();
    let film = pictures.film(ms(200), ms(1_280), ms(50));
    let news = vec![
        slots(ms(250), Some(camera(PUPIL))),
        slots(ms(1_300), None),
        slots(ms(3_050), Some(camera(TEACHER))),
    ];
    // The next frame of the old source was still on its way.
    let late_delta = pictures.frame(ms(1_290), ms(1_350), false, 1);
    let key = pictures.frame(ms(3_000), ms(3_050), true, 2);
    let delta = pictures.frame(ms(3_040), ms(3_090), false, 1);
    let seen = record(events([film, news, late_delta, key, delta]), ms(4_500));
    assert_eq!(seen.slates(), [0, 1_300]);
    let shown = seen.pictures();
    assert!(shown.iter().all(|(at, _)| *at < 1_300 || *at >= 3_000), "{shown:?}");
    assert!(shown.contains(&(1_240, false)));
    assert_eq!(shown[shown.len() - 2..], [(3_000, true), (3_040, false)]);
}

#[test]
fn a_source_that_goes_before_its_name_was_told_does_not_linger() {
    let film = Pictures::new().film(ms(200), ms(600), ms(50));
    let seen = record(events([film, vec![slots(ms(700), None)]]), ms(2_000));
    assert_eq!(seen.slates(), [0, 700]);
}

#[test]
fn the_slate_has_room_when_pictures_have_none() {
    let mut pictures = Pictures::new();
    // More than can wait to be sealed.
    let flood = (200..900).flat_map(|at| pictures.frame(ms(at), ms(at), at == 200, 1)).collect();
    let news = vec![slots(ms(200), Some(camera(PUPIL))), slots(ms(960), None)];
    let seen = record(events([news, flood]), ms(2_500));
    assert!(seen.counts.broken > 0, "{:?}", seen.counts);
    assert_eq!(seen.slates(), [0, 960]);
    assert_eq!(seen.pictures().len(), 600 - 2);
}

#[test]
fn a_keyframe_of_the_last_moment_makes_no_fragment_without_sound() {
    for at in [1_979, 1_981, 1_995, 1_999] {
        let mut pictures = Pictures::new();
        let film = pictures.film(ms(0), ms(1_960), ms(0));
        let key = pictures.frame(ms(at), ms(at), true, 2);
        // `record` checks that all fragments have sound.
        let seen = record(events([film, key]), ms(2_000));
        assert_eq!(seen.length, ms(2_000), "{at}");
        assert_eq!(seen.pictures().last(), Some(&(at, true)));
    }
}

#[test]
fn fragments_begin_with_keyframes_where_there_are_any() {
    let mut pictures = Pictures::new();
    let first = pictures.film(ms(0), ms(3_480), ms(50));
    let second = pictures.film(ms(3_480), ms(5_000), ms(50));
    let seen = record(events([first, second]), ms(6_000));
    let begins: Vec<_> =
        seen.fragments.iter().map(|f| (f.start.as_millis() as u64, f.keyframe)).collect();
    let expected =
        [(0, true), (1_000, false), (2_000, false), (3_000, false), (3_480, true), (4_480, false)];
    assert_eq!(begins[..6], expected);
}

#[test]
fn a_keyframe_is_asked_for_every_ten_seconds() {
    let mut pictures = Pictures::new();
    let film = pictures.film(ms(0), ms(9_980), ms(50));
    let key = pictures.film(ms(10_080), ms(19_000), ms(50));
    let carried = vec![slots(ms(50), Some(camera(TEACHER)))];
    let asked = keyframes_asked(&record(events([film, key, carried]), ms(19_000)).orders);
    assert_eq!(asked.len(), 1);
    assert!((10_000..10_100).contains(&asked[0]), "{asked:?}");
}

#[test]
fn the_wish_follows_who_can_be_shown() {
    let content = Source { participant: PUPIL, kind: SourceKind::Content };
    let news = vec![
        (ms(100), Tapped::Pictures(vec![camera(PUPIL), camera(TEACHER)])),
        (ms(2_000), Tapped::Speaking(vec![PUPIL])),
        (ms(5_000), Tapped::Pictures(vec![camera(TEACHER), content])),
        (ms(6_000), Tapped::Pictures(vec![])),
    ];
    let orders = record(events([news]), ms(7_000)).orders;
    let looks: Vec<_> = orders.iter().map(|(_, order)| *order).collect();
    let expected =
        [Some(camera(TEACHER)), Some(camera(PUPIL)), Some(content), None].map(Order::Look);
    assert_eq!(looks, expected);
    for ((at, _), expected) in orders.iter().zip([100, 3_100, 5_000, 6_000]) {
        assert!((*at).abs_diff(ms(expected)) <= ms(20), "{at:?} {expected}");
    }
}

#[test]
fn a_recorder_that_stood_still_loses_nothing() {
    use crate::kit::start;
    use kreide_recorder_core::{Settings, Timeline};
    let film = Pictures::new().film(ms(0), ms(3_000), ms(50));
    let mut timeline = Timeline::new(Settings { by: TEACHER, start: start() }).unwrap();
    // All of three seconds waits in the tap while the disk hangs.
    for (_, tapped) in events([film]) {
        timeline.handle(tapped, start() + ms(3_500));
    }
    timeline.finish(start() + ms(3_500));
    let fragments: Vec<_> = std::iter::from_fn(|| timeline.poll_fragment()).collect();
    let pictures = fragments.iter().flat_map(|f| &f.frames).filter(|f| f.track == Track::Picture);
    assert_eq!(pictures.count(), 1 + 75);
    assert_eq!((timeline.counts().late, timeline.counts().lost), (0, 0));
}
