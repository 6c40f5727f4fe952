//! The one place where stored events and lesson values become messages of browsers, and back.
//!
//! Invariant: a name or text stands in a message only if the log's events refer to it; one that
//! was erased is an empty text. What is said of a person is said only to those who notice them.
//! Left out on purpose: who may see an event. Callers translate what the lesson calls visible.

mod classroom;
#[cfg(test)]
mod crowd;
mod events;
mod intents;
mod snapshot;
mod texts;
mod values;

pub(crate) use events::{counts, differs_by_reader, signal, stamped};
pub(crate) use intents::{Additions, denied, intent, name};
pub(crate) use snapshot::{snapshot, waiting};
pub(crate) use texts::{ChatIds, Texts};
pub(crate) use values::{media, role, slot_now, slot_request};

use kreide_lesson::PayloadId;

/// A name or text; empty if it was erased.
pub(crate) fn text(texts: &Texts, id: PayloadId) -> String {
    texts.get(id).map(|text| text.as_str().to_owned()).unwrap_or_default()
}
