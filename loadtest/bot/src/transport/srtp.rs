//! SRTP and SRTCP of one bot, AEAD_AES_128_GCM (RFC 7714), by rtc-srtp: a witness that shares no
//! line with the server's own implementation.

use bytes::BytesMut;
use rtc_crypto::RTCCryptoProvider;
use rtc_srtp::context::Context;
use rtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc_srtp::protection_profile::ProtectionProfile;

use crate::BotError;

pub(crate) struct Srtp {
    send: Context,
    receive: Context,
}

impl Srtp {
    /// Splits the keying material of a DTLS client (RFC 5764 section 4.2).
    pub(crate) fn new(provider: &dyn RTCCryptoProvider, material: &[u8]) -> Result<Self, BotError> {
        let failed = |error: rtc_shared::error::Error| BotError::Media(format!("SRTP: {error}"));
        let (keys, salts) = material.split_at_checked(32).ok_or(BotError::Answer("keys"))?;
        let (client_key, server_key) = keys.split_at(16);
        let (client_salt, server_salt) =
            salts.split_at_checked(12).ok_or(BotError::Answer("salts"))?;
        let context = |key, salt| {
            Context::new(
                key,
                salt,
                ProtectionProfile::AeadAes128Gcm,
                Some(srtp_replay_protection(WINDOW)),
                Some(srtcp_replay_protection(WINDOW)),
                provider.crypto(),
            )
            .map_err(failed)
        };
        Ok(Self {
            send: context(client_key, client_salt)?,
            receive: context(server_key, server_salt)?,
        })
    }

    /// The plain packet, or `None` if it is forged or was here before.
    pub(crate) fn open_rtp(&mut self, packet: &[u8]) -> Option<BytesMut> {
        self.receive.decrypt_rtp(packet).ok()
    }

    pub(crate) fn open_rtcp(&mut self, packet: &[u8]) -> Option<BytesMut> {
        self.receive.decrypt_rtcp(packet).ok()
    }

    pub(crate) fn seal_rtp(&mut self, packet: &[u8]) -> Option<BytesMut> {
        self.send.encrypt_rtp(packet).ok()
    }

    pub(crate) fn seal_rtcp(&mut self, packet: &[u8]) -> Option<BytesMut> {
        self.send.encrypt_rtcp(packet).ok()
    }
}

/// Packets back to which a late one is still taken.
const WINDOW: usize = 1024;
