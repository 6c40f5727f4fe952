//! Finds the task that keeps a room's lesson; starts it where there is none.
//!
//! Invariant: at most one task of this process keeps a lesson, and a task that is gone is replaced
//! at the next join, from the log and with a new epoch.
//! Left out on purpose: placement on other nodes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::future::join_all;
use kreide_cluster::{Catalogue, CatalogueError, LessonLog};
use kreide_control::{
    Event, LessonKey, MediaPlane, ParticipantNo, RecorderEvent, RecorderPlane, RoomId, TenantId,
};
use kreide_protocol::ErrorCode;
use tokio::sync::{Mutex as AsyncMutex, mpsc};
use tokio::task::JoinHandle;

use crate::Config;
use crate::keeper::{self, Input, Outside};
use crate::keys::Keys;
use crate::metrics::Metrics;

/// Inputs that may wait for one lesson. When it is full its browsers wait, each on its own.
const INBOX: usize = 1024;
/// How long lessons may take to write their last events at the end.
const END: Duration = Duration::from_secs(5);

/// What every lesson's task needs.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) log: Arc<dyn LessonLog>,
    pub(crate) catalogue: Arc<dyn Catalogue>,
    pub(crate) media: Arc<dyn MediaPlane>,
    pub(crate) recorder: Arc<dyn RecorderPlane>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) metrics: Metrics,
    pub(crate) config: Config,
}

/// All lessons of this process.
pub(crate) struct Rooms {
    context: Context,
    /// Held while a lesson is looked up or put in, never over an await.
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    /// One lock for each room, held while its lesson is loaded, so that it is loaded once.
    doors: HashMap<(TenantId, RoomId), Arc<AsyncMutex<()>>>,
    running: HashMap<(TenantId, RoomId), Running>,
    stopping: bool,
}

struct Running {
    lesson: LessonKey,
    inbox: mpsc::Sender<Input>,
    task: JoinHandle<()>,
}

impl Rooms {
    pub(crate) fn new(context: Context) -> Self {
        Self { context, table: Mutex::default() }
    }

    /// The open lesson of a room; opens the next one if there is none.
    pub(crate) async fn open(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> Result<mpsc::Sender<Input>, ErrorCode> {
        let place = (tenant, room);
        let door = self.door(&place);
        let _loading = door.lock().await;
        if let Some((_, inbox)) = self.living(&place) {
            return Ok(inbox);
        }
        // A lesson whose end was written but not noted in the catalogue is noted now; then the
        // next one is opened. Twice is enough unless the catalogue forgets.
        for _ in 0..2 {
            let opened = self.context.catalogue.open_lesson(place.0.clone(), place.1.clone());
            let lesson = opened.await.map_err(|_unreachable| ErrorCode::Degraded)?;
            if let Some(inbox) = self.start(lesson).await? {
                return Ok(inbox);
            }
        }
        Err(ErrorCode::Internal)
    }

    /// A lesson that is still open.
    pub(crate) async fn resume(&self, lesson: LessonKey) -> Result<mpsc::Sender<Input>, ErrorCode> {
        let place = (lesson.tenant.clone(), lesson.room.clone());
        let door = self.door(&place);
        let _loading = door.lock().await;
        if let Some((living, inbox)) = self.living(&place) {
            return if living == lesson { Ok(inbox) } else { Err(ErrorCode::LessonEnded) };
        }
        let current = self.context.catalogue.current_lesson(place.0, place.1);
        let current = current.await.map_err(|_unreachable| ErrorCode::Degraded)?;
        if current.as_ref() != Some(&lesson) {
            return Err(ErrorCode::LessonEnded);
        }
        self.start(lesson).await?.ok_or(ErrorCode::LessonEnded)
    }

    /// The lesson that runs in a room.
    pub(crate) fn running(&self, tenant: TenantId, room: RoomId) -> Option<mpsc::Sender<Input>> {
        self.living(&(tenant, room)).map(|(_, inbox)| inbox)
    }

    /// Hands an event of the media plane to its lesson.
    pub(crate) async fn media(&self, event: Event) {
        let lesson = match &event {
            Event::Connected { lesson, .. }
            | Event::Disconnected { lesson, .. }
            | Event::Slots { lesson, .. }
            | Event::Speaking { lesson, .. }
            | Event::RoomFailed { lesson } => lesson,
        };
        let Some(inbox) = self.keeper_of(lesson) else { return };
        tracing::trace!(%lesson, "media event");
        if matches!(event, Event::Speaking { .. }) {
            // The next one replaces it anyway.
            let _full_or_gone = inbox.try_send(Input::Media(event));
        } else {
            // A lesson's task never waits for anybody, so this waits for its turn at most.
            let _gone = inbox.send(Input::Media(event)).await;
        }
    }

    /// Hands an event of the recorder to its lesson. A lesson that is loaded later knows by itself
    /// that nothing records it.
    pub(crate) async fn recorder(&self, event: RecorderEvent) {
        let RecorderEvent::Stopped { lesson, .. } = &event;
        let Some(inbox) = self.keeper_of(lesson) else { return };
        let _gone = inbox.send(Input::Recorder(event)).await;
    }

    /// Drops what people who were erased have said, if the lesson runs. One that is loaded from now
    /// on finds their texts without a key.
    pub(crate) async fn forget(&self, lesson: &LessonKey, people: Vec<ParticipantNo>) {
        let door = self.door(&(lesson.tenant.clone(), lesson.room.clone()));
        let _loading = door.lock().await;
        let Some(inbox) = self.keeper_of(lesson) else { return };
        let _gone = inbox.send(Input::Forget(people)).await;
    }

    /// Hands what the school says of a room to its lesson, if one runs. One that is loaded from now
    /// on asks itself.
    ///
    /// # Errors
    /// If the catalogue cannot be asked.
    pub(crate) async fn look_outside(
        &self,
        tenant: TenantId,
        room: RoomId,
    ) -> Result<(), CatalogueError> {
        let place = (tenant.clone(), room.clone());
        let door = self.door(&place);
        let _loading = door.lock().await;
        let Some((_, inbox)) = self.living(&place) else { return Ok(()) };
        let catalogue = &self.context.catalogue;
        let Some(found) = catalogue.room(tenant.clone(), room.clone()).await? else {
            return Ok(());
        };
        let roster = catalogue.roster(tenant, room).await?;
        let roster = roster.into_iter().map(|person| person.subject).collect();
        let outside = Outside { policy: found.policy, roster };
        let _gone = inbox.send(Input::Outside(Box::new(outside))).await;
        Ok(())
    }

    /// Ends all tasks: their browsers are told, their logs written.
    pub(crate) async fn shut_down(&self) {
        let running: Vec<_> = {
            let mut table = self.table();
            table.stopping = true;
            table.running.drain().map(|(_, running)| running).collect()
        };
        let ends = running.into_iter().map(async |running| {
            let _gone = running.inbox.send(Input::Stop).await;
            if tokio::time::timeout(END, running.task).await.is_err() {
                tracing::error!(lesson = %running.lesson, "the lesson's log was not written in time");
            }
        });
        join_all(ends).await;
    }

    /// Loads a lesson and starts its task. `None` if it turns out to have ended.
    async fn start(&self, lesson: LessonKey) -> Result<Option<mpsc::Sender<Input>>, ErrorCode> {
        if self.table().stopping {
            return Err(ErrorCode::GoingAway);
        }
        let Some(keeper) = keeper::load(self.context.clone(), lesson.clone()).await? else {
            return Ok(None);
        };
        let (inbox, inputs) = mpsc::channel(INBOX);
        let task = tokio::spawn(keeper.run(inputs));
        let place = (lesson.tenant.clone(), lesson.room.clone());
        let mut table = self.table();
        if table.stopping {
            // The end began while this was loading; nobody has been let in yet.
            task.abort();
            return Err(ErrorCode::GoingAway);
        }
        table.running.insert(place, Running { lesson, inbox: inbox.clone(), task });
        Ok(Some(inbox))
    }

    fn door(&self, place: &(TenantId, RoomId)) -> Arc<AsyncMutex<()>> {
        self.table().doors.entry(place.clone()).or_default().clone()
    }

    /// The task that keeps this lesson of its room, and no other.
    fn keeper_of(&self, lesson: &LessonKey) -> Option<mpsc::Sender<Input>> {
        let (living, inbox) = self.living(&(lesson.tenant.clone(), lesson.room.clone()))?;
        (living == *lesson).then_some(inbox)
    }

    fn living(&self, place: &(TenantId, RoomId)) -> Option<(LessonKey, mpsc::Sender<Input>)> {
        let mut table = self.table();
        let running = table.running.get(place)?;
        if running.inbox.is_closed() {
            table.running.remove(place);
            return None;
        }
        Some((running.lesson.clone(), running.inbox.clone()))
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("nobody panics while looking a lesson up")
    }
}
