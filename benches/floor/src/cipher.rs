//! AES-128-GCM with aws-lc-rs, in place, as SRTP uses it (RFC 7714).

use std::time::Duration;

use anyhow::{Result, anyhow};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::report::Row;
use crate::timing::measure;

/// Bytes of the authentication tag.
pub(crate) const TAG: usize = 16;
/// Bytes of an RTP header: they stay in clear and are authenticated.
const HEADER: usize = 12;
/// Packets in a round.
const ROUND: usize = 1_000;

/// One receiver's key and how many packets it has protected.
pub(crate) struct Cipher {
    key: LessSafeKey,
    packets: u64,
}

impl Cipher {
    /// `byte` stands for all of the key.
    pub(crate) fn new(byte: u8) -> Result<Self> {
        let key = UnboundKey::new(&AES_128_GCM, &[byte; 16]).map_err(|_| refused())?;
        Ok(Self { key: LessSafeKey::new(key), packets: 0 })
    }

    /// Protects `buffer`, whose last [`TAG`] bytes are room for the tag.
    pub(crate) fn protect(&mut self, buffer: &mut [u8]) -> Result<()> {
        self.packets += 1;
        let (header, rest) = buffer.split_at_mut(HEADER);
        let (payload, room) = rest.split_at_mut(rest.len() - TAG);
        let nonce = nonce(self.packets);
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(&*header), payload)
            .map_err(|_| refused())?;
        room.copy_from_slice(tag.as_ref());
        Ok(())
    }

    fn unprotect(&self, packet: u64, buffer: &mut [u8]) -> Result<()> {
        let (header, sealed) = buffer.split_at_mut(HEADER);
        let opened = self.key.open_in_place(nonce(packet), Aad::from(&*header), sealed);
        opened.map(|_| ()).map_err(|_| refused())
    }
}

fn nonce(packet: u64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[4..].copy_from_slice(&packet.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

fn refused() -> anyhow::Error {
    anyhow!("the crypto library refused")
}

/// Protecting and unprotecting packets of this size.
pub(crate) fn rows(bytes: usize, time: Duration) -> Result<[Row; 2]> {
    let mut cipher = Cipher::new(1)?;
    let mut packet = vec![7; bytes + TAG];
    let protect = measure(
        time,
        &mut (&mut cipher, &mut packet),
        |_| Ok(()),
        |(cipher, packet)| {
            (0..ROUND).try_for_each(|_| cipher.protect(packet))?;
            Ok(ROUND)
        },
    )?;
    let mut sealed = vec![vec![0; bytes + TAG]; ROUND];
    let unprotect = measure(
        time,
        &mut (Cipher::new(1)?, &mut sealed),
        |(cipher, sealed)| {
            cipher.packets = 0;
            sealed.iter_mut().try_for_each(|packet| {
                packet.fill(7);
                cipher.protect(packet)
            })
        },
        |(cipher, sealed)| {
            (1..)
                .zip(sealed.iter_mut())
                .try_for_each(|(at, packet)| cipher.unprotect(at, packet))?;
            Ok(ROUND)
        },
    )?;
    Ok([Row::new("protect", bytes, protect), Row::new("unprotect", bytes, unprotect)])
}
