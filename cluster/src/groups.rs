//! Groups that are prepared for a room and used again in later lessons.
//!
//! Invariant: a set is small and holds each person once.
//! Left out on purpose: whether those people still belong to the room. Whoever forms the groups
//! leaves out whom the lesson does not know.

use std::collections::HashSet;
use std::fmt;

/// Sets of one room.
pub const MAX_GROUP_SETS: usize = 50;
/// Groups of one set.
pub const MAX_GROUPS: usize = 50;
/// Characters of a set's name.
pub const MAX_GROUP_SET_NAME: usize = 64;
/// People of one set.
const MAX_PEOPLE: usize = 1_000;
/// Bytes of a subject.
const MAX_SUBJECT: usize = 512;

/// Prepared groups under a name.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupSet {
    name: String,
    groups: Vec<Vec<String>>,
}

impl GroupSet {
    /// A set of groups of subjects.
    ///
    /// # Errors
    /// [`BadGroupSet`] says which rule it breaks.
    pub fn new(name: &str, groups: Vec<Vec<String>>) -> Result<Self, BadGroupSet> {
        let name = name.trim();
        let fits = (1..=MAX_GROUP_SET_NAME).contains(&name.chars().count());
        if !fits || name.chars().any(char::is_control) {
            return Err(BadGroupSet::Name);
        }
        let people = || groups.iter().flatten();
        let small = groups.len() <= MAX_GROUPS && people().count() <= MAX_PEOPLE;
        if !small || people().any(|one| one.is_empty() || one.len() > MAX_SUBJECT) {
            return Err(BadGroupSet::Size);
        }
        let mut seen = HashSet::new();
        if !people().all(|one| seen.insert(one)) {
            return Err(BadGroupSet::Twice);
        }
        Ok(Self { name: name.to_owned(), groups })
    }

    /// The name, unique within the room.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The groups: subjects of the people in each.
    #[must_use]
    pub fn groups(&self) -> &[Vec<String>] {
        &self.groups
    }
}

/// Prints no subjects.
impl fmt::Debug for GroupSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupSet({} groups)", self.groups.len())
    }
}

/// Why groups are no set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadGroupSet {
    /// The name is empty, too long or holds control characters.
    #[error("a name has 1 to {MAX_GROUP_SET_NAME} characters and no control characters")]
    Name,
    /// There are too many groups or people, or a subject is none.
    #[error("a set has at most {MAX_GROUPS} groups and {MAX_PEOPLE} people")]
    Size,
    /// Somebody is in two groups.
    #[error("a person is in one group of a set")]
    Twice,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_small_and_holds_each_person_once() {
        let group = |people: &[&str]| people.iter().map(|one| (*one).to_owned()).collect();
        let long = "x".repeat(65);
        let rows = [
            (" Tische ", vec![group(&["a", "b"]), group(&["c"])], None),
            ("leer", vec![group(&[]); MAX_GROUPS], None),
            (" ", vec![], Some(BadGroupSet::Name)),
            ("a\u{7}", vec![], Some(BadGroupSet::Name)),
            (&long, vec![], Some(BadGroupSet::Name)),
            ("viele", vec![vec![]; MAX_GROUPS + 1], Some(BadGroupSet::Size)),
            ("niemand", vec![group(&[""])], Some(BadGroupSet::Size)),
            ("doppelt", vec![group(&["a"]), group(&["a"])], Some(BadGroupSet::Twice)),
        ];
        for (name, groups, expected) in rows {
            assert_eq!(GroupSet::new(name, groups).err(), expected, "{name}");
        }
        let crowd = vec![(0..=MAX_PEOPLE).map(|number| number.to_string()).collect()];
        assert_eq!(GroupSet::new("alle", crowd).err(), Some(BadGroupSet::Size));
    }
}
