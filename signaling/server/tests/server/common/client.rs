//! A browser's side of the WebSocket.

use std::io::Write;
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::PATIENCE;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) struct Client {
    pub(crate) socket: Socket,
    /// The reply to `join`.
    pub(crate) joined: Value,
    next: u32,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let (socket, _) = connect_async(format!("ws://{address}/ws")).await.unwrap();
        Self::on(socket)
    }

    /// On a connection of the caller's making.
    pub(crate) fn on(socket: Socket) -> Self {
        Self { socket, joined: Value::Null, next: 100 }
    }

    /// Joins and must succeed.
    pub(crate) async fn join(&mut self, with: Value) {
        self.join_as(json!({ "with": with })).await;
    }

    /// Joins with these fields and must succeed.
    pub(crate) async fn join_as(&mut self, fields: Value) {
        self.say_join(fields).await;
        let joined = self.next().await;
        assert_eq!(joined["type"], "joined", "{joined}");
        self.joined = joined;
    }

    /// Joins and must wait.
    pub(crate) async fn waits(&mut self, with: Value) {
        self.say_join(json!({ "with": with })).await;
        let waiting = self.next().await;
        assert_eq!(waiting["type"], "waiting", "{waiting}");
        self.joined = waiting;
    }

    /// Is let in.
    pub(crate) async fn comes_in(&mut self) {
        let joined = self.wait_for("joined").await;
        self.joined = joined;
    }

    /// Joins and must be refused; returns the code.
    pub(crate) async fn refused(mut self, with: Value) -> String {
        self.say_join(json!({ "with": with })).await;
        let error = self.next().await;
        assert_eq!(error["type"], "error", "{error}");
        self.expect_end().await;
        error["code"].as_str().unwrap().to_owned()
    }

    async fn say_join(&mut self, fields: Value) {
        let mut join = json!({ "type": "join", "version": 1 });
        join.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.say(join).await;
    }

    pub(crate) fn me(&self) -> u64 {
        self.joined["you"].as_u64().unwrap()
    }

    pub(crate) fn resume(&self) -> Value {
        json!({ "resume": self.joined["resume"] })
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    /// Says something with a number and waits for `ok` or `error`; other messages are passed
    /// over and returned.
    pub(crate) async fn ask(&mut self, mut message: Value) -> (Value, Vec<Value>) {
        self.next += 1;
        message["ref"] = json!(self.next);
        self.say(message).await;
        let mut before = Vec::new();
        loop {
            let reply = self.next().await;
            if reply["ref"] == json!(self.next) {
                return (reply, before);
            }
            before.push(reply);
        }
    }

    /// Says something that must be carried out.
    pub(crate) async fn does(&mut self, message: Value) -> Vec<Value> {
        let (reply, before) = self.ask(message.clone()).await;
        assert_eq!(reply["type"], "ok", "{message}: {reply}");
        before
    }

    /// Says something that must be refused; returns the code.
    pub(crate) async fn may_not(&mut self, message: Value) -> String {
        let (reply, _) = self.ask(message.clone()).await;
        assert_eq!(reply["type"], "error", "{message}: {reply}");
        reply["code"].as_str().unwrap().to_owned()
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> Value {
        self.try_next().await.expect("a message, not the end")
    }

    /// The next message; `None` at the end of the connection.
    pub(crate) async fn try_next(&mut self) -> Option<Value> {
        // One deadline for all frames: pings alone would keep a hopeless test waiting.
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let frame = tokio::time::timeout_at(deadline, self.socket.next()).await.unwrap();
            match frame {
                Some(Ok(Message::Text(text))) => {
                    return Some(serde_json::from_str(&text).unwrap());
                }
                Some(Ok(Message::Close(_)) | Err(Error::ConnectionClosed)) | None => return None,
                Some(Ok(_)) => {}
                Some(Err(_reset)) => return None,
            }
        }
    }

    /// The next message of this type; others are passed over.
    pub(crate) async fn wait_for(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// The next event of this kind; everything else is passed over.
    pub(crate) async fn wait_event(&mut self, kind: &str) -> Value {
        loop {
            let message = self.wait_for("event").await;
            if message["event"]["kind"] == kind {
                return message;
            }
        }
    }

    /// What the next event of this kind tells.
    pub(crate) async fn told(&mut self, kind: &str) -> Value {
        self.wait_event(kind).await["event"].take()
    }

    /// The connection must end; returns the code of `closed`, if it came.
    pub(crate) async fn expect_end(&mut self) -> Option<String> {
        let mut code = None;
        while let Some(message) = self.try_next().await {
            if message["type"] == "closed" {
                code = message["code"].as_str().map(str::to_owned);
            }
        }
        code
    }

    /// Cuts the connection without a word, as a lost network does.
    pub(crate) fn cut(self) {
        drop(self.socket);
    }
}

/// An offer as it travels.
pub(crate) fn pack(text: &str) -> String {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    URL_SAFE_NO_PAD.encode(encoder.finish().unwrap())
}
