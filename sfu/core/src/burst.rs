//! Packets of one layer that came together and are forwarded together: to each viewer as one
//! batch, which the kernel takes in one call.
//!
//! A burst is over with its frame, when it is full, or after a bounded time; sound never waits.
//! Packets of a frame differ by a byte or two, and the kernel wants equal ones, so the smaller
//! ones are padded: a few bytes are cheaper than a call.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use kreide_media::extension::AudioLevel;

use crate::MemberKey;
use crate::outbox::BATCH;

/// A packet that is to be forwarded; the rest of it is in its layer's history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub(crate) sequence: u64,
    /// A decoder can begin here.
    pub(crate) entry_point: bool,
    pub(crate) audio_level: Option<AudioLevel>,
    /// Bytes behind the codec's descriptor, which is written anew for every viewer.
    pub(crate) size: usize,
    /// Bytes of padding that make it as long as its neighbours.
    pub(crate) padding: u8,
}

/// Where a layer is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LayerKey {
    pub(crate) member: MemberKey,
    pub(crate) publication: usize,
    pub(crate) layer: usize,
}

/// What a layer has to forward.
#[derive(Debug, Default)]
pub(crate) struct Burst {
    packets: Vec<Waiting>,
    /// It stands in the list of those that are due.
    due: bool,
}

/// What may be the last packet of a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// It is sound, late, or the end of a frame.
    Now,
    /// More of its frame will follow.
    Later,
}

impl Burst {
    /// Forgets what is not forwarded yet. Returns whether there was something.
    pub(crate) fn clear(&mut self) -> bool {
        let something = !self.packets.is_empty();
        self.packets.clear();
        something
    }
}

/// All bursts of a room, and the one that is being forwarded.
#[derive(Debug)]
pub(crate) struct Bursts {
    window: Duration,
    open: VecDeque<(Instant, LayerKey)>,
    due: VecDeque<LayerKey>,
    current: Option<Current>,
    /// Packets of the current one.
    packets: Vec<Waiting>,
}

/// A burst on its way to the subscribers.
#[derive(Clone, Copy, Debug)]
struct Current {
    key: LayerKey,
    /// Whose turn it is, among the publication's subscribers.
    next: usize,
}

impl Bursts {
    /// Keeps a burst open for `window` at most.
    pub(crate) fn new(window: Duration) -> Self {
        Self {
            window,
            open: VecDeque::new(),
            due: VecDeque::new(),
            current: None,
            packets: Vec::new(),
        }
    }

    /// When the oldest open burst is over.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.open.front().map(|(until, _)| *until)
    }

    /// Adds a packet to its layer's burst.
    pub(crate) fn add(
        &mut self,
        burst: &mut Burst,
        key: LayerKey,
        packet: Waiting,
        ends: Ends,
        now: Instant,
    ) {
        let first = burst.packets.is_empty();
        burst.packets.push(packet);
        if burst.due {
            return;
        }
        if ends == Ends::Now || self.window.is_zero() || burst.packets.len() >= BATCH {
            burst.due = true;
            self.due.push_back(key);
            // Nobody need wake for it any more. Few are open at a time.
            if let Some(place) = self.open.iter().position(|(_, open)| *open == key) {
                self.open.remove(place);
            }
        } else if first {
            self.open.push_back((now + self.window, key));
        }
    }

    /// The next open burst whose time is over.
    pub(crate) fn expired(&mut self, now: Instant) -> Option<LayerKey> {
        self.open.pop_front_if(|(until, _)| *until <= now).map(|(_, key)| key)
    }

    /// Ends an open burst, unless nothing is in it.
    pub(crate) fn end(&mut self, burst: &mut Burst, key: LayerKey) {
        if !burst.due && !burst.packets.is_empty() {
            burst.due = true;
            self.due.push_back(key);
        }
    }

    /// The layer whose burst is being forwarded, or the next one that should be.
    pub(crate) fn layer(&self) -> Option<LayerKey> {
        self.current.map(|current| current.key).or_else(|| self.due.front().copied())
    }

    /// Packets of the burst that is being forwarded.
    pub(crate) fn packets(&self) -> &[Waiting] {
        &self.packets
    }

    /// Forgets what is being forwarded, if it is a member's.
    pub(crate) fn forget(&mut self, member: MemberKey) {
        if self.current.is_some_and(|current| current.key.member == member) {
            self.packets.clear();
        }
    }

    /// Whose turn it is among the subscribers. `burst` is that of [`Self::layer`].
    pub(crate) fn turn(&mut self, burst: &mut Burst) -> usize {
        if self.current.is_none()
            && let Some(key) = self.due.pop_front()
        {
            self.current = Some(Current { key, next: 0 });
            // The two lists change places, so that neither is ever made anew.
            self.packets.clear();
            std::mem::swap(&mut self.packets, &mut burst.packets);
            burst.due = false;
            equalize(&mut self.packets);
        }
        self.current.as_mut().map_or(usize::MAX, |current| {
            current.next += 1;
            current.next - 1
        })
    }

    /// Everybody has got the current burst, or its layer is gone.
    pub(crate) fn done(&mut self) {
        if self.current.take().is_none() {
            self.due.pop_front();
        }
    }
}

/// Pads neighbours that differ a little to the length of the longest.
fn equalize(packets: &mut [Waiting]) {
    let mut rest = packets;
    while let Some(first) = rest.first() {
        let (mut least, mut most) = (first.size, first.size);
        let alike = rest.iter().take_while(|packet| {
            let (low, high) = (least.min(packet.size), most.max(packet.size));
            let fits = high - low <= MOST_PADDING;
            if fits {
                (least, most) = (low, high);
            }
            fits
        });
        let (run, others) = rest.split_at_mut(alike.count());
        for packet in run {
            packet.padding = (most - packet.size) as u8;
        }
        rest = others;
    }
}

/// Chromium and Firefox split a frame into parts that differ by a byte.
const MOST_PADDING: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use kreide_sfu_testkit::t0;

    fn waiting(sequence: u64, size: usize) -> Waiting {
        Waiting { sequence, entry_point: false, audio_level: None, size, padding: 0 }
    }

    fn key(layer: usize) -> LayerKey {
        LayerKey { member: MemberKey(1), publication: 0, layer }
    }

    fn sequences(bursts: &mut Bursts, burst: &mut Burst) -> Vec<u64> {
        bursts.turn(burst);
        bursts.packets().iter().map(|packet| packet.sequence).collect()
    }

    #[test]
    fn parts_of_a_frame_become_equally_long() {
        let check = |sizes: &[usize], expected: &[usize]| {
            let mut packets: Vec<_> = sizes.iter().map(|size| waiting(0, *size)).collect();
            equalize(&mut packets);
            let padded = packets.iter().map(|packet| packet.size + usize::from(packet.padding));
            assert_eq!(padded.collect::<Vec<_>>(), expected, "{sizes:?}");
        };
        check(&[], &[]);
        check(&[900], &[900]);
        check(&[676, 677, 677], &[677, 677, 677]);
        check(&[677, 676, 673], &[677, 677, 677]);
        check(&[677, 676, 672], &[677, 677, 672]);
        check(&[1_100, 1_101, 400, 401], &[1_101, 1_101, 401, 401]);
        check(&[100, 103, 106], &[103, 103, 106]);
    }

    #[test]
    fn a_burst_ends_with_its_frame_or_its_time_or_when_it_is_full() {
        let ms = Duration::from_millis;
        let mut bursts = Bursts::new(ms(2));
        let mut burst = Burst::default();
        bursts.add(&mut burst, key(0), waiting(1, 9), Ends::Later, t0());
        assert_eq!((bursts.layer(), bursts.deadline()), (None, Some(t0() + ms(2))));
        bursts.add(&mut burst, key(0), waiting(2, 9), Ends::Now, t0() + ms(1));
        assert_eq!(bursts.layer(), Some(key(0)));
        assert_eq!(bursts.deadline(), None, "nobody need wake for it");
        assert_eq!(sequences(&mut bursts, &mut burst), [1, 2]);
        bursts.done();

        bursts.add(&mut burst, key(0), waiting(3, 9), Ends::Later, t0() + ms(2));
        assert_eq!(bursts.expired(t0() + ms(4)), Some(key(0)));
        bursts.end(&mut burst, key(0));
        assert_eq!(sequences(&mut bursts, &mut burst), [3]);
        bursts.done();
        bursts.end(&mut burst, key(0));
        assert_eq!(bursts.layer(), None, "nothing is in it");

        for sequence in 0..BATCH as u64 {
            assert_eq!(bursts.layer(), None);
            bursts.add(&mut burst, key(1), waiting(sequence, 9), Ends::Later, t0() + ms(9));
        }
        assert_eq!(bursts.layer(), Some(key(1)));
    }

    #[test]
    fn who_is_forgotten_in_the_middle_of_a_burst_sends_no_more_of_it() {
        let mut bursts = Bursts::new(Duration::ZERO);
        let mut burst = Burst::default();
        bursts.add(&mut burst, key(0), waiting(1, 9), Ends::Now, t0());
        bursts.turn(&mut burst);
        bursts.forget(MemberKey(2));
        assert_eq!(bursts.packets().len(), 1, "it is somebody else's");
        bursts.forget(MemberKey(1));
        assert!(bursts.packets().is_empty());
        assert!(!burst.clear(), "nothing waits");
    }

    #[test]
    fn all_have_their_turn_before_the_next_burst() {
        let mut bursts = Bursts::new(Duration::ZERO);
        let (mut one, mut two) = (Burst::default(), Burst::default());
        bursts.add(&mut one, key(0), waiting(1, 9), Ends::Later, t0());
        bursts.add(&mut two, key(1), waiting(5, 9), Ends::Later, t0());
        for turn in 0..3 {
            assert_eq!(bursts.layer(), Some(key(0)));
            assert_eq!(bursts.turn(&mut one), turn);
            bursts.add(&mut one, key(0), waiting(2, 9), Ends::Later, t0());
        }
        bursts.done();
        assert_eq!(bursts.layer(), Some(key(1)));
        two.clear();
        assert!(sequences(&mut bursts, &mut two).is_empty());
        bursts.done();
        assert_eq!(bursts.layer(), Some(key(0)));
        assert_eq!(sequences(&mut bursts, &mut one), [2, 2, 2]);
    }
}
