//! Packets: RTP with its header extensions, RTCP, and the payload descriptors.

use std::collections::BTreeSet;

use kreide_media::clock::ClockPoint;
use kreide_media::dependency_descriptor::Mandatory;
use kreide_media::extension::{AudioLevel, Extensions, Writer};
use kreide_media::rtcp::{
    ReportBlock, Rtcp, walk, write_nack, write_pli, write_receiver_report, write_sender_report,
};
use kreide_media::rtp::{Header, Packet};
use kreide_media::{h264, vp8};

/// What is read can be written, and is then read the same.
pub(crate) fn rtp(data: &[u8]) -> bool {
    let Ok(packet) = Packet::parse(data) else { return false };
    let carried: usize = packet.extensions.iter().map(|(_, value)| value.len()).sum();
    assert!(carried + packet.payload.len() <= data.len(), "nothing is read twice");
    let short = short_values(&packet.extensions);
    let again = write(&packet, &short);
    let again = Packet::parse(&again).expect("what was written can be read");
    assert_eq!(short_values(&again.extensions), short);
    assert_eq!(fields(&again), fields(&packet));
    for (id, value) in packet.extensions.iter() {
        let first = packet.extensions.iter().find(|(found, _)| *found == id);
        assert_eq!(packet.extensions.get(Some(id)), first.map(|(_, value)| value));
        let level = AudioLevel::parse(value).map(AudioLevel::to_byte);
        assert_eq!(level, value.first().copied());
        assert_eq!(Mandatory::parse(value).is_some(), value.len() >= 3);
    }
    true
}

/// Values that the one-byte form can carry: ids 1 to 14, 1 to 16 bytes.
fn short_values<'a>(extensions: &Extensions<'a>) -> Vec<(u8, &'a [u8])> {
    let fits = |(id, value): &(u8, &[u8])| (1..=14).contains(id) && (1..=16).contains(&value.len());
    extensions.iter().filter(fits).collect()
}

fn write(packet: &Packet<'_>, values: &[(u8, &[u8])]) -> Vec<u8> {
    let Packet { marker, payload_type, sequence, timestamp, ssrc, .. } = *packet;
    let mut out = Vec::new();
    Header { marker, payload_type, sequence, timestamp, ssrc }.write(&mut out, true, false);
    let mut extensions = Writer::begin(&mut out);
    for (id, value) in values {
        extensions.add(Some(*id), value);
    }
    extensions.finish();
    out.extend_from_slice(packet.payload);
    out
}

fn fields<'a>(packet: &Packet<'a>) -> (bool, u8, u16, u32, u32, &'a [u8]) {
    let Packet { marker, payload_type, sequence, timestamp, ssrc, payload, .. } = *packet;
    (marker, payload_type, sequence, timestamp, ssrc, payload)
}

/// A compound ends where its bytes do, and each packet that we also write is read the same again.
pub(crate) fn rtcp(data: &[u8]) -> bool {
    assert!(walk(data).count() <= data.len() / 4, "a packet has at least four bytes");
    let mut known = false;
    for packet in walk(data) {
        known |= !matches!(packet, Rtcp::Other);
        let mut again = Vec::new();
        match packet {
            Rtcp::SenderReport { ssrc, ntp, rtp, blocks } => {
                assert!(blocks.iter().count() <= 31);
                let point = ClockPoint { ntp, rtp };
                assert_eq!(point.ntp_at(rtp, 90_000), ntp);
                assert_eq!(point.rtp_at(ntp, 90_000), rtp);
                write_sender_report(&mut again, ssrc, ntp, rtp, 0, 0);
                assert!(matches!(
                    walk(&again).next(),
                    Some(Rtcp::SenderReport { ssrc: s, ntp: n, rtp: r, .. })
                        if (s, n, r) == (ssrc, ntp, rtp)
                ));
            }
            Rtcp::ReceiverReport { ssrc, blocks } => {
                let blocks: Vec<ReportBlock> = blocks.iter().collect();
                write_receiver_report(&mut again, ssrc, &blocks);
                let Some(Rtcp::ReceiverReport { ssrc: same, blocks: read }) = walk(&again).next()
                else {
                    panic!("a report is a report");
                };
                assert_eq!((same, read.iter().collect::<Vec<_>>()), (ssrc, blocks));
            }
            Rtcp::Nack { media, missing } => {
                let missing: Vec<u16> = missing.iter().collect();
                assert!(missing.len() <= data.len() / 4 * 17);
                write_nack(&mut again, 1, media, &missing);
                let Some(Rtcp::Nack { media: same, missing: read }) = walk(&again).next() else {
                    panic!("a NACK is a NACK");
                };
                assert_eq!(same, media);
                let read: BTreeSet<u16> = read.iter().collect();
                assert_eq!(read, missing.into_iter().collect());
            }
            Rtcp::Pli { media } => {
                write_pli(&mut again, 1, media);
                assert!(matches!(walk(&again).next(), Some(Rtcp::Pli { media: m }) if m == media));
            }
            Rtcp::TransportFeedback(body) => assert!(body.len() < data.len()),
            Rtcp::Fir { .. } | Rtcp::Bye { .. } | Rtcp::Other => {}
        }
    }
    known
}

/// A descriptor that is written is read the same, but for the width of its picture id.
pub(crate) fn vp8(data: &[u8]) -> bool {
    let Ok(read) = vp8::Descriptor::parse(data) else { return false };
    assert!((1..=data.len()).contains(&read.length));
    let mut again = Vec::new();
    read.write(&mut again);
    assert!(again.len() <= 6);
    let picture_id = read.picture_id.map(|id| vp8::PictureId { long: true, ..id });
    let expected = vp8::Descriptor { picture_id, length: again.len(), ..read };
    assert_eq!(vp8::Descriptor::parse(&again), Ok(expected));
    if vp8::keyframe_size(&read, data).is_some() {
        assert!(vp8::is_keyframe_start(&read, data), "only a keyframe tells its size");
    }
    true
}

/// A unit means the same by itself and packed into an aggregate.
pub(crate) fn h264(data: &[u8]) -> bool {
    const STAP_A: u8 = 24;
    let found = h264::is_keyframe_start(data);
    let single = data.first().is_some_and(|first| (1..STAP_A).contains(&(first & 0x1f)));
    if let (true, Ok(size)) = (single, u16::try_from(data.len())) {
        let aggregate = [&[STAP_A][..], &size.to_be_bytes(), data].concat();
        assert_eq!(h264::is_keyframe_start(&aggregate), found);
    }
    found
}
