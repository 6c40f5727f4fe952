//! Text that people wrote, and what of it is accepted.

use std::fmt;

use crate::{Denied, MAX_CHAT_CHARS, MAX_NAME_CHARS};

/// Text that a person wrote. Its `Debug` shows only its length, so that it cannot reach a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as a name: trimmed, 1 to [`MAX_NAME_CHARS`] characters, none of which is
    /// invisible or changes how its neighbours are shown. A link can be checked with it before
    /// it is made; a join is always checked.
    ///
    /// # Errors
    /// [`Denied::BadText`].
    pub fn name(&self) -> Result<Self, Denied> {
        accept(self, MAX_NAME_CHARS, |c| c.is_control() || disguises(c))
    }

    /// The text as a chat message: trimmed, 1 to [`MAX_CHAT_CHARS`] characters, no control
    /// characters but the newline.
    ///
    /// # Errors
    /// [`Denied::BadText`].
    pub(crate) fn chat(&self) -> Result<Self, Denied> {
        self.chat_up_to(MAX_CHAT_CHARS)
    }

    /// The text as a chat message of no more than so many characters.
    ///
    /// # Errors
    /// [`Denied::BadText`].
    pub(crate) fn chat_up_to(&self, max_chars: usize) -> Result<Self, Denied> {
        accept(self, max_chars, |c| c.is_control() && c != '\n')
    }

    /// The text, given away.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

fn accept(text: &Text, max_chars: usize, refused: fn(char) -> bool) -> Result<Text, Denied> {
    let trimmed = text.0.trim();
    // A character has at most four bytes: what is longer need not be counted.
    let fits = trimmed.len() <= max_chars * 4 && trimmed.chars().count() <= max_chars;
    if trimmed.is_empty() || !fits || trimmed.chars().any(refused) {
        return Err(Denied::BadText);
    }
    Ok(Text(trimmed.to_owned()))
}

/// Characters that let one name pass for another: direction marks, embeddings, overrides and
/// isolates, line and paragraph separators, blanks without width, letters without a picture, tags.
/// The joiners U+200C and U+200D stay: Persian, Hindi and emoji need them.
fn disguises(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180E}'
        | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}
