//! What must be so whenever people did something: judged at the end, over all that each heard and
//! was told.
//!
//! Invariant: nothing here depends on the speed of the machine but the longest gap of a voice, from
//! which the bots' own lateness is taken.

use std::collections::BTreeSet;
use std::time::Duration;

use kreide_bot::{Heard, Pages, Told};
use kreide_protocol::{Role, ServerMessage, WaitFor};
use serde_json::Value as Json;

use super::{Member, Run};

impl Run<'_> {
    /// Judges. The bots' own timers were late by `late` at most.
    pub(super) fn judge(&mut self, late: Duration) {
        let mut faults = Vec::new();
        for member in &self.members {
            let look = |pages: &Pages| {
                let mut faults = self.of_one(member, pages);
                faults.extend(self.of_families(member, pages));
                faults
            };
            faults.extend(member.journal.read(look).unwrap_or_default());
        }
        let gap = self.findings.longest_gap;
        if gap > LONGEST_GAP + late {
            faults.push(format!("a voice paused for {gap:?}"));
        }
        faults.into_iter().for_each(|fault| self.findings.fault(fault));
    }

    fn of_one(&self, member: &Member, pages: &Pages) -> Vec<String> {
        let mut faults = Vec::new();
        let name = &member.name;
        if pages.left_out > 0 {
            faults.push(format!("{name} could not write down {} things", pages.left_out));
        }
        if pages.connections.len() > 1 + member.cuts {
            faults.push(format!("{name} needed {} connections", pages.connections.len()));
        }
        let me = member.counts().number;
        for (told, group, begins) in listenings(pages, me) {
            let members = self.members_of(member.room, group, pages);
            let early = |h: &&Heard| {
                (told..begins).contains(&h.arrived) && members.contains(&h.from.participant)
            };
            let count = pages.heard.iter().filter(early).count();
            if count > 0 {
                faults.push(format!("{name} heard {count} packets before listening began"));
            }
        }
        faults
    }

    /// The members of a group as a teacher was told them.
    fn members_of(&self, room: u32, group: u8, pages: &Pages) -> BTreeSet<u32> {
        let others = self.members.iter().filter(|member| member.room == room);
        let all: BTreeSet<u32> = others.map(|member| member.counts().number).collect();
        let groups = pages.told.iter().rev().find_map(|told| match event(told)? {
            kreide_protocol::LessonEvent::Groups { groups, .. } => {
                groups.members.get(usize::from(group).checked_sub(1)?)
            }
            _ => None,
        });
        groups.into_iter().flatten().copied().filter(|no| all.contains(no)).collect()
    }

    /// Families never meet, and know when their turn is.
    fn of_families(&self, member: &Member, pages: &Pages) -> Vec<String> {
        let mut faults = Vec::new();
        let name = &member.name;
        let number_of = |other: &Member| (other.counts().number, other.talk);
        let here = || self.members.iter().filter(|other| other.room == member.room);
        if self.plan.groups[member.group].role == Role::Teacher {
            let talk_of = |heard: &Heard| {
                let of = here().map(number_of).find(|(no, _)| *no == heard.from.participant);
                of.and_then(|(_, talk)| talk)
            };
            let mut order: Vec<u32> = pages.heard.iter().filter_map(talk_of).collect();
            order.dedup();
            let different: BTreeSet<u32> = order.iter().copied().collect();
            if different.len() != order.len() {
                faults.push(format!("{name} heard families in between others: {order:?}"));
            }
        }
        let Some(talk) = member.talk else { return faults };
        let strangers: BTreeSet<u32> = here()
            .map(number_of)
            .filter(|(no, other)| *no > 0 && other.is_some_and(|other| other != talk))
            .map(|(no, _)| no)
            .collect();
        let packets =
            pages.heard.iter().filter(|h| strangers.contains(&h.from.participant)).count();
        let told = pages.told.iter().filter(|told| names_one_of(&told.message, &strangers)).count();
        if packets > 0 || told > 0 {
            faults.push(format!(
                "{name} learnt of other families: {packets} packets, {told} messages"
            ));
        }
        let waits = |told: &Told| match &told.message {
            ServerMessage::Waiting(waiting) if waiting.why == WaitFor::Talk => {
                Some(waiting.expected.is_some())
            }
            _ => None,
        };
        let mut expected = pages.told.iter().filter_map(waits).peekable();
        if expected.peek().is_some() && !expected.any(|is_told| is_told) {
            faults.push(format!("{name} waited and was told no time"));
        }
        faults
    }
}

/// When listening was told, to which group, and when it was to begin: microseconds since 1970 UTC.
fn listenings(pages: &Pages, me: u32) -> Vec<(u64, u8, u64)> {
    let mut found: Vec<(u64, u8, u64)> = Vec::new();
    for told in &pages.told {
        let Some(kreide_protocol::LessonEvent::Groups { groups, .. }) = event(told) else {
            continue;
        };
        for visit in groups.visits.iter().filter(|visit| visit.listens && visit.who == me) {
            let begins = visit.since.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0) * 1_000;
            if found.iter().all(|(_, group, at)| (*group, *at) != (visit.group, begins)) {
                found.push((told.at, visit.group, begins));
            }
        }
    }
    found
}

fn event(told: &Told) -> Option<&kreide_protocol::LessonEvent> {
    match &told.message {
        ServerMessage::Event(stamped) => Some(&stamped.event),
        _ => None,
    }
}

/// Whether a message speaks of one of these people by number.
fn names_one_of(message: &ServerMessage, people: &BTreeSet<u32>) -> bool {
    !people.is_empty()
        && serde_json::to_value(message).is_ok_and(|message| speaks_of(&message, people))
}

fn speaks_of(value: &Json, people: &BTreeSet<u32>) -> bool {
    match value {
        Json::Object(fields) => fields.iter().any(|(name, value)| {
            let number = value.as_u64().and_then(|no| u32::try_from(no).ok());
            let is_person = PERSON.contains(&name.as_str());
            is_person && number.is_some_and(|no| people.contains(&no)) || speaks_of(value, people)
        }),
        Json::Array(list) => list.iter().any(|one| speaks_of(one, people)),
        _ => false,
    }
}

/// Fields of the protocol that hold a person's number.
const PERSON: [&str; 6] = ["who", "no", "from", "by", "participant", "you"];
const LONGEST_GAP: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_that_names_a_stranger_is_found_wherever_it_does() {
        let people = BTreeSet::from([4]);
        for (message, expected) in [
            (json!({"event": {"kind": "left", "who": 4}}), true),
            (json!({"snapshot": {"participants": [{"no": 3}, {"no": 4}]}}), true),
            (json!({"seq": 4, "event": {"kind": "left", "who": 3}}), false),
        ] {
            assert_eq!(speaks_of(&message, &people), expected, "{message}");
        }
    }
}
