//! A datagram and when it reached this machine (`SO_TIMESTAMPNS`, socket(7)).
//!
//! A process with hundreds of bots reads their sockets in turn; how long a datagram waits for its
//! turn is the bots' doing, and must not be taken for the server's delay.

use std::io;
use std::net::{SocketAddr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::socket::sockopt::ReceiveTimestampns;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, setsockopt};
use nix::sys::time::TimeSpec;

/// A datagram in the buffer that was given.
pub(crate) struct Arrived {
    pub(crate) length: usize,
    pub(crate) from: SocketAddr,
    pub(crate) at: Instant,
}

/// Lets the kernel note when datagrams come.
///
/// # Errors
/// As setsockopt(2) has it.
pub(crate) fn note(socket: &impl AsFd) -> io::Result<()> {
    Ok(setsockopt(socket, ReceiveTimestampns, &true)?)
}

/// Reads one datagram from a socket of IPv4.
///
/// # Errors
/// As recvmsg(2) has it: `WouldBlock` if there is none.
pub(crate) fn receive(socket: &impl AsFd, buffer: &mut [u8]) -> io::Result<Arrived> {
    let mut control = nix::cmsg_space!(TimeSpec);
    let mut into = [io::IoSliceMut::new(buffer)];
    let fd = socket.as_fd().as_raw_fd();
    let message = recvmsg::<SockaddrIn>(fd, &mut into, Some(&mut control), MsgFlags::empty())?;
    let stamp = message.cmsgs()?.find_map(|part| match part {
        ControlMessageOwned::ScmTimestampns(stamp) => Some(Duration::from(stamp)),
        _ => None,
    });
    let from = message.address.ok_or(io::ErrorKind::InvalidData)?;
    Ok(Arrived { length: message.bytes, from: SocketAddrV4::from(from).into(), at: instant(stamp) })
}

/// The moment of a time since 1970 UTC; now, if it is not known or still to come.
fn instant(stamp: Option<Duration>) -> Instant {
    let now = Instant::now();
    let ago = stamp
        .and_then(|stamp| SystemTime::now().duration_since(UNIX_EPOCH).ok()?.checked_sub(stamp));
    ago.and_then(|ago| now.checked_sub(ago)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn it_is_when_a_datagram_came_not_when_it_was_read() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        note(&socket).unwrap();
        let mut buffer = [0; 8];
        let none = receive(&socket, &mut buffer).err().map(|error| error.kind());
        assert_eq!(none, Some(io::ErrorKind::WouldBlock));

        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        // The kernel begins to stamp a moment after it was asked to; what it has not stamped, it
        // stamps when it is read.
        let stamped = (0..100).any(|_| {
            let before = Instant::now();
            sender.send_to(b"now", socket.local_addr().unwrap()).unwrap();
            let sent = Instant::now();
            // Whatever passes until it is read must not count.
            while sent.elapsed() < Duration::from_millis(20) {
                std::thread::yield_now();
            }
            let arrived = receive(&socket, &mut buffer).unwrap();
            assert_eq!(&buffer[..arrived.length], b"now");
            assert_eq!(arrived.from, sender.local_addr().unwrap());
            // The two clocks are read one after the other.
            let apart = Duration::from_millis(10);
            before <= arrived.at + apart && arrived.at <= sent + apart
        });
        assert!(stamped);
    }

    #[test]
    fn what_is_not_known_is_now() {
        let before = Instant::now();
        let later = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(9);
        for stamp in [None, Some(later)] {
            assert!(instant(stamp) >= before, "{stamp:?}");
        }
    }
}
