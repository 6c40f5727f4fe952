//! One thing that a bot sends, with its streams.

use std::time::{Duration, Instant};

use kreide_media::line::ExtensionIds;
use kreide_protocol::Kind;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::BotError;
use crate::clock;
use crate::sdp::{Line, SENDING};
use crate::send::{Camera, Encoder, Extras, Numbering, Outgoing, Voice};
use crate::stamp::Stamp;

pub(crate) struct Publication {
    kind: Kind,
    publisher: u32,
    encoding: Encoding,
    /// When the next packet or frame is due, while it is on.
    next: Option<Instant>,
}

enum Encoding {
    Sound {
        voice: Voice,
        stream: Outgoing,
    },
    /// Layers, smallest first.
    Picture {
        interval: Duration,
        layers: Vec<(Encoder, Outgoing)>,
    },
}

impl Publication {
    /// Everything that this participant can send. `ssrcs` are those that the offer names, with
    /// those of their repetitions; a source whose SSRC it names has one layer.
    pub(crate) fn all(
        publisher: u32,
        camera: &Camera,
        content: &Camera,
        lines: &[Line],
        ssrcs: [Option<(u32, u32)>; 4],
    ) -> Result<Vec<Self>, BotError> {
        let mut all = Vec::new();
        for ((kind, line), ssrcs) in SENDING.into_iter().zip(lines).zip(ssrcs) {
            if line.receiving {
                return Err(BotError::Answer("sending lines in their order"));
            }
            let encoding = match kind {
                Kind::Microphone | Kind::ContentAudio => Encoding::sound(line, ssrcs),
                Kind::Camera => Encoding::picture(camera, line, ssrcs),
                Kind::Content => Encoding::picture(content, line, ssrcs),
            };
            all.push(Self { kind, publisher, encoding, next: None });
        }
        Ok(all)
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn ssrc(&self) -> u32 {
        match &self.encoding {
            Encoding::Sound { stream, .. } => stream.numbering.ssrc,
            Encoding::Picture { layers, .. } => {
                layers.first().map_or(1, |(_, stream)| stream.numbering.ssrc)
            }
        }
    }

    pub(crate) fn switch(&mut self, on: bool, now: Instant) {
        if let (true, Encoding::Picture { layers, .. }) = (on, &mut self.encoding) {
            layers.iter_mut().for_each(|(encoder, _)| encoder.want_keyframe());
        }
        // Cameras of many people do not fire at the same moment.
        let phase = self.interval().mul_f64(rand::rng().random());
        self.next = on.then(|| now + phase);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.next
    }

    /// The packets that are due. `number` gives transport-wide numbers.
    pub(crate) fn packets(
        &mut self,
        now: Instant,
        number: &mut impl FnMut() -> u16,
    ) -> Vec<Vec<u8>> {
        let interval = self.interval();
        // Whoever was held up by more than a frame leaves frames out, as an encoder does.
        let behind = |next: Instant| now.saturating_duration_since(next) > interval;
        self.next = self.next.map(|due| if behind(due) { now } else { due } + interval);
        let captured = clock::unix_micros(now);
        let stamp = Stamp { publisher: self.publisher, kind: self.kind, layer: 0, captured };
        match &mut self.encoding {
            Encoding::Sound { voice, stream } => {
                let (payload, level) = voice.packet(&stamp);
                let extras = Extras { transport_sequence: number(), level: Some(level) };
                vec![stream.packet(stream.timestamp(now), false, payload, extras, now)]
            }
            Encoding::Picture { layers, .. } => layers
                .iter_mut()
                .enumerate()
                .flat_map(|(layer, (encoder, stream))| {
                    let timestamp = stream.timestamp(now);
                    let payloads = encoder.frame(&Stamp { layer: layer as u8, ..stamp });
                    let last = payloads.len() - 1;
                    let packets: Vec<_> = payloads
                        .into_iter()
                        .enumerate()
                        .map(|(place, payload)| {
                            let extras = Extras { transport_sequence: number(), level: None };
                            stream.packet(timestamp, place == last, payload, extras, now)
                        })
                        .collect();
                    packets
                })
                .collect(),
        }
    }

    /// A packet again, if it is one of this publication's.
    pub(crate) fn again(
        &mut self,
        media: u32,
        number: u16,
        extras: Extras,
        now: Instant,
    ) -> Option<Vec<u8>> {
        let Encoding::Picture { layers, .. } = &mut self.encoding else { return None };
        let (_, stream) = layers.iter_mut().find(|(_, s)| s.numbering.ssrc == media)?;
        stream.again(number, extras, now)
    }

    /// Makes the next frame a keyframe, if the stream is one of this publication's.
    pub(crate) fn want_keyframe(&mut self, media: u32) -> bool {
        let Encoding::Picture { layers, .. } = &mut self.encoding else { return false };
        let found = layers.iter_mut().find(|(_, stream)| stream.numbering.ssrc == media);
        found.map(|(encoder, _)| encoder.want_keyframe()).is_some()
    }

    /// Appends the sender reports of all streams.
    pub(crate) fn report(&self, now: Instant, out: &mut Vec<u8>) {
        if self.next.is_none() {
            return;
        }
        match &self.encoding {
            Encoding::Sound { stream, .. } => stream.report(now, out),
            Encoding::Picture { layers, .. } => {
                layers.iter().for_each(|(_, stream)| stream.report(now, out));
            }
        }
    }

    fn interval(&self) -> Duration {
        match &self.encoding {
            Encoding::Sound { .. } => PACKET,
            Encoding::Picture { interval, .. } => *interval,
        }
    }
}

impl Encoding {
    fn sound(line: &Line, ssrcs: Option<(u32, u32)>) -> Self {
        let random = &mut rand::rng();
        let voice = Voice::new(SmallRng::from_rng(random));
        let ssrcs = ssrcs.unwrap_or_else(|| (random.random(), random.random()));
        let numbering = numbering(line, None, ssrcs, 48_000);
        Self::Sound { voice, stream: Outgoing::new(numbering, random.random()) }
    }

    fn picture(camera: &Camera, line: &Line, ssrcs: Option<(u32, u32)>) -> Self {
        let random = &mut rand::rng();
        let layers = camera
            .layers
            .iter()
            .filter(|layer| layer.rid.is_empty() || line.rids.iter().any(|rid| rid == layer.rid))
            .map(|layer| {
                let fps = camera.frames_per_second;
                let encoder = Encoder::new(*layer, fps, SmallRng::from_rng(random));
                let ssrcs = ssrcs.unwrap_or_else(|| (random.random(), random.random()));
                let rid = (!layer.rid.is_empty()).then(|| layer.rid.to_owned());
                let numbering = numbering(line, rid, ssrcs, 90_000);
                (encoder, Outgoing::new(numbering, random.random()))
            })
            .collect();
        Self::Picture { interval: camera.interval(), layers }
    }
}

fn numbering(
    line: &Line,
    rid: Option<String>,
    (ssrc, rtx_ssrc): (u32, u32),
    clock_rate: u32,
) -> Numbering {
    let extensions: ExtensionIds = line.extensions;
    Numbering {
        mid: line.mid.clone(),
        rid,
        payload_type: line.payload_type,
        rtx_payload_type: line.rtx_payload_type,
        ssrc,
        rtx_ssrc,
        extensions,
        clock_rate,
    }
}

/// Opus packets of 20 ms.
const PACKET: Duration = Duration::from_millis(20);
