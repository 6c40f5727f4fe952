//! What a whole country's schools would need, by what one class cost.
//!
//! 1.3 million usage hours in a school day are about 220,000 people at the same time, and 300,000
//! at eight o'clock.

use serde::Serialize;

/// People at the same time: through the day, and at its peak.
pub(crate) const PEOPLE: [u32; 2] = [220_000, 300_000];
/// Cores of a machine in this arithmetic.
pub(crate) const MACHINE_CORES: u32 = 16;
/// How full a core may be in regular use: the rest is for peaks, and for the machine that fails.
pub(crate) const LOAD: f64 = 0.7;

/// What so many people need.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Need {
    pub(crate) people: u32,
    pub(crate) cores: u32,
    /// Of [`MACHINE_CORES`] cores.
    pub(crate) machines: u32,
    pub(crate) memory_gb: u32,
}

/// The need of so many people, when one costs so much of a core and so much memory.
pub(crate) fn need(people: u32, cores_per_person: f64, kb_per_person: f64) -> Need {
    let cores = (f64::from(people) * cores_per_person / LOAD).ceil() as u32;
    let memory_gb = (f64::from(people) * kb_per_person / 1e6).ceil() as u32;
    Need { people, cores, machines: cores.div_ceil(MACHINE_CORES), memory_gb }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arithmetic() {
        // 0.0035 cores a person at 70 % are 0.005.
        let expected = Need { people: 220_000, cores: 1_100, machines: 69, memory_gb: 22 };
        assert_eq!(need(220_000, 0.0035, 100.0), expected);
        assert_eq!(need(1, 0.0001, 1.0).machines, 1);
    }
}
