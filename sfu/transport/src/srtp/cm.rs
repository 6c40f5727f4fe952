//! AES128_CM_SHA1_80 for SRTP and SRTCP (RFC 3711 sections 4.1.1 and 4.2).

use aws_lc_rs::cipher::{EncryptingKey, EncryptionContext};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

use super::keys::{Label, Master, aes_ctr};
use super::{CryptoFailure, SRTCP_CLEAR_LEN, SRTCP_ENCRYPTED, SRTCP_INDEX_LEN};

/// Length of the truncated tag, in bytes.
pub(super) const TAG_LEN: usize = 10;

/// One direction's session keys.
pub(super) struct Cm {
    rtp: Keys,
    rtcp: Keys,
}

struct Keys {
    cipher: EncryptingKey,
    salt: [u8; 14],
    auth: hmac::Key,
}

impl Cm {
    pub(super) fn new(master: &Master) -> Result<Self, CryptoFailure> {
        let keys = |key_label, auth_label, salt_label| -> Result<Keys, CryptoFailure> {
            let (mut key, mut auth, mut salt) = ([0; 16], [0; 20], [0; 14]);
            master.derive(key_label, &mut key)?;
            master.derive(auth_label, &mut auth)?;
            master.derive(salt_label, &mut salt)?;
            let auth = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &auth);
            Ok(Keys { cipher: aes_ctr(&key)?, salt, auth })
        };
        Ok(Self {
            rtp: keys(Label::RtpKey, Label::RtpAuth, Label::RtpSalt)?,
            rtcp: keys(Label::RtcpKey, Label::RtcpAuth, Label::RtcpSalt)?,
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
        let end = buffer.len().checked_sub(TAG_LEN).ok_or(CryptoFailure)?;
        let (packet, room) = buffer.split_at_mut(end);
        self.rtp.apply_keystream(&mut packet[header_len..], ssrc, index)?;
        room.copy_from_slice(&self.rtp.tag(packet, &rollovers(index)));
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
        let end = packet.len().checked_sub(TAG_LEN).ok_or(CryptoFailure)?;
        let (packet, tag) = packet.split_at_mut(end);
        self.rtp.verify(packet, &rollovers(index), tag)?;
        let payload = packet.get_mut(header_len..).ok_or(CryptoFailure)?;
        self.rtp.apply_keystream(payload, ssrc, index)?;
        Ok(end)
    }

    /// `buffer` is the packet, room for the index word and room for the tag.
    pub(super) fn seal_rtcp(
        &self,
        buffer: &mut [u8],
        ssrc: u32,
        index: u32,
    ) -> Result<(), CryptoFailure> {
        let end = buffer.len().checked_sub(TAG_LEN + SRTCP_INDEX_LEN).ok_or(CryptoFailure)?;
        let body = buffer.get_mut(SRTCP_CLEAR_LEN..end).ok_or(CryptoFailure)?;
        self.rtcp.apply_keystream(body, ssrc, u64::from(index))?;
        let (packet, room) = buffer.split_at_mut(end);
        let word = (index | SRTCP_ENCRYPTED).to_be_bytes();
        room[..SRTCP_INDEX_LEN].copy_from_slice(&word);
        room[SRTCP_INDEX_LEN..].copy_from_slice(&self.rtcp.tag(packet, &word));
        Ok(())
    }

    /// `packet` is what came, index word included. Returns the length of the plain packet.
    pub(super) fn open_rtcp(
        &self,
        packet: &mut [u8],
        ssrc: u32,
        index: u32,
    ) -> Result<usize, CryptoFailure> {
        let end = packet.len().checked_sub(TAG_LEN + SRTCP_INDEX_LEN).ok_or(CryptoFailure)?;
        let (packet, trailer) = packet.split_at_mut(end);
        let (word, tag) = trailer.split_at(SRTCP_INDEX_LEN);
        self.rtcp.verify(packet, word, tag)?;
        let body = packet.get_mut(SRTCP_CLEAR_LEN..).ok_or(CryptoFailure)?;
        self.rtcp.apply_keystream(body, ssrc, u64::from(index))?;
        Ok(end)
    }
}

impl Keys {
    /// Encrypts or decrypts (RFC 3711 section 4.1.1): the counter block starts at
    /// `(salt * 2^16) xor (ssrc * 2^64) xor (index * 2^16)`.
    fn apply_keystream(&self, body: &mut [u8], ssrc: u32, index: u64) -> Result<(), CryptoFailure> {
        let mut salt = [0; 16];
        salt[..14].copy_from_slice(&self.salt);
        let block = u128::from_be_bytes(salt) ^ u128::from(ssrc) << 64 ^ u128::from(index) << 16;
        let iv = FixedLength::from(&block.to_be_bytes());
        self.cipher
            .less_safe_encrypt(body, EncryptionContext::Iv128(iv))
            .map_err(|_| CryptoFailure)?;
        Ok(())
    }

    fn tag(&self, packet: &[u8], suffix: &[u8]) -> [u8; TAG_LEN] {
        let mut mac = hmac::Context::with_key(&self.auth);
        mac.update(packet);
        mac.update(suffix);
        let mut tag = [0; TAG_LEN];
        tag.copy_from_slice(&mac.sign().as_ref()[..TAG_LEN]);
        tag
    }

    fn verify(&self, packet: &[u8], suffix: &[u8], tag: &[u8]) -> Result<(), CryptoFailure> {
        verify_slices_are_equal(&self.tag(packet, suffix), tag).map_err(|_| CryptoFailure)
    }
}

/// The rollover counter, authenticated though never sent (RFC 3711 section 4.2).
fn rollovers(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}
