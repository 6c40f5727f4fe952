//! One media thread: a socket, the transports behind it, and the rooms they are in.
//!
//! The loop is: wait for a datagram, an order or a deadline; handle it; flush what the touched
//! room and transport have to send. Orders and datagrams are taken in turns, so that a storm of
//! joins does not stand before media.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kreide_control::{
    Answer, Command, Connect, ConnectError, DisconnectReason, Event, LessonKey, ParticipantNo,
};
use kreide_media::clock::NtpTime;
use kreide_sfu_core::{Clock, Listener, MemberConfig, PacketKind, RoomEvent, RoomPart, RoomStats};
use kreide_sfu_transport::{
    Class, Offer, Received, Transport, TransportConfig, TransportEvent, classify, stun_local_ufrag,
};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};
use rand::Rng;
use slab::Slab;
use tokio::sync::{mpsc, oneshot};
use tracing::{debug, error, info};

use crate::deadlines::{Deadlines, Sleeper};
use crate::metrics::Metrics;
use crate::peer::{Peer, Room};
use crate::socket::{canonical, for_family};

/// What a shard is told to do.
pub(crate) enum Order {
    Connect(Box<Connect>, oneshot::Sender<Result<Answer, ConnectError>>),
    Command(Command),
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

/// Events on their way to signaling. While its queue is full they wait here.
struct Outgoing {
    events: mpsc::Sender<Event>,
    waiting: VecDeque<Event>,
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
            outgoing: Outgoing { events, waiting: VecDeque::new() },
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
                    Ok(Order::Command(command)) => {
                        self.command(command);
                        more = true;
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
            Ok(()) => self.flush_room(room),
            Err(_) => self.fail_room(room, now),
        }
    }

    fn flush_room(&mut self, room: usize) {
        let Some(entry) = self.rooms.get_mut(room) else { return };
        let (peers, socket) = (&mut self.peers, &self.socket);
        entry.part.outbox().drain(|to, kind, buffer, length| {
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
            let lesson = entry.lesson.clone();
            self.outgoing.push(room_event(lesson, event), &self.metrics);
        }
        let wanted = entry.part.poll_timeout().map(|(at, _)| at);
        self.deadlines.set(Sleeper::Room(room), &mut entry.deadline, wanted);
    }

    /// Sends a transport's datagrams and acts on its events.
    fn flush_transport(&mut self, id: usize, now: Instant) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        while let Some((to, datagram)) = peer.transport.poll_transmit() {
            // An answer goes only to an address that proved itself: from now on it leads here.
            if !peer.addresses.contains(&to) {
                if peer.addresses.len() == ADDRESSES_OF_PEER {
                    self.by_address.remove(&peer.addresses.remove(0));
                }
                peer.addresses.push(to);
                self.by_address.insert(to, id);
            }
            if self.socket.send_to(&datagram, for_family(to, self.ipv6)).is_err() {
                self.metrics.unsent.inc();
            }
        }
        let (room, member, participant) = (peer.room, peer.member, peer.participant);
        let mut ended = None;
        let mut connected = false;
        while let Some(event) = peer.transport.poll_event() {
            match event {
                TransportEvent::Connected { profile, dtls_version, .. } => {
                    let labels = [profile.name(), dtls_version];
                    self.metrics.sessions.with_label_values(&labels).inc();
                    connected = true;
                }
                TransportEvent::AddressChanged { .. } => info!(%participant, "address changed"),
                TransportEvent::Failed(failure) => ended = Some(failure.into()),
                TransportEvent::Closed => ended = Some(DisconnectReason::ClosedByPeer),
            }
        }
        let wanted = peer.transport.poll_timeout();
        self.deadlines.set(Sleeper::Peer(id), &mut peer.deadline, wanted);
        if connected && let Some(lesson) = self.rooms.get(room).map(|r| r.lesson.clone()) {
            self.outgoing.push(Event::Connected { lesson, participant }, &self.metrics);
            self.step(room, now, |part| part.connected(member, now));
        }
        if let Some(reason) = ended {
            self.end_peer(id, reason, now);
        }
    }

    fn end_peer(&mut self, id: usize, reason: DisconnectReason, now: Instant) {
        let Some(peer) = self.peers.get(id) else { return };
        let participant = peer.participant;
        info!(%participant, ?reason, "transport ended");
        let label = format!("{reason:?}");
        self.metrics.ended.with_label_values(&[label.as_str()]).inc();
        if let Some(lesson) = self.rooms.get(peer.room).map(|room| room.lesson.clone()) {
            let event = Event::Disconnected { lesson, participant, reason };
            self.outgoing.push(event, &self.metrics);
        }
        self.remove_peer(id, now);
    }

    /// Forgets a peer and takes its member out of the room; the last one closes the room.
    fn remove_peer(&mut self, id: usize, now: Instant) {
        let Some(mut peer) = self.peers.try_remove(id) else { return };
        self.metrics.transports.dec();
        self.note_refusals(&peer.transport);
        peer.transport.close(now);
        while let Some((to, datagram)) = peer.transport.poll_transmit() {
            // A goodbye that gets lost is made up for by the peer's own timeout.
            let _ = self.socket.send_to(&datagram, for_family(to, self.ipv6));
        }
        self.deadlines.set(Sleeper::Peer(id), &mut peer.deadline, None);
        for address in &peer.addresses {
            if self.by_address.get(address) == Some(&id) {
                self.by_address.remove(address);
            }
        }
        for ufrag in &peer.ufrags {
            self.by_ufrag.remove(ufrag);
        }
        let Some(room) = self.rooms.get_mut(peer.room) else { return };
        room.set_member(peer.member, None);
        if room.peers.get(&peer.participant) == Some(&id) {
            room.peers.remove(&peer.participant);
        }
        self.step(peer.room, now, |part| part.leave(peer.member, now));
        if self.rooms.get(peer.room).is_some_and(|room| room.part.is_empty()) {
            self.close_room(peer.room);
        }
    }

    fn note_refusals(&self, transport: &Transport) {
        for (cause, count) in transport.counters().by_cause() {
            if count > 0 {
                self.metrics.refused_datagrams.with_label_values(&[cause]).inc_by(count);
            }
        }
    }

    fn close_room(&mut self, id: usize) {
        let Some(mut room) = self.rooms.try_remove(id) else { return };
        self.deadlines.set(Sleeper::Room(id), &mut room.deadline, None);
        let tenant = room.lesson.tenant.as_str();
        self.metrics.add(tenant, &room.reported, &room.part.stats());
        self.metrics.rooms.with_label_values(&[tenant]).dec();
        self.room_of.remove(&room.lesson);
    }

    /// Ends a room whose code panicked. Its state is not to be trusted, so nothing is asked of it.
    fn fail_room(&mut self, id: usize, now: Instant) {
        let Some(room) = self.rooms.get(id) else { return };
        let (lesson, peers) =
            (room.lesson.clone(), room.peers.values().copied().collect::<Vec<_>>());
        error!(%lesson, "a fault ended this room's media");
        self.metrics.room_panics.inc();
        self.close_room(id);
        for peer in peers {
            self.remove_peer(peer, now);
        }
        self.outgoing.push(Event::RoomFailed { lesson }, &self.metrics);
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

    fn connect(&mut self, connect: Connect) -> Result<Answer, ConnectError> {
        let now = Instant::now();
        let bad =
            |error: kreide_sfu_transport::OfferError| ConnectError::BadOffer(error.to_string());
        let offer = Offer::parse(&connect.offer).map_err(bad)?;
        if let Some(answer) = self.restart(&connect, &offer, now) {
            return Ok(answer);
        }
        let mut random = rand::rng();
        let (transport, lines, sdp) =
            Transport::new(&self.transport, &offer, random.random(), now).map_err(bad)?;
        let audio_slots = lines.receive.iter().filter(|line| line.audio).count() as u8;
        let video_slots = lines.receive.len() as u8 - audio_slots;
        if let Some(id) = self.find(&connect.lesson, connect.participant) {
            self.remove_peer(id, now);
        }
        let room = self.room(&connect.lesson, now);
        let config = MemberConfig {
            participant: connect.participant,
            role: connect.role,
            listener: Listener::Person,
            rights: connect.rights,
            recordable: connect.recordable,
            publish: lines.send,
            slots: lines.receive,
        };
        let member = self.rooms[room].part.join(config, now);
        let ufrag = transport.local_ufrag().to_owned();
        let id = self.peers.insert(Peer {
            transport,
            room,
            member,
            participant: connect.participant,
            ufrags: vec![ufrag.clone()],
            addresses: Vec::new(),
            deadline: None,
        });
        self.metrics.transports.inc();
        self.by_ufrag.insert(ufrag, id);
        self.rooms[room].peers.insert(connect.participant, id);
        self.rooms[room].set_member(member, Some(id));
        self.flush_transport(id, now);
        Ok(Answer { sdp, audio_slots, video_slots })
    }

    /// Answers an offer that restarts ICE on a living transport: same certificate, same lines.
    fn restart(&mut self, connect: &Connect, offer: &Offer, now: Instant) -> Option<Answer> {
        let id = self.find(&connect.lesson, connect.participant)?;
        let peer = self.peers.get_mut(id)?;
        let sdp = peer.transport.restart(offer, now).ok()?;
        let ufrag = peer.transport.local_ufrag().to_owned();
        // The one before stays valid until the new round is nominated; older ones are over.
        if peer.ufrags.len() == 2 {
            self.by_ufrag.remove(&peer.ufrags.remove(0));
        }
        peer.ufrags.push(ufrag.clone());
        self.by_ufrag.insert(ufrag, id);
        let (audio_slots, video_slots) = self.rooms.get(peer.room)?.part.slots(peer.member);
        Some(Answer { sdp, audio_slots, video_slots })
    }

    fn find(&self, lesson: &LessonKey, participant: ParticipantNo) -> Option<usize> {
        let room = self.rooms.get(*self.room_of.get(lesson)?)?;
        room.peers.get(&participant).copied()
    }

    fn room(&mut self, lesson: &LessonKey, now: Instant) -> usize {
        if let Some(id) = self.room_of.get(lesson) {
            return *id;
        }
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let clock = Clock { at: now, ntp: NtpTime::from_unix(since_1970) };
        let id = self.rooms.insert(Room {
            lesson: lesson.clone(),
            part: RoomPart::new(clock, rand::rng().random()),
            peers: HashMap::new(),
            by_member: Vec::new(),
            deadline: None,
            reported: RoomStats::default(),
        });
        self.metrics.rooms.with_label_values(&[lesson.tenant.as_str()]).inc();
        self.room_of.insert(lesson.clone(), id);
        id
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
        act: impl FnOnce(&mut RoomPart, kreide_sfu_core::MemberKey),
    ) {
        let Some(id) = self.find(lesson, participant) else { return };
        let Some((room, member)) = self.peers.get(id).map(|peer| (peer.room, peer.member)) else {
            return;
        };
        self.step(room, now, |part| act(part, member));
    }

    fn end(&mut self, lesson: &LessonKey, now: Instant) {
        let Some(room) = self.room_of.get(lesson).and_then(|id| self.rooms.get(*id)) else {
            return;
        };
        for peer in room.peers.values().copied().collect::<Vec<_>>() {
            self.remove_peer(peer, now);
        }
    }

    fn stop(&mut self) {
        let now = Instant::now();
        for lesson in self.room_of.keys().cloned().collect::<Vec<_>>() {
            self.end(&lesson, now);
        }
        self.outgoing.flush();
    }

    /// Brings the counts of the rooms to prometheus, once a second.
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
    }
}

impl Outgoing {
    fn push(&mut self, event: Event, metrics: &Metrics) {
        if self.waiting.len() == EVENTS_WAITING {
            self.waiting.pop_front();
            metrics.lost_events.inc();
        }
        self.waiting.push_back(event);
    }

    fn flush(&mut self) {
        while let Some(event) = self.waiting.pop_front() {
            if let Err(mpsc::error::TrySendError::Full(event)) = self.events.try_send(event) {
                self.waiting.push_front(event);
                return;
            }
        }
    }
}

fn room_event(lesson: LessonKey, event: RoomEvent) -> Event {
    match event {
        RoomEvent::Slots { participant, slots } => Event::Slots { lesson, participant, slots },
        RoomEvent::Speaking(participants) => Event::Speaking { lesson, participants },
    }
}

const SOCKET: Token = Token(0);
const WAKER: Token = Token(1);
const LARGEST_DATAGRAM: usize = 2_048;
const DATAGRAMS_IN_TURN: usize = 64;
const ORDERS_IN_TURN: usize = 8;
const ADDRESSES_OF_PEER: usize = 8;
const EVENTS_WAITING: usize = 16_384;
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
