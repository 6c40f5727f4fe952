//! What forgers do to tokens, for the tests of those who check them.

use jsonwebtoken::{Algorithm, Header, encode};
use serde_json::Value;

use crate::keys::Keys;

pub(crate) fn keys() -> Keys {
    Keys::load_or_create(tempfile::tempdir().unwrap().path()).unwrap()
}

/// Claims under our own signature, with one of them changed, or missing if it is null.
pub(crate) fn signed_with(keys: &Keys, mut claims: Value, name: &str, value: &Value) -> String {
    let fields = claims.as_object_mut().unwrap();
    if value.is_null() {
        fields.remove(name);
    } else {
        fields.insert(name.to_owned(), value.clone());
    }
    encode(&Header::new(Algorithm::EdDSA), &claims, &keys.sign).unwrap()
}

/// A good token with any one of its characters changed, but the last, of which some bits do not
/// count.
pub(crate) fn altered(good: &str) -> impl Iterator<Item = String> {
    (0..good.len() - 1).map(move |at| {
        let mut changed = good.as_bytes().to_vec();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(changed).unwrap()
    })
}
