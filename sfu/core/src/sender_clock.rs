//! One participant's wall clock, mapped onto the SFU's, so that all of its publications stay in
//! step (lips and voice) when they are reported to viewers.
//!
//! The offset is the smallest of `arrival - sent` over the recent sender reports of all streams:
//! the one that was delayed least. Every stream of a participant uses the same offset, hence the
//! difference between sound and picture is the sender's own, untouched.

use std::collections::VecDeque;

use kreide_media::clock::{ClockPoint, NtpTime};

#[derive(Debug, Default)]
pub(crate) struct SenderClock {
    offsets: VecDeque<i64>,
}

impl SenderClock {
    /// Notes a sender report that arrived at `arrival` on the SFU's clock.
    pub(crate) fn report(&mut self, sent: NtpTime, arrival: NtpTime) {
        if self.offsets.len() == REMEMBERED {
            self.offsets.pop_front();
        }
        self.offsets.push_back(arrival.since(sent));
    }

    /// Takes over what another part of the room has found.
    pub(crate) fn tell(&mut self, offset: i64) {
        self.offsets.clear();
        self.offsets.push_back(offset);
    }

    /// What must be added to the sender's wall clock.
    pub(crate) fn offset(&self) -> Option<i64> {
        self.offsets.iter().min().copied()
    }

    /// When a packet of a stream with this clock point was captured, on the SFU's clock.
    pub(crate) fn captured(&self, point: ClockPoint, rtp: u32, clock_rate: u32) -> Option<NtpTime> {
        let offset = self.offset()?;
        Some(NtpTime(point.ntp_at(rtp, clock_rate).0.wrapping_add(offset as u64)))
    }

    /// What the RTP clock of a stream with this clock point shows at `at` on the SFU's clock.
    pub(crate) fn rtp_at(&self, point: ClockPoint, at: NtpTime, clock_rate: u32) -> Option<u32> {
        let offset = self.offset()?;
        Some(point.rtp_at(NtpTime(at.0.wrapping_sub(offset as u64)), clock_rate))
    }
}

const REMEMBERED: usize = 30;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn streams_of_one_sender_keep_their_difference() {
        let sfu = NtpTime::from_unix(Duration::from_secs(1_700_000_000));
        let sender = NtpTime::from_unix(Duration::from_secs(1_500_000_000));
        let mut clock = SenderClock::default();
        assert_eq!(clock.rtp_at(ClockPoint { ntp: sender, rtp: 0 }, sfu, 90_000), None);
        clock.report(sender, sfu.plus(Duration::from_millis(30)));
        clock.report(sender.plus(Duration::from_secs(1)), sfu.plus(Duration::from_millis(1010)));
        let at = sfu.plus(Duration::from_millis(2010));
        let audio = ClockPoint { ntp: sender, rtp: 1000 };
        let video = ClockPoint { ntp: sender.plus(Duration::from_secs(1)), rtp: 5 };
        let close = |value: u32, expected: u32| assert!(value.abs_diff(expected) <= 1, "{value}");
        close(clock.rtp_at(audio, at, 48_000).unwrap(), 1000 + 96_000);
        close(clock.rtp_at(video, at, 90_000).unwrap(), 5 + 90_000);
        let same = [(audio, 1000 + 48_000, 48_000), (video, 5, 90_000)];
        for (point, rtp, clock_rate) in same {
            let captured = clock.captured(point, rtp, clock_rate).unwrap();
            assert_eq!(captured, sfu.plus(Duration::from_millis(1010)));
        }
    }
}
