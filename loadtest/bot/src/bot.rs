//! One bot as a task: socket, signaling and time around the media.
//!
//! Invariant: whatever goes wrong ends the bot with its reason; orders wait in a short queue, and
//! when it is full their sender waits.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kreide_protocol::{ClientMessage, Kind, ServerMessage};
use rand::Rng;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;

use crate::attention::{Attention, Reaction};
use crate::counts::Counts;
use crate::media::{Media, Publication};
use crate::sdp::{Answer, Credentials, offer, pack};
use crate::seat::Seat;
use crate::send::Camera;
use crate::transport::Identity;
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
}

/// What a bot is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Give the seat up and end.
    Leave,
}

/// How far a bot has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// At the door, or shaking hands.
    Arriving,
    /// Media can flow.
    Connected,
    /// It left as it was told.
    Left,
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

    /// Waits until media can flow or the bot ended.
    pub async fn arrived(&self) -> Stage {
        let mut stage = self.stage.clone();
        let past = stage.wait_for(|stage| *stage != Stage::Arriving).await;
        past.map_or_else(|_| Stage::Failed("the bot's task ended".to_owned()), |s| s.clone())
    }

    /// Waits until the bot ended.
    pub async fn ended(&self) -> Stage {
        let mut stage = self.stage.clone();
        let ended = |stage: &Stage| matches!(stage, Stage::Left | Stage::Failed(_));
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
        self.stage.send_replace(Stage::Connected);
    }

    /// Tells what was counted so far.
    pub fn tell(&self, counts: Counts) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = counts;
    }
}

struct Task {
    seat: Seat,
    media: Media,
    attention: Attention,
    reins: Reins,
    socket: UdpSocket,
    lose: f64,
    began: Instant,
    entered: Duration,
    seated: Duration,
    joined: Option<Duration>,
    counts_due: Instant,
}

/// What woke the task.
enum Wake {
    Said(ServerMessage),
    Ordered(Order),
    Datagrams,
    Time,
}

impl Task {
    async fn arrive(
        config: BotConfig,
        latencies: Arc<Latencies>,
        reins: Reins,
    ) -> Result<(), BotError> {
        let identity = identity()?;
        let began = Instant::now();
        let (credentials, content) = (credentials(&identity), rand::rng().random());
        let rids: Vec<&str> = config
            .camera
            .layers
            .iter()
            .map(|layer| layer.rid)
            .filter(|rid| !rid.is_empty())
            .collect();
        let text = offer(&credentials, &rids, content, AUDIO_SLOTS, config.watching.slots);
        let (seat, joined, entered) =
            Seat::take(&config.door, &config.link, &config.name, pack(&text)?).await?;

        let answer = joined.media.as_ref().ok_or(BotError::Answer("media"))?;
        let answer = Answer::parse(&answer.answer)?;
        let (camera, screen) = (&config.camera, Camera::screen());
        let ssrcs = [None, None, Some(content), None];
        let publications = Publication::all(joined.you, camera, &screen, &answer.lines, ssrcs)?;
        let now = Instant::now();
        let socket = socket()?;
        // Until its first event the runtime takes a socket for full.
        socket.writable().await?;
        let media = Media::new(identity, latencies, &credentials, &answer, publications, now);
        let mut task = Self {
            seat,
            media,
            attention: Attention::new(config.watching, &joined, now),
            reins,
            socket,
            lose: config.lose,
            began,
            entered: entered - began,
            seated: now - began,
            joined: None,
            counts_due: now,
        };
        let outcome = task.live().await;
        task.tell_counts();
        outcome
    }

    async fn live(&mut self) -> Result<(), BotError> {
        // One timer for good: to make and drop one costs as much as to take a packet.
        let mut timer = pin!(sleep_until(self.due().into()));
        loop {
            let now = Instant::now();
            self.handle_time(now).await?;
            if self.joined.is_none() && self.media.is_connected() {
                self.joined = Some(now - self.began);
                self.tell_counts();
                self.reins.connected();
            }
            if self.joined.is_none() && now - self.began > PATIENCE {
                return Err(BotError::Media("no connection within 20 s".to_owned()));
            }
            self.flush();
            let due = self.due().into();
            if timer.deadline() != due {
                timer.as_mut().reset(due);
            }
            let wake = tokio::select! {
                biased;
                message = self.seat.hear() => Wake::Said(message?),
                // A handle that was dropped leaves.
                order = self.reins.order() => Wake::Ordered(order.unwrap_or(Order::Leave)),
                () = &mut timer => Wake::Time,
                ready = self.socket.readable() => { ready?; Wake::Datagrams }
            };
            match wake {
                Wake::Said(message) => self.heard(message).await?,
                Wake::Ordered(Order::Leave) => {
                    self.media.leave(Instant::now());
                    self.flush();
                    self.seat.leave().await;
                    return Ok(());
                }
                Wake::Ordered(order) => self.obey(order).await?,
                Wake::Datagrams => self.receive()?,
                Wake::Time => {}
            }
        }
    }

    fn due(&self) -> Instant {
        let due = self.media.poll_timeout().min(self.counts_due);
        self.attention.poll_timeout().map_or(due, |view| view.min(due))
    }

    async fn handle_time(&mut self, now: Instant) -> Result<(), BotError> {
        if now >= self.media.poll_timeout() {
            self.media.handle_timeout(now)?;
        }
        if let Some(view) = self.attention.handle_timeout(now) {
            self.media.plain.wish(|slot| self.attention.wished(slot));
            self.seat.say(view).await?;
        }
        if now >= self.counts_due {
            self.counts_due = now + TELL;
            self.tell_counts();
        }
        Ok(())
    }

    /// Takes what lies in the socket, but not more than the others have patience for.
    fn receive(&mut self) -> Result<(), BotError> {
        let mut buffer = [0; 2_048];
        for _ in 0..AT_ONCE {
            match self.socket.try_recv_from(&mut buffer) {
                Ok((length, _)) if self.loses(&buffer[..length]) => {}
                Ok((length, from)) => {
                    self.media.handle_datagram(from, &buffer[..length], Instant::now())?;
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                // The server's port is closed: checks will tell.
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether a datagram gets lost; only media does.
    fn loses(&self, datagram: &[u8]) -> bool {
        let media = matches!(datagram, [128..=191, second, ..] if !(192..=223).contains(second));
        self.lose > 0.0 && media && rand::rng().random_bool(self.lose.min(1.0))
    }

    fn flush(&mut self) {
        while let Some((to, datagram)) = self.media.poll_transmit() {
            let lost = self.loses(&datagram);
            if !lost && self.socket.try_send_to(&datagram, to).is_err() {
                self.media.unsent();
            }
        }
    }

    async fn obey(&mut self, order: Order) -> Result<(), BotError> {
        let now = Instant::now();
        match order {
            Order::Send(kind, on) => {
                self.media.plain.send(kind, on, now);
                self.seat.say(ClientMessage::Send { kind, on }).await?;
            }
            Order::Mark => {
                self.media.plain.mark();
                self.tell_counts();
            }
            Order::Hush => self.media.plain.hush(now),
            Order::Turn => self.attention.turn(now),
            Order::Record(on) => self.seat.say(ClientMessage::Record { on }).await?,
            Order::Leave => {}
        }
        Ok(())
    }

    async fn heard(&mut self, message: ServerMessage) -> Result<(), BotError> {
        match self.attention.handle(message, Instant::now())? {
            Reaction::Nothing => {}
            Reaction::Slots(slots) => {
                slots.into_iter().for_each(|slot| self.media.plain.told(slot));
            }
            Reaction::Say(answer) => self.seat.say(answer).await?,
        }
        Ok(())
    }

    fn tell_counts(&self) {
        let (audio, video) = self.media.plain.firsts();
        let mut counts = Counts {
            entered: Some(self.entered),
            seated: Some(self.seated),
            joined: self.joined,
            first_audio: audio.map(|at| at - self.began),
            first_video: video.map(|at| at - self.began),
            ..self.media.plain.counts()
        };
        self.attention.tell(&mut counts);
        self.reins.tell(counts);
    }
}

/// One certificate for all bots of a process.
fn identity() -> Result<Arc<Identity>, BotError> {
    static IDENTITY: Mutex<Option<Arc<Identity>>> = Mutex::new(None);
    let mut identity = IDENTITY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(identity) = &*identity {
        return Ok(Arc::clone(identity));
    }
    let made = Arc::new(Identity::new()?);
    *identity = Some(Arc::clone(&made));
    Ok(made)
}

fn credentials(identity: &Identity) -> Credentials {
    let mut random = rand::rng();
    let mut text = |length: usize| -> String {
        (0..length).map(|_| char::from(random.sample(rand::distr::Alphanumeric))).collect()
    };
    Credentials { ufrag: text(8), password: text(24), fingerprint: identity.fingerprint.clone() }
}

fn socket() -> Result<UdpSocket, BotError> {
    let socket = std::net::UdpSocket::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))?;
    socket.set_nonblocking(true)?;
    // As large as the system lets it be: what is lost here would be blamed on the server.
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER);
    Ok(UdpSocket::from_std(socket)?)
}

/// Three voices and an interpreter.
const AUDIO_SLOTS: u8 = 4;
const ORDERS: usize = 16;
/// Datagrams taken before anything else gets its turn.
const AT_ONCE: usize = 64;
const RECEIVE_BUFFER: usize = 1 << 20;
/// From the door to media.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often counts are told.
const TELL: Duration = Duration::from_millis(250);
