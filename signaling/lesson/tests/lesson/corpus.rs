//! Logs of earlier versions, which every later version must read to the same state.
//!
//! A file is never edited. A change that gives another hash has changed what old lessons mean:
//! add the new field so that it is left out of the hash while it has its default.

use kreide_lesson::{Lesson, Logged};

use crate::fixture::{key, p};

#[test]
fn the_first_version() {
    let lesson = read(include_str!("../../corpus/0001-first-lesson.jsonl"));
    assert_eq!(lesson.people().count(), 4);
    assert_eq!(lesson.chat().count(), 2);
    assert!(lesson.ended());
    assert_eq!(
        lesson.state_hash(),
        "dc9549accac550241ede68c7a1309b75e2c8ba4b2279ce45f8999ed9fa4c04e5"
    );
}

#[test]
fn recordings() {
    let lesson = read(include_str!("../../corpus/0002-recordings.jsonl"));
    let recorded: Vec<_> = (1..=5).filter(|no| lesson.recordable(p(*no))).collect();
    assert_eq!(recorded, [2, 3], "the teacher who records, and one who said yes and stayed");
    assert_eq!(
        lesson.state_hash(),
        "3b9278fe3e72c29f7dd5fecb6db6d6228fdac86e57be32ad3f9f4730c003f77c"
    );
}

/// Lobby, words, quiet, undo, chat, groups, a poll, tools and a pause.
#[test]
fn a_whole_lesson() {
    let lesson = read(include_str!("../../corpus/0003-whole-lesson.jsonl"));
    assert!(lesson.ended());
    assert_eq!(lesson.chat().count(), 3);
    assert_eq!(lesson.poll().unwrap().result().unwrap().counts, [3, 3]);
    assert_eq!(lesson.groups().count(), 2);
    assert_eq!(
        lesson.state_hash(),
        "6e0fa365757a418c166364d0c42d8784d93f57fae7213bd1124b2878298a3aa3"
    );
}

fn read(text: &str) -> Lesson {
    let log = text.lines().map(|line| serde_json::from_str::<Logged>(line).expect(line));
    Lesson::replay(key(), log).unwrap()
}
