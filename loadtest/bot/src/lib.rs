//! One participant without a browser: it enters by a link, joins, sends made-up but valid media,
//! asks for pictures as the client does, and counts what arrives.
//!
//! Invariant: nothing of the server's media code is used here, so that a fault of it cannot hide
//! itself: STUN, DTLS and SRTP are a library's, the counting is our own. What is counted is what a
//! receiver notices, after repair.
//! Left out on purpose: decoding, congestion control of what is sent (the rates are the
//! scenario's), and coming back by itself after a lost connection (a lost one is a result).
//! What is public beside [`Bot`] are its parts, for a participant on another connection.

mod arrival;
mod attention;
mod bot;
mod clock;
mod counts;
mod door;
mod journal;
mod latency;
mod media;
mod plain;
mod receive;
mod sdp;
mod seat;
mod send;
mod stamp;
mod task;
mod transport;
mod view;
mod wire;

pub use attention::{Attention, Reaction};
pub use bot::{Bot, BotConfig, Order, Reins, Stage};
pub use clock::unix_micros;
pub use counts::{Counts, SlotCounts};
pub use door::{Door, DoorError};
pub use journal::{Heard, Journal, Pages, Told};
pub use latency::{Latencies, Measured};
pub use plain::{Missing, Plain};
pub use sdp::pack;
pub use seat::Seat;
pub use send::{Camera, Layer};
pub use view::Watching;

/// Why a bot ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum BotError {
    /// The door stayed shut.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// The WebSocket cannot be opened or broke.
    #[error("the WebSocket failed: {0}")]
    Socket(#[from] tokio_tungstenite::tungstenite::Error),
    /// The server refused something that must work.
    #[error("the server refused: {0}")]
    Refused(String),
    /// The server closed the connection and said why.
    #[error("closed: {0:?}")]
    Closed(kreide_protocol::ErrorCode),
    /// A message of the server cannot be read.
    #[error("a message of the server cannot be read: {0}")]
    Protocol(String),
    /// The answer lacks something.
    #[error("the answer has no {0}")]
    Answer(&'static str),
    /// The UDP socket failed.
    #[error("the UDP socket failed: {0}")]
    Udp(#[from] std::io::Error),
    /// No media connection came about, or it was lost.
    #[error("the media connection failed: {0}")]
    Media(String),
}
