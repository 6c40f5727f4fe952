//! The seam between signaling and the SFU. The binary wires one to the other.

use futures::future::BoxFuture;

use crate::{Answer, Command, Connect};

/// The media side as signaling sees it. Events come back over a channel that the binary makes.
pub trait MediaPlane: Send + Sync {
    /// Takes a participant in and answers its offer.
    fn connect(&self, connect: Connect) -> BoxFuture<'static, Result<Answer, ConnectError>>;

    /// Gives an order. Never blocks.
    ///
    /// # Errors
    /// [`Overloaded`] if the shard's bounded queue is full; nothing was done.
    fn send(&self, command: Command) -> Result<(), Overloaded>;
}

/// The shard's queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the media shard's queue is full")]
pub struct Overloaded;

/// Why an offer was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The browser's offer cannot be used; the text says what is wrong with it.
    #[error("the offer cannot be used: {0}")]
    BadOffer(String),
    /// The shard is busy or gone.
    #[error("the media node takes no more connections")]
    Unavailable,
}
