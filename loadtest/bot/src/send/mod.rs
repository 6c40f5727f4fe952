//! What a bot sends: encoders that make payloads, and streams that make packets of them.

mod camera;
mod stream;
mod voice;

pub(crate) use camera::Encoder;
pub use camera::{Camera, Layer};
pub(crate) use stream::{Extras, Numbering, Outgoing};
pub(crate) use voice::Voice;
