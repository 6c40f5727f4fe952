//! The floor under every server on this machine: AES-128-GCM and UDP sends, with nothing around.
//!
//! A figure in nanoseconds holds for one machine and one hour. What a server costs is therefore
//! told as a ratio to the floor of the same run.
//!
//! Invariant: what is sent is counted at its receiver, and a run that lost a packet has no figure.
//! Time is the processor time of the sending thread, user and system; receiving is not in it, but
//! for the part of it that the loopback device charges to the sender.
//! Left out on purpose: real network cards, and any cleverness in choosing what to send.

mod cipher;
mod report;
mod send;
mod timing;

use std::time::Duration;

pub use report::{Machine, Report, Row};

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Receivers, each with its own port and key.
    pub destinations: usize,
    /// How long each row is measured.
    pub time: Duration,
}

/// Bytes of an RTP packet before it is protected: a full one of video, one of a voice.
pub const SIZES: [usize; 2] = [1200, 160];

/// Measures all rows, for each of [`SIZES`].
///
/// # Errors
/// If a socket cannot be made or used, a packet is lost, or the crypto library refuses.
pub fn measure(options: Options) -> anyhow::Result<Report> {
    anyhow::ensure!(options.destinations > 0, "there must be a destination");
    let mut rows = Vec::new();
    for bytes in SIZES {
        rows.extend(cipher::rows(bytes, options.time)?);
        rows.extend(send::rows(bytes, options)?);
    }
    Ok(Report { machine: Machine::here(), destinations: options.destinations, rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_its_floor_and_nothing_is_lost() {
        let options = Options { destinations: 3, time: Duration::ZERO };
        let report = measure(options).expect("nothing but the loopback address is needed");
        for bytes in SIZES {
            for step in ["protect", "unprotect", "sendto", "sendmmsg of 32", "protect, 16 segments"]
            {
                assert!(report.ns(step, bytes).is_some_and(|ns| ns > 0.0), "{step}, {bytes} B");
            }
        }
        assert_eq!(report.rows.len(), 2 * (2 + 2 * 6));
        let floor = report.ns("protect, sendto", SIZES[0]).expect("asserted above");
        assert!(report.compare(2.0 * floor).starts_with("  2.00 times"));
        assert!(report.to_string().lines().count() >= 2 + 14);
    }

    #[test]
    fn nobody_to_send_to() {
        assert!(measure(Options { destinations: 0, time: Duration::ZERO }).is_err());
    }
}
