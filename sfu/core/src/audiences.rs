//! Which audiences a part of a room has members in.

use kreide_control::Audience;

/// The audiences, and how many members are in each.
#[derive(Debug, Default)]
pub(crate) struct Audiences {
    counts: Vec<(Audience, usize)>,
}

impl Audiences {
    /// All that somebody is in.
    pub(crate) fn list(&self) -> Vec<Audience> {
        self.counts.iter().map(|(audience, _)| *audience).collect()
    }

    pub(crate) fn contain(&self, audience: Audience) -> bool {
        self.counts.iter().any(|(known, _)| *known == audience)
    }

    /// Somebody comes. Returns whether the audience is new.
    pub(crate) fn enter(&mut self, audience: Audience) -> bool {
        match self.counts.iter_mut().find(|(known, _)| *known == audience) {
            Some((_, count)) => {
                *count += 1;
                false
            }
            None => {
                self.counts.push((audience, 1));
                true
            }
        }
    }

    /// Somebody goes. Returns whether nobody is left in the audience.
    pub(crate) fn leave(&mut self, audience: Audience) -> bool {
        let Some(index) = self.counts.iter().position(|(known, _)| *known == audience) else {
            return false;
        };
        self.counts[index].1 -= 1;
        let over = self.counts[index].1 == 0;
        if over {
            self.counts.swap_remove(index);
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use kreide_control::{Place, ScopeNo};

    use super::*;

    #[test]
    fn an_audience_lasts_from_its_first_member_to_its_last() {
        let class = Audience::default();
        let group = Place { scope: ScopeNo(1), ..Place::default() }.audience();
        let mut audiences = Audiences::default();
        assert!(audiences.enter(class) && !audiences.enter(class) && audiences.enter(group));
        assert!(!audiences.leave(class) && audiences.contain(class));
        assert!(audiences.leave(class) && !audiences.contain(class));
        assert!(!audiences.leave(class));
        assert_eq!(audiences.list(), [group]);
    }
}
