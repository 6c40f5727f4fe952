//! A lesson on virtual time: hand packets in, let time pass, look at what came out.

use std::time::{Duration, Instant};

use kreide_media::rtcp::{Rtcp, walk};
use kreide_media::rtp::Packet;
use kreide_sfu_core::{Listener, MemberKey, PacketKind, RoomEvent, RoomPart};

use crate::{Camera, member, room, t0, view};

/// Timestamp units between two frames of [`FRAME`].
pub const STEP: u32 = 2_970;
/// Id of the header extension by which a recorder is told when a packet was captured.
pub const CAPTURE_TIME: u8 = 2;
/// Time between two frames, about 30 a second.
pub const FRAME: Duration = Duration::from_millis(33);

/// A room, virtual time, and what every member was sent.
#[derive(Debug)]
pub struct Lesson {
    /// The room.
    pub room: RoomPart,
    /// Virtual time.
    pub now: Instant,
    /// What was sent, oldest first, until a test takes it.
    pub sent: Vec<(MemberKey, PacketKind, Vec<u8>)>,
    /// What signaling was told, oldest first, until a test takes it.
    pub events: Vec<RoomEvent>,
}

impl Lesson {
    /// An empty room at the beginning of virtual time.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "a test says what it begins")]
    pub fn new() -> Self {
        Self { room: room(7), now: t0(), sent: Vec::new(), events: Vec::new() }
    }

    /// A lesson in which 1 looks at the camera of 2: the viewer, the sender and the camera.
    #[must_use]
    pub fn watched() -> (Self, MemberKey, MemberKey, Camera) {
        Self::new().watch()
    }

    /// The same in this room.
    #[must_use]
    pub fn watch(mut self) -> (Self, MemberKey, MemberKey, Camera) {
        let viewer = self.join(1, &[], 1);
        let sender = self.join(2, &[], 1);
        self.room.set_view(viewer, view(&[(0, 2, 360)]), self.now);
        (self, viewer, sender, Camera::new("v", None, (640, 360), 5))
    }

    /// Lets the recorder listen, as number 9 with one picture slot.
    pub fn record(&mut self) -> MemberKey {
        let mut config = member(9, &[], 1);
        config.listener = Listener::Recorder;
        for slot in &mut config.slots {
            slot.extensions.abs_capture_time = Some(CAPTURE_TIME);
        }
        let recorder = self.room.join(config, self.now);
        self.room.connected(recorder, self.now);
        recorder
    }

    /// Lets a member of this number come and connect.
    pub fn join(&mut self, number: u32, rids: &[&str], slots: u32) -> MemberKey {
        let key = self.room.join(member(number, rids, slots), self.now);
        self.room.connected(key, self.now);
        key
    }

    /// Hands a member's packet in and collects what comes of it.
    pub fn rtp(&mut self, from: MemberKey, packet: &[u8]) {
        self.room.handle_rtp(from, packet, self.now);
        self.drain();
    }

    /// Hands a member's next frame in, packet by packet.
    pub fn frame(&mut self, from: MemberKey, camera: &mut Camera) {
        for packet in camera.frame(STEP) {
            self.rtp(from, &packet);
        }
    }

    /// Lets time pass, timers included.
    pub fn wait(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some((at, _)) = self.room.poll_timeout().filter(|(at, _)| *at <= until) {
            self.now = at.max(self.now);
            self.room.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
    }

    /// Collects packets and events.
    pub fn drain(&mut self) {
        while let Some(batch) = self.room.poll_batch(self.now) {
            let (to, kind) = (batch.to, batch.kind);
            self.sent.extend(batch.iter().map(|packet| (to, kind, packet.to_vec())));
        }
        while let Some(event) = self.room.poll_event() {
            self.events.push(event);
        }
    }

    /// RTP packets sent to a member on one SSRC since the last call for anybody.
    pub fn take_rtp(&mut self, to: MemberKey, ssrc: u32) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.sent)
            .into_iter()
            .filter(|(key, kind, _)| *key == to && *kind == PacketKind::Rtp)
            .map(|(_, _, packet)| packet)
            .filter(|packet| Packet::parse(packet).is_ok_and(|p| p.ssrc == ssrc))
            .collect()
    }

    /// SSRCs for which a member was asked for a keyframe so far.
    #[must_use]
    pub fn keyframes_asked_of(&self, member: MemberKey) -> Vec<u32> {
        self.sent
            .iter()
            .filter(|(key, kind, _)| *key == member && *kind == PacketKind::Rtcp)
            .flat_map(|(_, _, packet)| keyframe_requests(packet))
            .collect()
    }
}

/// SSRCs that an RTCP packet asks keyframes of.
#[must_use]
pub fn keyframe_requests(packet: &[u8]) -> Vec<u32> {
    let media = |packet| match packet {
        Rtcp::Pli { media } => Some(media),
        _ => None,
    };
    walk(packet).filter_map(media).collect()
}
