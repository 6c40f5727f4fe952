//! Groups, polls, talks and tools as one reader may see them.
//!
//! Invariant: everything here is an absolute value, so that the last message wins; and it tells a
//! reader nothing of groups, families and answers that are not the reader's.

use kreide_control::ParticipantNo;
use kreide_lesson::{Fate, Lesson, StoredKind};
use kreide_protocol as protocol;

use super::snapshot::{everyone, is_teacher, participant};
use super::{Texts, text};

/// The groups as this reader may see them.
pub(super) fn groups(lesson: &Lesson, reader: ParticipantNo) -> protocol::Groups {
    let groups = lesson.groups();
    let sees_all = is_teacher(lesson, reader);
    let chosen = || groups.group_for(reader).filter(|_| groups.choice());
    let mine = groups.visits(reader).or_else(|| lesson.group_of(reader)).or_else(chosen);
    let is_mine = |group: u8| sees_all || mine == Some(group);
    let members = (1..=groups.count()).map(|group| {
        let members = groups.members(group).filter(|_| is_mine(group));
        members.map(|no| no.0).collect()
    });
    let visits = (1..=groups.count()).flat_map(|group| {
        groups.visitors(group).map(move |no| protocol::GroupVisit {
            who: no.0,
            group,
            listens: false,
            since: None,
        })
    });
    let listens = groups.listening().map(|(no, listening)| protocol::GroupVisit {
        who: no.0,
        group: listening.group,
        listens: true,
        since: Some(listening.begins.0),
    });
    protocol::Groups {
        count: groups.count(),
        choice: groups.choice(),
        open: groups.is_open(),
        until: groups.until().map(|at| at.0),
        mine,
        members: members.collect(),
        calls: groups.calls().filter(|group| is_mine(*group)).collect(),
        visits: visits.chain(listens).filter(|visit| is_mine(visit.group)).collect(),
        everywhere: groups.speakers().map(|no| no.0).collect(),
    }
}

/// Those whom this reader notices, as they are; in a crowd all of whom the reader is told.
pub(super) fn around(
    lesson: &Lesson,
    texts: &Texts,
    reader: ParticipantNo,
) -> Vec<protocol::Participant> {
    if lesson.is_told_in_part(reader) {
        return everyone(lesson, texts, reader);
    }
    let near = lesson.people().filter(|person| lesson.sees(reader, person.no));
    near.filter_map(|person| participant(lesson, texts, person.no, reader)).collect()
}

/// The last poll as this reader may see it.
pub(super) fn poll(
    lesson: &Lesson,
    texts: &Texts,
    reader: ParticipantNo,
) -> Option<protocol::Poll> {
    let poll = lesson.poll()?;
    let options = match &poll.kind {
        StoredKind::YesNo => protocol::PollOptions::YesNo,
        StoredKind::Letters(count) => protocol::PollOptions::Letters { count: *count },
        StoredKind::Options(options) => protocol::PollOptions::Texts {
            texts: options.iter().map(|option| text(texts, *option)).collect(),
        },
        StoredKind::Free => protocol::PollOptions::Free,
    };
    let result = poll.result().map(|result| protocol::PollResult {
        voters: u32::try_from(result.votes).unwrap_or(u32::MAX),
        counts: result.counts.to_vec(),
        answers: result.answers.iter().map(|answer| text(texts, *answer)).collect(),
        few: result.few,
    });
    Some(protocol::Poll {
        id: poll.id,
        question: poll.question.map(|question| text(texts, question)),
        options,
        live: poll.live,
        by: poll.by.0,
        open: poll.open,
        voted: poll.voted(reader),
        result,
    })
}

/// The talks of the day for teachers, the own one for a family.
pub(super) fn talks(lesson: &Lesson, reader: ParticipantNo) -> Vec<protocol::Talk> {
    if is_teacher(lesson, reader) {
        return lesson.talks().all().iter().map(told).collect();
    }
    let own = lesson.person(reader).and_then(|person| person.talk);
    own.and_then(|slot| talk(lesson, slot)).into_iter().collect()
}

/// One talk.
pub(super) fn talk(lesson: &Lesson, slot: u32) -> Option<protocol::Talk> {
    lesson.talks().get(slot).map(told)
}

fn told(talk: &kreide_lesson::Talk) -> protocol::Talk {
    let (state, until) = match talk.fate {
        Fate::Planned => (protocol::TalkState::Planned, None),
        Fate::On { until, .. } => (protocol::TalkState::On, Some(until.0)),
        Fate::Over => (protocol::TalkState::Over, None),
        Fate::Missed => (protocol::TalkState::Missed, None),
        Fate::Skipped => (protocol::TalkState::Skipped, None),
    };
    let slot = &talk.slot;
    protocol::Talk { slot: slot.no, begins: slot.begins.0, minutes: slot.minutes, state, until }
}

/// The tools as this reader may see them.
pub(super) fn tools(lesson: &Lesson, texts: &Texts, reader: ParticipantNo) -> protocol::Tools {
    let sees_all = is_teacher(lesson, reader);
    let announcement = lesson
        .announcement()
        .map(|line| protocol::Announcement { text: text(texts, line.text), by: line.by.0 });
    let ready = lesson.ready().map(|check| {
        let told = |wanted: bool| {
            let answers = check.answers.iter();
            let answers =
                answers.filter(move |(no, yes)| **yes == wanted && (sees_all || **no == reader));
            answers.map(|(no, _)| no.0).collect()
        };
        protocol::ReadyCheck { by: check.by.0, yes: told(true), not_yet: told(false) }
    });
    let knows = |no: &ParticipantNo| lesson.knows_of(reader, *no);
    protocol::Tools {
        spotlight: lesson.spotlight().iter().filter(|no| knows(no)).map(|no| no.0).collect(),
        focus: lesson.focus(),
        announcement,
        timer: lesson.timer().map(|timer| timer.until.0),
        ready,
        picked: lesson.picked().map(|pick| pick.no).filter(knows).map(|no| no.0),
    }
}
