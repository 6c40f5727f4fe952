//! One participant's connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use kreide_control::DisconnectReason;

use crate::{Counters, Negotiated, Offer, OfferError, SrtpProfile, TransportConfig};

/// Bytes that [`Transport::protect_rtp`] and [`Transport::protect_rtcp`] may add to a packet:
/// the longest tag plus the SRTCP index.
pub const TAG_ROOM: usize = 20;

/// One participant's connection.
pub struct Transport {
    counters: Counters,
}

/// What a datagram turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Received<'a> {
    /// Nothing for the media core: handled here, or dropped.
    Nothing,
    /// An RTP packet, authenticated and decrypted.
    Rtp(&'a [u8]),
    /// A compound RTCP packet, authenticated and decrypted.
    Rtcp(&'a [u8]),
}

/// What happened to the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportEvent {
    /// Keys are there: media can flow both ways.
    Connected {
        /// The SRTP profile that DTLS agreed.
        profile: SrtpProfile,
        /// For metrics, e.g. `1.2`.
        dtls_version: &'static str,
        /// Where we send to.
        address: SocketAddr,
    },
    /// The peer nominated another address; media goes there from now on.
    AddressChanged {
        /// Where we sent to.
        old: SocketAddr,
        /// Where we send to.
        new: SocketAddr,
    },
    /// The connection is over, by fault. Nothing follows.
    Failed(Failure),
    /// The peer closed the connection. Nothing follows.
    Closed,
}

/// Why a connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No valid check arrived on the selected address in time (RFC 7675).
    ConsentExpired,
    /// Not connected within the time allowed.
    ConnectTimeout,
    /// DTLS did not come to an agreement.
    HandshakeFailed,
    /// The peer's certificate is not the one its offer names.
    FingerprintMismatch,
}

impl From<Failure> for DisconnectReason {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::ConsentExpired => Self::ConsentExpired,
            Failure::ConnectTimeout => Self::ConnectTimeout,
            Failure::HandshakeFailed | Failure::FingerprintMismatch => Self::HandshakeFailed,
        }
    }
}

/// Why a packet was not protected. It must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtectError {
    /// No keys yet, or no longer.
    #[error("not connected")]
    NotConnected,
    /// Nothing was heard from the peer for too long; sending resumes when it is heard again.
    #[error("the peer has fallen silent")]
    Paused,
    /// The buffer has less than [`TAG_ROOM`] beyond the packet.
    #[error("no room for the tag")]
    NoRoom,
    /// The packet breaks off within its header.
    #[error("malformed packet")]
    Malformed,
    /// More streams than a transport can have.
    #[error("too many streams")]
    TooManyStreams,
    /// This SSRC already sent this sequence number, or one far ahead of it. Retransmissions go
    /// over RTX, which numbers anew.
    #[error("the sequence number was used before")]
    IndexReused,
    /// The crypto library refused; never seen.
    #[error("the crypto library refused")]
    Crypto,
}

impl Transport {
    /// Answers an offer. `seed` picks our SSRCs; credentials come from the system's randomness.
    ///
    /// # Errors
    /// [`OfferError`] if the offer cannot be used at all; single lines are only rejected.
    pub fn new(
        _config: &Arc<TransportConfig>,
        _offer: &Offer,
        _seed: u64,
        _now: Instant,
    ) -> Result<(Self, Negotiated, String), OfferError> {
        Err(OfferError::Missing("lines"))
    }

    /// Our ICE username fragment: what [`crate::stun_local_ufrag`] finds in requests to us.
    #[must_use]
    pub fn local_ufrag(&self) -> &str {
        ""
    }

    /// Whether media can flow.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        false
    }

    /// Where to send media, once nominated.
    #[must_use]
    pub fn remote(&self) -> Option<SocketAddr> {
        None
    }

    /// What was dropped so far.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Takes one datagram, decrypting in place.
    pub fn handle_datagram<'a>(
        &mut self,
        _from: SocketAddr,
        _datagram: &'a mut [u8],
        _now: Instant,
    ) -> Received<'a> {
        Received::Nothing
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    /// ICE restart (RFC 8445 section 9): same lines and fingerprint, new credentials on both
    /// sides. Media stays on the old address until a new one is nominated.
    ///
    /// # Errors
    /// [`OfferError`] if lines or fingerprint differ; nothing changed then.
    pub fn restart(&mut self, _offer: &Offer, _now: Instant) -> Result<String, OfferError> {
        Err(OfferError::Missing("lines"))
    }

    /// Protects the RTP packet in `buffer[..len]` in place and returns its new length. `buffer`
    /// must have [`TAG_ROOM`] bytes beyond `len`.
    ///
    /// # Errors
    /// [`ProtectError`]; the packet must not be sent then.
    pub fn protect_rtp(&mut self, _buffer: &mut [u8], _len: usize) -> Result<usize, ProtectError> {
        Err(ProtectError::NotConnected)
    }

    /// Protects the RTCP packet in `buffer[..len]` in place and returns its new length. `buffer`
    /// must have [`TAG_ROOM`] bytes beyond `len`.
    ///
    /// # Errors
    /// [`ProtectError`]; the packet must not be sent then.
    pub fn protect_rtcp(&mut self, _buffer: &mut [u8], _len: usize) -> Result<usize, ProtectError> {
        Err(ProtectError::NotConnected)
    }

    /// Says goodbye (DTLS close_notify). Drain `poll_transmit` once more afterwards.
    pub fn close(&mut self, _now: Instant) {}

    /// The next datagram to send: STUN or DTLS.
    pub fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        None
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<TransportEvent> {
        None
    }

    /// When [`Self::handle_timeout`] must be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
