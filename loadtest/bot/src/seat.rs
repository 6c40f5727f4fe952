//! The WebSocket of one bot: enter, join, and the messages of a lesson.
//!
//! Invariant: messages wait in a short queue, read by a task of its own, so that packets of media
//! do not wake the WebSocket; when it is full the server is not read from.

use std::time::Instant;

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use kreide_protocol::{
    ClientFrame, ClientMessage, EnterRequest, Join, JoinWith, Joined, ServerMessage, VERSION,
};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::{BotError, Door};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A participant's seat, and the line to the server that holds it.
pub struct Seat {
    /// `None` once the line is broken.
    say: Option<SplitSink<Socket, Message>>,
    heard: mpsc::Receiver<Result<ServerMessage, BotError>>,
    reader: AbortHandle,
    reference: u32,
}

impl Seat {
    /// Exchanges the link for a token and joins, for media with a packed offer. Whoever must wait does so
    /// here, and is then let in without media: see [`Self::offer`]. Returns, too, when the token
    /// came. All messages on the way go to `told`.
    ///
    /// # Errors
    /// [`BotError`] if the door stays shut or the lesson does not let the bot in.
    pub async fn take(
        door: &Door,
        link: &str,
        name: &str,
        offer: Option<String>,
        told: impl FnMut(&ServerMessage),
    ) -> Result<(Self, Box<Joined>, Instant), BotError> {
        let request = EnterRequest {
            link: link.to_owned(),
            name: Some(name.to_owned()),
            chosen: None,
            device: None,
        };
        let entered = door.enter(&request).await?;
        let token =
            entered.token.ok_or_else(|| BotError::Refused("the link gives no token".to_owned()))?;
        let entered = Instant::now();
        let (seat, joined) = Self::join(door, JoinWith::Token(token), offer, None, told).await?;
        Ok((seat, joined, entered))
    }

    /// Joins with a token or with the key of a seat.
    ///
    /// # Errors
    /// [`BotError`] if the lesson does not let the bot in.
    pub async fn join(
        door: &Door,
        with: JoinWith,
        offer: Option<String>,
        since: Option<u64>,
        mut told: impl FnMut(&ServerMessage),
    ) -> Result<(Self, Box<Joined>), BotError> {
        // The library clears all of its buffer before each reading.
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
        let url = door.socket_url();
        let (socket, _) = connect_async_with_config(url, Some(config), false).await?;
        let (say, hear) = socket.split();
        let (sender, heard) = mpsc::channel(WAITING);
        let reader = tokio::spawn(read(hear, sender)).abort_handle();
        let mut seat = Self { say: Some(say), heard, reader, reference: 0 };
        let join = Join { version: VERSION, features: Vec::new(), with, offer, since };
        seat.say(ClientMessage::Join(join)).await?;
        loop {
            let message = seat.hear().await?;
            told(&message);
            match message {
                ServerMessage::Joined(joined) => return Ok((seat, joined)),
                ServerMessage::Error(refusal) => {
                    let said = format!("{:?}: {}", refusal.code, refusal.message);
                    return Err(BotError::Refused(said));
                }
                ServerMessage::Closed { code } => return Err(BotError::Closed(code)),
                _ => {}
            }
        }
    }

    /// Offers media, as those do who were let in after waiting. Returns the answer, and what else
    /// was said meanwhile.
    ///
    /// # Errors
    /// [`BotError`] if the line breaks or the offer is refused.
    pub async fn offer(
        &mut self,
        offer: String,
    ) -> Result<(kreide_protocol::Media, Vec<ServerMessage>), BotError> {
        let reference = self.say(ClientMessage::Offer { offer }).await?;
        let mut meanwhile = Vec::new();
        loop {
            match self.hear().await? {
                ServerMessage::Media(media) => return Ok((media, meanwhile)),
                ServerMessage::Error(refusal) if refusal.reference == Some(reference) => {
                    let said = format!("{:?}: {}", refusal.code, refusal.message);
                    return Err(BotError::Refused(said));
                }
                ServerMessage::Closed { code } => return Err(BotError::Closed(code)),
                message => meanwhile.push(message),
            }
        }
    }

    /// Says something. `ok` or a refusal will carry the number that this returns.
    ///
    /// # Errors
    /// [`BotError`] if the line is broken.
    pub async fn say(&mut self, message: ClientMessage) -> Result<u32, BotError> {
        self.reference += 1;
        let frame = ClientFrame { reference: Some(self.reference), message };
        let text = serde_json::to_string(&frame).map_err(|e| BotError::Protocol(e.to_string()))?;
        let line = self.say.as_mut().ok_or_else(closed)?;
        line.send(Message::text(text)).await?;
        Ok(self.reference)
    }

    /// The next message.
    ///
    /// # Errors
    /// [`BotError`] if the line is broken or closed, or the message makes no sense.
    pub async fn hear(&mut self) -> Result<ServerMessage, BotError> {
        self.heard.recv().await.ok_or_else(closed)?
    }

    /// Breaks the line without a word.
    pub(crate) fn cut(&mut self) {
        // The reader holds the other half of the stream, which is closed with both.
        self.reader.abort();
        self.say = None;
    }

    /// Gives the seat up.
    pub async fn leave(&mut self) {
        // Whoever goes does not care whether the line still stands.
        let _ = self.say(ClientMessage::Leave).await;
        if let Some(mut line) = self.say.take() {
            let _ = line.close().await;
        }
    }
}

fn closed() -> BotError {
    BotError::Refused("the server closed the connection".to_owned())
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Reads until the connection ends or nobody listens. The library answers pings by itself.
async fn read(
    mut socket: SplitStream<Socket>,
    sender: mpsc::Sender<Result<ServerMessage, BotError>>,
) {
    while let Some(message) = socket.next().await {
        let message = match message {
            Ok(Message::Text(text)) => serde_json::from_str(&text)
                .map_err(|error| BotError::Protocol(format!("{error}: {text:.200}"))),
            Ok(Message::Close(_)) => return,
            Ok(_) => continue,
            Err(error) => Err(error.into()),
        };
        if sender.send(message).await.is_err() {
            return;
        }
    }
}

/// Messages that wait for the bot; beyond them the server is not read from.
const WAITING: usize = 64;
const READ_BUFFER: usize = 4_096;
