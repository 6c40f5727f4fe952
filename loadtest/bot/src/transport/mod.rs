//! One bot's way to the server: ICE, DTLS and SRTP by other people's libraries.
//!
//! Invariant: no media before the server's certificate matched its answer.

mod dtls;
mod ice;
mod srtp;

pub(crate) use dtls::{Dtls, Identity};
pub(crate) use ice::Ice;
pub(crate) use srtp::Srtp;
