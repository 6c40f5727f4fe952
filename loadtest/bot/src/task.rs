//! One bot as a task: signaling and time around the media, from the door to the last word.
//!
//! Invariant: every message of the server passes [`Task::heard`] or the first joining, and each is
//! in the journal.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kreide_protocol::{ClientMessage, JoinWith, Joined, Kind, ServerMessage};
use tokio::time::sleep_until;

use crate::attention::{Attention, Reaction};
use crate::bot::{BotConfig, Order, Reins, Stage};
use crate::clock::unix_micros;
use crate::counts::Counts;
use crate::seat::Seat;
use crate::wire::{Draft, Wire};
use crate::{BotError, Latencies};

pub(crate) struct Task {
    config: BotConfig,
    latencies: Arc<Latencies>,
    seat: Seat,
    wire: Wire,
    attention: Attention,
    reins: Reins,
    /// Opens the seat again.
    key: String,
    /// What it sends, to go on with after a cut.
    sends: Vec<Kind>,
    began: Instant,
    entered: Duration,
    seated: Duration,
    joined: Option<Duration>,
    /// When the connection that is coming about began to.
    calling: Instant,
    connected: bool,
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
    pub(crate) async fn arrive(
        config: BotConfig,
        latencies: Arc<Latencies>,
        mut reins: Reins,
    ) -> Result<(), BotError> {
        let began = Instant::now();
        let draft = Draft::new(&config, config.own_certificate)?;
        let told = {
            let (journal, stage) = (config.journal.clone(), reins.stage());
            move |message: &ServerMessage| {
                journal.tell(unix_micros(Instant::now()), message);
                if matches!(message, ServerMessage::Waiting(_)) {
                    stage.send_replace(Stage::Waiting);
                }
            }
        };
        let offer = Some(draft.packed.clone());
        let taking = Seat::take(&config.door, &config.link, &config.name, offer, told);
        let (mut seat, joined, entered) = tokio::select! {
            taken = taking => taken?,
            // Whoever waits too long goes without a word.
            () = dismissed(&mut reins) => return Ok(()),
        };
        let now = Instant::now();
        let attention = Attention::new(config.watching, &joined, now);
        let (answer, meanwhile) = answer(&mut seat, &joined, &draft).await?;
        let wire = draft.answered(&config, Arc::clone(&latencies), joined.you, &answer).await?;
        let mut task = Self {
            config,
            latencies,
            seat,
            wire,
            attention,
            reins,
            key: joined.resume,
            sends: Vec::new(),
            began,
            entered: entered - began,
            seated: now - began,
            joined: None,
            calling: now,
            connected: false,
            counts_due: now,
        };
        let mut outcome = match task.heard_all(meanwhile).await {
            Ok(()) => task.live().await,
            Err(error) => Err(error),
        };
        if let Err(error @ BotError::Media(_)) = outcome {
            outcome = Err(task.last_word(error).await);
        }
        task.tell_counts();
        outcome
    }

    async fn live(&mut self) -> Result<(), BotError> {
        // One timer for good: to make and drop one costs as much as to take a packet.
        let mut timer = pin!(sleep_until(self.due().into()));
        loop {
            let now = Instant::now();
            self.handle_time(now).await?;
            self.wire.flush();
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
                ready = self.wire.socket.readable() => { ready?; Wake::Datagrams }
            };
            match wake {
                Wake::Said(message) => self.heard(message).await?,
                Wake::Ordered(Order::Leave) => {
                    self.wire.media.leave(Instant::now());
                    self.wire.flush();
                    self.seat.leave().await;
                    return Ok(());
                }
                Wake::Ordered(order) => self.obey(order).await?,
                Wake::Datagrams => self.wire.receive()?,
                Wake::Time => {}
            }
        }
    }

    /// Whoever is seen out loses media first, and is told why in the next moment.
    async fn last_word(&mut self, error: BotError) -> BotError {
        let told = async {
            loop {
                match self.seat.hear().await {
                    Ok(message) => {
                        if let Err(end @ BotError::Closed(_)) = self.heard(message).await {
                            return Some(end);
                        }
                    }
                    Err(_) => return None,
                }
            }
        };
        tokio::time::timeout(LAST_WORD, told).await.ok().flatten().unwrap_or(error)
    }

    fn due(&self) -> Instant {
        let due = self.wire.media.poll_timeout().min(self.counts_due);
        self.attention.poll_timeout().map_or(due, |view| view.min(due))
    }

    async fn handle_time(&mut self, now: Instant) -> Result<(), BotError> {
        if now >= self.wire.media.poll_timeout() {
            self.wire.media.handle_timeout(now)?;
        }
        if !self.connected && self.wire.media.is_connected() {
            self.connect(now);
        }
        if !self.connected && now - self.calling > PATIENCE {
            return Err(BotError::Media("no connection within 20 s".to_owned()));
        }
        if let Some(view) = self.attention.handle_timeout(now) {
            self.wire.media.plain.wish(|slot| self.attention.wished(slot));
            self.seat.say(view).await?;
        }
        if now >= self.counts_due {
            self.counts_due = now + TELL;
            self.tell_counts();
        }
        Ok(())
    }

    /// Media can flow from here on.
    fn connect(&mut self, now: Instant) {
        self.connected = true;
        self.joined.get_or_insert(now - self.began);
        self.config.journal.connect(unix_micros(now));
        for kind in &self.sends {
            self.wire.media.plain.send(*kind, true, now);
        }
        self.tell_counts();
        self.reins.connected();
    }

    async fn obey(&mut self, order: Order) -> Result<(), BotError> {
        let now = Instant::now();
        match order {
            Order::Send(kind, on) => {
                self.sends.retain(|known| *known != kind);
                self.sends.extend(on.then_some(kind));
                self.wire.media.plain.send(kind, on, now);
                self.seat.say(ClientMessage::Send { kind, on }).await?;
            }
            Order::Mark => {
                self.wire.media.plain.mark();
                self.tell_counts();
            }
            Order::Hush => self.wire.media.plain.hush(now),
            Order::Turn => self.attention.turn(now),
            Order::Record(on) => {
                self.seat.say(ClientMessage::Record { on }).await?;
            }
            Order::Say(message) => {
                self.seat.say(*message).await?;
            }
            Order::Cut(time) => self.come_back(time).await?,
            Order::Leave => {}
        }
        Ok(())
    }

    /// Loses everything, and comes back by the key of the seat.
    async fn come_back(&mut self, after: Duration) -> Result<(), BotError> {
        self.reins.reached(Stage::Away);
        self.connected = false;
        self.seat.cut();
        tokio::time::sleep(after).await;
        let draft = Draft::new(&self.config, true)?;
        let journal = self.config.journal.clone();
        let told = |message: &ServerMessage| journal.tell(unix_micros(Instant::now()), message);
        let with = JoinWith::Resume(self.key.clone());
        let (offer, since) = (Some(draft.packed.clone()), Some(self.attention.sequence()));
        let (seat, joined) = Seat::join(&self.config.door, with, offer, since, told).await?;
        self.seat = seat;
        let (answer, meanwhile) = answer(&mut self.seat, &joined, &draft).await?;
        let latencies = Arc::clone(&self.latencies);
        self.wire = draft.answered(&self.config, latencies, joined.you, &answer).await?;
        self.calling = Instant::now();
        self.attention.returned(&joined, self.calling)?;
        self.key.clone_from(&joined.resume);
        self.heard_all(meanwhile).await
    }

    async fn heard_all(&mut self, messages: Vec<ServerMessage>) -> Result<(), BotError> {
        for message in messages {
            self.heard(message).await?;
        }
        Ok(())
    }

    async fn heard(&mut self, message: ServerMessage) -> Result<(), BotError> {
        let now = Instant::now();
        self.config.journal.tell(unix_micros(now), &message);
        let before = self.attention.standing();
        let reaction = self.attention.handle(message, now)?;
        if before != self.attention.standing() {
            self.tell_counts();
        }
        match reaction {
            Reaction::Nothing => {}
            Reaction::Slots(slots) => {
                slots.into_iter().for_each(|slot| self.wire.media.plain.told(slot));
            }
            Reaction::Say(answer) => {
                self.seat.say(answer).await?;
            }
        }
        Ok(())
    }

    fn tell_counts(&self) {
        let (audio, video) = self.wire.media.plain.firsts();
        let mut counts = Counts {
            entered: Some(self.entered),
            seated: Some(self.seated),
            joined: self.joined,
            first_audio: audio.map(|at| at - self.began),
            first_video: video.map(|at| at - self.began),
            ..self.wire.media.plain.counts()
        };
        self.attention.tell(&mut counts);
        self.reins.tell(counts);
    }
}

/// The server's answer: with the seat, or asked for by those who had to wait.
async fn answer(
    seat: &mut Seat,
    joined: &Joined,
    draft: &Draft,
) -> Result<(String, Vec<ServerMessage>), BotError> {
    match &joined.media {
        Some(media) => Ok((media.answer.clone(), Vec::new())),
        None => {
            let (media, meanwhile) = seat.offer(draft.packed.clone()).await?;
            Ok((media.answer, meanwhile))
        }
    }
}

/// Until it is told to leave, or its handle is gone. Whoever waits can do nothing else.
async fn dismissed(reins: &mut Reins) {
    while !matches!(reins.order().await, None | Some(Order::Leave)) {}
}

/// From the seat to media.
const PATIENCE: Duration = Duration::from_secs(20);
/// From the end of media to the reason.
const LAST_WORD: Duration = Duration::from_secs(1);
/// How often counts are told.
const TELL: Duration = Duration::from_millis(250);
