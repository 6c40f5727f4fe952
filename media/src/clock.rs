//! NTP timestamps and the mapping between a sender's RTP clock and its wall clock.

use std::time::Duration;

/// A point in time as RTCP carries it: 32.32 fixed point seconds (RFC 3550 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// From time since 1970 UTC.
    #[must_use]
    pub fn from_unix(since_1970: Duration) -> Self {
        /// Seconds from 1900 to 1970.
        const UNIX_EPOCH: u64 = 2_208_988_800;
        let fraction = (u64::from(since_1970.subsec_nanos()) << 32) / 1_000_000_000;
        Self((since_1970.as_secs().wrapping_add(UNIX_EPOCH)) << 32 | fraction)
    }

    /// This time plus a duration.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let fraction = (u64::from(duration.subsec_nanos()) << 32) / 1_000_000_000;
        Self(self.0.wrapping_add(duration.as_secs() << 32).wrapping_add(fraction))
    }

    /// Difference `self - other` in 32.32 fixed point seconds, wrapping.
    #[must_use]
    pub fn since(self, other: Self) -> i64 {
        self.0.wrapping_sub(other.0) as i64
    }

    /// The middle 32 bits, as in report blocks.
    #[must_use]
    pub fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// One point of a sender's clocks, from a sender report: at `ntp` its RTP clock showed `rtp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockPoint {
    /// Wall clock of the sender.
    pub ntp: NtpTime,
    /// RTP timestamp.
    pub rtp: u32,
}

impl ClockPoint {
    /// When the RTP clock shows a timestamp, at most half its range (6 h at 90 kHz) away.
    #[must_use]
    pub fn ntp_at(self, rtp: u32, clock_rate: u32) -> NtpTime {
        let ticks = i64::from(rtp.wrapping_sub(self.rtp) as i32);
        let seconds = (i128::from(ticks) << 32) / i128::from(clock_rate);
        NtpTime(self.ntp.0.wrapping_add(seconds as u64))
    }

    /// What the RTP clock shows at another wall-clock time of the same sender.
    #[must_use]
    pub fn rtp_at(self, ntp: NtpTime, clock_rate: u32) -> u32 {
        let ticks = (i128::from(ntp.since(self.ntp)) * i128::from(clock_rate)) >> 32;
        self.rtp.wrapping_add(ticks as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_forth_and_back_over_wraps() {
        let start = NtpTime::from_unix(Duration::from_secs(1_700_000_000));
        let point = ClockPoint { ntp: start, rtp: u32::MAX - 10 };
        assert_eq!(point.rtp_at(start.plus(Duration::from_millis(500)), 90_000), 45_000 - 11);
        let earlier = ClockPoint { ntp: start.plus(Duration::from_secs(2)), rtp: 100 };
        assert_eq!(earlier.rtp_at(start, 48_000), 100u32.wrapping_sub(96_000));
        assert_eq!(start.plus(Duration::from_millis(250)).since(start), 1 << 30);
        assert_eq!(point.ntp_at(45_000 - 11, 90_000), start.plus(Duration::from_millis(500)));
        assert_eq!(earlier.ntp_at(100u32.wrapping_sub(96_000), 48_000), start);
    }
}
