//! Ways to send to many receivers over the loopback address, one thread.

use std::io::{ErrorKind, IoSlice};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::socket::sockopt::UdpGsoSegment;
use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, SockaddrIn, sendmmsg, setsockopt};

use crate::Options;
use crate::cipher::{Cipher, TAG};
use crate::report::Row;
use crate::timing::{Cost, measure};

/// Packets that every receiver gets in a round: they all fit its buffer.
const EACH: usize = 16;
/// Packets in one `sendmmsg`.
const TOGETHER: usize = 32;

/// How packets are handed to the kernel.
#[derive(Clone, Copy)]
enum Way {
    /// One `sendto` for each packet.
    One,
    /// One `sendmmsg` for [`TOGETHER`] packets to as many receivers.
    Many,
    /// One `sendto` of so many packets to one receiver, which the kernel cuts (UDP_SEGMENT).
    Segments(usize),
}

impl Way {
    /// Packets to one receiver before the next one's turn.
    fn burst(self) -> usize {
        match self {
            Self::One | Self::Many => 1,
            Self::Segments(count) => count,
        }
    }
}

const WAYS: [(&str, Way); 6] = [
    ("sendto", Way::One),
    ("sendmmsg of 32", Way::Many),
    ("2 segments", Way::Segments(2)),
    ("4 segments", Way::Segments(4)),
    ("8 segments", Way::Segments(8)),
    ("16 segments", Way::Segments(16)),
];

/// A sender, its receivers, and what is sent.
struct Field {
    sender: UdpSocket,
    receivers: Vec<(UdpSocket, SocketAddr, Cipher)>,
    plain: Vec<u8>,
    arena: Vec<u8>,
    headers: MultiHeaders<SockaddrIn>,
    /// Packets that are under way to the receivers.
    sent: usize,
}

/// Sending packets of this size in every way, and the same with protection.
pub(crate) fn rows(bytes: usize, options: Options) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, way) in WAYS {
        for protected in [false, true] {
            let cost = cost(bytes, options, way, protected).with_context(|| name.to_owned())?;
            let step = if protected { format!("protect, {name}") } else { name.to_owned() };
            rows.push(Row::new(&step, bytes, cost));
        }
    }
    Ok(rows)
}

fn cost(bytes: usize, options: Options, way: Way, protected: bool) -> Result<Cost> {
    let mut field = Field::new(bytes, options.destinations)?;
    if let Way::Segments(_) = way {
        setsockopt(&field.sender, UdpGsoSegment, &i32::try_from(bytes + TAG)?)
            .context("this kernel has no UDP_SEGMENT")?;
    }
    let cost = measure(options.time, &mut field, Field::receive_all, |field| {
        for _ in 0..EACH / way.burst() {
            match way {
                Way::One | Way::Segments(_) => field.one_by_one(way.burst(), protected)?,
                Way::Many => field.together(protected)?,
            }
        }
        Ok(field.sent)
    })?;
    field.receive_all()?;
    Ok(cost)
}

impl Field {
    fn new(bytes: usize, destinations: usize) -> Result<Self> {
        let receiver = |number: usize| -> Result<_> {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
                .context("a receiver (see `ulimit -n` for very many)")?;
            socket.set_nonblocking(true)?;
            let address = socket.local_addr()?;
            Ok((socket, address, Cipher::new(number as u8)?))
        };
        Ok(Self {
            sender: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?,
            receivers: (0..destinations).map(receiver).collect::<Result<_>>()?,
            plain: vec![7; bytes],
            arena: vec![0; (bytes + TAG) * EACH.max(TOGETHER)],
            headers: MultiHeaders::preallocate(TOGETHER, None),
            sent: 0,
        })
    }

    /// A burst to each receiver, in one call for each.
    fn one_by_one(&mut self, burst: usize, protected: bool) -> Result<()> {
        let size = self.plain.len() + TAG;
        for (_, address, cipher) in &mut self.receivers {
            let datagrams = &mut self.arena[..size * burst];
            if protected {
                for packet in datagrams.chunks_exact_mut(size) {
                    packet[..self.plain.len()].copy_from_slice(&self.plain);
                    cipher.protect(packet)?;
                }
            }
            let length = self.sender.send_to(datagrams, *address)?;
            ensure!(length == datagrams.len(), "the kernel took {length} bytes");
            self.sent += burst;
        }
        Ok(())
    }

    /// A packet to each receiver, in one call for many.
    fn together(&mut self, protected: bool) -> Result<()> {
        let size = self.plain.len() + TAG;
        for receivers in self.receivers.chunks_mut(TOGETHER) {
            let datagrams = &mut self.arena[..size * receivers.len()];
            if protected {
                for (packet, (_, _, cipher)) in
                    datagrams.chunks_exact_mut(size).zip(&mut *receivers)
                {
                    packet[..self.plain.len()].copy_from_slice(&self.plain);
                    cipher.protect(packet)?;
                }
            }
            let slices: Vec<_> =
                datagrams.chunks_exact(size).map(|part| [IoSlice::new(part)]).collect();
            let addresses: Vec<_> = receivers.iter().map(|(_, address, _)| v4(*address)).collect();
            let sent = sendmmsg(
                self.sender.as_raw_fd(),
                &mut self.headers,
                &slices,
                &addresses,
                NOTHING,
                MsgFlags::empty(),
            )?
            .count();
            ensure!(sent == receivers.len(), "the kernel took {sent} of {}", receivers.len());
            self.sent += sent;
        }
        Ok(())
    }

    /// Empties the receivers' buffers and counts: every packet must have arrived.
    fn receive_all(&mut self) -> Result<()> {
        let mut buffer = [0; 2_048];
        let mut received = 0;
        for (socket, ..) in &self.receivers {
            loop {
                match socket.recv(&mut buffer) {
                    Ok(length) if length == self.plain.len() + TAG => received += 1,
                    Ok(length) => bail!("a datagram of {length} bytes arrived"),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        ensure!(
            received == self.sent,
            "{} of {} packets were lost",
            self.sent - received,
            self.sent
        );
        self.sent = 0;
        Ok(())
    }
}

fn v4(address: SocketAddr) -> Option<SockaddrIn> {
    match address {
        SocketAddr::V4(address) => Some(SockaddrIn::from(address)),
        SocketAddr::V6(_) => None,
    }
}

/// No control message.
const NOTHING: [ControlMessage<'static>; 0] = [];
