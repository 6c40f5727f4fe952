//! One flipped bit.
//!
//! Invariant: exactly one bit behind the IP header changes, or nothing in a packet without any;
//! whatever bytes come, nothing panics.
//! Left out on purpose: damage to headers, which routers refuse before anybody sees it.

/// What of an IPv4 header tells where damage goes.
struct Ipv4 {
    /// First byte behind the header.
    payload: usize,
    /// A UDP header follows; it does not in a later fragment.
    udp: bool,
}

const UDP: u8 = 17;
const UDP_HEADER: usize = 8;

/// Flips the bit of `packet` that `roll` chooses and says whether there was one to flip.
pub(crate) fn flip_bit(packet: &mut [u8], roll: u64) -> bool {
    let Some(header) = ipv4(packet) else { return false };
    let Some(first) = damageable(packet, &header) else { return false };
    let bits = (packet.len() - first) as u64 * 8;
    let bit = roll % bits;
    packet[first + (bit / 8) as usize] ^= 1 << (bit % 8);
    true
}

/// First byte that may be damaged. Takes the checksum of UDP away, so that the damage arrives.
fn damageable(packet: &mut [u8], header: &Ipv4) -> Option<usize> {
    let behind_udp = header.payload + UDP_HEADER;
    if header.udp && packet.len() > behind_udp {
        packet[behind_udp - 2..behind_udp].fill(0);
        return Some(behind_udp);
    }
    (packet.len() > header.payload).then_some(header.payload)
}

/// RFC 791, section 3.1.
fn ipv4(packet: &[u8]) -> Option<Ipv4> {
    let first = *packet.first()?;
    let payload = usize::from(first & 0x0f) * 4;
    if first >> 4 != 4 || payload < 20 || packet.len() < payload {
        return None;
    }
    let fragment_offset = u16::from_be_bytes([packet[6], packet[7]]) & 0x1fff;
    Some(Ipv4 { payload, udp: packet[9] == UDP && fragment_offset == 0 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet(protocol: u8, payload: usize) -> Vec<u8> {
        let mut packet = vec![0xaa; 20 + payload];
        packet[0] = 0x45;
        packet[6..8].fill(0);
        packet[9] = protocol;
        packet
    }

    #[test]
    fn damage_to_udp_is_behind_its_header_and_without_a_checksum() {
        for roll in 0..400 {
            let mut damaged = packet(UDP, 8 + 40);
            assert!(flip_bit(&mut damaged, roll));
            assert_eq!(damaged[26..28], [0, 0]);
            damaged[26..28].fill(0xaa);
            assert_eq!(damaged[..28], packet(UDP, 8 + 40)[..28]);
            let flipped: u32 = damaged[28..].iter().map(|byte| (byte ^ 0xaa).count_ones()).sum();
            assert_eq!(flipped, 1);
        }
    }

    #[test]
    fn a_packet_without_payload_stays() {
        let mut bare = packet(6, 0);
        assert!(!flip_bit(&mut bare, 7));
        assert_eq!(bare, packet(6, 0));
    }

    proptest! {
        #[test]
        fn no_packet_panics(mut packet in proptest::collection::vec(any::<u8>(), 0..80), roll: u64) {
            flip_bit(&mut packet, roll);
        }
    }
}
