//! One shard's UDP socket: many datagrams in one call, and the packets to one viewer as the
//! segments of one datagram (UDP_SEGMENT), which the kernel cuts.
//!
//! Invariant: nothing here waits. Where the network card or the kernel cannot segment, packets go
//! out one by one.
//! Left out on purpose: what the datagrams mean.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Socket, Type};

/// A non-blocking socket with its state.
pub(crate) struct MediaSocket {
    socket: UdpSocket,
    state: UdpSocketState,
    ipv6: bool,
    /// It has many addresses, so a peer must be answered from the one that it speaks to.
    wildcard: bool,
}

impl MediaSocket {
    /// Opens a socket. An IPv6 wildcard takes IPv4 too.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(!address.ip().is_unspecified())?;
        }
        // A burst of keyframes for a class must fit; the kernel may grant less.
        socket.set_recv_buffer_size(BUFFER)?;
        socket.set_send_buffer_size(BUFFER)?;
        socket.bind(&address.into())?;
        let socket = UdpSocket::from(socket);
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        let (ipv6, wildcard) = (address.is_ipv6(), address.ip().is_unspecified());
        Ok(Self { socket, state, ipv6, wildcard })
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Fills the inbox with what waits; returns whether there may be more.
    pub(crate) fn receive(&self, inbox: &mut Inbox) -> io::Result<bool> {
        inbox.count = 0;
        let mut buffers = inbox.memory.chunks_exact_mut(LARGEST).map(IoSliceMut::new);
        let mut buffers: [_; BATCH] =
            std::array::from_fn(|_| buffers.next().unwrap_or_else(|| IoSliceMut::new(&mut [])));
        inbox.count =
            self.state.recv(UdpSockRef::from(&self.socket), &mut buffers, &mut inbox.metas)?;
        Ok(inbox.count == BATCH)
    }

    /// Sends packets of `segment` bytes each, but for a smaller last one, from one of our
    /// addresses if there are several, or from the one that the system picks.
    pub(crate) fn send(
        &self,
        contents: &[u8],
        segment: usize,
        to: SocketAddr,
        from: Option<IpAddr>,
    ) -> io::Result<()> {
        let transmit = Transmit {
            destination: for_family(to, self.ipv6),
            ecn: None,
            contents,
            segment_size: Some(segment),
            src_ip: from.filter(|_| self.wildcard),
        };
        self.state.try_send(UdpSockRef::from(&self.socket), &transmit)
    }

    /// How many segments one call takes at most.
    pub(crate) fn most_segments(&self) -> usize {
        self.state.max_gso_segments()
    }
}

impl AsFd for MediaSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Datagrams that were received in one call.
pub(crate) struct Inbox {
    memory: Vec<u8>,
    metas: [RecvMeta; BATCH],
    count: usize,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self { memory: vec![0; BATCH * LARGEST], metas: [RecvMeta::default(); BATCH], count: 0 }
    }

    /// Where each datagram came from, to which of our addresses, and where it lies.
    pub(crate) fn datagrams(&self) -> impl Iterator<Item = Datagram> + use<> {
        let metas = self.metas;
        metas.into_iter().take(self.count).enumerate().flat_map(|(index, meta)| {
            let start = index * LARGEST;
            let end = start + meta.len;
            // What the kernel put together again (UDP_GRO) lies in steps of one length. An empty
            // datagram is one, too.
            let behind = end.max(start + 1);
            (start..behind).step_by(meta.stride.max(1)).map(move |at| Datagram {
                from: canonical(meta.addr),
                to: meta.dst_ip,
                place: at..(at + meta.stride).min(end),
            })
        })
    }

    pub(crate) fn bytes(&mut self, datagram: &Datagram) -> &mut [u8] {
        &mut self.memory[datagram.place.clone()]
    }
}

/// One received datagram.
#[derive(Clone, Debug)]
pub(crate) struct Datagram {
    pub(crate) from: SocketAddr,
    /// Our address.
    pub(crate) to: Option<IpAddr>,
    place: Range<usize>,
}

/// The address as ICE knows it: IPv4 instead of IPv4-mapped IPv6.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The address as a socket of this family needs it.
fn for_family(address: SocketAddr, ipv6: bool) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if ipv6 => SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port()),
        other => other,
    }
}

const BUFFER: usize = 4 << 20;
/// Datagrams in one call, each perhaps many put together.
const BATCH: usize = if BATCH_SIZE < 16 { BATCH_SIZE } else { 16 };
/// What the kernel puts together at most. Pages that are never written cost nothing.
const LARGEST: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (MediaSocket, MediaSocket) {
        let open = || MediaSocket::open(([127, 0, 0, 1], 0).into()).unwrap();
        (open(), open())
    }

    /// Waits until something is there, and takes all of it.
    fn received(socket: &MediaSocket, count: usize) -> Vec<(SocketAddr, Option<IpAddr>, Vec<u8>)> {
        let mut inbox = Inbox::new();
        let mut all = Vec::new();
        while all.len() < count {
            let mut fds = [rustix::event::PollFd::new(socket, rustix::event::PollFlags::IN)];
            let limit = rustix::event::Timespec { tv_sec: 5, tv_nsec: 0 };
            assert!(rustix::event::poll(&mut fds, Some(&limit)).unwrap() > 0, "nothing comes");
            let _more = socket.receive(&mut inbox).unwrap();
            for datagram in inbox.datagrams() {
                all.push((datagram.from, datagram.to, inbox.bytes(&datagram).to_vec()));
            }
        }
        all
    }

    #[test]
    fn segments_arrive_as_packets_of_their_own() {
        let (ours, theirs) = pair();
        let to = theirs.local_addr().unwrap();
        let contents: Vec<u8> = (0..4_500).map(|byte| (byte / 1_000) as u8).collect();
        ours.send(&contents, 1_000, to, None).unwrap();
        let came = received(&theirs, 5);
        let packets: Vec<_> = came.iter().map(|(.., packet)| packet.clone()).collect();
        let sent: Vec<_> = contents.chunks(1_000).map(<[u8]>::to_vec).collect();
        assert_eq!(packets, sent);
        assert_eq!(came[0].0, ours.local_addr().unwrap());
        assert_eq!(came[0].1, Some(to.ip()));
    }

    #[test]
    fn many_datagrams_come_in_their_order() {
        let (ours, theirs) = pair();
        let to = theirs.local_addr().unwrap();
        let sent: Vec<Vec<u8>> = (0..100).map(|byte| vec![byte; usize::from(byte)]).collect();
        for packet in &sent {
            ours.send(packet, packet.len().max(1), to, Some(to.ip())).unwrap();
        }
        let came = received(&theirs, sent.len());
        assert!(came.into_iter().map(|(.., packet)| packet).eq(sent));
    }

    #[test]
    fn an_ipv4_peer_of_an_ipv6_wildcard_keeps_its_own_address() {
        let Ok(ours) = MediaSocket::open("[::]:0".parse().unwrap()) else { return };
        let (theirs, _) = pair();
        let port = ours.local_addr().unwrap().port();
        theirs.send(b"hello", 5, ([127, 0, 0, 1], port).into(), None).unwrap();
        let came = received(&ours, 1);
        assert_eq!(came[0].0, theirs.local_addr().unwrap());
        ours.send(b"hello", 5, came[0].0, came[0].1).unwrap();
        assert_eq!(received(&theirs, 1)[0].2, b"hello");
    }
}
