//! Both directions of one transport, stream by stream.

use super::cm::{self, Cm};
use super::gcm::{self, Gcm};
use super::header::{RtpHeader, rtcp_ssrc};
use super::index::Window;
use super::keys::Master;
use super::{CryptoFailure, SRTCP_CLEAR_LEN, SRTCP_ENCRYPTED, SRTCP_INDEX_LEN, SrtpProfile};
use crate::ProtectError;

/// The SRTP and SRTCP state of one transport. We are the DTLS server.
pub(crate) struct Session {
    receive: Direction,
    send: Direction,
    /// Index of the next SRTCP packet we send. One counter for all our SSRCs serves: an index
    /// must be unique per SSRC, and is so all the more.
    rtcp_index: u32,
}

/// Why a packet was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnprotectError {
    /// It breaks off within its header or trailer.
    Malformed,
    /// Its index was used before, or is too old to tell.
    Replayed,
    /// It is not authentic.
    Forged,
    /// It is authentic, but one stream too many.
    TooManyStreams,
}

impl Session {
    /// From the keying material that DTLS exported.
    pub(crate) fn new(profile: SrtpProfile, material: &[u8]) -> Result<Self, CryptoFailure> {
        let (client, server) = Master::split(profile, material).ok_or(CryptoFailure)?;
        Ok(Self {
            receive: Direction::new(profile, &client)?,
            send: Direction::new(profile, &server)?,
            rtcp_index: 0,
        })
    }

    /// The peer's side of the same session.
    #[cfg(any(test, feature = "internals"))]
    pub(crate) fn of_client(profile: SrtpProfile, material: &[u8]) -> Result<Self, CryptoFailure> {
        let Self { receive, send, rtcp_index } = Self::new(profile, material)?;
        Ok(Self { receive: send, send: receive, rtcp_index })
    }

    /// Authenticates and decrypts an RTP packet in place; returns its plain length.
    pub(crate) fn unprotect_rtp(&mut self, packet: &mut [u8]) -> Result<usize, UnprotectError> {
        let header = RtpHeader::read(packet).ok_or(UnprotectError::Malformed)?;
        let Direction { cipher, rtp, .. } = &mut self.receive;
        let stream = rtp.find(header.ssrc);
        let index = rtp
            .window(stream)
            .map_or_else(|| u64::from(header.sequence), |window| window.estimate(header.sequence));
        if rtp.window(stream).is_some_and(|window| !window.is_fresh(index)) {
            return Err(UnprotectError::Replayed);
        }
        let len = match cipher {
            Cipher::Gcm(gcm) => gcm.open_rtp(packet, header.len, header.ssrc, index),
            Cipher::Cm(cm) => cm.open_rtp(packet, header.len, header.ssrc, index),
        }
        .map_err(|_| UnprotectError::Forged)?;
        rtp.accept(stream, header.ssrc, index, MAX_RECEIVED)
            .map_err(|_| UnprotectError::TooManyStreams)?;
        Ok(len)
    }

    /// Authenticates and decrypts an RTCP packet in place; returns its plain length.
    pub(crate) fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, UnprotectError> {
        let ssrc = rtcp_ssrc(packet).ok_or(UnprotectError::Malformed)?;
        let Direction { cipher, rtcp, .. } = &mut self.receive;
        let word = cipher.rtcp_word(packet).ok_or(UnprotectError::Malformed)?;
        if word & SRTCP_ENCRYPTED == 0 {
            return Err(UnprotectError::Malformed);
        }
        let index = word & !SRTCP_ENCRYPTED;
        let stream = rtcp.find(ssrc);
        if rtcp.window(stream).is_some_and(|window| !window.is_fresh(u64::from(index))) {
            return Err(UnprotectError::Replayed);
        }
        let len = match cipher {
            Cipher::Gcm(gcm) => gcm.open_rtcp(packet, ssrc, index),
            Cipher::Cm(cm) => cm.open_rtcp(packet, ssrc, index),
        }
        .map_err(|_| UnprotectError::Forged)?;
        rtcp.accept(stream, ssrc, u64::from(index), MAX_RECEIVED)
            .map_err(|_| UnprotectError::TooManyStreams)?;
        Ok(len)
    }

    /// Protects the RTP packet in `buffer[..len]` in place; returns its new length.
    pub(crate) fn protect_rtp(
        &mut self,
        buffer: &mut [u8],
        len: usize,
    ) -> Result<usize, ProtectError> {
        let packet = buffer.get(..len).ok_or(ProtectError::Malformed)?;
        let header = RtpHeader::read(packet).ok_or(ProtectError::Malformed)?;
        let Direction { cipher, rtp, .. } = &mut self.send;
        let end = len + cipher.tag_len();
        let buffer = buffer.get_mut(..end).ok_or(ProtectError::NoRoom)?;
        let stream = rtp.find(header.ssrc);
        let index = rtp
            .window(stream)
            .map_or_else(|| u64::from(header.sequence), |window| window.estimate(header.sequence));
        // Two plaintexts under one index would give both away, and with GCM the key's
        // authentication as well: a used index is refused, whatever asks for it.
        if rtp.window(stream).is_some_and(|window| !window.is_fresh(index)) {
            return Err(ProtectError::IndexReused);
        }
        rtp.accept(stream, header.ssrc, index, MAX_SENT)?;
        match cipher {
            Cipher::Gcm(gcm) => gcm.seal_rtp(buffer, header.len, header.ssrc, index),
            Cipher::Cm(cm) => cm.seal_rtp(buffer, header.len, header.ssrc, index),
        }
        .map_err(|_| ProtectError::Crypto)?;
        Ok(end)
    }

    /// Protects the RTCP packet in `buffer[..len]` in place; returns its new length.
    pub(crate) fn protect_rtcp(
        &mut self,
        buffer: &mut [u8],
        len: usize,
    ) -> Result<usize, ProtectError> {
        let packet = buffer.get(..len).ok_or(ProtectError::Malformed)?;
        let ssrc = rtcp_ssrc(packet).ok_or(ProtectError::Malformed)?;
        let end = len + self.send.cipher.tag_len() + SRTCP_INDEX_LEN;
        let buffer = buffer.get_mut(..end).ok_or(ProtectError::NoRoom)?;
        // 2^31 packets are 68 years at one each second.
        let index = self.rtcp_index;
        if index & SRTCP_ENCRYPTED != 0 {
            return Err(ProtectError::IndexReused);
        }
        self.rtcp_index += 1;
        match &self.send.cipher {
            Cipher::Gcm(gcm) => gcm.seal_rtcp(buffer, ssrc, index),
            Cipher::Cm(cm) => cm.seal_rtcp(buffer, ssrc, index),
        }
        .map_err(|_| ProtectError::Crypto)?;
        Ok(end)
    }
}

/// Keys and streams of one direction.
struct Direction {
    cipher: Cipher,
    rtp: Streams,
    rtcp: Streams,
}

impl Direction {
    fn new(profile: SrtpProfile, master: &Master) -> Result<Self, CryptoFailure> {
        let cipher = match profile {
            SrtpProfile::AeadAes128Gcm => Cipher::Gcm(Gcm::new(master)?),
            SrtpProfile::Aes128CmSha1_80 => Cipher::Cm(Box::new(Cm::new(master)?)),
        };
        Ok(Self { cipher, rtp: Streams::default(), rtcp: Streams::default() })
    }
}

enum Cipher {
    Gcm(Gcm),
    Cm(Box<Cm>),
}

impl Cipher {
    fn tag_len(&self) -> usize {
        match self {
            Self::Gcm(_) => gcm::TAG_LEN,
            Self::Cm(_) => cm::TAG_LEN,
        }
    }

    /// The SRTCP index word: last with GCM (RFC 7714 section 9.2), before the tag otherwise
    /// (RFC 3711 section 3.4).
    fn rtcp_word(&self, packet: &[u8]) -> Option<u32> {
        let behind = match self {
            Self::Gcm(_) => 0,
            Self::Cm(_) => cm::TAG_LEN,
        };
        let at = packet.len().checked_sub(behind + SRTCP_INDEX_LEN)?;
        if at < SRTCP_CLEAR_LEN {
            return None;
        }
        let (word, _) = packet[at..].split_first_chunk::<SRTCP_INDEX_LEN>()?;
        Some(u32::from_be_bytes(*word))
    }
}

/// The windows of all streams of one direction, sorted by SSRC.
#[derive(Default)]
struct Streams {
    ssrcs: Vec<u32>,
    windows: Vec<Window>,
}

/// Where a stream is (`Ok`), or where it would be inserted (`Err`).
type Place = Result<usize, usize>;

impl Streams {
    fn find(&self, ssrc: u32) -> Place {
        self.ssrcs.binary_search(&ssrc)
    }

    fn window(&self, place: Place) -> Option<&Window> {
        place.ok().map(|at| &self.windows[at])
    }

    /// Marks an index as used, making the stream if it is new.
    fn accept(
        &mut self,
        place: Place,
        ssrc: u32,
        index: u64,
        max: usize,
    ) -> Result<(), ProtectError> {
        let at = match place {
            Ok(at) => at,
            Err(_) if self.ssrcs.len() >= max => return Err(ProtectError::TooManyStreams),
            Err(at) => {
                self.ssrcs.insert(at, ssrc);
                self.windows.insert(at, Window::new());
                at
            }
        };
        self.windows[at].accept(index);
        Ok(())
    }
}

/// A browser sends at most a dozen streams; the rest is room for restarts.
const MAX_RECEIVED: usize = 64;

/// Twice the 64 lines an offer may have: media and retransmission.
const MAX_SENT: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILES: [SrtpProfile; 2] = [SrtpProfile::AeadAes128Gcm, SrtpProfile::Aes128CmSha1_80];

    /// Two sessions that hear each other: the other one has the keys swapped.
    fn pair(profile: SrtpProfile) -> (Session, Session) {
        let material: Vec<u8> =
            (0..profile.keying_material_len()).map(|byte| (byte * 7) as u8).collect();
        let ours = Session::new(profile, &material).unwrap();
        (ours, Session::of_client(profile, &material).unwrap())
    }

    fn rtp(sequence: u16, ssrc: u32) -> Vec<u8> {
        let mut packet = vec![0x90, 111];
        packet.extend_from_slice(&sequence.to_be_bytes());
        packet.extend_from_slice(&[0, 0, 0, 9]);
        packet.extend_from_slice(&ssrc.to_be_bytes());
        packet.extend_from_slice(&[0xbe, 0xde, 0, 1, 0x10, 0x80, 0, 0]);
        packet.extend_from_slice(b"so it goes");
        packet
    }

    fn seal(session: &mut Session, packet: &[u8]) -> Vec<u8> {
        let mut buffer = packet.to_vec();
        buffer.resize(packet.len() + crate::TAG_ROOM, 0);
        let len = session.protect_rtp(&mut buffer, packet.len()).unwrap();
        buffer.truncate(len);
        buffer
    }

    #[test]
    fn round_trips_in_order_out_of_order_and_over_a_wrap() {
        for profile in PROFILES {
            let (mut ours, mut theirs) = pair(profile);
            let sequences = (65_000..=65_535).chain(0..500_u16);
            let sealed: Vec<_> =
                sequences.map(|sequence| seal(&mut ours, &rtp(sequence, 7))).collect();
            // Neighbours swapped, so that the wrap itself is crossed backwards too.
            let mut order: Vec<usize> = (0..sealed.len()).collect();
            order.chunks_mut(2).for_each(<[usize]>::reverse);
            for at in order {
                let mut packet = sealed[at].clone();
                let sequence = 65_000_u16.wrapping_add(at as u16);
                let len = theirs.unprotect_rtp(&mut packet).unwrap();
                assert_eq!(packet[..len], rtp(sequence, 7), "{profile:?} {sequence}");
                assert_eq!(
                    theirs.unprotect_rtp(&mut sealed[at].clone()),
                    Err(UnprotectError::Replayed)
                );
            }
        }
    }

    #[test]
    fn no_bit_can_be_changed() {
        for profile in PROFILES {
            let (mut ours, mut theirs) = pair(profile);
            let sealed = seal(&mut ours, &rtp(1, 7));
            for bit in 0..sealed.len() * 8 {
                let mut packet = sealed.clone();
                packet[bit / 8] ^= 1 << (bit % 8);
                assert!(theirs.unprotect_rtp(&mut packet).is_err(), "{profile:?} bit {bit}");
            }
            for len in 0..sealed.len() {
                assert!(theirs.unprotect_rtp(&mut sealed.clone()[..len]).is_err());
            }
            assert!(theirs.receive.rtp.ssrcs.is_empty(), "no state for what is not authentic");
            assert!(theirs.unprotect_rtp(&mut sealed.clone()).is_ok());
        }
    }

    #[test]
    fn rtcp_round_trips_and_is_taken_once() {
        for profile in PROFILES {
            let (mut ours, mut theirs) = pair(profile);
            let plain = [0x80, 201, 0, 1, 0, 0, 0, 7];
            for _ in 0..3 {
                let mut buffer = plain.to_vec();
                buffer.resize(plain.len() + crate::TAG_ROOM, 0);
                let len = ours.protect_rtcp(&mut buffer, plain.len()).unwrap();
                buffer.truncate(len);
                for bit in 0..buffer.len() * 8 {
                    let mut packet = buffer.clone();
                    packet[bit / 8] ^= 1 << (bit % 8);
                    assert!(theirs.unprotect_rtcp(&mut packet).is_err(), "{profile:?} bit {bit}");
                }
                for len in 0..buffer.len() {
                    assert!(theirs.unprotect_rtcp(&mut buffer.clone()[..len]).is_err());
                }
                let mut packet = buffer.clone();
                let len = theirs.unprotect_rtcp(&mut packet).unwrap();
                assert_eq!(packet[..len], plain);
                assert_eq!(theirs.unprotect_rtcp(&mut buffer), Err(UnprotectError::Replayed));
            }
        }
    }

    #[test]
    fn an_index_is_never_used_twice() {
        for profile in PROFILES {
            let (mut ours, _) = pair(profile);
            let mut buffer = rtp(5, 7);
            let len = buffer.len();
            buffer.resize(len + crate::TAG_ROOM, 0);
            assert!(ours.protect_rtp(&mut buffer.clone(), len).is_ok());
            assert_eq!(ours.protect_rtp(&mut buffer, len), Err(ProtectError::IndexReused));
        }
    }

    #[test]
    fn streams_are_bounded_on_both_sides() {
        let (mut ours, mut theirs) = pair(SrtpProfile::AeadAes128Gcm);
        for ssrc in 0..MAX_SENT as u32 {
            let outcome = theirs.unprotect_rtp(&mut seal(&mut ours, &rtp(1, ssrc)));
            if ssrc < MAX_RECEIVED as u32 {
                assert!(outcome.is_ok());
            } else {
                assert_eq!(outcome, Err(UnprotectError::TooManyStreams));
            }
        }
        let mut buffer = rtp(1, 9999);
        let len = buffer.len();
        assert_eq!(ours.protect_rtp(&mut buffer, len), Err(ProtectError::NoRoom));
        buffer.resize(len + crate::TAG_ROOM, 0);
        assert_eq!(ours.protect_rtp(&mut buffer, len), Err(ProtectError::TooManyStreams));
    }
}
