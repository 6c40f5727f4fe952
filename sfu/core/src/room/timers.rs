//! What happens later, and why the room wakes up. An idle room has no timer.

use std::time::{Duration, Instant};

use kreide_control::{Audience, ParticipantNo};

use crate::feedback;
use crate::member::Site;

use super::{RoomEvent, RoomPart};

/// Why a room wakes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Missing packets must be asked for.
    Missing,
    /// Senders await transport-wide feedback.
    Feedback,
    /// Layers are chosen anew and awaited keyframes asked for again.
    Layers,
    /// The list of speakers may have changed.
    Speaking,
    /// RTCP sender and receiver reports are due.
    Reports,
    /// A burst has waited long enough for the rest of its frame.
    Burst,
}

#[derive(Debug, Default)]
pub(super) struct Timers {
    due: [Option<Instant>; Reason::PERIODIC.len()],
}

impl Timers {
    pub(super) fn next(&self) -> Option<(Instant, Reason)> {
        let armed = |reason: Reason| Some((self.due[reason as usize]?, reason));
        Reason::PERIODIC.into_iter().filter_map(armed).min()
    }

    /// Sets a timer that is not set yet.
    pub(super) fn arm(&mut self, reason: Reason, now: Instant) {
        self.due[reason as usize].get_or_insert(now + reason.period());
    }

    /// Sets all that flowing media needs.
    pub(super) fn arm_for_media(&mut self, now: Instant, missing: bool) {
        for reason in [Reason::Feedback, Reason::Layers, Reason::Speaking, Reason::Reports] {
            self.arm(reason, now);
        }
        if missing {
            self.arm(Reason::Missing, now);
        }
    }

    fn take_due(&mut self, now: Instant) -> Option<Reason> {
        let (at, reason) = self.next()?;
        (at <= now).then(|| {
            self.due[reason as usize] = None;
            reason
        })
    }
}

impl RoomPart {
    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.end_bursts(now);
        while let Some(reason) = self.timers.take_due(now) {
            match reason {
                // No period, but a list of its own.
                Reason::Burst => {}
                Reason::Missing => self.ask_for_missing(now),
                Reason::Feedback => self.send_transport_feedback(),
                Reason::Layers => self.choose_layers(now),
                Reason::Speaking => self.tell_speakers(now),
                Reason::Reports => self.send_reports(now),
            }
        }
    }

    fn end_bursts(&mut self, now: Instant) {
        while let Some(key) = self.bursts.expired(now) {
            let sender = self.members.get_mut(key.member.0).and_then(Option::as_mut);
            let publication =
                sender.and_then(|sender| sender.publications.get_mut(key.publication));
            if let Some(layer) = publication.and_then(|p| p.layers.get_mut(key.layer)) {
                self.bursts.end(&mut layer.burst, key);
            }
        }
    }

    /// Layers come and go, and what is awaited is asked for again.
    fn choose_layers(&mut self, now: Instant) {
        let mut changed = false;
        for key in self.senders() {
            changed |= self.look_at_layers(key, now);
        }
        let awaiting = std::mem::take(&mut self.awaiting);
        if changed {
            for viewer in self.keys() {
                self.apply_view(viewer, now);
            }
        } else {
            for viewer in awaiting {
                self.ask_for_awaited_keyframes(viewer, now);
            }
        }
        for key in self.senders() {
            self.repeat_keyframe_requests(key, now);
        }
    }

    /// Those who have sent something. In a large room they are few, and the others are better left
    /// alone: to look at each costs more than to look away.
    fn senders(&self) -> Vec<crate::MemberKey> {
        self.senders.clone()
    }

    /// Notes which layers of a member flow; returns whether that has changed.
    pub(super) fn look_at_layers(&mut self, key: crate::MemberKey, now: Instant) -> bool {
        let Some(member) = self.member_mut(key) else { return false };
        let mut changed = false;
        for publication in &mut member.publications {
            changed |= publication.look_at_layers(now);
        }
        if changed && member.site == Site::Here {
            self.links.note(key);
        }
        changed
    }

    /// A keyframe that was asked for within the quiet time after another is asked for now.
    fn repeat_keyframe_requests(&mut self, key: crate::MemberKey, now: Instant) {
        let Some(member) = self.member_mut(key) else { return };
        let mut due = Vec::new();
        for publication in &mut member.publications {
            let kind = publication.kind();
            for (index, layer) in publication.layers.iter_mut().enumerate() {
                if layer.keyframes.is_wanted() {
                    due.push((kind, index as u8));
                }
            }
        }
        for (kind, layer) in due {
            self.want_keyframe(key, kind, layer, now);
        }
    }

    fn tell_speakers(&mut self, now: Instant) {
        let audiences: Vec<_> = self.audio.audiences().collect();
        for audience in audiences {
            let speaking = self.audio.speaking(audience, now);
            let speaking = speaking.into_iter().filter_map(|key| self.member(key));
            let speaking = speaking.map(|member| member.participant).collect();
            self.tell_speakers_to(audience, speaking);
        }
        let told = self.speaking.keys().copied();
        for audience in told.collect::<Vec<_>>() {
            if self.audio.audiences().all(|present| present != audience) {
                self.tell_speakers_to(audience, Vec::new());
            }
        }
        if !self.speaking.is_empty() {
            // Silence must be noticed even if no packet comes any more.
            self.timers.arm(Reason::Speaking, now);
        }
    }

    fn tell_speakers_to(&mut self, audience: Audience, participants: Vec<ParticipantNo>) {
        let told = self.speaking.get(&audience).map_or(&[][..], Vec::as_slice);
        // Two who speak at once change places all the time; only who speaks is news.
        let same =
            participants.len() == told.len() && participants.iter().all(|who| told.contains(who));
        if same {
            return;
        }
        if participants.is_empty() {
            self.speaking.remove(&audience);
        } else {
            self.speaking.insert(audience, participants.clone());
        }
        self.events.push_back(RoomEvent::Speaking { audience, participants });
    }
}

impl Reason {
    const PERIODIC: [Self; 5] =
        [Self::Missing, Self::Feedback, Self::Layers, Self::Speaking, Self::Reports];

    /// Periods are no multiples of each other, so that not everything falls on one moment.
    fn period(self) -> Duration {
        match self {
            Self::Missing => Duration::from_millis(10),
            Self::Feedback => feedback::INTERVAL,
            Self::Layers => Duration::from_millis(263),
            Self::Speaking => Duration::from_millis(211),
            Self::Reports => Duration::from_millis(997),
            Self::Burst => Duration::ZERO,
        }
    }
}
