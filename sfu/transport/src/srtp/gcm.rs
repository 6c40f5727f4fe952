//! AEAD_AES_128_GCM for SRTP and SRTCP (RFC 7714). Nothing is allocated per packet.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::keys::{Label, Master};
use super::{CryptoFailure, SRTCP_CLEAR_LEN, SRTCP_ENCRYPTED, SRTCP_INDEX_LEN};

/// Length of the tag, in bytes.
pub(super) const TAG_LEN: usize = 16;

/// One direction's session keys.
pub(super) struct Gcm {
    rtp_key: LessSafeKey,
    rtp_salt: [u8; 12],
    rtcp_key: LessSafeKey,
    rtcp_salt: [u8; 12],
}

impl Gcm {
    pub(super) fn new(master: &Master) -> Result<Self, CryptoFailure> {
        let key = |label| -> Result<LessSafeKey, CryptoFailure> {
            let mut key = [0; 16];
            master.derive(label, &mut key)?;
            UnboundKey::new(&AES_128_GCM, &key).map(LessSafeKey::new).map_err(|_| CryptoFailure)
        };
        let salt = |label| -> Result<[u8; 12], CryptoFailure> {
            let mut salt = [0; 12];
            master.derive(label, &mut salt)?;
            Ok(salt)
        };
        Ok(Self {
            rtp_key: key(Label::RtpKey)?,
            rtp_salt: salt(Label::RtpSalt)?,
            rtcp_key: key(Label::RtcpKey)?,
            rtcp_salt: salt(Label::RtcpSalt)?,
        })
    }

    /// `buffer` is header, payload and room for the tag.
    pub(super) fn seal_rtp(
        &self,
        buffer: &mut [u8],
        header_len: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<(), CryptoFailure> {
        let (header, body) = buffer.split_at_mut(header_len);
        let (payload, room) =
            body.split_at_mut(body.len().checked_sub(TAG_LEN).ok_or(CryptoFailure)?);
        let tag = self
            .rtp_key
            .seal_in_place_separate_tag(self.rtp_nonce(ssrc, index), Aad::from(&*header), payload)
            .map_err(|_| CryptoFailure)?;
        room.copy_from_slice(tag.as_ref());
        Ok(())
    }

    /// `packet` is header, ciphertext and tag. Returns the length of the plain packet.
    pub(super) fn open_rtp(
        &self,
        packet: &mut [u8],
        header_len: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, CryptoFailure> {
        let (header, sealed) = packet.split_at_mut(header_len);
        self.rtp_key
            .open_in_place(self.rtp_nonce(ssrc, index), Aad::from(&*header), sealed)
            .map(|payload| header_len + payload.len())
            .map_err(|_| CryptoFailure)
    }

    /// `buffer` is the packet, room for the tag and room for the index word.
    pub(super) fn seal_rtcp(
        &self,
        buffer: &mut [u8],
        ssrc: u32,
        index: u32,
    ) -> Result<(), CryptoFailure> {
        let word = (index | SRTCP_ENCRYPTED).to_be_bytes();
        let body_end = buffer.len().checked_sub(TAG_LEN + SRTCP_INDEX_LEN).ok_or(CryptoFailure)?;
        let (packet, room) = buffer.split_at_mut(body_end);
        let (header, body) =
            packet.split_first_chunk_mut::<SRTCP_CLEAR_LEN>().ok_or(CryptoFailure)?;
        let tag = self
            .rtcp_key
            .seal_in_place_separate_tag(
                self.rtcp_nonce(ssrc, index),
                Aad::from(rtcp_aad(header, word)),
                body,
            )
            .map_err(|_| CryptoFailure)?;
        room[..TAG_LEN].copy_from_slice(tag.as_ref());
        room[TAG_LEN..].copy_from_slice(&word);
        Ok(())
    }

    /// `packet` is what came, index word included. Returns the length of the plain packet.
    pub(super) fn open_rtcp(
        &self,
        packet: &mut [u8],
        ssrc: u32,
        index: u32,
    ) -> Result<usize, CryptoFailure> {
        let word = (index | SRTCP_ENCRYPTED).to_be_bytes();
        let sealed_end = packet.len().checked_sub(SRTCP_INDEX_LEN).ok_or(CryptoFailure)?;
        let (header, sealed) =
            packet[..sealed_end].split_first_chunk_mut::<SRTCP_CLEAR_LEN>().ok_or(CryptoFailure)?;
        self.rtcp_key
            .open_in_place(self.rtcp_nonce(ssrc, index), Aad::from(rtcp_aad(header, word)), sealed)
            .map(|body| SRTCP_CLEAR_LEN + body.len())
            .map_err(|_| CryptoFailure)
    }

    /// RFC 7714 section 8.1: zeros, SSRC, rollover counter and sequence number, xor salt.
    fn rtp_nonce(&self, ssrc: u32, index: u64) -> Nonce {
        let mut nonce = self.rtp_salt;
        xor(&mut nonce[2..6], &ssrc.to_be_bytes());
        xor(&mut nonce[6..], &index.to_be_bytes()[2..]);
        Nonce::assume_unique_for_key(nonce)
    }

    /// RFC 7714 section 9.1: zeros, SSRC, zeros and index, xor salt.
    fn rtcp_nonce(&self, ssrc: u32, index: u32) -> Nonce {
        let mut nonce = self.rtcp_salt;
        xor(&mut nonce[2..6], &ssrc.to_be_bytes());
        xor(&mut nonce[8..], &index.to_be_bytes());
        Nonce::assume_unique_for_key(nonce)
    }
}

/// RFC 7714 section 9.2: what stays in clear, then the index word.
fn rtcp_aad(header: &[u8; SRTCP_CLEAR_LEN], word: [u8; SRTCP_INDEX_LEN]) -> [u8; 12] {
    let mut aad = [0; 12];
    aad[..SRTCP_CLEAR_LEN].copy_from_slice(header);
    aad[SRTCP_CLEAR_LEN..].copy_from_slice(&word);
    aad
}

fn xor(into: &mut [u8], with: &[u8]) {
    for (into, with) in into.iter_mut().zip(with) {
        *into ^= with;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors give session keys, so the derivation is stepped over.
    fn with_session_keys() -> Gcm {
        let key = || {
            let key = hex::decode("000102030405060708090a0b0c0d0e0f").unwrap();
            LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap())
        };
        let salt = *b"Quid pro quo";
        Gcm { rtp_key: key(), rtp_salt: salt, rtcp_key: key(), rtcp_salt: salt }
    }

    /// RFC 7714 section 16.1.1.
    #[test]
    fn rtp_matches_the_rfc() {
        let plain = hex::decode(
            "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e6973206469766973612069\
             6e207061727465732074726573",
        )
        .unwrap();
        let sealed = "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5\
                      f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce";
        let mut buffer = plain.clone();
        buffer.resize(plain.len() + TAG_LEN, 0);
        with_session_keys().seal_rtp(&mut buffer, 12, 0x5501_a0b2, 0xf17b).unwrap();
        assert_eq!(hex::encode(&buffer), sealed);
        let len = with_session_keys().open_rtp(&mut buffer, 12, 0x5501_a0b2, 0xf17b).unwrap();
        assert_eq!(buffer[..len], plain);
    }

    /// RFC 7714 section 17.1.
    #[test]
    fn rtcp_matches_the_rfc() {
        let plain = hex::decode(
            "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdead\
             beefdeadbeefdeadbeefdeadbeef",
        )
        .unwrap();
        let sealed = "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d\
                      6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4";
        let mut buffer = plain.clone();
        buffer.resize(plain.len() + TAG_LEN + SRTCP_INDEX_LEN, 0);
        with_session_keys().seal_rtcp(&mut buffer, 0x4d61_7273, 0x5d4).unwrap();
        assert_eq!(hex::encode(&buffer), sealed);
        let len = with_session_keys().open_rtcp(&mut buffer, 0x4d61_7273, 0x5d4).unwrap();
        assert_eq!(buffer[..len], plain);
    }
}
