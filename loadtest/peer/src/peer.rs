//! One peer as a task: door, seat and media connection together.
//!
//! Invariant: as with the bots, whatever goes wrong ends the peer with its reason.

use std::net::UdpSocket;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kreide_bot::{
    Attention, Bot, BotConfig, BotError, Camera, Counts, Latencies, Layer, Order, Plain, Reaction,
    Reins, Seat, pack,
};
use kreide_protocol::{ClientMessage, ServerMessage};
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use crate::connection::{Connection, Event};

/// Starts a peer on the current runtime.
#[must_use]
pub fn spawn(config: BotConfig, latencies: Arc<Latencies>) -> Bot {
    Bot::run(|reins| arrive(config, latencies, reins))
}

async fn arrive(
    config: BotConfig,
    latencies: Arc<Latencies>,
    reins: Reins,
) -> Result<(), BotError> {
    let began = Instant::now();
    let (sender, events) = mpsc::channel(EVENTS);
    let local = local_address(config.door.authority())?;
    let slots = (AUDIO_SLOTS, config.watching.slots);
    let connection = Connection::offer(&local, slots, sender).await?;
    let offer = pack(&connection.offer)?;
    let taken =
        Seat::take(&config.door, &config.link, &config.name, Some(offer.clone()), |_| {}).await;
    let (mut seat, joined, entered) = match taken {
        Ok(taken) => taken,
        Err(error) => {
            connection.close().await;
            return Err(error);
        }
    };
    // Whoever had to wait offers afterwards.
    let (media, meanwhile) = match &joined.media {
        Some(media) => (media.clone(), Vec::new()),
        None => seat.offer(offer).await?,
    };
    let answer = &media.answer;
    let camera = top_layer(&config.camera);
    let plain = Plain::new(latencies, joined.you, &camera, answer, connection.ssrcs)?;
    let now = Instant::now();
    let mut peer = Peer {
        seat,
        attention: Attention::new(config.watching, &joined, now),
        plain,
        connection,
        events,
        reins,
        began,
        entered: entered - began,
        seated: now - began,
        joined: None,
        counts_due: now,
    };
    peer.connection.accept(answer).await?;
    for message in meanwhile {
        peer.heard(message).await?;
    }
    let outcome = peer.live().await;
    peer.tell_counts();
    peer.connection.close().await;
    outcome
}

struct Peer {
    seat: Seat,
    attention: Attention,
    plain: Plain,
    connection: Connection,
    events: mpsc::Receiver<Event>,
    reins: Reins,
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
    Happened(Event),
    Time,
}

impl Peer {
    async fn live(&mut self) -> Result<(), BotError> {
        let mut timer = pin!(sleep_until(self.due().into()));
        loop {
            self.handle_time(Instant::now()).await?;
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
                event = self.events.recv() => {
                    Wake::Happened(event.unwrap_or_else(|| Event::Ended("closed".to_owned())))
                }
            };
            match wake {
                Wake::Said(message) => self.heard(message).await?,
                Wake::Ordered(Order::Leave) => {
                    self.seat.leave().await;
                    return Ok(());
                }
                Wake::Ordered(order) => self.obey(order).await?,
                Wake::Happened(event) => self.happened(event)?,
                Wake::Time => {}
            }
        }
    }

    async fn heard(&mut self, message: ServerMessage) -> Result<(), BotError> {
        match self.attention.handle(message, Instant::now())? {
            Reaction::Nothing => {}
            Reaction::Slots(slots) => slots.into_iter().for_each(|slot| self.plain.told(slot)),
            Reaction::Say(answer) => {
                self.seat.say(answer).await?;
            }
        }
        Ok(())
    }

    fn due(&self) -> Instant {
        // Before there are keys, nothing is sent.
        let media = self.joined.and_then(|_| self.plain.poll_timeout());
        let others = media.into_iter().chain(self.attention.poll_timeout());
        others.fold(self.counts_due, Instant::min)
    }

    async fn handle_time(&mut self, now: Instant) -> Result<(), BotError> {
        if self.joined.is_none() && now - self.began > PATIENCE {
            return Err(BotError::Media("no connection within 20 s".to_owned()));
        }
        if self.joined.is_some() {
            for packet in self.plain.due(now) {
                self.connection.send(&packet).await?;
            }
            // The crate asks for single packets by itself, but for no keyframe.
            for missing in self.plain.missing(now) {
                if missing.keyframe {
                    self.connection.want_keyframe(missing.ssrc).await;
                }
            }
        }
        if let Some(view) = self.attention.handle_timeout(now) {
            self.plain.wish(|slot| self.attention.wished(slot));
            self.seat.say(view).await?;
        }
        if now >= self.counts_due {
            self.counts_due = now + TELL;
            self.tell_counts();
        }
        Ok(())
    }

    fn happened(&mut self, event: Event) -> Result<(), BotError> {
        match event {
            Event::Connected if self.joined.is_none() => {
                self.joined = Some(self.began.elapsed());
                self.tell_counts();
                self.reins.connected();
            }
            Event::Connected => {}
            Event::Ended(why) => return Err(BotError::Media(format!("the connection is {why}"))),
            Event::Track(track) => self.connection.remember(track),
            Event::Packet(packet) => self.plain.arrived(&packet, Instant::now()),
            Event::KeyframeWanted(ssrc) => self.plain.want_keyframe(ssrc),
        }
        Ok(())
    }

    async fn obey(&mut self, order: Order) -> Result<(), BotError> {
        let now = Instant::now();
        match order {
            Order::Send(kind, on) => {
                self.plain.send(kind, on, now);
                self.seat.say(ClientMessage::Send { kind, on }).await?;
            }
            Order::Mark => {
                self.plain.mark();
                self.tell_counts();
            }
            Order::Hush => self.plain.hush(now),
            Order::Turn => self.attention.turn(now),
            Order::Record(on) => {
                self.seat.say(ClientMessage::Record { on }).await?;
            }
            Order::Say(message) => {
                self.seat.say(*message).await?;
            }
            Order::Cut(_) => {
                return Err(BotError::Refused("a whole peer connection is not cut".to_owned()));
            }
            Order::Leave => {}
        }
        Ok(())
    }

    fn tell_counts(&self) {
        let (audio, video) = self.plain.firsts();
        let mut counts = Counts {
            entered: Some(self.entered),
            seated: Some(self.seated),
            joined: self.joined,
            first_audio: audio.map(|at| at - self.began),
            first_video: video.map(|at| at - self.began),
            ..self.plain.counts()
        };
        self.attention.tell(&mut counts);
        self.reins.tell(counts);
    }
}

/// The address of this machine from which the server is reached.
fn local_address(authority: &str) -> Result<String, BotError> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    // Connecting a UDP socket sends nothing.
    socket.connect(authority)?;
    Ok(socket.local_addr()?.ip().to_string())
}

/// The top layer of a camera, alone.
fn top_layer(camera: &Camera) -> Camera {
    let top = camera.layers.last().map(|layer| Layer { rid: "", ..*layer });
    Camera { layers: top.into_iter().collect(), ..camera.clone() }
}

/// Three voices and an interpreter.
const AUDIO_SLOTS: u8 = 4;
/// A quarter of a second of everything that a teacher gets; beyond it the crate waits and drops.
const EVENTS: usize = 2_048;
/// From the door to media.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often counts are told.
const TELL: Duration = Duration::from_millis(250);
