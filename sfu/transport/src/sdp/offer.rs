//! Reading an offer.

use std::collections::HashSet;

use super::OfferError;
use super::fingerprint::Fingerprint;
use super::line::Line;

/// What an offer said, reduced to our own values.
#[derive(Clone, Debug)]
pub struct Offer {
    pub(super) lines: Vec<Line>,
    /// Mids of the first BUNDLE group.
    pub(super) bundle: HashSet<String>,
    pub(super) mixed_extensions: bool,
    pub(crate) ufrag: String,
    pub(crate) password: String,
    pub(crate) fingerprints: Vec<Fingerprint>,
}

impl Offer {
    /// The longest offer read, in bytes.
    pub const MAX_LEN: usize = 256 * 1024;

    /// The most m-lines an offer may have.
    pub const MAX_LINES: usize = 64;

    /// Reads an offer in time linear in its length. Candidates and unknown attributes are
    /// skipped.
    ///
    /// # Errors
    /// [`OfferError`] says what is missing, malformed or too much.
    pub fn parse(text: &str) -> Result<Self, OfferError> {
        if text.len() > Self::MAX_LEN {
            return Err(OfferError::TooLong);
        }
        let mut offer = Self {
            lines: Vec::new(),
            bundle: HashSet::new(),
            mixed_extensions: false,
            ufrag: String::new(),
            password: String::new(),
            fingerprints: Vec::new(),
        };
        for text in text.lines() {
            match text.trim_end().split_once('=') {
                Some(("m", _)) if offer.lines.len() >= Self::MAX_LINES => {
                    return Err(OfferError::TooMany("m-lines"));
                }
                Some(("m", value)) => offer.lines.push(Line::begin(value)?),
                Some(("a", attribute)) => {
                    let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
                    offer.attribute(name, value)?;
                }
                _ => {}
            }
        }
        offer.checked()
    }

    /// Attributes that concern the one transport count wherever they stand first: at the top, or
    /// in the first m-line, since all lines share one transport (RFC 9143 section 7.1.3).
    fn attribute(&mut self, name: &str, value: &str) -> Result<(), OfferError> {
        match (name, self.lines.last_mut()) {
            ("ice-ufrag", _) if self.ufrag.is_empty() => value.trim().clone_into(&mut self.ufrag),
            ("ice-pwd", _) if self.password.is_empty() => {
                value.trim().clone_into(&mut self.password);
            }
            ("fingerprint", _) if self.fingerprints.len() < MAX_FINGERPRINTS => {
                if let Some(fingerprint) = Fingerprint::parse(value)
                    && !self.fingerprints.contains(&fingerprint)
                {
                    self.fingerprints.push(fingerprint);
                }
            }
            // RFC 8842 section 5: we answer `passive`, so the offerer must be able to be active.
            ("setup", _) if value.trim() == "passive" => {
                return Err(OfferError::Role("the DTLS client"));
            }
            ("setup", _) if !matches!(value.trim(), "actpass" | "active") => {
                return Err(OfferError::Malformed("setup"));
            }
            // Two lite agents would wait for each other.
            ("ice-lite", _) => return Err(OfferError::Role("a full ICE agent")),
            ("group", None) if self.bundle.is_empty() => {
                if let Some(mids) = value.strip_prefix("BUNDLE ") {
                    let mids = mids.split_ascii_whitespace().take(Self::MAX_LINES);
                    self.bundle = mids.map(str::to_owned).collect();
                }
            }
            ("extmap-allow-mixed", None) => self.mixed_extensions = true,
            (_, Some(line)) => line.attribute(name, value)?,
            _ => {}
        }
        Ok(())
    }

    fn checked(self) -> Result<Self, OfferError> {
        let is_ice = |text: &str, min: usize| {
            (min..=256).contains(&text.len())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '+' || c == '/')
        };
        if self.lines.is_empty() {
            return Err(OfferError::Missing("m-line"));
        }
        // RFC 8839 section 5.4.
        if !is_ice(&self.ufrag, 4) {
            return Err(OfferError::Missing("valid ice-ufrag"));
        }
        if !is_ice(&self.password, 22) {
            return Err(OfferError::Missing("valid ice-pwd"));
        }
        if self.fingerprints.is_empty() {
            return Err(OfferError::Missing("fingerprint of SHA-256, -384 or -512"));
        }
        if self.bundle.is_empty() {
            return Err(OfferError::Missing("BUNDLE group"));
        }
        let mut mids = HashSet::new();
        for line in &self.lines {
            if line.mid.is_empty() {
                return Err(OfferError::Missing("mid on every m-line"));
            }
            if !mids.insert(&line.mid) {
                return Err(OfferError::Malformed("mids: two are equal, and each"));
            }
        }
        Ok(self)
    }
}

/// One per hash is usual.
const MAX_FINGERPRINTS: usize = 4;
