//! Ways to the parsers of this crate, for fuzz targets.
//!
//! Behind the feature `internals`, which nothing else turns on: whoever reaches this can sign.
//! Left out on purpose: everything that a browser's request passes before and after.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto;
use jsonwebtoken::{Algorithm, Header};
use kreide_control::{LessonKey, RoomId, TenantId};

use crate::{Keys, links, offer, roster, talks};

/// An offer as SDP text, if the packed one is one.
#[must_use]
pub fn unpack_offer(wire: &str) -> Option<String> {
    offer::unpack(wire).ok()
}

/// The tenant of a link's fragment.
#[must_use]
pub fn link_tenant(fragment: &str) -> Option<TenantId> {
    links::parse(fragment).map(|(tenant, _)| tenant)
}

/// Subjects and seats of the people of each room of a roster's file; a file without a column of
/// rooms is of `room`.
#[must_use]
pub fn roster_file(file: &[u8], room: &RoomId) -> Option<Vec<Vec<(String, u32)>>> {
    let people = |entries: Vec<kreide_cluster::RosterEntry>| {
        entries.into_iter().map(|entry| (entry.subject, entry.seat)).collect()
    };
    Some(roster::read(file, Some(room)).ok()?.into_values().map(people).collect())
}

/// Begin (milliseconds since 1970 UTC) and minutes of the talks of a file, of a day in 2026.
#[must_use]
pub fn talks_file(file: &[u8]) -> Option<Vec<(i64, u32)>> {
    talks::times(file).ok()
}

impl Keys {
    /// A token of these claims, whatever they are, under our signature.
    ///
    /// # Panics
    /// If our own key cannot sign.
    #[must_use]
    pub fn signed_token(&self, claims: &[u8]) -> String {
        let header = serde_json::to_vec(&Header::new(Algorithm::EdDSA)).expect("a plain header");
        let body = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = crypto::sign(body.as_bytes(), &self.sign, Algorithm::EdDSA);
        format!("{body}.{}", signature.expect("our own key can sign"))
    }

    /// Tenant and room that a join token opens.
    #[must_use]
    pub fn joins(&self, token: &str) -> Option<(TenantId, RoomId)> {
        self.check_token(token).map(|token| (token.tenant, token.room))
    }

    /// A resume key that begins with this text, under our signature.
    #[must_use]
    pub fn signed_resume(&self, body: &str) -> String {
        let tag = hmac::sign(&self.resume, body.as_bytes());
        format!("{body}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// The lesson that a resume key is of.
    #[must_use]
    pub fn resumes(&self, key: &str) -> Option<LessonKey> {
        self.check_resume(key).map(|resume| resume.lesson)
    }
}
