//! The people of one room as they know it themselves: who is in which group, who may hear whom.
//!
//! Invariant: groups are those that each person was told, not those that somebody meant to make.

use kreide_bot::Pages;
use kreide_protocol::{Groups, Kind, Role, SourceRef};

use super::{Member, Run};
use crate::scenario::Whom;

/// A room's people.
pub(super) struct Circle {
    people: Vec<One>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct One {
    /// Number in the lesson.
    pub(super) no: u32,
    group: usize,
    role: Role,
    /// When the groups were told last, in microseconds since 1970 UTC, and how they are.
    told_at: u64,
    groups: Groups,
}

impl Circle {
    pub(super) fn of(run: &Run<'_>, room: u32) -> Self {
        let here = run.members.iter().filter(|member| member.room == room);
        Self { people: here.filter_map(|member| run.one(member)).collect() }
    }

    /// From when on somebody can hear these people, in microseconds since 1970 UTC; `None` while
    /// the listener is not yet where these people are to be heard.
    pub(super) fn since(listener: &One, whom: Whom, said: u64) -> Option<u64> {
        match whom {
            Whom::Group => listener.mine().map(|_| said.max(listener.told_at)),
            Whom::Class => listener.mine().is_none().then(|| said.max(listener.told_at)),
            Whom::Listened => listener.listened().map(|_| said),
            Whom::Anyone | Whom::Nobody | Whom::Staff | Whom::People(_) => Some(said),
        }
    }

    /// Whether a listener may receive this.
    pub(super) fn may(&self, listener: &One, whom: Whom, source: SourceRef) -> bool {
        let Some(other) = self.people.iter().find(|one| one.no == source.participant) else {
            return whom == Whom::Anyone;
        };
        let speaks_to_all = listener.groups.everywhere.contains(&other.no);
        match whom {
            Whom::Anyone => true,
            Whom::Nobody => false,
            Whom::Staff => {
                let content = matches!(source.kind, Kind::Content | Kind::ContentAudio);
                other.role == Role::Teacher || content
            }
            Whom::Group => {
                speaks_to_all || listener.mine().is_some_and(|mine| other.mine() == Some(mine))
            }
            Whom::Class => speaks_to_all || other.mine().is_none(),
            Whom::Listened => listener.listened().is_some_and(|group| other.mine() == Some(group)),
            Whom::People(group) => other.group == group,
        }
    }
}

impl One {
    /// The own group, while groups are open.
    fn mine(&self) -> Option<u8> {
        self.groups.mine.filter(|_| self.groups.open)
    }

    /// The group to which this one listens from outside.
    fn listened(&self) -> Option<u8> {
        let visit = self.groups.visits.iter().find(|visit| visit.listens && visit.who == self.no);
        visit.map(|visit| visit.group)
    }
}

impl Run<'_> {
    /// Somebody who has a seat and a journal.
    pub(super) fn one(&self, member: &Member) -> Option<One> {
        let groups = |pages: &Pages| pages.groups().map(|(at, groups)| (at, groups.clone()));
        let (told_at, groups) = member.journal.read(groups).flatten()?;
        Some(One {
            no: member.counts().number,
            group: member.group,
            role: self.plan.groups[member.group].role,
            told_at,
            groups,
        })
    }
}

#[cfg(test)]
mod tests {
    use kreide_protocol::GroupVisit;

    use super::*;

    fn one(no: u32, role: Role, open: bool, mine: Option<u8>) -> One {
        let groups = Groups { open, mine, ..Groups::default() };
        One { no, group: 0, role, told_at: 7, groups }
    }

    #[test]
    fn who_may_be_heard_follows_from_what_each_was_told() {
        let voice = |participant| SourceRef { participant, kind: Kind::Microphone };
        let mut teacher = one(1, Role::Teacher, true, None);
        teacher.groups.visits =
            vec![GroupVisit { who: 1, group: 2, listens: true, since: Some(0) }];
        let (ada, emil) = (one(2, Role::Pupil, true, Some(1)), one(3, Role::Pupil, true, Some(2)));
        let people = vec![teacher.clone(), ada.clone(), emil, one(4, Role::Pupil, true, Some(1))];
        let circle = Circle { people };
        for (listener, whom, heard) in [
            (&ada, Whom::Group, vec![2, 4]),
            (&ada, Whom::Staff, vec![1]),
            (&ada, Whom::Nobody, vec![]),
            (&teacher, Whom::Listened, vec![3]),
            (&teacher, Whom::Class, vec![1]),
            (&teacher, Whom::Anyone, vec![1, 2, 3, 4]),
        ] {
            let all: Vec<u32> =
                (1..=4).filter(|no| circle.may(listener, whom, voice(*no))).collect();
            assert_eq!(all, heard, "{whom:?}");
        }
        assert_eq!(Circle::since(&ada, Whom::Group, 3), Some(7));
        assert_eq!(Circle::since(&ada, Whom::Class, 3), None, "not back yet");
    }
}
