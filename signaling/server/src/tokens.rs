//! Join tokens and resume keys as text.
//!
//! Invariant: exactly one algorithm is accepted, EdDSA, whatever the header of a token says; a
//! token lives five minutes, and claims that we do not know make it invalid. A resume key names
//! its lesson under our signature, so that a made-up one costs one HMAC and touches no lesson.
//! Left out on purpose: "one-time". The lesson's own state knows which tokens were used.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Validation, decode};
use kreide_control::{LessonKey, Role, RoomId, TenantId};
use kreide_lesson::{Identity, KeyHash, Millis, Subject, Text, TokenId};
use serde::{Deserialize, Serialize};

use crate::device::Device;
use crate::keys::Keys;
use crate::translate::ChatIds;
use crate::{clock, secret};

/// How long a join token opens the door, in seconds.
pub(crate) const TOKEN_SECONDS: i64 = 300;

/// Whom a join token is for.
const AUDIENCE: &str = "kreide/join";

/// What stands in a join token. No `Debug`: it holds a name.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    aud: String,
    exp: i64,
    jti: String,
    tenant: TenantId,
    room: RoomId,
    sub: String,
    role: Role,
    name: String,
    consent: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    lobby: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seat: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    talk: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<Device>,
}

/// A verified join token.
pub(crate) struct JoinToken {
    pub(crate) tenant: TenantId,
    pub(crate) room: RoomId,
    pub(crate) identity: Identity,
}

/// Whom a join token is made for.
pub(crate) struct Bearer {
    pub(crate) tenant: TenantId,
    pub(crate) room: RoomId,
    pub(crate) subject: String,
    pub(crate) role: Role,
    pub(crate) name: String,
    /// Whether the school may record this person.
    pub(crate) consent: bool,
    /// Waits until somebody lets them in, whatever the room's policy says.
    pub(crate) lobby: bool,
    /// Position on the room's roster; with `lobby` it is claimed, without it is proven.
    pub(crate) seat: Option<u32>,
    /// The talk whose family they are of.
    pub(crate) talk: Option<u32>,
    /// The browser they enter from, if it told.
    pub(crate) device: Option<Device>,
}

/// A resume key as it was shown.
pub(crate) struct Resume {
    pub(crate) lesson: LessonKey,
    pub(crate) hash: KeyHash,
}

impl Keys {
    /// Mints a join token.
    pub(crate) fn join_token(&self, bearer: Bearer) -> String {
        let claims = Claims {
            aud: AUDIENCE.to_owned(),
            exp: clock::now() / 1000 + TOKEN_SECONDS,
            jti: secret::random(),
            tenant: bearer.tenant,
            room: bearer.room,
            sub: bearer.subject,
            role: bearer.role,
            name: bearer.name,
            consent: bearer.consent,
            lobby: bearer.lobby,
            seat: bearer.seat,
            talk: bearer.talk,
            device: bearer.device,
        };
        self.token(&claims)
    }

    /// Checks a join token. The reason of a refusal is nobody's business.
    pub(crate) fn check_token(&self, token: &str) -> Option<JoinToken> {
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.leeway = 0;
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "aud", "sub"]);
        let claims = decode::<Claims>(token, &self.verify, &rules).ok()?.claims;
        // Our own never live longer; one that does was signed with our key by a mistake of ours.
        let lives = claims.exp - clock::now() / 1000;
        (lives <= TOKEN_SECONDS).then(|| JoinToken {
            tenant: claims.tenant,
            room: claims.room,
            identity: Identity {
                subject: Subject(claims.sub),
                role: claims.role,
                name: Text::from(claims.name),
                consent: claims.consent,
                token: TokenId(claims.jti),
                token_expires: Millis(claims.exp.saturating_mul(1000)),
                waits: claims.lobby,
                seat: claims.seat,
                talk: claims.talk,
                device: claims.device.map(|device| KeyHash(device.0)),
            },
        })
    }

    /// What stands for somebody of a room's roster where names are chosen. It tells nothing of
    /// the subject. The zeros keep it apart from resume keys, which are of the same secret.
    pub(crate) fn choice(&self, tenant: &TenantId, room: &RoomId, subject: &str) -> String {
        let text = format!("choice\0{tenant}\0{room}\0{subject}");
        let tag = hmac::sign(&self.resume, text.as_bytes());
        URL_SAFE_NO_PAD.encode(tag.as_ref().get(..12).unwrap_or_default())
    }

    /// What the messages of a lesson are called outside.
    pub(crate) fn chat_ids(&self, lesson: &LessonKey) -> ChatIds {
        let text = format!("chat\0{lesson}");
        ChatIds::new(hmac::sign(&self.resume, text.as_bytes()).as_ref())
    }

    /// A new resume key of a lesson: the text to show and the hash to keep.
    pub(crate) fn resume_key(&self, lesson: &LessonKey) -> (String, KeyHash) {
        let body =
            format!("{}.{}.{}.{}", lesson.tenant, lesson.room, lesson.lesson, secret::random());
        let tag = hmac::sign(&self.resume, body.as_bytes());
        let key = format!("{body}.{}", URL_SAFE_NO_PAD.encode(tag));
        let hash = KeyHash(secret::sha256(key.as_bytes()));
        (key, hash)
    }

    /// Checks that a resume key is one of ours. Whether it opens a seat, its lesson knows.
    pub(crate) fn check_resume(&self, key: &str) -> Option<Resume> {
        let (body, tag) = key.rsplit_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.resume, body.as_bytes(), &tag).ok()?;
        let mut parts = body.split('.');
        let lesson = LessonKey {
            tenant: TenantId::parse(parts.next()?)?,
            room: RoomId::parse(parts.next()?)?,
            lesson: parts.next()?.parse().ok()?,
        };
        Some(Resume { lesson, hash: KeyHash(secret::sha256(key.as_bytes())) })
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::Jwk;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;
    use crate::forgery::{altered, keys, signed_with};

    fn bearer() -> Bearer {
        Bearer {
            tenant: TenantId::parse("school").unwrap(),
            room: RoomId::parse("7b").unwrap(),
            subject: "s-1".to_owned(),
            role: Role::Pupil,
            name: "Ada".to_owned(),
            consent: true,
            lobby: true,
            seat: Some(3),
            talk: None,
            device: Device::of(&secret::random()),
        }
    }

    fn claims() -> Value {
        json!({
            "aud": AUDIENCE, "exp": clock::now() / 1000 + 60, "jti": "j", "tenant": "school",
            "room": "7b", "sub": "s-1", "role": "pupil", "name": "Ada", "consent": false,
        })
    }

    fn part(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    #[test]
    fn our_own_token_is_accepted() {
        let keys = keys();
        let checked = keys.check_token(&keys.join_token(bearer())).unwrap();
        assert_eq!((checked.tenant.as_str(), checked.room.as_str()), ("school", "7b"));
        assert_eq!(checked.identity.role, Role::Pupil);
        assert_eq!(checked.identity.name.as_str(), "Ada");
        assert!(checked.identity.consent);
        let hand_made = encode(&Header::new(Algorithm::EdDSA), &claims(), &keys.sign).unwrap();
        assert!(keys.check_token(&hand_made).is_some(), "the base of the corpus below is good");
    }

    #[test]
    fn claims_that_are_not_ours_are_refused() {
        let keys = keys();
        let now = clock::now() / 1000;
        let changes = [
            ("aud", json!("kreide/other")),
            ("aud", Value::Null),
            ("exp", json!(now - 1)),
            ("exp", json!(now + TOKEN_SECONDS + 60)),
            ("exp", json!("never")),
            ("exp", Value::Null),
            ("role", json!("admin")),
            ("role", json!(["teacher"])),
            ("room", json!("*")),
            ("room", json!("7b/../8c")),
            ("room", json!("")),
            ("tenant", json!("a b")),
            ("tenant", Value::Null),
            ("sub", Value::Null),
            ("jti", Value::Null),
            ("name", json!(7)),
            ("lobby", json!("no")),
            ("seat", json!(-1)),
            ("talk", json!("1")),
            ("device", json!("AAAA")),
            ("admin", json!(true)),
            ("kid", json!("../../dev/null")),
        ];
        for (name, value) in changes {
            let token = signed_with(&keys, claims(), name, &value);
            assert!(keys.check_token(&token).is_none(), "{name}: {value}");
        }
    }

    #[test]
    fn forged_signatures_are_refused() {
        let keys = keys();
        let public = keys.verify.try_get_as_bytes().unwrap().to_vec();
        let mut corpus = Vec::new();
        // The public key as a symmetric secret, in every algorithm that takes one.
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            for secret in [&public[..], URL_SAFE_NO_PAD.encode(&public).as_bytes(), b"", b"secret"]
            {
                let key = EncodingKey::from_secret(secret);
                corpus.push(encode(&Header::new(algorithm), &claims(), &key).unwrap());
            }
        }
        // No algorithm, in every spelling, with and without a signature.
        for name in ["none", "None", "NONE", "nOnE", "", "EdDSA ", "HS256", "RS256", "ES256"] {
            let header = part(&json!({ "typ": "JWT", "alg": name }));
            for signature in ["", "AAAA"] {
                corpus.push(format!("{header}.{}.{signature}", part(&claims())));
            }
        }
        // Another key of the right kind; also one that the header brings along.
        let other = crate::forgery::keys();
        corpus.push(other.join_token(bearer()));
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some("../../../dev/null".to_owned());
        header.jwk = Jwk::from_encoding_key(&other.sign, Algorithm::EdDSA).ok();
        corpus.push(encode(&header, &claims(), &other.sign).unwrap());
        // A good token with any one of its characters changed, or cut off.
        let good = keys.join_token(bearer());
        corpus.extend(altered(&good));
        corpus.extend((0..good.len()).map(|at| good[..at].to_owned()));
        for junk in ["..", "a.b.c", "\u{0}", "{}", &"x".repeat(60_000)] {
            corpus.push(junk.to_owned());
        }
        assert!(corpus.len() > 200);
        for token in corpus {
            assert!(keys.check_token(&token).is_none(), "{token}");
        }
    }

    #[test]
    fn a_choice_is_of_one_person_in_one_room() {
        let keys = keys();
        let of = |school: &str, room: &str, who: &str| {
            keys.choice(&TenantId::parse(school).unwrap(), &RoomId::parse(room).unwrap(), who)
        };
        let choice = of("school", "7b", "s-1");
        assert_eq!((choice.len(), &choice), (16, &of("school", "7b", "s-1")));
        for other in [of("other", "7b", "s-1"), of("school", "8c", "s-1"), of("school", "7b", "s")]
        {
            assert_ne!(choice, other);
        }
        let there = RoomId::parse("7b").unwrap();
        let elsewhere = crate::forgery::keys();
        assert_ne!(choice, elsewhere.choice(&TenantId::parse("school").unwrap(), &there, "s-1"));
    }

    #[test]
    fn a_resume_key_names_its_lesson_under_our_signature() {
        let keys = keys();
        let lesson = LessonKey {
            tenant: TenantId::parse("school").unwrap(),
            room: RoomId::parse("7b").unwrap(),
            lesson: 3,
        };
        let (key, hash) = keys.resume_key(&lesson);
        let read = keys.check_resume(&key).unwrap();
        assert!(read.lesson == lesson && read.hash == hash);
        let moved = key.replacen("7b.3", "7b.4", 1);
        for wrong in ["", ".", "a.b.c.d.e", &moved, &key[1..], &key[..key.len() - 2]] {
            assert!(keys.check_resume(wrong).is_none(), "{wrong}");
        }
        assert!(crate::forgery::keys().check_resume(&key).is_none(), "another installation");
    }
}
