//! Rooms and members as the scenarios need them.

use std::time::Duration;

use kreide_control::{
    MediaRights, ParticipantNo, Place, Role, ScopeNo, SlotRequest, Source, SourceKind, View,
};
use kreide_media::clock::NtpTime;
use kreide_media::line::{Codec, CodecName, ExtensionIds};
use kreide_sfu_core::{Clock, Listener, MemberConfig, PublishLine, RoomPart, SlotLine};

use crate::t0;

pub(crate) const AUDIO_PAYLOAD_TYPE: u8 = 111;
pub(crate) const VIDEO_PAYLOAD_TYPE: u8 = 96;
pub(crate) const EXTENSION_MID: u8 = 4;
pub(crate) const EXTENSION_RID: u8 = 5;
pub(crate) const EXTENSION_LEVEL: u8 = 1;

const EXTENSIONS: ExtensionIds = ExtensionIds {
    mid: Some(EXTENSION_MID),
    rid: Some(EXTENSION_RID),
    repaired_rid: Some(6),
    audio_level: Some(EXTENSION_LEVEL),
    abs_send_time: None,
    transport_cc: Some(3),
    abs_capture_time: None,
    dependency_descriptor: None,
};

/// An empty room at [`t0`].
#[must_use]
pub fn room(seed: u64) -> RoomPart {
    let ntp = NtpTime::from_unix(Duration::from_secs(1_800_000_000));
    RoomPart::new(Clock { at: t0(), ntp }, seed)
}

/// A pupil who sends on lines `a` (microphone), `v` (camera with these rids) and `c` (content),
/// and has three audio slots and `video_slots` video slots.
#[must_use]
pub fn member(number: u32, rids: &[&str], video_slots: u32) -> MemberConfig {
    let publish = |mid: &str, kind: SourceKind, rids: &[&str]| PublishLine {
        mid: mid.to_owned(),
        kind,
        codec: codec(kind.is_audio()),
        rids: rids.iter().map(|rid| (*rid).to_owned()).collect(),
        ssrcs: Vec::new(),
        retransmissions: Vec::new(),
        extensions: EXTENSIONS,
    };
    let slot = |index: u32, audio: bool| SlotLine {
        mid: format!("s{index}"),
        audio,
        index: index as u8,
        codec: codec(audio),
        ssrc: if audio { number * 1_000 + 500 + index } else { video_slot_ssrc(number, index) },
        rtx_ssrc: (!audio).then(|| number * 1_000 + 900 + index),
        extensions: EXTENSIONS,
    };
    MemberConfig {
        participant: ParticipantNo(number),
        role: Role::Pupil,
        listener: Listener::Person,
        rights: open_rights(),
        recordable: false,
        place: Place::default(),
        publish: vec![
            publish("a", SourceKind::Microphone, &[]),
            publish("v", SourceKind::Camera, rids),
            publish("c", SourceKind::Content, &[]),
        ],
        slots: (0..3)
            .map(|index| slot(index, true))
            .chain((0..video_slots).map(|index| slot(index, false)))
            .collect(),
    }
}

/// The SSRC of a member's video slot.
#[must_use]
pub fn video_slot_ssrc(number: u32, index: u32) -> u32 {
    number * 1_000 + index
}

/// A pupil's place in the class, 0, or in a group.
#[must_use]
pub fn in_scope(number: u8) -> Place {
    Place { scope: ScopeNo(number), ..Place::default() }
}

/// Everything may be sent.
#[must_use]
pub fn open_rights() -> MediaRights {
    MediaRights { microphone: true, camera: true, content: true }
}

/// Nothing may be sent.
#[must_use]
pub fn no_rights() -> MediaRights {
    MediaRights::default()
}

/// A camera by its owner's number.
#[must_use]
pub fn source(number: u32) -> Source {
    Source { participant: ParticipantNo(number), kind: SourceKind::Camera }
}

/// A view of cameras: slot, owner's number, height.
#[must_use]
pub fn view(slots: &[(u8, u32, u16)]) -> View {
    let request = |&(slot, number, height): &(u8, u32, u16)| SlotRequest {
        slot,
        source: source(number),
        height,
        priority: 0,
    };
    View { slots: slots.iter().map(request).collect() }
}

fn codec(audio: bool) -> Codec {
    if audio {
        let name = CodecName::Opus;
        Codec { name, payload_type: AUDIO_PAYLOAD_TYPE, rtx_payload_type: None, clock_rate: 48_000 }
    } else {
        let rtx_payload_type = Some(VIDEO_PAYLOAD_TYPE + 1);
        let name = CodecName::Vp8;
        Codec { name, payload_type: VIDEO_PAYLOAD_TYPE, rtx_payload_type, clock_rate: 90_000 }
    }
}
