//! What one direction of a link does to packets, as data.
//!
//! Invariant: [`Conditions`] read from a file or an order are complete and in range.
//! Left out on purpose: what happens to a packet (`lane.rs`), and names for conditions
//! (`profiles.rs`).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::units::{KbitPerS, Millis, Percent, QueueBytes};

/// One direction. The default passes every packet at once.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// Swallows every packet that comes; what is under way still arrives.
    pub black_hole: bool,
    /// Which packets are lost before the queue.
    pub loss: Loss,
    /// Share of packets that come twice.
    pub duplicate_percent: Percent,
    /// Share of packets with one bit flipped; see [`crate::Counters::corrupted`].
    pub corrupt_percent: Percent,
    /// The bottleneck; without it nothing waits.
    pub rate: Option<Rate>,
    /// One way, after the bottleneck.
    pub delay_ms: Millis,
    /// Adds an even draw of minus to plus this to the delay. Keeps the order of packets.
    pub jitter_ms: Millis,
    /// Packets that come out of order.
    pub late: Option<Late>,
}

/// How packets are lost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Not at all.
    #[default]
    None,
    /// Each one with the same chance.
    Random(Percent),
    /// In bursts.
    Bursts(Bursts),
}

/// A Gilbert-Elliott channel (E. O. Elliott, Bell System Technical Journal 42, 1963): a chain with
/// a good and a bad state that takes one step for each packet. The mean burst is
/// `100 / leave_percent` packets long.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bursts {
    /// Chance to turn bad.
    pub enter_percent: Percent,
    /// Chance to turn good again.
    pub leave_percent: Percent,
    /// Share lost while bad.
    pub lost_inside_percent: Percent,
    /// Share lost while good.
    #[serde(default)]
    pub lost_outside_percent: Percent,
}

/// A bottleneck: packets leave one after the other, and what does not fit the queue is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How fast packets leave.
    pub kbit_per_s: KbitPerS,
    /// Bytes that wait at most, the packet being sent among them.
    pub queue_bytes: QueueBytes,
}

/// Packets that are overtaken.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Late {
    /// Share of packets.
    pub percent: Percent,
    /// How much later they come than in order.
    pub by_ms: Millis,
}

/// Why a change of conditions was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConditionsError {
    /// The change is no object of keys and values.
    #[error("conditions are an object, such as {{\"delay_ms\": 20}}")]
    NotAnObject,
    /// A key or a value that conditions do not have.
    #[error(transparent)]
    Refused(#[from] serde_json::Error),
}

impl Conditions {
    /// These conditions with the keys of `change` replaced. The rest stays; `null` in place of a
    /// rate or of lateness takes it away.
    ///
    /// # Errors
    /// If `change` is no object, names an unknown key, or a value is out of range.
    pub fn changed(self, change: &Value) -> Result<Self, ConditionsError> {
        let Value::Object(change) = change else { return Err(ConditionsError::NotAnObject) };
        let mut whole = serde_json::to_value(self)?;
        if let Value::Object(whole) = &mut whole {
            whole.extend(change.clone());
        }
        Ok(serde_json::from_value(whole)?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_replaces_only_what_it_names() {
        let before = Conditions::default()
            .changed(&json!({"delay_ms": 20, "rate": {"kbit_per_s": 500, "queue_bytes": 9000}}))
            .expect("valid");
        let after = before.changed(&json!({"loss": {"random": 10}, "rate": null})).expect("valid");
        assert_eq!(f64::from(after.delay_ms), 20.0);
        assert_eq!(after.loss, Loss::Random(Percent::try_from(10.0).expect("in range")));
        assert_eq!(after.rate, None);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let check = |change: Value, words: &str| {
            let refused = Conditions::default().changed(&change).unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
        };
        check(json!([]), "are an object");
        check(json!({"delay": 20}), "unknown field `delay`");
        check(json!({"delay_ms": "20"}), "invalid type");
        check(json!({"loss": {"random": 101}}), "101 is not within 0 to 100 percent");
        check(json!({"loss": {"bursts": {"enter_percent": 1}}}), "missing field `leave_percent`");
        check(json!({"rate": {"kbit_per_s": 0, "queue_bytes": 9000}}), "0 is not within 1");
    }
}
