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
    say: SplitSink<Socket, Message>,
    heard: mpsc::Receiver<Result<ServerMessage, BotError>>,
    reader: AbortHandle,
    reference: u32,
}

impl Seat {
    /// Exchanges the link for a token and joins with a packed offer. Returns, too, when the token
    /// came.
    ///
    /// # Errors
    /// [`BotError`] if the door stays shut or the lesson does not let the bot in.
    pub async fn take(
        door: &Door,
        link: &str,
        name: &str,
        offer: String,
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
        // The library clears all of its buffer before each reading.
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
        let url = door.socket_url();
        let (socket, _) = connect_async_with_config(url, Some(config), false).await?;
        let (say, hear) = socket.split();
        let (sender, heard) = mpsc::channel(WAITING);
        let reader = tokio::spawn(read(hear, sender)).abort_handle();
        let mut seat = Self { say, heard, reader, reference: 0 };
        let join = Join {
            version: VERSION,
            features: Vec::new(),
            with: JoinWith::Token(token),
            offer: Some(offer),
            since: None,
        };
        seat.say(ClientMessage::Join(join)).await?;
        loop {
            match seat.hear().await? {
                ServerMessage::Joined(joined) => return Ok((seat, joined, entered)),
                ServerMessage::Error(refusal) => {
                    let said = format!("{:?}: {}", refusal.code, refusal.message);
                    return Err(BotError::Refused(said));
                }
                ServerMessage::Closed { code } => {
                    return Err(BotError::Refused(format!("closed: {code:?}")));
                }
                _ => {}
            }
        }
    }

    /// Says something; a refusal will carry a number.
    ///
    /// # Errors
    /// [`BotError`] if the line is broken.
    pub async fn say(&mut self, message: ClientMessage) -> Result<(), BotError> {
        self.reference += 1;
        let frame = ClientFrame { reference: Some(self.reference), message };
        let text = serde_json::to_string(&frame).map_err(|e| BotError::Protocol(e.to_string()))?;
        Ok(self.say.send(Message::text(text)).await?)
    }

    /// The next message.
    ///
    /// # Errors
    /// [`BotError`] if the line is broken or closed, or the message makes no sense.
    pub async fn hear(&mut self) -> Result<ServerMessage, BotError> {
        let closed = || BotError::Refused("the server closed the connection".to_owned());
        self.heard.recv().await.ok_or_else(closed)?
    }

    /// Gives the seat up.
    pub async fn leave(&mut self) {
        // Whoever goes does not care whether the line still stands.
        let _ = self.say(ClientMessage::Leave).await;
        let _ = self.say.close().await;
    }
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
