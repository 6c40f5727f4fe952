//! One room on several shards: to see and hear somebody it does not matter who is where.

use std::collections::HashSet;
use std::time::Duration;

use kreide_control::{Audience, ParticipantNo};
use kreide_media::clock::{ClockPoint, NtpTime};
use kreide_media::rtcp::{Rtcp, walk, write_nack, write_sender_report};
use kreide_media::rtp::Packet;
use kreide_sfu_core::{
    MemberKey, PacketKind, PartId, Relayed, RelayedBurst, RelayedKey, RoomEvent,
};
use kreide_sfu_testkit::{
    Camera, FRAME, Microphone, STEP, Spread, Vp8Decoder, no_rights, t0, video_slot_ssrc, view,
};

/// A room of two parts. The viewer, number 1, is in the home part; the sender, number 2, in the
/// other one. Its camera has two layers.
struct Watched {
    spread: Spread,
    viewer: MemberKey,
    sender: MemberKey,
    cameras: [Camera; 2],
    decoder: Vp8Decoder,
}

const HERE: usize = 0;
const THERE: usize = 1;
const SLOT: u32 = 1_000;

impl Watched {
    fn new(height: u16) -> Self {
        let mut spread = Spread::new(2);
        let viewer = spread.act(HERE, |part| part.join(1, &[], 1));
        let sender = spread.act(THERE, |part| part.join(2, &["l", "h"], 1));
        assert_eq!(video_slot_ssrc(1, 0), SLOT);
        let cameras = [("l", (320, 180), 4), ("h", (640, 360), 5)]
            .map(|(rid, size, seed)| Camera::new("v", Some(rid), size, seed));
        let mut watched = Self { spread, viewer, sender, cameras, decoder: Vp8Decoder::default() };
        watched.look(height);
        watched
    }

    fn look(&mut self, height: u16) {
        let viewer = self.viewer;
        self.spread.act(HERE, |part| part.room.set_view(viewer, view(&[(0, 2, height)]), part.now));
    }

    /// One frame of each layer; returns whose packets came and how many.
    fn frame(&mut self) -> Vec<Option<u32>> {
        let sender = self.sender;
        for camera in &mut self.cameras {
            if self.spread.parts[THERE].keyframes_asked_of(sender).contains(&camera.ssrc()) {
                camera.want_keyframe();
            }
        }
        self.spread.parts[THERE].sent.clear();
        for camera in &mut self.cameras {
            for packet in camera.frame(STEP) {
                self.spread.act(THERE, |part| part.rtp(sender, &packet));
            }
        }
        let came = self.spread.parts[HERE].take_rtp(self.viewer, SLOT);
        self.spread.wait(FRAME);
        came.iter().map(|packet| self.decoder.take(packet)).collect()
    }

    fn frames(&mut self, count: usize) -> Vec<Option<u32>> {
        (0..count).flat_map(|_| self.frame()).collect()
    }
}

#[test]
fn a_camera_is_seen_from_another_part_without_a_gap() {
    let mut watched = Watched::new(180);
    watched.frames(10);
    let low = watched.frames(50);
    assert!(low.len() >= 50 && low.iter().all(|whose| *whose == Some(watched.cameras[0].ssrc())));
    let told = watched.spread.parts[HERE].events.iter().find_map(|event| match event {
        RoomEvent::Slots { participant, slots } => Some((*participant, slots[0].source?)),
        _ => None,
    });
    let (who, source) = told.expect("the viewer is told");
    assert_eq!((who, source.participant), (ParticipantNo(1), ParticipantNo(2)));

    watched.look(360);
    watched.frames(10);
    let high = watched.frames(50);
    assert!(high.iter().all(|whose| *whose == Some(watched.cameras[1].ssrc())));
    assert_eq!(watched.decoder.faults(), []);
}

#[test]
fn only_layers_that_somebody_looks_at_cross() {
    let mut watched = Watched::new(180);
    watched.frames(10);
    let relayed = |watched: &Watched| watched.spread.parts[THERE].room.stats().relayed;
    let before = relayed(&watched);
    let came = watched.frames(20).len() as u64;
    assert_eq!(relayed(&watched) - before, came, "each packet of one layer crosses once");
    let viewer = watched.viewer;
    watched.spread.act(HERE, |part| part.room.set_view(viewer, view(&[]), part.now));
    let before = relayed(&watched);
    watched.frames(20);
    assert_eq!(relayed(&watched), before);
}

#[test]
fn many_viewers_cost_one_crossing_and_one_keyframe() {
    let mut watched = Watched::new(180);
    watched.frames(10);
    let viewers: Vec<_> =
        (10..40).map(|number| watched.spread.act(HERE, |part| part.join(number, &[], 1))).collect();
    watched.spread.wait(Duration::from_millis(600));
    let asked = watched.spread.parts[THERE].room.stats().keyframe_requests;
    for viewer in &viewers {
        watched.spread.act(HERE, |part| {
            part.room.set_view(*viewer, view(&[(0, 2, 180)]), part.now);
        });
    }
    let asked = watched.spread.parts[THERE].room.stats().keyframe_requests - asked;
    assert_eq!(asked, 1);
    watched.frames(5);
    let before = watched.spread.parts[THERE].room.stats().relayed;
    let came = watched.frames(10).len() as u64;
    let crossed = watched.spread.parts[THERE].room.stats().relayed - before;
    assert_eq!(crossed, came);
    assert!(watched.spread.parts[HERE].room.stats().forwarded >= 30 * came);
}

#[test]
fn what_a_viewer_misses_is_sent_again_by_its_own_part() {
    let mut watched = Watched::new(180);
    watched.frames(10);
    let sender = watched.sender;
    let packet = watched.cameras[0].frame(STEP).remove(0);
    watched.spread.act(THERE, |part| part.rtp(sender, &packet));
    let came = watched.spread.parts[HERE].take_rtp(watched.viewer, SLOT).remove(0);
    let sequence = Packet::parse(&came).expect("a packet").sequence;
    let mut nack = Vec::new();
    write_nack(&mut nack, 1, SLOT, &[sequence]);
    let (viewer, arrived) = (watched.viewer, watched.spread.arrived);
    watched.spread.act(HERE, |part| {
        part.room.handle_rtcp(viewer, &nack, part.now);
        part.drain();
    });
    let again = watched.spread.parts[HERE].take_rtp(viewer, 1_900).remove(0);
    let again = Packet::parse(&again).expect("a packet").payload[..2].to_vec();
    assert_eq!(again, sequence.to_be_bytes());
    assert_eq!(watched.spread.arrived, arrived, "nobody else is asked");
}

#[test]
fn a_burst_lost_between_parts_is_made_up_for_by_a_keyframe() {
    let mut watched = Watched::new(180);
    watched.frames(30);
    let mut lost = 0;
    watched.spread.loses = Box::new(move |message| {
        lost += usize::from(matches!(message, Relayed::Burst(_)));
        lost == 1 && matches!(message, Relayed::Burst(_))
    });
    let asked = watched.spread.parts[THERE].room.stats().keyframe_requests;
    watched.frames(4);
    assert!(watched.spread.parts[THERE].room.stats().keyframe_requests > asked);
}

#[test]
fn a_locked_camera_does_not_cross() {
    let mut watched = Watched::new(180);
    watched.frames(10);
    let sender = watched.sender;
    watched.spread.act(THERE, |part| part.room.set_rights(sender, no_rights(), part.now));
    let (relayed, refused) = {
        let stats = watched.spread.parts[THERE].room.stats();
        (stats.relayed, stats.refused)
    };
    assert!(watched.frames(20).is_empty());
    let stats = watched.spread.parts[THERE].room.stats();
    assert_eq!(stats.relayed, relayed);
    assert!(stats.refused > refused);
    let last = watched.spread.parts[HERE].events.iter().rev().find_map(|event| match event {
        RoomEvent::Slots { slots, .. } => Some(slots[0].source),
        _ => None,
    });
    assert_eq!(last, Some(None), "the viewer is told that nothing is shown");
}

#[test]
fn who_leaves_one_part_disappears_from_the_others() {
    let mut watched = Watched::new(180);
    watched.frames(10);
    let sender = watched.sender;
    watched.spread.act(THERE, |part| part.room.leave(sender, part.now));
    watched.spread.parts[HERE].events.clear();
    // The place is taken by somebody else, who must not be taken for the one before.
    let sender = watched.spread.act(THERE, |part| part.join(3, &["l", "h"], 1));
    assert_eq!(sender, watched.sender);
    assert!(watched.frames(20).is_empty());
    let viewer = watched.viewer;
    watched.spread.act(HERE, |part| part.room.set_view(viewer, view(&[(0, 3, 180)]), part.now));
    assert!(!watched.frames(20).is_empty());
    assert!(!watched.spread.parts[HERE].room.is_empty());
    watched.spread.act(HERE, |part| part.room.leave(viewer, part.now));
    assert!(watched.spread.parts[HERE].room.is_empty(), "likenesses are not members");
}

/// Plays speech at these levels for a while: part, member, microphone, dB below full scale.
fn speak(spread: &mut Spread, people: &mut [(usize, MemberKey, Microphone, u8)], packets: usize) {
    for _ in 0..packets {
        for (part, key, microphone, level) in people.iter_mut() {
            let packet = microphone.packet(*level);
            spread.act(*part, |part| part.rtp(*key, &packet));
        }
        spread.wait(Duration::from_millis(20));
    }
}

/// Whose voices a member of a part is sent: the SSRCs that their senders wrote into them.
fn heard(spread: &mut Spread, part: usize, key: MemberKey) -> HashSet<u32> {
    let sent = std::mem::take(&mut spread.parts[part].sent);
    sent.iter()
        .filter(|(to, kind, _)| *to == key && *kind == PacketKind::Rtp)
        .filter_map(|(_, _, packet)| {
            let payload = Packet::parse(packet).ok()?.payload;
            Some(u32::from_be_bytes(payload.try_into().ok()?))
        })
        .collect()
}

#[test]
fn the_same_voices_are_heard_in_all_parts() {
    let mut spread = Spread::new(3);
    // Six people in three parts; three are loud, one in each part, and 90 listens.
    let mut people: Vec<_> = (0..6)
        .map(|number| {
            let (part, ssrc) = (number % 3, 70 + number as u32);
            let key = spread.act(part, |part| part.join(number as u32 + 1, &[], 1));
            (part, key, Microphone::new("a", ssrc), if number < 3 { 20 } else { 70 })
        })
        .collect();
    let listeners: Vec<_> = (0..3)
        .map(|part| spread.act(part, |lesson| lesson.join(90 + part as u32, &[], 1)))
        .collect();
    speak(&mut spread, &mut people, 50);
    for part in &mut spread.parts {
        part.sent.clear();
        part.events.clear();
    }
    speak(&mut spread, &mut people, 30);
    for (part, listener) in listeners.iter().enumerate() {
        assert_eq!(heard(&mut spread, part, *listener), HashSet::from([70, 71, 72]), "{part}");
    }
    // Another one, in a part that is not home, gets louder than one who falls silent.
    (people[0].3, people[4].3) = (90, 20);
    speak(&mut spread, &mut people, 50);
    for part in &mut spread.parts {
        part.sent.clear();
    }
    speak(&mut spread, &mut people, 30);
    for (part, listener) in listeners.iter().enumerate() {
        assert_eq!(heard(&mut spread, part, *listener), HashSet::from([74, 71, 72]), "{part}");
    }
    let speaking = |part: usize| {
        spread.parts[part].events.iter().any(|event| matches!(event, RoomEvent::Speaking { .. }))
    };
    assert_eq!([speaking(0), speaking(1), speaking(2)], [true, false, false]);
    // Locked by its own part, a voice is gone everywhere, and its place is free.
    let (part, key) = (people[1].0, people[1].1);
    spread.act(part, |part| part.room.set_rights(key, no_rights(), part.now));
    for part in &mut spread.parts {
        part.sent.clear();
    }
    speak(&mut spread, &mut people, 30);
    for (part, listener) in listeners.iter().enumerate() {
        let heard = heard(&mut spread, part, *listener);
        assert!(!heard.contains(&71) && heard.len() == 3, "{heard:?}");
    }
}

#[test]
fn lips_and_voice_agree_across_parts() {
    let mut watched = Watched::new(180);
    let sender = watched.sender;
    let ntp = |at: Duration| NtpTime::from_unix(Duration::from_secs(900_000_000)).plus(at);
    watched.frames(20);
    let report = |watched: &mut Watched| {
        let at = watched.spread.parts[THERE].now - t0();
        let (ssrc, timestamp) = watched.cameras[0].clock();
        // A frame's time has passed since the last one.
        let timestamp = timestamp.wrapping_add(STEP);
        let mut out = Vec::new();
        write_sender_report(&mut out, ssrc, ntp(at), timestamp, 1, 1);
        watched.spread.act(THERE, |part| part.room.handle_rtcp(sender, &out, part.now));
    };
    report(&mut watched);
    watched.frames(40);
    let timestamp = {
        let packet = watched.cameras[0].frame(STEP).remove(0);
        watched.spread.act(THERE, |part| part.rtp(sender, &packet));
        let came = watched.spread.parts[HERE].take_rtp(watched.viewer, SLOT).remove(0);
        Packet::parse(&came).expect("a packet").timestamp
    };
    let sent_at = watched.spread.parts[HERE].now;
    watched.spread.parts[HERE].sent.clear();
    watched.spread.wait(Duration::from_millis(1_100));
    let part = &watched.spread.parts[HERE];
    let clock = |packet: Rtcp<'_>| match packet {
        Rtcp::SenderReport { ssrc: SLOT, ntp, rtp, .. } => Some(ClockPoint { ntp, rtp }),
        _ => None,
    };
    let told = part.sent.iter().filter(|(to, ..)| *to == watched.viewer);
    let told = told.filter_map(|(_, _, packet)| walk(packet).find_map(clock)).next_back();
    let told = told.expect("the viewer gets a report");
    // The packet's timestamp, on the room's clock, is the moment at which it was sent.
    let room = part.room.clock();
    let sent = room.ntp.plus(sent_at - room.at);
    let apart = told.ntp_at(timestamp, 90_000).since(sent);
    // The made-up camera counts 33 ms as 2,970 units, which is exact.
    assert!((apart * 1_000) >> 32 <= 1 && (apart * 1_000) >> 32 >= -1, "{apart}");
}

#[test]
fn consent_is_kept_across_parts() {
    let mut watched = Watched::new(180);
    let recorder = watched.spread.act(HERE, |part| part.record());
    watched.spread.act(HERE, |part| part.room.set_view(recorder, view(&[(0, 2, 180)]), part.now));
    watched.frames(20);
    let to_recorder = |watched: &mut Watched| {
        watched.spread.parts[HERE].sent.clear();
        let mut count = 0;
        for _ in 0..20 {
            let sender = watched.sender;
            for camera in &mut watched.cameras {
                camera.want_keyframe();
                for packet in camera.frame(STEP) {
                    watched.spread.act(THERE, |part| part.rtp(sender, &packet));
                }
            }
            count += watched.spread.parts[HERE].take_rtp(recorder, video_slot_ssrc(9, 0)).len();
            watched.spread.wait(FRAME);
        }
        count
    };
    assert_eq!(to_recorder(&mut watched), 0, "nobody has consented");
    let sender = watched.sender;
    watched.spread.act(THERE, |part| part.room.set_recordable(sender, true, part.now));
    watched.spread.act(HERE, |part| part.room.set_view(recorder, view(&[(0, 2, 180)]), part.now));
    assert!(to_recorder(&mut watched) > 0);
    watched.spread.act(THERE, |part| part.room.set_recordable(sender, false, part.now));
    assert_eq!(to_recorder(&mut watched), 0, "consent was withdrawn");
}

#[test]
fn a_part_cannot_speak_for_another() {
    let mut watched = Watched::new(180);
    watched.frames(10);
    let (viewer, sender) = (watched.viewer, watched.sender);
    watched.spread.parts[HERE].sent.clear();
    let burst = |member: MemberKey| {
        Relayed::Burst(RelayedBurst {
            publication: RelayedKey { member, publication: 1 },
            layer: 0,
            stream: 1,
            number: 1,
            packets: Vec::new(),
            payloads: b"forged".to_vec(),
        })
    };
    let here = &mut watched.spread.parts[HERE];
    let refused = here.room.stats().relay_refused;
    let publication = RelayedKey { member: viewer, publication: 1 };
    let forged = [
        // From nowhere, and for somebody whom another part owns.
        (PartId(7), burst(sender)),
        (PartId(7), Relayed::Left(sender)),
        // Of somebody whom nobody knows.
        (PartId(THERE), burst(MemberKey(55))),
        (PartId(THERE), Relayed::Left(MemberKey(55))),
        // What only the home part decides.
        (PartId(THERE), Relayed::Chosen { audience: Audience::default(), voices: Vec::new() }),
        // A picture of somebody who gives that part none.
        (PartId(THERE), Relayed::Keyframe { publication, layer: 0 }),
        // A line that there is not.
        (
            PartId(THERE),
            Relayed::Wanted {
                publication: RelayedKey { publication: 99, ..publication },
                layers: 1,
            },
        ),
    ];
    let count = forged.len() as u64;
    for (from, message) in forged {
        here.room.handle_relayed(from, message, here.now);
    }
    here.drain();
    assert_eq!(here.room.stats().relay_refused - refused, count);
    assert!(here.sent.is_empty() && !watched.frames(5).is_empty());
}

#[test]
fn a_part_that_comes_late_learns_everything() {
    let mut watched = Watched::new(180);
    watched.frames(10);
    watched.spread.parts.push(kreide_sfu_testkit::Lesson::new());
    let now = watched.spread.parts[HERE].now;
    let ids = [PartId(0), PartId(1), PartId(2)];
    watched.spread.parts[2].now = now;
    for (own, part) in watched.spread.parts.iter_mut().enumerate() {
        part.room.link(PartId(own), PartId(0), &ids);
    }
    watched.spread.settle();
    let late = watched.spread.act(2, |part| part.join(8, &[], 1));
    watched.spread.act(2, |part| part.room.set_view(late, view(&[(0, 2, 180)]), part.now));
    watched.frames(20);
    assert!(watched.spread.parts[2].take_rtp(late, video_slot_ssrc(8, 0)).len() > 10);
}
