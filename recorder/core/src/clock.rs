//! Where on the timeline something happened.
//!
//! One unit serves all: ticks of 48 kHz from the beginning, negative before it. A sound sample is
//! one tick, a millisecond is 48. Invariant: a capture time that cannot be true is not believed,
//! so that a sender with a wrong clock is heard late instead of never.

use std::time::{Duration, Instant};

use kreide_media::clock::NtpTime;

/// Samples of 48 kHz since the beginning of the recording.
pub(crate) type Ticks = i64;

/// Ticks in a millisecond.
pub(crate) const TICKS_PER_MS: Ticks = 48;

const TICKS_PER_SECOND: i128 = 48_000;

/// A duration in ticks, rounded down.
pub(crate) const fn ticks(duration: Duration) -> Ticks {
    (duration.as_nanos() as i128 * TICKS_PER_SECOND / 1_000_000_000) as Ticks
}

/// Ticks as a duration; nothing for what is before the beginning.
pub(crate) fn duration(ticks: Ticks) -> Duration {
    Duration::from_nanos(u64::try_from(i128::from(ticks) * 62_500 / 3).unwrap_or(0))
}

/// When a packet's content happened, and how well that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The sender said when it was captured.
    Captured(Ticks),
    /// Only the arrival is known.
    Arrived(Ticks),
}

impl Place {
    pub(crate) fn at(self) -> Ticks {
        match self {
            Self::Captured(at) | Self::Arrived(at) => at,
        }
    }
}

/// Maps moments and capture times onto the timeline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoomClock {
    start: Instant,
    point: Option<(Ticks, NtpTime)>,
}

impl RoomClock {
    pub(crate) fn new(start: Instant) -> Self {
        Self { start, point: None }
    }

    /// The room's clock shows `ntp` at this moment.
    pub(crate) fn set(&mut self, at: Instant, ntp: NtpTime) {
        self.point = Some((self.ticks(at), ntp));
    }

    pub(crate) fn ticks(&self, at: Instant) -> Ticks {
        match at.checked_duration_since(self.start) {
            Some(after) => ticks(after),
            None => -ticks(self.start.duration_since(at)),
        }
    }

    /// Where a packet belongs that came at `arrival` and says that it was captured at `capture`.
    pub(crate) fn place(&self, arrival: Instant, capture: Option<NtpTime>) -> Place {
        let arrived = self.ticks(arrival);
        let Some(captured) = capture.and_then(|capture| self.captured(capture)) else {
            return Place::Arrived(arrived);
        };
        match arrived - captured {
            ..LEAST_DELAY => Place::Arrived(arrived),
            LEAST_DELAY..=MOST_DELAY => Place::Captured(captured),
            _ => Place::Arrived(arrived - MOST_DELAY),
        }
    }

    fn captured(&self, capture: NtpTime) -> Option<Ticks> {
        let (at, ntp) = self.point?;
        let since = i128::from(capture.since(ntp)) * TICKS_PER_SECOND;
        Some(at + ((since + HALF) >> 32) as Ticks)
    }
}

/// Half a tick in 32.32 fixed point, to round to the nearest.
const HALF: i128 = 1 << 31;
/// Captured a little after its arrival is an error of estimation; more is a wrong clock.
const LEAST_DELAY: Ticks = -ticks(Duration::from_millis(100));
/// What takes longer from the microphone to the server is a line too slow or a wrong clock. It is
/// placed as if it had taken this long: less than [`crate::HOLD`], so that it is not lost.
const MOST_DELAY: Ticks = ticks(Duration::from_millis(450));

#[cfg(test)]
mod tests {
    use kreide_sfu_testkit::t0;

    use super::*;

    #[test]
    fn capture_times_are_believed_within_reason() {
        let ms = Duration::from_millis;
        let noon = NtpTime(3_900_000_000 << 32);
        let mut clock = RoomClock::new(t0() + ms(1_000));
        assert_eq!(clock.place(t0(), Some(noon)), Place::Arrived(-48_000));
        clock.set(t0(), noon);
        for (arrival, capture, place) in [
            (1_500, Some(1_450), Place::Captured(450 * 48)),
            (1_500, Some(1_060), Place::Captured(60 * 48)),
            (1_500, Some(900), Place::Arrived(50 * 48)),
            (1_500, Some(1_590), Place::Captured(590 * 48)),
            (1_500, Some(9_000), Place::Arrived(500 * 48)),
            (1_500, None, Place::Arrived(500 * 48)),
            (1_020, Some(970), Place::Captured(-30 * 48)),
        ] {
            let found = clock.place(t0() + ms(arrival), capture.map(|at| noon.plus(ms(at))));
            assert_eq!(found, place, "{arrival} {capture:?}");
        }
    }

    #[test]
    fn no_capture_time_is_too_wild() {
        let mut clock = RoomClock::new(t0());
        clock.set(t0(), NtpTime(0));
        for wild in [0, 1, u64::MAX, u64::MAX / 2, u64::MAX / 2 + 1] {
            let place = clock.place(t0() + Duration::from_secs(9), Some(NtpTime(wild)));
            assert!((8 * 48_000..=9 * 48_000).contains(&place.at()), "{wild}");
        }
    }

    #[test]
    fn ticks_and_durations_agree() {
        for ms in [0, 20, 1_000, 86_400_000] {
            assert_eq!(duration(ticks(Duration::from_millis(ms))), Duration::from_millis(ms));
        }
        assert_eq!(duration(-1), Duration::ZERO);
    }
}
