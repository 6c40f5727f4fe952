//! A stream that puts long writings together and keeps nothing afterwards.
//!
//! The WebSocket library keeps a buffer as large as the largest writing for as long as the
//! connection lives, which is hours; so its own is small, and long messages are put together here.
//! Invariant: a short writing goes out at once, together with everything before it; a long one
//! waits for what follows until it is flushed, or until [`MOST`] bytes wait. Once all is out, no
//! memory is held.
//! Left out on purpose: reading, which passes through.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A writing of so many bytes has probably more behind it.
pub(crate) const LONG: usize = 1024;
/// Bytes that wait at most, and one writing.
const MOST: usize = 16 * 1024;

/// A stream, and what is to be written to it.
#[derive(Debug)]
pub(crate) struct Collecting<S> {
    inner: S,
    collected: Vec<u8>,
    /// Bytes of these that are out already.
    out: usize,
}

impl<S> Collecting<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self { inner, collected: Vec::new(), out: 0 }
    }
}

impl<S: AsyncWrite + Unpin> Collecting<S> {
    /// Writes what was collected, all of it, and gives the memory back.
    fn poll_pass_on(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.out < self.collected.len() {
            let rest = &self.collected[self.out..];
            match ready!(Pin::new(&mut self.inner).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.out += written,
            }
        }
        (self.collected, self.out) = (Vec::new(), 0);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Collecting<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Collecting<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let short = data.len() < LONG;
        if short && this.collected.is_empty() {
            return Pin::new(&mut this.inner).poll_write(cx, data);
        }
        if this.collected.len() >= MOST {
            ready!(this.poll_pass_on(cx))?;
        }
        this.collected.extend_from_slice(data);
        // What the other side does not take yet goes with the next writing or flush.
        if short && let Poll::Ready(passed) = this.poll_pass_on(cx) {
            passed?;
        }
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_pass_on(cx))?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_pass_on(cx))?;
        Pin::new(&mut this.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    /// What has arrived at the other side so far.
    fn arrived(there: &mut DuplexStream) -> usize {
        let mut bytes = vec![0; 1 << 20];
        let mut count = 0;
        while let Some(read) = there.read(&mut bytes).now_or_never() {
            match read.unwrap() {
                0 => break,
                some => count += some,
            }
        }
        count
    }

    #[tokio::test]
    async fn a_short_writing_takes_all_with_it() {
        let (here, mut there) = duplex(1 << 20);
        let mut stream = Collecting::new(here);
        stream.write_all(&[1; 10]).await.unwrap();
        assert_eq!(arrived(&mut there), 10);
        stream.write_all(&[2; LONG]).await.unwrap();
        assert_eq!(arrived(&mut there), 0);
        stream.write_all(&[3; LONG - 1]).await.unwrap();
        assert_eq!(arrived(&mut there), 2 * LONG - 1);
        assert_eq!(stream.collected.capacity(), 0, "nothing is kept");
    }

    #[tokio::test]
    async fn what_is_long_waits_for_the_flush_or_for_its_limit() {
        let (here, mut there) = duplex(1 << 20);
        let mut stream = Collecting::new(here);
        stream.write_all(&[1; LONG]).await.unwrap();
        assert_eq!(arrived(&mut there), 0);
        stream.flush().await.unwrap();
        assert_eq!(arrived(&mut there), LONG);
        for _ in 0..=MOST / LONG {
            stream.write_all(&[2; LONG]).await.unwrap();
        }
        assert_eq!(arrived(&mut there), MOST);
        assert!(stream.collected.capacity() <= MOST + LONG, "and no more than that");
    }

    #[tokio::test]
    async fn a_side_that_does_not_read_holds_the_writer_up_and_loses_nothing() {
        let (here, mut there) = duplex(100);
        let mut stream = Collecting::new(here);
        let text: Vec<u8> = (0..3 * MOST).map(|at| (at % 251) as u8).collect();
        assert!(stream.write_all(&text).now_or_never().is_some_and(|wrote| wrote.is_ok()));
        assert!(stream.write_all(&[9; LONG]).now_or_never().is_none(), "too much waits");
        let mut read = vec![0; text.len()];
        let (flushed, got) = tokio::join!(stream.flush(), there.read_exact(&mut read));
        flushed.unwrap();
        got.unwrap();
        assert_eq!(read, text);
    }
}
