//! Reception of one incoming SSRC: extended numbers, loss and jitter for receiver reports
//! (RFC 3550 appendix A.3 and A.8).

use std::time::Instant;

use kreide_media::clock::NtpTime;
use kreide_media::rtcp::ReportBlock;
use kreide_media::seq::Unwrapper;

#[derive(Debug, Default)]
pub(crate) struct Receiver {
    unwrapper: Unwrapper,
    first: Option<u64>,
    received: u64,
    at_last_report: Counts,
    transit: Option<(Instant, u32)>,
    jitter: f64,
    sender_report: Option<(NtpTime, Instant)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    expected: u64,
    received: u64,
}

impl Receiver {
    /// Notes a packet and returns its extended sequence number.
    pub(crate) fn arrived(
        &mut self,
        sequence: u16,
        timestamp: u32,
        clock_rate: u32,
        now: Instant,
    ) -> u64 {
        let extended = self.unwrapper.extend(sequence);
        self.first.get_or_insert(extended);
        self.received += 1;
        if let Some((then, before)) = self.transit {
            let elapsed = now.saturating_duration_since(then).as_secs_f64() * f64::from(clock_rate);
            let sent = f64::from(timestamp.wrapping_sub(before) as i32);
            self.jitter += ((elapsed - sent).abs() - self.jitter) / 16.0;
        }
        self.transit = Some((now, timestamp));
        extended
    }

    pub(crate) fn highest(&self) -> Option<u64> {
        self.unwrapper.highest()
    }

    /// The number that the 16-bit one stands for, without noting an arrival.
    pub(crate) fn peek(&self, sequence: u16) -> u64 {
        self.unwrapper.peek(sequence)
    }

    pub(crate) fn sender_report(&mut self, ntp: NtpTime, now: Instant) {
        self.sender_report = Some((ntp, now));
    }

    /// The block for the next receiver report, or `None` if nothing came yet.
    pub(crate) fn report(&mut self, ssrc: u32, now: Instant) -> Option<ReportBlock> {
        let (first, highest) = (self.first?, self.highest()?);
        let expected = highest.saturating_sub(first) + 1;
        let new_expected = expected - self.at_last_report.expected.min(expected);
        let new_received = self.received - self.at_last_report.received;
        let lost = new_expected.saturating_sub(new_received);
        self.at_last_report = Counts { expected, received: self.received };
        let (last_sender_report, delay_since) = self.sender_report.map_or((0, 0), |(ntp, at)| {
            let delay = now.saturating_duration_since(at).as_secs_f64() * 65_536.0;
            (ntp.middle(), delay as u32)
        });
        Some(ReportBlock {
            ssrc,
            fraction_lost: (lost * 256 / new_expected.max(1)).min(255) as u8,
            cumulative_lost: (expected as i64 - self.received as i64) as i32,
            highest_sequence: highest as u32,
            jitter: self.jitter as u32,
            last_sender_report,
            delay_since,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use kreide_sfu_testkit::t0;

    #[test]
    fn reports_loss_since_the_last_report() {
        let mut receiver = Receiver::default();
        let mut now = t0();
        assert_eq!(receiver.report(1, now), None);
        for sequence in [65534, 65535, 1, 2] {
            now += Duration::from_millis(20);
            receiver.arrived(sequence, u32::from(sequence) * 960, 48_000, now);
        }
        let report = receiver.report(7, now).unwrap();
        assert_eq!((report.ssrc, report.fraction_lost, report.cumulative_lost), (7, 51, 1));
        assert_eq!(report.highest_sequence & 0xffff, 2);
        assert_eq!(receiver.report(7, now).unwrap().fraction_lost, 0);
    }

    #[test]
    fn jitter_is_zero_for_an_even_stream() {
        let mut receiver = Receiver::default();
        for i in 0..100u32 {
            let now = t0() + Duration::from_millis(20) * i;
            receiver.arrived(i as u16, i * 960, 48_000, now);
        }
        assert_eq!(receiver.report(1, t0()).unwrap().jitter, 0);
    }
}
