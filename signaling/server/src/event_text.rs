//! An event as text, encoded once for all its readers.
//!
//! Invariant: what waits for a reader is the reader's number and a share in this text, so that an
//! event that two hundred people are told stands in memory once, until each of them is written to.
//! Left out on purpose: who may see it, and events that read differently for each.

use kreide_protocol::{ServerMessage, Stamped};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::outbox::encode;

/// An event as text, up to the sequence of its reader.
#[derive(Debug)]
pub(crate) struct EventText {
    /// What follows the sequence.
    tail: String,
}

/// What precedes the sequence.
const HEAD: &str = r#"{"type":"event","seq":"#;

impl EventText {
    pub(crate) fn new(event: Stamped) -> Self {
        let text = encode(&ServerMessage::Event(Stamped { seq: 0, ..event }));
        let tail = text.as_str().strip_prefix(HEAD).and_then(|rest| rest.strip_prefix('0'));
        Self { tail: tail.expect("a test holds the order of the fields").to_owned() }
    }

    /// The message for a reader for whom it has this number.
    pub(crate) fn with(&self, seq: u64) -> Utf8Bytes {
        format!("{HEAD}{seq}{}", self.tail).into()
    }

    /// Bytes of the message, but for those of the number.
    pub(crate) fn len(&self) -> usize {
        HEAD.len() + self.tail.len()
    }
}

#[cfg(test)]
mod tests {
    use kreide_protocol::LessonEvent;

    use super::*;

    #[test]
    fn every_sequence_stands_where_the_protocol_has_it() {
        for seq in [0, 1, 10, u64::MAX] {
            let event = Stamped { seq, at: 7, event: LessonEvent::Left { who: 3 } };
            let encoded = EventText::new(event.clone()).with(seq);
            assert_eq!(encoded.as_str(), encode(&ServerMessage::Event(event)).as_str());
        }
    }
}
