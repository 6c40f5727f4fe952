//! Once a stream runs, forwarding it takes no memory from the system.

use allocation_counter::measure;
use kreide_control::Place;
use kreide_sfu_core::MemberKey;
use kreide_sfu_testkit::{Camera, FRAME, Lesson, Microphone, STEP, in_scope, view};

const VIEWERS: u32 = 30;

/// A lesson in which all others see and hear the first.
struct Running {
    lesson: Lesson,
    speaker: MemberKey,
    sent: usize,
}

impl Running {
    /// The viewers are in so many groups.
    fn new(groups: u32) -> Self {
        let mut lesson = Lesson::new();
        let speaker = lesson.join(1, &[], 1);
        let everywhere = Place { everywhere: true, ..Place::default() };
        lesson.room.set_place(speaker, everywhere, lesson.now);
        for number in 2..VIEWERS + 2 {
            let viewer = lesson.join(number, &[], 1);
            lesson.room.set_place(viewer, in_scope((number % groups) as u8), lesson.now);
            lesson.room.set_view(viewer, view(&[(0, 1, 360)]), lesson.now);
        }
        Self { lesson, speaker, sent: 0 }
    }

    /// Hands packets in and takes out what comes of them, as a node does.
    fn packets(&mut self, packets: &[Vec<u8>]) {
        let room = &mut self.lesson.room;
        for packet in packets {
            room.handle_rtp(self.speaker, packet, self.lesson.now);
        }
        while let Some(batch) = room.poll_batch(self.lesson.now) {
            self.sent += batch.packets.len();
        }
    }
}

#[test]
fn forwarding_takes_no_memory() {
    [1, 10].into_iter().for_each(forward_to_groups);
}

fn forward_to_groups(groups: u32) {
    let mut running = Running::new(groups);
    let mut camera = Camera::new("v", None, (640, 360), 5).with_packets(4);
    let mut microphone = Microphone::new("a", 77);
    // Long enough for the history to have its size.
    let mut frames: Vec<_> =
        (0..300).map(|_| (camera.frame(STEP), [microphone.packet(20)])).collect();
    let measured = frames.split_off(200);
    for (picture, sound) in &frames {
        running.packets(picture);
        running.packets(sound);
        running.lesson.wait(FRAME);
    }
    running.sent = 0;
    let taken = measure(|| {
        for (picture, sound) in &measured {
            running.packets(picture);
            running.packets(sound);
            running.lesson.now += FRAME;
        }
    });
    assert_eq!(running.sent, measured.len() * 5 * VIEWERS as usize);
    assert_eq!(taken.count_total, 0, "{taken:?}");
}
