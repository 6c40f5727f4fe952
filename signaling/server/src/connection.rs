//! One WebSocket: caps, pace and life signs, then the lesson's task has the word.
//!
//! Invariant: a browser that sends too fast is read more slowly, so that a flood waits in its own socket.
//! A browser that does not read is dropped by its outbox; one that gives no sign of life is
//! dropped by the clock.
//! Left out on purpose: what messages mean.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures::{SinkExt, StreamExt};
use kreide_protocol::{
    ClientFrame, ClientMessage, ErrorCode, Join, JoinWith, MESSAGE_BURST, MESSAGES_PER_SECOND,
    ServerMessage, VERSION,
};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::event_text::EventText;
use crate::http::refusal;
use crate::keeper::{Arrival, ConnectionId, Input, Key};
use crate::limit::{Bucket, Rate};
use crate::offer;
use crate::outbox::{Out, Outbox, Waiting, outbox};
use crate::server::App;
use crate::socket::{Handshake, Reader, Writer, feed};
use crate::tokens::JoinToken;
use crate::translate;

/// How fast a browser may send.
const PACE: Rate = Rate { burst: MESSAGE_BURST as f64, per_second: MESSAGES_PER_SECOND as f64 };
/// How long the reader rests after a message that was too many.
const REST: Duration = Duration::from_millis(1000 / MESSAGES_PER_SECOND as u64);
/// The first message must be there by then.
const FIRST: Duration = Duration::from_secs(10);
/// How often a browser is asked for a sign of life.
const PING: Duration = Duration::from_secs(10);
/// The beat on which they are asked.
const BEAT: Duration = Duration::from_millis(250);
/// A browser that was silent for so long is gone.
const SILENCE: Duration = Duration::from_secs(25);
/// Messages that are put together before they are written; then it is looked at pings again.
const IN_ONE_WRITING: usize = 64;
/// One message may take so long to be taken by the browser's side.
const STUCK: Duration = Duration::from_secs(2);

static NEXT: AtomicU64 = AtomicU64::new(1);

/// `GET /ws`.
pub(crate) async fn upgrade(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let handshake = match Handshake::read(&mut request) {
        Ok(handshake) => handshake,
        Err(refused) => return *refused,
    };
    let Ok(permit) = app.sockets.clone().try_acquire_owned() else {
        app.metrics.refuse(ErrorCode::Full);
        return refusal(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Full, "no more connections");
    };
    handshake.accept(async move |socket| {
        app.metrics.connections.inc();
        let (writer, reader) = socket.split();
        let (outbox, waiting) = outbox();
        let connection = Connection {
            id: ConnectionId(NEXT.fetch_add(1, Ordering::Relaxed)),
            outbox,
            app: &app,
        };
        let mut writing = pin!(write(writer, waiting, &app));
        tokio::select! {
            () = &mut writing => {}
            // Also while a message is stuck on its way: the queue behind it is full.
            () = connection.outbox.overflowed() => app.metrics.slow_readers.inc(),
            ended = connection.read(reader) => match ended {
                Ended::ByPeer => {}
                // What is still in the outbox tells the browser why.
                Ended::ByUs => {
                    connection.outbox.close();
                    let _in_time = timeout(STUCK, writing).await;
                }
            },
        }
        app.metrics.connections.dec();
        drop(permit);
    })
}

/// Sends what waits, and asks for signs of life.
async fn write(mut writer: Writer, mut waiting: Waiting, app: &App) {
    let mut pings = interval_at(first_ping(Instant::now()), PING);
    // A late one does not leave the common beat.
    pings.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let sent = tokio::select! {
            first = waiting.next() => send(&mut writer, first, &mut waiting).await,
            _ = pings.tick() => in_time(writer.send(Message::Ping(Default::default()))).await,
        };
        match sent {
            Sent::All => {}
            Sent::Closed => return,
            Sent::Stuck => {
                app.metrics.slow_readers.inc();
                return;
            }
        }
    }
}

/// When a connection of this moment is first asked for a sign of life: the first is its first
/// message. All connections keep to one beat, so that a thread that wakes up asks several.
fn first_ping(now: Instant) -> Instant {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    let began = *BEGAN.get_or_init(|| now);
    let beats = (now.saturating_duration_since(began) + PING).as_millis() / BEAT.as_millis() + 1;
    began + BEAT * u32::try_from(beats).unwrap_or(u32::MAX)
}

/// How sending ended.
enum Sent {
    All,
    /// Nothing more is to be sent, or nobody is there.
    Closed,
    /// The browser's side does not take it.
    Stuck,
}

/// Sends a message and what waits behind it in one writing.
async fn send(writer: &mut Writer, first: Out, waiting: &mut Waiting) -> Sent {
    let mut next = Some(first);
    let mut count = 0;
    while let Some(out) = next {
        let sent = match out {
            Out::Frame(text) => in_time(feed(writer, text)).await,
            Out::Events { all, from, first } => send_events(writer, &all[from..], first).await,
            Out::Close => {
                let frame = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() };
                let _in_time = timeout(STUCK, writer.send(Message::Close(Some(frame)))).await;
                Sent::Closed
            }
        };
        if !matches!(sent, Sent::All) {
            return sent;
        }
        count += 1;
        next = if count < IN_ONE_WRITING { waiting.more() } else { None };
    }
    in_time(writer.flush()).await
}

/// Sends events, the first by this number. Each may take its time.
async fn send_events(writer: &mut Writer, events: &[EventText], first: u64) -> Sent {
    for (seq, event) in (first..).zip(events) {
        let sent = in_time(feed(writer, event.with(seq))).await;
        if !matches!(sent, Sent::All) {
            return sent;
        }
    }
    Sent::All
}

async fn in_time(sending: impl Future<Output = Result<(), Error>>) -> Sent {
    match timeout(STUCK, sending).await {
        Ok(Ok(())) => Sent::All,
        Ok(Err(_socket_is_gone)) => Sent::Closed,
        Err(_stuck) => Sent::Stuck,
    }
}

/// Who ended the reading.
enum Ended {
    ByPeer,
    ByUs,
}

struct Connection<'a> {
    id: ConnectionId,
    outbox: Outbox,
    app: &'a App,
}

impl Connection<'_> {
    async fn read(&self, mut reader: Reader) -> Ended {
        let mut pace = Bucket::full(PACE, Instant::now());
        // In a box: what it needs is given back, while the rest of this future lives for hours.
        let inbox = match Box::pin(self.enter(&mut reader, &mut pace)).await {
            Ok(inbox) => inbox,
            Err(ended) => return ended,
        };
        let gone = Goodbye { by: self.id, inbox };
        loop {
            let frame = tokio::select! {
                frame = self.next(&mut reader, &mut pace) => frame,
                () = gone.inbox.closed() => {
                    // The lesson's task has told why, unless a fault ended it: then this is why.
                    self.outbox.say(&ServerMessage::Closed { code: ErrorCode::GoingAway });
                    break Ended::ByUs;
                }
            };
            let Some(ClientFrame { reference, message }) = frame else { break Ended::ByPeer };
            let message = match message {
                ClientMessage::Ping => {
                    self.outbox.say(&ServerMessage::Pong);
                    continue;
                }
                ClientMessage::Join(_) => {
                    self.refuse(reference, ErrorCode::BadMessage, "this connection has joined");
                    continue;
                }
                ClientMessage::Offer { offer } => match offer::unpack(&offer) {
                    Ok(offer) => ClientMessage::Offer { offer },
                    Err(error) => {
                        self.refuse(reference, ErrorCode::OfferInvalid, &error.to_string());
                        continue;
                    }
                },
                message => message,
            };
            // If the task has ended, the next turn notices.
            let _gone = gone.inbox.send(Input::Said { by: self.id, reference, message }).await;
        }
    }

    /// Waits for the first message, which must lead into a lesson.
    async fn enter(
        &self,
        reader: &mut Reader,
        pace: &mut Bucket,
    ) -> Result<mpsc::Sender<Input>, Ended> {
        let first = timeout(FIRST, self.next(reader, pace)).await;
        let Ok(Some(frame)) = first else { return Err(Ended::ByPeer) };
        self.join(frame).await.map_err(|(reference, code)| {
            self.app.metrics.refuse(code);
            self.outbox.turn_away(reference, code);
            Ended::ByUs
        })
    }

    /// Checks the first message and hands it to the lesson.
    async fn join(
        &self,
        ClientFrame { reference, message }: ClientFrame,
    ) -> Result<mpsc::Sender<Input>, (Option<u32>, ErrorCode)> {
        let refuse = |code| (reference, code);
        let ClientMessage::Join(Join { version, features: _, with, offer, since }) = message else {
            return Err(refuse(ErrorCode::BadMessage));
        };
        if version != VERSION {
            return Err(refuse(ErrorCode::BrowserOld));
        }
        let offer = offer.as_deref().map(offer::unpack).transpose();
        let offer = offer.map_err(|_error| refuse(ErrorCode::OfferInvalid))?;
        let (inbox, with) = match with {
            JoinWith::Token(token) => {
                let token = self.app.keys.check_token(&token);
                let token = token.ok_or(refuse(ErrorCode::TokenInvalid))?;
                let inbox = self.app.rooms.open(token.tenant.clone(), token.room.clone()).await;
                // Right before the lesson is told: it hears of later changes after this.
                self.still_on_roster(&token).await.map_err(refuse)?;
                (inbox, Key::Token(token.identity))
            }
            JoinWith::Resume(key) => {
                let resume = self.app.keys.check_resume(&key);
                let resume = resume.ok_or(refuse(ErrorCode::ResumeInvalid))?;
                (self.app.rooms.resume(resume.lesson).await, Key::Resume(resume.hash))
            }
        };
        let inbox = inbox.map_err(refuse)?;
        let arrival = Arrival {
            connection: self.id,
            outbox: self.outbox.clone(),
            reference,
            with,
            offer,
            since,
        };
        // A task that ended at this very moment: the browser tries again and gets the next one.
        let sent = inbox.send(Input::Join(Box::new(arrival))).await;
        sent.map_err(|_gone| refuse(ErrorCode::GoingAway))?;
        Ok(inbox)
    }

    /// Whoever was taken off the roster since the door let them in hears what the door says now.
    async fn still_on_roster(&self, token: &JoinToken) -> Result<(), ErrorCode> {
        let JoinToken { tenant, room, identity } = token;
        if identity.seat.is_none() || identity.waits {
            return Ok(());
        }
        let subject = identity.subject.0.clone();
        let found = self.app.catalogue.on_roster(tenant.clone(), room.clone(), subject);
        match found.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(ErrorCode::LinkInvalid),
            Err(_unreachable) => Err(ErrorCode::Degraded),
        }
    }

    /// The next message that is one. `None`: the browser has gone, or is silent.
    async fn next(&self, reader: &mut Reader, pace: &mut Bucket) -> Option<ClientFrame> {
        loop {
            let frame = timeout(SILENCE, reader.next()).await.ok()??.ok()?;
            let text = match frame {
                Message::Text(text) => text,
                Message::Close(_) => return None,
                Message::Ping(_) | Message::Pong(_) => {
                    // Control frames cost as well.
                    self.keep_pace(pace).await;
                    continue;
                }
                // The library hands out no single frames when it reads.
                Message::Binary(_) | Message::Frame(_) => {
                    self.keep_pace(pace).await;
                    self.refuse(None, ErrorCode::BadMessage, "messages are text");
                    continue;
                }
            };
            if !self.keep_pace(pace).await {
                self.refuse(reference_of(&text), ErrorCode::TooMany, "more than 50 a second");
                continue;
            }
            match serde_json::from_str::<ClientFrame>(&text) {
                Ok(frame) => {
                    let name = translate::name(&frame.message);
                    self.app.metrics.messages.with_label_values(&[name]).inc();
                    return Some(frame);
                }
                Err(_error) => {
                    // The parser's words may quote the message, which may hold a text or a key.
                    let text = reference_of(&text);
                    self.refuse(text, ErrorCode::BadMessage, "no message of this protocol");
                }
            }
        }
    }

    /// Whether this message is within the pace; rests if not.
    async fn keep_pace(&self, pace: &mut Bucket) -> bool {
        let within = pace.take(PACE, Instant::now());
        if !within {
            sleep(REST).await;
        }
        within
    }

    fn refuse(&self, reference: Option<u32>, code: ErrorCode, message: &str) {
        self.app.metrics.refuse(code);
        self.outbox.refuse(reference, code, message.to_owned());
    }
}

/// Tells the lesson's task when a connection ends, however it ends.
struct Goodbye {
    by: ConnectionId,
    inbox: mpsc::Sender<Input>,
}

impl Drop for Goodbye {
    fn drop(&mut self) {
        let (by, inbox) = (self.by, self.inbox.clone());
        // Dropping cannot wait for a full inbox; a task of its own can.
        tokio::spawn(async move {
            let _gone = inbox.send(Input::Gone { by }).await;
        });
    }
}

/// The number of a message that is no message, so that its sender can tell which one it was.
fn reference_of(text: &str) -> Option<u32> {
    #[derive(Deserialize)]
    struct Numbered {
        #[serde(rename = "ref")]
        reference: Option<u32>,
    }
    serde_json::from_str::<Numbered>(text).ok()?.reference
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_are_on_one_beat() {
        let began = first_ping(Instant::now());
        for later in [0, 1, 249, 250, 3_600_000, 3_600_001] {
            let now = Instant::now() + Duration::from_millis(later);
            let first = first_ping(now);
            assert!(first > now + PING && first <= now + PING + BEAT, "{later}");
            let since = first.saturating_duration_since(began).as_nanos();
            assert_eq!(since % BEAT.as_nanos(), 0, "{later}");
        }
    }
}
