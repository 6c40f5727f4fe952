//! What a participant may send and what it is called.

use serde::{Deserialize, Serialize};

use crate::ParticipantNo;

/// One thing a participant can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SourceKind {
    /// Voice.
    Microphone,
    /// The face, in simulcast.
    Camera,
    /// Screen, document camera or board camera.
    Content,
    /// Sound that belongs to the content.
    ContentAudio,
}

impl SourceKind {
    /// All kinds, in the order of the sending lines of an offer.
    pub const ALL: [Self; 4] = [Self::Microphone, Self::Camera, Self::Content, Self::ContentAudio];

    /// Whether this kind is carried on an audio line.
    #[must_use]
    pub fn is_audio(self) -> bool {
        matches!(self, Self::Microphone | Self::ContentAudio)
    }
}

/// A publication as others name it: who and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// Whose it is.
    pub participant: ParticipantNo,
    /// Which of the participant's publications.
    pub kind: SourceKind,
}

/// A participant's role in a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Moderates.
    Teacher,
    /// May show content like a teacher, does not moderate.
    Presenter,
    /// A learner.
    Pupil,
    /// A parent or another visitor.
    Guest,
    /// Speaks for others, in a slot of its own.
    Interpreter,
    /// Watches, and is always listed as watching.
    Observer,
}

/// Which kinds the SFU forwards from a participant. What is not open is dropped on arrival.
///
/// This is the product of rights, locks and of what the participant switched on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MediaRights {
    /// The microphone's packets are forwarded.
    pub microphone: bool,
    /// The camera's packets are forwarded.
    pub camera: bool,
    /// The content's packets, and those of its sound, are forwarded.
    pub content: bool,
}

impl MediaRights {
    /// Whether packets of this kind are forwarded.
    #[must_use]
    pub fn allows(self, kind: SourceKind) -> bool {
        match kind {
            SourceKind::Microphone => self.microphone,
            SourceKind::Camera => self.camera,
            SourceKind::Content | SourceKind::ContentAudio => self.content,
        }
    }
}
