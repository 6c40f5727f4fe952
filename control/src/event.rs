//! What the SFU tells signaling.

use serde::{Deserialize, Serialize};

use crate::{Audience, LessonKey, ParticipantNo, Source};

/// Something that happened in the SFU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// DTLS is done: media can flow.
    Connected {
        /// The lesson.
        lesson: LessonKey,
        /// Who.
        participant: ParticipantNo,
    },
    /// The transport is gone. Signaling decides what that means for the seat.
    Disconnected {
        /// The lesson.
        lesson: LessonKey,
        /// Who.
        participant: ParticipantNo,
        /// Why.
        reason: DisconnectReason,
    },
    /// What a viewer's video slots carry from now on. Holds only the slots that changed.
    Slots {
        /// The lesson.
        lesson: LessonKey,
        /// The viewer.
        participant: ParticipantNo,
        /// The changed slots.
        slots: Vec<SlotMapping>,
    },
    /// Who can be heard speaking, loudest first. Replaces the earlier list of this audience; at most
    /// 5 a second. An audience in which nobody is left is told that nobody speaks.
    Speaking {
        /// The lesson.
        lesson: LessonKey,
        /// Whom it concerns: nobody else may know.
        #[serde(default)]
        audience: Audience,
        /// The speakers.
        participants: Vec<ParticipantNo>,
    },
    /// One room's media ended by a fault of ours; its clients connect anew.
    RoomFailed {
        /// The lesson.
        lesson: LessonKey,
    },
}

/// What one video slot carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SlotMapping {
    /// Which video slot, from 0.
    pub slot: u8,
    /// What it carries; `None` shows nothing.
    pub source: Option<Source>,
    /// First RTP timestamp (90 kHz, modulo 2^32) that can belong to this source in this slot.
    /// A frame with an earlier timestamp shows somebody else.
    pub from_timestamp: u32,
}

/// Why a transport ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DisconnectReason {
    /// No valid consent check arrived in time (RFC 7675).
    ConsentExpired,
    /// The peer closed DTLS.
    ClosedByPeer,
    /// The handshake failed, or the certificate is not the one the offer named.
    HandshakeFailed,
    /// Never connected within the time allowed.
    ConnectTimeout,
}
