//! A lasting place, and what a school has said about it.
//!
//! Invariant: an external id and metadata are never interpreted here; they are checked for size
//! and shape when they are made, so that what is stored can always be read.
//! Left out on purpose: what a policy means, which the lesson decides.

use std::fmt;

use kreide_control::{Policy, RoomId, TenantId};
use serde_json::{Map, Value};

/// A lasting place such as class 7b.
#[derive(Clone, PartialEq, Eq)]
pub struct Room {
    /// The school.
    pub tenant: TenantId,
    /// The room's id, unique within the school.
    pub id: RoomId,
    /// The title to show.
    pub title: String,
    /// What another system of the school calls it; unique within the school.
    pub external_id: Option<ExternalId>,
    /// What another system of the school wants to find again.
    pub metadata: Metadata,
    /// What the school has decided for it.
    pub policy: Policy,
}

impl Room {
    /// A room about which nothing but its title was said.
    #[must_use]
    pub fn new(tenant: TenantId, id: RoomId, title: String) -> Self {
        let (metadata, policy) = (Metadata::default(), Policy::default());
        Self { tenant, id, title, external_id: None, metadata, policy }
    }
}

/// Prints no title, because titles often hold a teacher's name.
impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Room({}/{})", self.tenant, self.id)
    }
}

/// What another system calls a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalId(String);

impl ExternalId {
    /// Accepts 1 to 200 characters, none of them a control character.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=MAX_EXTERNAL_ID).contains(&text.chars().count());
        (fits && !text.chars().any(char::is_control)).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A JSON object of at most [`MAX_METADATA`] bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Metadata(String);

impl Metadata {
    /// Accepts an object; white space around its parts is not kept.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let object: Map<String, Value> = serde_json::from_str(text).ok()?;
        let text = serde_json::to_string(&object).ok()?;
        (text.len() <= MAX_METADATA).then_some(Self(text))
    }

    /// The object as JSON.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Metadata {
    fn default() -> Self {
        Self("{}".to_owned())
    }
}

/// Nobody knows what stands in it.
impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metadata(..)")
    }
}

/// Bytes of a room's metadata.
pub const MAX_METADATA: usize = 4 * 1024;
/// Characters of an external id.
const MAX_EXTERNAL_ID: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_an_object_that_fits() {
        let largest = format!(r#"{{"k":"{}"}}"#, "x".repeat(MAX_METADATA - 8));
        assert_eq!(largest.len(), MAX_METADATA);
        let rows = [
            ("{}", Some("{}")),
            (r#" { "b" : [1, null] } "#, Some(r#"{"b":[1,null]}"#)),
            (&largest, Some(&*largest)),
            (&largest.replacen('x', "xx", 1), None),
            ("[]", None),
            ("7", None),
            ("", None),
            ("{} {}", None),
        ];
        for (text, expected) in rows {
            assert_eq!(Metadata::parse(text).as_ref().map(Metadata::as_str), expected);
        }
    }

    #[test]
    fn an_external_id_is_a_short_line() {
        for (text, fits) in [("untis:7b/2", true), ("", false), ("a\nb", false)] {
            assert_eq!(ExternalId::parse(text).is_some(), fits, "{text}");
        }
        assert!(ExternalId::parse(&"ü".repeat(200)).is_some());
        assert!(ExternalId::parse(&"ü".repeat(201)).is_none());
    }
}
