//! What waits to be sent to one browser.
//!
//! Invariant: bounded in bytes and in messages. Putting something in never waits: when it is full
//! the browser has not read for too long, its connection is dropped, and it may come back and ask
//! for what it missed. One long message, such as the state of a lesson in which much was written,
//! does not fill it: how long it is says nothing of its reader. An outbox in which nothing waits
//! holds no memory for messages, since that is how nearly all of them are at any moment.
//! Left out on purpose: the socket, which `connection` owns.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use kreide_protocol::{ErrorCode, ErrorReply, ServerMessage};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::event_text::EventText;

/// Bytes that may wait, as messages are weighed.
const MAX_BYTES: usize = 1 << 20;
/// Messages that may wait; small ones have a cost beyond their bytes.
const MAX_MESSAGES: usize = 4096;

/// The sending end. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    shared: Arc<Shared>,
}

/// The receiving end.
#[derive(Debug)]
pub(crate) struct Waiting {
    shared: Arc<Shared>,
}

/// Something to send.
#[derive(Debug)]
pub(crate) enum Out {
    /// A message.
    Frame(Utf8Bytes),
    /// Events that others are told as well, from this place on; the first of them has this number
    /// for this reader.
    Events { all: Arc<[EventText]>, from: usize, first: u64 },
    /// Nothing more: close the connection.
    Close,
}

/// What both ends know.
#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    filled: Notify,
    overflowed: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Out>,
    bytes: usize,
    /// Nobody takes anything out any more.
    abandoned: bool,
}

/// Makes both ends.
pub(crate) fn outbox() -> (Outbox, Waiting) {
    let shared = Arc::new(Shared::default());
    (Outbox { shared: shared.clone() }, Waiting { shared })
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

    /// Sends events that were encoded for all, from this place on. The last of them has the number
    /// `last` for this reader.
    pub(crate) fn tell(&self, all: &Arc<[EventText]>, from: usize, last: u64) {
        let behind_first = all.len().saturating_sub(from).saturating_sub(1) as u64;
        if from < all.len() {
            let first = last.saturating_sub(behind_first);
            self.put(Out::Events { all: Arc::clone(all), from, first });
        }
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
        self.shared.overflowed.notified().await;
    }

    fn put(&self, out: Out) {
        let overflows = {
            let mut queue = self.shared.lock();
            // A connection that has ended; its reader says so elsewhere.
            if queue.abandoned {
                return;
            }
            let full = queue.waiting.len() >= MAX_MESSAGES;
            if !full {
                queue.bytes += out.weight();
                queue.waiting.push_back(out);
            }
            full || queue.bytes > MAX_BYTES
        };
        self.shared.filled.notify_one();
        if overflows {
            self.shared.overflowed.notify_one();
        }
    }
}

impl Waiting {
    /// The next message. Nothing is lost if this is given up.
    pub(crate) async fn next(&mut self) -> Out {
        loop {
            match self.more() {
                Some(out) => return out,
                None => self.shared.filled.notified().await,
            }
        }
    }

    /// One more message, if it is there already.
    pub(crate) fn more(&mut self) -> Option<Out> {
        let mut queue = self.shared.lock();
        let out = queue.waiting.pop_front();
        match &out {
            Some(out) => queue.bytes -= out.weight(),
            None => queue.waiting = VecDeque::new(),
        }
        out
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        *self.shared.lock() = Queue { abandoned: true, ..Queue::default() };
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().expect("nobody panics while holding this")
    }
}

impl Out {
    /// What it counts for: its bytes, but a long one counts no more than half of what may wait.
    fn weight(&self) -> usize {
        match self {
            Self::Frame(text) => text.as_str().len().min(MAX_BYTES / 2),
            Self::Events { all, from, .. } => {
                let lengths = all.iter().skip(*from).map(EventText::len);
                lengths.sum::<usize>().min(MAX_BYTES / 2)
            }
            Self::Close => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use kreide_protocol::{LessonEvent, Stamped};

    use super::*;

    #[tokio::test]
    async fn a_reader_gets_everything_in_order() {
        let (outbox, mut waiting) = outbox();
        for count in 0..3 * MAX_MESSAGES {
            outbox.say(&ServerMessage::Speaking { who: vec![u32::try_from(count).unwrap()] });
            let Out::Frame(text) = waiting.next().await else { panic!("closed") };
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
        assert!(waiting.more().is_some() && waiting.more().is_some());
        for _ in 0..3 {
            outbox.say_encoded(long());
        }
        outbox.overflowed().await;
    }

    #[tokio::test]
    async fn nothing_is_kept_for_who_has_read_all_or_is_gone() {
        let (outbox, mut waiting) = outbox();
        let kept = || outbox.shared.lock().waiting.capacity();
        outbox.say(&ServerMessage::Pong);
        assert!(kept() > 0);
        assert!(waiting.more().is_some() && waiting.more().is_none());
        assert_eq!(kept(), 0);
        outbox.say(&ServerMessage::Pong);
        drop(waiting);
        outbox.say(&ServerMessage::Pong);
        assert_eq!(kept(), 0);
    }

    #[tokio::test]
    async fn a_reader_that_gave_up_waiting_misses_nothing() {
        let (outbox, mut waiting) = outbox();
        assert!(waiting.next().now_or_never().is_none());
        outbox.say(&ServerMessage::Pong);
        outbox.close();
        assert!(matches!(waiting.next().now_or_never(), Some(Out::Frame(_))));
        assert!(matches!(waiting.next().now_or_never(), Some(Out::Close)));
        assert!(waiting.next().now_or_never().is_none());
    }

    #[tokio::test]
    async fn events_have_the_numbers_before_the_last() {
        let left =
            |who| EventText::new(Stamped { seq: 0, at: 7, event: LessonEvent::Left { who } });
        let all: Arc<[EventText]> = [1, 2, 3].map(left).into();
        let (outbox, mut waiting) = outbox();
        for (known, expected) in [(0, Some(8)), (1, Some(9)), (2, Some(10)), (3, None), (4, None)] {
            outbox.tell(&all, known, 10);
            let first = waiting.more().map(|out| match out {
                Out::Events { from, first, .. } => {
                    assert_eq!(from, known);
                    first
                }
                other => panic!("{other:?}"),
            });
            assert_eq!(first, expected, "{known}");
        }
    }
}
