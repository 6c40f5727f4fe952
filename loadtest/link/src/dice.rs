//! Chance: what happens to the n-th packet.
//!
//! Invariant: every packet takes the same number of draws whatever the conditions are, so its fate
//! depends on the seed and its number alone, and a change of one condition moves no other draw.
//! Left out on purpose: a secure generator. PCG's stream is fixed by its name, in every version.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::{RngCore, SeedableRng};

use crate::conditions::{Bursts, Conditions, Loss};
use crate::units::Percent;

/// The draws of one direction.
pub(crate) struct Dice {
    random: Pcg64,
    channel: Channel,
}

/// State of a Gilbert-Elliott channel.
#[derive(Clone, Copy, PartialEq)]
enum Channel {
    Good,
    Bad,
}

/// What was drawn for one packet.
pub(crate) struct Fate {
    pub(crate) lost: bool,
    pub(crate) doubled: bool,
    /// Chooses the bit to flip.
    pub(crate) damaged: Option<u64>,
    /// -1 to 1, in units of the jitter.
    pub(crate) jitter: f64,
    pub(crate) late: bool,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Pcg64::seed_from_u64(seed), channel: Channel::Good }
    }

    /// Draws for the next packet.
    pub(crate) fn roll(&mut self, conditions: &Conditions) -> Fate {
        let [turn, loss, double, damage, bit, jitter, late] =
            std::array::from_fn(|_| self.random.next_u64());
        Fate {
            lost: self.loses(conditions.loss, turn, loss),
            doubled: hits(double, conditions.duplicate_percent),
            damaged: hits(damage, conditions.corrupt_percent).then_some(bit),
            jitter: unit(jitter) * 2.0 - 1.0,
            late: conditions.late.is_some_and(|of| hits(late, of.percent)),
        }
    }

    fn loses(&mut self, loss: Loss, turn: u64, roll: u64) -> bool {
        match loss {
            Loss::None => false,
            Loss::Random(share) => hits(roll, share),
            Loss::Bursts(bursts) => {
                self.channel = self.channel.turned(&bursts, turn);
                hits(roll, self.channel.lost(&bursts))
            }
        }
    }
}

impl Channel {
    fn turned(self, bursts: &Bursts, turn: u64) -> Self {
        match self {
            Self::Good if hits(turn, bursts.enter_percent) => Self::Bad,
            Self::Bad if hits(turn, bursts.leave_percent) => Self::Good,
            same => same,
        }
    }

    fn lost(self, bursts: &Bursts) -> Percent {
        match self {
            Self::Good => bursts.lost_outside_percent,
            Self::Bad => bursts.lost_inside_percent,
        }
    }
}

fn hits(roll: u64, share: Percent) -> bool {
    unit(roll) < share.probability()
}

/// The upper 53 bits, which an f64 holds, as a number from 0 to below 1.
fn unit(roll: u64) -> f64 {
    (roll >> 11) as f64 / (1_u64 << 53) as f64
}
