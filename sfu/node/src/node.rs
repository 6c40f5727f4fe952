//! The node: starts the shards, places rooms on them, hands orders over.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kreide_control::{
    Answer, Command, Connect, ConnectError, Epoch, Event, LessonKey, MediaPlane, MediaTap,
    Overloaded, Tap,
};
use kreide_sfu_core::PartId;
use kreide_sfu_transport::{TransportConfig, TransportError};
use prometheus::Registry;
use tokio::sync::{mpsc, oneshot};
use tracing::error;

use crate::addresses::announced_addresses;
use crate::metrics::Metrics;
use crate::placement::{Load, Placed, Placement};
use crate::relay::{Post, letter_box};
use crate::shard::{Order, Shard, ShardParts};
use crate::socket::MediaSocket;
use crate::tap;
use crate::waiting::Waker;

/// How a node is set up.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Address of the first shard's socket; the next shards take the next ports.
    pub media: SocketAddr,
    /// How many shards; one thread and one port each.
    pub shards: usize,
    /// Addresses to announce; empty announces those of all interfaces.
    pub public: Vec<IpAddr>,
    /// How long packets wait for the rest of their frame, so that they leave together.
    pub coalescing: Duration,
    /// People of one room on one shard, before newcomers go to another.
    pub part_size: usize,
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
    /// Kept from a lesson's first connection to its end: a room that empties and fills again stays
    /// where it was.
    placement: Placement,
    announced: Vec<SocketAddr>,
}

struct ShardHandle {
    orders: SyncSender<Order>,
    waker: Waker,
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
        let mut sockets = Vec::new();
        for index in 0..config.shards.max(1) {
            let port = match config.media.port() {
                0 => 0,
                first => first + index as u16,
            };
            let address = SocketAddr::new(config.media.ip(), port);
            let bind_error = |source| NodeError::Bind { address, source };
            let socket = MediaSocket::open(address).map_err(bind_error)?;
            let bound = socket.local_addr().map_err(bind_error)?;
            let candidates = announced_addresses(bound, &config.public);
            announced.extend(&candidates);
            sockets.push((socket, Arc::new(TransportConfig::new(candidates)?)));
        }
        let wakers = sockets.iter().map(|_| Waker::new()).collect::<Result<Vec<_>, _>>();
        let wakers = wakers.map_err(NodeError::Thread)?;
        let (addresses, inboxes): (Vec<_>, Vec<_>) = wakers.iter().map(letter_box).unzip();
        let loads: Vec<Arc<Load>> = sockets.iter().map(|_| Arc::default()).collect();
        let mut shards = Vec::new();
        for (index, ((socket, transport), letters)) in sockets.into_iter().zip(inboxes).enumerate()
        {
            // Full when signaling orders more than a shard can do; it is told so.
            let (orders, inbox) = sync_channel(ORDER_QUEUE);
            let shard = Shard::new(ShardParts {
                own: PartId(index),
                socket,
                waker: wakers[index].clone(),
                transport,
                coalescing: config.coalescing,
                orders: inbox,
                letters,
                post: Post::new(&addresses),
                load: Arc::clone(&loads[index]),
                events: events.clone(),
                metrics: metrics.clone(),
            });
            let thread = std::thread::Builder::new()
                .name(format!("shard-{index}"))
                .spawn(move || run_or_abort(shard))
                .map_err(NodeError::Thread)?;
            let waker = wakers[index].clone();
            shards.push(ShardHandle { orders, waker, thread: Some(thread) });
        }
        let placement = Placement::new(loads, config.part_size);
        Ok((Self { shards, placement, announced }, receiver))
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

    fn end(&self, lesson: &LessonKey) -> Result<(), Overloaded> {
        for shard in self.placement.parts(lesson) {
            let end = Command::End { lesson: lesson.clone() };
            self.shards[shard].give(Order::Command(end))?;
        }
        self.placement.end(lesson);
        Ok(())
    }

    /// Sends a newcomer to its shard. The other parts of its room learn of that one; and home, so
    /// that there is somebody who chooses the voices.
    fn seat(&self, connect: Connect, reply: Reply) -> Result<(), Overloaded> {
        let Placed { shard, seating, tell } =
            self.placement.seat(&connect.lesson, connect.participant);
        for part in tell {
            let spread = Order::Spread(connect.lesson.clone(), seating.clone());
            self.shards[part.0].give(spread)?;
        }
        self.shards[shard].give(Order::Connect(Box::new(connect), seating, reply))
    }
}

type Reply = oneshot::Sender<Result<Answer, ConnectError>>;

impl MediaPlane for Node {
    fn connect(&self, connect: Connect) -> BoxFuture<'static, Result<Answer, ConnectError>> {
        let (reply, answer) = oneshot::channel();
        let given = self.seat(connect, reply);
        async move {
            given.map_err(|_| ConnectError::Unavailable)?;
            answer.await.map_err(|_| ConnectError::Unavailable)?
        }
        .boxed()
    }

    fn send(&self, command: Command) -> Result<(), Overloaded> {
        let (lesson, participant) = match command {
            Command::Connect(connect) => return self.seat(connect, oneshot::channel().0),
            Command::End { lesson } => return self.end(&lesson),
            Command::SetRights { ref lesson, participant, .. }
            | Command::SetRecordable { ref lesson, participant, .. }
            | Command::SetPlace { ref lesson, participant, .. }
            | Command::SetView { ref lesson, participant, .. }
            | Command::WantKeyframe { ref lesson, participant, .. }
            | Command::Disconnect { ref lesson, participant } => (lesson, participant),
        };
        // A lesson without a place has no media: there is nothing to change.
        let Some(shard) = self.placement.find(lesson, participant) else { return Ok(()) };
        let left = matches!(command, Command::Disconnect { .. }).then(|| lesson.clone());
        self.shards[shard].give(Order::Command(command))?;
        // Only now: an order that was refused is given again.
        if let Some(lesson) = left {
            self.placement.leave(&lesson, participant);
        }
        Ok(())
    }
}

impl MediaTap for Node {
    fn tap(&self, lesson: &LessonKey, _epoch: Epoch) -> Result<Tap, Overloaded> {
        let (sender, feed) = sync_channel(tap::QUEUE);
        let Placed { shard, seating, .. } = self.placement.home(lesson);
        self.shards[shard].give(Order::Tap(lesson.clone(), seating, sender))?;
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
        self.waker.wake();
        Ok(())
    }
}

const ORDER_QUEUE: usize = 4_096;
const EVENT_QUEUE: usize = 8_192;

#[cfg(test)]
mod tests;
