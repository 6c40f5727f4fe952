//! What people do beside coming and sending, and whether it had the effect that it must have.
//!
//! Invariant: what is missed is a fault and the run goes on, so that a report tells all of it.
//! Times of packets are those stamped by their senders: nothing that was on its way counts.

use std::time::Duration;

use anyhow::{Context, Result};
use kreide_bot::{Counts, Heard, Order, Stage, unix_micros};
use kreide_protocol::{ErrorCode, Kind};
use serde_json::Value as Json;
use tokio::time::Instant;

use super::circle::Circle;
use super::{Member, Run, STEP};
use crate::report::Seen;
use crate::scenario::{Deed, Wait, Whom};

impl Run<'_> {
    pub(super) async fn act(&mut self, deed: &Deed) -> Result<()> {
        match deed {
            Deed::Say { group, message } => {
                self.said = micros();
                for place in self.firsts(*group)? {
                    self.members[place].bot.order(Order::Say(message.clone())).await;
                }
            }
            Deed::Hear { groups, whom, wait } => {
                let what = format!("heard nobody of {whom:?}");
                self.until_each(groups, wait, &what, |run, member| run.hears(member, *whom)).await;
            }
            Deed::Only { groups, whom, lasting } => self.only(groups, *whom, *lasting).await,
            Deed::Told { groups, message, wait } => {
                let what = format!("was not told {message}");
                self.until_each(groups, wait, &what, |run, member| {
                    member.is_told(message, run.said)
                })
                .await;
            }
            Deed::Cut { group, lasting } => {
                (self.said, self.away) = (micros(), *lasting);
                for place in self.firsts(*group)? {
                    let member = &mut self.members[place];
                    member.cuts += 1;
                    member.kept = Some(Kept::of(&member.counts()));
                    member.bot.order(Order::Cut(*lasting)).await;
                }
            }
            Deed::Back { group, wait } => self.back(*group, wait).await,
            Deed::Again { group } => self.again(*group).await?,
            Deed::Talk { more, wait } => self.talk(*more, wait).await?,
        }
        Ok(())
    }

    /// The first of a group who is there, in each room.
    pub(super) fn firsts(&self, group: usize) -> Result<Vec<usize>> {
        let there =
            |member: &Member| member.group == group && member.bot.stage() == Stage::Connected;
        (0..self.plan.rooms)
            .map(|room| {
                let first = self.members.iter().position(|m| m.room == room && there(m));
                first.with_context(|| format!("no {} is there", self.plan.groups[group].name))
            })
            .collect()
    }

    /// Waits until `reached` tells for each of these people when it was so.
    async fn until_each(
        &mut self,
        groups: &[usize],
        wait: &Wait,
        what: &str,
        reached: impl Fn(&Self, &Member) -> Option<u64>,
    ) {
        let coming_back = what == NOT_BACK;
        let deadline = Instant::now() + wait.within;
        let asked = |member: &Member| match member.kept {
            // It was cut: it hears nothing until it is back.
            Some(_) => coming_back,
            None => !coming_back,
        };
        let mut open: Vec<usize> = (0..self.members.len())
            .filter(|place| groups.contains(&self.members[*place].group))
            .filter(|place| asked(&self.members[*place]))
            .collect();
        loop {
            let (said, mut times) = (self.said, Vec::new());
            open.retain(|place| {
                let at = reached(self, &self.members[*place]);
                times.extend(at);
                at.is_none()
            });
            for at in times {
                let took = Duration::from_micros(at.saturating_sub(said));
                self.findings.mark(wait.mark.as_deref(), took);
            }
            if open.is_empty() {
                return;
            }
            if Instant::now() >= deadline {
                for place in open {
                    let name = &self.members[place].name;
                    let fault = format!("{name} {what} within {:?}", wait.within);
                    self.findings.fault(fault);
                }
                return;
            }
            self.pass(Instant::now() + STEP).await;
        }
    }

    /// When somebody first heard one of these people after the last word.
    fn hears(&self, member: &Member, whom: Whom) -> Option<u64> {
        let listener = self.one(member)?;
        let since = Circle::since(&listener, whom, self.said)?;
        let circle = Circle::of(self, member.room);
        let fits = |heard: &&Heard| {
            matches!(heard.from.kind, Kind::Microphone | Kind::ContentAudio)
                && heard.captured >= since
                && circle.may(&listener, whom, heard.from)
        };
        member.journal.read(|pages| {
            let recent = pages.heard.iter().rev().take_while(|heard| heard.arrived >= since);
            recent.filter(fits).map(|heard| heard.arrived).last()
        })?
    }

    /// Lets time pass in which nobody but these may be received.
    async fn only(&mut self, groups: &[usize], whom: Whom, lasting: Duration) {
        let from = micros();
        self.pass(Instant::now() + lasting).await;
        let to = micros();
        // What was sent in this time is to arrive.
        self.pass(Instant::now() + IN_FLIGHT).await;
        let mut faults = Vec::new();
        let mut longest = Duration::ZERO;
        for member in self.members.iter().filter(|member| groups.contains(&member.group)) {
            let Some(listener) = self.one(member) else { continue };
            let circle = Circle::of(self, member.room);
            let within = |heard: &&Heard| (from..to).contains(&heard.captured);
            let heard: Vec<Heard> = member
                .journal
                .read(|pages| pages.heard.iter().filter(within).copied().collect())
                .unwrap_or_default();
            let mut others = heard.iter().filter(|h| !circle.may(&listener, whom, h.from));
            if let Some(first) = others.next() {
                let count = 1 + others.count();
                let Heard { from, .. } = first;
                faults.push(format!(
                    "{} received {count} packets of others than {whom:?}, the first {:?} of {}",
                    member.name, from.kind, from.participant
                ));
            }
            longest = longest.max(longest_gap(heard));
        }
        faults.into_iter().for_each(|fault| self.findings.fault(fault));
        self.findings.longest_gap = self.findings.longest_gap.max(longest);
        self.findings.mark(Some("voice_gap"), longest);
    }

    /// Waits until those of the last cut are there again as they were.
    async fn back(&mut self, group: usize, wait: &Wait) {
        self.said += std::mem::take(&mut self.away).as_micros() as u64;
        self.until_each(&[group], wait, NOT_BACK, |_, member| {
            let at = |pages: &kreide_bot::Pages| pages.connections.get(member.cuts).copied();
            member.journal.read(at).flatten()
        })
        .await;
        let members = self.members.iter_mut().filter(|member| member.group == group);
        let changed: Vec<String> = members.filter_map(Member::changed).collect();
        changed.into_iter().for_each(|fault| self.findings.fault(fault));
    }

    /// The first of the group comes once more by the same link.
    async fn again(&mut self, group: usize) -> Result<()> {
        self.said = micros();
        for place in self.firsts(group)? {
            let old = self.members.remove(place);
            let kept = Kept::of(&old.counts());
            self.seat(group, old.room, old.number);
            // In the same place, so that it stays the first.
            if let Some(mut new) = self.members.pop() {
                new.kept = Some(kept);
                self.members.insert(place, new);
            }
            let closed = tokio::time::timeout(TAKEN_OVER, old.bot.ended()).await;
            if closed != Ok(Stage::Closed(ErrorCode::OpenedElsewhere)) {
                let fault = format!("{} was not told that it is elsewhere: {closed:?}", old.name);
                self.findings.fault(fault);
            }
            self.gone.push(Seen { present: false, failed: None, ..old.seen() });
        }
        let wait = Wait { within: TAKEN_OVER, mark: Some("takeover".to_owned()) };
        self.back(group, &wait).await;
        self.tell_to_send().await;
        Ok(())
    }
}

/// What must outlive a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    number: u32,
    hand: bool,
    group: Option<u8>,
}

impl Kept {
    fn of(counts: &Counts) -> Self {
        Self { number: counts.number, hand: counts.hand, group: counts.group }
    }
}

impl Member {
    /// What is not as it was before the cut. It is asked once.
    fn changed(&mut self) -> Option<String> {
        let (before, after) = (self.kept.take()?, Kept::of(&self.counts()));
        (before != after).then(|| format!("{} was {before:?} and is {after:?}", self.name))
    }

    /// When it was told a message like this, if not before `since`.
    fn is_told(&self, like: &Json, since: u64) -> Option<u64> {
        let fits = |told: &&kreide_bot::Told| {
            serde_json::to_value(&told.message).is_ok_and(|message| is_in(like, &message))
        };
        self.journal.read(|pages| {
            let recent = pages.told.iter().rev().take_while(|told| told.at >= since);
            recent.filter(fits).map(|told| told.at).last()
        })?
    }
}

/// Whether all of a value stands in another.
fn is_in(part: &Json, whole: &Json) -> bool {
    match (part, whole) {
        (Json::Object(part), Json::Object(whole)) => part
            .iter()
            .all(|(name, value)| whole.get(name).is_some_and(|other| is_in(value, other))),
        _ => part == whole,
    }
}

/// The longest time between two voice packets that follow each other on a line.
fn longest_gap(mut heard: Vec<Heard>) -> Duration {
    heard.retain(|heard| matches!(heard.from.kind, Kind::Microphone | Kind::ContentAudio));
    heard.sort_by_key(|heard| (heard.connection, heard.slot, heard.number));
    let follow = |pair: &&[Heard]| {
        let key = |heard: &Heard| (heard.connection, heard.slot);
        key(&pair[0]) == key(&pair[1]) && pair[0].number + 1 == pair[1].number
    };
    let gaps =
        heard.windows(2).filter(follow).map(|pair| pair[1].captured.abs_diff(pair[0].captured));
    Duration::from_micros(gaps.max().unwrap_or_default())
}

pub(super) fn micros() -> u64 {
    unix_micros(Instant::now().into_std())
}

const NOT_BACK: &str = "did not come back";
/// From a sender to the one who hears it, on a busy machine.
const IN_FLIGHT: Duration = Duration::from_millis(300);
/// From the second join until the old connection is told and the new one stands.
const TAKEN_OVER: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use kreide_protocol::SourceRef;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_is_found_by_a_part_of_it() {
        let whole = json!({"type": "event", "seq": 4, "event": {"kind": "paused", "on": true}});
        assert!(is_in(&json!({"event": {"kind": "paused", "on": true}}), &whole));
        assert!(!is_in(&json!({"event": {"kind": "paused", "on": false}}), &whole));
        assert!(!is_in(&json!({"event": {"who": 3}}), &whole));
    }

    #[test]
    fn a_gap_is_between_packets_that_follow_on_one_line() {
        let heard = |slot, number, captured| Heard {
            from: SourceRef { participant: 1, kind: Kind::Microphone },
            connection: 0,
            slot,
            number,
            captured,
            arrived: captured,
        };
        let all = [(0, 1, 0), (0, 2, 20), (1, 1, 10), (0, 3, 60), (0, 9, 900), (1, 2, 30)];
        let all = all.map(|(slot, number, ms)| heard(slot, number, ms * 1_000)).to_vec();
        assert_eq!(longest_gap(all), Duration::from_millis(40));
    }
}
