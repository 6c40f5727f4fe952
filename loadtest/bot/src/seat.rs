//! The WebSocket of one bot: enter, join, and the messages of a lesson.

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use kreide_protocol::{
    ClientFrame, ClientMessage, EnterRequest, Join, JoinWith, Joined, ServerMessage, VERSION,
};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::{BotError, Door};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) struct Seat {
    say: SplitSink<Socket, Message>,
    hear: SplitStream<Socket>,
    reference: u32,
}

impl Seat {
    /// Exchanges the link for a token and joins with a packed offer.
    ///
    /// # Errors
    /// [`BotError`] if the door stays shut or the lesson does not let the bot in.
    pub(crate) async fn take(
        door: &Door,
        link: &str,
        name: &str,
        offer: String,
    ) -> Result<(Self, Box<Joined>), BotError> {
        let request = EnterRequest { link: link.to_owned(), name: Some(name.to_owned()) };
        let entered = door.enter(&request).await?;
        let token =
            entered.token.ok_or_else(|| BotError::Refused("the link gives no token".to_owned()))?;
        let (socket, _) = connect_async(door.socket_url()).await?;
        let (say, hear) = socket.split();
        let mut seat = Self { say, hear, reference: 0 };
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
                ServerMessage::Joined(joined) => return Ok((seat, joined)),
                ServerMessage::Error(refusal) => {
                    return Err(BotError::Refused(format!(
                        "{:?}: {}",
                        refusal.code, refusal.message
                    )));
                }
                ServerMessage::Closed { code } => {
                    return Err(BotError::Refused(format!("closed: {code:?}")));
                }
                _ => {}
            }
        }
    }

    /// Says something; a refusal will carry a number.
    pub(crate) async fn say(&mut self, message: ClientMessage) -> Result<(), BotError> {
        self.reference += 1;
        let frame = ClientFrame { reference: Some(self.reference), message };
        let text = serde_json::to_string(&frame).map_err(|e| BotError::Protocol(e.to_string()))?;
        Ok(self.say.send(Message::text(text)).await?)
    }

    /// The next message. Pings are answered on the way.
    pub(crate) async fn hear(&mut self) -> Result<ServerMessage, BotError> {
        loop {
            match self.hear.next().await {
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(&text)
                        .map_err(|error| BotError::Protocol(format!("{error}: {text:.200}")));
                }
                // The library queues the pong; it goes out with a flush.
                Some(Ok(Message::Ping(_))) => self.say.flush().await?,
                Some(Ok(Message::Close(_))) | None => {
                    return Err(BotError::Refused("the server closed the connection".to_owned()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
            }
        }
    }

    /// Gives the seat up.
    pub(crate) async fn leave(&mut self) {
        // Whoever goes does not care whether the line still stands.
        let _ = self.say(ClientMessage::Leave).await;
        let _ = self.say.close().await;
    }
}
