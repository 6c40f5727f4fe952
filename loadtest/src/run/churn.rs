//! The restless: one of a group after the other changes something.

use std::time::Duration;

use kreide_bot::{Order, Stage};
use kreide_protocol::Kind;
use tokio::time::Instant;

use super::{Member, Run};
use crate::report::Seen;
use crate::scenario::Change;

pub(crate) struct Churn {
    group: usize,
    change: Change,
    every: Duration,
    next: Instant,
    turn: usize,
}

impl Churn {
    pub(crate) fn new(group: usize, change: Change, every: Duration) -> Self {
        Self { group, change, every, next: Instant::now() + every, turn: 0 }
    }

    /// Whether the next change is due; it then counts as made.
    pub(crate) fn take_due(&mut self, now: Instant) -> bool {
        let due = now >= self.next;
        if due {
            self.next += self.every;
            self.turn += 1;
        }
        due
    }
}

impl Run<'_> {
    /// The next one of the group changes something.
    pub(super) async fn change(&mut self, churn: usize) {
        let Churn { group, change, turn, .. } = self.churns[churn];
        let there =
            |member: &Member| member.group == group && member.bot.stage() == Stage::Connected;
        let places: Vec<usize> =
            (0..self.members.len()).filter(|at| there(&self.members[*at])).collect();
        let Some(place) = places.get(turn % places.len().max(1)).copied() else { return };
        match change {
            Change::Turn => self.members[place].bot.order(Order::Turn).await,
            Change::Camera => {
                let member = &mut self.members[place];
                member.camera_off = !member.camera_off;
                member.bot.order(Order::Send(Kind::Camera, !member.camera_off)).await;
            }
            Change::Leave => self.replace(place, turn).await,
        }
    }

    /// One leaves, and comes back as somebody new to the lesson.
    async fn replace(&mut self, place: usize, turn: usize) {
        let member = self.members.swap_remove(place);
        member.bot.order(Order::Leave).await;
        // Whoever hangs is left behind.
        let _ = tokio::time::timeout(GOODBYE, member.bot.ended()).await;
        self.gone.push(Seen { present: false, ..member.seen() });
        self.seat(member.group, member.room, turn as u32);
    }
}

const GOODBYE: Duration = Duration::from_secs(1);
