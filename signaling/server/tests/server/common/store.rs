//! A lesson log that can fail and can be held up, over the real one.

use std::ops::RangeInclusive;

use futures::future::BoxFuture;
use kreide_cluster::{
    Append, Change, LessonLog, LogError, Record, Snapshot, SqliteStore, Stored, Whose,
};
use kreide_control::{Epoch, LessonKey};
use tokio::sync::watch;

pub(crate) struct Fickle {
    store: SqliteStore,
    mood: watch::Sender<Mood>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mood {
    Good,
    /// Appends wait.
    Slow,
    /// Appends fail.
    Down,
}

impl Fickle {
    pub(crate) fn new(store: SqliteStore) -> Self {
        Self { store, mood: watch::Sender::new(Mood::Good) }
    }

    pub(crate) fn good(&self) {
        self.mood.send_replace(Mood::Good);
    }

    pub(crate) fn slow(&self) {
        self.mood.send_replace(Mood::Slow);
    }

    pub(crate) fn down(&self) {
        self.mood.send_replace(Mood::Down);
    }
}

impl LessonLog for Fickle {
    fn take_over(&self, lesson: LessonKey) -> BoxFuture<'static, Result<Epoch, LogError>> {
        self.store.take_over(lesson)
    }

    fn load(&self, lesson: LessonKey) -> BoxFuture<'static, Result<Stored, LogError>> {
        self.store.load(lesson)
    }

    fn append(&self, append: Append) -> BoxFuture<'static, Result<(), LogError>> {
        let (store, mut mood) = (self.store.clone(), self.mood.subscribe());
        Box::pin(async move {
            let mood = *mood.wait_for(|mood| *mood != Mood::Slow).await.unwrap();
            if mood == Mood::Down {
                return Err(LogError::Unavailable);
            }
            store.append(append).await
        })
    }

    fn erase(&self, lesson: LessonKey, whose: Whose) -> BoxFuture<'static, Result<u64, LogError>> {
        self.store.erase(lesson, whose)
    }

    fn records(
        &self,
        lesson: LessonKey,
        which: RangeInclusive<u64>,
    ) -> BoxFuture<'static, Result<Vec<Record>, LogError>> {
        self.store.records(lesson, which)
    }

    fn put_snapshot(
        &self,
        lesson: LessonKey,
        epoch: Epoch,
        snapshot: Snapshot,
    ) -> BoxFuture<'static, Result<(), LogError>> {
        self.store.put_snapshot(lesson, epoch, snapshot)
    }

    fn rewrite(
        &self,
        lesson: LessonKey,
        epoch: Epoch,
        change: Change,
    ) -> BoxFuture<'static, Result<u64, LogError>> {
        self.store.rewrite(lesson, epoch, change)
    }
}
