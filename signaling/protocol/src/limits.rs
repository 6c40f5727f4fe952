//! Caps on what a browser may send. Every one is enforced before anything is parsed or stored.

/// Bytes of one WebSocket frame, but for the one that carries an offer.
pub const MAX_FRAME: usize = 64 * 1024;
/// Bytes of a compressed offer in base64url.
pub const MAX_OFFER_WIRE: usize = 16 * 1024;
/// Bytes of an offer after inflating.
pub const MAX_OFFER_TEXT: usize = 256 * 1024;
/// Media lines of an offer.
pub const MAX_OFFER_LINES: usize = 64;
/// Characters of a chat message.
pub const MAX_CHAT_CHARS: usize = 2_000;
/// Characters of a name.
pub const MAX_NAME_CHARS: usize = 64;
/// Video slots of a view.
pub const MAX_VIEW_SLOTS: usize = 64;
/// Messages a second that one connection may send for long.
pub const MESSAGES_PER_SECOND: u32 = 50;
/// Messages that one connection may send at once.
pub const MESSAGE_BURST: u32 = 200;
