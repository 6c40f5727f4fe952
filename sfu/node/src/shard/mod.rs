//! One media thread: a socket, the transports behind it, and the rooms they are in.
//!
//! The loop is: wait for datagrams, an order or a deadline; handle them; flush what the touched
//! rooms and transports have to send. Media comes first: a storm of joins stands behind it, a few
//! handshakes and orders in each round.

mod handshakes;
mod joins;
mod parts;
mod sending;
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
use kreide_sfu_core::{MemberKey, PacketKind, PartId, RoomPart};
use kreide_sfu_transport::{Class, Received, TransportConfig, classify, stun_local_ufrag};
use slab::Slab;
use tokio::sync::{mpsc, oneshot};
use tracing::{debug, error};

use crate::deadlines::{Deadlines, Sleeper};
use crate::metrics::Metrics;
use crate::outgoing::{Outgoing, room_event};
use crate::peer::{Peer, Room};
use crate::placement::{Load, RoomNo, Seating};
use crate::relay::{Letter, Post};
use crate::socket::{Datagram, Inbox, MediaSocket};
use crate::waiting::Waker;
use handshakes::Handshakes;
pub(crate) use sending::Sent;

/// What a shard is told to do.
pub(crate) enum Order {
    Connect(Box<Connect>, Seating, oneshot::Sender<Result<Answer, ConnectError>>),
    /// A room has a part here, or parts elsewhere that this one does not know yet.
    Spread(LessonKey, Seating),
    Tap(LessonKey, Seating, SyncSender<Tapped>),
    Command(Command),
    /// A fault of ours in a lesson's room.
    #[cfg(test)]
    Fault(LessonKey),
    Stop,
}

/// What a shard is made of.
pub(crate) struct ShardParts {
    /// Its number; its parts of rooms are named by it.
    pub(crate) own: PartId,
    pub(crate) socket: MediaSocket,
    pub(crate) waker: Waker,
    pub(crate) transport: Arc<TransportConfig>,
    pub(crate) coalescing: Duration,
    pub(crate) orders: Receiver<Order>,
    pub(crate) letters: Receiver<Letter>,
    pub(crate) post: Post,
    pub(crate) load: Arc<Load>,
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) metrics: Metrics,
}

pub(crate) struct Shard {
    own: PartId,
    waker: Waker,
    socket: MediaSocket,
    transport: Arc<TransportConfig>,
    coalescing: Duration,
    orders: Receiver<Order>,
    letters: Receiver<Letter>,
    post: Post,
    load: Arc<Load>,
    outgoing: Outgoing,
    metrics: Metrics,
    /// Boxed, so that the list can grow without a second copy of everybody.
    peers: Slab<Box<Peer>>,
    rooms: Slab<Room>,
    room_of: HashMap<LessonKey, usize>,
    by_number: HashMap<RoomNo, usize>,
    by_address: HashMap<SocketAddr, usize>,
    by_ufrag: HashMap<String, usize>,
    deadlines: Deadlines,
    handshakes: Handshakes,
    /// Rooms that took something in and did not send it on yet.
    touched: Vec<usize>,
    /// Peers whose transports dropped, sent or were told something since the last report.
    stirred: Vec<usize>,
    sent: Sent,
    /// Time not slept since the last report.
    busy: Duration,
    next_report: Instant,
    began: Instant,
}

impl Shard {
    pub(crate) fn new(parts: ShardParts) -> Self {
        let began = Instant::now();
        Self {
            own: parts.own,
            waker: parts.waker,
            socket: parts.socket,
            transport: parts.transport,
            coalescing: parts.coalescing,
            orders: parts.orders,
            letters: parts.letters,
            post: parts.post,
            load: parts.load,
            outgoing: Outgoing::new(parts.events),
            metrics: parts.metrics,
            peers: Slab::new(),
            rooms: Slab::new(),
            room_of: HashMap::new(),
            by_number: HashMap::new(),
            by_address: HashMap::new(),
            by_ufrag: HashMap::new(),
            deadlines: Deadlines::default(),
            handshakes: Handshakes::default(),
            touched: Vec::new(),
            stirred: Vec::new(),
            sent: Sent::default(),
            busy: Duration::ZERO,
            next_report: began,
            began,
        }
    }

    /// Works until it is told to stop.
    pub(crate) fn run(mut self) {
        let mut inbox = Inbox::new();
        let mut more = false;
        let mut woke = Instant::now();
        loop {
            self.busy += woke.elapsed();
            let longest = if more { Duration::ZERO } else { self.time_to_sleep() };
            if let Err(error) = self.waker.sleep(&self.socket, longest) {
                error!(%error, "poll failed");
            }
            woke = Instant::now();
            self.receive(&mut inbox);
            more = self.read_letters();
            more |= self.shake_hands();
            for _ in 0..ORDERS_IN_TURN {
                let Ok(order) = self.orders.try_recv() else { break };
                if matches!(order, Order::Stop) {
                    return self.stop();
                }
                more = true;
                // A join costs as much as hundreds of packets: one stands between two rounds.
                let join = matches!(order, Order::Connect(..));
                self.order(order);
                if join {
                    break;
                }
            }
            self.wake_sleepers();
            self.outgoing.flush();
            self.deliver_letters();
            self.report();
        }
    }

    fn time_to_sleep(&self) -> Duration {
        let now = Instant::now();
        let next = self.deadlines.next().unwrap_or(now + LONGEST_SLEEP).min(self.next_report);
        // To the next tick, so that deadlines that lie close together wake the thread once.
        let ticks = next.saturating_duration_since(self.began).as_micros().div_ceil(TICK_US);
        let tick = self.began + Duration::from_micros((ticks * TICK_US) as u64);
        tick.saturating_duration_since(now).min(LONGEST_SLEEP)
    }

    /// Takes datagrams from the socket, and sends on what came together. What is left wakes the
    /// next round at once.
    fn receive(&mut self, inbox: &mut Inbox) {
        for _ in 0..BATCHES_IN_TURN {
            let more = match self.socket.receive(inbox) {
                Ok(more) => more,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // An ICMP error of an earlier send; the next call goes on.
                Err(error) => {
                    debug!(%error, "receive failed");
                    true
                }
            };
            let now = Instant::now();
            for datagram in inbox.datagrams() {
                self.datagram(&datagram, inbox.bytes(&datagram), now);
            }
            self.flush_touched(now);
            if !more {
                return;
            }
        }
    }

    fn datagram(&mut self, datagram: &Datagram, bytes: &mut [u8], now: Instant) {
        let from = datagram.from;
        let class = classify(bytes);
        let by_ufrag = match class {
            Class::Stun => stun_local_ufrag(bytes).and_then(|u| self.by_ufrag.get(u)),
            _ => None,
        };
        // Nobody can be sent anything at port 0, and the kernel would refuse it.
        let Some(&id) =
            by_ufrag.or_else(|| self.by_address.get(&from)).filter(|_| from.port() != 0)
        else {
            self.metrics.strays.inc();
            return;
        };
        let Some(peer) = self.peers.get_mut(id) else { return };
        match class {
            Class::Dtls => {
                if !self.handshakes.put(from, bytes) {
                    self.metrics.late_handshakes.inc();
                }
            }
            _ => {
                let (room, member) = (peer.room, peer.member);
                match peer.transport.handle_datagram(from, bytes, now) {
                    Received::Nothing => {
                        peer.answer_from(datagram);
                        self.flush_transport(id, now);
                    }
                    Received::Rtp(packet) => {
                        self.act(room, now, |part| part.handle_rtp(member, packet, now));
                    }
                    Received::Rtcp(packet) => {
                        self.act(room, now, |part| part.handle_rtcp(member, packet, now));
                    }
                }
            }
        }
    }

    /// Lets a room do something; what comes of it is sent by [`Self::flush_touched`].
    fn act(&mut self, room: usize, now: Instant, act: impl FnOnce(&mut RoomPart)) {
        let Some(entry) = self.rooms.get_mut(room) else { return };
        if !std::mem::replace(&mut entry.touched, true) {
            self.touched.push(room);
        }
        self.guard(room, now, act);
    }

    /// Lets a room do something and sends what comes of it.
    fn step(&mut self, room: usize, now: Instant, act: impl FnOnce(&mut RoomPart)) {
        self.guard(room, now, act);
        self.flush_room(room, now);
    }

    /// Lets a room do something. A panic ends this room alone.
    fn guard(&mut self, room: usize, now: Instant, act: impl FnOnce(&mut RoomPart)) {
        let Some(entry) = self.rooms.get_mut(room) else { return };
        // What a panic leaves half done is thrown away with the room.
        if catch_unwind(AssertUnwindSafe(|| act(&mut entry.part))).is_err() {
            self.fail_room(room, now);
        }
    }

    fn flush_touched(&mut self, now: Instant) {
        while let Some(room) = self.touched.pop() {
            self.flush_room(room, now);
        }
    }

    fn order(&mut self, order: Order) {
        match order {
            Order::Connect(connect, seating, reply) => {
                // Whoever asked may have gone; then the peer times out by itself.
                let _ = reply.send(self.connect(*connect, &seating));
            }
            Order::Spread(lesson, seating) => {
                let room = self.room(&lesson, &seating);
                self.flush_room(room, Instant::now());
            }
            Order::Tap(lesson, seating, feed) => self.tap(&lesson, &seating, feed),
            Order::Command(command) => self.command(command),
            #[cfg(test)]
            Order::Fault(lesson) => {
                let room = self.room_of[&lesson];
                self.step(room, Instant::now(), |_| panic!("a fault in {lesson}"));
            }
            Order::Stop => {}
        }
    }

    fn flush_room(&mut self, room: usize, now: Instant) {
        let sent = catch_unwind(AssertUnwindSafe(|| {
            self.send_batches(room, now);
            self.post_letters(room)
        }));
        // A panic, or another shard that takes no news any more.
        if !matches!(sent, Ok(Ok(()))) {
            return self.fail_room(room, now);
        }
        let Some(entry) = self.rooms.get_mut(room) else { return };
        entry.touched = false;
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

    fn send_batches(&mut self, room: usize, now: Instant) {
        let Some(entry) = self.rooms.get_mut(room) else { return };
        while let Some(batch) = entry.part.poll_batch(now) {
            if let Some(tap) = entry.tap.as_mut().filter(|tap| tap.member == batch.to) {
                let packets = batch.iter().filter(|_| batch.kind == PacketKind::Rtp);
                let untapped = packets.filter(|packet| !tap.packet(packet, now)).count();
                self.metrics.untapped.inc_by(untapped as u64);
                continue;
            }
            let id = entry.by_member.get(batch.to.0).copied().flatten();
            if let Some((id, peer)) = id.and_then(|id| Some((id, self.peers.get_mut(id)?))) {
                peer.stir(id, &mut self.stirred);
                sending::send(&self.socket, peer, batch, &mut self.sent);
            }
        }
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
            // It is an order of its own, with a place in it.
            Command::Connect(_) => {}
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
            Command::SetPlace { lesson, participant, place } => {
                self.step_member(&lesson, participant, now, |part, member| {
                    part.set_place(member, place, now);
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
        // One of several parts stays open when it is empty.
        self.close_room(id);
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
        self.metrics.add_sent(std::mem::take(&mut self.sent));
        self.metrics.unrelayed.inc_by(std::mem::take(&mut self.post.dropped));
        let busy = std::mem::take(&mut self.busy);
        let busy_us = u32::try_from(busy.as_micros()).unwrap_or(u32::MAX);
        self.load.report(busy_us, self.peers.len() as u32);
        for (_, room) in &mut self.rooms {
            let stats = room.part.stats();
            self.metrics.add(room.lesson.tenant.as_str(), &room.reported, &stats);
            room.reported = stats;
        }
        let mut stirred = std::mem::take(&mut self.stirred);
        for id in stirred.drain(..) {
            let Some(peer) = self.peers.get_mut(id) else { continue };
            peer.stirred = false;
            self.metrics.add_refusals(peer);
            let wanted = peer.transport.poll_timeout();
            self.deadlines.set(Sleeper::Peer(id), &mut peer.deadline, wanted);
        }
        self.stirred = stirred;
    }
}

const BATCHES_IN_TURN: usize = 8;
const ORDERS_IN_TURN: usize = 8;
/// A wake-up costs as much as some packets.
const TICK_US: u128 = 500;
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
