//! Groups that are kept under a name for later lessons of the room.
//!
//! Invariant: only someone who may prepare groups keeps, uses or forgets them; the lesson's rule
//! for preparing decides. Sets name people as the school does, since numbers are of one lesson.

use std::collections::HashMap;

use futures::FutureExt;
use kreide_cluster::{CatalogueError, GroupSet};
use kreide_control::ParticipantNo;
use kreide_lesson::{Actor, GroupIntent, Intent, Lesson, Standing};
use kreide_protocol::{ErrorCode, GroupAct, ServerMessage};

use super::{Done, Keeper, Then};

/// What the catalogue said, and for whom.
pub(super) struct Sets {
    by: ParticipantNo,
    then: Then,
    /// The set to be used; otherwise the names are told.
    wanted: Option<String>,
    result: Result<Vec<GroupSet>, CatalogueError>,
}

impl Keeper {
    /// Keeps, uses or forgets prepared groups.
    pub(super) fn group_set(&mut self, by: ParticipantNo, act: GroupAct, then: Then) {
        let prepare = Intent::Groups(GroupIntent::Prepare { groups: Vec::new() });
        if !self.ledger.draft().permits(Actor::Participant(by), &prepare) {
            return self.refuse(then, ErrorCode::Denied);
        }
        let catalogue = self.context.catalogue.clone();
        let (tenant, room) = (self.key.tenant.clone(), self.key.room.clone());
        let (wanted, change) = match act {
            GroupAct::Keep { name } => {
                let groups = prepared(self.ledger.committed());
                let Ok(set) = GroupSet::new(&name, groups) else {
                    return self.refuse(then, ErrorCode::BadText);
                };
                (None, Some(catalogue.put_group_set(tenant.clone(), room.clone(), set)))
            }
            GroupAct::Forget { name } => {
                let gone = catalogue.delete_group_set(tenant.clone(), room.clone(), name);
                (None, Some(gone.map(|result| result.map(|_| ())).boxed()))
            }
            GroupAct::Kept => (None, None),
            GroupAct::Use { name } => (Some(name), None),
            _ => return self.refuse(then, ErrorCode::BadMessage),
        };
        let sets = async move {
            let result = match change {
                Some(change) => match change.await {
                    Ok(()) => catalogue.group_sets(tenant, room).await,
                    Err(error) => Err(error),
                },
                None => catalogue.group_sets(tenant, room).await,
            };
            Done::Sets(Box::new(Sets { by, then, wanted, result }))
        };
        self.work.push(sets.boxed());
    }

    /// The catalogue has answered.
    pub(super) fn sets_known(&mut self, sets: Sets) {
        let Sets { by, then, wanted, result } = sets;
        let sets = match result {
            Ok(sets) => sets,
            Err(CatalogueError::Full) => return self.refuse(then, ErrorCode::Full),
            Err(_) => return self.refuse(then, ErrorCode::Degraded),
        };
        match wanted {
            None => {
                self.tell_sets(by, &sets);
                self.answer_to(then);
            }
            Some(name) => match sets.iter().find(|set| set.name() == name) {
                Some(set) => {
                    let groups = present(self.ledger.draft(), set);
                    let intent = Intent::Groups(GroupIntent::Prepare { groups });
                    self.propose(Actor::Participant(by), intent, then);
                }
                None => self.refuse(then, ErrorCode::NotFound),
            },
        }
    }

    fn tell_sets(&self, to: ParticipantNo, sets: &[GroupSet]) {
        if let Some(connection) = self.seats.live_connection(to) {
            let names = sets.iter().map(|set| set.name().to_owned()).collect();
            connection.outbox.say(&ServerMessage::GroupSets { names });
        }
    }
}

/// The prepared groups as subjects.
fn prepared(lesson: &Lesson) -> Vec<Vec<String>> {
    let subject = |no| lesson.subject(no).map(|subject| subject.0.clone());
    let groups = lesson.groups();
    (1..=groups.count()).map(|group| groups.members(group).filter_map(subject).collect()).collect()
}

/// Those of a set who are there, as numbers. Groups of which nobody is there stay, so that their
/// numbers do.
fn present(lesson: &Lesson, set: &GroupSet) -> Vec<Vec<ParticipantNo>> {
    let held = lesson
        .people()
        .filter(|person| matches!(person.standing, Standing::Online | Standing::Offline));
    let numbers: HashMap<&str, ParticipantNo> = held
        .filter_map(|person| Some((lesson.subject(person.no)?.0.as_str(), person.no)))
        .collect();
    let member = |subject: &String| numbers.get(subject.as_str()).copied();
    set.groups().iter().map(|group| group.iter().filter_map(member).collect()).collect()
}
