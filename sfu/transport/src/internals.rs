//! Ways to the inside of this crate, for fuzz targets and benches.
//!
//! Behind the feature `internals`, which nothing else turns on: what can be reached here holds
//! keys that everybody knows.
//! Left out on purpose: what can be reached through [`crate::Transport`] as it is.

use std::net::SocketAddr;
use std::time::Instant;

use aws_lc_rs::hmac;

use crate::ice::{Checked, Credentials, Ice, LocalSecret, finish};
use crate::srtp::Session;
use crate::{ProtectError, SrtpProfile};

/// A check that begins with these bytes and ends in a valid MESSAGE-INTEGRITY and FINGERPRINT,
/// whatever stands before them. Less than a STUN header is filled up with zeros.
#[must_use]
pub fn signed_check(message: &[u8], password: &str) -> Vec<u8> {
    const HEADER_LEN: usize = 20;
    let mut message = message.to_vec();
    let len = message.len().max(HEADER_LEN).next_multiple_of(4);
    message.resize(len, 0);
    finish(message, &hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes()))
}

/// The ICE side of a transport, whose credentials are known: [`Self::USERNAME`] and
/// [`Self::PASSWORD`].
pub struct IceAgent(Ice);

impl IceAgent {
    /// USERNAME of checks to this agent.
    pub const USERNAME: &str = "agent:peer";
    /// Their password.
    pub const PASSWORD: &str = "the password of this agent";

    /// An agent that has heard nothing.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "an agent is begun, not assumed")]
    pub fn new() -> Self {
        let (ours, theirs) = Self::USERNAME.split_once(':').unwrap_or_default();
        let secret = LocalSecret { ufrag: ours.to_owned(), password: Self::PASSWORD.to_owned() };
        Self(Ice::new(Credentials::new(&secret, theirs, Self::PASSWORD)))
    }

    /// Takes a datagram and returns the reply, if it was a valid check.
    pub fn handle(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) -> Option<Vec<u8>> {
        match self.0.handle_stun(from, datagram, now) {
            Checked::Valid { reply } => Some(reply),
            Checked::Rejected | Checked::Ignored | Checked::Malformed | Checked::Answer => None,
        }
    }
}

/// One end of an SRTP session.
pub struct Srtp(Session);

impl Srtp {
    /// Both ends of a session, ours first; `byte` stands for all keys. `None` if the crypto
    /// library refuses.
    #[must_use]
    pub fn pair(profile: SrtpProfile, byte: u8) -> Option<(Self, Self)> {
        let material = vec![byte; profile.keying_material_len()];
        let ours = Session::new(profile, &material).ok()?;
        let theirs = Session::of_client(profile, &material).ok()?;
        Some((Self(ours), Self(theirs)))
    }

    /// Protects the RTP packet in `buffer[..len]` in place; returns its new length.
    ///
    /// # Errors
    /// [`ProtectError`].
    pub fn protect_rtp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, ProtectError> {
        self.0.protect_rtp(buffer, len)
    }

    /// Protects the RTCP packet in `buffer[..len]` in place; returns its new length.
    ///
    /// # Errors
    /// [`ProtectError`].
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, ProtectError> {
        self.0.protect_rtcp(buffer, len)
    }

    /// Opens an RTP packet in place; returns its plain length. `None` if it is not taken.
    pub fn unprotect_rtp(&mut self, packet: &mut [u8]) -> Option<usize> {
        self.0.unprotect_rtp(packet).ok()
    }

    /// Opens an RTCP packet in place; returns its plain length. `None` if it is not taken.
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Option<usize> {
        self.0.unprotect_rtcp(packet).ok()
    }
}
