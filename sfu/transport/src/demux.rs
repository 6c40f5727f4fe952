//! Tells STUN, DTLS, RTP and RTCP apart, and finds the transport a STUN request is meant for.
//!
//! Pure functions over the datagram: the owner of the socket uses them before it knows whose
//! datagram it holds.

/// What a datagram is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// STUN (RFC 8489).
    Stun,
    /// A DTLS record.
    Dtls,
    /// RTP, plain or protected.
    Rtp,
    /// RTCP, plain or protected.
    Rtcp,
    /// None of these: to be dropped.
    Unknown,
}

/// Classifies by first byte (RFC 7983 section 7), and RTP from RTCP by the second (RFC 5761
/// section 4).
#[must_use]
pub fn classify(datagram: &[u8]) -> Class {
    match datagram {
        [0..=3, ..] if datagram.len() >= STUN_HEADER => Class::Stun,
        [20..=63, ..] if datagram.len() >= DTLS_HEADER => Class::Dtls,
        [128..=191, 192..=223, ..] if datagram.len() >= RTCP_HEADER => Class::Rtcp,
        [128..=191, second, ..]
            if !(192..=223).contains(second) && datagram.len() >= RTP_HEADER =>
        {
            Class::Rtp
        }
        _ => Class::Unknown,
    }
}

/// Finds the part of USERNAME before the colon: in a request to us, our own fragment (RFC 8445
/// section 7.2.2). Proves nothing; the transport checks the integrity.
#[must_use]
pub fn stun_local_ufrag(datagram: &[u8]) -> Option<&str> {
    if datagram.len() < STUN_HEADER {
        return None;
    }
    let mut rest = &datagram[STUN_HEADER..];
    while let [t0, t1, l0, l1, body @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        if u16::from_be_bytes([*t0, *t1]) == USERNAME {
            let name = std::str::from_utf8(body.get(..length)?).ok()?;
            return name.split_once(':').map(|(local, _)| local);
        }
        rest = body.get(length.next_multiple_of(4)..)?;
    }
    None
}

const STUN_HEADER: usize = 20;
const DTLS_HEADER: usize = 13;
const RTCP_HEADER: usize = 8;
const RTP_HEADER: usize = 12;
const USERNAME: u16 = 0x0006;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Peer, Random};

    #[test]
    fn classes() {
        let check = |first: u8, second: u8, len: usize, class: Class| {
            let mut datagram = vec![0; len];
            datagram.iter_mut().zip([first, second]).for_each(|(byte, value)| *byte = value);
            assert_eq!(classify(&datagram), class, "{first} {second} {len}");
        };
        check(0, 1, 20, Class::Stun);
        check(3, 255, 20, Class::Stun);
        check(0, 1, 19, Class::Unknown);
        check(4, 0, 50, Class::Unknown);
        check(19, 0, 50, Class::Unknown);
        check(20, 254, 13, Class::Dtls);
        check(63, 254, 13, Class::Dtls);
        check(22, 254, 12, Class::Unknown);
        check(64, 0, 50, Class::Unknown);
        check(127, 0, 50, Class::Unknown);
        check(128, 0, 12, Class::Rtp);
        check(128, 111, 12, Class::Rtp);
        check(191, 191, 12, Class::Rtp);
        check(144, 111 | 128, 12, Class::Rtp);
        check(128, 111, 11, Class::Unknown);
        check(128, 192, 8, Class::Rtcp);
        check(129, 201, 8, Class::Rtcp);
        check(143, 223, 8, Class::Rtcp);
        check(143, 224, 12, Class::Rtp);
        check(129, 201, 7, Class::Unknown);
        check(192, 200, 50, Class::Unknown);
        check(255, 0, 50, Class::Unknown);
        check(0, 0, 0, Class::Unknown);
        check(128, 0, 1, Class::Unknown);
    }

    #[test]
    fn finds_the_fragment_and_never_fails() {
        let peer = Peer::new(1);
        let good = peer.check_with("mine:yours", "any", true, true);
        assert_eq!(stun_local_ufrag(&good), Some("mine"));
        assert_eq!(stun_local_ufrag(&peer.check_with("nocolon", "any", true, true)), None);
        assert_eq!(stun_local_ufrag(&good[..20]), None);
        assert_eq!(stun_local_ufrag(&[]), None);
        let mut random = Random(29);
        for _ in 0..1000 {
            let mut datagram = good.clone();
            random.mutate(&mut datagram);
            let found = stun_local_ufrag(&datagram);
            assert!(found.is_none_or(|ufrag| ufrag.len() <= datagram.len()));
        }
    }
}
