//! The one offer of a bot, and the server's answer.

mod answer;
mod offer;

pub(crate) use answer::{Answer, Line};
pub use offer::pack;
pub(crate) use offer::{Credentials, offer};

/// The order in which the offer's sending lines stand (protocol.md, "The offer").
pub(crate) const SENDING: [kreide_protocol::Kind; 4] = [
    kreide_protocol::Kind::Microphone,
    kreide_protocol::Kind::Camera,
    kreide_protocol::Kind::Content,
    kreide_protocol::Kind::ContentAudio,
];
