//! A room's policy as the command line says it.
//!
//! Invariant: a key that no policy has is refused, so that a slip of the pen does not leave a
//! class less guarded than was meant.
//! Left out on purpose: what the keys mean, which `kreide_control::Policy` says.

use std::fs;

use anyhow::{Context, Result, bail};
use kreide_control::Policy;
use serde_json::{Map, Value};

/// The policy after `changes`, each of them a file with a whole policy or KEY=VALUE.
pub(crate) fn changed(mut policy: Policy, changes: &[String]) -> Result<Policy> {
    for change in changes {
        policy = match change.split_once('=') {
            Some((key, value)) => with(&policy, key.trim(), value.trim())?,
            None => {
                let text = fs::read_to_string(change).with_context(|| change.clone())?;
                whole(&text).with_context(|| change.clone())?
            }
        };
    }
    Ok(policy)
}

/// A policy as a file has it.
fn whole(text: &str) -> Result<Policy> {
    let given: Map<String, Value> = serde_json::from_str(text)?;
    let known = serde_json::to_value(Policy::default())?;
    if let Some(key) = unknown(&given, &known, "") {
        bail!("a policy has no {key}");
    }
    Ok(serde_json::from_value(Value::Object(given))?)
}

/// The first key of which the known object has no like.
fn unknown(given: &Map<String, Value>, known: &Value, before: &str) -> Option<String> {
    given.iter().find_map(|(key, value)| {
        let path = format!("{before}{key}");
        match known.get(key) {
            None => Some(path),
            Some(known) => unknown(value.as_object()?, known, &format!("{path}.")),
        }
    })
}

/// The policy with one value replaced.
fn with(policy: &Policy, key: &str, value: &str) -> Result<Policy> {
    let mut all = serde_json::to_value(policy)?;
    let pointer = format!("/{}", key.replace('.', "/"));
    let place = all.pointer_mut(&pointer).with_context(|| format!("a policy has no {key}"))?;
    *place = match place {
        Value::Array(_) => {
            let parts = value.split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(Value::from).collect()
        }
        Value::Object(_) => bail!("{key} has parts: set one of them, such as {key}.pupils=true"),
        Value::String(_) => Value::from(value),
        _ => serde_json::from_str(value).with_context(|| format!("{key}={value}"))?,
    };
    serde_json::from_value(all).with_context(|| format!("{key}={value}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kreide_control::{Lobby, LockKind, PrivateChat};

    use super::*;

    #[test]
    fn single_values_leave_the_others() {
        let start = Policy { keep_days: 3, ..Policy::default() };
        let changes = [
            "lobby=everyone",
            "recording = false",
            "locked=camera, privateChat",
            "privateChat.pupils=true",
        ];
        let expected = Policy {
            lobby: Lobby::Everyone,
            recording: false,
            locked: BTreeSet::from([LockKind::Camera, LockKind::PrivateChat]),
            private_chat: PrivateChat { pupils: true, ..PrivateChat::default() },
            ..start.clone()
        };
        assert_eq!(changed(start, &changes.map(str::to_owned)).unwrap(), expected);
        let open = changed(expected, &["locked=".to_owned()]).unwrap();
        assert!(open.locked.is_empty());
    }

    #[test]
    fn slips_of_the_pen_are_refused() {
        let changes = [
            "loby=everyone",
            "lobby=everybody",
            "recording=ja",
            "keepDays=-1",
            "keepDays=\"7\"",
            "locked=kamera",
            "privateChat=true",
            "privateChat.pupil=true",
            "lobby.x=1",
            "=1",
            "no-such-file.json",
        ];
        for change in changes {
            assert!(changed(Policy::default(), &[change.to_owned()]).is_err(), "{change}");
        }
    }

    #[test]
    fn a_file_holds_a_whole_policy() {
        let policy = whole(r#"{ "early": true, "privateChat": { "guests": true } }"#).unwrap();
        let private_chat = PrivateChat { guests: true, ..PrivateChat::default() };
        assert_eq!(policy, Policy { early: true, private_chat, ..Policy::default() });
        for wrong in ["", "[]", r#"{"erly":true}"#, r#"{"privateChat":{"guest":true}}"#] {
            assert!(whole(wrong).is_err(), "{wrong}");
        }
    }
}
