//! The node: starts the shards, places rooms on them, hands orders over.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use dashmap::DashMap;
use futures::FutureExt;
use futures::future::BoxFuture;
use kreide_control::{
    Answer, Command, Connect, ConnectError, Epoch, Event, LessonKey, MediaPlane, MediaTap,
    Overloaded, Tap,
};
use kreide_sfu_transport::{TransportConfig, TransportError};
use mio::Waker;
use prometheus::Registry;
use tokio::sync::{mpsc, oneshot};
use tracing::error;

use crate::addresses::announced_addresses;
use crate::metrics::Metrics;
use crate::shard::{Order, Shard};
use crate::tap;

/// How a node is set up.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Address of the first shard's socket; the next shards take the next ports.
    pub media: SocketAddr,
    /// How many shards; one thread and one port each.
    pub shards: usize,
    /// Addresses to announce; empty announces those of all interfaces.
    pub public: Vec<IpAddr>,
}

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// A media port is taken or not allowed.
    #[error("cannot listen for media on UDP {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No certificate could be made, or there is no address to announce.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Metrics were registered twice.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
    /// The system gave no thread or no poll handle.
    #[error("cannot start a media thread: {0}")]
    Thread(io::Error),
}

/// The media side of a process.
pub struct Node {
    shards: Vec<ShardHandle>,
    /// The shard of each lesson, from its first connection to its end: a room that empties and
    /// fills again stays where it was.
    places: DashMap<LessonKey, usize>,
    announced: Vec<SocketAddr>,
    next_shard: AtomicUsize,
}

struct ShardHandle {
    orders: SyncSender<Order>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
}

impl Node {
    /// Opens the sockets and starts the threads. Events come out of the returned receiver.
    ///
    /// # Errors
    /// [`NodeError`]; nothing runs then.
    pub fn start(
        config: &NodeConfig,
        registry: &Registry,
    ) -> Result<(Self, mpsc::Receiver<Event>), NodeError> {
        let metrics = Metrics::register(registry)?;
        let (events, receiver) = mpsc::channel(EVENT_QUEUE);
        let mut announced = Vec::new();
        let mut shards = Vec::new();
        for index in 0..config.shards.max(1) {
            let port = match config.media.port() {
                0 => 0,
                first => first + index as u16,
            };
            let address = SocketAddr::new(config.media.ip(), port);
            let bind_error = |source| NodeError::Bind { address, source };
            let socket = crate::socket::open(address).map_err(bind_error)?;
            let bound = socket.local_addr().map_err(bind_error)?;
            let candidates = announced_addresses(bound, &config.public);
            announced.extend(&candidates);
            let transport = Arc::new(TransportConfig::new(candidates)?);
            // Full when signaling orders more than a shard can do; it is told so.
            let (orders, inbox) = sync_channel(ORDER_QUEUE);
            let shard = Shard::new(socket, transport, inbox, events.clone(), metrics.clone())
                .map_err(NodeError::Thread)?;
            let waker = shard.waker();
            let thread = std::thread::Builder::new()
                .name(format!("shard-{index}"))
                .spawn(move || run_or_abort(shard))
                .map_err(NodeError::Thread)?;
            shards.push(ShardHandle { orders, waker, thread: Some(thread) });
        }
        Ok((
            Self { shards, places: DashMap::new(), announced, next_shard: AtomicUsize::new(0) },
            receiver,
        ))
    }

    /// Every address announced to browsers, in order of preference.
    #[must_use]
    pub fn media_addresses(&self) -> &[SocketAddr] {
        &self.announced
    }

    /// Ends all transports and threads.
    pub fn shutdown(&mut self) {
        for shard in &mut self.shards {
            let Some(thread) = shard.thread.take() else { continue };
            // A full queue is worked off in a moment.
            while shard.give(Order::Stop).is_err() && !thread.is_finished() {
                std::thread::sleep(Duration::from_millis(5));
            }
            let _ = thread.join();
        }
    }

    /// The shard of a lesson; a new lesson goes to the next one in turn.
    fn place(&self, lesson: &LessonKey) -> &ShardHandle {
        let place = *self
            .places
            .entry(lesson.clone())
            .or_insert_with(|| self.next_shard.fetch_add(1, Ordering::Relaxed) % self.shards.len());
        &self.shards[place]
    }
}

impl MediaPlane for Node {
    fn connect(&self, connect: Connect) -> BoxFuture<'static, Result<Answer, ConnectError>> {
        let (reply, answer) = oneshot::channel();
        let given = self.place(&connect.lesson).give(Order::Connect(Box::new(connect), reply));
        async move {
            given.map_err(|_| ConnectError::Unavailable)?;
            answer.await.map_err(|_| ConnectError::Unavailable)?
        }
        .boxed()
    }

    fn send(&self, command: Command) -> Result<(), Overloaded> {
        let lesson = match &command {
            Command::Connect(connect) => &connect.lesson,
            Command::SetRights { lesson, .. }
            | Command::SetRecordable { lesson, .. }
            | Command::SetView { lesson, .. }
            | Command::WantKeyframe { lesson, .. }
            | Command::Disconnect { lesson, .. }
            | Command::End { lesson } => lesson,
        };
        // A lesson without a place has no media: there is nothing to change.
        let Some(place) = self.places.get(lesson).map(|place| *place) else { return Ok(()) };
        let ended = match &command {
            Command::End { lesson } => Some(lesson.clone()),
            _ => None,
        };
        self.shards[place].give(Order::Command(command))?;
        // Only now: an end that was refused is ordered again.
        if let Some(lesson) = ended {
            self.places.remove(&lesson);
        }
        Ok(())
    }
}

impl MediaTap for Node {
    fn tap(&self, lesson: &LessonKey, _epoch: Epoch) -> Result<Tap, Overloaded> {
        let (sender, feed) = sync_channel(tap::QUEUE);
        self.place(lesson).give(Order::Tap(lesson.clone(), sender))?;
        Ok(Tap { feed })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.shutdown();
    }
}

/// A room's fault ends that room. A fault of the shard itself would leave a process that looks
/// healthy and moves no media: better to end it, and let the service manager start it anew.
fn run_or_abort(shard: Shard) {
    if catch_unwind(AssertUnwindSafe(|| shard.run())).is_err() {
        error!("a fault ended a media thread; the process stops");
        std::process::abort();
    }
}

impl ShardHandle {
    fn give(&self, order: Order) -> Result<(), Overloaded> {
        self.orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => Overloaded,
        })?;
        self.waker.wake().map_err(|_| Overloaded)
    }
}

const ORDER_QUEUE: usize = 4_096;
const EVENT_QUEUE: usize = 8_192;

#[cfg(test)]
mod tests;
