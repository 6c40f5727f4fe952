//! Transport-wide feedback to one sender: when each of its packets arrived, every
//! [`INTERVAL`], so that its congestion control can grow
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use kreide_media::rtcp::{Arrivals, write_transport_feedback};
use kreide_media::seq::Unwrapper;

/// How often feedback is sent; browsers use 50 to 250 ms.
pub(crate) const INTERVAL: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct TransportFeedback {
    origin: Instant,
    unwrapper: Unwrapper,
    base: u64,
    times: VecDeque<Option<i64>>,
    count: u8,
    media: u32,
}

impl TransportFeedback {
    pub(crate) fn new(origin: Instant) -> Self {
        let (unwrapper, times) = (Unwrapper::default(), VecDeque::new());
        Self { origin, unwrapper, base: 0, times, count: 0, media: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Notes a packet with this transport-wide sequence number.
    pub(crate) fn arrived(&mut self, sequence: u16, media: u32, now: Instant) {
        let extended = self.unwrapper.extend(sequence);
        self.media = media;
        let ticks = (now.saturating_duration_since(self.origin).as_micros() / 250) as i64;
        if self.times.is_empty() || extended >= self.base + MOST as u64 {
            self.times.clear();
            self.base = extended;
        }
        // A packet from before the last feedback: it was reported as lost and stays so.
        let Some(index) = extended.checked_sub(self.base).map(|index| index as usize) else {
            return;
        };
        if self.times.len() <= index {
            self.times.resize(index + 1, None);
        }
        self.times[index] = Some(ticks);
    }

    /// Appends the feedback packets for everything noted so far.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>, sender: u32) {
        while self.times.iter().any(Option::is_some) {
            while self.times.front() == Some(&None) {
                self.times.pop_front();
                self.base += 1;
            }
            let arrivals = Arrivals {
                base: self.base as u16,
                feedback_count: self.count,
                times: self.times.make_contiguous(),
            };
            let covered = write_transport_feedback(out, sender, self.media, &arrivals);
            self.count = self.count.wrapping_add(1);
            self.times.drain(..covered);
            self.base += covered as u64;
        }
        self.times.clear();
    }
}

/// Packets noted between two feedbacks: 10,000 a second.
const MOST: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use kreide_sfu_testkit::t0;

    fn ms(n: u64) -> Instant {
        t0() + Duration::from_millis(n)
    }

    #[test]
    fn covers_all_arrivals_with_holes_between() {
        let mut feedback = TransportFeedback::new(t0());
        for (sequence, at) in [(65535, 0), (1, 10), (0, 11)] {
            feedback.arrived(sequence, 7, ms(at));
        }
        let mut out = Vec::new();
        feedback.write(&mut out, 1);
        assert_eq!(out[12..16], [0xff, 0xff, 0, 3]);
        assert!(feedback.is_empty());
        feedback.arrived(3, 7, ms(50));
        out.clear();
        feedback.write(&mut out, 1);
        assert_eq!((&out[12..16], out[19]), (&[0, 3, 0, 1][..], 1));
    }

    #[test]
    fn a_jump_starts_anew() {
        let mut feedback = TransportFeedback::new(t0());
        feedback.arrived(0, 7, ms(0));
        feedback.arrived(20_000, 7, ms(1));
        assert_eq!(feedback.times.len(), 1);
    }
}
