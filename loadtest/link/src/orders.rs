//! What one can say to a running link, one line of JSON each.
//!
//! Invariant: an order takes effect as a whole or is answered by an error; a line is at most
//! [`LINE_MAX`] bytes.
//! Left out on purpose: where lines come from (`pump.rs`).

use anyhow::{Context, Result, bail, ensure};
use kreide_link::{Conditions, Profile, profiles};
use serde::Deserialize;
use serde_json::Value;

/// Bytes of one order. A longer one ends the link: whoever writes it does not speak this protocol.
pub(crate) const LINE_MAX: usize = 64 * 1024;

/// An order.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// Replace some conditions.
    Set(Change),
    /// Replace all conditions by those of a profile.
    Profile(String),
    /// Tell the counters.
    Counters,
}

/// Keys of [`Conditions`] to replace; `both` first, then the single directions.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Change {
    both: Option<Value>,
    up: Option<Value>,
    down: Option<Value>,
}

impl Change {
    /// Conditions up and down after the change.
    pub(crate) fn of(&self, up: Conditions, down: Conditions) -> Result<(Conditions, Conditions)> {
        let both = self.both.iter();
        Ok((
            changed(up, both.clone().chain(&self.up)).context("up")?,
            changed(down, both.chain(&self.down)).context("down")?,
        ))
    }
}

fn changed<'a>(
    conditions: Conditions,
    mut changes: impl Iterator<Item = &'a Value>,
) -> Result<Conditions> {
    changes.try_fold(conditions, |before, change| Ok(before.changed(change)?))
}

/// The profile with this name.
pub(crate) fn profile(name: &str) -> Result<Profile> {
    let mut all = profiles();
    let Some(profile) = all.remove(name) else {
        let names: Vec<String> = all.into_keys().collect();
        bail!("there is no profile {name:?}, but {}", names.join(", "));
    };
    Ok(profile)
}

/// Puts lines together from pieces.
#[derive(Default)]
pub(crate) struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    /// The orders that `piece` completes; one that cannot be read is an error in its place.
    ///
    /// # Errors
    /// If a line is too long.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Result<Vec<Result<Order>>> {
        self.begun.extend_from_slice(piece);
        let mut orders = Vec::new();
        while let Some(end) = self.begun.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.begun.drain(..=end).collect();
            if !line.trim_ascii().is_empty() {
                orders.push(serde_json::from_slice(&line).context("cannot read this order"));
            }
        }
        ensure!(self.begun.len() <= LINE_MAX, "an order is longer than {LINE_MAX} bytes");
        Ok(orders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(words: &str) -> Change {
        serde_json::from_str(words).expect("valid")
    }

    #[test]
    fn single_directions_go_over_both() {
        let change = change(r#"{"both": {"delay_ms": 5}, "up": {"delay_ms": 7}}"#);
        let (up, down) = change.of(Conditions::default(), Conditions::default()).expect("in range");
        assert_eq!((f64::from(up.delay_ms), f64::from(down.delay_ms)), (7.0, 5.0));
    }

    #[test]
    fn a_wrong_change_says_where() {
        let wrong = change(r#"{"down": {"delay_ms": -5}}"#);
        let refused = wrong.of(Conditions::default(), Conditions::default()).unwrap_err();
        assert_eq!(format!("{refused:#}"), "down: -5 is not within 0 to 60000 ms");
    }

    #[test]
    fn lines_come_in_pieces() {
        let mut lines = Lines::default();
        assert!(lines.take(b"\"coun").expect("short").is_empty());
        let orders = lines.take(b"ters\"\n\nwhat?\n{\"pro").expect("short");
        assert!(matches!(orders[..], [Ok(Order::Counters), Err(_)]), "{orders:?}");
        assert!(lines.take(&[b'x'; LINE_MAX]).is_err());
    }

    #[test]
    fn an_unknown_profile_names_the_known() {
        let refused = profile("adsl").unwrap_err().to_string();
        assert!(refused.contains("school-dsl, school-shared"), "{refused}");
    }
}
