//! A session that has nothing to do but to say goodbye one day, put away in a few hundred bytes.
//!
//! The library's endpoint keeps the whole handshake: ten kilobytes for each participant, for as
//! long as a lesson lasts. Keys, numbers and certificate are enough to make it again.
//! Invariant: a record number is used once, since what is put away is what the endpoint came to.
//! Left out on purpose: the last flight and the window of received numbers. Whoever puts a session
//! away knows that the peer needs no flight any more, and hands on nothing but alerts.

use std::sync::Arc;
use std::time::Instant;

use rtc_crypto::{RTCCryptoProvider, SecretVec};
use rtc_dtls::config::HandshakeConfig;
use rtc_dtls::endpoint::Endpoint;
use rtc_dtls::state::State;
use rtc_shared::TransportProtocol;
use rtc_shared::error::Error;

use super::PEER;

/// An endpoint that talks to nobody.
pub(super) fn nobody() -> Endpoint {
    Endpoint::new(PEER, TransportProtocol::UDP, None)
}

/// What the endpoint is needed for later, as bytes. `None`: it must stay as it is.
pub(super) fn put_away(endpoint: &Endpoint) -> Option<SecretVec> {
    let mut packed = endpoint.get_connection_state(PEER)?.marshal_binary().ok()?;
    packed.shrink_to_fit();
    // The library reads them where they are aligned, which whatever the allocator gives is.
    packed.as_ptr().addr().is_multiple_of(ALIGNMENT).then(|| SecretVec::new(packed))
}

/// The endpoint again.
///
/// # Errors
/// Whatever the library finds wrong with its own bytes.
pub(super) fn take_out(
    packed: &SecretVec,
    provider: Arc<dyn RTCCryptoProvider>,
    config: HandshakeConfig,
    now: Instant,
) -> Result<Endpoint, Error> {
    let mut state = State::new(provider, false);
    state.unmarshal_binary(packed.as_ref())?;
    let mut endpoint = nobody();
    endpoint.connect(now, PEER, Arc::new(config), Some(state))?;
    Ok(endpoint)
}

const ALIGNMENT: usize = 16;
