//! Names and texts of a lesson, and what its messages are called outside.
//!
//! Invariant: a message's number in the log never leaves the server. It counts all messages, so
//! gaps in it would tell a reader of private ones.

use std::collections::HashMap;

use aws_lc_rs::hmac;
use kreide_lesson::{PayloadId, Text};

/// Names and texts of a lesson.
pub(crate) struct Texts {
    texts: HashMap<PayloadId, Text>,
    ids: ChatIds,
}

impl Texts {
    pub(crate) fn new(ids: ChatIds, texts: HashMap<PayloadId, Text>) -> Self {
        Self { texts, ids }
    }

    /// A text, unless it was erased.
    pub(crate) fn get(&self, id: PayloadId) -> Option<&Text> {
        self.texts.get(&id)
    }

    pub(crate) fn learn(&mut self, id: PayloadId, text: Text) {
        self.texts.insert(id, text);
    }

    pub(crate) fn forget(&mut self, id: PayloadId) {
        self.texts.remove(&id);
    }

    /// What readers call a message.
    pub(crate) fn chat_id(&self, id: u64) -> u64 {
        self.ids.of(id)
    }
}

/// Calls messages by numbers that say nothing of each other.
pub(crate) struct ChatIds(hmac::Key);

impl ChatIds {
    /// Names derived from this secret: the same after a restart.
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// At most 53 bits, as many as a number in JavaScript has.
    fn of(&self, id: u64) -> u64 {
        let tag = hmac::sign(&self.0, &id.to_be_bytes());
        let mut bits = [0; 8];
        let first = tag.as_ref().iter().take(8);
        bits.iter_mut().zip(first).for_each(|(bit, byte)| *bit = *byte);
        u64::from_be_bytes(bits) >> 11
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_stay_and_say_no_order() {
        let (ids, others) = (ChatIds::new(b"one"), ChatIds::new(b"other"));
        let named: Vec<_> = (1..=100).map(|id| ids.of(id)).collect();
        assert!(!named.is_sorted() && named.iter().all(|id| *id < 1 << 53));
        let set: std::collections::BTreeSet<_> = named.iter().collect();
        assert_eq!(set.len(), 100);
        assert_eq!(ChatIds::new(b"one").of(7), ids.of(7));
        assert_ne!(others.of(7), ids.of(7));
    }
}
