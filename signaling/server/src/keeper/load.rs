//! Makes a lesson's task from its log.
//!
//! Invariant: the log is taken over before it is read, so nobody else adds to what was read.
//! Left out on purpose: which lesson of a room it is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::stream::FuturesUnordered;
use kreide_cluster::{LogError, Stored, Talk};
use kreide_control::{Command, LessonKey};
use kreide_lesson::{Actor, Intent, Millis, Slot, Standing};
use kreide_protocol::ErrorCode;
use tokio::time::Instant;

use super::gathering::Gathering;
use super::ledger::{BadStore, Ledger};
use super::recorder::Recorder;
use super::seats::Seats;
use super::{Counted, Health, Keeper, Phase, Then};
use crate::clock;
use crate::rooms::Context;

/// A lesson whose last event is older is over: whoever opens its room begins a new one. Longer
/// than any lesson, because a quiet lesson logs nothing for long.
const STALE_MS: i64 = 4 * 60 * 60 * 1000;
/// How long people have to come back after this server took the lesson over, before their seats
/// count as offline.
const RETURN: Duration = Duration::from_secs(10);

/// Loads a lesson. `None` if it has ended.
pub(crate) async fn load(context: Context, key: LessonKey) -> Result<Option<Keeper>, ErrorCode> {
    let room = context.catalogue.room(key.tenant.clone(), key.room.clone());
    let room = room.await.map_err(|_unreachable| ErrorCode::Degraded)?;
    // The log's errors are all of one kind here: this node cannot have the lesson now.
    let degraded = |_error: LogError| ErrorCode::Degraded;
    let epoch = context.log.take_over(key.clone()).await.map_err(degraded)?;
    let stored = context.log.load(key.clone()).await.map_err(degraded)?;
    let read = match Ledger::read(key.clone(), epoch, stored, context.keys.chat_ids(&key)) {
        // A snapshot of a later version, perhaps: the log says the same, and takes longer.
        Err(BadStore::Snapshot) => {
            tracing::warn!(lesson = %key, "a snapshot cannot be read");
            let records = context.log.records(key.clone(), 1..=u64::MAX).await.map_err(degraded)?;
            let stored = context.log.load(key.clone()).await.map_err(degraded)?;
            let ids = context.keys.chat_ids(&key);
            Ledger::read(key.clone(), epoch, Stored { snapshot: None, records, ..stored }, ids)
        }
        read => read,
    };
    let mut ledger = read.map_err(|error| {
        tracing::error!(lesson = %key, %error, "the stored log cannot be read");
        ErrorCode::Internal
    })?;
    let stale = ledger.committed().latest().0 < clock::now() - STALE_MS
        && ledger.committed().last_seq() > 0;
    if stale && !ledger.committed().ended() {
        let at = Millis(clock::now());
        if ledger.propose(Actor::Server, Intent::End, at, Then::Nothing).is_ok()
            && let Some(append) = ledger.depart()
        {
            context.log.append(append).await.map_err(degraded)?;
        }
    }
    if stale || ledger.committed().ended() {
        let lesson = ledger.committed();
        let erase_at = context.config.erase_at(lesson.latest(), lesson.policy().keep_days);
        let ended = context.catalogue.end_lesson(key, erase_at);
        ended.await.map_err(|_unreachable| ErrorCode::Degraded)?;
        return Ok(None);
    }
    let (title, policy) = room.map(|room| (room.title, room.policy)).unwrap_or_default();
    let has_proven = ledger.committed().proven().next().is_some();
    let roster = if has_proven { Some(subjects(&context, &key).await?) } else { None };
    let talks = if policy.talks { talks(&context, &key).await? } else { Vec::new() };
    // Transports that a former owner of this process left behind would be beyond anyone's lock.
    // Their browsers are asked for a new offer when they come back.
    let order = Command::End { lesson: key.clone() };
    context.media.send(order).map_err(|_overloaded| ErrorCode::Degraded)?;
    let mut seats = Seats::default();
    let now = Instant::now();
    for person in ledger.committed().people() {
        if person.standing == Standing::Online {
            seats.goes_offline(person.no, now + RETURN);
        }
    }
    let mut keeper = Keeper {
        counted: Counted::new(context.metrics.clone(), &key),
        empty_until: Some(now + context.config.empty_lesson),
        title,
        recorder: Recorder::new(context.recorder.clone(), key.clone()),
        context,
        key,
        ledger,
        seats,
        gathering: Gathering::default(),
        work: FuturesUnordered::new(),
        health: Health::Good,
        phase: Phase::Running,
        speaking: BTreeMap::new(),
        repeat_media: None,
        ballots: None,
        owed_tallies: Vec::new(),
        owed_policy: None,
        unattended_at: None,
        expectation_at: None,
        lost_families: BTreeMap::new(),
    };
    if let Some(roster) = roster {
        keeper.take_off(&roster);
    }
    keeper.interrupt_recording();
    let decided = Intent::SetPolicy { policy, talks };
    keeper.propose(Actor::Server, decided, Then::Nothing);
    keeper.depart();
    Ok(Some(keeper))
}

/// Who is on the roster of a lesson's room.
async fn subjects(context: &Context, key: &LessonKey) -> Result<BTreeSet<String>, ErrorCode> {
    let roster = context.catalogue.roster(key.tenant.clone(), key.room.clone()).await;
    let roster = roster.map_err(|_unreachable| ErrorCode::Degraded)?;
    Ok(roster.into_iter().map(|person| person.subject).collect())
}

/// The talks that the school has planned for a room.
async fn talks(context: &Context, key: &LessonKey) -> Result<Vec<Slot>, ErrorCode> {
    let talks = context.catalogue.talks(key.tenant.clone(), key.room.clone()).await;
    let slot = |talk: Talk| Slot {
        no: talk.slot,
        begins: Millis(talk.begins),
        minutes: u16::try_from(talk.minutes).unwrap_or(u16::MAX),
    };
    Ok(talks.map_err(|_unreachable| ErrorCode::Degraded)?.into_iter().map(slot).collect())
}
