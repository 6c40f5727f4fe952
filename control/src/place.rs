//! Where a participant is in a lesson: whose media reaches whom.

use serde::{Deserialize, Serialize};

/// A routing scope inside a lesson: the whole class, or one breakout group.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ScopeNo(pub u8);

impl ScopeNo {
    /// The whole class: where everyone is who is in no group.
    pub const CLASS: Self = Self(0);
}

/// Where a participant is.
///
/// A viewer receives a publisher's media if the publisher is in the viewer's scope, or in the one
/// that the viewer listens to, or speaks everywhere; and if the publisher's media is for
/// everyone or the viewer is of the staff. Voices are chosen for each scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Place {
    /// Where.
    pub scope: ScopeNo,
    /// Another scope whose media this participant receives as well, without being received there.
    pub listens: Option<ScopeNo>,
    /// Received in every scope, not in the own one alone.
    pub everywhere: bool,
    /// Who may receive from this participant.
    pub reach: Reach,
    /// Receives what has the reach [`Reach::Staff`].
    pub staff: bool,
    /// Receives sound. Not where a room's loudspeaker plays it already.
    pub hears: bool,
}

/// Who may receive a participant's media.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reach {
    /// Whoever the scopes allow.
    #[default]
    Everyone,
    /// Of those, staff alone.
    Staff,
}

impl Default for Place {
    /// In the class, received by all of it.
    fn default() -> Self {
        Self {
            scope: ScopeNo::CLASS,
            listens: None,
            everywhere: false,
            reach: Reach::Everyone,
            staff: false,
            hears: true,
        }
    }
}

impl Place {
    /// Whether someone here receives media of a publisher who is there.
    #[must_use]
    pub fn receives(&self, publisher: &Self) -> bool {
        self.audience().receives(publisher)
    }

    /// Those who receive the same as someone here.
    #[must_use]
    pub fn audience(&self) -> Audience {
        let listens = self.listens.filter(|listens| *listens != self.scope);
        Audience { scope: self.scope, listens, staff: self.staff }
    }
}

/// All of a viewer's [`Place`] that decides whose media is received there: viewers of one audience
/// may see the same, hear the same voices and are told of the same speakers.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase", default)]
pub struct Audience {
    /// Where they are.
    pub scope: ScopeNo,
    /// The other scope that they listen to.
    pub listens: Option<ScopeNo>,
    /// They are of the staff.
    pub staff: bool,
}

impl Audience {
    /// Whether they receive media of a publisher who is there.
    #[must_use]
    pub fn receives(&self, publisher: &Place) -> bool {
        let in_reach = publisher.everywhere
            || publisher.scope == self.scope
            || self.listens == Some(publisher.scope);
        in_reach && (publisher.reach == Reach::Everyone || self.staff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_hold_media_in() {
        let class = Place::default();
        let group = |no| Place { scope: ScopeNo(no), ..Place::default() };
        let listener = Place { listens: Some(ScopeNo(2)), ..class };
        let speaker = Place { everywhere: true, ..class };
        let hidden = Place { reach: Reach::Staff, ..class };
        let staff = Place { staff: true, ..class };
        let rows = [
            (class, class, true),
            (class, group(1), false),
            (group(1), class, false),
            (group(1), group(1), true),
            (group(1), group(2), false),
            (listener, group(2), true),
            (listener, class, true),
            (listener, group(1), false),
            (group(2), listener, false),
            (group(2), speaker, true),
            (speaker, group(2), false),
            (class, hidden, false),
            (staff, hidden, true),
            (Place { staff: true, ..group(1) }, hidden, false),
        ];
        for (viewer, publisher, expected) in rows {
            assert_eq!(viewer.receives(&publisher), expected, "{viewer:?} of {publisher:?}");
        }
    }

    #[test]
    fn who_listens_at_home_is_of_the_same_audience() {
        let class = Place::default();
        let listens = |no| Place { listens: Some(ScopeNo(no)), ..class };
        assert_eq!(listens(0).audience(), class.audience());
        assert_ne!(listens(1).audience(), class.audience());
        let speaks = Place { everywhere: true, hears: false, reach: Reach::Staff, ..class };
        assert_eq!(speaks.audience(), class.audience());
    }
}
