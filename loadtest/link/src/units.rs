//! Numbers with a unit and a range, as they stand in profiles and orders.
//!
//! Invariant: a value out of its range cannot be made, so nobody behind the parser checks again.
//! Left out on purpose: arithmetic; the lane does its own in bytes and nanoseconds.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Share of packets, 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Percent(f64);

impl Percent {
    /// The share as a probability, 0 to 1.
    pub fn probability(self) -> f64 {
        self.0 / 100.0
    }
}

impl TryFrom<f64> for Percent {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        within(value, 0.0..=100.0, "percent").map(Self)
    }
}

impl From<Percent> for f64 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

/// A time of 0 to 60 000 ms; fractions count.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Millis(f64);

impl Millis {
    /// The time.
    pub fn duration(self) -> Duration {
        Duration::from_secs_f64(self.0 / 1000.0)
    }
}

impl TryFrom<f64> for Millis {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        within(value, 0.0..=60_000.0, "ms").map(Self)
    }
}

impl From<Millis> for f64 {
    fn from(millis: Millis) -> Self {
        millis.0
    }
}

/// A rate of 1 to 10 000 000 kbit/s, 1 kbit being 1000 bits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct KbitPerS(u32);

impl KbitPerS {
    /// How long `bytes` take at this rate.
    pub fn time_of(self, bytes: usize) -> Duration {
        // bytes * 8 bits / (kbit/s * 1000) s, in nanoseconds.
        Duration::from_nanos(bytes as u64 * 8_000_000 / u64::from(self.0))
    }
}

impl TryFrom<u32> for KbitPerS {
    type Error = String;

    fn try_from(value: u32) -> Result<Self, String> {
        within(value, 1..=10_000_000, "kbit/s").map(Self)
    }
}

impl From<KbitPerS> for u32 {
    fn from(rate: KbitPerS) -> Self {
        rate.0
    }
}

/// Room of a queue: one full packet of 1500 bytes to 64 MiB.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct QueueBytes(u32);

impl QueueBytes {
    /// The room in bytes.
    pub fn bytes(self) -> usize {
        self.0 as usize
    }
}

impl TryFrom<u32> for QueueBytes {
    type Error = String;

    fn try_from(value: u32) -> Result<Self, String> {
        within(value, 1500..=64 << 20, "bytes").map(Self)
    }
}

impl From<QueueBytes> for u32 {
    fn from(queue: QueueBytes) -> Self {
        queue.0
    }
}

fn within<T: PartialOrd + std::fmt::Display>(
    value: T,
    range: std::ops::RangeInclusive<T>,
    unit: &str,
) -> Result<T, String> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(format!("{value} is not within {} to {} {unit}", range.start(), range.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_refused_with_the_range() {
        let check = |refused: Result<(), String>, words: &str| {
            assert_eq!(refused.unwrap_err(), words);
        };
        check(Percent::try_from(100.5).map(drop), "100.5 is not within 0 to 100 percent");
        check(Percent::try_from(f64::NAN).map(drop), "NaN is not within 0 to 100 percent");
        check(Millis::try_from(-1.0).map(drop), "-1 is not within 0 to 60000 ms");
        check(KbitPerS::try_from(0).map(drop), "0 is not within 1 to 10000000 kbit/s");
        check(QueueBytes::try_from(1499).map(drop), "1499 is not within 1500 to 67108864 bytes");
    }

    #[test]
    fn a_packet_takes_its_bits_by_the_rate() {
        let rate = KbitPerS::try_from(500).expect("in range");
        assert_eq!(rate.time_of(1250), Duration::from_millis(20));
    }
}
