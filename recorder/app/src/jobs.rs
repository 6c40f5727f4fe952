//! The recordings that run, as everybody but their own thread sees them.
//!
//! Invariant: a lock is held for a look, never over anything that waits. A thread that hangs in
//! its disk is given up by the others, not waited for.
//! Left out on purpose: what the thread does (`job`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kreide_control::{LessonKey, Overloaded, RecordOrder, RecordingId};
use kreide_protocol::FragmentInfo;
use tokio::sync::watch;

/// How long a recording still listens after its end: what was said before then is on its way.
const LINGER: Duration = Duration::from_millis(200);
/// A thread that took no turn for this long hangs in its disk. Turns come every 100 ms, and
/// a disk that is only slow answers within a second or two.
const HANGS: Duration = Duration::from_secs(4);

/// All recordings that run.
#[derive(Debug)]
pub(crate) struct Jobs {
    table: Mutex<Table>,
    count: watch::Sender<usize>,
}

#[derive(Debug)]
struct Table {
    /// How many may run: none from the beginning of the shutdown on.
    room: usize,
    jobs: HashMap<RecordingId, Arc<Job>>,
}

impl Jobs {
    pub(crate) fn new(room: usize) -> Self {
        let table = Table { room, jobs: HashMap::new() };
        Self { table: Mutex::new(table), count: watch::Sender::new(0) }
    }

    /// Adds a job. An earlier one of the same lesson ends now.
    ///
    /// # Errors
    /// [`Overloaded`] if there is no room.
    pub(crate) fn add(&self, job: Arc<Job>) -> Result<(), Overloaded> {
        let mut table = lock(&self.table);
        if table.jobs.len() >= table.room || table.jobs.contains_key(&job.order.recording) {
            return Err(Overloaded);
        }
        for other in table.jobs.values().filter(|other| other.order.lesson == job.order.lesson) {
            other.end(job.start);
        }
        table.jobs.insert(job.order.recording.clone(), job);
        self.count.send_replace(table.jobs.len());
        Ok(())
    }

    pub(crate) fn remove(&self, id: &RecordingId) {
        let mut table = lock(&self.table);
        table.jobs.remove(id);
        self.count.send_replace(table.jobs.len());
    }

    pub(crate) fn get(&self, id: &RecordingId) -> Option<Arc<Job>> {
        lock(&self.table).jobs.get(id).cloned()
    }

    /// Ends the recordings of a lesson.
    pub(crate) fn end(&self, lesson: &LessonKey, now: Instant) {
        for job in lock(&self.table).jobs.values().filter(|job| job.order.lesson == *lesson) {
            job.end(now);
        }
    }

    /// Ends all recordings and takes no more.
    pub(crate) fn close(&self, now: Instant) {
        let mut table = lock(&self.table);
        table.room = 0;
        for job in table.jobs.values() {
            job.end(now);
        }
    }

    /// Waits until none runs.
    pub(crate) async fn all_ended(&self) {
        let mut count = self.count.subscribe();
        // The sender lives as long as `self`.
        let _none = count.wait_for(|count| *count == 0).await;
    }

    /// Gives up the recordings whose threads hang, and tells which: each once.
    pub(crate) fn give_up_hanging(&self, now: Instant) -> Vec<Arc<Job>> {
        let table = lock(&self.table);
        table.jobs.values().filter(|job| job.give_up_if_hanging(now)).cloned().collect()
    }
}

/// A recording that runs.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) order: RecordOrder,
    /// The moment that becomes zero.
    pub(crate) start: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    wish: Wish,
    /// When its thread was last seen.
    turn: Instant,
    progress: Progress,
}

/// What others want of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Run,
    /// End with what was said until then.
    End(Instant),
    /// Others have told already that it ended then.
    GivenUp(Instant),
}

/// What of a recording is on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Its fragments.
    pub(crate) fragments: Vec<FragmentInfo>,
    /// Milliseconds.
    pub(crate) length: u64,
    /// Bytes.
    pub(crate) bytes: u64,
}

impl Job {
    pub(crate) fn new(order: RecordOrder, start: Instant) -> Self {
        let state = State { wish: Wish::Run, turn: start, progress: Progress::default() };
        Self { order, start, state: Mutex::new(state) }
    }

    /// The thread takes a turn. If the recording is to end, tells at which moment.
    pub(crate) fn turn(&self, now: Instant) -> Option<Instant> {
        let mut state = lock(&self.state);
        state.turn = now;
        match state.wish {
            Wish::Run => None,
            Wish::End(end) => (now >= end + LINGER).then_some(end),
            Wish::GivenUp(end) => Some(end),
        }
    }

    /// At which moment the recording was to end, if it was.
    pub(crate) fn wished_end(&self) -> Option<Instant> {
        match lock(&self.state).wish {
            Wish::Run => None,
            Wish::End(end) | Wish::GivenUp(end) => Some(end),
        }
    }

    /// Whether others have told already that it ended.
    pub(crate) fn is_given_up(&self) -> bool {
        matches!(lock(&self.state).wish, Wish::GivenUp(_))
    }

    fn end(&self, now: Instant) {
        let mut state = lock(&self.state);
        if state.wish == Wish::Run {
            state.wish = Wish::End(now);
        }
    }

    fn give_up_if_hanging(&self, now: Instant) -> bool {
        let mut state = lock(&self.state);
        let hangs = now.saturating_duration_since(state.turn) > HANGS;
        match state.wish {
            Wish::Run if hangs => state.wish = Wish::GivenUp(now),
            Wish::End(end) if hangs => state.wish = Wish::GivenUp(end),
            _ => return false,
        }
        true
    }

    /// Notes a fragment that is on disk.
    pub(crate) fn grown(&self, fragment: FragmentInfo, length: u64, bytes: u64) {
        let mut state = lock(&self.state);
        state.progress.fragments.push(fragment);
        state.progress.length = length;
        state.progress.bytes = bytes;
    }

    /// What is on disk.
    pub(crate) fn progress(&self) -> Progress {
        lock(&self.state).progress.clone()
    }

    /// Milliseconds and bytes on disk.
    pub(crate) fn size(&self) -> (u64, u64) {
        let state = lock(&self.state);
        (state.progress.length, state.progress.bytes)
    }
}

/// A panic while a lock was held left nothing half done: every change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use kreide_control::{Epoch, ParticipantNo, RoomId, TenantId};

    use super::*;

    fn job(id: &str, lesson: u32, start: Instant) -> Arc<Job> {
        let lesson = LessonKey {
            tenant: TenantId::parse("school").unwrap(),
            room: RoomId::parse("7b").unwrap(),
            lesson,
        };
        let order = RecordOrder {
            lesson,
            epoch: Epoch(1),
            recording: RecordingId::parse(id).unwrap(),
            by: ParticipantNo(1),
            started: 0,
        };
        Arc::new(Job::new(order, start))
    }

    #[test]
    fn there_is_room_for_so_many_and_none_after_closing() {
        let (jobs, now) = (Jobs::new(2), Instant::now());
        assert_eq!(jobs.add(job("a", 1, now)), Ok(()));
        assert_eq!(jobs.add(job("a", 2, now)), Err(Overloaded), "the same one twice");
        assert_eq!(jobs.add(job("b", 2, now)), Ok(()));
        assert_eq!(jobs.add(job("c", 3, now)), Err(Overloaded));
        jobs.remove(&RecordingId::parse("a").unwrap());
        assert_eq!(jobs.add(job("c", 3, now)), Ok(()));
        jobs.close(now);
        jobs.remove(&RecordingId::parse("c").unwrap());
        assert_eq!(jobs.add(job("d", 4, now)), Err(Overloaded));
        assert!(jobs.get(&RecordingId::parse("b").unwrap()).unwrap().wished_end().is_some());
    }

    #[test]
    fn the_next_recording_of_a_lesson_ends_the_one_before() {
        let (jobs, now) = (Jobs::new(9), Instant::now());
        let (first, other) = (job("a", 1, now), job("b", 2, now));
        jobs.add(first.clone()).unwrap();
        jobs.add(other.clone()).unwrap();
        jobs.add(job("c", 1, now + HANGS)).unwrap();
        assert_eq!(first.wished_end(), Some(now + HANGS));
        assert_eq!(other.wished_end(), None);
    }

    #[test]
    fn a_recording_ends_when_it_was_told_to_and_a_moment_later() {
        let now = Instant::now();
        let job = job("a", 1, now);
        assert_eq!(job.turn(now), None);
        job.end(now);
        job.end(now + LINGER);
        assert_eq!(job.turn(now), None);
        assert_eq!(job.turn(now + LINGER), Some(now));
    }

    #[test]
    fn a_thread_that_hangs_is_given_up_once() {
        let (jobs, now) = (Jobs::new(9), Instant::now());
        let (hangs, ending, works) = (job("a", 1, now), job("b", 2, now), job("c", 3, now));
        for job in [&hangs, &ending, &works] {
            jobs.add(job.clone()).unwrap();
        }
        ending.end(now);
        let later = now + HANGS + LINGER;
        assert_eq!(works.turn(later), None);
        let given_up = jobs.give_up_hanging(later);
        assert_eq!(given_up.len(), 2);
        assert!(jobs.give_up_hanging(later).is_empty());
        assert_eq!(hangs.turn(later), Some(later), "nothing after what the class was told");
        assert_eq!(ending.turn(later), Some(now));
    }
}
