//! Session keys from master keys (RFC 3711 section 4.3, RFC 7714 section 12).

use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use super::{CryptoFailure, MASTER_KEY_LEN, SrtpProfile};

/// Master key and salt of one direction. The salt is padded with zeros to 14 bytes.
pub(super) struct Master {
    key: [u8; MASTER_KEY_LEN],
    salt: [u8; 14],
}

impl Master {
    /// Splits exported keying material into (client to server, server to client), RFC 5764
    /// section 4.2.
    pub(super) fn split(profile: SrtpProfile, material: &[u8]) -> Option<(Self, Self)> {
        if material.len() != profile.keying_material_len() {
            return None;
        }
        let (keys, salts) = material.split_at(2 * MASTER_KEY_LEN);
        let (client_key, server_key) = keys.split_at(MASTER_KEY_LEN);
        let (client_salt, server_salt) = salts.split_at(profile.salt_len());
        Some((Self::new(client_key, client_salt)?, Self::new(server_key, server_salt)?))
    }

    /// `salt` has 12 or 14 bytes. A shorter one is padded on the right, as RFC 7714 section 11
    /// has it.
    pub(super) fn new(key: &[u8], salt: &[u8]) -> Option<Self> {
        let mut padded = [0; 14];
        padded.get_mut(..salt.len())?.copy_from_slice(salt);
        Some(Self { key: key.try_into().ok()?, salt: padded })
    }

    /// Fills `out` with the session key for `label` (key derivation rate 0).
    pub(super) fn derive(&self, label: Label, out: &mut [u8]) -> Result<(), CryptoFailure> {
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(&self.salt);
        // The label stands in front of the 48-bit packet index, which is zero.
        iv[7] ^= label as u8;
        out.fill(0);
        let key = aes_ctr(&self.key)?;
        key.less_safe_encrypt(out, EncryptionContext::Iv128(FixedLength::from(&iv)))
            .map_err(|_| CryptoFailure)?;
        Ok(())
    }
}

/// What a session key is for (RFC 3711 sections 4.3.1 and 4.3.2).
#[derive(Clone, Copy)]
pub(super) enum Label {
    RtpKey = 0,
    RtpAuth = 1,
    RtpSalt = 2,
    RtcpKey = 3,
    RtcpAuth = 4,
    RtcpSalt = 5,
}

/// An AES-128 counter-mode key.
pub(super) fn aes_ctr(key: &[u8; 16]) -> Result<EncryptingKey, CryptoFailure> {
    UnboundCipherKey::new(&AES_128, key).and_then(EncryptingKey::ctr).map_err(|_| CryptoFailure)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3711 appendix B.3.
    #[test]
    fn derives_the_keys_of_the_rfc() {
        let master = Master::new(
            &hex::decode("E1F97A0D3E018BE0D64FA32C06DE4139").unwrap(),
            &hex::decode("0EC675AD498AFEEBB6960B3AABE6").unwrap(),
        )
        .unwrap();
        let check = |label, expected: &str| {
            let mut out = vec![0xff; expected.len() / 2];
            master.derive(label, &mut out).unwrap();
            assert_eq!(hex::encode_upper(out), expected);
        };
        check(Label::RtpKey, "C61E7A93744F39EE10734AFE3FF7A087");
        check(Label::RtpSalt, "30CBBC08863D8C85D49DB34A9AE1");
        check(
            Label::RtpAuth,
            "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCEE049646C43D9327AD175\
             578EF72270986371C10C9A369AC2F94A8C5FBCDDDC256D6E919A48B610EF17C2041E474035766B68642C\
             59BBFC2F34DB60DBDFB2DC68",
        );
    }

    /// RFC 3711 appendix B.2: the AES-CM keystream.
    #[test]
    fn counter_mode_matches_the_rfc() {
        let key = aes_ctr(
            &hex::decode("2B7E151628AED2A6ABF7158809CF4F3C").unwrap()[..].try_into().unwrap(),
        )
        .unwrap();
        let iv: [u8; 16] =
            hex::decode("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000").unwrap().try_into().unwrap();
        let mut stream = [0; 48];
        key.less_safe_encrypt(&mut stream, EncryptionContext::Iv128(FixedLength::from(&iv)))
            .unwrap();
        assert_eq!(
            hex::encode_upper(stream),
            "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB\
             41E95B3BB0A2E8DD477901E4FCA894C0"
        );
    }

    #[test]
    fn refuses_material_of_the_wrong_length() {
        assert!(Master::split(SrtpProfile::AeadAes128Gcm, &[0; 60]).is_none());
        assert!(Master::split(SrtpProfile::AeadAes128Gcm, &[0; 56]).is_some());
        assert!(Master::split(SrtpProfile::Aes128CmSha1_80, &[0; 60]).is_some());
        assert!(Master::split(SrtpProfile::Aes128CmSha1_80, &[0; 56]).is_none());
    }
}
