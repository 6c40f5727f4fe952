//! Certificate fingerprints (RFC 8122).

use aws_lc_rs::digest;

/// A hash of a certificate in DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) hash: HashName,
    pub(crate) digest: Vec<u8>,
}

/// The hashes we accept. SHA-1 and MD5 are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HashName {
    Sha256,
    Sha384,
    Sha512,
}

impl Fingerprint {
    /// Reads the value of `a=fingerprint`; `None` if malformed or of an unknown hash.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let (name, hex) = value.trim().split_once(' ')?;
        let hash = HashName::ALL.into_iter().find(|hash| name.eq_ignore_ascii_case(hash.name()))?;
        let length = hash.algorithm().output_len();
        if hex.len() != 3 * length - 1 {
            return None;
        }
        let digest = hex
            .split(':')
            .map(|pair| (pair.len() == 2).then(|| u8::from_str_radix(pair, 16).ok())?)
            .collect::<Option<Vec<u8>>>()?;
        (digest.len() == length).then_some(Self { hash, digest })
    }

    /// Whether this is the hash of `certificate` (DER).
    pub(crate) fn matches(&self, certificate: &[u8]) -> bool {
        digest::digest(self.hash.algorithm(), certificate).as_ref() == self.digest
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.hash.name())?;
        for (at, byte) in self.digest.iter().enumerate() {
            write!(f, "{}{byte:02X}", if at == 0 { ' ' } else { ':' })?;
        }
        Ok(())
    }
}

impl HashName {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_crooked() {
        for hash in HashName::ALL {
            let digest = digest::digest(hash.algorithm(), b"certificate").as_ref().to_vec();
            let fingerprint = Fingerprint { hash, digest };
            let text = fingerprint.to_string();
            assert_eq!(Fingerprint::parse(&text), Some(fingerprint.clone()));
            assert_eq!(Fingerprint::parse(&text.to_lowercase()), Some(fingerprint.clone()));
            assert!(fingerprint.matches(b"certificate"));
            assert!(!fingerprint.matches(b"certificatf"));
            for crooked in [
                &text[..text.len() - 1],
                &text[..text.len() - 3],
                &format!("{text}:00"),
                &text.replace(':', " "),
                &text.replacen(':', ":+", 1),
                &text.replace("sha-", "sha"),
                "",
                "sha-256",
            ] {
                assert_eq!(Fingerprint::parse(crooked), None, "{crooked}");
            }
        }
        assert_eq!(Fingerprint::parse("sha-1 00:00"), None);
    }
}
