//! Chat: to all, to the own group, or to one person; and captions.
//!
//! Invariant: who may read a message is fixed when it is written. What was deleted or hidden
//! keeps its place and loses its text for all readers.

use kreide_control::ParticipantNo;
use serde::{Deserialize, Serialize};

use crate::state::State;
use crate::{
    Audience, Denied, Event, MAX_CHAT_KEPT, Millis, Outcome, Payload, PayloadId, Text, rules,
};

/// How far back [`crate::Intent::HideRecent`] reaches.
const RECENT_MS: i64 = 60_000;

/// To whom someone writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChatTo {
    /// To all.
    #[default]
    All,
    /// To the own group, or as a teacher to any; teachers read along.
    Group(u8),
    /// To one person.
    Person(ParticipantNo),
}

/// A chat message that the state keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatLine {
    /// Counts from 1 within the lesson.
    pub id: u64,
    /// The author.
    pub from: ParticipantNo,
    /// The text.
    pub text: PayloadId,
    /// When.
    pub at: Millis,
    /// To whom.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub to: ChatTo,
    /// Who may read it.
    #[serde(default = "all", skip_serializing_if = "is_all")]
    pub readers: Audience,
    /// When it was written anew.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub edited: Option<Millis>,
    /// Whether it can be read.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub shown: Shown,
}

/// Whether a message can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Shown {
    /// It can.
    #[default]
    Shown,
    /// A teacher has hidden it, and may show it again for a moment.
    Hidden,
    /// Its author or a teacher took it away for good.
    Deleted,
}

fn all() -> Audience {
    Audience::All
}

fn is_all(audience: &Audience) -> bool {
    *audience == Audience::All
}

impl State {
    pub(crate) fn write(
        &self,
        me: ParticipantNo,
        to: ChatTo,
        text: &Text,
    ) -> Result<Outcome, Denied> {
        let readers = self.readers(me, to)?;
        let payload = Payload { id: self.next_payload(), of: me, text: text.chat()? };
        let id = self.last_chat.saturating_add(1);
        let event = Event::Chat { id, from: me, text: payload.id, to };
        Ok(Outcome {
            events: vec![(readers, event)],
            payloads: vec![payload],
            ..Outcome::default()
        })
    }

    /// Who may read what this person writes there.
    fn readers(&self, me: ParticipantNo, to: ChatTo) -> Result<Audience, Denied> {
        let (seat, _) = self.target(me)?;
        let rights = self.rights(me, seat);
        match to {
            ChatTo::All if rights.chat => Ok(self.everyone()),
            ChatTo::Group(group) if rights.chat => {
                let is_mine = self.group_of(me) == Some(group);
                if !is_mine && !rules::is_staff(seat.role) {
                    return Err(Denied::Forbidden);
                }
                if self.groups.open().is_none() || group == 0 || group > self.groups.count() {
                    return Err(Denied::NotFound);
                }
                Ok(self.staff_and(self.members(group)))
            }
            ChatTo::Person(other) if rights.private_chat && other != me => {
                let (target, _) = self.target(other)?;
                // Who is there and hidden is answered as who is not there.
                if !self.knows_of(me, other) {
                    return Err(Denied::NotFound);
                }
                let may = self.policy().private_chat.allows(seat.role, target.role);
                if !may || !self.sees(me, other) {
                    return Err(Denied::Forbidden);
                }
                Ok(Audience::Only(vec![me.min(other), me.max(other)]))
            }
            ChatTo::All | ChatTo::Group(_) | ChatTo::Person(_) => Err(Denied::Forbidden),
        }
    }

    pub(crate) fn edit(&self, me: ParticipantNo, id: u64, text: &Text) -> Result<Outcome, Denied> {
        let line = self.line(me, id)?;
        // What was written to someone before stays theirs to correct only while it may be said.
        if line.from != me || self.readers(me, line.to)? != line.readers {
            return Err(Denied::Forbidden);
        }
        let payload = Payload { id: self.next_payload(), of: me, text: text.chat()? };
        let event = Event::ChatEdited { id, text: payload.id };
        Ok(Outcome {
            events: vec![(line.readers.clone(), event)],
            payloads: vec![payload],
            ..Outcome::default()
        })
    }

    pub(crate) fn delete(&self, me: ParticipantNo, id: u64) -> Result<Outcome, Denied> {
        let line = self.line(me, id)?;
        let moderates = rules::is_staff(self.target(me)?.0.role);
        if line.from != me && !moderates {
            return Err(Denied::Forbidden);
        }
        let event = Event::ChatDeleted { id, by: me };
        Ok(Outcome { events: vec![(line.readers.clone(), event)], ..Outcome::default() })
    }

    /// The messages of the last minute by this person that teachers can read.
    pub(crate) fn recent(&self, who: ParticipantNo, now: Millis) -> Vec<u64> {
        let since = now.max(self.latest).0.saturating_sub(RECENT_MS);
        let recent = self.chat.iter().filter(|line| {
            line.from == who
                && line.at.0 >= since
                && line.shown == Shown::Shown
                && !is_private(line.to)
        });
        recent.map(|line| line.id).collect()
    }

    /// Hides messages or shows them again, each to those who may read it.
    pub(crate) fn hide(&self, by: ParticipantNo, ids: Vec<u64>, hidden: bool) -> Outcome {
        let from = if hidden { Shown::Shown } else { Shown::Hidden };
        let mut outcome = Outcome::default();
        for id in ids {
            if let Some(line) = self.chat.iter().find(|line| line.id == id && line.shown == from) {
                let event = Event::ChatHidden { ids: vec![id], hidden, by };
                outcome.events.push((line.readers.clone(), event));
            }
        }
        outcome
    }

    pub(crate) fn caption(&self, me: ParticipantNo, text: &Text) -> Result<Outcome, Denied> {
        let (seat, _) = self.target(me)?;
        if !self.rights(me, seat).caption {
            return Err(Denied::Forbidden);
        }
        let payload = Payload { id: self.next_payload(), of: me, text: text.chat()? };
        let event = Event::Caption { from: me, text: payload.id };
        Ok(Outcome {
            events: vec![(self.around(me), event)],
            payloads: vec![payload],
            ..Outcome::default()
        })
    }

    /// A message that this person can read.
    fn line(&self, reader: ParticipantNo, id: u64) -> Result<&ChatLine, Denied> {
        let (seat, _) = self.target(reader)?;
        let line = self.chat.iter().find(|line| line.id == id).ok_or(Denied::NotFound)?;
        let reads = line.readers.includes(reader, seat.role) && line.shown != Shown::Deleted;
        if reads { Ok(line) } else { Err(Denied::NotFound) }
    }

    /// Keeps a message that was just written for these readers.
    pub(crate) fn keep_line(&mut self, line: ChatLine) {
        self.last_chat = self.last_chat.max(line.id);
        if self.chat.len() == MAX_CHAT_KEPT {
            self.chat.pop_front();
        }
        self.chat.push_back(line);
    }

    pub(crate) fn change_line(&mut self, id: u64, change: impl FnOnce(&mut ChatLine)) {
        if let Some(line) = self.chat.iter_mut().find(|line| line.id == id) {
            change(line);
        }
    }
}

fn is_private(to: ChatTo) -> bool {
    match to {
        ChatTo::All | ChatTo::Group(_) => false,
        ChatTo::Person(_) => true,
    }
}
