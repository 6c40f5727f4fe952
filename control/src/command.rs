//! What signaling asks of the SFU.

use serde::{Deserialize, Serialize};

use crate::{Epoch, LessonKey, MediaRights, ParticipantNo, Place, Role, Source};

/// An order to the SFU. Orders about one lesson are carried out in the order they were given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Command {
    /// Opens, replaces or (same peer connection, new ICE credentials) restarts a transport.
    Connect(Connect),
    /// Changes what is forwarded from a participant. Takes effect with the next packet.
    SetRights {
        /// The lesson.
        lesson: LessonKey,
        /// Whose rights.
        participant: ParticipantNo,
        /// The rights from now on.
        rights: MediaRights,
    },
    /// Changes whether a participant's media may reach the recorder.
    SetRecordable {
        /// The lesson.
        lesson: LessonKey,
        /// Whose media.
        participant: ParticipantNo,
        /// True only for the recording teacher and for people who consented.
        recordable: bool,
    },
    /// Moves a participant: whose media reaches whom changes on the same connection. From then on
    /// nothing goes through that the new place forbids.
    SetPlace {
        /// The lesson.
        lesson: LessonKey,
        /// Who moves.
        participant: ParticipantNo,
        /// The place from now on.
        place: Place,
    },
    /// Changes what a participant sees. Replaces the earlier view as a whole.
    SetView {
        /// The lesson.
        lesson: LessonKey,
        /// The viewer.
        participant: ParticipantNo,
        /// What to show.
        view: View,
    },
    /// Asks for a keyframe of what a video slot carries.
    WantKeyframe {
        /// The lesson.
        lesson: LessonKey,
        /// The viewer.
        participant: ParticipantNo,
        /// Which video slot, from 0.
        slot: u8,
    },
    /// Ends one participant's transport: left, removed, or replaced.
    Disconnect {
        /// The lesson.
        lesson: LessonKey,
        /// Who.
        participant: ParticipantNo,
    },
    /// Ends all transports of a lesson.
    End {
        /// The lesson.
        lesson: LessonKey,
    },
}

/// What the SFU must know to take a participant in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connect {
    /// The lesson.
    pub lesson: LessonKey,
    /// Epoch of the lesson's owner.
    pub epoch: Epoch,
    /// Who.
    pub participant: ParticipantNo,
    /// Teacher and interpreter are favoured when voices are chosen.
    pub role: Role,
    /// What is forwarded from the start.
    pub rights: MediaRights,
    /// Whether this participant's media may reach the recorder.
    pub recordable: bool,
    /// Where the participant is from the start.
    #[serde(default)]
    pub place: Place,
    /// The browser's offer as SDP text. Its lines have a fixed order (protocol.md): sending
    /// microphone, camera, content, content audio; then receiving audio; then receiving video.
    pub offer: String,
}

/// The SFU's reply to [`Connect`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// SDP text.
    pub sdp: String,
    /// How many audio slots the viewer has; numbered from 0.
    pub audio_slots: u8,
    /// How many video slots the viewer has; numbered from 0.
    pub video_slots: u8,
}

/// What a viewer asks to see. A slot that is not named shows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// At most one request for each video slot.
    pub slots: Vec<SlotRequest>,
}

/// One video slot of a [`View`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SlotRequest {
    /// Which video slot, from 0.
    pub slot: u8,
    /// What to show there.
    pub source: Source,
    /// Height of the place it is shown in, in device pixels.
    pub height: u16,
    /// Which gives way last when the line is weak: higher is more important.
    pub priority: u8,
}
