//! RTCP packets that an SFU reads and writes (RFC 3550 section 6, RFC 4585, RFC 5104, and the
//! transport-wide feedback of draft-holmer-rmcat-transport-wide-cc-extensions-01).
//!
//! Reading walks over a compound packet without allocating, since feedback of hundreds of viewers
//! passes here many times a second; what is malformed ends the walk and what is unknown is
//! skipped.

use crate::clock::NtpTime;

/// One packet of a compound packet.
#[derive(Clone, Copy, Debug)]
pub enum Rtcp<'a> {
    /// A sender's clocks and its view of what it receives.
    SenderReport {
        /// The sender.
        ssrc: u32,
        /// Its wall clock.
        ntp: NtpTime,
        /// Its RTP clock at that moment.
        rtp: u32,
        /// What it receives.
        blocks: ReportBlocks<'a>,
    },
    /// A receiver's view of what it receives.
    ReceiverReport {
        /// The receiver.
        ssrc: u32,
        /// What it receives.
        blocks: ReportBlocks<'a>,
    },
    /// Packets that the receiver misses.
    Nack {
        /// The stream they belong to.
        media: u32,
        /// Which packets.
        missing: NackPairs<'a>,
    },
    /// Picture loss indication: a keyframe is asked for.
    Pli {
        /// The stream.
        media: u32,
    },
    /// Full intra request for one stream (further entries are skipped: browsers send one).
    Fir {
        /// The stream.
        media: u32,
    },
    /// Arrival times by transport-wide sequence number, unread.
    TransportFeedback(&'a [u8]),
    /// The stream ends.
    Bye {
        /// The stream.
        ssrc: u32,
    },
    /// Anything else.
    Other,
}

/// Walks over a compound packet.
pub fn walk(compound: &[u8]) -> impl Iterator<Item = Rtcp<'_>> {
    let mut rest = compound;
    std::iter::from_fn(move || {
        let head: &[u8; 4] = rest.first_chunk()?;
        let length = 4 * (usize::from(u16::from_be_bytes([head[2], head[3]])) + 1);
        if head[0] >> 6 != 2 {
            return None;
        }
        let packet = rest.get(..length)?;
        rest = &rest[length..];
        Some(read(head[0] & 0x1f, head[1], &packet[4..]).unwrap_or(Rtcp::Other))
    })
}

fn read(count: u8, kind: u8, body: &[u8]) -> Option<Rtcp<'_>> {
    let blocks = |from: usize| {
        let all = body.get(from..from + ReportBlock::SIZE * usize::from(count))?;
        Some(ReportBlocks(all))
    };
    Some(match (kind, count) {
        (SENDER_REPORT, _) => Rtcp::SenderReport {
            ssrc: word(body, 0)?,
            ntp: NtpTime(u64::from(word(body, 4)?) << 32 | u64::from(word(body, 8)?)),
            rtp: word(body, 12)?,
            blocks: blocks(24)?,
        },
        (RECEIVER_REPORT, _) => Rtcp::ReceiverReport { ssrc: word(body, 0)?, blocks: blocks(4)? },
        (TRANSPORT_FEEDBACK, FORMAT_NACK) => {
            Rtcp::Nack { media: word(body, 4)?, missing: NackPairs(body.get(8..)?) }
        }
        (TRANSPORT_FEEDBACK, FORMAT_TRANSPORT_CC) => Rtcp::TransportFeedback(body),
        (PAYLOAD_FEEDBACK, FORMAT_PLI) => Rtcp::Pli { media: word(body, 4)? },
        (PAYLOAD_FEEDBACK, FORMAT_FIR) => Rtcp::Fir { media: word(body, 8)? },
        (BYE, 1..) => Rtcp::Bye { ssrc: word(body, 0)? },
        _ => Rtcp::Other,
    })
}

fn word(body: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*body.get(at..)?.first_chunk()?))
}

/// One report block (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The stream reported on.
    pub ssrc: u32,
    /// Share of packets lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning, 24 bits signed.
    pub cumulative_lost: i32,
    /// Highest sequence number received, with its cycles above 16 bits.
    pub highest_sequence: u32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
    /// Middle 32 bits of the last sender report's NTP time; 0 if none came.
    pub last_sender_report: u32,
    /// Delay since that report in 1/65536 s.
    pub delay_since: u32,
}

impl ReportBlock {
    const SIZE: usize = 24;

    fn read(bytes: &[u8]) -> Option<Self> {
        let lost = word(bytes, 4)?;
        Some(Self {
            ssrc: word(bytes, 0)?,
            fraction_lost: (lost >> 24) as u8,
            cumulative_lost: ((lost << 8) as i32) >> 8,
            highest_sequence: word(bytes, 8)?,
            jitter: word(bytes, 12)?,
            last_sender_report: word(bytes, 16)?,
            delay_since: word(bytes, 20)?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let lost = self.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0x00ff_ffff;
        for value in [
            self.ssrc,
            u32::from(self.fraction_lost) << 24 | lost,
            self.highest_sequence,
            self.jitter,
            self.last_sender_report,
            self.delay_since,
        ] {
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
}

/// The report blocks of one report.
#[derive(Clone, Copy, Debug)]
pub struct ReportBlocks<'a>(&'a [u8]);

impl ReportBlocks<'_> {
    /// The blocks in order.
    pub fn iter(&self) -> impl Iterator<Item = ReportBlock> {
        self.0.chunks_exact(ReportBlock::SIZE).filter_map(ReportBlock::read)
    }
}

/// The entries of one generic NACK (RFC 4585 section 6.2.1).
#[derive(Clone, Copy, Debug)]
pub struct NackPairs<'a>(&'a [u8]);

impl NackPairs<'_> {
    /// The missing sequence numbers.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        self.0.chunks_exact(4).flat_map(|entry| {
            let first = u16::from_be_bytes([entry[0], entry[1]]);
            let mask = u16::from_be_bytes([entry[2], entry[3]]);
            let following = (0..16).filter(move |bit| mask >> bit & 1 == 1);
            std::iter::once(first).chain(following.map(move |bit| first.wrapping_add(bit + 1)))
        })
    }
}

/// Appends a sender report without blocks.
pub fn write_sender_report(
    out: &mut Vec<u8>,
    ssrc: u32,
    ntp: NtpTime,
    rtp: u32,
    packets: u32,
    octets: u32,
) {
    header(out, 0, SENDER_REPORT, 24);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&ntp.0.to_be_bytes());
    for value in [rtp, packets, octets] {
        out.extend_from_slice(&value.to_be_bytes());
    }
}

/// Appends a receiver report; at most 31 blocks fit, the rest is left out.
pub fn write_receiver_report(out: &mut Vec<u8>, ssrc: u32, blocks: &[ReportBlock]) {
    let blocks = &blocks[..blocks.len().min(31)];
    header(out, blocks.len() as u8, RECEIVER_REPORT, 4 + ReportBlock::SIZE * blocks.len());
    out.extend_from_slice(&ssrc.to_be_bytes());
    for block in blocks {
        block.write(out);
    }
}

/// Appends a generic NACK for ascending sequence numbers.
pub fn write_nack(out: &mut Vec<u8>, sender: u32, media: u32, missing: &[u16]) {
    let start = out.len();
    header(out, FORMAT_NACK, TRANSPORT_FEEDBACK, 8);
    out.extend_from_slice(&sender.to_be_bytes());
    out.extend_from_slice(&media.to_be_bytes());
    let mut rest = missing;
    while let Some((&first, mut following)) = rest.split_first() {
        let mut mask = 0u16;
        while let Some((&next, tail)) = following.split_first() {
            let distance = next.wrapping_sub(first);
            if !(1..=16).contains(&distance) {
                break;
            }
            mask |= 1 << (distance - 1);
            following = tail;
        }
        out.extend_from_slice(&first.to_be_bytes());
        out.extend_from_slice(&mask.to_be_bytes());
        rest = following;
    }
    fix_length(out, start);
}

/// Appends a picture loss indication.
pub fn write_pli(out: &mut Vec<u8>, sender: u32, media: u32) {
    header(out, FORMAT_PLI, PAYLOAD_FEEDBACK, 8);
    out.extend_from_slice(&sender.to_be_bytes());
    out.extend_from_slice(&media.to_be_bytes());
}

/// Arrival times to be reported in one transport-wide feedback packet.
#[derive(Clone, Copy, Debug)]
pub struct Arrivals<'a> {
    /// Transport-wide sequence number of the first entry.
    pub base: u16,
    /// Counts the feedback packets of this transport.
    pub feedback_count: u8,
    /// One entry for each number from `base` on: arrival in units of 250 us on any steady clock,
    /// or `None` if it did not arrive. The first entry did.
    pub times: &'a [Option<i64>],
}

/// Appends a transport-wide feedback packet. Returns how many entries it covers: fewer than all
/// when two arrivals lie further apart than a delta can say (8 s).
pub fn write_transport_feedback(
    out: &mut Vec<u8>,
    sender: u32,
    media: u32,
    arrivals: &Arrivals<'_>,
) -> usize {
    const TICKS_PER_REFERENCE: i64 = 256;
    let Some(first) = arrivals.times.first().copied().flatten() else { return 0 };
    let reference = first.div_euclid(TICKS_PER_REFERENCE);
    let mut previous = reference * TICKS_PER_REFERENCE;
    let mut symbols = Vec::with_capacity(arrivals.times.len());
    let mut deltas = Vec::with_capacity(arrivals.times.len());
    for time in arrivals.times {
        let Some(time) = time else {
            symbols.push(0u16);
            continue;
        };
        match i16::try_from(time - previous) {
            Ok(delta @ 0..=255) => {
                symbols.push(1);
                deltas.push(delta as u8);
            }
            Ok(delta) => {
                symbols.push(2);
                deltas.extend_from_slice(&delta.to_be_bytes());
            }
            Err(_) => break,
        }
        previous = *time;
    }
    while symbols.last() == Some(&0) {
        symbols.pop();
    }
    let start = out.len();
    header(out, FORMAT_TRANSPORT_CC, TRANSPORT_FEEDBACK, 8);
    out.extend_from_slice(&sender.to_be_bytes());
    out.extend_from_slice(&media.to_be_bytes());
    out.extend_from_slice(&arrivals.base.to_be_bytes());
    out.extend_from_slice(&(symbols.len() as u16).to_be_bytes());
    out.extend_from_slice(&(reference as u32).to_be_bytes()[1..]);
    out.push(arrivals.feedback_count);
    for seven in symbols.chunks(7) {
        // Status vector chunk of two-bit symbols.
        let packed = seven
            .iter()
            .enumerate()
            .fold(0xc000u16, |chunk, (i, symbol)| chunk | symbol << (12 - 2 * i));
        out.extend_from_slice(&packed.to_be_bytes());
    }
    out.extend_from_slice(&deltas);
    while !(out.len() - start).is_multiple_of(4) {
        out.push(0);
    }
    fix_length(out, start);
    symbols.len()
}

fn header(out: &mut Vec<u8>, count: u8, kind: u8, body: usize) {
    out.push(0x80 | count);
    out.push(kind);
    out.extend_from_slice(&((body / 4) as u16).to_be_bytes());
}

fn fix_length(out: &mut [u8], start: usize) {
    let words = ((out.len() - start) / 4 - 1) as u16;
    out[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
}

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const BYE: u8 = 203;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;
const FORMAT_NACK: u8 = 1;
const FORMAT_TRANSPORT_CC: u8 = 15;
const FORMAT_PLI: u8 = 1;
const FORMAT_FIR: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nacks_come_back_as_they_went() {
        let missing = [5, 6, 21, 22, 40, 65535, 0, 1];
        let mut out = Vec::new();
        write_nack(&mut out, 1, 2, &missing);
        let Some(Rtcp::Nack { media: 2, missing: read }) = walk(&out).next() else { panic!() };
        assert_eq!(read.iter().collect::<Vec<_>>(), missing);
    }

    #[test]
    fn reports_come_back_as_they_went() {
        let block = ReportBlock {
            ssrc: 9,
            fraction_lost: 3,
            cumulative_lost: -2,
            highest_sequence: 0x0001_0002,
            jitter: 4,
            last_sender_report: 5,
            delay_since: 6,
        };
        let mut out = Vec::new();
        write_receiver_report(&mut out, 7, &[block, block]);
        write_sender_report(&mut out, 8, NtpTime(1 << 32), 90, 1, 2);
        write_pli(&mut out, 1, 42);
        let read: Vec<_> = walk(&out).collect();
        let Rtcp::ReceiverReport { ssrc: 7, blocks } = read[0] else { panic!() };
        assert_eq!(blocks.iter().collect::<Vec<_>>(), [block, block]);
        let Rtcp::SenderReport { ssrc: 8, ntp, rtp: 90, .. } = read[1] else { panic!() };
        assert_eq!(ntp, NtpTime(1 << 32));
        assert!(matches!(read[2], Rtcp::Pli { media: 42 }));
    }

    #[test]
    fn feedback_is_laid_out_as_the_draft_says() {
        let mut out = Vec::new();
        let times = [Some(256), Some(260), None, Some(250), None];
        let arrivals = Arrivals { base: 10, feedback_count: 3, times: &times };
        assert_eq!(write_transport_feedback(&mut out, 1, 2, &arrivals), 4);
        assert_eq!(
            out[12..],
            [
                0,
                10,
                0,
                4, // base, count
                0,
                0,
                1,
                3, // reference time in 64 ms, feedback count
                0b1101_0100,
                0b1000_0000, // small, small, absent, large
                0,
                4, // small deltas
                0xff,
                0xf6, // -10
                0,
                0
            ]
        );
        assert_eq!(out[..4], [0x8f, 205, 0, 6]);
        assert!(matches!(walk(&out).next(), Some(Rtcp::TransportFeedback(_))));
    }

    #[test]
    fn arrivals_far_apart_are_left_for_the_next_packet() {
        let times = [Some(0), Some(40_000)];
        let arrivals = Arrivals { base: 0, feedback_count: 0, times: &times };
        assert_eq!(write_transport_feedback(&mut Vec::new(), 1, 2, &arrivals), 1);
    }

    #[test]
    fn malformed_compounds_end_quietly() {
        let mut out = Vec::new();
        write_pli(&mut out, 1, 2);
        write_receiver_report(&mut out, 1, &[ReportBlock::default()]);
        for end in 0..out.len() {
            let _ = walk(&out[..end]).count();
        }
        out[0] = 0x9f;
        assert!(walk(&out).next().is_some());
    }
}
