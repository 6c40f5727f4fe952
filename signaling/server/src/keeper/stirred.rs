//! Whose media rights events may have changed.
//!
//! Invariant: whoever is left out has the rights that they had; in doubt it is everyone.
//! Left out on purpose: what the rights are. They are asked of the lesson (`media`).

use std::collections::BTreeSet;

use kreide_control::ParticipantNo;
use kreide_lesson::{Event, GroupEvent, Newcomer, ToolEvent};

/// Whose rights, or whether they may be recorded, may have changed since the media plane was told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stirred {
    Everyone,
    Some(BTreeSet<ParticipantNo>),
}

impl Default for Stirred {
    fn default() -> Self {
        Self::Some(BTreeSet::new())
    }
}

impl Stirred {
    /// Adds those whom an event concerns.
    pub(super) fn add(&mut self, event: &Event) {
        match event {
            Event::SeatTaken(Newcomer { no, .. })
            | Event::Waiting { newcomer: Newcomer { no, .. }, .. }
            | Event::WaitEnded { no, .. }
            | Event::SeatLeft { no }
            | Event::Granted { no, .. }
            | Event::LockRestored { no, .. }
            | Event::LetSpeak { no, .. }
            | Event::Tool(ToolEvent::InRoom { no, .. })
            | Event::Group(
                GroupEvent::Assigned { no, .. }
                | GroupEvent::Visited { no, .. }
                | GroupEvent::ListenAnnounced { no, .. }
                | GroupEvent::ListenBegan { no }
                | GroupEvent::ListenEnded { no }
                | GroupEvent::Everywhere { no, .. },
            )
            | Event::Sending { no, .. }
            | Event::LockSet { who: Some(no), .. }
            | Event::RightsChanged { no }
            | Event::Removed { no, .. }
            | Event::RecordingConsent { no, .. } => {
                if let Self::Some(some) = self {
                    some.insert(*no);
                }
            }
            // None of these opens or closes anything: media outlives a lost WebSocket.
            Event::Started
            | Event::Online { .. }
            | Event::Hand { .. }
            | Event::Chat { .. }
            | Event::ChatEdited { .. }
            | Event::ChatDeleted { .. }
            | Event::ChatHidden { .. }
            | Event::Caption { .. }
            | Event::Renamed { .. }
            | Event::Acted { .. }
            | Event::Undone { .. }
            | Event::Invited { .. }
            | Event::Poll(_)
            | Event::Talk(_)
            | Event::Group(
                GroupEvent::Prepared { .. }
                | GroupEvent::Extended { .. }
                | GroupEvent::Called { .. }
                | GroupEvent::Unknown,
            )
            | Event::Tool(
                ToolEvent::Spotlight { .. }
                | ToolEvent::Announced { .. }
                | ToolEvent::TimerSet { .. }
                | ToolEvent::ReadyAsked { .. }
                | ToolEvent::Ready { .. }
                | ToolEvent::Picked { .. }
                | ToolEvent::Unknown,
            )
            | Event::Crowded { .. }
            | Event::Introduced { .. }
            | Event::Erased
            | Event::ResumeKey { .. }
            | Event::TokenUsed { .. } => {}
            Event::LockSet { who: None, .. }
            | Event::PolicySet { .. }
            | Event::QuietSet { .. }
            | Event::PausedSet { .. }
            | Event::Group(GroupEvent::Opened { .. } | GroupEvent::Closed)
            | Event::Tool(ToolEvent::Focus { .. })
            | Event::RecordingAnnounced { .. }
            | Event::RecordingBegan { .. }
            | Event::RecordingStopped { .. }
            | Event::Ended { .. }
            | Event::Unknown(_) => *self = Self::Everyone,
        }
    }
}

#[cfg(test)]
mod tests {
    use kreide_lesson::LockKind;

    use super::*;

    #[test]
    fn one_stays_one_and_everyone_stays_everyone() {
        let no = ParticipantNo(3);
        let lock = |who| Event::LockSet {
            who,
            what: LockKind::Camera,
            locked: true,
            by: ParticipantNo(1),
        };
        let mut stirred = Stirred::default();
        stirred.add(&Event::Online { no: ParticipantNo(2), online: false });
        stirred.add(&lock(Some(no)));
        assert_eq!(stirred, Stirred::Some([no].into()));
        stirred.add(&lock(None));
        stirred.add(&Event::SeatLeft { no });
        assert_eq!(stirred, Stirred::Everyone);
    }
}
