//! Offers in, answers out (RFC 8829, RFC 8866).
//!
//! Three steps, each a plain function of its input: [`Offer::parse`] reads, [`negotiate`] decides,
//! [`answer`] writes. We read lines ourselves instead of through a general parser: of the hundreds
//! of lines of an offer we need a dozen kinds, must never fail over the others, and must stay
//! linear in time and bounded in memory whatever arrives.
//! Left out on purpose: trickled candidates (the browser finds us, we never look for it), data
//! channels, and renegotiation (slots make it needless).

mod answer;
mod fingerprint;
mod line;
mod negotiate;
mod offer;

pub(crate) use answer::{AnswerParts, answer};
pub(crate) use fingerprint::{Fingerprint, HashName};
pub(crate) use negotiate::negotiate;
pub use offer::Offer;

/// Why an offer cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// Longer than [`Offer::MAX_LEN`].
    #[error("the offer is longer than {} bytes", Offer::MAX_LEN)]
    TooLong,
    /// More than we take of something.
    #[error("the offer has too many {0}")]
    TooMany(&'static str),
    /// Something that must be there is not.
    #[error("the offer has no {0}")]
    Missing(&'static str),
    /// A line cannot be read.
    #[error("the offer's {0} cannot be read")]
    Malformed(&'static str),
    /// It asks for a role we cannot take.
    #[error("the offer demands {0}, which this server cannot be")]
    Role(&'static str),
    /// An ICE restart changed more than the credentials, or not even these.
    #[error("the restart's {0} differ from the connection's")]
    Changed(&'static str),
    /// No randomness, or the crypto library refused.
    #[error("the server has no randomness")]
    NoRandomness,
}

#[cfg(test)]
mod tests;
