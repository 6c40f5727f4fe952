//! Polls: what is asked, what is told, and that no vote can be traced to its voter.

use std::collections::BTreeSet;

use kreide_control::ParticipantNo;
use kreide_lesson::{
    Actor, Ballot, BallotBox, Batch, Choice, Denied, Event, Intent, Lesson, MIN_BATCH, PollEvent,
    PollIntent, PollKind, StoredKind, Text,
};

use crate::fixture::{Class, Role, key, p};

/// A teacher, number 1, and so many pupils from number 2 on.
pub(crate) fn class(pupils: usize) -> Class {
    let roles: Vec<_> = [Role::Teacher].into_iter().chain(vec![Role::Pupil; pupils]).collect();
    Class::with(&roles)
}

pub(crate) fn open(kind: PollKind, live: bool) -> Intent {
    Intent::Poll(PollIntent::Open { question: Some(Text::from("Why?")), kind, live })
}

fn vote(id: u64, option: u8) -> Intent {
    Intent::Poll(PollIntent::Vote { id, choice: Choice::Option(option) })
}

fn words(id: u64, text: &str) -> Intent {
    Intent::Poll(PollIntent::Vote { id, choice: Choice::Words(Text::from(text)) })
}

/// What a server does: a box beside the lesson.
struct Asked {
    class: Class,
    ballots: BallotBox,
    /// How many votes each published batch had.
    batches: Vec<usize>,
}

impl Asked {
    fn new(mut class: Class, kind: PollKind, live: bool) -> Self {
        class.by(1, open(kind, live)).unwrap();
        let ballots = BallotBox::new(class.lesson.poll().unwrap(), 11);
        Self { class, ballots, batches: Vec::new() }
    }

    fn vote(&mut self, no: u32, intent: Intent) -> Result<(), Denied> {
        let outcome = self.class.act(Actor::Participant(p(no)), intent)?;
        assert_eq!((outcome.events.len(), outcome.payloads.len()), (0, 0), "a vote is no event");
        self.ballots.cast(outcome.ballot.unwrap())?;
        let due = self.ballots.due(&self.class.lesson.eligible());
        self.tell(due);
        Ok(())
    }

    fn tell(&mut self, batch: Option<Batch>) {
        let Some(batch) = batch else { return };
        self.batches.push(batch.counts.iter().sum::<u32>() as usize + batch.answers.len());
        let id = self.ballots.poll();
        let tally = Intent::Poll(PollIntent::Tally { id, batch });
        assert_ne!(self.class.act(Actor::Server, tally).unwrap().events, []);
    }

    fn close(&mut self) {
        let rest = self.ballots.drain();
        self.tell(rest);
        self.class.by(1, Intent::Poll(PollIntent::Close)).unwrap();
    }

    fn counts(&self) -> Option<Vec<u32>> {
        Some(self.class.lesson.poll().unwrap().result()?.counts.to_vec())
    }
}

#[test]
fn what_can_be_asked() {
    let option = |text: &str| Text::from(text);
    let options = |n: usize| PollKind::Options(vec![option("x"); n]);
    for (kind, ok) in [
        (PollKind::YesNo, Ok(())),
        (PollKind::Free, Ok(())),
        (PollKind::Letters(1), Err(Denied::Forbidden)),
        (PollKind::Letters(2), Ok(())),
        (PollKind::Letters(8), Ok(())),
        (PollKind::Letters(9), Err(Denied::Forbidden)),
        (options(1), Err(Denied::Forbidden)),
        (options(2), Ok(())),
        (options(10), Ok(())),
        (options(11), Err(Denied::Forbidden)),
        (PollKind::Options(vec![option("a"), option(" ")]), Err(Denied::BadText)),
        (PollKind::Options(vec![option("a"), option(&"b".repeat(100))]), Ok(())),
        (PollKind::Options(vec![option("a"), option(&"b".repeat(101))]), Err(Denied::BadText)),
    ] {
        let got = class(1).by(1, open(kind.clone(), true)).map(|_| ());
        assert_eq!(got, ok, "{kind:?}");
    }
    for (question, ok) in
        [("?".repeat(300), true), ("?".repeat(301), false), (String::new(), false)]
    {
        let question = Some(Text::from(question));
        let open = PollIntent::Open { question, kind: PollKind::YesNo, live: true };
        assert_eq!(class(1).by(1, Intent::Poll(open)).is_ok(), ok);
    }
}

#[test]
fn question_and_options_are_payloads_of_the_teacher() {
    let mut class = class(1);
    let kind = PollKind::Options(vec![Text::from(" red "), Text::from("blue")]);
    class.by(1, open(kind, false)).unwrap();
    let told = &class.payloads[class.payloads.len() - 3..];
    let texts: Vec<_> = told.iter().map(|payload| payload.text.as_str()).collect();
    assert_eq!(texts, ["Why?", "red", "blue"]);
    assert!(told.iter().all(|payload| payload.of == p(1)));
    let poll = class.lesson.poll().unwrap();
    assert_eq!(poll.question, Some(told[0].id));
    assert_eq!(poll.kind, StoredKind::Options(vec![told[1].id, told[2].id]));
    // The next text has a number of its own.
    class.by(1, Intent::Poll(PollIntent::Close)).unwrap();
    class.by(1, open(PollKind::YesNo, false)).unwrap();
    let ids: BTreeSet<_> = class.payloads.iter().map(|payload| payload.id).collect();
    assert_eq!(ids.len(), class.payloads.len());
}

#[test]
fn one_poll_at_a_time() {
    let mut class = class(1);
    assert_eq!(class.by(1, Intent::Poll(PollIntent::Close)).unwrap(), []);
    class.by(1, open(PollKind::YesNo, true)).unwrap();
    assert_eq!(class.by(1, open(PollKind::Free, true)), Err(Denied::TooLate));
    let closed = class.by(1, Intent::Poll(PollIntent::Close)).unwrap();
    assert_eq!(closed, [Event::Poll(PollEvent::Closed { id: 1, by: Some(p(1)) })]);
    assert_eq!(class.by(1, Intent::Poll(PollIntent::Close)).unwrap(), []);
    class.by(1, open(PollKind::Free, true)).unwrap();
    assert_eq!(class.lesson.poll().unwrap().id, 2);
    // The end of the lesson is the end of the poll.
    let kinds: Vec<_> = class.by(1, Intent::End).unwrap();
    assert_eq!(kinds[0], Event::Poll(PollEvent::Closed { id: 2, by: Some(p(1)) }));
    assert!(!class.lesson.poll().unwrap().open);
}

#[test]
fn who_votes_for_what() {
    let mut asked = Asked::new(class(7), PollKind::Letters(3), true);
    assert_eq!(asked.vote(2, vote(0, 0)), Err(Denied::NotFound));
    assert_eq!(asked.vote(2, vote(2, 0)), Err(Denied::NotFound));
    assert_eq!(asked.vote(2, vote(1, 3)), Err(Denied::NotFound));
    assert_eq!(asked.vote(2, words(1, "a")), Err(Denied::NotFound));
    asked.vote(2, vote(1, 2)).unwrap();
    assert_eq!(asked.vote(2, vote(1, 1)), Err(Denied::TooLate), "known in the box");
    for no in 3..=8 {
        asked.vote(no, vote(1, 0)).unwrap();
    }
    assert!(asked.class.lesson.poll().unwrap().voted(p(2)), "all have voted");
    assert_eq!(asked.vote(2, vote(1, 1)), Err(Denied::TooLate), "known in the lesson");
    asked.close();
    assert_eq!(asked.vote(2, vote(1, 1)), Err(Denied::TooLate));
    assert_eq!(asked.counts(), Some(vec![6, 0, 1]));

    let mut asked = Asked::new(asked.class, PollKind::Free, true);
    assert_eq!(asked.vote(2, vote(2, 0)), Err(Denied::NotFound));
    assert_eq!(asked.vote(2, vote(1, 0)), Err(Denied::TooLate), "that poll is over");
    assert_eq!(asked.vote(2, words(2, "")), Err(Denied::BadText));
    assert_eq!(asked.vote(2, words(2, &"x".repeat(301))), Err(Denied::BadText));
    asked.vote(2, words(2, "because")).unwrap();
}

#[test]
fn a_live_poll_shows_everything_when_everyone_has_voted() {
    let mut asked = Asked::new(class(13), PollKind::YesNo, true);
    let mut shown = Vec::new();
    for no in 2..=14 {
        asked.vote(no, vote(1, u8::from(no % 3 == 0))).unwrap();
        shown.push(asked.counts().unwrap().iter().sum::<u32>());
    }
    assert_eq!(shown, [0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 5, 5, 13]);
    assert_eq!(asked.batches, [5, 8]);
    // Whoever comes now would vote alone.
    let late = asked.class.seat("late", Role::Guest);
    assert_eq!(asked.vote(late.0, vote(1, 0)), Err(Denied::TooLate));
    asked.close();
    assert_eq!(asked.batches, [5, 8]);
}

/// Who is offline is not waited for, and who has voted and left does not stand in for others.
#[test]
fn who_is_waited_for() {
    let mut asked = Asked::new(class(8), PollKind::YesNo, true);
    for no in 2..=7 {
        asked.vote(no, vote(1, 0)).unwrap();
    }
    for no in 2..=4 {
        asked.class.by(no, Intent::Leave).unwrap();
    }
    assert_eq!(asked.ballots.due(&asked.class.lesson.eligible()), None);
    asked.class.act(Actor::Server, Intent::Disconnected { who: p(8) }).unwrap();
    assert_eq!(asked.ballots.due(&asked.class.lesson.eligible()), None);
    asked.vote(9, vote(1, 1)).unwrap();
    assert_eq!(asked.batches, [7]);
    assert!(!asked.class.lesson.eligible().contains(&p(1)), "teachers only ask");
}

#[test]
fn a_hidden_poll_shows_nothing_before_it_is_closed() {
    let mut asked = Asked::new(class(13), PollKind::YesNo, false);
    let seqs = |class: &Class| [1, 2].map(|no| class.lesson.seq_for(p(no)));
    let before = seqs(&asked.class);
    for no in 2..=14 {
        asked.vote(no, vote(1, 0)).unwrap();
        assert_eq!(asked.counts(), None);
    }
    assert_eq!(seqs(&asked.class), before, "it cannot even be counted");
    asked.close();
    assert_eq!(asked.counts(), Some(vec![13, 0]));
    assert_eq!(asked.batches, [5, 8]);
}

#[test]
fn a_few_votes_are_told_at_the_end_and_name_nobody() {
    for live in [true, false] {
        let mut asked = Asked::new(class(4), PollKind::YesNo, live);
        for no in 2..=5 {
            asked.vote(no, vote(1, u8::from(no == 3))).unwrap();
        }
        assert_eq!(asked.batches, [0; 0], "also when everyone has voted");
        let rest = asked.ballots.drain();
        asked.tell(rest);
        let poll = asked.class.lesson.poll().unwrap();
        assert!(poll.result().is_none() && !poll.voted(p(3)));
        let stored = serde_json::to_value(&asked.class.log.last().unwrap().event).unwrap();
        assert_eq!(stored["voters"], serde_json::json!([]));
        assert_eq!(asked.vote(2, vote(1, 0)), Err(Denied::TooLate));
        asked.class.by(1, Intent::Poll(PollIntent::Close)).unwrap();
        let result = asked.class.lesson.poll().unwrap().result().unwrap();
        assert_eq!((result.votes, result.counts, result.few), (4, &[3, 1][..], true));
    }
}

#[test]
fn answers_belong_to_nobody_and_their_order_says_nothing() {
    let order = |seed| {
        let mut asked = Asked::new(class(8), PollKind::Free, false);
        asked.ballots = BallotBox::new(asked.class.lesson.poll().unwrap(), seed);
        for no in 2..=9 {
            asked.vote(no, words(1, &format!("w{no}"))).unwrap();
        }
        asked.close();
        let answers = asked.class.lesson.poll().unwrap().result().unwrap().answers.to_vec();
        let told = |id| asked.class.payloads.iter().find(|payload| payload.id == id).unwrap();
        let told: Vec<_> = answers.into_iter().map(told).collect();
        assert!(told.iter().all(|payload| payload.of == ParticipantNo(0)));
        told.iter().map(|payload| payload.text.as_str().to_owned()).collect::<Vec<_>>()
    };
    let first: BTreeSet<_> = (0..40).map(|seed| order(seed)[0].clone()).collect();
    assert_eq!(first.len(), 8, "each of the eight comes first with some seed");
    let all: BTreeSet<_> = order(3).into_iter().collect();
    assert_eq!(all, (2..=9).map(|no| format!("w{no}")).collect());
}

/// A batch that would tell something of one person is not taken from the server either.
#[test]
fn batches_that_tell_too_much_are_refused() {
    let mut class = class(12);
    class.by(1, open(PollKind::YesNo, true)).unwrap();
    let batch = |voters: std::ops::Range<u32>, counts: &[u32]| Batch {
        voters: voters.map(p).collect(),
        counts: counts.to_vec(),
        answers: Vec::new(),
    };
    let tell = |class: &mut Class, batch| {
        class.act(Actor::Server, Intent::Poll(PollIntent::Tally { id: 1, batch })).map(|_| ())
    };
    for bad in [
        batch(2..6, &[2, 2]),
        batch(2..7, &[2, 2]),
        batch(2..7, &[3, 2, 0]),
        batch(0..0, &[3, 2]),
        Batch { answers: vec![Text::from("x")], ..batch(2..7, &[4, 0]) },
    ] {
        assert_eq!(tell(&mut class, bad.clone()), Err(Denied::Forbidden), "{bad:?}");
    }
    tell(&mut class, batch(2..7, &[3, 2])).unwrap();
    assert_eq!(tell(&mut class, batch(6..11, &[3, 2])), Err(Denied::Forbidden), "6 twice");
    assert_eq!(tell(&mut class, batch(0..0, &[1, 0])), Err(Denied::Forbidden), "one alone");
    tell(&mut class, batch(7..12, &[0, 5])).unwrap();

    // A box that was begun anew knows whose votes are published, and loses a few rather than
    // telling them.
    let mut again = BallotBox::new(class.lesson.poll().unwrap(), 1);
    let ballot = |no| Ballot { poll: 1, voter: p(no), choice: Choice::Option(0) };
    assert_eq!(again.cast(ballot(3)), Err(Denied::TooLate));
    again.cast(ballot(12)).unwrap();
    assert_eq!(again.due(&BTreeSet::from([p(12)])), None);
    assert_eq!(again.drain(), None);
}

/// Thirteen people vote in a known order, everything that is kept is looked at after each vote,
/// and nothing of it isolates a voter.
#[test]
fn votes_cannot_be_linked() {
    let mut asked = Asked::new(class(13), PollKind::YesNo, true);
    // Among the absent: the poll does not end by itself.
    asked.class.seat("absent", Role::Pupil);
    let order = [9, 4, 14, 2, 11, 6, 3, 13, 8, 5, 12, 7, 10];
    // What someone sees who watches the result, the log and the votes coming in.
    let mut seen = asked.counts().unwrap();
    let mut before = asked.class.lesson.state_hash();
    for (n, no) in order.into_iter().enumerate() {
        asked.class.pass(1_000);
        let from = asked.class.log.len();
        asked.vote(no, vote(1, u8::from(no == 14))).unwrap();
        let counts = asked.counts().unwrap();
        let new: u32 = counts.iter().sum::<u32>() - seen.iter().sum::<u32>();
        assert!(new == 0 || new as usize >= MIN_BATCH, "vote {n} shows {new}");
        let hash = asked.class.lesson.state_hash();
        if new == 0 {
            assert_eq!((asked.class.log.len(), &hash), (from, &before), "a vote leaves no trace");
        }
        (seen, before) = (counts, hash);
    }
    asked.close();
    assert_eq!(asked.batches, [5, 8]);

    let mut told = BTreeSet::new();
    for logged in &asked.class.log {
        let Event::Poll(PollEvent::Tally { voters, counts, .. }) = &logged.event else { continue };
        assert!(voters.len() >= MIN_BATCH && voters.is_sorted());
        assert_eq!(counts.iter().sum::<u32>() as usize, voters.len());
        assert!(voters.iter().all(|no| told.insert(*no)), "one voter in two batches");
        for no in (1..=15).map(p) {
            assert!(!asked.class.lesson.visible(logged, no), "nobody is told who voted");
        }
    }
    assert_eq!(told, order.into_iter().map(p).collect());
    let again = Lesson::replay(key(), asked.class.log.clone()).unwrap();
    assert_eq!(again.state_hash(), asked.class.lesson.state_hash());
    assert!(!again.poll().unwrap().voted(p(14)), "the closed poll forgets who voted");
}

#[test]
fn nothing_on_the_way_shows_a_choice() {
    let choices = [Choice::Option(7), Choice::Words(Text::from("zebra"))];
    for choice in choices {
        let kind = match choice {
            Choice::Option(_) => PollKind::Letters(8),
            Choice::Words(_) => PollKind::Free,
        };
        let mut asked = Asked::new(class(1), kind, true);
        let ballot = Ballot { poll: 1, voter: p(2), choice: choice.clone() };
        asked.ballots.cast(ballot.clone()).unwrap();
        let intent = Intent::Poll(PollIntent::Vote { id: 1, choice: choice.clone() });
        let outcome = asked.class.act(Actor::Participant(p(2)), intent.clone()).unwrap();
        let shown = format!("{choice:?} {ballot:?} {intent:?} {outcome:?} {:?}", asked.ballots);
        assert!(!shown.contains('7') && !shown.contains("zebra"), "{shown}");
        assert!(format!("{:?}", asked.ballots).len() < 40, "no voters either");
    }
}
