//! The server's own keys: one file, made at the first start.
//!
//! Invariant: the file is readable by its owner alone. There is no default key.
//! Left out on purpose: rotation. Deleting the file makes all tokens (some hours old at most) and
//! resume keys useless, nothing else.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use serde::Serialize;

use crate::secret;

/// Signs and checks join tokens, access tokens and resume keys.
pub struct Keys {
    /// For forgers, who sign what [`Self::token`] would not.
    #[cfg(any(test, feature = "internals"))]
    pub(crate) sign: jsonwebtoken::EncodingKey,
    pair: Ed25519KeyPair,
    /// The header of our tokens as it stands in them.
    header: String,
    pub(crate) verify: DecodingKey,
    pub(crate) resume: hmac::Key,
}

impl Keys {
    /// Reads `token.key` of the data folder, or makes it.
    ///
    /// # Errors
    /// [`KeyError`] if the file cannot be read, written or understood.
    pub fn load_or_create(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join("token.key");
        let file_error = |source| KeyError::File { path: path.clone(), source };
        match fs::read(&path) {
            Ok(der) => Self::from_der(&der).ok_or(KeyError::Damaged { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let der = generate();
                write_new(&path, &der).map_err(file_error)?;
                Self::from_der(&der).ok_or(KeyError::Damaged { path })
            }
            Err(error) => Err(file_error(error)),
        }
    }

    fn from_der(der: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(der).ok()?;
        // The key of resume keys is derived, so that there is one file to keep.
        let derive = hmac::Key::new(hmac::HMAC_SHA256, &secret::sha256(der));
        let resume = hmac::sign(&derive, b"kreide resume key, version 1");
        Some(Self {
            #[cfg(any(test, feature = "internals"))]
            sign: jsonwebtoken::EncodingKey::from_ed_der(der),
            verify: DecodingKey::from_ed_der(pair.public_key().as_ref()),
            resume: hmac::Key::new(hmac::HMAC_SHA256, resume.as_ref()),
            pair,
            header: part(&Header::new(Algorithm::EdDSA)),
        })
    }

    /// A token with these claims (RFC 7515 section 3.1). Three are signed for each join.
    pub(crate) fn token(&self, claims: &impl Serialize) -> String {
        let mut token = format!("{}.{}", self.header, part(claims));
        let signature = self.pair.sign(token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        token
    }
}

/// A part of a token.
fn part(value: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).expect("plain values can be written"))
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("the key file {} cannot be used: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file holds no key.
    #[error("the key file {} is damaged; delete it to get a new one", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// A new key pair in PKCS #8 (RFC 8410).
fn generate() -> Vec<u8> {
    let pair = Ed25519KeyPair::generate().expect("the system has random numbers");
    let der = pair.to_pkcs8v1().expect("a generated key can be written");
    der.as_ref().to_vec()
}

/// Written beside its place and renamed, so that a crash leaves no half key.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(beside, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_key_is_kept_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let first = Keys::load_or_create(folder.path()).unwrap();
        let again = Keys::load_or_create(folder.path()).unwrap();
        let tag = hmac::sign(&first.resume, b"text");
        assert!(hmac::verify(&again.resume, b"text", tag.as_ref()).is_ok());
        let file = folder.path().join("token.key");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

        fs::write(&file, "no key").unwrap();
        assert!(matches!(Keys::load_or_create(folder.path()), Err(KeyError::Damaged { .. })));
    }

    #[test]
    fn every_installation_has_its_own() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [one, two] = folders.each_ref().map(|f| Keys::load_or_create(f.path()).unwrap());
        let tag = hmac::sign(&one.resume, b"text");
        assert!(hmac::verify(&two.resume, b"text", tag.as_ref()).is_err());
    }
}
