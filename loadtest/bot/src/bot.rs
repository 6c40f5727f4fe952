//! One bot as a task: socket, signaling and time around the media.
//!
//! Invariant: whatever goes wrong ends the bot with its reason; orders wait in a short queue, and
//! when it is full their sender waits.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kreide_protocol::{
    ClientMessage, Joined, Kind, LessonEvent, Participant, RecordingNow, ServerMessage,
};
use rand::Rng;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;

use crate::counts::Counts;
use crate::media::{Media, Publication};
use crate::sdp::{Answer, Credentials, offer, pack};
use crate::seat::Seat;
use crate::send::Camera;
use crate::transport::Identity;
use crate::view::{View, Watching};
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
        let (orders, receiver) = mpsc::channel(ORDERS);
        let (sender, stage) = watch::channel(Stage::Arriving);
        let counts = Arc::new(Mutex::new(Counts::default()));
        let shared = Arc::clone(&counts);
        tokio::spawn(async move {
            let end = match Task::arrive(config, latencies, shared, receiver, &sender).await {
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

struct Task {
    seat: Seat,
    media: Media,
    view: View,
    socket: UdpSocket,
    lose: f64,
    began: Instant,
    entered: Duration,
    seated: Duration,
    joined: Option<Duration>,
    me: u32,
    refused: Vec<String>,
    recording: bool,
    wished: u32,
    /// When the wishes are looked at again; changes in between are told together.
    view_due: Option<Instant>,
    counts: Arc<Mutex<Counts>>,
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
        counts: Arc<Mutex<Counts>>,
        mut orders: mpsc::Receiver<Order>,
        stage: &watch::Sender<Stage>,
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
        let publications = Publication::all(joined.you, camera, &screen, &answer.lines, content)?;
        let now = Instant::now();
        let socket = socket()?;
        // Until its first event the runtime takes a socket for full.
        socket.writable().await?;
        let media = Media::new(identity, latencies, &credentials, &answer, publications, now);
        let mut task = Self {
            seat,
            media,
            view: View::new(config.watching, joined.you),
            socket,
            lose: config.lose,
            began,
            entered: entered - began,
            seated: now - began,
            joined: None,
            me: joined.you,
            refused: Vec::new(),
            recording: false,
            wished: 0,
            view_due: None,
            counts,
            counts_due: now,
        };
        task.learn(&joined, now);
        let outcome = task.live(&mut orders, stage).await;
        task.tell_counts();
        outcome
    }

    async fn live(
        &mut self,
        orders: &mut mpsc::Receiver<Order>,
        stage: &watch::Sender<Stage>,
    ) -> Result<(), BotError> {
        // One timer for good: to make and drop one costs as much as to take a packet.
        let mut timer = pin!(sleep_until(self.due().into()));
        loop {
            let now = Instant::now();
            self.handle_time(now).await?;
            if self.joined.is_none() && self.media.is_connected() {
                self.joined = Some(now - self.began);
                self.tell_counts();
                stage.send_replace(Stage::Connected);
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
                order = orders.recv() => Wake::Ordered(order.unwrap_or(Order::Leave)),
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
        self.view_due.map_or(due, |view| view.min(due))
    }

    async fn handle_time(&mut self, now: Instant) -> Result<(), BotError> {
        if now >= self.media.poll_timeout() {
            self.media.handle_timeout(now)?;
        }
        if self.view_due.is_some_and(|due| now >= due) {
            self.view_due = None;
            if let Some(slots) = self.view.update() {
                self.wished = slots.len() as u32;
                self.media.wish(|slot| self.view.wished(slot));
                self.seat.say(ClientMessage::View { slots }).await?;
            }
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
                self.media.send(kind, on, now);
                self.seat.say(ClientMessage::Send { kind, on }).await?;
            }
            Order::Mark => {
                self.media.mark();
                self.tell_counts();
            }
            Order::Hush => {
                self.media.close(now);
                for kind in crate::sdp::SENDING {
                    self.media.send(kind, false, now);
                }
            }
            Order::Turn => {
                self.view.turn();
                self.view_due = Some(now);
            }
            Order::Record(on) => self.seat.say(ClientMessage::Record { on }).await?,
            Order::Leave => {}
        }
        Ok(())
    }

    fn learn(&mut self, joined: &Joined, now: Instant) {
        let Some(snapshot) = &joined.snapshot else { return };
        for Participant { no, sending, .. } in &snapshot.participants {
            self.view.is(*no, sending.clone());
        }
        self.recording = snapshot.recording.as_ref().is_some_and(|recording| recording.running);
        self.view_due = Some(now);
    }

    async fn heard(&mut self, message: ServerMessage) -> Result<(), BotError> {
        match message {
            ServerMessage::Event(stamped) => self.happened(stamped.event).await?,
            ServerMessage::Slots { slots } => {
                slots.into_iter().for_each(|slot| self.media.told(slot));
            }
            ServerMessage::Error(refusal) => {
                if self.refused.len() < MOST_REFUSED {
                    self.refused.push(format!("{:?}: {}", refusal.code, refusal.message));
                }
            }
            ServerMessage::MediaLost => {
                return Err(BotError::Media("the server lost the connection".to_owned()));
            }
            ServerMessage::Closed { code } => {
                return Err(BotError::Refused(format!("closed: {code:?}")));
            }
            ServerMessage::Joined(_)
            | ServerMessage::Media(_)
            | ServerMessage::Speaking { .. }
            | ServerMessage::Ok { .. }
            | ServerMessage::Pong => {}
        }
        Ok(())
    }

    async fn happened(&mut self, event: LessonEvent) -> Result<(), BotError> {
        match event {
            LessonEvent::Joined { participant } => {
                self.view.is(participant.no, participant.sending);
            }
            LessonEvent::Left { who } | LessonEvent::Removed { who, .. } => self.view.gone(who),
            LessonEvent::Sending { who, kind, on, .. } => self.view.sending(who, kind, on),
            LessonEvent::Recording { recording, .. } => {
                self.recording = recording.as_ref().is_some_and(|recording| recording.running);
                if let Some(RecordingNow { id, running: false, .. }) = recording {
                    // Everyone agrees, so that a recording has something to do.
                    self.seat.say(ClientMessage::RecordConsent { to: Some(id) }).await?;
                }
                return Ok(());
            }
            _ => return Ok(()),
        }
        self.view_due.get_or_insert(Instant::now() + TOGETHER);
        Ok(())
    }

    fn tell_counts(&self) {
        let (audio, video) = self.media.firsts();
        let counts = Counts {
            number: self.me,
            entered: Some(self.entered),
            seated: Some(self.seated),
            joined: self.joined,
            first_audio: audio.map(|at| at - self.began),
            first_video: video.map(|at| at - self.began),
            wished: self.wished,
            refused: self.refused.clone(),
            recording: self.recording,
            ..self.media.counts()
        };
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = counts;
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
const MOST_REFUSED: usize = 8;
/// Datagrams taken before anything else gets its turn.
const AT_ONCE: usize = 64;
const RECEIVE_BUFFER: usize = 1 << 20;
/// From the door to media.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often counts are told.
const TELL: Duration = Duration::from_millis(250);
/// Changes within this time become one view, as in the client.
const TOGETHER: Duration = Duration::from_millis(60);
