//! Transport-wide feedback to the server: when each of its packets arrived
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).
//!
//! Invariant: bounded: what is not reported in time counts as lost.

use std::collections::VecDeque;

use kreide_media::rtcp::{Arrivals, write_transport_feedback};
use kreide_media::seq::Unwrapper;

use crate::clock;
use std::time::Instant;

#[derive(Debug, Default)]
pub(crate) struct TransportFeedback {
    unwrapper: Unwrapper,
    /// Number of the first entry.
    base: u64,
    /// Arrivals in units of 250 us.
    times: VecDeque<Option<i64>>,
    count: u8,
    media: u32,
}

impl TransportFeedback {
    /// A packet with this transport-wide number arrived.
    pub(crate) fn arrived(&mut self, sequence: u16, media: u32, now: Instant) {
        let number = self.unwrapper.extend(sequence);
        self.media = media;
        if self.times.is_empty() || number >= self.base + MOST {
            self.times.clear();
            self.base = number;
        }
        let Some(place) = number.checked_sub(self.base) else { return };
        let place = place as usize;
        if self.times.len() <= place {
            self.times.resize(place + 1, None);
        }
        self.times[place] = Some((clock::unix_micros(now) / 250) as i64);
    }

    /// Appends feedback on everything since the last one.
    pub(crate) fn write(&mut self, sender: u32, out: &mut Vec<u8>) {
        while let Some(first) = self.times.iter().position(Option::is_some) {
            self.times.drain(..first);
            self.base += first as u64;
            let arrivals = Arrivals {
                base: self.base as u16,
                feedback_count: self.count,
                times: self.times.make_contiguous(),
            };
            let covered = write_transport_feedback(out, sender, self.media, &arrivals);
            self.count = self.count.wrapping_add(1);
            self.times.drain(..covered.max(1));
            self.base += covered.max(1) as u64;
        }
        self.times.clear();
    }
}

/// Packets between two reports; what a viewer of 30 cameras gets in a quarter of a second.
const MOST: u64 = 2_000;

#[cfg(test)]
mod tests {
    use kreide_media::rtcp::{Rtcp, walk};

    use super::*;

    #[test]
    fn reports_each_packet_once() {
        let (mut feedback, now) = (TransportFeedback::default(), Instant::now());
        for sequence in [65_535, 0, 2] {
            feedback.arrived(sequence, 7, now);
        }
        let mut out = Vec::new();
        feedback.write(1, &mut out);
        assert_eq!(out[12..16], [0xff, 0xff, 0, 4], "base and count");
        assert!(matches!(walk(&out).next(), Some(Rtcp::TransportFeedback(_))));
        let length = out.len();
        feedback.write(1, &mut out);
        assert_eq!(out.len(), length);
        feedback.arrived(3, 7, now);
        feedback.write(1, &mut out);
        assert_eq!(out[length + 12..length + 16], [0, 3, 0, 1]);
    }

    #[test]
    fn a_jump_begins_anew() {
        let (mut feedback, now) = (TransportFeedback::default(), Instant::now());
        feedback.arrived(1, 7, now);
        feedback.arrived(20_000, 7, now);
        assert_eq!(feedback.times.len(), 1);
    }
}
