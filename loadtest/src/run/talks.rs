//! Parents' talks: the teacher holds them one after the other.
//!
//! Invariant: who is in is what the teacher was told; nobody is let in by a deed but by the server.

use anyhow::{Context, Result};
use kreide_bot::{Order, Pages, Stage};
use kreide_protocol::{ClientMessage, Role, TalkAct, TalkState};
use std::time::Duration;
use tokio::time::Instant;

use super::deeds::micros;
use super::{Member, Run, STEP};
use crate::scenario::Wait;

impl Run<'_> {
    /// Waits until a talk is on and teacher and family hear each other, and ends it.
    pub(super) async fn talk(&mut self, more: bool, wait: &Wait) -> Result<()> {
        for room in 0..self.plan.rooms {
            let teaches =
                |m: &Member| m.room == room && self.plan.groups[m.group].role == Role::Teacher;
            let teacher = self.members.iter().position(teaches).context("no teacher is there")?;
            let deadline = Instant::now() + wait.within;
            let on = loop {
                if let Some(on) = self.talks_with(teacher) {
                    break Some(on);
                }
                if Instant::now() >= deadline {
                    break None;
                }
                self.pass(Instant::now() + STEP).await;
            };
            let Some((slot, until)) = on else {
                let fault = format!("no talk came about within {:?}", wait.within);
                self.findings.fault(fault);
                continue;
            };
            // From the end of the talk before.
            if self.said > 0 {
                let took = Duration::from_micros(micros().saturating_sub(self.said));
                self.findings.mark(wait.mark.as_deref(), took);
            }
            self.pass(Instant::now() + TALK).await;
            if more {
                self.say(teacher, TalkAct::More).await;
                self.pass(Instant::now() + TALK).await;
                let now = self.is_on(teacher).map(|(_, _, until)| until);
                if now != Some(until + MORE_MS) {
                    self.findings.fault(format!("talk {slot} was to last longer: {now:?}"));
                }
            }
            self.say(teacher, TalkAct::Finish).await;
            let over = |m: &Member| {
                m.talk != Some(slot) || matches!(m.bot.stage(), Stage::Closed(_) | Stage::Arriving)
            };
            while !self.members.iter().all(over) {
                if Instant::now() >= deadline {
                    self.findings.fault(format!("family {slot} was not seen out"));
                    break;
                }
                self.pass(Instant::now() + STEP).await;
            }
        }
        Ok(())
    }

    async fn say(&mut self, teacher: usize, act: TalkAct) {
        self.said = micros();
        let message = Box::new(ClientMessage::Talk(act));
        self.members[teacher].bot.order(Order::Say(message)).await;
    }

    /// Slot, since when it is known to be on, and until when it is to last.
    fn is_on(&self, teacher: usize) -> Option<(u32, u64, i64)> {
        let on = |pages: &Pages| {
            let (at, talks) = pages.talks()?;
            let talk = talks.iter().find(|talk| talk.state == TalkState::On)?;
            Some((talk.slot, at, talk.until?))
        };
        self.members[teacher].journal.read(on).flatten()
    }

    /// The talk that is on and when it is to end, once all who are in hear each other.
    fn talks_with(&self, teacher: usize) -> Option<(u32, i64)> {
        let (slot, since, until) = self.is_on(teacher)?;
        let teacher = &self.members[teacher];
        let family: Vec<&Member> = self
            .members
            .iter()
            .filter(|m| m.room == teacher.room && m.talk == Some(slot))
            .filter(|m| m.bot.stage() == Stage::Connected)
            .collect();
        let all = family
            .iter()
            .all(|device| device.heard(teacher, since) && teacher.heard(device, since));
        (!family.is_empty() && all).then_some((slot, until))
    }
}

impl Member {
    fn heard(&self, other: &Self, since: u64) -> bool {
        let no = other.counts().number;
        let heard = |pages: &Pages| {
            let mut recent = pages.heard.iter().rev().take_while(|heard| heard.arrived >= since);
            recent.any(|heard| heard.from.participant == no)
        };
        self.journal.read(heard).unwrap_or(false)
    }
}

/// How long a talk lasts here.
const TALK: Duration = Duration::from_millis(400);
/// What the teacher's "more" gives.
const MORE_MS: i64 = 120_000;
