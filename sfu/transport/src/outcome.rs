//! What a transport hands out: packets, events, refusals.

use std::net::SocketAddr;

use kreide_control::DisconnectReason;

use crate::SrtpProfile;

/// Bytes that [`protect_rtp`](crate::Transport::protect_rtp) and
/// [`protect_rtcp`](crate::Transport::protect_rtcp) may add to a packet: the longest tag plus the
/// SRTCP index.
pub const TAG_ROOM: usize = 20;

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
