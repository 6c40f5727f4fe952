//! What opens doors: links, tokens, resume keys, and the packed offer that comes along.
//!
//! What is signed is tried twice: as it is, and with bytes of the fuzzer's choice under our own
//! signature, since nobody can guess one.

use std::fs;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kreide_protocol::{MAX_OFFER_LINES, MAX_OFFER_TEXT};
use kreide_server::Keys;
use kreide_server::internals::{link_tenant, unpack_offer};
use kreide_sfu_transport::Offer;
use serde_json::Value;

/// Text as it would come over the wire, and bytes as if they had been packed.
pub(crate) fn compressed_offer(data: &[u8]) -> bool {
    let wire = std::str::from_utf8(data).map(str::to_owned).into_iter();
    wire.chain([URL_SAFE_NO_PAD.encode(data)]).filter_map(|wire| unpack_offer(&wire)).any(|text| {
        assert!(text.len() <= MAX_OFFER_TEXT);
        assert!(text.lines().filter(|line| line.starts_with("m=")).count() <= MAX_OFFER_LINES);
        Offer::parse(&text).is_ok()
    })
}

/// A fragment is a tenant, a point and a secret of 22 characters, and nothing else.
pub(crate) fn link(data: &[u8]) -> bool {
    let Ok(fragment) = std::str::from_utf8(data) else { return false };
    let Some(tenant) = link_tenant(fragment) else { return false };
    let secret = fragment.strip_prefix(tenant.as_str()).and_then(|rest| rest.strip_prefix('.'));
    assert_eq!(secret.map(str::len), Some(22));
    true
}

/// Claims of a join or access token. `exp` counts from now, so that an input keeps its meaning.
pub(crate) fn token(data: &[u8]) -> bool {
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(keys().joins(text).is_none() && keys().access(text).is_none(), "a forgery");
    }
    let as_it_is = keys().signed_token(data);
    let timed = timed(data).map(|claims| keys().signed_token(claims.to_string().as_bytes()));
    [Some(as_it_is), timed].into_iter().flatten().any(|token| {
        let joins = keys().joins(&token);
        let access = keys().access(&token).map(|access| (access.tenant, access.room));
        assert!(joins.is_none() || access.is_none(), "one token opens one kind of door");
        joins.or(access).is_some()
    })
}

fn timed(data: &[u8]) -> Option<Value> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let mut claims: Value = serde_json::from_slice(data).ok()?;
    let exp = claims.get_mut("exp")?;
    *exp = exp.as_i64()?.saturating_add_unsigned(now).into();
    Some(claims)
}

/// What stands before the signature of a resume key.
pub(crate) fn resume_key(data: &[u8]) -> bool {
    let Ok(body) = std::str::from_utf8(data) else { return false };
    assert!(keys().resumes(body).is_none(), "a forgery");
    let Some(lesson) = keys().resumes(&keys().signed_resume(body)) else { return false };
    assert!(body.starts_with(&format!("{}.{}.", lesson.tenant, lesson.room)));
    true
}

/// Keys of a folder that is gone again.
fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("kreide-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the keys");
        let keys = Keys::load_or_create(&folder).expect("new keys");
        fs::remove_dir_all(&folder).expect("our own folder");
        keys
    })
}
