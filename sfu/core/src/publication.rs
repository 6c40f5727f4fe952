//! One thing that a member sends, with its layers.

use std::time::{Duration, Instant};

use kreide_control::SourceKind;

use crate::MemberKey;
use crate::burst::Burst;
use crate::history::History;
use crate::keyframes::KeyframeRequests;
use crate::layers::LayerState;
use crate::member::PublishLine;
use crate::nack::Missing;
use crate::receiver::Receiver;
use crate::relay::PartId;
use crate::rewriter::StreamId;
use crate::stream_clock::StreamClock;

/// A viewer's slot that shows or plays this publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subscriber {
    pub(crate) viewer: MemberKey,
    pub(crate) slot: u8,
}

#[derive(Debug)]
pub(crate) struct Publication {
    pub(crate) line: PublishLine,
    /// From the smallest simulcast layer to the largest; audio has one.
    pub(crate) layers: Vec<Layer>,
    pub(crate) subscribers: Vec<Subscriber>,
    /// Other parts of the room that want it.
    pub(crate) demands: Vec<Demand>,
    /// Of another part's publication: the layers that we asked for, as bits.
    pub(crate) asked: u8,
    /// Whether each layer flowed, and its height, at the last look.
    pub(crate) told_layers: Vec<(bool, Option<u16>)>,
    /// Packets come, and they are allowed to.
    pub(crate) flowing: bool,
}

/// What another part of the room wants of a publication.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    pub(crate) part: PartId,
    /// Somebody there may receive it.
    allowed: bool,
    /// Bit n stands for layer n.
    layers: u8,
    /// How many bursts of each layer it was given.
    numbers: [u32; 8],
}

impl Demand {
    /// The number of the next burst of a layer, or nothing if it is not wanted or not allowed.
    pub(crate) fn next(&mut self, layer: usize) -> Option<u32> {
        let wanted = layer < self.numbers.len() && self.layers & (1 << layer) != 0;
        let number = wanted.then(|| {
            self.numbers[layer] = self.numbers[layer].wrapping_add(1);
            self.numbers[layer]
        });
        // It is counted all the same: a part that wanted it knows that it misses something.
        number.filter(|_| self.allowed)
    }
}

/// Where a layer of another part is: its stream there, and the burst that came last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) stream: u64,
    pub(crate) number: u32,
}

/// One incoming encoding.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) stream: StreamId,
    pub(crate) ssrc: Option<u32>,
    pub(crate) receiver: Receiver,
    pub(crate) missing: Missing,
    pub(crate) history: History,
    pub(crate) burst: Burst,
    pub(crate) keyframes: KeyframeRequests,
    pub(crate) clock: StreamClock,
    pub(crate) height: Option<u16>,
    pub(crate) last_packet: Option<Instant>,
    /// Of another part's layer: whether that part sees packets of it.
    pub(crate) told_flowing: Option<bool>,
    pub(crate) origin: Option<Origin>,
}

impl Layer {
    pub(crate) fn new(stream: StreamId, audio: bool) -> Self {
        Self {
            stream,
            ssrc: None,
            receiver: Receiver::default(),
            missing: Missing::default(),
            history: if audio { History::of_sound() } else { History::of_pictures() },
            burst: Burst::default(),
            keyframes: KeyframeRequests::default(),
            clock: StreamClock::default(),
            height: None,
            last_packet: None,
            told_flowing: None,
            origin: None,
        }
    }

    pub(crate) fn is_flowing(&self, now: Instant) -> bool {
        let heard = || self.last_packet.is_some_and(|at| now < at + LAYER_SILENCE);
        self.told_flowing.unwrap_or_else(heard)
    }
}

impl Publication {
    pub(crate) fn kind(&self) -> SourceKind {
        self.line.kind
    }

    pub(crate) fn is_video(&self) -> bool {
        !self.line.is_audio()
    }

    /// What the layer choice must know.
    pub(crate) fn layer_states(&self, now: Instant) -> Vec<LayerState> {
        self.layers
            .iter()
            .map(|layer| LayerState { flowing: layer.is_flowing(now), height: layer.height })
            .collect()
    }

    pub(crate) fn layer_of_stream(&self, stream: StreamId) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.stream == stream)
    }

    /// Looks at the layers; returns whether something changed since the last look.
    pub(crate) fn look_at_layers(&mut self, now: Instant) -> bool {
        let told = self.layers.iter().map(|layer| (layer.is_flowing(now), layer.height));
        let changed = !told.clone().eq(self.told_layers.iter().copied());
        if changed {
            self.told_layers = told.collect();
        }
        changed
    }

    /// Notes which layers another part wants from now on.
    pub(crate) fn set_demand(&mut self, part: PartId, layers: u8, allowed: bool) {
        match self.demands.iter_mut().find(|demand| demand.part == part) {
            Some(demand) => (demand.layers, demand.allowed) = (layers, allowed),
            None => self.demands.push(Demand { part, layers, allowed, numbers: [0; 8] }),
        }
    }

    /// Notes which parts may have it from now on.
    pub(crate) fn allow_demands(&mut self, allowed: impl Fn(PartId) -> bool) {
        for demand in &mut self.demands {
            demand.allowed = allowed(demand.part);
        }
    }

    /// Forgets what is not forwarded yet. Parts that wanted it know that they miss something.
    pub(crate) fn drop_bursts(&mut self) {
        for (index, layer) in self.layers.iter_mut().enumerate() {
            if layer.burst.clear() {
                for demand in &mut self.demands {
                    demand.next(index);
                }
            }
        }
    }

    pub(crate) fn unsubscribe(&mut self, subscriber: Subscriber) {
        self.subscribers.retain(|s| *s != subscriber);
    }
}

/// A layer without packets for this long is not chosen for anybody new.
const LAYER_SILENCE: Duration = Duration::from_millis(1_500);
