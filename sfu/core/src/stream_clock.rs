//! The RTP clock of one stream on its sender's wall clock.
//!
//! Browsers know no capture time of sound: their sender reports take the moment when a packet was
//! sent for the one that its timestamp means, and a packet is often sent some ten milliseconds
//! late. None is sent early. So of the recent reports the one counts that puts the same timestamp
//! earliest.

use kreide_media::clock::ClockPoint;
use std::collections::VecDeque;

#[derive(Debug, Default)]
pub(crate) struct StreamClock {
    points: VecDeque<ClockPoint>,
    best: Option<ClockPoint>,
}

impl StreamClock {
    /// Notes what a sender report says.
    pub(crate) fn report(&mut self, point: ClockPoint, clock_rate: u32) {
        let timestamp_at = |known: &ClockPoint| known.ntp_at(point.rtp, clock_rate);
        // The sender's clock was set, or its timestamps jumped: what was known is over.
        let apart = |known: ClockPoint| timestamp_at(&known).since(point.ntp).unsigned_abs();
        if self.best.is_some_and(|best| apart(best) > TOO_FAR) {
            self.points.clear();
        }
        if self.points.len() == REMEMBERED {
            self.points.pop_front();
        }
        self.points.push_back(point);
        let earliest = self.points.iter().min_by_key(|known| timestamp_at(known).since(point.ntp));
        self.best = earliest.copied();
    }

    /// Takes over what another part of the room has found.
    pub(crate) fn tell(&mut self, point: ClockPoint) {
        self.best = Some(point);
    }

    /// The best known point.
    pub(crate) fn point(&self) -> Option<ClockPoint> {
        self.best
    }
}

/// Half a minute to a minute of a browser's reports on sound: clocks drift by a millisecond or
/// two in that time.
const REMEMBERED: usize = 10;
/// 100 ms in 32.32 fixed point seconds: no packet waits that long in a sender.
const TOO_FAR: u64 = (1 << 32) / 10;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kreide_media::clock::NtpTime;

    use super::*;

    const RATE: u32 = 48_000;

    fn noon() -> NtpTime {
        NtpTime::from_unix(Duration::from_secs(1_800_000_000))
    }

    /// What a report says at a second of the stream if its last packet was sent `late` ms late.
    fn report(second: u64, late: u64) -> ClockPoint {
        let ntp = noon().plus(Duration::from_millis(second * 1_000 + late));
        ClockPoint { ntp, rtp: (second as u32).wrapping_mul(RATE).wrapping_sub(90) }
    }

    fn late_by(clock: &StreamClock, second: u64) -> i64 {
        let point = clock.point().unwrap();
        let at = point.ntp_at(report(second, 0).rtp, RATE);
        (at.since(report(second, 0).ntp) * 1_000) >> 32
    }

    #[test]
    fn the_packet_that_waited_least_counts() {
        let mut clock = StreamClock::default();
        assert_eq!(clock.point(), None);
        for (second, late, expected) in [(1, 18, 18), (2, 4, 4), (3, 30, 4), (4, 9, 4)] {
            clock.report(report(second, late), RATE);
            assert!((late_by(&clock, second) - expected).abs() <= 1, "at {second} s");
        }
        for second in 5..20 {
            clock.report(report(second, 12), RATE);
        }
        assert!((late_by(&clock, 20) - 12).abs() <= 1, "a drift is followed");
    }

    #[test]
    fn a_clock_that_was_set_is_believed_at_once() {
        let mut clock = StreamClock::default();
        clock.report(report(1, 0), RATE);
        for moved in [3_600_000, 5] {
            clock.report(report(2, moved), RATE);
            assert!((late_by(&clock, 2) - moved as i64).abs() <= 1);
        }
    }
}
