//! What the media plane reports to prometheus. The tenant is the first label wherever a count
//! belongs to one.

use kreide_sfu_core::RoomStats;
use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use crate::peer::Peer;
use crate::shard::Sent;

#[derive(Clone)]
pub(crate) struct Metrics {
    packets: IntCounterVec,
    events: IntCounterVec,
    pub(crate) transports: IntGauge,
    pub(crate) rooms: IntGaugeVec,
    pub(crate) sessions: IntCounterVec,
    pub(crate) ended: IntCounterVec,
    pub(crate) unsent: IntCounter,
    sends: IntCounter,
    sent: IntCounter,
    pub(crate) late_handshakes: IntCounter,
    pub(crate) strays: IntCounter,
    refused_datagrams: IntCounterVec,
    pub(crate) room_panics: IntCounter,
    pub(crate) lost_events: IntCounter,
    pub(crate) untapped: IntCounter,
    pub(crate) unrelayed: IntCounter,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            Ok::<_, prometheus::Error>(counters)
        };
        let counter = |name: &str, help: &str| {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let transports = IntGauge::new("kreide_media_transports", "Open media transports.")?;
        registry.register(Box::new(transports.clone()))?;
        let rooms = IntGaugeVec::new(
            Opts::new("kreide_media_rooms", "Rooms with media on this node."),
            &["tenant"],
        )?;
        registry.register(Box::new(rooms.clone()))?;
        Ok(Self {
            packets: counters(
                "kreide_media_packets_total",
                "RTP packets by direction.",
                &["tenant", "direction"],
            )?,
            events: counters(
                "kreide_media_events_total",
                "Packets and requests of the media core by what happened to them.",
                &["tenant", "event"],
            )?,
            transports,
            rooms,
            sessions: counters(
                "kreide_srtp_sessions_total",
                "Transports that connected, by SRTP profile and DTLS version.",
                &["profile", "dtls"],
            )?,
            ended: counters("kreide_media_transports_ended_total", "By reason.", &["reason"])?,
            unsent: counter("kreide_media_unsent_total", "Datagrams the kernel did not take.")?,
            sends: counter("kreide_media_sends_total", "Calls that gave packets to the kernel.")?,
            sent: counter("kreide_media_sent_total", "Packets that these calls gave.")?,
            late_handshakes: counter(
                "kreide_media_late_handshakes_total",
                "DTLS datagrams dropped since too many waited; the peer repeats them.",
            )?,
            strays: counter(
                "kreide_media_strays_total",
                "Datagrams that belong to no transport; dropped unanswered.",
            )?,
            refused_datagrams: counters(
                "kreide_media_refused_datagrams_total",
                "Datagrams that a transport dropped, by cause.",
                &["cause"],
            )?,
            room_panics: counter("kreide_media_room_panics_total", "Rooms ended by a fault.")?,
            lost_events: counter(
                "kreide_media_lost_events_total",
                "Events that signaling was too slow to take.",
            )?,
            untapped: counter(
                "kreide_media_untapped_total",
                "Packets that a recorder's full queue did not take.",
            )?,
            unrelayed: counter(
                "kreide_media_unrelayed_total",
                "Packets that another shard's full queue did not take.",
            )?,
        })
    }

    /// Adds what a shard sent.
    pub(crate) fn add_sent(&self, sent: Sent) {
        self.sends.inc_by(sent.calls);
        self.sent.inc_by(sent.packets);
        self.unsent.inc_by(sent.unsent);
    }

    /// Adds what a transport dropped since the last time.
    pub(crate) fn add_refusals(&self, peer: &mut Peer) {
        let now = *peer.transport.counters();
        let before = std::mem::replace(&mut peer.refused, now);
        for ((cause, now), (_, before)) in now.by_cause().into_iter().zip(before.by_cause()) {
            if now > before {
                self.refused_datagrams.with_label_values(&[cause]).inc_by(now - before);
            }
        }
    }

    /// Adds what a room did since `before`.
    pub(crate) fn add(&self, tenant: &str, before: &RoomStats, now: &RoomStats) {
        let packets = |direction: &str, count: u64| {
            self.packets.with_label_values(&[tenant, direction]).inc_by(count);
        };
        packets("in", now.received - before.received);
        packets("out", now.forwarded - before.forwarded);
        let event = |name: &str, count: u64| {
            if count > 0 {
                self.events.with_label_values(&[tenant, name]).inc_by(count);
            }
        };
        event("refused", now.refused - before.refused);
        event("malformed", now.malformed - before.malformed);
        event("retransmitted", now.retransmitted - before.retransmitted);
        event("keyframe_request", now.keyframe_requests - before.keyframe_requests);
        event("asked_again", now.asked_again - before.asked_again);
        event("relayed", now.relayed - before.relayed);
        event("relay_refused", now.relay_refused - before.relay_refused);
    }
}
