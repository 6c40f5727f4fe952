//! People who speak, film and look, in one part of a room or in several.

use std::collections::HashSet;
use std::time::Duration;

use kreide_control::{Place, Reach, Role, ScopeNo};
use kreide_media::rtp::Packet;
use kreide_sfu_core::{MemberKey, PacketKind, RoomEvent};
use kreide_sfu_testkit::{Camera, Microphone, STEP, Spread, keyframe_requests, member, room, view};

pub(crate) const CLASS: Place = Place {
    scope: ScopeNo::CLASS,
    listens: None,
    everywhere: false,
    reach: Reach::Everyone,
    staff: false,
    hears: true,
};

/// Somebody with a microphone, a camera and a view of cameras.
pub(crate) struct Person {
    pub(crate) part: usize,
    pub(crate) key: MemberKey,
    microphone: Microphone,
    camera: Camera,
}

/// A packet that somebody was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Came {
    /// To whom, by place in [`People::all`].
    pub(crate) to: usize,
    /// Whose content, by place in [`People::all`].
    pub(crate) from: usize,
    pub(crate) sound: bool,
    /// The slot's stream.
    pub(crate) ssrc: u32,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
}

pub(crate) struct People {
    pub(crate) spread: Spread,
    /// Their numbers count from 1.
    pub(crate) all: Vec<Person>,
    /// What came since a test took it.
    pub(crate) came: Vec<Came>,
}

impl People {
    /// A room of so many parts, with nobody in it. Frames wait a moment for their end, as on a node.
    pub(crate) fn new(parts: usize) -> Self {
        let spread = Spread::of(parts, || room(7).with_coalescing(Duration::from_millis(1)));
        Self { spread, all: Vec::new(), came: Vec::new() }
    }

    /// A room of one part with a person at each of these places.
    pub(crate) fn at(places: &[Place]) -> Self {
        let mut people = Self::new(1);
        places.iter().for_each(|place| _ = people.join(0, *place));
        people
    }

    /// Somebody comes; the result names them.
    pub(crate) fn join(&mut self, part: usize, place: Place) -> usize {
        let who = self.all.len();
        let number = who as u32 + 1;
        let mut config = member(number, &[], 3);
        config.place = place;
        config.role = if place.staff { Role::Teacher } else { Role::Pupil };
        let key = self.spread.act(part, |part| {
            let key = part.room.join(config, part.now);
            part.room.connected(key, part.now);
            key
        });
        self.all.push(Person {
            part,
            key,
            microphone: Microphone::new("a", VOICE + number),
            camera: Camera::new("v", None, (640, 360), number.into()),
        });
        who
    }

    pub(crate) fn leave(&mut self, who: usize) {
        self.act(who, |part, key| part.room.leave(key, part.now));
    }

    pub(crate) fn moves(&mut self, who: usize, place: Place) {
        self.act(who, |part, key| part.room.set_place(key, place, part.now));
    }

    /// Looks at these people's cameras, one in each slot.
    pub(crate) fn look(&mut self, who: usize, at: &[usize]) {
        let slots: Vec<_> =
            at.iter().enumerate().map(|(slot, at)| (slot as u8, *at as u32 + 1, 360)).collect();
        self.act(who, |part, key| part.room.set_view(key, view(&slots), part.now));
    }

    /// Speaks for 20 ms, so many dB below full scale.
    pub(crate) fn speak(&mut self, who: usize, below: u8) {
        let packet = self.all[who].microphone.packet(below);
        self.act(who, |part, key| part.rtp(key, &packet));
    }

    /// Sends a frame; a keyframe if one was asked for.
    pub(crate) fn film(&mut self, who: usize) {
        for packet in self.all[who].camera.frame(STEP) {
            self.act(who, |part, key| part.rtp(key, &packet));
        }
    }

    /// All of them speak and film for a while; everybody is as loud as the last but by 2 dB.
    pub(crate) fn play(&mut self, who: &[usize], packets: usize) {
        for _ in 0..packets {
            for (rank, who) in who.iter().enumerate() {
                self.speak(*who, 20 + 2 * rank as u8);
                self.film(*who);
            }
            self.wait(Duration::from_millis(20));
        }
    }

    pub(crate) fn wait(&mut self, duration: Duration) {
        self.spread.wait(duration);
        self.collect();
    }

    pub(crate) fn act(
        &mut self,
        who: usize,
        act: impl FnOnce(&mut kreide_sfu_testkit::Lesson, MemberKey),
    ) {
        let Person { part, key, .. } = self.all[who];
        self.spread.act(part, |part| act(part, key));
        self.collect();
    }

    /// Whose sound, and whose pictures, somebody was sent since a test took it.
    pub(crate) fn got(&self, to: usize) -> (HashSet<usize>, HashSet<usize>) {
        let from = |sound: bool| {
            let came = self.came.iter().filter(|came| came.to == to && came.sound == sound);
            came.map(|came| came.from).collect()
        };
        (from(true), from(false))
    }

    /// What signaling was told since the last call.
    pub(crate) fn told(&mut self) -> Vec<RoomEvent> {
        self.spread.parts.iter_mut().flat_map(|part| std::mem::take(&mut part.events)).collect()
    }

    /// Takes in what was sent.
    fn collect(&mut self) {
        for index in 0..self.spread.parts.len() {
            for (key, kind, packet) in std::mem::take(&mut self.spread.parts[index].sent) {
                // Of several who had this place one after the other, the last.
                let is_it = |person: &Person| person.part == index && person.key == key;
                let Some(to) = self.all.iter().rposition(is_it) else { continue };
                match kind {
                    PacketKind::Rtcp => {
                        let camera = &mut self.all[to].camera;
                        if keyframe_requests(&packet).contains(&camera.ssrc()) {
                            camera.want_keyframe();
                        }
                    }
                    PacketKind::Rtp => self.came.extend(self.read(to, &packet)),
                }
            }
        }
    }

    fn read(&self, to: usize, packet: &[u8]) -> Option<Came> {
        let Packet { ssrc, sequence, timestamp, payload, .. } = Packet::parse(packet).ok()?;
        let content = u32::from_be_bytes(*payload.last_chunk()?);
        let of = |person: &Person| person.camera.ssrc() == content;
        let (from, sound) = match content.checked_sub(VOICE + 1) {
            Some(who) if (who as usize) < self.all.len() => (who as usize, true),
            _ => (self.all.iter().position(of)?, false),
        };
        Some(Came { to, from, sound, ssrc, sequence, timestamp })
    }
}

/// Added to somebody's number it is the SSRC of their microphone.
const VOICE: u32 = 70_000;
