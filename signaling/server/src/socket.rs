//! The WebSocket itself: the handshake of RFC 6455, and how messages become frames.
//!
//! Invariant: what one browser may hold of our memory is bounded, whatever it sends or does not
//! read; and it gives back what a long message took. The library keeps what the longest frame once
//! needed, for reading as for writing, so we read a little at a time and send a long message as
//! many short frames, which [`Collecting`] puts together.
//! Left out on purpose: extensions and subprotocols. Compressed frames are not negotiated.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::sink::SinkExt;
use futures::stream::{SplitSink, SplitStream};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use kreide_protocol::{ErrorCode, MAX_FRAME};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message, Utf8Bytes};

use crate::collecting::{Collecting, LONG};
use crate::http::{header, refusal};

pub(crate) type Socket = WebSocketStream<Collecting<TokioIo<Upgraded>>>;
pub(crate) type Reader = SplitStream<Socket>;
pub(crate) type Writer = SplitSink<Socket, Message>;

/// Bytes that are read at once. The library clears as many before each reading.
const READ_AT_ONCE: usize = 512;
/// Bytes of messages that the library puts together before it writes them, and of one frame.
const WRITTEN_AT_ONCE: usize = LONG;
/// Bytes that may wait to be written: one frame and what was put together.
const MAX_UNWRITTEN: usize = 64 * 1024;

/// A request that asks for a WebSocket, checked (RFC 6455 section 4.2.1).
pub(crate) struct Handshake {
    accept: HeaderValue,
    upgrade: OnUpgrade,
}

impl Handshake {
    /// Reads the request; the error is the answer to one that asks for something else.
    pub(crate) fn read(request: &mut Request) -> Result<Self, Box<Response>> {
        let refused = || {
            let status = StatusCode::UPGRADE_REQUIRED;
            let mut response = refusal(status, ErrorCode::BadMessage, "this is for WebSockets");
            for (name, value) in [(header::UPGRADE, "websocket"), (header::CONNECTION, "upgrade")] {
                response.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            let version = HeaderValue::from_static("13");
            response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, version);
            Box::new(response)
        };
        let says = |name: &str, token: &str| {
            let value = header(request.headers(), name).unwrap_or_default();
            value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token))
        };
        let asks = says("connection", "upgrade")
            && says("upgrade", "websocket")
            && says("sec-websocket-version", "13");
        let accept = header(request.headers(), "sec-websocket-key")
            .map(|key| derive_accept_key(key.as_bytes()))
            .and_then(|accept| HeaderValue::try_from(accept).ok());
        match (asks, accept, request.extensions_mut().remove::<OnUpgrade>()) {
            (true, Some(accept), Some(upgrade)) => Ok(Self { accept, upgrade }),
            _ => Err(refused()),
        }
    }

    /// Answers, and hands the socket to `talk` on a task of its own once the answer is out.
    pub(crate) fn accept<F>(self, talk: impl FnOnce(Socket) -> F + Send + 'static) -> Response
    where
        F: Future<Output = ()> + Send,
    {
        let Self { accept, upgrade } = self;
        tokio::spawn(async move {
            // A browser that is gone before the answer was out needs nothing more.
            let Ok(upgraded) = upgrade.await else { return };
            let config = WebSocketConfig::default()
                .max_frame_size(Some(MAX_FRAME))
                .max_message_size(Some(MAX_FRAME))
                .read_buffer_size(READ_AT_ONCE)
                .write_buffer_size(WRITTEN_AT_ONCE)
                .max_write_buffer_size(MAX_UNWRITTEN);
            let io = Collecting::new(TokioIo::new(upgraded));
            talk(Socket::from_raw_socket(io, Role::Server, Some(config)).await).await;
        });
        let head = [
            (header::CONNECTION, HeaderValue::from_static("upgrade")),
            (header::UPGRADE, HeaderValue::from_static("websocket")),
            (header::SEC_WEBSOCKET_ACCEPT, accept),
        ];
        (StatusCode::SWITCHING_PROTOCOLS, head, Body::empty()).into_response()
    }
}

/// Puts a message behind what is to be written. It may have to wait for what was before it.
pub(crate) async fn feed(writer: &mut Writer, text: Utf8Bytes) -> Result<(), Error> {
    if text.len() <= WRITTEN_AT_ONCE {
        return writer.feed(Message::Text(text)).await;
    }
    let mut rest = Bytes::from(text);
    let mut kind = Data::Text;
    while !rest.is_empty() {
        let part = rest.split_to(rest.len().min(WRITTEN_AT_ONCE));
        // RFC 6455 section 5.4: control frames may come between these, other messages may not.
        let frame = Frame::message(part, OpCode::Data(kind), rest.is_empty());
        writer.feed(Message::Frame(frame)).await?;
        kind = Data::Continue;
    }
    Ok(())
}
