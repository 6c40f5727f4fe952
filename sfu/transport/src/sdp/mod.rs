//! Offers in, answers out.

/// What an offer said, reduced to our own values.
#[derive(Clone, Debug)]
pub struct Offer {}

impl Offer {
    /// Reads an offer.
    ///
    /// # Errors
    /// [`OfferError`] says what is missing, malformed or too much.
    pub fn parse(text: &str) -> Result<Self, OfferError> {
        let _ = text;
        Err(OfferError::Missing("lines"))
    }
}

/// Why an offer cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// Something that must be there is not.
    #[error("the offer has no {0}")]
    Missing(&'static str),
}
