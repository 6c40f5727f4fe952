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
    /// Packets come, and they are allowed to.
    pub(crate) flowing: bool,
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
        }
    }

    pub(crate) fn is_flowing(&self, now: Instant) -> bool {
        self.last_packet.is_some_and(|at| now < at + LAYER_SILENCE)
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

    pub(crate) fn unsubscribe(&mut self, subscriber: Subscriber) {
        self.subscribers.retain(|s| *s != subscriber);
    }
}

/// A layer without packets for this long is not chosen for anybody new.
const LAYER_SILENCE: Duration = Duration::from_millis(1_500);
