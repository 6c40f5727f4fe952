//! Access tokens: what opens a room's recordings over HTTP, and speaks for a seat there.
//!
//! Invariant: a token opens the recordings of one room in one role, for four hours, and no door.
//! For a seat it speaks only as long as the seat is held.
//! Whoever waits to be let in has one that opens nothing yet. It holds no name. EdDSA is the one
//! algorithm, whatever the header of a token says.
//! Left out on purpose: what a role may do with a recording, which the recorder decides, and
//! withdrawal before the four hours are over (`http/welcome.rs`).

use jsonwebtoken::{Algorithm, Validation, decode};
use kreide_control::{Role, RoomId, TenantId};
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::keys::Keys;

/// How long an access token is good, in seconds.
const ACCESS_SECONDS: i64 = 4 * 60 * 60;

/// Whom an access token is for.
const AUDIENCE: &str = "kreide/recordings";

/// What an access token says of its bearer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The school.
    pub tenant: TenantId,
    /// The room whose recordings it opens.
    pub room: RoomId,
    /// As what.
    pub role: Role,
    /// Who, for the school: opaque.
    pub subject: String,
    /// Was let into the room, or need not wait for that. Whoever was not sees no recording.
    pub admitted: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    aud: String,
    exp: i64,
    /// Who, for the school: opaque.
    sub: String,
    tenant: TenantId,
    room: RoomId,
    role: Role,
    #[serde(default, skip_serializing_if = "is_false")]
    waits: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Keys {
    /// Mints an access token for this person of the school.
    pub(crate) fn access_token(&self, access: Access) -> String {
        let claims = Claims {
            aud: AUDIENCE.to_owned(),
            exp: clock::now() / 1000 + ACCESS_SECONDS,
            sub: access.subject,
            tenant: access.tenant,
            room: access.room,
            role: access.role,
            waits: !access.admitted,
        };
        self.token(&claims)
    }

    /// What an access token opens; `None` if it is expired, forged or no access token. The reason
    /// of a refusal is nobody's business.
    #[must_use]
    pub fn access(&self, token: &str) -> Option<Access> {
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.leeway = 0;
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "aud", "sub"]);
        let claims = decode::<Claims>(token, &self.verify, &rules).ok()?.claims;
        // Our own never live longer; one that does was signed with our key by a mistake of ours.
        let lives = claims.exp - clock::now() / 1000;
        (lives <= ACCESS_SECONDS).then_some(Access {
            tenant: claims.tenant,
            room: claims.room,
            role: claims.role,
            subject: claims.sub,
            admitted: !claims.waits,
        })
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;
    use crate::forgery::{altered, keys, signed_with};
    use crate::tokens::Bearer;

    fn bearer() -> Access {
        Access {
            tenant: TenantId::parse("school").unwrap(),
            room: RoomId::parse("7b").unwrap(),
            role: Role::Pupil,
            subject: "s-1".to_owned(),
            admitted: true,
        }
    }

    fn claims() -> Value {
        json!({
            "aud": AUDIENCE, "exp": clock::now() / 1000 + 60, "sub": "s-1", "tenant": "school",
            "room": "7b", "role": "pupil",
        })
    }

    #[test]
    fn our_own_token_is_accepted() {
        let keys = keys();
        assert_eq!(keys.access(&keys.access_token(bearer())), Some(bearer()));
        let waits = Access { admitted: false, ..bearer() };
        assert_eq!(keys.access(&keys.access_token(waits.clone())), Some(waits));
        let hand_made = encode(&Header::new(Algorithm::EdDSA), &claims(), &keys.sign).unwrap();
        assert!(keys.access(&hand_made).is_some(), "the base of the rows below is good");
    }

    #[test]
    fn claims_that_are_not_ours_are_refused() {
        let keys = keys();
        let now = clock::now() / 1000;
        let changes = [
            ("aud", json!("kreide/join")),
            ("aud", Value::Null),
            ("exp", json!(now - 1)),
            ("exp", json!(now + ACCESS_SECONDS + 60)),
            ("exp", json!(i64::MAX)),
            ("exp", Value::Null),
            ("role", json!("admin")),
            ("room", json!("*")),
            ("room", json!("7b/../8c")),
            ("tenant", Value::Null),
            ("sub", Value::Null),
            ("name", json!("Ada")),
            ("waits", json!(0)),
        ];
        for (name, value) in changes {
            let token = signed_with(&keys, claims(), name, &value);
            assert_eq!(keys.access(&token), None, "{name}: {value}");
        }
    }

    #[test]
    fn forged_signatures_are_refused() {
        let keys = keys();
        let good = keys.access_token(bearer());
        let public = keys.verify.try_get_as_bytes().unwrap().to_vec();
        let symmetric = EncodingKey::from_secret(&public);
        let mut corpus = vec![
            encode(&Header::new(Algorithm::HS256), &claims(), &symmetric).unwrap(),
            crate::forgery::keys().access_token(bearer()),
            good[..good.len() - 2].to_owned(),
            "..".to_owned(),
            String::new(),
        ];
        corpus.extend(altered(&good));
        for token in corpus {
            assert_eq!(keys.access(&token), None, "{token}");
        }
    }

    #[test]
    fn neither_token_is_taken_for_the_other() {
        let keys = keys();
        let Access { tenant, room, role, subject, .. } = bearer();
        let join = keys.join_token(Bearer {
            tenant,
            room,
            subject,
            role,
            name: "Ada".to_owned(),
            consent: true,
            lobby: false,
            seat: None,
            talk: None,
            device: None,
        });
        assert!(keys.check_token(&join).is_some() && keys.access(&join).is_none());
        let access = keys.access_token(bearer());
        assert!(keys.access(&access).is_some() && keys.check_token(&access).is_none());
    }
}
