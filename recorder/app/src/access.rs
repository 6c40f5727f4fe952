//! Who asks: what the recorder must know of a reader, and who tells.
//!
//! Left out on purpose: how a token is made. The binary wires this to signaling's keys.

use kreide_control::{RoomId, TenantId};

/// What an access token allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The school.
    pub tenant: TenantId,
    /// The room whose recordings may be watched.
    pub room: RoomId,
    /// Was let into the room, or need not wait for that; others see nothing.
    pub admitted: bool,
    /// May watch those that are not released, and may release and delete.
    pub teacher: bool,
}

/// Checks access tokens.
pub trait Doorkeeper: Send + Sync {
    /// What a token allows. `None`: nothing, whatever the reason.
    fn access(&self, token: &str) -> Option<Access>;
}
