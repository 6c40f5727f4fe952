//! Which picture is the main one: content before the speaker's camera.
//!
//! The rule, in order: the newest content; the camera of the loudest speaker who has one; the
//! picture shown so far; the camera of the teacher who records; any. A speaker must lead for a
//! second, and a camera stays for three, so that a cough does not cut the recording to pieces.
//!
//! Invariant: only what is offered is wished for.

use std::time::Duration;

use kreide_control::{ParticipantNo, Source, SourceKind};

use crate::clock::{Ticks, ticks};

#[derive(Debug)]
pub(crate) struct Choice {
    by: ParticipantNo,
    /// What can be asked for; what was offered longest comes first.
    offered: Vec<Source>,
    speakers: Vec<ParticipantNo>,
    lead: Option<Since<ParticipantNo>>,
    wish: Option<Since<Source>>,
}

/// Something and when it began.
#[derive(Clone, Copy, Debug)]
struct Since<T> {
    what: T,
    from: Ticks,
}

impl Choice {
    pub(crate) fn new(by: ParticipantNo) -> Self {
        Self { by, offered: Vec::new(), speakers: Vec::new(), lead: None, wish: None }
    }

    /// Replaces what can be asked for.
    pub(crate) fn offer(&mut self, pictures: Vec<Source>) {
        self.offered.retain(|source| pictures.contains(source));
        for source in pictures {
            if !self.offered.contains(&source) {
                self.offered.push(source);
            }
        }
    }

    /// Replaces who speaks, loudest first.
    pub(crate) fn speaking(&mut self, speakers: Vec<ParticipantNo>) {
        self.speakers = speakers;
    }

    /// Chooses anew. The wish, if it has changed.
    pub(crate) fn update(&mut self, now: Ticks) -> Option<Option<Source>> {
        self.follow_lead(now);
        let shown = self.wish.map(|wish| wish.what);
        let chosen = self.choose(now);
        if chosen == shown {
            return None;
        }
        self.wish = chosen.map(|what| Since { what, from: now });
        Some(chosen)
    }

    fn follow_lead(&mut self, now: Ticks) {
        let lead = self.speakers.iter().copied().find(|speaker| self.offers(camera(*speaker)));
        if lead != self.lead.map(|lead| lead.what) {
            self.lead = lead.map(|what| Since { what, from: now });
        }
    }

    fn choose(&self, now: Ticks) -> Option<Source> {
        let content = self.offered.iter().rfind(|source| source.kind == SourceKind::Content);
        content
            .copied()
            .or_else(|| self.speaker(now))
            .or_else(|| self.shown().map(|wish| wish.what))
            .or_else(|| Some(camera(self.by)).filter(|source| self.offers(*source)))
            .or_else(|| self.lead.map(|lead| camera(lead.what)))
            .or_else(|| self.offered.first().copied())
    }

    /// The camera of the one who leads, if it is time to show it.
    fn speaker(&self, now: Ticks) -> Option<Source> {
        let lead = self.lead.filter(|lead| now - lead.from >= LEAD)?;
        let stays = |wish: &Since<Source>| now - wish.from < STAY;
        self.shown().is_none_or(|wish| !stays(&wish)).then(|| camera(lead.what))
    }

    /// The picture shown so far, if it has not ended.
    fn shown(&self) -> Option<Since<Source>> {
        self.wish.filter(|wish| self.offers(wish.what))
    }

    fn offers(&self, source: Source) -> bool {
        self.offered.contains(&source)
    }
}

fn camera(participant: ParticipantNo) -> Source {
    Source { participant, kind: SourceKind::Camera }
}

/// How long a speaker must lead.
const LEAD: Ticks = ticks(Duration::from_secs(1));
/// How long a camera stays.
const STAY: Ticks = ticks(Duration::from_secs(3));

#[cfg(test)]
mod tests {
    use super::*;

    enum News {
        Offer(Vec<Source>),
        Speak(&'static [u32]),
    }
    use News::{Offer, Speak};

    fn cam(of: u32) -> Source {
        camera(ParticipantNo(of))
    }

    fn content(of: u32) -> Source {
        Source { participant: ParticipantNo(of), kind: SourceKind::Content }
    }

    /// Plays news at tenths of a second; what is wished for, and since when. Teacher 1 records.
    fn check(news: &[(i64, News)], expected: &[(i64, Option<Source>)]) {
        let (mut choice, mut wishes) = (Choice::new(ParticipantNo(1)), Vec::new());
        for tenth in 0..150 {
            for (_, news) in news.iter().filter(|(at, _)| *at == tenth) {
                match news {
                    Offer(pictures) => choice.offer(pictures.clone()),
                    Speak(who) => choice.speaking(who.iter().copied().map(ParticipantNo).collect()),
                }
            }
            if let Some(wish) = choice.update(tenth * 4_800) {
                wishes.push((tenth, wish));
            }
        }
        assert_eq!(wishes, expected);
    }

    #[test]
    fn nothing_is_wished_for_while_nothing_is_offered() {
        check(&[(0, Speak(&[1, 2]))], &[]);
    }

    #[test]
    fn the_recording_teacher_comes_first() {
        check(&[(0, Offer(vec![cam(2), cam(1)]))], &[(0, Some(cam(1)))]);
        check(&[(0, Offer(vec![cam(3), cam(2)]))], &[(0, Some(cam(3)))]);
    }

    #[test]
    fn a_speaker_leads_for_a_second_and_a_camera_stays_for_three() {
        let all = || Offer(vec![cam(1), cam(2), cam(3)]);
        check(&[(0, all()), (40, Speak(&[2]))], &[(0, Some(cam(1))), (50, Some(cam(2)))]);
        check(&[(0, all()), (5, Speak(&[2]))], &[(0, Some(cam(1))), (30, Some(cam(2)))]);
        check(&[(0, all()), (40, Speak(&[2])), (45, Speak(&[]))], &[(0, Some(cam(1)))]);
        check(
            &[(0, all()), (40, Speak(&[2, 3])), (60, Speak(&[3, 2])), (68, Speak(&[2, 3]))],
            &[(0, Some(cam(1))), (50, Some(cam(2)))],
        );
        check(
            &[(0, all()), (40, Speak(&[2])), (51, Speak(&[3]))],
            &[(0, Some(cam(1))), (50, Some(cam(2))), (80, Some(cam(3)))],
        );
    }

    #[test]
    fn who_has_no_recordable_camera_does_not_lead() {
        check(
            &[(0, Offer(vec![cam(1), cam(3)])), (40, Speak(&[2, 3]))],
            &[(0, Some(cam(1))), (50, Some(cam(3)))],
        );
    }

    #[test]
    fn content_comes_at_once_and_the_newest_wins() {
        check(
            &[
                (0, Offer(vec![cam(1), cam(2)])),
                (10, Offer(vec![cam(1), content(1), cam(2)])),
                (15, Speak(&[2])),
                (20, Offer(vec![content(2), cam(1), content(1), cam(2)])),
                (30, Offer(vec![cam(1), cam(2)])),
            ],
            &[
                (0, Some(cam(1))),
                (10, Some(content(1))),
                (20, Some(content(2))),
                (30, Some(cam(2))),
            ],
        );
    }

    #[test]
    fn an_ended_picture_does_not_stay() {
        check(
            &[(0, Offer(vec![cam(2)])), (10, Offer(vec![cam(3)])), (20, Offer(vec![]))],
            &[(0, Some(cam(2))), (10, Some(cam(3))), (20, None)],
        );
    }
}
