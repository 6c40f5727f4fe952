//! One media thread: a socket, the transports behind it, and the rooms they are in.
//!
//! The loop is: wait for a datagram, an order or a deadline; handle it; flush what the touched
//! room and transport have to send. Orders and datagrams are taken in turns, so that a storm of
//! joins does not stand before media.

mod joins;
mod taps;
mod transports;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::{Duration, Instant};

use kreide_control::{
    Answer, Command, Connect, ConnectError, Event, LessonKey, ParticipantNo, Tapped,
};
use kreide_sfu_core::{MemberKey, PacketKind, RoomPart};
use kreide_sfu_transport::{Class, Received, TransportConfig, classify, stun_local_ufrag};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};
use slab::Slab;
use tokio::sync::{mpsc, oneshot};
use tracing::{debug, error};

use crate::deadlines::{Deadlines, Sleeper};
use crate::metrics::Metrics;
use crate::outgoing::{Outgoing, room_event};
use crate::peer::{Peer, Room};
use crate::socket::{canonical, for_family};

/// What a shard is told to do.
pub(crate) enum Order {
    Connect(Box<Connect>, oneshot::Sender<Result<Answer, ConnectError>>),
    Tap(LessonKey, SyncSender<Tapped>),
    Command(Command),
    /// A fault of ours in a lesson's room.
    #[cfg(test)]
    Fault(LessonKey),
    Stop,
}

pub(crate) struct Shard {
    poll: Poll,
    waker: Arc<Waker>,
    socket: UdpSocket,
    ipv6: bool,
    transport: Arc<TransportConfig>,
    orders: Receiver<Order>,
    outgoing: Outgoing,
    metrics: Metrics,
    peers: Slab<Peer>,
    rooms: Slab<Room>,
    room_of: HashMap<LessonKey, usize>,
    by_address: HashMap<SocketAddr, usize>,
    by_ufrag: HashMap<String, usize>,
    deadlines: Deadlines,
    next_report: Instant,
}

impl Shard {
    pub(crate) fn new(
        mut socket: UdpSocket,
        transport: Arc<TransportConfig>,
        orders: Receiver<Order>,
        events: mpsc::Sender<Event>,
        metrics: Metrics,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        poll.registry().register(&mut socket, SOCKET, Interest::READABLE)?;
        let ipv6 = socket.local_addr()?.is_ipv6();
        Ok(Self {
            poll,
            waker,
            socket,
            ipv6,
            transport,
            orders,
            outgoing: Outgoing::new(events),
            metrics,
            peers: Slab::new(),
            rooms: Slab::new(),
            room_of: HashMap::new(),
            by_address: HashMap::new(),
            by_ufrag: HashMap::new(),
            deadlines: Deadlines::default(),
            next_report: Instant::now(),
        })
    }

    pub(crate) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Works until it is told to stop.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(8);
        let mut more = false;
        loop {
            let timeout = if more { Duration::ZERO } else { self.time_to_sleep() };
            if let Err(error) = self.poll.poll(&mut events, Some(timeout))
                && error.kind() != io::ErrorKind::Interrupted
            {
                error!(%error, "poll failed");
            }
            more = self.receive();
            for _ in 0..ORDERS_IN_TURN {
                match self.orders.try_recv() {
                    Ok(Order::Stop) => return self.stop(),
                    Ok(Order::Connect(connect, reply)) => {
                        // Whoever asked may have gone; then the peer times out by itself.
                        let _ = reply.send(self.connect(*connect));
                        more = true;
                    }
                    Ok(Order::Tap(lesson, feed)) => {
                        self.tap(&lesson, feed);
                        more = true;
                    }
                    Ok(Order::Command(command)) => {
                        self.command(command);
                        more = true;
                    }
                    #[cfg(test)]
                    Ok(Order::Fault(lesson)) => {
                        let room = self.room_of[&lesson];
                        self.step(room, Instant::now(), |_| panic!("a fault in {lesson}"));
                    }
                    Err(_) => break,
                }
            }
            self.wake_sleepers();
            self.outgoing.flush();
            self.report();
        }
    }

    fn time_to_sleep(&self) -> Duration {
        let now = Instant::now();
        let next = self.deadlines.next().unwrap_or(now + LONGEST_SLEEP);
        let until = next.min(self.next_report).saturating_duration_since(now);
        // Rounded up: a timeout cut to 0 ms would spin until the deadline.
        until.max(Duration::from_millis(1)).min(LONGEST_SLEEP)
    }

    /// Takes datagrams from the socket; returns whether there may be more.
    fn receive(&mut self) -> bool {
        let mut buffer = [0; LARGEST_DATAGRAM];
        for _ in 0..DATAGRAMS_IN_TURN {
            match self.socket.recv_from(&mut buffer) {
                Ok((length, from)) => self.datagram(canonical(from), &mut buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                // An ICMP error of an earlier send; the next call goes on.
                Err(error) => debug!(%error, "receive failed"),
            }
        }
        true
    }

    fn datagram(&mut self, from: SocketAddr, datagram: &mut [u8]) {
        let now = Instant::now();
        let class = classify(datagram);
        let by_ufrag = match class {
            Class::Stun => stun_local_ufrag(datagram).and_then(|u| self.by_ufrag.get(u)),
            _ => None,
        };
        let Some(&id) = by_ufrag.or_else(|| self.by_address.get(&from)) else {
            self.metrics.strays.inc();
            return;
        };
        let Some(peer) = self.peers.get_mut(id) else { return };
        let (room, member) = (peer.room, peer.member);
        match peer.transport.handle_datagram(from, datagram, now) {
            Received::Nothing => self.flush_transport(id, now),
            Received::Rtp(packet) => {
                self.step(room, now, |part| part.handle_rtp(member, packet, now));
            }
            Received::Rtcp(packet) => {
                self.step(room, now, |part| part.handle_rtcp(member, packet, now));
            }
        }
    }

    /// Lets a room do something and sends what comes of it. A panic ends this room alone.
    fn step(&mut self, room: usize, now: Instant, act: impl FnOnce(&mut RoomPart)) {
        let Some(entry) = self.rooms.get_mut(room) else { return };
        // What a panic leaves half done is thrown away with the room.
        let acted = catch_unwind(AssertUnwindSafe(|| act(&mut entry.part)));
        match acted {
            Ok(()) => self.flush_room(room, now),
            Err(_) => self.fail_room(room, now),
        }
    }

    fn flush_room(&mut self, room: usize, now: Instant) {
        let Some(entry) = self.rooms.get_mut(room) else { return };
        let (peers, socket) = (&mut self.peers, &self.socket);
        entry.part.outbox().drain(|to, kind, buffer, length| {
            if let Some(tap) = entry.tap.as_mut().filter(|tap| tap.member == to) {
                if kind == PacketKind::Rtp && !tap.packet(&buffer[..length], now) {
                    self.metrics.untapped.inc();
                }
                return;
            }
            let peer = entry.by_member.get(to.0).copied().flatten();
            let Some(peer) = peer.and_then(|id| peers.get_mut(id)) else { return };
            let protected = match kind {
                PacketKind::Rtp => peer.transport.protect_rtp(buffer, length),
                PacketKind::Rtcp => peer.transport.protect_rtcp(buffer, length),
            };
            let (Ok(length), Some(remote)) = (protected, peer.transport.remote()) else {
                self.metrics.unsent.inc();
                return;
            };
            if socket.send_to(&buffer[..length], for_family(remote, self.ipv6)).is_err() {
                // The kernel's buffer is full: media is dropped, never waited for.
                self.metrics.unsent.inc();
            }
        });
        while let Some(event) = entry.part.poll_event() {
            let event = match &mut entry.tap {
                Some(tap) => tap.event(event),
                None => Some(event),
            };
            if let Some(event) = event.and_then(|event| room_event(entry.lesson.clone(), event)) {
                self.outgoing.push(event, &self.metrics);
            }
        }
        if entry.tap.as_mut().is_some_and(|tap| tap.flush().is_err()) {
            return self.untap(room, now);
        }
        let wanted = entry.part.poll_timeout().map(|(at, _)| at);
        self.deadlines.set(Sleeper::Room(room), &mut entry.deadline, wanted);
    }

    fn wake_sleepers(&mut self) {
        let now = Instant::now();
        // Bounded, should a sleeper ever ask for a time that has passed.
        for _ in 0..=self.peers.len() + self.rooms.len() {
            match self.deadlines.due(now) {
                None => return,
                Some(Sleeper::Peer(id)) => {
                    if let Some(peer) = self.peers.get_mut(id) {
                        peer.transport.handle_timeout(now);
                    }
                    self.flush_transport(id, now);
                }
                Some(Sleeper::Room(id)) => {
                    self.step(id, now, |part| part.handle_timeout(now));
                }
            }
        }
    }

    fn command(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            Command::Connect(connect) => {
                if let Err(error) = self.connect(connect) {
                    debug!(%error, "connect without a reply failed");
                }
            }
            Command::SetRights { lesson, participant, rights } => {
                self.step_member(&lesson, participant, now, |part, member| {
                    part.set_rights(member, rights, now);
                });
            }
            Command::SetRecordable { lesson, participant, recordable } => {
                self.step_member(&lesson, participant, now, |part, member| {
                    part.set_recordable(member, recordable, now);
                });
            }
            Command::SetView { lesson, participant, view } => {
                self.step_member(&lesson, participant, now, |part, member| {
                    part.set_view(member, view, now);
                });
            }
            Command::WantKeyframe { lesson, participant, slot } => {
                self.step_member(&lesson, participant, now, |part, member| {
                    part.keyframe_wanted(member, slot, now);
                });
            }
            Command::Disconnect { lesson, participant: ParticipantNo::RECORDER } => {
                if let Some(room) = self.room_of.get(&lesson) {
                    self.untap(*room, now);
                }
            }
            Command::Disconnect { lesson, participant } => {
                if let Some(id) = self.find(&lesson, participant) {
                    self.remove_peer(id, now);
                }
            }
            Command::End { lesson } => self.end(&lesson, now),
        }
    }

    fn step_member(
        &mut self,
        lesson: &LessonKey,
        participant: ParticipantNo,
        now: Instant,
        act: impl FnOnce(&mut RoomPart, MemberKey),
    ) {
        let found = match participant {
            ParticipantNo::RECORDER => self.find_tap(lesson),
            _ => self
                .find(lesson, participant)
                .and_then(|id| self.peers.get(id))
                .map(|peer| (peer.room, peer.member)),
        };
        let Some((room, member)) = found else { return };
        self.step(room, now, |part| act(part, member));
    }

    fn end(&mut self, lesson: &LessonKey, now: Instant) {
        let Some(&id) = self.room_of.get(lesson) else { return };
        let Some(room) = self.rooms.get(id) else { return };
        // The recorder last: it hears until the end. With the last member the room goes.
        for peer in room.peers.values().copied().collect::<Vec<_>>() {
            self.remove_peer(peer, now);
        }
        self.untap(id, now);
    }

    fn stop(&mut self) {
        let now = Instant::now();
        for lesson in self.room_of.keys().cloned().collect::<Vec<_>>() {
            self.end(&lesson, now);
        }
        self.outgoing.flush();
    }

    /// Once a second: brings the counts of the rooms to prometheus, and looks after what sending
    /// alone changes in transports, such as how long they go unanswered.
    fn report(&mut self) {
        let now = Instant::now();
        if now < self.next_report {
            return;
        }
        self.next_report = now + REPORT_INTERVAL;
        for (_, room) in &mut self.rooms {
            let stats = room.part.stats();
            self.metrics.add(room.lesson.tenant.as_str(), &room.reported, &stats);
            room.reported = stats;
        }
        for (id, peer) in &mut self.peers {
            let wanted = peer.transport.poll_timeout();
            self.deadlines.set(Sleeper::Peer(id), &mut peer.deadline, wanted);
        }
    }
}

const SOCKET: Token = Token(0);
const WAKER: Token = Token(1);
const LARGEST_DATAGRAM: usize = 2_048;
const DATAGRAMS_IN_TURN: usize = 64;
const ORDERS_IN_TURN: usize = 8;
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
