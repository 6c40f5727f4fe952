//! How a shard sleeps: until its socket has something, somebody wakes it, or a time has come.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

/// Wakes one shard from other threads.
#[derive(Clone)]
pub(crate) struct Waker(Arc<OwnedFd>);

impl Waker {
    pub(crate) fn new() -> io::Result<Self> {
        let fd = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        Ok(Self(Arc::new(fd)))
    }

    /// Ends the shard's sleep, or its next one.
    pub(crate) fn wake(&self) {
        // A counter at its end wakes as well.
        let _ = rustix::io::write(&*self.0, &1_u64.to_ne_bytes());
    }

    /// Sleeps until a datagram waits on `socket`, somebody calls [`Self::wake`], or `longest` has
    /// passed; to the microsecond, since a timeout cut to 0 would spin.
    pub(crate) fn sleep(&self, socket: &impl AsFd, longest: Duration) -> io::Result<()> {
        let mut fds = [PollFd::new(socket, PollFlags::IN), PollFd::new(&*self.0, PollFlags::IN)];
        let longest = Timespec {
            tv_sec: longest.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: longest.subsec_nanos().into(),
        };
        match poll(&mut fds, Some(&longest)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if fds[1].revents().contains(PollFlags::IN) {
            let _ = rustix::io::read(&*self.0, &mut [0; 8]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn sleeps_until_something_happens() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let waker = Waker::new().unwrap();
        let begin = Instant::now();
        waker.sleep(&socket, Duration::from_micros(300)).unwrap();
        assert!(begin.elapsed() >= Duration::from_micros(300));

        waker.wake();
        waker.wake();
        waker.sleep(&socket, LONG).unwrap();
        let other = waker.clone();
        let thread = std::thread::spawn(move || other.wake());
        waker.sleep(&socket, LONG).unwrap();
        thread.join().unwrap();

        socket.send_to(b"hello", socket.local_addr().unwrap()).unwrap();
        waker.sleep(&socket, LONG).unwrap();
        assert!(begin.elapsed() < LONG, "none of them slept to the end");
    }
}
