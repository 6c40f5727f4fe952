//! The peer connection: what it offers, and a queue of what comes out of it.
//!
//! Invariant: lines stand in the order of protocol.md ("The offer"); the queue is bounded, and
//! when it is full the crate's own queues fill and drop, which counts as lost.

use std::fmt::Display;
use std::sync::Arc;

use kreide_bot::BotError;
use rtc::interceptor::{Registry, Slot};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_OPUS, MIME_TYPE_RTX, MIME_TYPE_VP8, MediaEngine,
};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
    RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rtc::shared::marshal::{Marshal, Unmarshal};
use tokio::sync::mpsc;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_local::{TrackLocal, TrackLocalEvent};
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCPeerConnectionState,
    RTCSessionDescription, SettingEngineBuilder, SrtpProtectionProfile,
    register_default_interceptors,
};

use crate::keyframes::{self, KeyframeRequests};

/// What happens on the connection.
pub(crate) enum Event {
    /// Media can flow.
    Connected,
    /// It came to an end.
    Ended(String),
    /// The server sends on a line.
    Track(Arc<dyn TrackRemote>),
    /// A whole RTP packet, decrypted.
    Packet(Vec<u8>),
    /// The server asks for a keyframe of this stream.
    KeyframeWanted(u32),
}

pub(crate) struct Connection {
    peer: Arc<dyn PeerConnection>,
    tracks: Vec<(u32, Arc<TrackLocalStaticRTP>)>,
    remote: Vec<Arc<dyn TrackRemote>>,
    /// SSRCs of the sending lines.
    pub(crate) ssrcs: [u32; 4],
    /// The text to send to the server.
    pub(crate) offer: String,
}

impl Connection {
    /// Makes the connection and its offer. `local` is the address of this machine to use.
    ///
    /// # Errors
    /// [`BotError::Media`] if the crate refuses.
    pub(crate) async fn offer(
        local: &str,
        (audio_slots, video_slots): (u8, u8),
        events: mpsc::Sender<Event>,
    ) -> Result<Self, BotError> {
        let peer = build(local, events.clone()).await?;
        let ssrcs: [u32; 4] = rand::random();
        let mut tracks = Vec::new();
        for (ssrc, kind) in ssrcs.into_iter().zip(SENDING) {
            let track = Arc::new(TrackLocalStaticRTP::new(local_track(ssrc, kind)));
            let local: Arc<dyn TrackLocal> = Arc::clone(&track) as Arc<dyn TrackLocal>;
            let init = direction(RTCRtpTransceiverDirection::Sendonly);
            peer.add_transceiver_from_track(local, init).await.map_err(media)?;
            tokio::spawn(watch(Arc::clone(&track), events.clone()));
            tracks.push((ssrc, track));
        }
        for (count, kind) in
            [(audio_slots, RtpCodecKind::Audio), (video_slots, RtpCodecKind::Video)]
        {
            for _ in 0..count {
                let init = direction(RTCRtpTransceiverDirection::Recvonly);
                peer.add_transceiver_from_kind(kind, init).await.map_err(media)?;
            }
        }
        let offer = peer.create_offer(None).await.map_err(media)?;
        let text = offer.sdp.clone();
        // The server answers checks and needs no addresses: nothing has to be gathered first.
        peer.set_local_description(offer).await.map_err(media)?;
        Ok(Self { peer, tracks, remote: Vec::new(), ssrcs, offer: text })
    }

    /// Takes the server's answer; the connection comes about by itself from here on.
    pub(crate) async fn accept(&self, answer: &str) -> Result<(), BotError> {
        let answer = RTCSessionDescription::answer(with_roles(answer)).map_err(media)?;
        self.peer.set_remote_description(answer).await.map_err(media)
    }

    /// Remembers a line on which the server sends.
    pub(crate) fn remember(&mut self, track: Arc<dyn TrackRemote>) {
        self.remote.push(track);
    }

    /// Sends a whole RTP packet on the track of its SSRC.
    pub(crate) async fn send(&self, packet: &[u8]) -> Result<(), BotError> {
        let packet = rtc::rtp::Packet::unmarshal(&mut &*packet).map_err(media)?;
        let track = self.tracks.iter().find(|(ssrc, _)| *ssrc == packet.header.ssrc);
        match track {
            Some((_, track)) => track.write_rtp(packet).await.map_err(media),
            None => Ok(()),
        }
    }

    /// Asks the server for a keyframe.
    pub(crate) async fn want_keyframe(&self, media_ssrc: u32) {
        for track in &self.remote {
            if track.ssrcs().await.contains(&media_ssrc) {
                let request = PictureLossIndication { sender_ssrc: self.ssrcs[0], media_ssrc };
                // A connection that is gone says so by its state.
                let _ = track.write_rtcp(vec![Box::new(request)]).await;
            }
        }
    }

    pub(crate) async fn close(&self) {
        // Whoever goes does not care whether the line still stands.
        let _ = self.peer.close().await;
    }
}

async fn build(
    local: &str,
    events: mpsc::Sender<Event>,
) -> Result<Arc<dyn PeerConnection>, BotError> {
    let mut engine = codecs()?;
    let registry = register_default_interceptors(Registry::new(), &mut engine).map_err(media)?;
    let registry = registry.with(Slot::from(NEAREST_TO_US), KeyframeRequests::default());
    let settings = SettingEngineBuilder::new()
        .with_include_loopback_candidate(true)
        .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
        .build();
    let peer = PeerConnectionBuilder::new()
        .with_media_engine(engine)
        .with_interceptor_registry(registry)
        .with_setting_engine(settings)
        .with_handler(Arc::new(Handler(events)))
        .with_udp_addrs(vec![format!("{local}:0")])
        .build()
        .await
        .map_err(media)?;
    Ok(Arc::new(peer))
}

/// The answer with the role of DTLS in each line: the crate does not look for it above them, where
/// RFC 8842 section 5.2 lets it stand for all.
fn with_roles(answer: &str) -> String {
    let role = answer.lines().find(|line| line.starts_with("a=setup:"));
    let lines = answer.lines().flat_map(|line| {
        let role = role.filter(|_| line.starts_with("a=mid:"));
        role.into_iter().chain([line])
    });
    lines.flat_map(|line| [line, "\r\n"]).collect()
}

/// Opus and VP8 with repetitions, and the levels of voices.
fn codecs() -> Result<MediaEngine, BotError> {
    let mut engine = MediaEngine::default();
    for (codec, payload_type) in [(opus(), 111), (vp8(), 96), (repetitions(), 97)] {
        let kind = if codec.channels > 0 { RtpCodecKind::Audio } else { RtpCodecKind::Video };
        let codec = RTCRtpCodecParameters { rtp_codec: codec, payload_type };
        engine.register_codec(codec, kind).map_err(media)?;
    }
    let levels = RTCRtpHeaderExtensionCapability {
        uri: "urn:ietf:params:rtp-hdrext:ssrc-audio-level".to_owned(),
    };
    engine.register_header_extension(levels, RtpCodecKind::Audio, None).map_err(media)?;
    Ok(engine)
}

fn opus() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.to_owned(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
        rtcp_feedback: Vec::new(),
    }
}

fn vp8() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_VP8.to_owned(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: String::new(),
        rtcp_feedback: Vec::new(),
    }
}

fn repetitions() -> RTCRtpCodec {
    RTCRtpCodec { mime_type: MIME_TYPE_RTX.to_owned(), sdp_fmtp_line: "apt=96".to_owned(), ..vp8() }
}

fn local_track(ssrc: u32, kind: RtpCodecKind) -> MediaStreamTrack {
    let codec = if kind == RtpCodecKind::Audio { opus() } else { vp8() };
    let coding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
        active: true,
        codec,
        ..Default::default()
    };
    let name = format!("peer-{ssrc}");
    MediaStreamTrack::new(name.clone(), name.clone(), name, kind, vec![coding])
}

fn direction(direction: RTCRtpTransceiverDirection) -> Option<RTCRtpTransceiverInit> {
    Some(RTCRtpTransceiverInit { direction, ..Default::default() })
}

/// Passes on what the server says about a line on which we send.
async fn watch(track: Arc<TrackLocalStaticRTP>, events: mpsc::Sender<Event>) {
    while let Some(event) = track.poll().await {
        let TrackLocalEvent::OnRtcpPacket(packets) = event else { continue };
        for ssrc in keyframes::asked(&packets) {
            if events.send(Event::KeyframeWanted(ssrc)).await.is_err() {
                return;
            }
        }
    }
}

struct Handler(mpsc::Sender<Event>);

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        let event = match state {
            RTCPeerConnectionState::Connected => Event::Connected,
            RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed => {
                Event::Ended(state.to_string())
            }
            _ => return,
        };
        // Nobody listens any more exactly when the peer left.
        let _ = self.0.send(event).await;
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let events = self.0.clone();
        if events.send(Event::Track(Arc::clone(&track))).await.is_err() {
            return;
        }
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                let TrackRemoteEvent::OnRtpPacket(packet) = event else { continue };
                let Ok(packet) = packet.marshal() else { continue };
                if events.send(Event::Packet(packet.to_vec())).await.is_err() {
                    return;
                }
            }
        });
    }
}

fn media(error: impl Display) -> BotError {
    BotError::Media(error.to_string())
}

/// The order in which the sending lines stand: microphone, camera, content, content audio.
const SENDING: [RtpCodecKind; 4] =
    [RtpCodecKind::Audio, RtpCodecKind::Video, RtpCodecKind::Video, RtpCodecKind::Audio];
/// Behind every interceptor of the crate.
const NEAREST_TO_US: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_an_answer_has_the_role() {
        let answer = "v=0\r\na=setup:passive\r\nm=audio\r\na=mid:0\r\nm=video\r\na=mid:1\r\n";
        let expected = "v=0\r\na=setup:passive\r\nm=audio\r\na=setup:passive\r\na=mid:0\r\n\
                        m=video\r\na=setup:passive\r\na=mid:1\r\n";
        assert_eq!(with_roles(answer), expected);
        assert_eq!(with_roles("m=audio\r\na=mid:0\r\n"), "m=audio\r\na=mid:0\r\n");
    }
}
