//! One bot from outside: who it is, what it can be told, how far it is.
//!
//! Invariant: whatever goes wrong ends the bot with its reason; orders wait in a short queue, and
//! when it is full their sender waits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kreide_protocol::{ClientMessage, ErrorCode, Kind};
use tokio::sync::{mpsc, watch};

use crate::counts::Counts;
use crate::journal::Journal;
use crate::send::Camera;
use crate::task::Task;
use crate::view::Watching;
use crate::{BotError, Door, Latencies};

/// Who a bot is and what it can do.
#[derive(Clone, Debug)]
pub struct BotConfig {
    /// Where the server is.
    pub door: Door,
    /// What follows the `#` of the link.
    pub link: String,
    /// The name to show.
    pub name: String,
    /// What it looks at.
    pub watching: Watching,
    /// What its camera sends once it is on.
    pub camera: Camera,
    /// Share of media packets that get lost on the way to it and as many on the way from it, 0 to
    /// 1.
    pub lose: f64,
    /// It has a certificate of its own, as every browser has, and as whoever comes back needs.
    pub own_certificate: bool,
    /// Where it writes down what it hears and is told.
    pub journal: Journal,
}

/// What a bot is told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Switch a source on or off.
    Send(Kind, bool),
    /// Count anew from here on.
    Mark,
    /// Stop sending everything, and judge the pictures that stand.
    Hush,
    /// Look at other people.
    Turn,
    /// Press record, or stop.
    Record(bool),
    /// Say something to the server.
    Say(Box<ClientMessage>),
    /// Lose the line and the media without a word, and come back by the key of the seat after
    /// this time. Counts begin anew then; the journal goes on.
    Cut(Duration),
    /// Give the seat up and end.
    Leave,
}

/// How far a bot has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// At the door, or shaking hands.
    Arriving,
    /// The lesson lets it wait.
    Waiting,
    /// Media can flow.
    Connected,
    /// It lost its lines as it was told, and is not back yet.
    Away,
    /// It left as it was told.
    Left,
    /// The server ended its part with this code.
    Closed(ErrorCode),
    /// It ended for this reason.
    Failed(String),
}

/// A handle to a running bot. Dropped, the bot leaves.
#[derive(Debug)]
pub struct Bot {
    orders: mpsc::Sender<Order>,
    stage: watch::Receiver<Stage>,
    counts: Arc<Mutex<Counts>>,
}

impl Bot {
    /// Starts a bot on the current runtime.
    #[must_use]
    pub fn spawn(config: BotConfig, latencies: Arc<Latencies>) -> Self {
        Self::run(|reins| Task::arrive(config, latencies, reins))
    }

    /// Starts a participant of another make, which is held by its reins.
    #[must_use]
    pub fn run<F>(start: impl FnOnce(Reins) -> F) -> Self
    where
        F: Future<Output = Result<(), BotError>> + Send + 'static,
    {
        let (orders, receiver) = mpsc::channel(ORDERS);
        let (sender, stage) = watch::channel(Stage::Arriving);
        let counts = Arc::new(Mutex::new(Counts::default()));
        let shared = Arc::clone(&counts);
        let task = start(Reins { orders: receiver, stage: sender.clone(), counts: shared });
        tokio::spawn(async move {
            let end = match task.await {
                Ok(()) => Stage::Left,
                Err(BotError::Closed(code)) => Stage::Closed(code),
                Err(error) => Stage::Failed(error.to_string()),
            };
            sender.send_replace(end);
        });
        Self { orders, stage, counts }
    }

    /// Gives an order. An order to a bot that ended has no effect: its stage tells.
    pub async fn order(&self, order: Order) {
        // The receiver is gone exactly when the stage says so.
        let _ = self.orders.send(order).await;
    }

    /// How far it has come.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage.borrow().clone()
    }

    /// Waits until media can flow, the lesson lets the bot wait, or the bot ended.
    pub async fn arrived(&self) -> Stage {
        let mut stage = self.stage.clone();
        let past = stage.wait_for(|stage| *stage != Stage::Arriving).await;
        past.map_or_else(|_| Stage::Failed("the bot's task ended".to_owned()), |s| s.clone())
    }

    /// Waits until the bot ended.
    pub async fn ended(&self) -> Stage {
        let mut stage = self.stage.clone();
        let ended =
            |stage: &Stage| matches!(stage, Stage::Left | Stage::Closed(_) | Stage::Failed(_));
        let past = stage.wait_for(ended).await;
        past.map_or_else(|_| Stage::Failed("the bot's task ended".to_owned()), |s| s.clone())
    }

    /// What it has counted, at most a quarter of a second ago.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What holds a participant's task to its handle.
#[derive(Debug)]
pub struct Reins {
    orders: mpsc::Receiver<Order>,
    stage: watch::Sender<Stage>,
    counts: Arc<Mutex<Counts>>,
}

impl Reins {
    /// The next order; `None` if the handle is gone.
    pub async fn order(&mut self) -> Option<Order> {
        self.orders.recv().await
    }

    /// Media can flow.
    pub fn connected(&self) {
        self.reached(Stage::Connected);
    }

    /// Something else was reached.
    pub fn reached(&self, stage: Stage) {
        self.stage.send_replace(stage);
    }

    /// For whoever learns in the midst of something else how far it is.
    pub(crate) fn stage(&self) -> watch::Sender<Stage> {
        self.stage.clone()
    }

    /// Tells what was counted so far.
    pub fn tell(&self, counts: Counts) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = counts;
    }
}

const ORDERS: usize = 16;
