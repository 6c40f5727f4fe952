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
    Ice::new(Credentials::new(&local(), "theirs", "a password of theirs"))
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

/// A million guesses with everything right but the key: half of them know our fragment, half guess
/// it too. Each has a correct FINGERPRINT, so that the integrity is what decides.
#[test]
fn brute_force() {
    let mut ice = ice();
    let knows = check(true, false);
    let guesses = Peer::new(1).check_with("0urs:theirs", &local().password, true, false);
    let crc_at = knows.len() - 4;
    let integrity_at = knows.len() - 8 - 20;
    let mut rejected = 0;
    for count in 0..1_000_000_u64 {
        let mut datagram = if count % 2 == 0 { knows.clone() } else { guesses.clone() };
        if count % 2 == 0 {
            datagram[integrity_at..integrity_at + 8].copy_from_slice(&count.to_be_bytes());
        } else {
            // The first four bytes of USERNAME, behind the header of message and attribute.
            datagram[24..28].copy_from_slice(&(count as u32 | 1 << 31).to_be_bytes());
        }
        let fingerprint = super::crc::crc32(&datagram[..crc_at - 4]) ^ 0x5354_554e;
        datagram[crc_at..].copy_from_slice(&fingerprint.to_be_bytes());
        let checked = ice.handle_stun(address(1), &datagram, t0());
        rejected += u32::from(matches!(checked, Checked::Rejected));
    }
    assert_eq!(rejected, 1_000_000);
    assert!(ice.selected().is_none() && ice.validated.is_empty(), "and none left a trace");
    assert!(matches!(ice.handle_stun(address(1), &knows, t0()), Checked::Valid { .. }));
}

/// RFC 8445 section 5.3 asks for 24 and 128 bits. Every character is drawn from all 64.
#[test]
fn secrets_cannot_be_guessed() {
    let secrets: Vec<_> = (0..2_000).map(|_| LocalSecret::generate().unwrap()).collect();
    let distinct = |texts: Vec<&str>| texts.iter().collect::<std::collections::HashSet<_>>().len();
    assert_eq!(distinct(secrets.iter().map(|secret| &*secret.ufrag).collect()), 2_000);
    assert_eq!(distinct(secrets.iter().map(|secret| &*secret.password).collect()), 2_000);
    for place in 0..16 {
        let seen = distinct(secrets.iter().map(|secret| &secret.ufrag[place..=place]).collect());
        assert_eq!(seen, 64, "character {place} of the fragment");
    }
    for place in 0..32 {
        let seen = distinct(secrets.iter().map(|secret| &secret.password[place..=place]).collect());
        assert_eq!(seen, 64, "character {place} of the password");
    }
}
