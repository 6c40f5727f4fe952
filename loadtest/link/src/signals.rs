//! Signals as bytes in a pipe, so that one call waits for them and for packets.
//!
//! Invariant: a signal that comes before anybody waits is not lost.
//! Left out on purpose: what is done about them.

use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use anyhow::Result;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

/// A kind of signal.
pub(crate) struct Signal {
    pipe: UnixStream,
}

impl Signal {
    /// Someone wants this process to end.
    pub(crate) fn stop() -> Result<Self> {
        Self::of(&[SIGINT, SIGTERM, SIGHUP])
    }

    /// A process that this one started has ended, maybe more.
    pub(crate) fn child() -> Result<Self> {
        Self::of(&[SIGCHLD])
    }

    fn of(signals: &[i32]) -> Result<Self> {
        let (pipe, end) = UnixStream::pair()?;
        pipe.set_nonblocking(true)?;
        for signal in signals {
            pipe::register(*signal, end.try_clone()?)?;
        }
        Ok(Self { pipe })
    }

    /// Whether it came since the last call.
    pub(crate) fn came(&mut self) -> Result<bool> {
        match self.pipe.read(&mut [0; 64]) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Signal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}
