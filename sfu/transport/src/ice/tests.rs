//! Replies compared with an independent STUN implementation.

use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_ERROR, BINDING_SUCCESS, Getter, Message};
use rtc_stun::xoraddr::XorMappedAddress;

use super::*;
use crate::testing::{Peer, address, t0};

fn local() -> LocalSecret {
    LocalSecret { ufrag: "ours".to_owned(), password: "a password of ours".to_owned() }
}

fn ice() -> Ice {
    Ice::new(Credentials::new(&local(), "theirs"))
}

fn check(nominate: bool, controlled: bool) -> Vec<u8> {
    Peer::new(1).check_with("ours:theirs", &local().password, nominate, controlled)
}

fn reply(ice: &mut Ice, from: SocketAddr, datagram: &[u8], now: Instant) -> Option<Message> {
    let Checked::Valid { reply } = ice.handle_stun(from, datagram, now) else { return None };
    let mut message = Message::new();
    message.unmarshal_binary(&reply).unwrap();
    FINGERPRINT.check(&message).unwrap();
    let provider = rtc_crypto::providers::AwsLcRsProvider::new();
    let crypto = rtc_crypto::RTCCryptoProvider::crypto(&provider);
    MessageIntegrity::check(&mut message, local().password.as_bytes(), crypto).unwrap();
    Some(message)
}

#[test]
fn replies_tell_the_address_in_both_families() {
    for from in [address(4321), "[2001:db8::17]:65535".parse().unwrap()] {
        let message = reply(&mut ice(), from, &check(false, false), t0()).unwrap();
        assert_eq!(message.typ, BINDING_SUCCESS);
        let mut mapped = XorMappedAddress::default();
        mapped.get_from(&message).unwrap();
        assert_eq!(SocketAddr::new(mapped.ip, mapped.port), from);
    }
}

#[test]
fn a_controlled_peer_is_told_to_switch() {
    let mut ice = ice();
    let message = reply(&mut ice, address(1), &check(true, true), t0()).unwrap();
    assert_eq!(message.typ, BINDING_ERROR);
    assert!(!ice.is_validated(address(1)));
    assert_eq!(ice.selected(), None);
}

#[test]
fn remembers_few_addresses_and_never_forgets_the_selected() {
    let mut ice = ice();
    let tick = Duration::from_millis(10);
    reply(&mut ice, address(1), &check(true, false), t0()).unwrap();
    for port in 2..100 {
        let now = t0() + tick * u32::from(port);
        reply(&mut ice, address(port), &check(false, false), now).unwrap();
        assert!(ice.validated.len() <= MAX_VALIDATED);
    }
    assert!(ice.is_validated(address(1)) && ice.is_validated(address(99)));
    assert!(!ice.is_validated(address(2)));
    assert_eq!(ice.selected(), Some(address(1)));
}

#[test]
fn consent_is_renewed_on_the_selected_address_only() {
    let mut ice = ice();
    let second = Duration::from_secs(1);
    assert_eq!(ice.consent_expiry(), None);
    reply(&mut ice, address(1), &check(true, false), t0()).unwrap();
    reply(&mut ice, address(2), &check(false, false), t0() + second).unwrap();
    assert_eq!(ice.consent_expiry(), Some(t0() + CONSENT_LIFETIME));
    reply(&mut ice, address(1), &check(false, false), t0() + 2 * second).unwrap();
    assert_eq!(ice.consent_expiry(), Some(t0() + 2 * second + CONSENT_LIFETIME));
}

#[test]
fn follows_a_peer_that_settled_elsewhere() {
    let mut ice = ice();
    let second = Duration::from_secs(1);
    for port in [1, 2] {
        reply(&mut ice, address(port), &check(true, false), t0()).unwrap();
    }
    assert_eq!(ice.selected(), Some(address(2)));
    for seconds in [5, 10, 14] {
        reply(&mut ice, address(1), &check(false, false), t0() + seconds * second).unwrap();
        assert_eq!(ice.selected(), Some(address(2)));
    }
    reply(&mut ice, address(1), &check(false, false), t0() + 15 * second).unwrap();
    assert_eq!(ice.selected(), Some(address(1)));
    assert_eq!(ice.consent_expiry(), Some(t0() + 15 * second + CONSENT_LIFETIME));
}

#[test]
fn secrets_are_long_and_differ() {
    let (one, two) = (LocalSecret::generate().unwrap(), LocalSecret::generate().unwrap());
    assert_eq!((one.ufrag.len(), one.password.len()), (16, 32));
    assert!(one.ufrag != two.ufrag && one.password != two.password);
}

/// No bit of a check can be changed, but for those that nothing protects: what follows the
/// integrity is the fingerprint, and that is checked as well.
#[test]
fn every_bit_of_a_check_counts() {
    let good = check(true, false);
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let checked = ice().handle_stun(address(1), &bad, t0());
        assert!(!matches!(checked, Checked::Valid { .. }), "bit {bit}");
    }
    for len in 0..good.len() {
        let checked = ice().handle_stun(address(1), &good[..len], t0());
        assert!(!matches!(checked, Checked::Valid { .. }), "length {len}");
    }
    assert!(matches!(ice().handle_stun(address(1), &good, t0()), Checked::Valid { .. }));
}
