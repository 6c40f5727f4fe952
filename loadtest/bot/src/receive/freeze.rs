//! Freezes as WebRTC counts them (W3C webrtc-stats, `freezeCount`): a picture stays for at least
//! three times the average of the last 30, or 150 ms longer than it, whichever is more.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub(crate) struct Freezes {
    last: Option<Instant>,
    gaps: VecDeque<Duration>,
    pub(crate) count: u64,
    pub(crate) total: Duration,
    pub(crate) longest_gap: Duration,
}

impl Freezes {
    /// A picture is shown. Returns the time since the one before.
    pub(crate) fn frame(&mut self, now: Instant) -> Option<Duration> {
        let gap = now.saturating_duration_since(self.last.replace(now)?);
        self.longest_gap = self.longest_gap.max(gap);
        self.judge(gap);
        if self.gaps.len() == FRAMES {
            self.gaps.pop_front();
        }
        self.gaps.push_back(gap);
        Some(gap)
    }

    /// The source ended: its last picture does not freeze.
    pub(crate) fn ended(&mut self) {
        self.last = None;
        self.gaps.clear();
    }

    /// Judges the picture that stands now.
    pub(crate) fn close(&mut self, now: Instant) {
        if let Some(last) = self.last.take() {
            let gap = now.saturating_duration_since(last);
            self.longest_gap = self.longest_gap.max(gap);
            self.judge(gap);
        }
    }

    /// Counts anew; the average goes on.
    pub(crate) fn mark(&mut self) {
        (self.count, self.total, self.longest_gap) = (0, Duration::ZERO, Duration::ZERO);
    }

    fn judge(&mut self, gap: Duration) {
        let Some(average) = self.average() else { return };
        if gap >= (average * 3).max(average + LONGER) {
            self.count += 1;
            self.total += gap;
        }
    }

    fn average(&self) -> Option<Duration> {
        let count = u32::try_from(self.gaps.len()).ok().filter(|count| *count > 0)?;
        Some(self.gaps.iter().sum::<Duration>() / count)
    }
}

const FRAMES: usize = 30;
const LONGER: Duration = Duration::from_millis(150);

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays pictures with these gaps in ms; returns the count and the ms frozen.
    fn frozen(gaps: &[u64]) -> (u64, u64) {
        let mut freezes = Freezes::default();
        let mut now = Instant::now();
        freezes.frame(now);
        for gap in gaps {
            now += Duration::from_millis(*gap);
            freezes.frame(now);
        }
        (freezes.count, freezes.total.as_millis() as u64)
    }

    #[test]
    fn the_definition() {
        let steady = [33; 30];
        for (gap, expected) in [(33, (0, 0)), (182, (0, 0)), (184, (1, 184)), (2_000, (1, 2_000))] {
            assert_eq!(frozen(&[&steady[..], &[gap]].concat()), expected, "{gap}");
        }
        // Of slow pictures three times the average counts.
        assert_eq!(frozen(&[&[500; 30][..], &[1_499]].concat()), (0, 0));
        assert_eq!(frozen(&[&[500; 30][..], &[1_500]].concat()), (1, 1_500));
        assert_eq!(frozen(&[]), (0, 0));
    }

    #[test]
    fn an_ended_source_is_not_frozen_but_a_standing_one_is() {
        let mut freezes = Freezes::default();
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        for n in 0..40 {
            freezes.frame(at(n * 33));
        }
        freezes.ended();
        freezes.frame(at(9_000));
        assert_eq!(freezes.count, 0);
        freezes.frame(at(9_033));
        freezes.close(at(9_500));
        assert_eq!((freezes.count, freezes.total.as_millis()), (1, 467));
        freezes.close(at(20_000));
        assert_eq!(freezes.count, 1);
    }
}
