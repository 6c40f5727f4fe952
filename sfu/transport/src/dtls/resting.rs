//! A session whose handshake is over, put away in a few hundred bytes.
//!
//! The library's endpoint keeps the whole handshake: ten kilobytes for each participant, for as
//! long as a lesson lasts. All that can still happen is that our last flight was lost, and a
//! goodbye; for one its bytes are enough, for the other keys, numbers and certificate, of which the
//! endpoint is made again.
//! Invariant: a record number is used once, since what is put away is what the endpoint came to,
//! and the flight is repeated in the very words. How often it is repeated is bounded.
//! Left out on purpose: the window of received numbers. Nothing is handed on but alerts.

use std::sync::Arc;
use std::time::Instant;

use rtc_crypto::{RTCCryptoProvider, SecretVec};
use rtc_dtls::config::HandshakeConfig;
use rtc_dtls::endpoint::Endpoint;
use rtc_dtls::state::State;
use rtc_shared::TransportProtocol;
use rtc_shared::error::Error;

use super::{PEER, records};

/// What is left of an endpoint.
pub(super) struct Resting {
    packed: SecretVec,
    flight: Vec<Vec<u8>>,
    repeated: u8,
}

/// An endpoint that talks to nobody.
pub(super) fn nobody() -> Endpoint {
    Endpoint::new(PEER, TransportProtocol::UDP, None)
}

impl Resting {
    /// Packs an endpoint whose last flight this was. `None`: it must stay as it is.
    pub(super) fn new(endpoint: &Endpoint, flight: Vec<Vec<u8>>) -> Option<Self> {
        Some(Self { packed: pack(endpoint)?, flight, repeated: 0 })
    }

    /// The same of an endpoint that was made again.
    pub(super) fn again(self, endpoint: &Endpoint) -> Option<Self> {
        Some(Self { packed: pack(endpoint)?, ..self })
    }

    /// What to say to this datagram: our last flight, if the peer repeats its own (RFC 6347
    /// section 4.2.4). Anybody who holds the peer's address can make it look so.
    pub(super) fn repeat(&mut self, datagram: &[u8]) -> &[Vec<u8>] {
        let asks = records::useful(datagram).any(records::is_finished);
        if !asks || self.repeated == MOST_REPETITIONS {
            return &[];
        }
        self.repeated += 1;
        &self.flight
    }

    /// The endpoint again.
    ///
    /// # Errors
    /// Whatever the library finds wrong with its own bytes.
    pub(super) fn unpack(
        &self,
        provider: Arc<dyn RTCCryptoProvider>,
        config: HandshakeConfig,
        now: Instant,
    ) -> Result<Endpoint, Error> {
        let mut state = State::new(provider, false);
        state.unmarshal_binary(self.packed.as_ref())?;
        let mut endpoint = nobody();
        endpoint.connect(now, PEER, Arc::new(config), Some(state))?;
        Ok(endpoint)
    }
}

fn pack(endpoint: &Endpoint) -> Option<SecretVec> {
    let mut packed = endpoint.get_connection_state(PEER)?.marshal_binary().ok()?;
    packed.shrink_to_fit();
    // The library reads them where they are aligned, which whatever the allocator gives is.
    packed.as_ptr().addr().is_multiple_of(ALIGNMENT).then(|| SecretVec::new(packed))
}

const ALIGNMENT: usize = 16;
/// Doubling from a second on, a client has long given up by then.
const MOST_REPETITIONS: u8 = 16;
