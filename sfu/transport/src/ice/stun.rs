//! The STUN messages that we see and send (RFC 8489): binding requests and their replies.
//!
//! Written here rather than taken from a library because it is two messages, and because checks
//! arrive on the media thread: nothing is allocated before a check is proven, and the key is
//! prepared once. The tests compare with an independent implementation.

use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

use super::crc::crc32;

/// A binding request with USERNAME, MESSAGE-INTEGRITY and a correct FINGERPRINT. Its integrity is
/// still to be checked.
pub(super) struct BindingRequest<'a> {
    /// The whole datagram.
    datagram: &'a [u8],
    /// Where the MESSAGE-INTEGRITY attribute begins.
    integrity_at: usize,
    pub(super) username: &'a [u8],
    pub(super) use_candidate: bool,
    /// The sender believes to be the controlled side.
    pub(super) from_controlled: bool,
}

/// Why a datagram is no request to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// A response or an indication.
    NotARequest,
    /// It contradicts itself, or demands an attribute that nobody knows.
    Malformed,
    /// USERNAME, MESSAGE-INTEGRITY or FINGERPRINT is missing or wrong.
    Unproven,
}

impl<'a> BindingRequest<'a> {
    /// Reads a request and checks its FINGERPRINT.
    pub(super) fn read(datagram: &'a [u8]) -> Result<Self, Unusable> {
        let (header, mut rest) =
            datagram.split_first_chunk::<HEADER_LEN>().ok_or(Unusable::Malformed)?;
        if header[4..8] != MAGIC_COOKIE.to_be_bytes()
            || usize::from(u16::from_be_bytes([header[2], header[3]])) != rest.len()
            || !rest.len().is_multiple_of(4)
        {
            return Err(Unusable::Malformed);
        }
        if u16::from_be_bytes([header[0], header[1]]) != BINDING_REQUEST {
            return Err(Unusable::NotARequest);
        }
        let (mut username, mut integrity_at, mut fingerprint_valid) = (None, None, false);
        let (mut use_candidate, mut from_controlled) = (false, false);
        while let Some((head, body)) = rest.split_first_chunk::<4>() {
            let at = datagram.len() - rest.len();
            let kind = u16::from_be_bytes([head[0], head[1]]);
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let value = body.get(..length).ok_or(Unusable::Malformed)?;
            rest = body.get(length.next_multiple_of(4)..).ok_or(Unusable::Malformed)?;
            match kind {
                FINGERPRINT => {
                    let expected = crc32(&datagram[..at]) ^ FINGERPRINT_XOR;
                    // It has to be the last (RFC 8489 section 14.7).
                    fingerprint_valid = value == expected.to_be_bytes() && rest.is_empty();
                }
                // What follows MESSAGE-INTEGRITY is not protected and does not count (section
                // 14.5).
                _ if integrity_at.is_some() => {}
                MESSAGE_INTEGRITY if length == INTEGRITY_LEN => integrity_at = Some(at),
                // The first of several counts (section 14), as for whoever looks for the transport.
                USERNAME => username = username.or(Some(value)),
                USE_CANDIDATE => use_candidate = true,
                ICE_CONTROLLED => from_controlled = true,
                PRIORITY => {}
                // Comprehension is required, and we do not comprehend. No WebRTC agent sends one.
                0..=0x7fff => return Err(Unusable::Malformed),
                _ => {}
            }
        }
        match (username, integrity_at) {
            (Some(username), Some(integrity_at)) if fingerprint_valid => {
                Ok(Self { datagram, integrity_at, username, use_candidate, from_controlled })
            }
            _ => Err(Unusable::Unproven),
        }
    }

    /// Checks MESSAGE-INTEGRITY in constant time.
    pub(super) fn is_authentic(&self, key: &hmac::Key) -> bool {
        is_signed(self.datagram, self.integrity_at, key)
    }

    fn transaction(&self) -> &[u8] {
        &self.datagram[8..HEADER_LEN]
    }
}

/// A success response that tells the peer its address as we see it.
pub(super) fn success(request: &BindingRequest<'_>, from: SocketAddr, key: &hmac::Key) -> Vec<u8> {
    let mut message = begin(BINDING_SUCCESS, request.transaction());
    let port = from.port() ^ (MAGIC_COOKIE >> 16) as u16;
    let mut value = vec![0, if from.is_ipv4() { 1 } else { 2 }];
    value.extend_from_slice(&port.to_be_bytes());
    // The address is masked with cookie and transaction (RFC 8489 section 14.2).
    let mask = message[4..HEADER_LEN].to_vec();
    match from.ip() {
        IpAddr::V4(ip) => value.extend(ip.octets().iter().zip(&mask).map(|(a, b)| a ^ b)),
        IpAddr::V6(ip) => value.extend(ip.octets().iter().zip(&mask).map(|(a, b)| a ^ b)),
    }
    push(&mut message, XOR_MAPPED_ADDRESS, &value);
    finish(message, key)
}

/// An error response 487, after which the peer takes the controlling role.
pub(super) fn role_conflict(request: &BindingRequest<'_>, key: &hmac::Key) -> Vec<u8> {
    let mut message = begin(BINDING_ERROR, request.transaction());
    push(&mut message, ERROR_CODE, b"\0\0\x04\x57Role Conflict");
    finish(message, key)
}

/// A request to the peer, which answers it at once.
pub(super) fn question(transaction: &Transaction, username: &str, key: &hmac::Key) -> Vec<u8> {
    let mut message = begin(BINDING_REQUEST, transaction);
    push(&mut message, USERNAME, username.as_bytes());
    push(&mut message, PRIORITY, &HOST_PRIORITY.to_be_bytes());
    // Browsers control, always: no tie has to be broken.
    push(&mut message, ICE_CONTROLLED, &[0; 8]);
    finish(message, key)
}

/// Whether a datagram is the peer's answer to that request: only who has seen the request and has
/// the key can make it.
pub(super) fn is_answer(datagram: &[u8], transaction: &Transaction, key: &hmac::Key) -> bool {
    let Some((header, mut rest)) = datagram.split_first_chunk::<HEADER_LEN>() else { return false };
    if header[..2] != BINDING_SUCCESS.to_be_bytes()
        || header[4..8] != MAGIC_COOKIE.to_be_bytes()
        || header[8..] != transaction[..]
    {
        return false;
    }
    while let Some((head, body)) = rest.split_first_chunk::<4>() {
        let at = datagram.len() - rest.len();
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        if head[..2] == MESSAGE_INTEGRITY.to_be_bytes() {
            return is_signed(datagram, at, key);
        }
        let Some(next) = body.get(length.next_multiple_of(4)..) else { return false };
        rest = next;
    }
    false
}

/// Checks in constant time the MESSAGE-INTEGRITY that begins at `at`.
fn is_signed(datagram: &[u8], at: usize, key: &hmac::Key) -> bool {
    let (covered, integrity) = datagram.split_at(at);
    let claimed = integrity.get(4..4 + INTEGRITY_LEN).unwrap_or_default();
    verify_slices_are_equal(integrity_of(covered, key).as_ref(), claimed).is_ok()
}

fn begin(kind: u16, transaction: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(128);
    message.extend_from_slice(&kind.to_be_bytes());
    message.extend_from_slice(&[0, 0]);
    message.extend_from_slice(&MAGIC_COOKIE.to_be_bytes());
    message.extend_from_slice(transaction);
    message
}

fn push(message: &mut Vec<u8>, kind: u16, value: &[u8]) {
    message.extend_from_slice(&kind.to_be_bytes());
    message.extend_from_slice(&(value.len() as u16).to_be_bytes());
    message.extend_from_slice(value);
    message.resize(message.len().next_multiple_of(4), 0);
    let body = (message.len() - HEADER_LEN) as u16;
    message[2..4].copy_from_slice(&body.to_be_bytes());
}

pub(crate) fn finish(mut message: Vec<u8>, key: &hmac::Key) -> Vec<u8> {
    let integrity = integrity_of(&message, key);
    push(&mut message, MESSAGE_INTEGRITY, integrity.as_ref());
    // FINGERPRINT covers a header whose length already counts it (RFC 8489 section 14.7).
    push(&mut message, FINGERPRINT, &[0; 4]);
    let at = message.len() - 4;
    let fingerprint = crc32(&message[..at - 4]) ^ FINGERPRINT_XOR;
    message[at..].copy_from_slice(&fingerprint.to_be_bytes());
    message
}

/// HMAC-SHA1 over `covered`, in whose header the length is set as if the message ended with
/// MESSAGE-INTEGRITY (RFC 8489 section 14.5).
fn integrity_of(covered: &[u8], key: &hmac::Key) -> hmac::Tag {
    let length = (covered.len() + 4 + INTEGRITY_LEN - HEADER_LEN) as u16;
    let mut mac = hmac::Context::with_key(key);
    mac.update(&covered[..2]);
    mac.update(&length.to_be_bytes());
    mac.update(&covered[4..]);
    mac.sign()
}

/// Names a request, and its answer.
pub(super) type Transaction = [u8; 12];

/// Of a host candidate, as which we announce ourselves (RFC 8445 section 5.1.2).
const HOST_PRIORITY: u32 = 126 << 24 | 0xffff << 8 | 255;

const HEADER_LEN: usize = 20;
const INTEGRITY_LEN: usize = 20;
const MAGIC_COOKIE: u32 = 0x2112_a442;
const FINGERPRINT_XOR: u32 = 0x5354_554e;

const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;

const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLED: u16 = 0x8029;
