//! The loop: packets from one device through the link into the other.
//!
//! Invariant: one thread, which waits for everything at once. A turn reads at most [`TURN`] packets
//! of each device, so that neither direction starves the other, nor packets the orders.
//! Left out on purpose: what becomes of a packet, which is the library's.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, Command, ExitStatus};
use std::time::Instant;

use anyhow::{Context, Result};
use kreide_link::{Direction, Link, Output};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use serde_json::{Value, json};

use crate::clock::now;
use crate::ground::Ground;
use crate::orders::{Lines, Order, profile};
use crate::signals::Signal;

/// Packets of a device in one turn.
const TURN: usize = 64;
/// Longer than any packet of an interface with an MTU of 1500.
const PACKET_MAX: usize = 2048;

/// A link that runs.
pub(crate) struct Pump {
    pub(crate) ground: Ground,
    link: Link,
    until: Until,
    stop: Signal,
    /// Packets that the kernel did not take at the exit.
    refused: u64,
}

/// What ends a link, beside a signal.
pub(crate) enum Until {
    /// The end of the orders.
    OrdersEnd(Orders),
    /// The end of a process.
    ChildEnds {
        /// The process.
        child: Child,
        /// Wakes the loop for it.
        signal: Signal,
    },
}

/// Standard input, read without a buffer that would hide orders from the loop.
pub(crate) struct Orders {
    input: File,
    lines: Lines,
}

/// Why a link ended.
pub(crate) enum End {
    /// Orders ended, or a signal came.
    Stopped,
    /// The command ended.
    Ended(ExitStatus),
}

impl Orders {
    pub(crate) fn from_standard_input() -> Result<Self> {
        let input = std::io::stdin().as_fd().try_clone_to_owned()?;
        Ok(Self { input: File::from(input), lines: Lines::default() })
    }
}

impl Pump {
    pub(crate) fn new(ground: Ground, link: Link, until: Until, stop: Signal) -> Self {
        Self { ground, link, until, stop, refused: 0 }
    }

    /// Runs the link until its end.
    pub(crate) fn run(&mut self) -> Result<End> {
        go_first();
        let mut buffer = [0; PACKET_MAX];
        loop {
            for direction in Direction::BOTH {
                self.read_packets(direction, &mut buffer)?;
            }
            let next = self.write_packets()?;
            let ready = self.wait(next)?;
            if ready.stop && self.stop.came()? {
                return Ok(End::Stopped);
            }
            if let Some(end) = self.look_after(&ready)? {
                return Ok(end);
            }
        }
    }

    /// What became of all packets. `missed` are those that the kernel dropped before the link, and
    /// `refused` those behind it: with either, the machine was too slow for the figures to count.
    pub(crate) fn counters(&self) -> Result<Value> {
        Ok(json!({"counters": {
            "up": self.link.counters(Direction::Up),
            "down": self.link.counters(Direction::Down),
            "missed": {"up": self.ground.a.missed()?, "down": self.ground.b.missed()?},
            "refused": self.refused,
        }}))
    }

    fn read_packets(&mut self, direction: Direction, buffer: &mut [u8]) -> Result<()> {
        for _ in 0..TURN {
            match self.ground.devices.entrance(direction).recv(buffer) {
                Ok(length) if is_ipv4(&buffer[..length]) => {
                    self.link.handle(buffer[..length].to_vec(), direction, now());
                }
                // Neighbour discovery of IPv6 would take draws at times that no seed knows.
                Ok(_) => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
                {
                    break;
                }
                Err(error) => return Err(error).context("cannot read from a TUN device"),
            }
        }
        Ok(())
    }

    /// Hands over what has arrived, and tells when the next packet does.
    fn write_packets(&mut self) -> Result<Option<Instant>> {
        loop {
            match self.link.poll(now()) {
                Output::Wait(next) => return Ok(next),
                Output::Deliver(direction, packet) => {
                    if self.ground.devices.exit(direction).send(&packet).is_err() {
                        self.refused += 1;
                    }
                }
            }
        }
    }

    fn wait(&self, next: Option<Instant>) -> Result<Ready> {
        let watched: [BorrowedFd<'_>; 4] = [
            self.stop.as_fd(),
            match &self.until {
                Until::OrdersEnd(orders) => orders.input.as_fd(),
                Until::ChildEnds { signal, .. } => signal.as_fd(),
            },
            self.ground.devices.entrance(Direction::Up).as_fd(),
            self.ground.devices.entrance(Direction::Down).as_fd(),
        ];
        let mut polled = watched.map(|file| PollFd::from_borrowed_fd(file, PollFlags::IN));
        let timeout = next.map(|at| Timespec::try_from(at.saturating_duration_since(now())));
        match poll(&mut polled, timeout.transpose()?.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready = |file: &PollFd<'_>| !file.revents().is_empty();
        Ok(Ready { stop: ready(&polled[0]), until: ready(&polled[1]) })
    }

    fn look_after(&mut self, ready: &Ready) -> Result<Option<End>> {
        if !ready.until {
            return Ok(None);
        }
        match &mut self.until {
            Until::ChildEnds { child, signal } => {
                signal.came()?;
                Ok(child.try_wait()?.map(End::Ended))
            }
            Until::OrdersEnd(orders) => {
                let mut piece = [0; 4096];
                let length = orders.input.read(&mut piece).context("cannot read orders")?;
                if length == 0 {
                    return Ok(Some(End::Stopped));
                }
                for order in orders.lines.take(&piece[..length])? {
                    let answer = order.and_then(|order| self.obey(&order));
                    say(&answer.unwrap_or_else(|error| json!({"error": format!("{error:#}")})))?;
                }
                Ok(None)
            }
        }
    }

    fn obey(&mut self, order: &Order) -> Result<Value> {
        let (up, down) = match order {
            Order::Counters => return self.counters(),
            Order::Profile(name) => profile(name).map(|named| (named.up, named.down))?,
            Order::Set(change) => change
                .of(self.link.conditions(Direction::Up), self.link.conditions(Direction::Down))?,
        };
        self.link.set(Direction::Up, up, now());
        self.link.set(Direction::Down, down, now());
        Ok(json!({"conditions": {"up": up, "down": down}}))
    }
}

/// What woke the loop, beside packets and time.
struct Ready {
    stop: bool,
    until: bool,
}

/// Puts this process before the browsers that the link is judged with, which take every processor
/// they get. A nice value would not: the kernel weighs it within a session only, sched(7). Where
/// it cannot be done, `behind_us_max` tells what that cost.
fn go_first() {
    let process = std::process::id().to_string();
    let _ = Command::new("chrt").args(["--rr", "--pid", "1", &process]).output();
}

/// Prints one line for whoever runs the link.
pub(crate) fn say(line: &Value) -> Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush().context("nobody reads what is printed")
}

fn is_ipv4(packet: &[u8]) -> bool {
    packet.first().is_some_and(|first| first >> 4 == 4)
}
