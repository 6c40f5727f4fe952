//! What waits to be sent to one browser.
//!
//! Invariant: bounded in bytes and in messages. Putting something in never waits: when it is full
//! the browser has not read for too long, its connection is dropped, and it may come back and ask
//! for what it missed. One long message, such as the state of a lesson in which much was written,
//! does not fill it: how long it is says nothing of its reader.
//! Left out on purpose: the socket, which `connection` owns.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kreide_protocol::{ErrorCode, ErrorReply, ServerMessage};
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// Bytes that may wait, as messages are weighed.
const MAX_BYTES: usize = 1 << 20;
/// Messages that may wait; small ones have a cost beyond their bytes.
const MAX_MESSAGES: usize = 4096;

/// The sending end. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    queue: mpsc::Sender<Out>,
    gauge: Arc<Gauge>,
}

/// The receiving end.
#[derive(Debug)]
pub(crate) struct Waiting {
    queue: mpsc::Receiver<Out>,
    gauge: Arc<Gauge>,
}

/// Something to send.
#[derive(Debug)]
pub(crate) enum Out {
    /// A message.
    Frame(Utf8Bytes),
    /// Nothing more: close the connection.
    Close,
}

/// What both ends know.
#[derive(Debug, Default)]
struct Gauge {
    bytes: AtomicUsize,
    overflowed: Notify,
}

/// Makes both ends.
pub(crate) fn outbox() -> (Outbox, Waiting) {
    let (sender, receiver) = mpsc::channel(MAX_MESSAGES);
    let gauge = Arc::new(Gauge::default());
    (Outbox { queue: sender, gauge: gauge.clone() }, Waiting { queue: receiver, gauge })
}

/// A message as it is sent.
pub(crate) fn encode(message: &ServerMessage) -> Utf8Bytes {
    serde_json::to_string(message).expect("messages are plain data").into()
}

impl Outbox {
    /// Sends a message.
    pub(crate) fn say(&self, message: &ServerMessage) {
        self.put(Out::Frame(encode(message)));
    }

    /// Sends what was encoded before.
    pub(crate) fn say_encoded(&self, text: Utf8Bytes) {
        self.put(Out::Frame(text));
    }

    /// Says that the message with this number was carried out.
    pub(crate) fn done(&self, reference: Option<u32>) {
        if let Some(reference) = reference {
            self.say(&ServerMessage::Ok { reference });
        }
    }

    /// Sends a refusal.
    pub(crate) fn refuse(&self, reference: Option<u32>, code: ErrorCode, message: String) {
        self.say(&ServerMessage::Error(ErrorReply { reference, code, message }));
    }

    /// Closes the connection once everything is sent.
    pub(crate) fn close(&self) {
        self.put(Out::Close);
    }

    /// Refuses the whole connection and closes it.
    pub(crate) fn turn_away(&self, reference: Option<u32>, code: ErrorCode) {
        self.refuse(reference, code, "the connection is refused".to_owned());
        self.close();
    }

    /// Resolves when the browser has not read for too long. One may wait for it.
    pub(crate) async fn overflowed(&self) {
        self.gauge.overflowed.notified().await;
    }

    fn put(&self, out: Out) {
        let bytes = self.gauge.bytes.fetch_add(out.weight(), Ordering::Relaxed) + out.weight();
        // A receiver that is gone is a connection that has ended; its reader says so elsewhere.
        let full = matches!(self.queue.try_send(out), Err(mpsc::error::TrySendError::Full(_)));
        if full || bytes > MAX_BYTES {
            self.gauge.overflowed.notify_one();
        }
    }
}

impl Waiting {
    /// The next message; `None` if nobody can send any more.
    pub(crate) async fn next(&mut self) -> Option<Out> {
        let out = self.queue.recv().await?;
        self.gauge.bytes.fetch_sub(out.weight(), Ordering::Relaxed);
        Some(out)
    }

    /// One more message, if it is there already.
    pub(crate) fn more(&mut self) -> Option<Out> {
        let out = self.queue.try_recv().ok()?;
        self.gauge.bytes.fetch_sub(out.weight(), Ordering::Relaxed);
        Some(out)
    }
}

impl Out {
    /// What it counts for: its bytes, but a long one counts no more than half of what may wait.
    fn weight(&self) -> usize {
        match self {
            Self::Frame(text) => text.as_str().len().min(MAX_BYTES / 2),
            Self::Close => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_reader_gets_everything_in_order() {
        let (outbox, mut waiting) = outbox();
        for count in 0..3 * MAX_MESSAGES {
            outbox.say(&ServerMessage::Speaking { who: vec![u32::try_from(count).unwrap()] });
            let Some(Out::Frame(text)) = waiting.next().await else { panic!("overflowed") };
            assert!(text.as_str().contains(&count.to_string()));
        }
    }

    #[tokio::test]
    async fn too_many_messages_overflow() {
        let (outbox, _waiting) = outbox();
        for _ in 0..=MAX_MESSAGES {
            outbox.say(&ServerMessage::Pong);
        }
        outbox.overflowed().await;
    }

    #[tokio::test]
    async fn too_many_bytes_overflow() {
        let (outbox, _waiting) = outbox();
        for _ in 0..=MAX_BYTES / 1000 {
            outbox.say_encoded("x".repeat(1000).into());
        }
        outbox.overflowed().await;
    }

    #[tokio::test]
    async fn a_long_message_overflows_nothing_by_itself() {
        let (outbox, mut waiting) = outbox();
        let long = || Utf8Bytes::from("x".repeat(2 * MAX_BYTES));
        outbox.say_encoded(long());
        outbox.say(&ServerMessage::Pong);
        assert_eq!(outbox.overflowed().now_or_never(), None);
        assert!(waiting.next().await.is_some() && waiting.next().await.is_some());
        for _ in 0..3 {
            outbox.say_encoded(long());
        }
        outbox.overflowed().await;
    }
}
