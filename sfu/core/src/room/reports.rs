//! RTCP: what members report and ask for, and what we report and ask of them.

use std::time::{Duration, Instant};

use kreide_media::clock::{ClockPoint, NtpTime};
use kreide_media::rtcp::{
    self, NackPairs, ReportBlock, ReportBlocks, Rtcp, write_nack, write_receiver_report,
    write_sender_report,
};

use crate::member::{Member, MemberKey};
use crate::outbox::PacketKind;
use crate::publication::Layer;
use crate::slot::{Slot, Target};

use super::timers::Reason;
use super::{FEEDBACK_SSRC, RoomPart};

impl RoomPart {
    /// An RTCP compound packet of a member, decrypted. What is malformed or unknown is skipped.
    pub fn handle_rtcp(&mut self, from: MemberKey, bytes: &[u8], now: Instant) {
        let ntp = self.clock.ntp(now);
        for packet in rtcp::walk(bytes) {
            let Some(member) = self.member_mut(from) else { return };
            match packet {
                Rtcp::SenderReport { ssrc, ntp: sent, rtp, blocks } => {
                    let point = ClockPoint { ntp: sent, rtp };
                    let noted = note_sender_report(member, ssrc, point, ntp, now);
                    note_round_trip(member, blocks, ntp);
                    if let Some((publication, layer)) = noted {
                        self.relay_clock(from, publication, layer);
                    }
                }
                Rtcp::ReceiverReport { blocks, .. } => note_round_trip(member, blocks, ntp),
                Rtcp::Nack { media, missing } => self.send_again(from, media, missing),
                Rtcp::Pli { media } | Rtcp::Fir { media } => {
                    self.viewer_wants_keyframe(from, media, now);
                }
                Rtcp::TransportFeedback(_) | Rtcp::Bye { .. } | Rtcp::Other => {}
            }
        }
    }

    fn viewer_wants_keyframe(&mut self, viewer: MemberKey, media: u32, now: Instant) {
        let Some(member) = self.member(viewer) else { return };
        let slot = member.video_slots.iter().find(|slot| slot.line.ssrc == media);
        if let Some(slot) = slot.map(|slot| slot.line.index) {
            self.keyframe_wanted(viewer, slot, now);
        }
    }

    fn send_again(&mut self, viewer: MemberKey, media: u32, missing: NackPairs<'_>) {
        let Some(member) = self.member(viewer) else { return };
        let Some(index) = member.video_slots.iter().position(|s| s.line.ssrc == media) else {
            return;
        };
        let Some(Target { origin, .. }) = member.video_slots[index].feed.now() else { return };
        let both = self.members.get_disjoint_mut([viewer.0, origin.member.0]);
        let Ok([Some(viewer_member), Some(sender)]) = both else { return };
        let Some(publication) = sender.publication(origin.kind) else { return };
        for sequence in missing.iter() {
            if !viewer_member.may_send_again() {
                return;
            }
            let slot = &viewer_member.video_slots[index];
            let Some((stream, source)) = slot.rewriter.source_of(sequence) else { continue };
            let Some(layer) = publication.layer_of_stream(stream) else { continue };
            let Some(packet) = layer.history.get(source) else { continue };
            let verdict = slot.rewriter.again(sequence, &packet);
            let transport_sequence = viewer_member.next_transport_sequence();
            let slot = &mut viewer_member.video_slots[index];
            let sent = self.outbox.push(viewer, PacketKind::Rtp, |out| {
                slot.write_again(out, verdict, packet.payload, transport_sequence);
            });
            if sent > 0 {
                viewer_member.sent_again += 1;
                self.stats.retransmitted += 1;
                self.stats.forwarded += 1;
            }
        }
    }

    /// Asks senders for missing packets.
    pub(super) fn ask_for_missing(&mut self, now: Instant) {
        let mut still_missing = false;
        for key in &self.senders {
            let Some(member) = self.members.get_mut(key.0).and_then(Option::as_mut) else {
                continue;
            };
            let round_trip = member.round_trip;
            for layer in member.publications.iter_mut().flat_map(|p| &mut p.layers) {
                let Some(ssrc) = layer.ssrc.filter(|_| !layer.missing.is_empty()) else { continue };
                let round = layer.missing.round(now, round_trip);
                still_missing |= !layer.missing.is_empty();
                self.stats.asked_again += round.ask.len() as u64;
                let keyframe = round.lost && layer.keyframes.want(now);
                self.stats.keyframe_requests += u64::from(keyframe);
                self.outbox.push(*key, PacketKind::Rtcp, |out| {
                    if !round.ask.is_empty() {
                        write_nack(out, FEEDBACK_SSRC, ssrc, &round.ask);
                    }
                    if keyframe {
                        rtcp::write_pli(out, FEEDBACK_SSRC, ssrc);
                    }
                });
            }
        }
        if still_missing {
            self.timers.arm(Reason::Missing, now);
        }
    }

    /// Tells senders when their packets arrived.
    pub(super) fn send_transport_feedback(&mut self) {
        for key in std::mem::take(&mut self.owed_feedback) {
            let Some(member) = self.members.get_mut(key.0).and_then(Option::as_mut) else {
                continue;
            };
            self.outbox.push(key, PacketKind::Rtcp, |out| {
                member.feedback.write(out, FEEDBACK_SSRC);
            });
        }
    }

    /// Receiver reports to senders and sender reports to viewers.
    pub(super) fn send_reports(&mut self, now: Instant) {
        let ntp = self.clock.ntp(now);
        for index in 0..self.members.len() {
            let key = MemberKey(index);
            let Some(member) = self.members[index].as_mut() else { continue };
            (member.sent, member.sent_again) = (0, 0);
            let blocks = receiver_blocks(member, now);
            if !blocks.is_empty() {
                self.outbox.push(key, PacketKind::Rtcp, |out| {
                    write_receiver_report(out, FEEDBACK_SSRC, &blocks);
                });
            }
            let Some(member) = self.member(key) else { continue };
            let reports: Vec<_> = member
                .slots()
                .filter_map(|slot| Some((slot, self.slot_clock(slot, ntp)?)))
                .map(|(slot, rtp)| (slot.line.ssrc, rtp, slot.packets, slot.octets))
                .collect();
            for chunk in reports.chunks(REPORTS_IN_PACKET) {
                self.outbox.push(key, PacketKind::Rtcp, |out| {
                    for &(ssrc, rtp, packets, octets) in chunk {
                        write_sender_report(out, ssrc, ntp, rtp, packets, octets);
                    }
                });
            }
        }
    }

    /// What a slot's RTP clock shows at `at`, by the clocks of the one who is sending into it.
    fn slot_clock(&self, slot: &Slot, at: NtpTime) -> Option<u32> {
        let Target { origin, .. } = slot.feed.now()?;
        let sender = self.member(origin.member)?;
        let publication = sender.publication(origin.kind)?;
        let layer = publication.layer_of_stream(slot.rewriter.stream()?)?;
        let rtp =
            sender.clock.rtp_at(layer.clock.point()?, at, publication.line.codec.clock_rate)?;
        Some(rtp.wrapping_add(slot.rewriter.timestamp_offset()?))
    }
}

/// Returns which publication's which layer the report is about.
fn note_sender_report(
    member: &mut Member,
    ssrc: u32,
    point: ClockPoint,
    arrival: NtpTime,
    now: Instant,
) -> Option<(usize, usize)> {
    let is_it = |layer: &Layer| layer.ssrc == Some(ssrc);
    let mut publications = member.publications.iter().enumerate();
    let found = publications.find_map(|(index, publication)| {
        Some((index, publication.layers.iter().position(is_it)?))
    })?;
    let publication = &mut member.publications[found.0];
    let clock_rate = publication.line.codec.clock_rate;
    let layer = &mut publication.layers[found.1];
    layer.clock.report(point, clock_rate);
    layer.receiver.sender_report(point.ntp, now);
    member.clock.report(point.ntp, arrival);
    Some(found)
}

/// RFC 3550 section 6.4.1: round trip = now - LSR - DLSR.
fn note_round_trip(member: &mut Member, blocks: ReportBlocks<'_>, now: NtpTime) {
    for block in blocks.iter().filter(|block| block.last_sender_report != 0) {
        let ticks =
            now.middle().wrapping_sub(block.last_sender_report).wrapping_sub(block.delay_since);
        let round_trip = Duration::from_secs_f64(f64::from(ticks) / 65_536.0);
        if round_trip < LONGEST_ROUND_TRIP {
            member.round_trip = round_trip;
        }
    }
}

fn receiver_blocks(member: &mut Member, now: Instant) -> Vec<ReportBlock> {
    member
        .publications
        .iter_mut()
        .filter(|p| p.flowing)
        .flat_map(|p| &mut p.layers)
        .filter_map(|layer| layer.receiver.report(layer.ssrc?, now))
        .collect()
}

/// Sender reports of 28 bytes that fit one datagram.
const REPORTS_IN_PACKET: usize = 40;
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(5);
